//! SeaORM over SQLite and PostgreSQL, for servers that read much and must not lose a write.
mod backend;
pub mod bulk;
mod database;
pub mod dialect;
mod failure;
mod migrations;
mod models;
mod observer;
mod postgres;
pub mod sqlite;
mod transaction;

pub use backend::{Backend, Location};
pub use database::{Connections, Database};
pub use failure::Failure;
pub use migrations::MigrationLock;
pub use models::Table;
pub use observer::{StatementObserver, StatementSpan};
pub use postgres::Timeouts;
pub use sqlite::value::{MONEY_DECIMALS, MONEY_WHOLE_DIGITS};
pub use transaction::Transaction;

/// How often a transaction runs when it conflicts with others, before it fails as unavailable.
pub const TRANSACTION_ATTEMPTS: u32 = 5;
