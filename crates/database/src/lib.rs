//! SeaORM over SQLite and over PostgreSQL, for servers that read a lot and must not lose a write.
//!
//! [`Database`] opens either of them. To SeaORM it is a `ConnectionTrait`, so entities, queries and migrations are written
//! as usual, once for both.
//!
//! # Guarantees
//!
//! - **Durability.** [`Database::transaction`] returns `Ok` after the changes are on disk. SQLite runs with
//!   `synchronous=FULL` in WAL mode; for PostgreSQL this depends on the server's settings.
//! - **Atomicity.** If the body of a transaction returns an error or panics, the transaction changes nothing and does not
//!   affect those that share its commit.
//! - **Bounded waiting.** With [`Timeouts::Short`] every statement on PostgreSQL ends within 12 seconds, and waiting for a
//!   connection within 5. SQLite waits up to 5 seconds for another process that writes. Queues are bounded: when one is full,
//!   callers wait.
//! - **The same errors.** [`Failure::of`] classifies errors of both databases, with the same names of unique constraints.
//!   A transaction that failed with [`Failure::Retryable`] was rolled back and can be run again, which happens automatically
//!   on PostgreSQL.
//! - **The same values.** Timestamps in microseconds, exact money and booleans are read as they were written, and are
//!   compared and sorted alike. On SQLite that depends on the declared types `MOMENT`, `MONEY_TEXT` and `BOOLEAN`.
//!
//! # SQLite
//!
//! One connection, on a dedicated thread, writes. Transactions that wait for it share one commit, each in a savepoint, so
//! they wait for the disk once: tens of thousands of small transactions per second instead of hundreds. The body of a
//! transaction runs on that thread and must not await anything but its statements.
//!
//! Reads run on the calling thread, where finding a row takes a few microseconds. A read that turns out to be long is
//! interrupted and started again on a blocking thread, so it does not block the async runtime.
//!
//! # PostgreSQL
//!
//! A pool of up to 16 connections, or the number in [`Settings`], or fewer if the server allows fewer. Time limits are set
//! on the server by startup parameters; slightly longer ones on the client cover a server that has stopped responding.
//! Transactions run in the isolation level of the session.
//!
//! - If the future of a caller is dropped, its transaction is rolled back and its statement cancelled.
//! - A connection that the server has closed is replaced. A statement that only reads, and a transaction that has not begun
//!   to commit, run again.
//! - Statements are prepared, unless a pooler shares connections between transactions.
//! - Connections to a server that has become read-only are replaced, after a statement has failed because of it or when
//!   [`Database::is_writable`] detects it.
//!
//! # Other items
//!
//! - [`bulk`]: inserting many rows with reserved ids.
//! - [`dialect`]: SQL that the two databases spell differently, such as one query per parent, lists of ids as one parameter and
//!   exact sums.
//! - [`sqlite::backup`]: copies a SQLite database that is in use.
//! - [`Database::by_id`], [`by_ids`](Database::by_ids) and [`models`](Database::models): reading whole rows without the
//!   cost of `QueryResult`.
//! - [`Database::migrate_up`]: applies all missing migrations or none, in one process at a time.
//! - [`TableVacuum`]: vacuums a table of PostgreSQL after a number of updates.
//! - [`StatementObserver`]: hooks for metrics and traces.

#![warn(unreachable_pub)]

mod backend;
pub mod bulk;
mod database;
pub mod dialect;
mod failure;
pub mod migrations;
mod models;
mod observer;
mod postgres;
pub mod sqlite;
mod transaction;
mod vacuum;

pub use backend::{Backend, Location};
pub use database::{Connections, Database};
pub use failure::{Failure, outage};
pub use migrations::MigrationLock;
pub use models::{Table, row_id};
pub use observer::{StatementObserver, StatementSpan};
pub use postgres::{PreparedStatements, Settings, Timeouts};
pub use sqlite::value::{MONEY_DECIMALS, MONEY_WHOLE_DIGITS};
pub use transaction::Transaction;
pub use vacuum::TableVacuum;

/// The maximum number of attempts to run a transaction that conflicts with others, before it fails as unavailable.
pub const TRANSACTION_ATTEMPTS: u32 = 5;
