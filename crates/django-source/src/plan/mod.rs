//! The two passes over a source: the first looks at every row and decides, the second hands the rows over.

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
