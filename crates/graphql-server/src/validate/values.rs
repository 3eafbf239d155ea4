//! Checks whether a value fits an input type, both for the literals of a document and for the variables of a request.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use async_graphql::{Name, Number, Pos, ServerError, Value};

use crate::error::{ErrorCode, MAX_ERRORS, RequestError, server_error, truncate_name};
use crate::host::ScalarCheck;
use crate::schema_index::{InputObject, NamedType, SchemaIndex};
use crate::validate::whole_numbers::to_integer;
use async_graphql_value::Value as Literal;

/// An input value: a literal, which can contain variables, or a constant.
pub(super) trait InputValue: Sized {
    fn kind(&self) -> InputKind<'_, Self>;
    /// The value as a constant, unless it contains variables.
    fn constant(&self) -> Option<Cow<'_, Value>>;
}

/// The kind of an input value, with its content where the checks need it.
pub(super) enum InputKind<'v, V> {
    Variable(&'v Name),
    Null,
    Boolean,
    Number(&'v Number),
    String(&'v str),
    Enum(&'v Name),
    List(&'v [V]),
    Object(&'v IndexMap<Name, V>),
    Binary,
}

impl InputValue for Literal {
    fn kind(&self) -> InputKind<'_, Self> {
        match self {
            Self::Variable(name) => InputKind::Variable(name),
            Self::Null => InputKind::Null,
            Self::Boolean(_) => InputKind::Boolean,
            Self::Number(number) => InputKind::Number(number),
            Self::String(text) => InputKind::String(text),
            Self::Enum(name) => InputKind::Enum(name),
            Self::List(items) => InputKind::List(items),
            Self::Object(fields) => InputKind::Object(fields),
            Self::Binary(_) => InputKind::Binary,
        }
    }

    fn constant(&self) -> Option<Cow<'_, Value>> {
        self.clone().into_const().map(Cow::Owned)
    }
}

impl InputValue for Value {
    fn kind(&self) -> InputKind<'_, Self> {
        match self {
            Self::Null => InputKind::Null,
            Self::Boolean(_) => InputKind::Boolean,
            Self::Number(number) => InputKind::Number(number),
            Self::String(text) => InputKind::String(text),
            Self::Enum(name) => InputKind::Enum(name),
            Self::List(items) => InputKind::List(items),
            Self::Object(fields) => InputKind::Object(fields),
            Self::Binary(_) => InputKind::Binary,
        }
    }

    fn constant(&self) -> Option<Cow<'_, Value>> {
        Some(Cow::Borrowed(self))
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A document.
    Literal,
    /// The JSON of a request, in which an enum value is a string.
    Variable,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// Checks values and collects errors.
pub(super) struct ValueChecker<'a> {
    index: &'a SchemaIndex,
    scalar_check: ScalarCheck,
    source: Source,
    /// Maximum nesting of values. Literals are already bounded by the nesting of brackets.
    max_depth: usize,
    /// The variables that literals can use.
    variables: HashMap<&'a str, &'a VariableDefinition>,
    path: Vec<Step<'a>>,
    position: Option<Pos>,
    errors: Vec<ServerError>,
}

impl<'a> ValueChecker<'a> {
    pub fn new(index: &'a SchemaIndex, scalar_check: ScalarCheck, source: Source, max_depth: usize) -> Self {
        Self {
            index,
            scalar_check,
            source,
            max_depth,
            variables: HashMap::new(),
            path: Vec::new(),
            position: None,
            errors: Vec::new(),
        }
    }

    /// Declares a variable that the literals checked afterwards can use.
    pub fn declare(&mut self, definition: &'a VariableDefinition) {
        self.variables.insert(&definition.name.node, definition);
    }

    /// Whether there are [`MAX_ERRORS`] errors, so that checking can stop.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    pub fn error(&mut self, message: String, position: Option<Pos>) {
        let error = server_error(ErrorCode::BadUserInput, message, position);
        self.errors.push(error);
    }

    pub fn take_errors(&mut self) -> Vec<ServerError> {
        std::mem::take(&mut self.errors)
    }

    pub fn finish(self) -> Result<(), RequestError> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(RequestError::from_errors(ErrorCode::BadUserInput, self.errors))
        }
    }

    /// Checks the value of an argument or a variable.
    pub fn check<V: InputValue>(
        &mut self,
        name: &'a str,
        position: Option<Pos>,
        ty: &Type,
        has_default: bool,
        value: &V,
    ) {
        self.path = vec![Step::Name(name)];
        self.position = position;
        self.value(ty, has_default, value);
    }

    fn value<V: InputValue>(&mut self, ty: &Type, has_default: bool, value: &V) {
        if self.is_full() {
            return;
        }
        if self.path.len() > self.max_depth {
            let message = format!("values are nested more than {} levels deep", self.max_depth);
            return self.mismatch(&message);
        }
        match (value.kind(), &ty.base) {
            (InputKind::Variable(name), _) => self.variable(name, ty, has_default),
            (InputKind::Null, _) if ty.nullable => {}
            (InputKind::Null, _) => self.report_expected(ty),
            (InputKind::List(items), BaseType::List(item_type)) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_nested(Step::Index(index), item_type, false, item);
                }
            }
            // A single value is coerced to a list.
            (_, BaseType::List(item_type)) => self.value(item_type, false, value),
            (kind, BaseType::Named(name)) => self.check_named(name, ty, value, &kind),
        }
    }

    fn variable(&mut self, name: &Name, ty: &Type, has_default: bool) {
        // async-graphql's validation reports variables that are not declared.
        let Some(definition) = self.variables.get(name.as_str()) else {
            return;
        };
        if !is_usage_allowed(definition, ty, has_default) {
            let actual = &definition.var_type.node;
            let message = format!(
                "expected \"{ty}\", and \"${}\" is \"{actual}\"",
                truncate_name(name)
            );
            self.mismatch(&message);
        }
    }

    fn check_named<V: InputValue>(&mut self, name: &Name, ty: &Type, value: &V, kind: &InputKind<'_, V>) {
        let fits = match (name.as_str(), kind) {
            ("Int", InputKind::Number(number)) => self
                .integer(number)
                .is_some_and(|number| i32::try_from(number).is_ok()),
            ("Float", InputKind::Number(_))
            | ("String" | "ID", InputKind::String(_))
            | ("Boolean", InputKind::Boolean) => true,
            ("ID", InputKind::Number(number)) => self.integer(number).is_some(),
            ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
            _ => match (self.index.named_type(name), kind) {
                (Some(NamedType::Enum(values)), InputKind::Enum(value)) => values.contains(value.as_str()),
                (Some(NamedType::Enum(values)), InputKind::String(value))
                    if self.source == Source::Variable =>
                {
                    values.contains(*value)
                }
                (Some(NamedType::InputObject(input)), InputKind::Object(fields)) => {
                    return self.input_object(input, fields);
                }
                (Some(NamedType::Scalar), _) => value
                    .constant()
                    .is_some_and(|value| (self.scalar_check)(name, &value)),
                _ => false,
            },
        };
        if !fits {
            self.report_expected(ty);
        }
    }

    /// The number as an integer, if it is one. JSON has a single number type, so in variables `2.0` and `2e0` are the
    /// integer 2; in a document they are `Float` literals.
    fn integer(&self, number: &Number) -> Option<i64> {
        match self.source {
            Source::Literal => number.as_i64(),
            Source::Variable => to_integer(number),
        }
    }

    fn input_object<V: InputValue>(&mut self, input: &'a InputObject, values: &IndexMap<Name, V>) {
        for (name, field) in &input.fields {
            match values.get(name.as_str()) {
                Some(value) => self.check_nested(Step::Name(name), &field.ty, field.has_default, value),
                None if field.ty.nullable || field.has_default => {}
                None => self.mismatch(&format!("\"{name}\" of type \"{}\" is missing", field.ty)),
            }
        }
        let is_unknown = |name: &&Name| !input.fields.iter().any(|(field, _)| field == name.as_str());
        if let Some(name) = values.keys().find(is_unknown) {
            self.mismatch(&format!("there is no field \"{}\"", truncate_name(name)));
        }
        if input.one_of && (values.len() != 1 || values.values().any(|value| self.may_be_null(value))) {
            self.mismatch("exactly one of its fields must be given");
        }
    }

    fn may_be_null<V: InputValue>(&self, value: &V) -> bool {
        match value.kind() {
            InputKind::Null => true,
            InputKind::Variable(name) => self
                .variables
                .get(name.as_str())
                .is_some_and(|definition| definition.var_type.node.nullable),
            _ => false,
        }
    }

    fn check_nested<V: InputValue>(&mut self, step: Step<'a>, ty: &Type, has_default: bool, value: &V) {
        self.path.push(step);
        self.value(ty, has_default, value);
        self.path.pop();
    }

    fn report_expected(&mut self, ty: &Type) {
        self.mismatch(&format!("expected \"{ty}\""));
    }

    fn mismatch(&mut self, reason: &str) {
        let mut path = String::new();
        for step in &self.path {
            if !path.is_empty() {
                path.push('.');
            }
            match step {
                Step::Name(name) => path.push_str(name),
                Step::Index(index) => write!(path, "{index}").unwrap_or_default(),
            }
        }
        let message = match self.source {
            Source::Literal => format!("The value of \"{path}\" does not fit: {reason}."),
            Source::Variable => format!("The variable \"${path}\" does not fit: {reason}."),
        };
        self.error(message, self.position);
    }
}

/// Whether a variable can be used where a type is expected: `IsVariableUsageAllowed` of the specification.
fn is_usage_allowed(definition: &VariableDefinition, ty: &Type, has_default: bool) -> bool {
    let actual = &definition.var_type.node;
    let default = definition.default_value.as_ref().map(|default| &default.node);
    let is_never_null = has_default || default.is_some_and(|default| *default != Value::Null);
    if actual.nullable && !ty.nullable && is_never_null {
        let nullable = Type {
            base: ty.base.clone(),
            nullable: true,
        };
        return is_compatible(actual, &nullable);
    }
    is_compatible(actual, ty)
}

fn is_compatible(actual: &Type, ty: &Type) -> bool {
    let bases_match = match (&actual.base, &ty.base) {
        (BaseType::Named(actual), BaseType::Named(ty)) => actual == ty,
        (BaseType::List(actual), BaseType::List(ty)) => is_compatible(actual, ty),
        _ => false,
    };
    bases_match && (ty.nullable || !actual.nullable)
}
