//! Loads a SQLite file into a new PostgreSQL database, with the types of columns that Django uses on PostgreSQL.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tokio_postgres::{Client, NoTls};

/// A database, which is removed by [`Database::drop`].
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Loads a file; `None` if `STOCKROOM_TEST_POSTGRES` is not set. Panics in that case if `CI=true`.
    pub async fn load(case: &str, file: &Path) -> Option<Self> {
        let Ok(server) = std::env::var("STOCKROOM_TEST_POSTGRES") else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "STOCKROOM_TEST_POSTGRES is not set"
            );
            println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("django_{case}_{}", std::process::id());
        let admin = connect(&server).await;
        admin
            .batch_execute(&format!("CREATE DATABASE \"{name}\""))
            .await
            .expect("a database is created");
        let database = Self { server, name };
        let script = script(&Connection::open(file).expect("the file opens"));
        connect(&database.url())
            .await
            .batch_execute(&script)
            .await
            .expect("the rows are loaded");
        Some(database)
    }

    pub fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).expect("the server's URL");
        url.set_path(&self.name);
        url.to_string()
    }

    pub async fn drop(self) {
        let sql = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name);
        connect(&self.server)
            .await
            .batch_execute(&sql)
            .await
            .expect("the database is dropped");
    }
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("PostgreSQL accepts the connection");
    tokio::spawn(connection);
    client
}

struct Column {
    name: String,
    kind: String,
    is_key: bool,
}

fn texts(sqlite: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = sqlite.prepare(sql).expect("a statement");
    let count = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..count)
            .map(|column| {
                row.get::<_, Option<String>>(column)
                    .map(Option::unwrap_or_default)
            })
            .collect()
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("texts")
}

fn script(sqlite: &Connection) -> String {
    let mut sql = "SET TIME ZONE 'UTC';\n".to_owned();
    let tables = texts(
        sqlite,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    for table in tables.iter().flatten() {
        table_script(sqlite, table, &mut sql);
    }
    for table in tables.iter().flatten() {
        // NOT VALID, as some rows refer to missing rows.
        for key in texts(
            sqlite,
            &format!("SELECT \"from\", \"table\" FROM pragma_foreign_key_list('{table}')"),
        ) {
            let _ = writeln!(
                sql,
                "ALTER TABLE \"{table}\" ADD FOREIGN KEY (\"{}\") REFERENCES \"{}\" (id) DEFERRABLE INITIALLY DEFERRED NOT VALID;",
                key[0], key[1]
            );
        }
    }
    let counters = "SELECT name, CAST(seq AS text) FROM sqlite_sequence WHERE seq > 0 AND name IN (SELECT name FROM sqlite_schema)";
    for counter in texts(sqlite, counters) {
        let _ = writeln!(
            sql,
            "SELECT setval(pg_get_serial_sequence('\"{}\"', 'id'), {});",
            counter[0], counter[1]
        );
    }
    sql
}

fn table_script(sqlite: &Connection, table: &str, sql: &mut String) {
    let columns: Vec<Column> = texts(
        sqlite,
        &format!("SELECT name, lower(type), CAST(pk AS text) FROM pragma_table_info('{table}')"),
    )
    .into_iter()
    .map(|row| Column {
        name: row[0].clone(),
        kind: row[1].clone(),
        is_key: row[2] == "1",
    })
    .collect();
    let declared: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\" {}", column.name, kind(column)))
        .collect();
    let _ = writeln!(sql, "CREATE TABLE \"{table}\" ({});", declared.join(", "));
    let mut statement = sqlite
        .prepare(&format!("SELECT * FROM \"{table}\""))
        .expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let cell = |(index, column)| literal(row.get_ref(index).expect("a cell"), column);
        let cells: Vec<String> = columns.iter().enumerate().map(cell).collect();
        let _ = writeln!(sql, "INSERT INTO \"{table}\" VALUES ({});", cells.join(", "));
    }
}

fn kind(column: &Column) -> &'static str {
    match column.kind.split('(').next().unwrap_or_default() {
        "integer" | "bigint" if column.is_key => "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        // Wider than Django's types, for values that only SQLite accepts.
        "integer" | "bigint" | "smallint unsigned" => "bigint",
        "decimal" => "numeric",
        "real" => "double precision",
        "bool" => "boolean",
        "datetime" => "timestamptz",
        "date" => "date",
        "varchar" => "varchar",
        "text" => "text",
        other => panic!("a type that Django does not use: {other}"),
    }
}

fn literal(cell: ValueRef<'_>, column: &Column) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\0', "").replace('\'', "''"));
    match (cell, column.kind.as_str()) {
        (ValueRef::Null, _) => "NULL".to_owned(),
        (ValueRef::Integer(number), "bool") => (number != 0).to_string(),
        // Django writes decimals with 15 digits.
        (ValueRef::Integer(number), "decimal") => format!("{:.14e}", as_float(number)),
        (ValueRef::Real(number), "decimal") => format!("{number:.14e}"),
        // A text can only be stored as NaN, which is not a valid price either.
        (ValueRef::Text(_), "decimal") => "'NaN'".to_owned(),
        (ValueRef::Integer(number), _) => number.to_string(),
        (ValueRef::Real(number), _) => format!("{number:?}"),
        (ValueRef::Text(text), _) => quoted(std::str::from_utf8(text).expect("UTF-8")),
        (ValueRef::Blob(_), _) => panic!("no case contains a blob"),
    }
}

fn as_float(number: i64) -> f64 {
    number.to_string().parse().expect("a number")
}
