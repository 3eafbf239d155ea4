//! Counts the rows and values that are not imported, and finds the next ids.

use std::collections::{BTreeMap, HashMap};

use super::Layout;
use crate::catalogue::Table;
use crate::error::{Error, Result};
use crate::mapping::accounts::Pairs;
use crate::mapping::{Field, Role};
use crate::report::{NoteCode, Notes};
use crate::source::{Reader, Select};
use crate::value::{Kind, Value, quoted};

/// Django's own tables, which contain no data of the inventory.
const DJANGO_TABLES: [&str; 10] = [
    "django_migrations",
    "django_content_type",
    "django_session",
    "django_admin_log",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "auth_user",
    "auth_user_groups",
    "auth_user_user_permissions",
];

/// The columns of users that are imported.
const IMPORTED_USER_COLUMNS: [&str; 6] = [
    "id",
    "username",
    "password",
    "is_active",
    "is_superuser",
    "date_joined",
];

/// The maximum number of columns that one statement counts.
const COLUMNS_PER_STATEMENT: usize = 50;

/// Counts the rows of a table.
pub(super) fn count(reader: &mut Reader, table: &Table) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {}{}", table.sql_name, reader.not_indexed());
    Ok(u64::try_from(reader.number(&table.name, sql)?).unwrap_or(0))
}

/// Adds notes about the columns and tables that are not imported, with the number of rows that have values in them.
pub(super) fn note_leftovers(reader: &mut Reader, layout: &Layout, notes: &mut Notes) -> Result<()> {
    for map in layout.maps() {
        let unmapped: Vec<String> = map.unmapped().map(|column| column.name.clone()).collect();
        note_columns(reader, &map.table, &unmapped, NoteCode::ColumnsDropped, notes)?;
    }
    if let Some(table) = &layout.accounts.users {
        let mut imported = IMPORTED_USER_COLUMNS.to_vec();
        if table.column("username").is_none() {
            imported.push("email");
        }
        let names = table.columns.iter().map(|column| column.name.clone());
        let unmapped: Vec<String> = names.filter(|name| !imported.contains(&name.as_str())).collect();
        note_columns(reader, table, &unmapped, NoteCode::UserColumnsDropped, notes)?;
    }
    let imported_tables: Vec<&str> = layout
        .maps()
        .iter()
        .map(|map| map.table.name.as_str())
        .chain(layout.accounts.names())
        .collect();
    for table in &layout.catalogue.tables {
        if imported_tables.contains(&table.name.as_str()) || DJANGO_TABLES.contains(&table.name.as_str()) {
            continue;
        }
        notes.add_rows(
            NoteCode::OtherTablesLeft,
            &table.name,
            count_if_readable(reader, table)?,
        );
    }
    for view in &layout.catalogue.views {
        notes.add_detail(NoteCode::OtherTablesLeft, view, "not a table".to_owned());
    }
    Ok(())
}

/// The number of rows of a table that is not imported; `None` if it can't be read, which is not an error for such a table.
fn count_if_readable(reader: &mut Reader, table: &Table) -> Result<Option<u64>> {
    if !table.readable {
        return Ok(None);
    }
    match (count(reader, table), &*reader) {
        (Ok(rows), _) => Ok(Some(rows)),
        (Err(Error::Damaged(_) | Error::TooMuchWork { .. } | Error::Query { .. }), Reader::Sqlite(_)) => {
            Ok(None)
        }
        (Err(error), _) => Err(error),
    }
}

