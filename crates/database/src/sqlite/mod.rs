//! SQLite through rusqlite: one connection that writes, and readers that run on the calling thread.

mod backup;
mod connection;
pub(crate) mod error;
pub(crate) mod proxy;
mod readers;
mod sum_product;
pub(crate) mod value;
mod wal;
mod writer;

pub use backup::{BackupError, backup};
pub(crate) use connection::Connection;
pub(crate) use readers::Readers;
pub(crate) use writer::Writer;
