//! The catalogue of a database: tables, columns, foreign keys, and Django's list of models.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::error::{Error, Result};
use crate::value::Kind;

/// The maximum number of tables; a database with more is an error.
const MAX_TABLES: usize = 5_000;
/// The maximum number of columns of all tables together.
const MAX_COLUMNS: usize = 100_000;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The declared type, for the report.
    pub(crate) declared: String,
    pub(crate) kind: Kind,
}

/// A table that stores rows, unlike a view or a virtual table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// The quoted name, with the schema.
    pub(crate) sql_name: String,
    pub(crate) columns: Vec<Column>,
    /// Pairs of a column and the table that it refers to.
    pub(crate) foreign_keys: Vec<(String, String)>,
    /// The column of the primary key, if it is one column.
    pub(crate) primary_key: Option<String>,
    /// Whether the role has permission to read it; always true on SQLite.
    pub(crate) readable: bool,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The table that a column refers to.
    pub(crate) fn target(&self, column: &str) -> Option<&str> {
        let foreign_key = self
            .foreign_keys
            .iter()
            .find(|(from, _)| from.eq_ignore_ascii_case(column));
        foreign_key.map(|(_, target)| target.as_str())
    }
}

/// A Django model, as listed in `django_content_type`.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: i64,
    pub(crate) app: String,
    pub(crate) name: String,
}

/// The tables, views and models of a database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) tables: Vec<Table>,
    /// The names of views, for the report. Views are never read.
    pub(crate) views: Vec<String>,
    pub(crate) models: Vec<Model>,
    /// The schemas with products, if none was chosen. More than one means several installations.
    pub(crate) schemas_in_use: Vec<String>,
}

impl Catalogue {
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The table with the default name for a model.
    pub(crate) fn table_of(&self, model: &Model) -> Option<&Table> {
        self.table(&format!("{}_{}", model.app, model.name))
    }

    fn add(&mut self, table: Table) -> Result<()> {
        if self.tables.len() >= MAX_TABLES {
            return Err(Error::TooMany {
                items: "tables",
                limit: MAX_TABLES,
            });
        }
        self.tables.push(table);
        Ok(())
    }

    fn add_column(&mut self, table: &str, column: Column, count: &mut usize) -> Result<()> {
        *count += 1;
        if *count > MAX_COLUMNS {
            return Err(Error::TooMany {
                items: "columns",
                limit: MAX_COLUMNS,
            });
        }
        // Columns are listed table by table, so the search ends soon.
        if let Some(table) = self.tables.iter_mut().rev().find(|other| other.name == table) {
            table.columns.push(column);
        }
        Ok(())
    }
}

/// Reads the models from `django_content_type`, if there is such a table.
pub(crate) fn read_models(reader: &mut crate::source::Reader, catalogue: &mut Catalogue) -> Result<()> {
    let Some(table) = catalogue.table("django_content_type").cloned() else {
        return Ok(());
    };
    if ["id", "app_label", "model"]
        .iter()
        .any(|name| table.column(name).is_none())
    {
        return Ok(());
    }
    reader.verify(&table.name)?;
    let select = crate::source::Select {
        sql: format!(
            "SELECT id, app_label, model FROM {}{} ORDER BY id LIMIT {MAX_TABLES}",
            table.sql_name,
            reader.not_indexed()
        ),
        table: table.name,
        kinds: vec![Kind::Integer, Kind::Text, Kind::Text],
    };
    let mut models = Vec::new();
    reader.for_each(&select, &mut |row| {
        if let [id, app, name] = row
            && let (Some(id), Some(app), Some(name)) = (id.integer(), app.text(), name.text())
        {
            models.push(Model {
                id,
                app: app.to_lowercase(),
                name: name.to_lowercase(),
            });
        }
        Ok(())
    })?;
    catalogue.models = models;
    Ok(())
}
