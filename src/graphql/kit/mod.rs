//! The parts that the GraphQL types of every resource are made of: lists, filters, orders, scalars, inputs and payloads.
//! Nothing in this folder imports the file of a resource.

use std::future::Future;

use async_graphql::{ScalarType, Value};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::error::{Error, Result};

pub(crate) mod arguments;
pub(crate) mod connection;
pub(crate) mod decimal;
pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod filter_input;
pub(crate) mod input;
pub(crate) mod list;
pub(crate) mod node;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod payload;
pub(crate) mod relation;
pub(crate) mod scalar;
pub(crate) mod user_error;
pub(crate) mod verbs;

pub(crate) use error::user_errors;
pub(crate) use graphql_server::resolve::{Concurrent, Items, Node};
pub(crate) use user_error::UserError;

/// The result of a nullable field. An error makes the field null and leaves its siblings as they are.
pub(crate) type Nullable<T> = Option<Result<T, Error>>;

/// The value of a nullable field that is null only if resolving it fails.
///
/// The future is boxed: async-graphql allocates the future of every field of an object with the size of its largest one.
pub(crate) fn nullable<'a, T: 'a>(
    value: impl Future<Output = Result<T>> + Send + 'a,
) -> BoxFuture<'a, Nullable<T>> {
    value.map(Some).boxed()
}

/// Whether a value is valid for the custom scalar of this name. Any value is valid for an unknown scalar.
pub(crate) fn is_valid_scalar(name: &str, value: &Value) -> bool {
    match name {
        "Decimal" => <decimal::Decimal as ScalarType>::is_valid(value),
        "DateTime" => <scalar::DateTime as ScalarType>::is_valid(value),
        "Date" => <scalar::Date as ScalarType>::is_valid(value),
        _ => true,
    }
}
