//! What lists are made of: order, search, filters, numbered pages and cursors, and rows that load their relations
//! together.

pub mod check;
pub mod collection;
pub mod column;
mod comparison;
pub mod cursor;
pub mod day;
mod field;
pub mod filter;
pub mod listing;
mod loaders;
pub mod paging;
pub mod row_count;
mod search_terms;
pub mod siblings;

pub use check::DraftCheck;
pub use collection::{Collection, key};
pub use column::{Direction, ListColumn, TextRules};
pub use field::{Field, Texts};
pub use filter::Filter;
pub use listing::{Listing, Order};
pub use paging::{CursorPage, PageRequest};
pub use siblings::Row;
