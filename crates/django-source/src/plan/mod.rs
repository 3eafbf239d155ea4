//! The two passes over a source: the first one reads and checks every row, the second one returns the rows.

mod accounts;
mod clean_row;
mod labels;
mod layout;
mod leftovers;
mod movements;
mod products;
mod stream;
mod survey;
mod table_rows;
mod users;

pub(crate) use layout::Layout;
pub(crate) use stream::stream;
pub(crate) use survey::{Survey, survey};
