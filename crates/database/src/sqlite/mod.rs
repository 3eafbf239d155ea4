//! SQLite through rusqlite: one connection that writes, and readers that run where they are called.

mod connection;
pub(crate) mod error;
pub(crate) mod proxy;
mod readers;
mod sum_product;
pub(crate) mod value;
mod wal;
mod writer;

use std::path::Path;

use sea_orm::DbErr;

pub(crate) use connection::Connection;
pub(crate) use readers::Readers;
pub(crate) use writer::Writer;

/// Writes a copy of a database, as it is at one moment, into an empty file, while others go on reading and writing it.
/// The caller syncs the copy to disk.
pub fn copy(from: &Path, to: &Path) -> Result<(), DbErr> {
    Connection::copy(from, to)
}
