//! Lists of the inventory: collections, their listings and pages, and the checks of drafts.
//!
//! Filters, cursors, and rows that load their relations together come from the crate `table-query`, the fields of drafts from
//! `form-fields`.

pub mod check;
pub mod collection;
pub mod listing;
pub mod paging;
mod revision;
pub mod row_count;
mod texts;

pub use collection::Collection;
pub use form_fields::{Field, FieldCheck};
pub use listing::{Listing, Order};
pub use table_query::{CursorPage, Direction, Filter, ListColumn, PageRequest, Row, TextRules, key};
pub use texts::Texts;
