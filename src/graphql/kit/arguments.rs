//! The checks of arguments before anything is executed: a list of fields, each with the conversion that its resolver applies.

use std::collections::HashMap;

use async_graphql::{InputType, OutputType};
use graphql_server::{RequestError, SelectedField};

use super::user_error::camel_case;
use crate::ctx::Ctx;

/// Converts the arguments of one field as its resolver does.
pub(crate) type ArgumentCheck = fn(&Ctx, &Arguments<'_>) -> Result<(), RequestError>;

/// The arguments of a selected field, by their names in Rust.
pub(crate) struct Arguments<'f>(SelectedField<'f>);

impl Arguments<'_> {
    pub(crate) fn get<T: InputType>(&self, name: &str) -> Result<T, RequestError> {
        self.0.argument(&camel_case(name))
    }
}

/// The checks of the fields of each type.
#[derive(Default)]
pub(crate) struct ArgumentChecks(HashMap<String, HashMap<String, ArgumentCheck>>);

impl ArgumentChecks {
    /// Adds checks of fields of `T`, by the names of the fields in Rust.
    pub(crate) fn of<T: OutputType>(self, checks: &[(&str, ArgumentCheck)]) -> Self {
        self.of_type(&T::type_name(), checks)
    }

    pub(crate) fn of_type(mut self, ty: &str, checks: &[(&str, ArgumentCheck)]) -> Self {
        let fields = self.0.entry(ty.to_owned()).or_default();
        fields.extend(checks.iter().map(|(field, check)| (camel_case(field), *check)));
        self
    }

    /// Checks one field. The arguments of a field without a check are valid whatever they are.
    pub(crate) fn check(&self, ctx: &Ctx, field: SelectedField<'_>) -> Result<(), RequestError> {
        let fields = self.0.get(field.parent());
        match fields.and_then(|fields| fields.get(field.name())) {
            Some(check) => check(ctx, &Arguments(field)),
            None => Ok(()),
        }
    }
}
