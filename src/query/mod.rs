//! Lists of the inventory: what a collection is, its listings and their pages, and the checks of drafts.
//!
//! Filters, cursors, and rows that load their relations together come from the crate `table-query`.

pub mod check;
pub mod collection;
mod field;
pub mod listing;
pub mod paging;
pub mod row_count;

pub use check::DraftCheck;
pub use collection::Collection;
pub use field::{Field, Texts};
pub use listing::{Listing, Order};
pub use table_query::{CursorPage, Direction, Filter, ListColumn, PageRequest, Row, TextRules, key};
