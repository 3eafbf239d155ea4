//! `TableContext`: what a program provides for its tables; the results of fields.

use std::future::Future;

use async_graphql::ContextBase;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use table_query::Source;

use crate::error::Error;

/// The context of an operation: access to the rows, and how the values of filters are compared with them.
pub trait TableContext: Source + Send + Sized + 'static {
    /// The error of a field.
    type Error: From<Error> + Into<async_graphql::Error> + Clone + Send + Sync + 'static;

    /// The context of the operation that a field belongs to.
    ///
    /// # Errors
    /// Fails if the operation was executed without a context.
    fn of_operation<'c, T>(cx: &ContextBase<'c, T>) -> Result<&'c Self, Self::Error>;

    /// Folds a text as in folded columns, where texts that differ only in letter case or diacritics are equal.
    fn fold(&self, text: &str) -> String;

    /// The number that the values of decimal columns are compared with; `None` if the text is not a number.
    fn decimal_bound(&self, text: &str) -> Option<rust_decimal::Decimal>;
}

/// The result of a nullable field. An error makes the field null and leaves its siblings as they are.
pub type Nullable<T, E> = Option<Result<T, E>>;

/// The value of a nullable field that is null only if resolving it fails.
///
/// The future is boxed, since async-graphql allocates the future of every field of an object with the size of the largest
/// one.
pub fn nullable<'a, T: 'a, E: 'a>(
    value: impl Future<Output = Result<T, E>> + Send + 'a,
) -> BoxFuture<'a, Nullable<T, E>> {
    value.map(Some).boxed()
}
