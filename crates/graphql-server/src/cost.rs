//! The cost of an operation before it is executed: how many values, rows, fields and levels its response can have.
//!
//! The cost of a fragment is computed once and reused for each spread, and sums saturate. The computation therefore
//! takes linear time, even for fragments that spread each other twice and would grow exponentially if expanded.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};

use crate::error::{ErrorCode, RequestError, server_error};
use crate::limits::Limits;
use crate::schema_index::{self, Composite, SchemaIndex};
use async_graphql_value::Value as Literal;

/// The cost of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryCost {
    /// Values that the response can have, excluding those of introspection.
    pub cost: u64,
    /// Values of introspection that the response can have, with lists of the default length.
    pub introspection: u64,
    /// Rows of the longest list of the response, summed over all its parents.
    pub rows: u64,
    /// Nested fields.
    pub depth: u64,
    /// Fields, with fragments expanded.
    pub fields: u64,
    /// Whether the length of a list is a variable.
    pub depends_on_variables: bool,
}

impl QueryCost {
    /// The cost of two selections in one set.
    fn plus(self, other: Self) -> Self {
        Self {
            cost: self.cost.saturating_add(other.cost),
            introspection: self.introspection.saturating_add(other.introspection),
            rows: self.rows.max(other.rows),
            depth: self.depth.max(other.depth),
            fields: self.fields.saturating_add(other.fields),
            depends_on_variables: self.depends_on_variables || other.depends_on_variables,
        }
    }

    /// The cost of a field with this selection set and this many values.
    fn times(self, length: u64) -> Self {
        Self {
            cost: self.cost.saturating_mul(length).saturating_add(1),
            rows: self.rows.max(1).saturating_mul(length),
            depth: self.depth + 1,
            fields: self.fields.saturating_add(1),
            ..self
        }
    }

    /// The cost of an introspection field: its values have a separate limit, and its lists are not pages of rows.
    fn as_introspection(self) -> Self {
        Self {
            cost: 0,
            introspection: self.cost,
            rows: 0,
            ..self
        }
    }

    /// Compares the cost with the limits.
    ///
    /// # Errors
    /// [`ErrorCode::LimitExceeded`], with one error for each exceeded limit.
    pub(crate) fn check(self, limits: &Limits) -> Result<(), RequestError> {
        let Self {
            cost,
            introspection,
            rows,
            depth,
            fields,
            ..
        } = self;
        let mut exceeded: Vec<ServerError> = Vec::new();
        let mut check = |value: u64, limit: u64, message: String| {
            if value > limit {
                exceeded.push(server_error(ErrorCode::LimitExceeded, message, None));
            }
        };
        check(
            depth,
            limits.depth,
            format!(
                "The operation is {depth} fields deep; {} are allowed.",
                limits.depth
            ),
        );
        check(
            fields,
            limits.fields,
            format!(
                "The operation has {fields} fields; {} are allowed.",
                limits.fields
            ),
        );
        check(
            cost,
            limits.cost,
            format!(
                "The operation costs {cost}; {} are allowed. Ask for smaller pages or fewer fields.",
                limits.cost
            ),
        );
        check(
            introspection,
            limits.introspection,
            format!(
                "The introspection could have {introspection} values; {} are allowed. Nest fewer lists.",
                limits.introspection
            ),
        );
        check(
            rows,
            limits.rows,
            format!(
                "One list of the response could have {rows} rows; {} are allowed. Ask for smaller pages.",
                limits.rows
            ),
        );
        if exceeded.is_empty() {
            Ok(())
        } else {
            Err(RequestError::from_errors(ErrorCode::LimitExceeded, exceeded))
        }
    }
}

/// The cost of one operation, with the variables of a request.
///
/// # Errors
/// When a fragment contains itself, or selection sets are nested too deeply.
pub(crate) fn cost(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<QueryCost, RequestError> {
    Walk::new(index, limits, document, Some(variables)).operation(operation)
}

/// The costs of all operations by their names, without variables. Also covers fragments that no operation spreads, since
/// async-graphql validates them too.
///
/// # Errors
/// As for [`cost`], and when the document as a whole has too many fields to be validated quickly.
pub(crate) fn costs(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
) -> Result<HashMap<Option<Name>, QueryCost>, RequestError> {
    let mut walk = Walk::new(index, limits, document, None);
    let mut operations = HashMap::new();
    let mut fields = 0_u64;
    for (name, operation) in document.operations.iter() {
        let cost = walk.operation(&operation.node)?;
        fields = fields.saturating_add(cost.fields);
        operations.insert(name.cloned(), cost);
    }
    for (name, fragment) in &document.fragments {
        let (cost, _) = walk.fragment(name, fragment.pos, 0)?;
        fields = fields.saturating_add(cost.fields);
    }
    let limit = limits.document_fields;
    if fields > limit {
        let message = format!("The document has {fields} fields; {limit} are allowed.");
        return Err(RequestError::new(ErrorCode::LimitExceeded, message));
    }
    Ok(operations)
}

struct Walk<'a> {
    index: &'a SchemaIndex,
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    variables: Option<&'a Variables>,
    /// The cost and the levels of each fragment; `None` while they are computed.
    fragments: HashMap<&'a str, Option<(QueryCost, usize)>>,
}

