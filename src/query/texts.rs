//! `Texts`: the text fields of a draft.

use std::collections::HashMap;

use sea_orm::ColumnTrait;

use super::Field;

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
