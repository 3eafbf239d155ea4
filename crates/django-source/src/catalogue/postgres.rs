//! The catalogue of one schema of a PostgreSQL database.

use super::{Catalogue, Column, Table};
use crate::error::{Error, Result};
use crate::source::{PostgresReader, Select};
use crate::value::{Kind, Value, quoted};

/// Reads the tables of the installation's schema: `requested` if given, otherwise the first schema with products, otherwise
/// the first with Django's tables, otherwise `public`. Schemas in the search path come first, in its order, then the others
/// by name. Unless `requested` is given, the catalogue lists all schemas with products.
pub(crate) fn read(reader: &mut PostgresReader, requested: Option<&str>) -> Result<Catalogue> {
    let schemas = texts(
        reader,
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relname = 'django_content_type' AND c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%'
         ORDER BY array_position(current_schemas(false), n.nspname), n.nspname LIMIT 1000",
    )?;
    let mut catalogue = Catalogue::default();
    let schema = match requested {
        Some(requested) if schemas.iter().any(|schema| schema == requested) => requested.to_owned(),
        Some(requested) => {
            return Err(Error::Option(format!(
                "no schema {requested} with Django's tables"
            )));
        }
        None => {
            catalogue.schemas_in_use = schemas_with_products(reader, &schemas)?;
            let first = catalogue.schemas_in_use.first().or_else(|| schemas.first());
            first.cloned().unwrap_or_else(|| "public".to_owned())
        }
    };
    tables(reader, &mut catalogue, &schema)?;
    columns(reader, &mut catalogue, &schema)?;
    keys(reader, &mut catalogue, &schema)?;
    Ok(catalogue)
}

/// The schemas in which a table with a name like `product` has rows.
fn schemas_with_products(reader: &mut PostgresReader, schemas: &[String]) -> Result<Vec<String>> {
    let mut with_products = Vec::new();
    for schema in schemas {
        let sql = format!(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND c.relname ~ 'produ[ck]?t[os]*$'
             AND has_table_privilege(c.oid, 'SELECT') LIMIT 100",
            literal(schema)
        );
        for table in texts(reader, &sql)? {
            let sql = format!("SELECT '1' FROM {}.{} LIMIT 1", quoted(schema), quoted(&table));
            if !texts(reader, &sql)?.is_empty() && with_products.last() != Some(schema) {
                with_products.push(schema.clone());
            }
        }
    }
    Ok(with_products)
}

fn tables(reader: &mut PostgresReader, catalogue: &mut Catalogue, schema: &str) -> Result<()> {
    let sql = format!(
        "SELECT c.relname, c.relkind, has_table_privilege(c.oid, 'SELECT') FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition ORDER BY c.relname",
        literal(schema)
    );
    rows(
        reader,
        &sql,
        &[Kind::Text, Kind::Text, Kind::Boolean],
        &mut |row| {
            let [Value::Text(name), Value::Text(kind), Value::Boolean(readable)] = row else {
                return Ok(());
            };
            if matches!(kind.as_str(), "r" | "p") {
                let sql_name = format!("{}.{}", quoted(schema), quoted(name));
                return catalogue.add(Table {
                    name: name.clone(),
                    sql_name,
                    readable: *readable,
                    ..Table::default()
                });
            }
            catalogue.views.push(name.clone());
            Ok(())
        },
    )
}

fn columns(reader: &mut PostgresReader, catalogue: &mut Catalogue, schema: &str) -> Result<()> {
    // A domain counts as its base type.
    let sql = format!(
        "SELECT c.relname, a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) FROM pg_attribute a
         JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_type t ON t.oid = a.atttypid
         WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
         AND NOT a.attisdropped ORDER BY c.relname, a.attnum",
        literal(schema)
    );
    let mut count = 0;
    rows(reader, &sql, &[Kind::Text; 3], &mut |row| {
        if let [Value::Text(table), Value::Text(name), Value::Text(declared)] = row {
            let column = Column {
                name: name.clone(),
                kind: Kind::of(declared),
                declared: declared.clone(),
            };
            catalogue.add_column(table, column, &mut count)?;
        }
        Ok(())
    })
}

fn keys(reader: &mut PostgresReader, catalogue: &mut Catalogue, schema: &str) -> Result<()> {
    let sql = format!(
        "SELECT c.relname, a.attname, f.relname FROM pg_constraint k
         JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
         LEFT JOIN pg_class f ON f.oid = k.confrelid
         WHERE n.nspname = {} AND k.contype IN ('p', 'f') AND cardinality(k.conkey) = 1 ORDER BY k.oid",
        literal(schema)
    );
    rows(reader, &sql, &[Kind::Text; 3], &mut |row| {
        let [Value::Text(table), Value::Text(column), target] = row else {
            return Ok(());
        };
        if let Some(table) = catalogue.tables.iter_mut().find(|other| other.name == *table) {
            match target.text() {
                Some(target) => table.foreign_keys.push((column.clone(), target.to_owned())),
                None => table.primary_key = Some(column.clone()),
            }
        }
        Ok(())
    })
}

fn rows(
    reader: &mut PostgresReader,
    sql: &str,
    kinds: &[Kind],
    each: crate::source::EachRow<'_>,
) -> Result<()> {
    let select = Select {
        table: "the schema".to_owned(),
        sql: sql.to_owned(),
        kinds: kinds.to_vec(),
    };
    reader.for_each(&select, each)
}

fn texts(reader: &mut PostgresReader, sql: &str) -> Result<Vec<String>> {
    let mut values = Vec::new();
    rows(reader, sql, &[Kind::Text], &mut |row| {
        values.extend(row.first().and_then(Value::text).map(str::to_owned));
        Ok(())
    })?;
    Ok(values)
}

/// A text as an SQL literal, for a session with `standard_conforming_strings` on.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
