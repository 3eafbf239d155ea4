//! `stockroom import`: from both kinds of source into both databases.

mod cases;
mod installation;
mod interrupted;
mod logins;
mod stored;
