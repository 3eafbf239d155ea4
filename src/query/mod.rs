//! What lists are made of: order, search, filters, numbered pages and cursors, and rows that load their relations
//! together.

pub mod check;
pub mod collection;
pub mod cursor;
pub mod filter;
pub mod listing;
pub mod loaders;
pub mod paging;
pub mod range;
pub mod row_count;
pub mod siblings;

pub use check::{Check, Field};
pub use collection::{Collection, key};
pub use cursor::Term;
pub use filter::Filter;
pub use listing::{Direction, Listing, Order, Page, Sortable};
pub use paging::{CursorPage, PageRequest};
pub use siblings::Row;
