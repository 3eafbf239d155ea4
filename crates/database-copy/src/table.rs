//! The tables of a database, read from its catalogue.

use std::collections::{BTreeMap, BTreeSet};

use database::{Backend, Database};
use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use crate::error::{Error, Result};
use crate::plan::Plan;

/// The kind of values in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Boolean,
    Moment,
    Money,
    Text,
}

impl Kind {
    /// The kind of a column with this type name, as either catalogue spells it.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "INTEGER" | "bigint" => Self::Integer,
            "BOOLEAN" | "boolean" => Self::Boolean,
            "MOMENT" | "timestamp with time zone" => Self::Moment,
            "MONEY_TEXT" | "numeric" => Self::Money,
            "TEXT" | "text" => Self::Text,
            _ => return None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Whether the sum of the column is compared and reported.
    pub(crate) is_summed: bool,
}

/// A table, with its columns in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The indexes in `columns` of the primary key's columns, in the key's order.
    pub(crate) key: Vec<usize>,
    /// Whether the database generates the ids of its rows.
    pub(crate) generates_ids: bool,
    /// Whether migrations add rows to the table. The copy replaces these rows.
    pub(crate) is_seeded: bool,
}

const SQLITE_COLUMNS: &str = r#"SELECT m.name AS "table", c.name AS "column", c.type AS kind, c.pk AS key_position
    FROM sqlite_schema m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY 1, 2"#;

const POSTGRES_COLUMNS: &str = r#"SELECT CAST(c.relname AS text) AS "table", CAST(a.attname AS text) AS "column",
        format_type(a.atttypid, NULL) AS kind,
        CAST(COALESCE(array_position(CAST(string_to_array(CAST(i.indkey AS text), ' ') AS integer[]),
            CAST(a.attnum AS integer)), 0) AS bigint) AS key_position
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
    ORDER BY c.relname COLLATE "C", a.attname COLLATE "C""#;

const SQLITE_REFERENCES: &str = r#"SELECT m.name AS "table", k."table" AS target
    FROM sqlite_schema m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'"#;

const POSTGRES_REFERENCES: &str = r#"SELECT CAST(c.relname AS text) AS "table", CAST(f.relname AS text) AS target
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    WHERE k.contype = 'f' AND c.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)"#;

/// The tables to copy, each after the tables that it refers to.
///
/// # Errors
/// When a column has a type that can't be copied, or a table has no primary key.
pub(crate) async fn all(db: &Database, plan: &Plan) -> Result<Vec<Table>> {
    let (columns, references) = match db.backend() {
        Backend::Sqlite => (SQLITE_COLUMNS, SQLITE_REFERENCES),
        Backend::Postgres => (POSTGRES_COLUMNS, POSTGRES_REFERENCES),
    };
    let mut tables = BTreeMap::<String, (Table, BTreeMap<i64, usize>)>::new();
    for row in db
        .query_all_raw(Statement::from_string(db.backend().into(), columns))
        .await?
    {
        let name: String = row.try_get("", "table")?;
        if plan.ignored_tables.contains(&name.as_str()) {
            continue;
        }
        let (column, kind): (String, String) = (row.try_get("", "column")?, row.try_get("", "kind")?);
        let Some(kind) = Kind::of(&kind) else {
            return Err(Error::failed(format!(
                "{name}.{column} has a type that can't be copied: {kind}"
            )));
        };
        let key_position: i64 = row.try_get("", "key_position")?;
        let empty = Table {
            name: name.clone(),
            columns: Vec::new(),
            key: Vec::new(),
            generates_ids: !plan.last_tables.contains(&name.as_str()),
            is_seeded: plan.seeded_tables.contains(&name.as_str()),
        };
        let (table, key) = tables.entry(name).or_insert((empty, BTreeMap::new()));
        if key_position > 0 {
            key.insert(key_position, table.columns.len());
        }
        table.columns.push(Column {
            is_summed: plan.summed_columns.contains(&column.as_str()),
            name: column,
            kind,
        });
    }
    let mut all = Vec::with_capacity(tables.len());
    for (mut table, key) in tables.into_values() {
        table.key = key.into_values().collect();
        if table.key.is_empty() {
            return Err(Error::failed(format!("{} has no primary key", table.name)));
        }
        all.push(table);
    }
    let references = db
        .query_all_raw(Statement::from_string(db.backend().into(), references))
        .await?;
    let references = references
        .iter()
        .map(|row| Ok((row.try_get("", "table")?, row.try_get("", "target")?)))
        .collect::<Result<Vec<(String, String)>, DbErr>>()?;
    sort_by_reference(all, plan, &references)
}

fn sort_by_reference(
    mut unsorted: Vec<Table>,
    plan: &Plan,
    references: &[(String, String)],
) -> Result<Vec<Table>> {
    let mut sorted = Vec::with_capacity(unsorted.len());
    let mut sorted_names = BTreeSet::new();
    unsorted.sort_by_key(|table| plan.last_tables.contains(&table.name.as_str()));
    while !unsorted.is_empty() {
        let is_next = |table: &Table| {
            let mut targets = references.iter().filter(|(from, _)| *from == table.name);
            targets.all(|(from, target)| from == target || sorted_names.contains(target))
        };
        let Some(next) = unsorted.iter().position(is_next) else {
            return Err(Error::failed("the references between the tables form a cycle"));
        };
        let table = unsorted.remove(next);
        sorted_names.insert(table.name.clone());
        sorted.push(table);
    }
    Ok(sorted)
}

/// Whether both databases have the same tables with the same columns, in any order.
pub(crate) fn are_alike(source: &[Table], target: &[Table]) -> bool {
    source.len() == target.len() && source.iter().all(|table| target.contains(table))
}
