//! The parts that the GraphQL types of every resource are made of: those of the crate `graphql-tables`, for this program's
//! context; lists, payloads and errors. Nothing in this folder imports the file of a resource.

use async_graphql::{ContextBase, ID};
use graphql_tables::TableContext;
use rust_decimal::Decimal;

use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod payload;
pub(crate) mod user_error;
pub(crate) mod verbs;

pub(crate) use error::user_errors;
pub(crate) use user_error::UserError;

pub(crate) type ArgumentCheck = graphql_tables::ArgumentCheck<Ctx>;
pub(crate) type ConnectionOf<E> = graphql_tables::ConnectionOf<E, Ctx>;
pub(crate) type FilterArgument<E> = graphql_tables::FilterArgument<E, Ctx>;
pub(crate) type NodeOf<E> = graphql_tables::NodeOf<E, Ctx>;
pub(crate) type Nullable<T> = graphql_tables::Nullable<T, Error>;
pub(crate) type OrderArgument<E> = graphql_tables::OrderArgument<E, Ctx>;
pub(crate) type Reference<'a, E> = graphql_tables::Reference<'a, E, Ctx>;

// The macros of the same names, for this program's context.

macro_rules! connection {
    ($($tokens:tt)*) => { graphql_tables::connection! { $crate::ctx::Ctx, $($tokens)* } };
}

macro_rules! filter {
    ($($tokens:tt)*) => { graphql_tables::filter! { $crate::ctx::Ctx, $($tokens)* } };
}

macro_rules! node {
    ($($tokens:tt)*) => { graphql_tables::node! { $crate::ctx::Ctx, $($tokens)* } };
}

macro_rules! order {
    ($($tokens:tt)*) => { graphql_tables::order! { $crate::ctx::Ctx, $($tokens)* } };
}

pub(crate) use {connection, filter, node, order};

impl TableContext for Ctx {
    type Error = Error;

    fn of_operation<'c, T>(cx: &ContextBase<'c, T>) -> Result<&'c Self> {
        Self::of(cx)
    }

    fn fold(&self, text: &str) -> String {
        entity::fold(text)
    }

    fn decimal_bound(&self, text: &str) -> Option<Decimal> {
        entity::Money::parse_bound(text).ok().map(|money| money.0)
    }
}

/// The key of the row that a field or mutation is about.
///
/// # Errors
/// [`Error::NotFound`] for a string that is not a key.
pub(crate) fn require_id(id: &ID) -> Result<i64> {
    graphql_tables::parse_id(id).ok_or(Error::NotFound)
}
