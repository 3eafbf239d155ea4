//! The catalogue of a SQLite file.

use super::{Catalogue, Column, Table};
use crate::error::Result;
use crate::source::{Select, SqliteReader};
use crate::value::{Kind, Value, quoted};

/// Reads all tables, their columns and foreign keys.
pub(crate) fn read(reader: &mut SqliteReader) -> Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    let mut names = Vec::new();
    let list = "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' LIMIT 20000";
    reader.for_each(&select(list), &mut |row| {
        if let [Value::Text(name), Value::Text(kind)] = row {
            match kind.as_str() {
                "table" => names.push(name.clone()),
                "view" | "virtual" => catalogue.views.push(name.clone()),
                _ => {}
            }
        }
        Ok(())
    })?;
    names.sort();
    let mut count = 0;
    for name in names {
        catalogue.add(Table {
            sql_name: quoted(&name),
            name: name.clone(),
            readable: true,
            ..Table::default()
        })?;
        columns(reader, &mut catalogue, &name, &mut count)?;
        let keys = foreign_keys(reader, &name)?;
        if let Some(table) = catalogue.tables.last_mut() {
            table.foreign_keys = keys;
        }
    }
    Ok(catalogue)
}

fn columns(
    reader: &mut SqliteReader,
    catalogue: &mut Catalogue,
    name: &str,
    count: &mut usize,
) -> Result<()> {
    let (mut readable, mut key_columns) = (Vec::new(), Vec::new());
    // Virtual generated columns (hidden = 2) are not read, as that would evaluate expressions of the file. Stored ones (3) are.
    let sql = format!("PRAGMA main.table_xinfo({})", quoted(name));
    reader.for_each(&select(&sql), &mut |row| {
        let [_, Value::Text(column), declared, _, _, in_key, hidden] = row else {
            return Ok(());
        };
        let declared = declared.text().unwrap_or_default();
        let declared = declared.replace("GENERATED ALWAYS", "").trim().to_owned();
        if in_key.integer().is_some_and(|position| position > 0) {
            key_columns.push(column.clone());
        }
        if matches!(hidden.integer(), Some(0 | 3)) {
            readable.push(Column {
                name: column.clone(),
                kind: Kind::of(&declared),
                declared,
            });
        }
        Ok(())
    })?;
    for column in readable {
        catalogue.add_column(name, column, count)?;
    }
    if let ([column], Some(table)) = (key_columns.as_slice(), catalogue.tables.last_mut()) {
        table.primary_key = Some(column.clone());
    }
    Ok(())
}

fn foreign_keys(reader: &mut SqliteReader, name: &str) -> Result<Vec<(String, String)>> {
    let mut keys = Vec::new();
    let sql = format!("PRAGMA main.foreign_key_list({})", quoted(name));
    reader.for_each(&select(&sql), &mut |row| {
        if let [_, _, Value::Text(target), Value::Text(column), ..] = row {
            keys.push((column.clone(), target.clone()));
        }
        Ok(())
    })?;
    // SQLite lists foreign keys in reverse order of declaration.
    keys.reverse();
    Ok(keys)
}

fn select(sql: &str) -> Select {
    Select {
        table: "the schema".to_owned(),
        sql: sql.to_owned(),
        kinds: Vec::new(),
    }
}
