//! `Fault`: an invalid value.

/// One invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name, such as `author_id`; empty when the fault belongs to no single field.
    pub field: &'static str,
    /// The index of the item in a batch.
    pub item: Option<usize>,
    pub code: FaultCode,
    /// A human-readable message, in the words of Django REST framework.
    pub message: String,
}

/// The kind of a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// A required value is absent.
    Required,
    /// A value is null that must not be null.
    Null,
    /// A required text is blank.
    Blank,
    /// A text or a list is too long.
    TooLong,
    /// A number is too small, too large, or has too many digits.
    OutOfRange,
    /// The value does not have the right form.
    Invalid,
    /// Another object already has this value.
    Taken,
    /// There is no object with this id.
    NotFound,
    /// More is requested than is available.
    Insufficient,
}

/// Every invalid value of an input.
pub type Faults = Vec<Fault>;

impl Fault {
    pub fn new(field: &'static str, code: FaultCode, message: impl Into<String>) -> Self {
        Self {
            field,
            item: None,
            code,
            message: message.into(),
        }
    }
}
