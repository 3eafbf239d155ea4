//! The target database, which must be empty except for the rows that migrations insert.

use database::Backend;
use sea_orm::{ConnectionTrait, Statement};

use crate::error::{Error, Result};
use crate::tx::Tx;

/// The tables that an import writes, and others that have rows in an installation in use.
const TABLES: [&str; 14] = [
    "user",
    "user_group",
    "brand",
    "category",
    "supplier",
    "product",
    "inflow",
    "outflow",
    "stock_change",
    "spent_token",
    "ended_session",
    "endpoint",
    "event",
    "delivery",
];

/// Locks the tables against other writers. SQLite needs no lock, since it has a single writer.
pub(super) async fn lock(tx: &Tx) -> Result<()> {
    if tx.backend() == Backend::Postgres {
        let tables = TABLES.map(|table| format!("\"{table}\"")).join(", ");
        let sql = format!("LOCK TABLE {tables}, \"group\", permission IN SHARE ROW EXCLUSIVE MODE");
        tx.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Checks that the database is empty.
///
/// # Errors
/// Fails if one of the tables has rows, a user has permissions, or there are groups besides the built-in ones.
pub(crate) async fn require_empty(db: &impl ConnectionTrait) -> Result<()> {
    let tables =
        TABLES.map(|table| format!("SELECT '{table}' AS name WHERE EXISTS (SELECT 1 FROM \"{table}\")"));
    let groups = "SELECT 'group' AS name WHERE (SELECT COUNT(*) FROM \"group\") > 2
        OR EXISTS (SELECT 1 FROM permission WHERE user_id IS NOT NULL)";
    let sql = format!("{} UNION ALL {groups}", tables.join(" UNION ALL "));
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let mut used_tables = Vec::new();
    for row in rows {
        used_tables.push(row.try_get::<String>("", "name")?);
    }
    if used_tables.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the target is not empty: it has rows in {}. Import into a new database, or remove this one first.",
        used_tables.join(", ")
    )))
}
