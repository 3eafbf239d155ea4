//! What differs between SQLite and PostgreSQL, and nowhere else: errors, constraints, locks, lists of ids.

use sea_orm::sea_query::{
    Asterisk, Condition, DynIden, Expr, ExprTrait as _, Func, IntoColumnRef, LockType, Query, SelectStatement,
};
use sea_orm::{DbErr, JoinType, RuntimeErr};

use super::{Backend, sqlite};
use crate::error::{Error, Result};

/// The unique constraints that a client's input can break, with where SQLite names them.
const UNIQUE: [(&str, &str); 5] = [
    ("product_serie_number_key", "product.serie_number"),
    ("user_username_key", "user.username"),
    ("group_name_key", "group.name"),
    ("spent_token_pkey", "spent_token.jti"),
    ("ended_session_pkey", "ended_session.session"),
];

/// What [`Backend::per_parent`] calls the list of parents.
const PARENT: &str = "parent";
/// What [`Backend::per_parent`] calls the table that it reads.
pub const PAGE: &str = "page";

/// What a failed statement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A unique constraint, by PostgreSQL's name for it.
    Unique(String),
    /// A reference to a row that isn't there, or that others still have; SQLite does not say which.
    ForeignKey(Option<String>),
    /// A check constraint.
    Check,
    /// Another transaction came in between: run it again.
    Repeat,
    /// The database is away, busy, full or read-only.
    Unavailable,
    /// Anything else.
    Other,
}

/// Reads what a database said.
pub fn failure(error: &DbErr) -> Failure {
    if let Some((code, message)) = sqlite::failure(error) {
        return sqlite_failure(code, message);
    }
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Failure::Unavailable,
        DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            postgres_failure(source)
        }
        _ => Failure::Other,
    }
}

fn sqlite_failure(code: i32, message: &str) -> Failure {
    use rusqlite::ffi;
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            let columns = message.rsplit(": ").next().unwrap_or_default();
            let named = UNIQUE.iter().find(|(_, place)| *place == columns);
            Failure::Unique(named.map_or_else(|| columns.to_owned(), |(name, _)| (*name).to_owned()))
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Failure::ForeignKey(None),
        ffi::SQLITE_CONSTRAINT_CHECK => Failure::Check,
        _ => match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Failure::Repeat,
            ffi::SQLITE_FULL
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_READONLY
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_NOMEM
            | ffi::SQLITE_PROTOCOL
            | ffi::SQLITE_ABORT => Failure::Unavailable,
            _ => Failure::Other,
        },
    }
}

fn postgres_failure(error: &sea_orm::sqlx::Error) -> Failure {
    use sea_orm::sqlx::Error as Sqlx;
    let Some(database) = error.as_database_error() else {
        return match error {
            Sqlx::Io(_) | Sqlx::Tls(_) | Sqlx::PoolTimedOut | Sqlx::PoolClosed | Sqlx::WorkerCrashed => {
                Failure::Unavailable
            }
            _ => Failure::Other,
        };
    };
    let constraint = database.constraint().map(str::to_owned);
    match database.code().as_deref().unwrap_or_default() {
        "23505" => Failure::Unique(constraint.unwrap_or_default()),
        "23503" => Failure::ForeignKey(constraint),
        "23514" => Failure::Check,
        // Serialization failure, deadlock.
        "40001" | "40P01" => Failure::Repeat,
        // Read-only transaction, a lock that did not come in time; out of resources, shutting down or canceled, lost.
        code if matches!(code, "25006" | "55P03")
            || ["53", "57", "58", "08"]
                .iter()
                .any(|class| code.starts_with(class)) =>
        {
            Failure::Unavailable
        }
        _ => Failure::Other,
    }
}

/// Whether it was the database that refused a statement, for what the statement is or meets: then nothing has changed.
/// Of one that was not answered, nobody knows.
pub fn is_refusal(error: &DbErr) -> bool {
    matches!(
        failure(error),
        Failure::Unique(_) | Failure::ForeignKey(_) | Failure::Check | Failure::Repeat
    )
}

