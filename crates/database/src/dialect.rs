//! SQL that SQLite and PostgreSQL spell differently.

use std::time::Duration;

use sea_orm::JoinType;
use sea_orm::sea_query::{
    Asterisk, Condition, DynIden, Expr, ExprTrait as _, Func, FunctionCall, IntoColumnRef, LockType, Query,
    SelectStatement,
};

use crate::Backend;

/// The alias of the list of parents in [`Backend::per_parent`].
const PARENT: &str = "parent";
/// The alias of the table that [`Backend::per_parent`] reads.
pub const PAGE: &str = "page";
/// The alias of the keys that [`Backend::per_parent_by_key`] reads.
const KEYS: &str = "keys";

impl Backend {
    /// `column IN (ids)` with one parameter, so that the text of the statement, and its plan, are the same for any number
    /// of ids.
    pub fn among(self, column: impl IntoColumnRef, ids: &[i64]) -> Expr {
        let sql = match self {
            Self::Sqlite => "? IN (SELECT value FROM json_each(?))",
            Self::Postgres => "$1 = ANY(CAST($2 AS bigint[]))",
        };
        Expr::cust_with_exprs(sql, [Expr::col(column), Expr::val(self.id_list(ids))])
    }

    /// The id of the current parent, for use in the query of [`Backend::per_parent`].
    pub fn parent(self) -> Expr {
        Expr::col((
            PARENT,
            match self {
                Self::Sqlite => "value",
                Self::Postgres => PARENT,
            },
        ))
    }

    /// One statement that runs `query` for each parent. The rows of a parent are found by an index and cut off by the
    /// query's `LIMIT`, whereas `ROW_NUMBER() OVER (PARTITION BY …)` would read and number all of them first.
    ///
    /// `query` selects columns of `table` and compares with [`Backend::parent`]; `key` is the table's primary key. The
    /// rows of the statement are those of [`PAGE`], in no particular order.
    pub fn per_parent(
        self,
        parents: &[i64],
        (table, key): (DynIden, DynIden),
        mut query: SelectStatement,
    ) -> SelectStatement {
        let mut statement = Query::select();
        statement.column((PAGE, Asterisk));
        match self {
            Self::Sqlite => {
                // SQLite has no LATERAL, but a subquery may refer to the tables beside it. CROSS JOIN fixes their order.
                query.clear_selects().column((table.clone(), key.clone()));
                let is_on_page = Expr::col((PAGE, key)).in_subquery(query);
                statement
                    .from_function(self.parent_list(parents), PARENT)
                    .join_as(JoinType::CrossJoin, table, PAGE, Condition::all())
                    .and_where(is_on_page);
            }
            Self::Postgres => {
                statement
                    .from_function(self.parent_list(parents), PARENT)
                    .join_lateral(JoinType::InnerJoin, query, PAGE, Expr::cust("TRUE"));
            }
        }
        statement
    }

    /// Like [`per_parent`](Self::per_parent), but `query` selects only keys, so that an index with the columns that it filters
    /// and sorts by suffices. Only the rows of the page are read from the table. On SQLite, `per_parent` already does this.
    pub fn per_parent_by_key(
        self,
        parents: &[i64],
        (table, key): (DynIden, DynIden),
        mut query: SelectStatement,
    ) -> SelectStatement {
        if self == Self::Sqlite {
            return self.per_parent(parents, (table, key), query);
        }
        query.clear_selects().column((table.clone(), key.clone()));
        let is_on_page = Expr::col((PAGE, key.clone())).equals((KEYS, key));
        Query::select()
            .column((PAGE, Asterisk))
            .from_function(self.parent_list(parents), PARENT)
            .join_lateral(JoinType::InnerJoin, query, KEYS, Expr::cust("TRUE"))
            .join_as(JoinType::InnerJoin, table, PAGE, is_on_page)
            .to_owned()
    }

    /// A function that yields one row for each parent.
    fn parent_list(self, parents: &[i64]) -> FunctionCall {
        let list = Expr::val(self.id_list(parents));
        match self {
            Self::Sqlite => Func::cust("json_each").arg(list),
            Self::Postgres => Func::cust("unnest").arg(Expr::cust_with_exprs("CAST($1 AS bigint[])", [list])),
        }
    }

    /// The condition that `reference` is the current parent, for a query that is ordered by `reference` first and then by the
    /// next columns of the same index.
    ///
    /// With an equality, PostgreSQL would drop `reference` from the order. Where it expects a parent to have many rows it would
    /// then walk an index of the other columns, which reads the whole table if the parent has no rows.
    pub fn within_parent(self, reference: Expr) -> Condition {
        match self {
            Self::Sqlite => Condition::all().add(reference.eq(self.parent())),
            Self::Postgres => Condition::all()
                .add(reference.clone().gte(self.parent()))
                .add(reference.lte(self.parent())),
        }
    }

