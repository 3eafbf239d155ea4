//! The types of a GraphQL schema over SeaORM tables: scalars, filters, orders, pages, relations, and inputs of mutations.
//!
//! A program implements [`TableContext`] for the context of its operations and declares the types of each entity:
//!
//! ```
//! # use async_graphql::{ContextBase, ID, Object};
//! # use graphql_tables::{Error, TableContext, filter, int, node, order};
//! # use table_query::Source;
//! # struct Ctx(database::Database);
//! # impl Source for Ctx {
//! #     fn db(&self) -> &database::Database { &self.0 }
//! # }
//! # impl TableContext for Ctx {
//! #     type Error = async_graphql::Error;
//! #     fn of_operation<'c, T>(cx: &ContextBase<'c, T>) -> async_graphql::Result<&'c Self> { cx.data() }
//! #     fn fold(&self, text: &str) -> String { text.to_lowercase() }
//! #     fn decimal_bound(&self, text: &str) -> Option<rust_decimal::Decimal> { text.parse().ok() }
//! # }
//! mod book {
//!     use sea_orm::entity::prelude::*;
//!
//!     #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "book")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i64,
//!         pub pages: i64,
//!     }
//!     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//!     pub enum Relation {}
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! node!(Ctx, BookNode of book::Entity);
//!
//! #[Object(name = "Book", serial)]
//! impl BookNode {
//!     async fn pages(&self) -> i32 {
//!         int(self.0.pages)
//!     }
//! }
//!
//! order!(Ctx, BookOrder, BookOrderField of book::Entity: "books" { Id, Pages });
//!
//! filter! {
//!     Ctx,
//!     /// Conditions on books; all of them must hold.
//!     BookFilter(and, or, not) of book::Entity {
//!         columns { id: IdFilter(Id), pages: IntFilter(Pages) }
//!     }
//! }
//! ```
//!
//! # Guarantees
//!
//! - **Exact values.** Decimals and sums are sent as strings. A decimal that a client may have rounded is refused instead of
//!   being stored or compared.
//! - **Input is checked before it is executed.** [`ArgumentChecks`] convert the arguments of every selected field as the
//!   field's resolver will. The sizes of pages and filters are limited.
//! - **A failing field does not affect the others.** Relations are nullable, and are loaded for all siblings by one statement.
//! - **An absent field differs from null** in the input of an update, and all faults of an input are reported at once.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `context` | [`TableContext`], [`Nullable`] |
//! | `scalar`, `decimal` | [`Date`], [`DateTime`], [`BigInt`], [`Decimal`]; keys and counts |
//! | `filter` | conditions on a column of each type |
//! | `filter_input` | [`filter!`]: the filter of an entity |
//! | `order` | [`order!`]: the order of a list |
//! | `page`, `connection` | [`PageArguments`], [`connection!`] |
//! | `node`, `relation` | [`node!`]: the object of a row; fields that refer to other rows |
//! | `row_fields` | [`RowFields`]: the selected fields of the rows of a connection |
//! | [`input`] | [`inputs!`]: inputs of mutations, which fill drafts |
//! | `arguments` | [`ArgumentChecks`] |

mod arguments;
mod connection;
mod context;
mod decimal;
mod error;
mod filter;
mod filter_input;
pub mod input;
mod node;
mod order;
mod page;
mod relation;
mod row_fields;
mod scalar;

pub use graphql_server::resolve::{Items, Node, WriteFields, WriteValue, write_items, write_object};
pub use table_query::{CursorPage, Direction, Filter, RelationKey, Row};

pub use self::arguments::{ArgumentCheck, ArgumentChecks, Arguments, camel_case, is_camel_case_of};
pub use self::connection::{Connection, ConnectionOf, HasConnection};
pub use self::context::{Nullable, TableContext, nullable};
pub use self::decimal::Decimal;
pub use self::error::Error;
pub use self::filter::{DateTimeFilter, DecimalFilter, IdFilter, IntFilter, StringFilter};
pub use self::filter_input::{FilterArgument, FilterInput, HasFilter, logical_filter, read_filter};
pub use self::input::{InputField, Presence, UpdateInput};
pub use self::node::{HasNode, NodeOf};
pub use self::order::{HasOrder, OrderArgument, OrderDirection, OrderInput};
pub use self::page::{DEFAULT_PAGE_SIZE, PageArguments, PageInfo, page_size};
pub use self::relation::{Reference, optional, relation_key, required};
pub use self::row_fields::RowFields;
pub use self::scalar::{BigInt, Date, DateTime, count, int, is_valid_scalar, parse_id};
