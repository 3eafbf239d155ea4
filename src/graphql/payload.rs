//! What mutations answer with: the object by its own name, or `userErrors` that say why there is none. Shape only. And what
//! their inputs are made of: fields that a draft takes.

use async_graphql::{ID, MaybeUndefined};

use super::problem::{UserError, user_errors};
use super::scalar::{Decimal, key};
use crate::error::{Error, Fault, FaultCode, Faults, Result};
use crate::resolvers::Field;

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

pub(crate) use payload;

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
        Field::Set(id) => match key(&id) {
            Some(key) => Field::Set(key),
            None => {
                faults.push(no_such(name));
                Field::Unreadable
            }
        },
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