    /// A query of one table that first selects the rows that meet `condition`, for which there is an index, and then filters and
    /// sorts them, so that its cost depends on the number of these rows and not on the size of the table. `columns`, if
    /// they are known, are those that the query filters and sorts by, and those that it selects, so that an index that contains
    /// them suffices.
    pub fn filter_first(
        self,
        table: DynIden,
        condition: Expr,
        columns: Option<Vec<DynIden>>,
        mut query: SelectStatement,
    ) -> SelectStatement {
        let mut rows = Query::select();
        match columns {
            Some(columns) => rows.columns(columns),
            None => rows.column(Asterisk),
        };
        rows.from(table.clone()).and_where(condition);
        // A subquery with a limit is not merged into the query around it.
        match self {
            Self::Sqlite => rows.limit(u64::try_from(i64::MAX).unwrap_or_default()),
            Self::Postgres => rows.offset(0),
        };
        query.from_clear().from_subquery(rows, table).to_owned()
    }

    /// The sum of integers, as text.
    pub fn sum(self, numbers: Expr) -> Expr {
        Expr::cust_with_exprs(
            match self {
                Self::Sqlite => "CAST(COALESCE(SUM(?), 0) AS TEXT)",
                Self::Postgres => "CAST(COALESCE(SUM($1), 0) AS text)",
            },
            [numbers],
        )
    }

    /// The exact sum of quantity × price, or of quantity × (price − cost), as text with two decimals.
    pub fn sum_product(self, quantity: Expr, price: Expr, cost: Option<Expr>) -> Expr {
        let (sql, values) = match (self, cost) {
            (Self::Sqlite, None) => ("sum_product(?, ?)", vec![quantity, price]),
            (Self::Sqlite, Some(cost)) => ("sum_product(?, ?, ?)", vec![quantity, price, cost]),
            (Self::Postgres, None) => (
                "CAST(COALESCE(SUM($1 * $2), 0) + 0.00 AS text)",
                vec![quantity, price],
            ),
            (Self::Postgres, Some(cost)) => (
                "CAST(COALESCE(SUM($1 * ($2 - $3)), 0) + 0.00 AS text)",
                vec![quantity, price, cost],
            ),
        };
        Expr::cust_with_exprs(sql, values)
    }

    /// The UTC day of a timestamp, as the number of days since 1970.
    pub fn day(self, timestamp: Expr) -> Expr {
        match self {
            // Round down before 1970 too, where the remainder is negative.
            Self::Sqlite => Expr::cust_with_exprs(
                "((? - (? % 86400000000 + 86400000000) % 86400000000) / 86400000000)",
                [timestamp.clone(), timestamp],
            ),
            Self::Postgres => Expr::cust_with_exprs(
                "CAST(FLOOR(EXTRACT(EPOCH FROM $1) / 86400) AS bigint)",
                [timestamp],
            ),
        }
    }

    /// An expression for the current time plus `duration`, by the clock of the database, which all its clients share.
    pub fn now_plus(self, duration: Duration) -> String {
        let micros = duration.as_micros();
        match self {
            Self::Sqlite => format!("(CAST(unixepoch('subsec') * 1000000 AS INTEGER) + {micros})"),
            Self::Postgres => format!("(now() + {micros} * interval '1 microsecond')"),
        }
    }

    /// Ids as one parameter.
    pub(crate) fn id_list(self, ids: &[i64]) -> String {
        let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Sqlite => format!("[{list}]"),
            Self::Postgres => format!("{{{list}}}"),
        }
    }

    /// The number of the oldest transaction that was running when the statement's snapshot was taken: all transactions
    /// with smaller numbers have ended. `None` on SQLite, where transactions become visible in the order in which they
    /// wrote.
    pub fn oldest_running(self) -> Option<Expr> {
        // There is no cast from xid8 to bigint.
        let sql = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)";
        (self == Self::Postgres).then(|| Expr::cust(sql))
    }

    /// A query that assigns the transaction its number and returns it as `number`; `None` on SQLite.
    pub fn next_transaction(self) -> Option<&'static str> {
        let sql = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS number";
        (self == Self::Postgres).then_some(sql)
    }

    /// The end of a `SELECT` that locks the rows it returns and skips those that are already locked.
    pub fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Locks the rows that a transaction reads in order to change them. SQLite has only one writer.
    pub fn lock(self, select: &mut SelectStatement) {
        if self == Self::Postgres {
            select.lock(LockType::NoKeyUpdate);
        }
    }

    /// An expression for the last id that a table has generated.
    pub fn last_id_of(self, table: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)")
            }
            Self::Postgres => format!(
                "COALESCE(pg_sequence_last_value(CAST(pg_get_serial_sequence('\"{table}\"', 'id') AS regclass)), 0)"
            ),
        }
    }
}