fn note_columns(
    reader: &mut Reader,
    table: &Table,
    names: &[String],
    code: NoteCode,
    notes: &mut Notes,
) -> Result<()> {
    for names in names.chunks(COLUMNS_PER_STATEMENT) {
        let count_values = |name: &String| match reader {
            Reader::Sqlite(_) => format!("count(nullif({}, ''))", quoted(name)),
            Reader::Postgres(_) => format!("count(nullif({}::text, ''))", quoted(name)),
        };
        let counts: Vec<String> = names.iter().map(count_values).collect();
        let select = Select {
            table: table.name.clone(),
            sql: format!(
                "SELECT {} FROM {}{}",
                counts.join(", "),
                table.sql_name,
                reader.not_indexed()
            ),
            kinds: vec![Kind::Integer; names.len()],
        };
        reader.for_each(&select, &mut |row| {
            for (name, rows) in names.iter().zip(row) {
                let rows = rows.integer().and_then(|rows| u64::try_from(rows).ok());
                notes.add_rows(code, &format!("{}.{name}", table.name), rows);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The largest id that a table has generated according to the database's sequence; 0 if there is none.
pub(super) fn last_generated_id(reader: &mut Reader, table: &Table, id: &str) -> Result<i64> {
    let name = table.name.replace('\'', "''");
    match reader {
        Reader::Sqlite(_) => {
            let counts =
                "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence' AND type = 'table'";
            if reader.number("sqlite_sequence", counts.to_owned())? == 0 {
                return Ok(0);
            }
            // `seq` can contain a value of any type, so the value is checked instead of converted.
            let sql = format!(
                "SELECT seq FROM sqlite_sequence WHERE name = '{name}' AND typeof(seq) = 'integer' LIMIT 1"
            );
            reader.number("sqlite_sequence", sql)
        }
        Reader::Postgres(_) => {
            let (table_name, id) = (table.sql_name.replace('\'', "''"), id.replace('\'', "''"));
            let sql = format!(
                "SELECT coalesce(max(s.last_value), 0) FROM pg_sequences s JOIN pg_class c ON c.relname = s.sequencename
                 JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
                 WHERE c.oid = pg_get_serial_sequence('{table_name}', '{id}')::regclass"
            );
            reader.number(&table.name, sql)
        }
    }
}

/// The id after the largest one generated and the largest one present.
pub(super) fn next_id(generated: i64, present: i64) -> i64 {
    generated.max(present).max(0).saturating_add(1)
}

/// The number of rows of each table that is read, by the table's name in the report.
pub(super) fn source_counts(
    reader: &mut Reader,
    layout: &Layout,
) -> Result<BTreeMap<&'static str, Option<u64>>> {
    let accounts = &layout.accounts;
    let pairs = |pairs: &Option<Pairs>| pairs.as_ref().map(|pairs| pairs.table.clone());
    let mut tables: Vec<(&'static str, Option<Table>)> = Role::ALL
        .into_iter()
        .map(|role| {
            (
                role.name(),
                layout
                    .map(role)
                    .filter(|map| layout.is_complete(map))
                    .map(|map| map.table.clone()),
            )
        })
        .collect();
    tables.extend([
        ("user", accounts.users.clone()),
        ("group", accounts.groups.clone()),
        ("user_group", pairs(&accounts.memberships)),
        ("group_permission", pairs(&accounts.group_permissions)),
        ("user_permission", pairs(&accounts.user_permissions)),
    ]);
    let mut counts = BTreeMap::new();
    for (name, table) in tables {
        counts.insert(name, table.map(|table| count(reader, &table)).transpose()?);
    }
    Ok(counts)
}

/// The titles of the products with these ids.
pub(super) fn titles(reader: &mut Reader, layout: &Layout, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let mut titles = HashMap::new();
    let Some((map, title)) = layout
        .map(Role::Product)
        .and_then(|map| Some((map, map.get(Field::Title)?)))
    else {
        return Ok(titles);
    };
    if ids.is_empty() {
        return Ok(titles);
    }
    let list: Vec<String> = ids.iter().map(i64::to_string).collect();
    let (id, name) = (quoted(&map.id), quoted(&title.column.name));
    let select = Select {
        table: map.table.name.clone(),
        sql: format!(
            "SELECT {id}, {name} FROM {} WHERE {id} IN ({})",
            map.table.sql_name,
            list.join(", ")
        ),
        kinds: vec![Kind::Integer, Kind::Text],
    };
    reader.for_each(&select, &mut |row| {
        if let [Value::Integer(id), title] = row {
            let title = crate::clean::text::read(title, crate::clean::text::NAME).text;
            titles.insert(*id, title.unwrap_or_else(|| format!("#{id}")));
        }
        Ok(())
    })?;
    Ok(titles)
}
