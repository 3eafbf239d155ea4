//! Mutations by SQL: other values, names and types, views in place of tables, triggers, computed columns, damaged schemas.
//!
//! Errors are ignored, because a mutation may have removed what the next one needs.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::limits::Limit;

use crate::values;

/// The new names of tables and columns.
const NAMES: [&str; 24] = [
    "name",
    "title",
    "nome",
    "Título",
    "quantity",
    "quantily",
    "QTD",
    "cost_price",
    "coast_price",
    "selling_price",
    "brand_id",
    "marca_id",
    "category",
    "supplier_id",
    "products_product",
    "auth_user",
    "inflows_inflow",
    "created_at",
    "upload_at",
    "id",
    "tenant_id",
    "x\"y",
    "a b",
    "é",
];

const TYPES: [&str; 14] = [
    "integer",
    "bigint",
    "text",
    "varchar(36)",
    "decimal",
    "real",
    "bool",
    "datetime",
    "date",
    "blob",
    "",
    "char(32)",
    "json",
    "numeric(10, 2)",
];

pub fn mutate(rng: &mut fastrand::Rng, file: &Path) {
    let Ok(database) = Connection::open(file) else {
        return;
    };
    let _ = database.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA journal_mode = MEMORY; BEGIN",
    );
    statements(rng, &database);
    let _ = database.execute_batch("COMMIT");
    if rng.u8(..16) == 0 {
        let _ = database.execute_batch("VACUUM");
    }
}

/// The maximum number of steps of SQLite's virtual machine for the mutations of one case, in thousands.
const MAX_STEPS: u32 = 2_000;

/// Applies some mutations, within the caller's transaction.
pub fn statements(rng: &mut fastrand::Rng, database: &Connection) {
    let mut steps = 0;
    let stop = move || {
        steps += 1;
        steps > MAX_STEPS
    };
    let _ = database.progress_handler(1000, Some(stop));
    let _ = database.set_limit(Limit::SQLITE_LIMIT_LENGTH, 12_000_000);
    if rng.bool() {
        drop_constraints(database);
    }
    for _ in 0..rng.usize(1..7) {
        mutate_once(rng, database);
    }
    let _ = database.progress_handler(0, None::<fn() -> bool>);
}

fn drop_constraints(database: &Connection) {
    let _ = database.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'NOT NULL', ''), 'UNIQUE', ''), 'CHECK', 'CHECK (1) --')
             WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND instr(sql, 'CHECK') = 0;
         DELETE FROM sqlite_schema WHERE type = 'index';
         PRAGMA writable_schema = RESET",
    );
}

fn names(database: &Connection, sql: &str) -> Vec<String> {
    let Ok(mut statement) = database.prepare(sql) else {
        return Vec::new();
    };
    let Ok(rows) = statement.query_map([], |row| row.get(0)) else {
        return Vec::new();
    };
    rows.map_while(Result::ok).collect()
}

fn pick<'n>(rng: &mut fastrand::Rng, names: &'n [String]) -> &'n str {
    if names.is_empty() {
        "auth_user"
    } else {
        &names[rng.usize(..names.len())]
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn mutate_once(rng: &mut fastrand::Rng, database: &Connection) {
    let tables = names(
        database,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    );
    let table_name = pick(rng, &tables);
    let columns = names(
        database,
        &format!(
            "SELECT name FROM pragma_table_info('{}')",
            table_name.replace('\'', "''")
        ),
    );
    let (table, column) = (quoted(table_name), quoted(pick(rng, &columns)));
    let name = quoted(NAMES[rng.usize(..NAMES.len())]);
    let other = quoted(pick(rng, &tables));
    let kind = TYPES[rng.usize(..TYPES.len())];
    let number = rng.u32(..200);
    let sql = match rng.u8(..32) {
        0..8 => {
            let (divisor, remainder) = (rng.u8(1..4), rng.u8(..3));
            let sql = format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE rowid % {divisor} = {remainder} % {divisor}");
            let _ = database.execute(&sql, [values::any_value(rng)]);
            return;
        }
        8 => format!("ALTER TABLE {table} RENAME TO {name}"),
        9 | 10 => format!("ALTER TABLE {table} RENAME COLUMN {column} TO {name}"),
        11 => format!("ALTER TABLE {table} DROP COLUMN {column}"),
        12 => format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"),
        13 => view(rng, &table),
        14 => format!(
            "CREATE TRIGGER t{number} AFTER INSERT ON {table} BEGIN DELETE FROM {other}; INSERT INTO {table} SELECT * FROM {table}; END"
        ),
        15 => computed_column(rng, &table, &column),
        16 | 17 => schema_text(rng, database, table_name, kind),
        18 => format!("UPDATE {table} SET {column} = hex(zeroblob({})) WHERE rowid = {}", rng.u32(1..5_000_000), number % 4 + 1),
        19 => format!("DELETE FROM {table}"),
        20 => format!("DROP TABLE {table}"),
        21 => format!("CREATE TABLE {name} AS SELECT * FROM {table}"),
        22 => without_rowid(&table, &columns),
        23 => many_tables_or_columns(rng),
        24 => format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table} ORDER BY random()"),
        25 => format!("UPDATE OR IGNORE {table} SET {column} = (SELECT {column} FROM {table} LIMIT 1 OFFSET {})", number % 5),
        26 => "INSERT INTO sqlite_sequence VALUES ('products_product', 'many'), ('auth_user', 9223372036854775807),
            ('brands_brand', -5), ('inflows_inflow', x'00'), (NULL, 3)"
            .to_owned(),
        27 => format!("CREATE INDEX i{number} ON {table} ({column} COLLATE NOCASE DESC) WHERE {column} IS NOT NULL"),
        28 => format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT OR IGNORE INTO {table} ({column}) SELECT i FROM n",
            number * 10
        ),
        29 => format!("UPDATE {table} SET {column} = -{column}"),
        30 => format!("UPDATE {table} SET {column} = {column} || {column}"),
        _ => format!("UPDATE {table} SET {column} = CAST({column} AS {})", ["text", "blob", "real", "integer"][rng.usize(..4)]),
    };
    let _ = database.execute_batch(&sql);
}

