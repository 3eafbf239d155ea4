//! The roles of tables and the meaning of columns.

pub(crate) mod accounts;
pub(crate) mod columns;
pub(crate) mod role;
pub(crate) mod spelling;
mod structure;
pub(crate) mod tables;
pub(crate) mod tenants;

pub(crate) use columns::{How, MappedColumn, TableMap};
pub(crate) use role::{Field, Role};
