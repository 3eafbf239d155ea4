//! `stockroom import`: from both kinds of source into both databases.

mod cases;
pub mod installation;
mod interrupted;
mod logins;
mod stored;