impl<'a> Walk<'a> {
    fn new(
        index: &'a SchemaIndex,
        limits: &'a Limits,
        document: &'a ExecutableDocument,
        variables: Option<&'a Variables>,
    ) -> Self {
        Self {
            index,
            limits,
            document,
            variables,
            fragments: HashMap::new(),
        }
    }

    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<QueryCost, RequestError> {
        let root = self.index.root(operation.ty);
        self.selections(&operation.selection_set, root, 0)
            .map(|(cost, _)| cost)
    }

    /// The cost of a selection set, and the number of levels of nested sets in it.
    fn selections(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        parent: Option<&'a Composite>,
        level: usize,
    ) -> Result<(QueryCost, usize), RequestError> {
        if level > self.limits.selection_sets {
            return Err(self.too_many_levels(set.pos));
        }
        let (mut total, mut levels) = (QueryCost::default(), 0);
        for selection in &set.node.items {
            let (cost, inner_levels) = match &selection.node {
                Selection::Field(field) => {
                    let definition = parent.and_then(|parent| parent.field(&field.node.name.node));
                    let (length, depends_on_variables) = definition.map_or((1, false), |definition| {
                        self.length(&field.node, definition, parent)
                    });
                    let ty = definition.and_then(|definition| self.index.composite(&definition.ty));
                    let (inner, inner_levels) = if field.node.selection_set.node.items.is_empty() {
                        (QueryCost::default(), 0)
                    } else {
                        self.selections(&field.node.selection_set, ty, level + 1)?
                    };
                    let mut cost = inner.times(length);
                    cost.depends_on_variables |= depends_on_variables;
                    if matches!(field.node.name.node.as_str(), "__schema" | "__type") {
                        cost = cost.as_introspection();
                    }
                    (cost, inner_levels)
                }
                Selection::InlineFragment(fragment) => {
                    let ty = match &fragment.node.type_condition {
                        Some(condition) => self.index.composite(&condition.node.on.node),
                        None => parent,
                    };
                    self.selections(&fragment.node.selection_set, ty, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, spread.pos, level)?
                }
            };
            total = total.plus(cost);
            levels = levels.max(inner_levels + 1);
        }
        Ok((total, levels))
    }

    fn fragment(
        &mut self,
        name: &'a str,
        position: Pos,
        level: usize,
    ) -> Result<(QueryCost, usize), RequestError> {
        match self.fragments.get(name) {
            Some(Some((_, levels))) if level + levels > self.limits.selection_sets => {
                return Err(self.too_many_levels(position));
            }
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                let message = format!("The fragment \"{name}\" contains itself.");
                return Err(RequestError::at(ErrorCode::BadUserInput, message, Some(position)));
            }
            None => {}
        }
        // Validation reports an undefined fragment, which costs about as much as checking a field.
        let Some(fragment) = self.document.fragments.get(name) else {
            let missing = QueryCost {
                fields: 1,
                ..QueryCost::default()
            };
            return Ok((missing, 0));
        };
        self.fragments.insert(name, None);
        let ty = self.index.composite(&fragment.node.type_condition.node.on.node);
        let cost = self.selections(&fragment.node.selection_set, ty, level + 1)?;
        self.fragments.insert(name, Some(cost));
        Ok(cost)
    }

    /// The number of values of a field, and whether it depends on a variable.
    fn length(
        &self,
        field: &Field,
        definition: &schema_index::Field,
        parent: Option<&Composite>,
    ) -> (u64, bool) {
        if !definition.is_paged {
            // The length of a connection is counted at the field that returns the connection.
            let is_one = !definition.is_list || parent.is_some_and(Composite::is_connection);
            return (if is_one { 1 } else { self.limits.default_page }, false);
        }
        let arguments = || {
            ["first", "last"]
                .into_iter()
                .filter_map(|name| field.get_argument(name))
        };
        let largest = arguments().filter_map(|value| self.number(&value.node)).max();
        let length = largest
            .or(definition.default_page)
            .unwrap_or(self.limits.default_page);
        (
            length.min(self.limits.page),
            arguments().any(|value| matches!(value.node, Literal::Variable(_))),
        )
    }

    /// The value of an argument if it is a number. A negative number counts as 0; the resolver refuses it.
    fn number(&self, value: &Literal) -> Option<u64> {
        match value {
            Literal::Number(number) => Some(number.as_u64().unwrap_or_default()),
            Literal::Variable(name) => match self.variables?.get(name)? {
                Value::Number(number) => Some(number.as_u64().unwrap_or_default()),
                _ => None,
            },
            _ => None,
        }
    }

    fn too_many_levels(&self, position: Pos) -> RequestError {
        let limit = self.limits.selection_sets;
        let message = format!("Selections are nested more than {limit} levels deep.");
        RequestError::at(ErrorCode::LimitExceeded, message, Some(position))
    }
}