/// A view in place of a table, over its rows, over endless rows, over itself, or over a long chain of views.
fn view(rng: &mut fastrand::Rng, table: &str) -> String {
    let moved = format!("ALTER TABLE {table} RENAME TO moved; ");
    match rng.u8(..4) {
        0 => format!("{moved} CREATE VIEW {table} AS SELECT * FROM moved"),
        1 => format!(
            "{moved} CREATE VIEW {table} AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
             SELECT moved.* FROM moved, n"
        ),
        2 => format!("{moved} CREATE VIEW {table} AS SELECT * FROM {table}"),
        _ => {
            let chain: String = (1..rng.u32(2..150))
                .map(|n| format!("CREATE VIEW v{n} AS SELECT * FROM v{} a, v{} b; ", n - 1, n - 1))
                .collect();
            format!(
                "{moved} CREATE VIEW v0 AS SELECT * FROM moved; {chain} CREATE VIEW {table} AS SELECT * FROM v1"
            )
        }
    }
}

/// A computed column that is costly, that fails, or that depends on another column.
fn computed_column(rng: &mut fastrand::Rng, table: &str, column: &str) -> String {
    let expression = [
        "instr(hex(zeroblob(20000)), hex(zeroblob(10000)) || '1')".to_owned(),
        "abs(-9223372036854775808)".to_owned(),
        format!("{column} || 'x'"),
    ];
    let expression = &expression[rng.usize(..3)];
    if rng.bool() {
        return format!("ALTER TABLE {table} ADD COLUMN computed AS ({expression})");
    }
    // An existing column becomes a computed one.
    format!(
        "ALTER TABLE {table} RENAME COLUMN {column} TO kept; ALTER TABLE {table} ADD COLUMN {column} GENERATED ALWAYS AS (kept) VIRTUAL"
    )
}

/// Changes the SQL, the root page or the type of an entry of the schema.
fn schema_text(rng: &mut fastrand::Rng, database: &Connection, table: &str, kind: &str) -> String {
    let change = match rng.u8(..10) {
        0 => format!("sql = replace(sql, 'integer', '{kind}')"),
        1 => format!("sql = replace(sql, 'datetime', '{kind}')"),
        2 => format!("sql = replace(sql, 'varchar', '{kind}')"),
        3 => format!("sql = substr(sql, 1, {})", rng.u32(..200)),
        4 => format!("rootpage = {}", rng.u32(..40)),
        5 => "rootpage = (SELECT max(rootpage) FROM sqlite_schema)".to_owned(),
        6 => "type = 'view'".to_owned(),
        7 => "sql = 'CREATE VIRTUAL TABLE ' || name || ' USING nothing(1)'".to_owned(),
        8 => format!(
            "sql = replace(sql, '\"id\"', '\"{}\"')",
            ["ID", "Id", "nr", "rowid"][rng.usize(..4)]
        ),
        _ => format!(
            "sql = replace(sql, 'REFERENCES \"', 'REFERENCES \"{}')",
            ["x", "auth_"][rng.usize(..2)]
        ),
    };
    let table = table.replace('\'', "''");
    let _ = database.execute_batch("PRAGMA writable_schema = ON");
    let _ = database.execute_batch(&format!(
        "UPDATE sqlite_schema SET {change} WHERE name = '{table}'"
    ));
    ["PRAGMA writable_schema = RESET", "PRAGMA writable_schema = OFF"][rng.usize(..2)].to_owned()
}

fn without_rowid(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let Some(key) = columns.first() else {
        return String::new();
    };
    format!(
        "ALTER TABLE {table} RENAME TO moved; CREATE TABLE {table} ({}, PRIMARY KEY ({key})) WITHOUT ROWID;
         INSERT OR IGNORE INTO {table} SELECT * FROM moved; DROP TABLE moved",
        columns.join(", ")
    )
}

/// Many tables, or a table with many columns.
fn many_tables_or_columns(rng: &mut fastrand::Rng) -> String {
    if rng.bool() {
        let columns: Vec<String> = (0..rng.u32(100..1900)).map(|n| format!("c{n} integer")).collect();
        return format!("CREATE TABLE wide ({})", columns.join(", "));
    }
    (0..rng.u32(10..300))
        .map(|n| {
            format!("CREATE TABLE app_product{n} (id integer PRIMARY KEY, name text, quantity integer);")
        })
        .collect()
}
