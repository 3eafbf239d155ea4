//! Checks of arguments before anything is executed: for each field, the conversion that its resolver applies.

use std::collections::HashMap;

use async_graphql::{InputType, OutputType};
use graphql_server::{RequestError, SelectedField};

/// Converts the arguments of one field as its resolver does.
pub type ArgumentCheck<C> = fn(&C, &Arguments<'_>) -> Result<(), RequestError>;

/// The arguments of a selected field, by their names in Rust.
pub struct Arguments<'f>(SelectedField<'f>);

impl Arguments<'_> {
    pub fn get<T: InputType>(&self, name: &str) -> Result<T, RequestError> {
        self.0.argument(&camel_case(name))
    }
}

/// The checks of the fields of each type.
pub struct ArgumentChecks<C>(HashMap<String, HashMap<String, ArgumentCheck<C>>>);

impl<C> Default for ArgumentChecks<C> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<C> ArgumentChecks<C> {
    /// Adds checks of fields of `T`, by the names of the fields in Rust.
    #[must_use]
    pub fn with<T: OutputType>(self, checks: &[(&str, ArgumentCheck<C>)]) -> Self {
        self.with_type(&T::type_name(), checks)
    }

    /// Adds checks of fields of the type with this name.
    #[must_use]
    pub fn with_type(mut self, ty: &str, checks: &[(&str, ArgumentCheck<C>)]) -> Self {
        let fields = self.0.entry(ty.to_owned()).or_default();
        fields.extend(checks.iter().map(|(field, check)| (camel_case(field), *check)));
        self
    }

    /// Checks the arguments of one field. Those of a field without a check are always valid.
    pub fn check(&self, ctx: &C, field: SelectedField<'_>) -> Result<(), RequestError> {
        let fields = self.0.get(field.parent());
        match fields.and_then(|fields| fields.get(field.name())) {
            Some(check) => check(ctx, &Arguments(field)),
            None => Ok(()),
        }
    }
}

/// The name that a column or a field in Rust has in GraphQL: `category_id` is `categoryId`.
pub fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Whether `name` is [`camel_case`] of `column`, without allocating.
#[inline]
pub fn is_camel_case_of(name: &str, column: &str) -> bool {
    let mut name = name.bytes();
    let mut begins_word = false;
    for byte in column.bytes() {
        if byte == b'_' {
            begins_word = true;
            continue;
        }
        let expected = if begins_word {
            byte.to_ascii_uppercase()
        } else {
            byte
        };
        begins_word = false;
        if name.next() != Some(expected) {
            return false;
        }
    }
    name.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::{camel_case, is_camel_case_of};

    #[test]
    fn columns_become_camel_case_fields() {
        assert_eq!(camel_case("category_id"), "categoryId");
        assert_eq!(camel_case("title"), "title");
        assert_eq!(camel_case(""), "");
    }

    #[test]
    fn names_are_compared_as_camel_case() {
        for column in ["category_id", "title", "is_low_stock", ""] {
            assert!(is_camel_case_of(&camel_case(column), column), "{column}");
        }
        for (name, column) in [
            ("categoryid", "category_id"),
            ("title", "titles"),
            ("titles", "title"),
        ] {
            assert!(!is_camel_case_of(name, column), "{name}");
        }
    }
}
