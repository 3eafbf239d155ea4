//! What tables there are: their columns, the tables that these point to, and Django's own list of models.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::error::{Error, Result};
use crate::value::Kind;

/// The tables that are looked at.
const MOST_TABLES: usize = 5_000;
/// The columns that are looked at, all tables together.
const MOST_COLUMNS: usize = 100_000;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As declared, for the report.
    pub(crate) declared: String,
    pub(crate) kind: Kind,
}

/// A table that holds rows; views and virtual tables are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Quoted, with its schema.
    pub(crate) sql_name: String,
    pub(crate) columns: Vec<Column>,
    /// Column and the table that it points to.
    pub(crate) foreign_keys: Vec<(String, String)>,
    /// The column of the primary key, if it is one column.
    pub(crate) primary_key: Option<String>,
    /// Whether it may be read.
    pub(crate) readable: bool,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The table that a column points to.
    pub(crate) fn target(&self, column: &str) -> Option<&str> {
        let found = self
            .foreign_keys
            .iter()
            .find(|(from, _)| from.eq_ignore_ascii_case(column));
        found.map(|(_, target)| target.as_str())
    }
}

/// A model of Django's, by its row in `django_content_type`.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: i64,
    pub(crate) app: String,
    pub(crate) name: String,
}

/// Everything that is known before a row is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) tables: Vec<Table>,
    /// Views, which are never read, for the report.
    pub(crate) views: Vec<String>,
    pub(crate) models: Vec<Model>,
    /// Other schemas that hold an installation of their own.
    pub(crate) schemas_in_use: Vec<String>,
}

impl Catalogue {
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The table of a model, unless the model sets another name.
    pub(crate) fn table_of(&self, model: &Model) -> Option<&Table> {
        self.table(&format!("{}_{}", model.app, model.name))
    }

    fn add(&mut self, table: Table) -> Result<()> {
        if self.tables.len() >= MOST_TABLES {
            return Err(Error::TooMany {
                what: "tables",
                limit: MOST_TABLES,
            });
        }
        self.tables.push(table);
        Ok(())
    }

    fn add_column(&mut self, table: &str, column: Column, count: &mut usize) -> Result<()> {
        *count += 1;
        if *count > MOST_COLUMNS {
            return Err(Error::TooMany {
                what: "columns",
                limit: MOST_COLUMNS,
            });
        }
        // Columns come table by table.
        if let Some(table) = self.tables.iter_mut().rev().find(|known| known.name == table) {
            table.columns.push(column);
        }
        Ok(())
    }
}

/// Reads `django_content_type`; empty when there is none.
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
            "SELECT id, app_label, model FROM {}{} ORDER BY id LIMIT {MOST_TABLES}",
            table.sql_name,
            reader.unindexed()
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
