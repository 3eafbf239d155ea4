//! User errors: what is wrong with the input of a mutation.

use async_graphql::{Enum, SimpleObject};
use graphql_tables::camel_case;

use crate::error::{Fault, FaultCode};

/// Something wrong with the input, to show to the person who entered it.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(serial)]
pub(crate) struct UserError {
    /// The path in the input, with dots: `sellingPrice`, `items.3.quantity`. Null when
    /// no single field is wrong.
    pub(crate) field: Option<String>,
    /// What is wrong, for people.
    pub(crate) message: String,
    /// What is wrong, for programs.
    pub(crate) code: UserErrorCode,
}

/// What can be wrong with an input.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserErrorCode {
    /// A required text is blank.
    Blank,
    /// A text is longer, or a list has more items, than is allowed.
    TooLong,
    /// A number is too small, too large, or has too many digits.
    OutOfRange,
    /// The value does not have the right form.
    Invalid,
    /// Another record has this value already.
    Taken,
    /// There is nothing with this id.
    NotFound,
    /// There is not enough stock.
    InsufficientStock,
    /// Other records refer to this one, so it can't be deleted.
    Protected,
    /// The record has changed since the version that was sent.
    Conflict,
    /// The record is part of the server's settings and can only be changed there.
    ReadOnly,
    /// The endpoint is disabled, or the server sends no webhooks.
    Disabled,
    /// There are already as many as allowed.
    TooMany,
    /// No active account has this name and password.
    InvalidCredentials,
    /// The token is invalid, of the wrong type, revoked or expired.
    InvalidToken,
}

impl From<&Fault> for UserError {
    fn from(fault: &Fault) -> Self {
        let field = Some(camel_case(fault.field)).filter(|field| !field.is_empty());
        let field = match (fault.item, field) {
            (Some(item), Some(field)) => Some(format!("items.{item}.{field}")),
            (Some(item), None) => Some(format!("items.{item}")),
            (None, field) => field,
        };
        Self {
            field,
            message: fault.message.clone(),
            code: fault.code.into(),
        }
    }
}

impl From<FaultCode> for UserErrorCode {
    fn from(code: FaultCode) -> Self {
        match code {
            FaultCode::Required | FaultCode::Null | FaultCode::Invalid => Self::Invalid,
            FaultCode::Blank => Self::Blank,
            FaultCode::TooLong => Self::TooLong,
            FaultCode::OutOfRange => Self::OutOfRange,
            FaultCode::Taken => Self::Taken,
            FaultCode::NotFound => Self::NotFound,
            FaultCode::Insufficient => Self::InsufficientStock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{UserError, UserErrorCode};
    use crate::error::{Fault, FaultCode};

    #[test]
    fn a_fault_has_the_path_of_its_field() {
        let fault = Fault {
            item: Some(3),
            ..Fault::new("quantity", FaultCode::OutOfRange, "Too small.")
        };
        let error = UserError::from(&fault);
        assert_eq!(
            (error.field.as_deref(), error.code),
            (Some("items.3.quantity"), UserErrorCode::OutOfRange)
        );
        let fault = Fault::new("", FaultCode::Invalid, "Invalid.");
        assert_eq!(UserError::from(&fault).field, None);
    }
}
