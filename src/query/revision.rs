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

/// The expression for the sum of a table's changes in `counter`, which is `revision` or `tally`.
pub(super) fn sum_of_changes(counter: &str, table: &str) -> String {
    format!("(SELECT CAST(COALESCE(SUM(change), 0) AS bigint) FROM {counter} WHERE noun = '{table}')")
}

/// Adds the condition that the table is still at this revision. If it is not, the statement reads no row of the table.
pub(crate) fn at_revision<R: Collection>(
    mut select: Select<R>,
    backend: Backend,
    revision: i64,
) -> Select<R> {
    let table = R::default();
    let table = table.table_name();
    match backend {
        // SQLite would evaluate the subquery for each row. With a join, it looks up the one row of the revision first.
        Backend::Sqlite => {
            let column = |name: &'static str| Expr::col(("revision", name));
            let is_same = column("noun").eq(table).and(column("change").eq(revision));
            QueryTrait::query(&mut select).inner_join("revision", is_same);
            select
        }
        // PostgreSQL evaluates the subquery once, before the scan.
        Backend::Postgres => select.filter(Expr::cust(sum_of_changes("revision", table)).eq(revision)),
    }
}

/// The revision of a table and the number of its rows.
pub(crate) async fn revision_and_count(db: &Database, table: &str) -> Result<(i64, u64)> {
    let sql = format!(
        "SELECT {}, {}",
        sum_of_changes("revision", table),
        sum_of_changes("tally", table)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::entity::brand;
    use database::{Backend, Database, Location, Timeouts};
    use rusqlite::{Connection, StatementStatus};
    use sea_orm::sea_query::SqliteQueryBuilder;
    use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _, QueryTrait as _};

    use super::at_revision;

    const BRANDS: &str =
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 5000)
        INSERT INTO brand (name, name_folded, version, created_at, updated_at)
        SELECT 'Brand ' || n, 'brand ' || n, 1, 0, 0 FROM number";

    /// Reads the first page at a revision. Returns the number of its rows, and of the instructions that SQLite has executed.
    fn read_page(file: &Connection, revision: i64) -> (usize, i32) {
        let page = at_revision(brand::Entity::find(), Backend::Sqlite, revision)
            .order_by_asc(brand::Column::NameFolded)
            .order_by_asc(brand::Column::Id)
            .limit(10);
        let sql = page.into_query().to_string(SqliteQueryBuilder);
        let mut statement = file.prepare(&sql).expect("a statement");
        let rows = statement.query_map([], |_| Ok(())).expect("rows").count();
        (rows, statement.get_status(StatementStatus::VmStep))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_compares_the_revision_before_it_reads_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stock.db");
        let db = Database::open(&Location::Sqlite(path.clone()), Timeouts::Unlimited, Arc::new(())).await;
        let db = db.expect("a database");
        crate::schema::migrate_up(&db).await.expect("the tables");
        db.close().await;
        let file = Connection::open(path).expect("a file");
        file.execute_batch(BRANDS).expect("brands");
        let sql = "SELECT change FROM revision WHERE noun = 'brand'";
        let revision: i64 = file.query_row(sql, [], |row| row.get(0)).expect("a revision");

        let (rows, steps) = read_page(&file, revision);
        assert_eq!(rows, 10);
        assert!(steps < 1_000, "{steps} instructions for the page");
        let (rows, steps) = read_page(&file, revision + 1);
        assert_eq!(rows, 0);
        assert!(steps < 100, "{steps} instructions for a page of another revision");
    }
}
