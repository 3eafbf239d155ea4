//! `Field`: what a client sent for one field of a draft, and `Texts`: its text fields.

use std::collections::HashMap;

use sea_orm::ColumnTrait;

/// What a client sent for one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The field was left out.
    #[default]
    Absent,
    Null,
    Set(T),
    /// A value that the API could not read and has reported a fault for already.
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

/// The text fields of a draft, by the names of their columns.
#[derive(Clone, Debug, Default)]
pub struct Texts(HashMap<&'static str, Field<String>>);

impl Texts {
    /// Adds a field.
    #[must_use]
    pub fn with(mut self, column: impl ColumnTrait, value: Field<String>) -> Self {
        self.0.insert(column.as_str(), value);
        self
    }

    pub(crate) fn get(&self, column: impl ColumnTrait) -> Field<String> {
        self.0.get(column.as_str()).cloned().unwrap_or_default()
    }
}
