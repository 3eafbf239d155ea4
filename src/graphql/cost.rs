//! What it would mean to execute an operation: how many values, rows, fields and levels its answer can have.
//!
//! A fragment is weighed once, however often it is spread, and every sum stops at the largest number. So weighing takes
//! as long as the document is, and a fragment that spreads another twice, which spreads another twice, costs nothing here.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};

use super::Input;
use super::limits::{
    DEFAULT_LENGTH, MAX_COST, MAX_DEPTH, MAX_FIELDS, MAX_FIELDS_TOGETHER, MAX_LENGTH, MAX_LEVELS, MAX_ROWS,
};
use super::problem::BAD_USER_INPUT;
use super::refusal::{LIMIT_EXCEEDED, Refusal, error};
use super::schema_index::{self, Composite, SchemaIndex};

/// What an operation asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryCost {
    /// Values that the answer can have at most.
    pub cost: u64,
    /// Rows that one list of the answer can have at most, over all its parents.
    pub rows: u64,
    /// Fields within fields.
    pub depth: u64,
    /// Fields, with fragments written out.
    pub fields: u64,
    /// Whether a variable says how long a list is.
    pub varies: bool,
}

impl QueryCost {
    const fn beside(self, other: Self) -> Self {
        Self {
            cost: self.cost.saturating_add(other.cost),
            rows: if self.rows > other.rows {
                self.rows
            } else {
                other.rows
            },
            depth: if self.depth > other.depth {
                self.depth
            } else {
                other.depth
            },
            fields: self.fields.saturating_add(other.fields),
            varies: self.varies || other.varies,
        }
    }

    /// A field that gives `length` of these.
    fn inside(self, length: u64) -> Self {
        Self {
            cost: self.cost.saturating_mul(length).saturating_add(1),
            rows: self.rows.max(1).saturating_mul(length),
            depth: self.depth + 1,
            fields: self.fields.saturating_add(1),
            ..self
        }
    }

    /// Refuses what is too much.
    ///
    /// # Errors
    /// One for each limit that is passed.
    pub fn check(self) -> Result<(), Refusal> {
        let limits = [
            (self.depth, MAX_DEPTH, "deep"),
            (self.fields, MAX_FIELDS, "fields"),
            (self.cost, MAX_COST, "cost"),
            (self.rows, MAX_ROWS, "rows"),
        ];
        let passed: Vec<ServerError> = limits
            .into_iter()
            .filter(|(is, limit, _)| is > limit)
            .map(|(is, limit, what)| {
                let message = match what {
                    "deep" => format!("The operation is {is} fields deep; {limit} are allowed."),
                    "fields" => format!("The operation has {is} fields; {limit} are allowed."),
                    "rows" => format!("One list of the answer could have {is} rows; {limit} are allowed. GraphQlRequest for smaller pages."),
                    _ => format!("The operation costs {is}; {limit} are allowed. GraphQlRequest for smaller pages or fewer fields."),
                };
                error(LIMIT_EXCEEDED, message, None)
            })
            .collect();
        if passed.is_empty() {
            Ok(())
        } else {
            Err(Refusal::all(LIMIT_EXCEEDED, passed))
        }
    }
}

/// Weighs one operation, with the variables of a request.
///
/// # Errors
/// When fragments contain themselves, or selections are nested too deeply to go on.
pub fn weigh(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<QueryCost, Refusal> {
    let mut walk = Walk::new(shape, document, Some(variables));
    walk.operation(operation)
}

/// Weighs each operation as far as that can be done without variables, by its name, and makes sure that the fragments
/// that no operation spreads are harmless too, since they are validated as well.
///
/// # Errors
/// As for [`weigh`], and when all of it together is too much to be validated quickly.
pub fn weigh_all(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
) -> Result<HashMap<Option<Name>, QueryCost>, Refusal> {
    let mut walk = Walk::new(shape, document, None);
    let mut operations = HashMap::new();
    let mut together = 0_u64;
    for (name, operation) in document.operations.iter() {
        let weight = walk.operation(&operation.node)?;
        together = together.saturating_add(weight.fields);
        operations.insert(name.cloned(), weight);
    }
    for (name, fragment) in &document.fragments {
        let (weight, _) = walk.fragment(name, fragment.pos, 0)?;
        together = together.saturating_add(weight.fields);
    }
    if together > MAX_FIELDS_TOGETHER {
        let message = format!("The document has {together} fields; {MAX_FIELDS_TOGETHER} are allowed.");
        return Err(Refusal::new(LIMIT_EXCEEDED, message));
    }
    Ok(operations)
}

struct Walk<'a> {
    shape: &'a SchemaIndex,
    document: &'a ExecutableDocument,
    variables: Option<&'a Variables>,
    /// What each fragment weighs and how many levels it has; nothing while it is being weighed.
    fragments: HashMap<&'a str, Option<(QueryCost, usize)>>,
}

