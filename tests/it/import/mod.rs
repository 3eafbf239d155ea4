//! `stockroom import`: from both kinds of source into both databases.

mod cases;
mod interrupted;
mod logins;
mod stored;
