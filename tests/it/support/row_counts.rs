//! The number of rows of each table.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use stockroom::clock::Clock;
use stockroom::services::Services;

use crate::support::gateway::{START, config};

/// All tables of a database except SQLite's own, with their numbers of rows; empty before the migrations.
pub async fn row_counts(url: &str) -> BTreeMap<String, i64> {
    let services = Services::open(config(url, &[]), Clock::manual(*START))
        .await
        .expect("the target opens");
    let db = &services.db;
    let ask = async |sql: String| {
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.query_all_raw(statement).await.expect("a result")
    };
    let list = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        _ => {
            "SELECT CAST(relname AS text) AS name FROM pg_class
             WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace)"
        }
    };
    let mut counts = BTreeMap::new();
    for row in ask(list.to_owned()).await {
        let table: String = row.try_get("", "name").expect("a name");
        let count = ask(format!("SELECT COUNT(*) AS number FROM \"{table}\"")).await;
        counts.insert(table, count[0].try_get("", "number").expect("a number"));
    }
    db.close().await;
    counts
}
