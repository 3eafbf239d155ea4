//! What mutations answer with: the object by its own name, or `userErrors` that say why there is none. Shape only. And what
//! their inputs are made of: fields that a draft takes.

use async_graphql::{ID, MaybeUndefined};

use super::problem::{UserError, user_errors};
use super::scalar::{Decimal, key};
use crate::error::{Error, Fault, FaultCode, Faults, Result};
use crate::query::Field;

/// Sorts the outcome of a rule: what it made, or what is wrong with the input, or an error that belongs beside `data`.
///
/// # Errors
/// What no input can be blamed for.
pub fn outcome<T>(result: Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(made) => Ok((Some(made), Vec::new())),
        Err(error) => user_errors(error).map(|errors| (None, errors)),
    }
}

/// Makes a payload: `payload!(/// … CreateBrandPayload { brand: BrandNode })`.
macro_rules! payload {
    ($(#[doc = $doc:literal])* $payload:ident { $(#[doc = $field_doc:literal])* $field:ident: $node:ty }) => {
        $(#[doc = $doc])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub struct $payload {
            $(#[doc = $field_doc])*
            $field: Option<$node>,
            user_errors: Vec<$crate::graphql::problem::UserError>,
        }

        impl $payload {
            /// The payload of what a rule has answered.
            pub fn of<T: Into<$node>>(
                result: $crate::error::Result<T>,
            ) -> $crate::error::Result<Self> {
                let (made, user_errors) = $crate::graphql::payload::outcome(result)?;
                Ok(Self { $field: made.map(Into::into), user_errors })
            }
        }
    };
}

/// Makes the payload of a deletion, whose id is all that is left.
macro_rules! deleted {
    ($payload:ident) => {
        /// What was deleted, or why nothing was.
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub struct $payload {
            /// Null when nothing was deleted.
            deleted_id: Option<async_graphql::ID>,
            user_errors: Vec<$crate::graphql::problem::UserError>,
        }

        impl $payload {
            /// The payload of what a rule has answered.
            pub fn of<M: entity::Record>(result: $crate::error::Result<M>) -> $crate::error::Result<Self> {
                let (deleted, user_errors) = $crate::graphql::payload::outcome(result)?;
                Ok(Self {
                    deleted_id: deleted.map(|row| row.id().into()),
                    user_errors,
                })
            }
        }
    };
}

/// Makes the payload of the deletion of a movement, which tells what that has made of the product.
macro_rules! taken_back {
    ($payload:ident) => {
        /// What was deleted, or why nothing was.
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub struct $payload {
            /// Null when nothing was deleted.
            deleted_id: Option<async_graphql::ID>,
            /// The product, with its stock as it is now.
            product: Option<$crate::graphql::product::ProductNode>,
            user_errors: Vec<$crate::graphql::problem::UserError>,
        }

        impl $payload {
            /// The payload of what a rule has answered.
            pub fn of(
                result: $crate::error::Result<(i64, Option<$crate::graphql::product::ProductNode>)>,
            ) -> $crate::error::Result<Self> {
                let (deleted, user_errors) = $crate::graphql::payload::outcome(result)?;
                let (deleted_id, product) =
                    deleted.map_or((None, None), |(id, product)| (Some(id.into()), product));
                Ok(Self {
                    deleted_id,
                    product,
                    user_errors,
                })
            }
        }
    };
}

/// Makes the payload of a batch.
macro_rules! batch {
    ($(#[doc = $doc:literal])* $payload:ident { $field:ident: $node:ty }) => {
        $(#[doc = $doc])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub struct $payload {
            /// In the order of the input. Null when any item was wrong.
            $field: Option<Vec<$node>>,
            user_errors: Vec<$crate::graphql::problem::UserError>,
        }

        impl $payload {
            /// The payload of what a rule has answered.
            pub fn of<T: Into<$node>>(
                result: $crate::error::Result<Vec<T>>,
            ) -> $crate::error::Result<Self> {
                let (made, user_errors) = $crate::graphql::payload::outcome(result)?;
                Ok(Self { $field: made.map(|rows| rows.into_iter().map(Into::into).collect()), user_errors })
            }
        }
    };
}

pub(crate) use {batch, deleted, payload, taken_back};

/// The input of an update: which object, at which version, and what its rule is to make of it.
pub trait Update {
    /// What the rule takes.
    type Draft;
    /// The object, the version that the client has seen, and the changes.
    fn split(self) -> (ID, Option<i64>, Self::Draft);
}

/// What a client says of one field: left out, null, or this.
pub fn field<T>(value: MaybeUndefined<T>) -> Field<T> {
    match value {
        MaybeUndefined::Undefined => Field::Absent,
        MaybeUndefined::Null => Field::Null,
        MaybeUndefined::Value(value) => Field::Set(value),
    }
}

/// A price, as it was written.
pub fn price(name: &'static str, value: Field<Decimal>, faults: &mut Faults) -> Field<String> {
    match value {
        Field::Set(decimal) => decimal.text(name).map_or_else(
            |fault| {
                faults.push(fault);
                Field::Unreadable
            },
            Field::Set,
        ),
        other => other.map(|_| String::new()),
    }
}

/// A reference. A text that is no id is the id of nothing.
pub fn reference(name: &'static str, value: Field<ID>, faults: &mut Faults) -> Field<i64> {
    match value {
        Field::Set(id) => key(&id).map_or_else(
            || {
                faults.push(no_such(name));
                Field::Unreadable
            },
            Field::Set,
        ),
        other => other.map(|_| 0),
    }
}

fn no_such(name: &'static str) -> Fault {
    Fault::new(name, FaultCode::NotFound, "There is nothing with this id.")
}

/// The key of the object that a mutation is about.
///
/// # Errors
/// [`Error::NotFound`] for a text that is no id.
pub fn subject(id: &ID) -> Result<i64> {
    key(id).ok_or(Error::NotFound)
}