/// The error of a statement whose failure no rule expects.
pub fn classify(error: DbErr) -> Error {
    match failure(&error) {
        Failure::Unavailable | Failure::Repeat => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// Turns the violation of one unique constraint into an error of the domain.
pub fn on_unique<T>(result: Result<T, DbErr>, constraint: &str, refuse: impl FnOnce() -> Error) -> Result<T> {
    result.map_err(|error| match failure(&error) {
        Failure::Unique(broken) if broken == constraint => refuse(),
        _ => classify(error),
    })
}

/// Turns the violation of a foreign key into an error of the domain.
pub fn on_foreign_key<T>(result: Result<T, DbErr>, refuse: impl FnOnce(Option<&str>) -> Error) -> Result<T> {
    result.map_err(|error| match failure(&error) {
        Failure::ForeignKey(constraint) => refuse(constraint.as_deref()),
        _ => classify(error),
    })
}

impl Backend {
    /// `column IN (ids)` as one parameter, so that the statement's text, and what is prepared for it, does not depend
    /// on how many there are.
    pub fn among(self, column: impl IntoColumnRef, ids: &[i64]) -> Expr {
        let form = match self {
            Self::Sqlite => "? IN (SELECT value FROM json_each(?))",
            Self::Postgres => "$1 = ANY(CAST($2 AS bigint[]))",
        };
        Expr::cust_with_exprs(form, [Expr::col(column), Expr::val(self.list(ids))])
    }

    /// The id of the parent that [`Backend::per_parent`] is at, inside its query.
    pub fn parent(self) -> Expr {
        Expr::col((
            PARENT,
            match self {
                Self::Sqlite => "value",
                Self::Postgres => PARENT,
            },
        ))
    }

    /// Runs a query of one table once for each of these parents, in one statement: each parent's rows are found by an
    /// index and cut by the query's own `LIMIT`, however many there are. (`ROW_NUMBER() OVER (PARTITION BY …)` would read
    /// and number all of them first.) The statement's rows are [`PAGE`]'s, in no order.
    ///
    /// `query` selects the table's columns and compares with [`Backend::parent`]; `key` is the table's.
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
                // SQLite has no LATERAL, but its subqueries see the tables beside them. CROSS JOIN keeps the parents first.
                query.clear_selects().column((table.clone(), key.clone()));
                let chosen = Expr::col((PAGE, key)).in_subquery(query);
                statement
                    .from_function(Func::cust("json_each").arg(self.list(parents)), PARENT)
                    .join_as(JoinType::CrossJoin, table, PAGE, Condition::all())
                    .and_where(chosen);
            }
            Self::Postgres => {
                let list = Expr::cust_with_exprs("CAST($1 AS bigint[])", [Expr::val(self.list(parents))]);
                statement
                    .from_function(Func::cust("unnest").arg(list), PARENT)
                    .join_lateral(JoinType::InnerJoin, query, PAGE, Expr::cust("TRUE"));
            }
        }
        statement
    }

    /// The sum of whole numbers, however large, as text.
    pub fn sum(self, numbers: Expr) -> Expr {
        Expr::cust_with_exprs(
            match self {
                Self::Sqlite => "CAST(COALESCE(SUM(?), 0) AS TEXT)",
                Self::Postgres => "CAST(COALESCE(SUM($1), 0) AS text)",
            },
            [numbers],
        )
    }

    /// The sum of quantity × price, or of quantity × (price − cost), exact and as text with two decimals.
    pub fn worth(self, quantity: Expr, price: Expr, cost: Option<Expr>) -> Expr {
        let (form, values) = match (self, cost) {
            (Self::Sqlite, None) => ("total_worth(?, ?)", vec![quantity, price]),
            (Self::Sqlite, Some(cost)) => ("total_worth(?, ?, ?)", vec![quantity, price, cost]),
            (Self::Postgres, None) => (
                "CAST(COALESCE(SUM($1 * $2), 0) + 0.00 AS text)",
                vec![quantity, price],
            ),
            (Self::Postgres, Some(cost)) => (
                "CAST(COALESCE(SUM($1 * ($2 - $3)), 0) + 0.00 AS text)",
                vec![quantity, price, cost],
            ),
        };
        Expr::cust_with_exprs(form, values)
    }

    /// The UTC day of a moment, as the number of days since 1970.
    pub fn day(self, moment: Expr) -> Expr {
        match self {
            // Rounded down, not towards zero, before 1970 too.
            Self::Sqlite => Expr::cust_with_exprs(
                "((? - (? % 86400000000 + 86400000000) % 86400000000) / 86400000000)",
                [moment.clone(), moment],
            ),
            Self::Postgres => {
                Expr::cust_with_exprs("CAST(FLOOR(EXTRACT(EPOCH FROM $1) / 86400) AS bigint)", [moment])
            }
        }
    }

    /// Ids as one parameter.
    pub(super) fn list(self, ids: &[i64]) -> String {
        let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Sqlite => format!("[{list}]"),
            Self::Postgres => format!("{{{list}}}"),
        }
    }

    /// The number of the oldest transaction that is running as a statement sees the database: all with smaller numbers
    /// have ended. None on SQLite, where a reader never sees one that another overtakes.
    pub fn oldest_running(self) -> Option<Expr> {
        // xid8 can't be cast to a number at once.
        let sql = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)";
        (self == Self::Postgres).then(|| Expr::cust(sql))
    }

    /// Takes the next number of a transaction, as `number`.
    pub fn next_transaction(self) -> Option<&'static str> {
        let sql = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS number";
        (self == Self::Postgres).then_some(sql)
    }

    /// What ends a `SELECT` that takes rows to work on and leaves those alone that another has just taken.
    pub fn skipping_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Locks the rows that a transaction reads in order to change them. SQLite's writer is alone already.
    pub fn lock(self, select: &mut SelectStatement) {
        if self == Self::Postgres {
            select.lock(LockType::NoKeyUpdate);
        }
    }
}
