//! Converts SQLite's errors to SeaORM's, and classifies them.
//!
//! `DbErr` has no variant for the errors of a driver that SeaORM does not support, so the extended result code is written at
//! the beginning of the text.

use rusqlite::ffi;
use sea_orm::{DbErr, RuntimeErr};

use crate::Failure;

/// What the text of every error begins with, followed by the code.
const PREFIX: &str = "sqlite ";

pub(super) fn error(error: rusqlite::Error) -> DbErr {
    let text = match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            format!(
                "{PREFIX}{}: {}",
                failure.extended_code,
                message.unwrap_or_else(|| failure.to_string())
            )
        }
        other => format!("{PREFIX}0: {other}"),
    };
    DbErr::Exec(RuntimeErr::Internal(text))
}

/// The error of a transaction that SQLite has rolled back on its own.
pub(crate) fn rolled_back() -> DbErr {
    let code = ffi::SQLITE_ABORT_ROLLBACK;
    DbErr::Exec(RuntimeErr::Internal(format!(
        "{PREFIX}{code}: the transaction was rolled back by SQLite"
    )))
}

/// The extended result code and the message, if the error comes from SQLite.
pub(crate) fn code_and_message(error: &DbErr) -> Option<(i32, &str)> {
    let (DbErr::Exec(RuntimeErr::Internal(text)) | DbErr::Query(RuntimeErr::Internal(text))) = error else {
        return None;
    };
    let (code, message) = text.strip_prefix(PREFIX)?.split_once(": ")?;
    Some((code.parse().ok()?, message))
}

/// Whether the progress handler stopped the statement.
pub(super) fn is_interrupted(error: &DbErr) -> bool {
    matches!(code_and_message(error), Some((ffi::SQLITE_INTERRUPT, _)))
}

/// Why the database could not respond, as a label for metrics.
pub(crate) fn outage(code: i32) -> &'static str {
    match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => "conflict",
        ffi::SQLITE_FULL => "full",
        ffi::SQLITE_READONLY => "read_only",
        ffi::SQLITE_INTERRUPT => "timeout",
        _ => "io",
    }
}

/// Classifies an extended result code.
pub(crate) fn failure(code: i32, message: &str) -> Failure {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE => Failure::Unique(constraint_name(message, false)),
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Failure::Unique(constraint_name(message, true)),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Failure::ForeignKey(None),
        ffi::SQLITE_CONSTRAINT_CHECK => Failure::Check,
        _ => match code & 0xff {
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Failure::Retryable,
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

/// PostgreSQL's default name for the constraint that SQLite describes by its columns:
/// `UNIQUE constraint failed: item.name, item.colour` is `item_name_colour_key`.
fn constraint_name(message: &str, is_primary_key: bool) -> String {
    let columns = message.rsplit(": ").next().unwrap_or_default();
    let mut name = String::with_capacity(columns.len() + 4);
    for (index, column) in columns.split(", ").enumerate() {
        let (table, column) = column.split_once('.').unwrap_or((column, ""));
        if index == 0 {
            name.push_str(table);
        }
        if !is_primary_key {
            name.push('_');
            name.push_str(column);
        }
    }
    name + if is_primary_key { "_pkey" } else { "_key" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_their_postgresql_names() {
        let unique = |code, message: &str| match failure(code, message) {
            Failure::Unique(name) => name,
            other => panic!("{other:?}"),
        };
        let failed = "UNIQUE constraint failed: item.name";
        assert_eq!(unique(ffi::SQLITE_CONSTRAINT_UNIQUE, failed), "item_name_key");
        assert_eq!(unique(ffi::SQLITE_CONSTRAINT_PRIMARYKEY, failed), "item_pkey");
        let failed = "UNIQUE constraint failed: item.name, item.colour";
        assert_eq!(
            unique(ffi::SQLITE_CONSTRAINT_UNIQUE, failed),
            "item_name_colour_key"
        );
        assert_eq!(unique(ffi::SQLITE_CONSTRAINT_PRIMARYKEY, failed), "item_pkey");
    }
}
