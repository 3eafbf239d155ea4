//! Rewrites a database in another format: another text encoding, page size or mode of automatic vacuuming.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

pub fn rewrite(rng: &mut fastrand::Rng, file: &Path) {
    let source = Connection::open(file).expect("the file opens");
    let encoding = ["UTF-16le", "UTF-16be", "UTF-8"][rng.usize(..3)];
    let size = [512, 1024, 8192, 65536][rng.usize(..4)];
    let vacuum = rng.u8(..3);
    let rebuilt = file.with_extension("rebuilt");
    let target = Connection::open(&rebuilt).expect("a database");
    let settings = format!(
        "PRAGMA encoding = '{encoding}'; PRAGMA page_size = {size}; PRAGMA auto_vacuum = {vacuum};
         PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN"
    );
    target.execute_batch(&settings).expect("settings");
    for (name, sql) in tables(&source) {
        if !name.starts_with("sqlite_") {
            target.execute_batch(&sql).expect("a table");
        }
        copy(&source, &target, &name);
    }
    target.execute_batch("COMMIT").expect("a commit");
    drop((source, target));
    std::fs::rename(rebuilt, file).expect("the file is replaced");
}

/// The tables, with `sqlite_sequence` last, because SQLite creates it when the first of the others is created.
fn tables(source: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name LIKE 'sqlite%'";
    let mut statement = source.prepare(sql).expect("a statement");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn copy(source: &Connection, target: &Connection, table: &str) {
    if table == "sqlite_sequence" {
        target
            .execute_batch("DELETE FROM sqlite_sequence")
            .expect("a deletion");
    }
    let mut statement = source
        .prepare(&format!("SELECT * FROM \"{table}\""))
        .expect("a statement");
    let columns = statement.column_count();
    let placeholders = vec!["?"; columns].join(", ");
    let mut insert = target
        .prepare(&format!("INSERT INTO \"{table}\" VALUES ({placeholders})"))
        .expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let values: Vec<Value> = (0..columns)
            .map(|column| row.get(column).expect("a value"))
            .collect();
        insert
            .execute(rusqlite::params_from_iter(values))
            .expect("a row is stored");
    }
}
