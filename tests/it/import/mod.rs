//! `stockroom import`: from both kinds of source into both databases.

mod cases;
mod imported_rows;
pub mod installation;
mod interrupted;
mod logins;
