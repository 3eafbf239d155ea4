//! Revisions: counters that triggers increment when rows of a table are added, deleted or moved in the default order (see the
//! migration `m20261126_000015_revisions`).

use database::{Backend, Database};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ConnectionTrait as _, QueryFilter as _, QueryTrait, Select, Statement};

use super::Collection;
use crate::error::Result;
use crate::tx::Tx;

/// The tables with a revision.
pub(crate) const TABLES_WITH_REVISION: [&str; 4] = ["brand", "category", "supplier", "product"];

/// The expression for the revision of a table.
fn revision(table: &str) -> String {
    format!("(SELECT CAST(COALESCE(SUM(change), 0) AS bigint) FROM revision WHERE noun = '{table}')")
}

/// Adds the condition that the table is still at this revision. If it is not, the statement reads no row of the table.
pub(crate) fn at_revision<R: Collection>(mut select: Select<R>, backend: Backend, number: i64) -> Select<R> {
    let table = R::default();
    let table = table.table_name();
    match backend {
        // SQLite would evaluate the subquery for each row. With a join, it looks up the one row of the revision first.
        Backend::Sqlite => {
            let column = |name: &'static str| Expr::col(("revision", name));
            let is_same = column("noun").eq(table).and(column("change").eq(number));
            QueryTrait::query(&mut select).inner_join("revision", is_same);
            select
        }
        // PostgreSQL evaluates the subquery once, before the scan.
        Backend::Postgres => select.filter(Expr::cust(revision(table)).eq(number)),
    }
}

/// The revision of a table and the number of its rows.
pub(crate) async fn revision_and_count(db: &Database, table: &str) -> Result<(i64, u64)> {
    let sql = format!(
        "SELECT {}, (SELECT CAST(COALESCE(SUM(change), 0) AS bigint) FROM tally WHERE noun = '{table}')",
        revision(table)
    );
    let [revision, count] = db
        .numbers(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok((revision, u64::try_from(count).unwrap_or_default()))
}

/// Increases the revision of a table, if it has one, so that the positions and the count that were cached become invalid.
pub(crate) async fn advance(tx: &Tx, table: &str) -> Result<()> {
    if TABLES_WITH_REVISION.contains(&table) {
        tx.execute_unprepared(&match tx.backend() {
            Backend::Sqlite => format!("UPDATE revision SET change = change + 1 WHERE noun = '{table}'"),
            Backend::Postgres => format!("INSERT INTO revision (noun, change) VALUES ('{table}', 1)"),
        })
        .await?;
    }
    Ok(())
}
