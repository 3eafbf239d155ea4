//! `Field`: what a client sent for one field.

/// What a client sent for one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The field was left out.
    #[default]
    Absent,
    Null,
    Set(T),
    /// A value that could not be read, for which a fault has been recorded.
    Unreadable,
}

impl<T> Field<T> {
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Set(value) => Field::Set(convert(value)),
            Self::Unreadable => Field::Unreadable,
        }
    }
}