impl<'a> Walk<'a> {
    fn new(
        shape: &'a SchemaIndex,
        document: &'a ExecutableDocument,
        variables: Option<&'a Variables>,
    ) -> Self {
        Self {
            shape,
            document,
            variables,
            fragments: HashMap::new(),
        }
    }

    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<QueryCost, Refusal> {
        let root = self.shape.root(operation.ty);
        self.selections(&operation.selection_set, root, 0)
            .map(|(weight, _)| weight)
    }

    /// The weight of selections, and how many levels they have.
    fn selections(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        parent: Option<&'a Composite>,
        level: usize,
    ) -> Result<(QueryCost, usize), Refusal> {
        if level > MAX_LEVELS {
            return Err(too_many_levels(set.pos));
        }
        let (mut weight, mut levels) = (QueryCost::default(), 0);
        for selection in &set.node.items {
            let (one, below) = match &selection.node {
                Selection::Field(field) => {
                    let known = parent.and_then(|parent| parent.field(&field.node.name.node));
                    let (length, varies) =
                        known.map_or((1, false), |known| self.length(&field.node, known, parent));
                    let of = known.and_then(|known| self.shape.composite(&known.ty));
                    let (inside, below) = if field.node.selection_set.node.items.is_empty() {
                        (QueryCost::default(), 0)
                    } else {
                        self.selections(&field.node.selection_set, of, level + 1)?
                    };
                    let mut one = inside.inside(length);
                    one.varies |= varies;
                    (one, below)
                }
                Selection::InlineFragment(fragment) => {
                    let of = match &fragment.node.type_condition {
                        Some(condition) => self.shape.composite(&condition.node.on.node),
                        None => parent,
                    };
                    self.selections(&fragment.node.selection_set, of, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, spread.pos, level)?
                }
            };
            weight = weight.beside(one);
            levels = levels.max(below + 1);
        }
        Ok((weight, levels))
    }

    fn fragment(&mut self, name: &'a str, pos: Pos, level: usize) -> Result<(QueryCost, usize), Refusal> {
        match self.fragments.get(name) {
            Some(Some((_, levels))) if level + levels > MAX_LEVELS => return Err(too_many_levels(pos)),
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                let message = format!("The fragment \"{name}\" contains itself.");
                return Err(Refusal::at(BAD_USER_INPUT, message, Some(pos)));
            }
            None => {}
        }
        // One that is not there counts as a field, since it takes its time to be found missing; validation says so.
        let Some(fragment) = self.document.fragments.get(name) else {
            let missing = QueryCost {
                fields: 1,
                ..QueryCost::default()
            };
            return Ok((missing, 0));
        };
        self.fragments.insert(name, None);
        let of = self.shape.composite(&fragment.node.type_condition.node.on.node);
        let known = self.selections(&fragment.node.selection_set, of, level + 1)?;
        self.fragments.insert(name, Some(known));
        Ok(known)
    }

    /// How many of it a field gives, and whether a variable says so.
    fn length(&self, field: &Field, known: &schema_index::Field, parent: Option<&Composite>) -> (u64, bool) {
        let Some(by_default) = known.page else {
            let in_page = parent.is_some_and(Composite::is_page);
            return (
                if known.is_list && !in_page {
                    DEFAULT_LENGTH
                } else {
                    1
                },
                false,
            );
        };
        let asked = || {
            ["first", "last"]
                .into_iter()
                .filter_map(|name| field.get_argument(name))
        };
        let longest = asked().filter_map(|value| self.number(&value.node)).max();
        let length = longest.or(by_default).unwrap_or(DEFAULT_LENGTH).min(MAX_LENGTH);
        (
            length,
            asked().any(|value| matches!(value.node, Input::Variable(_))),
        )
    }

    /// What an argument says, if it says something; a negative number is refused where it is used.
    fn number(&self, value: &Input) -> Option<u64> {
        match value {
            Input::Number(number) => Some(number.as_u64().unwrap_or_default()),
            Input::Variable(name) => match self.variables?.get(name)? {
                Value::Number(number) => Some(number.as_u64().unwrap_or_default()),
                _ => None,
            },
            _ => None,
        }
    }
}

fn too_many_levels(pos: Pos) -> Refusal {
    let message = format!("Selections are nested more than {MAX_LEVELS} levels deep.");
    Refusal::at(LIMIT_EXCEEDED, message, Some(pos))
}
