//! The parts of a list of rows, over SeaORM and `crates/database`: filters, total orders, cursors, pages, and rows that load
//! their relations together.
//!
//! The program builds its lists from these parts: it defines the columns of an order, and checks permissions.
//!
//! ```
//! use sea_orm::sea_query::SqliteQueryBuilder;
//! use sea_orm::{EntityTrait as _, QueryTrait as _};
//! use table_query::{Comparison, Filter, TextPosition};
//!
//! mod book {
//!     use sea_orm::entity::prelude::*;
//!
//!     #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "book")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i64,
//!         pub title_folded: String,
//!         pub pages: i64,
//!     }
//!     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//!     pub enum Relation {}
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! let long = Filter::compare(book::Column::Pages, Comparison::Greater, 500_i64);
//! let with_text = Filter::text(book::Column::TitleFolded, TextPosition::Anywhere, "100%");
//! let filter = long.and(with_text).checked()?;
//! let sql = filter.apply(book::Entity::find()).build(sea_orm::DbBackend::Sqlite).to_string();
//! assert!(sql.ends_with(r#"WHERE "book"."title_folded" LIKE '%100\%%' ESCAPE '\' AND "book"."pages" > 500"#), "{sql}");
//! # Ok::<(), table_query::Error>(())
//! ```
//!
//! # Guarantees
//!
//! - **Orders are total.** A cursor contains the row's values in its order, the key last. So paging neither repeats nor skips
//!   rows, even if the row was changed or deleted. Nulls come last in both directions, on both databases.
//! - **Cursors are not trusted.** One of another order, or with values of other types, is rejected.
//! - **The number of statements does not depend on the number of rows.** A page of the children of many parents is one
//!   statement; rows that were fetched together load a relation once for all of them.
//! - **Input is bounded:** the conditions and values of a filter, the words of a search, and the length of a cursor and of a
//!   pattern. The limits are below those of either database.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `table` | [`Table`]: an entity whose rows can be listed |
//! | `column` | [`ListColumn`]: a column that lists can be ordered by, and the rules for a text |
//! | `filter`, `comparison` | conditions |
//! | `search_terms` | the words of a search |
//! | [`cursor`] | positions in an order |
//! | [`page`] | pages by cursor: of one list, or of the lists of several parents |
//! | `page_starts` | [`PageStarts`]: where numbered pages begin |
//! | `row`, `loaders` | [`Row`]: rows that were fetched together |
//! | `row_cache` | [`RowCache`]: rows kept between requests |
//! | `day` | calendar days |

mod column;
mod comparison;
pub mod cursor;
mod day;
mod error;
mod filter;
mod loaders;
pub mod page;
mod page_starts;
mod row;
mod row_cache;
mod search_terms;
mod table;

pub use self::column::{Direction, ListColumn, TextColumn, TextRules};
pub use self::comparison::Comparison;
pub use self::day::parse_day;
pub use self::error::Error;
pub use self::filter::{Filter, MAX_CONDITIONS, MAX_VALUES, TextPosition};
pub use self::page::{CursorPage, PageRequest, PagesByParent};
pub use self::page_starts::{PageStart, PageStarts};
pub use self::row::{RelatedRow, RelationKey, Row};
pub use self::row_cache::RowCache;
pub use self::search_terms::{MAX_WORDS, search_terms};
pub use self::table::{Source, Table, key, row_id};
