//! Lets the host check constraints on arguments that the schema can't express, such as the largest page. The checks use the
//! values of the variables and run before anything is executed.
//!
//! A resolver could make the same checks, but a mutation is already committed when its payload is resolved.

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, OperationDefinition};
use async_graphql::{InputType, Positioned, ServerError, Value, Variables};

use super::selections::{Visitor, Walk};
use crate::error::{ErrorCode, MAX_ERRORS, RequestError};
use crate::schema_index::{Field as FieldDefinition, SchemaIndex};
use async_graphql_value::Value as Literal;

/// A field that an operation selects with arguments.
#[derive(Clone, Copy, Debug)]
pub struct SelectedField<'a> {
    parent: &'a str,
    field: &'a Field,
    variables: &'a Variables,
}

impl<'a> SelectedField<'a> {
    /// The name of the type that has the field.
    pub const fn parent(&self) -> &'a str {
        self.parent
    }

    /// The name of the field.
    pub fn name(&self) -> &'a str {
        self.field.name.node.as_str()
    }

    /// An argument as the resolver gets it. An absent argument is read as null, even if it has a default in the schema.
    ///
    /// # Errors
    /// [`ErrorCode::BadUserInput`] if it is not a value of `T`.
    pub fn argument<T: InputType>(&self, name: &str) -> Result<T, RequestError> {
        let literal = self.field.get_argument(name);
        let value = literal.and_then(|literal| value(&literal.node, self.variables));
        T::parse(value).map_err(|_| {
            let message = format!(
                "The value of \"{name}\" does not fit: expected \"{}\".",
                T::qualified_type_name()
            );
            RequestError::new(ErrorCode::BadUserInput, message)
        })
    }
}

/// The value of a literal; `None` for a variable without a value.
fn value(literal: &Literal, variables: &Variables) -> Option<Value> {
    Some(match literal {
        Literal::Variable(name) => variables.get(name)?.clone(),
        Literal::Null => Value::Null,
        Literal::Number(number) => Value::Number(number.clone()),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(boolean) => Value::Boolean(*boolean),
        Literal::Binary(bytes) => Value::Binary(bytes.clone()),
        Literal::Enum(name) => Value::Enum(name.clone()),
        Literal::List(items) => {
            let items = items
                .iter()
                .map(|item| value(item, variables).unwrap_or_default());
            Value::List(items.collect())
        }
        Literal::Object(fields) => {
            let fields = fields.iter();
            Value::Object(
                fields
                    .filter_map(|(name, field)| Some((name.clone(), value(field, variables)?)))
                    .collect(),
            )
        }
    })
}

/// Calls `check` for each field with arguments that the operation selects and does not skip. An argument whose variable has no
/// value is absent.
///
/// # Errors
/// All that `check` returns, at most [`MAX_ERRORS`].
pub(crate) fn check(
    index: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    check: &dyn Fn(SelectedField<'_>) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    let checker = ArgumentChecker {
        variables,
        check,
        code: ErrorCode::BadUserInput,
        errors: Vec::new(),
    };
    let mut walk = Walk::new(index, document, checker);
    let root = index.root_name(operation.ty).unwrap_or_default();
    walk.selections(root, &operation.selection_set.node);
    let ArgumentChecker { code, errors, .. } = walk.visitor;
    if errors.is_empty() {
        Ok(())
    } else {
        Err(RequestError::from_errors(code, errors))
    }
}

struct ArgumentChecker<'a> {
    variables: &'a Variables,
    check: &'a dyn Fn(SelectedField<'_>) -> Result<(), RequestError>,
    /// The code of the first error.
    code: ErrorCode,
    errors: Vec<ServerError>,
}

impl<'a> Visitor<'a> for ArgumentChecker<'a> {
    fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> bool {
        !self.is_skipped(directives)
    }

    fn field(&mut self, parent: &'a str, field: &'a Positioned<Field>, _: Option<&'a FieldDefinition>) {
        if field.node.arguments.is_empty() {
            return;
        }
        let selected = SelectedField {
            parent,
            field: &field.node,
            variables: self.variables,
        };
        let Err(mut error) = (self.check)(selected) else {
            return;
        };
        for error in &mut error.errors {
            if error.locations.is_empty() {
                error.locations.push(field.pos);
            }
        }
        if self.errors.is_empty() {
            self.code = error.code;
        }
        self.errors.append(&mut error.errors);
    }
}

impl ArgumentChecker<'_> {
    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let skipped_if = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.get_argument("if");
            condition.and_then(|condition| value(&condition.node, self.variables))
                == Some(Value::Boolean(skipped_if))
        })
    }
}
