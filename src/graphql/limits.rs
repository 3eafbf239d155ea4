//! What a document may ask for at most, known before any of it runs.
//!
//! The bytes are counted first (`scan.rs`), since the parser itself can be overwhelmed; this file counts what stands in
//! the parsed document, and `weight.rs` what it would mean to execute it. None of the three takes longer than the
//! document is long. Whatever has a bound here has it once, as a constant with what it bounds.

use std::time::Duration;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};

use super::problem::BAD_USER_INPUT;
use super::refusal::{LIMIT_EXCEEDED, MAX_ERRORS, Refusal, error};
use super::schema_index::{Composite, SchemaIndex, innermost};

/// How long executing a query or a mutation may take.
pub const EXECUTION_TIME: Duration = Duration::from_secs(10);
/// Bytes of a document.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// Tokens of a document: names, numbers, strings, brackets and signs.
pub const MAX_TOKENS: usize = 8_000;
/// Brackets within brackets, of any kind.
pub const MAX_NESTING: usize = 50;
/// Operations and fragments of a document.
pub const MAX_DEFINITIONS: usize = 150;
/// Selections within selections, fragments included.
pub const MAX_LEVELS: usize = 30;
/// Fields within fields. The query by which tools read a schema has 15.
pub const MAX_DEPTH: u64 = 20;
/// Fields of an operation once its fragments are written out.
pub const MAX_FIELDS: u64 = 2_000;
/// Fields of all operations and fragments of a document, each with its fragments written out.
pub const MAX_FIELDS_TOGETHER: u64 = 10_000;
/// Fields with another name in the answer.
pub const MAX_ALIASES: usize = 100;
/// Directives of a document.
pub const MAX_DIRECTIVES: usize = 100;
/// Variables of an operation.
pub const MAX_VARIABLES: usize = 200;
/// Values within values of a variable.
pub const MAX_VALUE_DEPTH: usize = 20;
/// Arguments of one field or directive.
pub const MAX_ARGUMENTS: usize = 32;
/// Values that an answer can have at most; a list counts as long as its `first` or `last` says.
pub const MAX_COST: u64 = 50_000;
/// Rows that one list of the answer can have at most, over all its parents: they are asked for by their ids at once.
pub const MAX_ROWS: u64 = 30_000;
/// How long a list is taken to be when nothing says so.
pub const DEFAULT_LENGTH: u64 = 10;
/// A longer `first` or `last` is refused where it is used, so it need not count as more.
pub const MAX_LENGTH: u64 = 100;

/// Counts what stands in a document, and refuses one in which so many names mean nothing that finding out what might
/// have been meant would take long.
///
/// # Errors
/// The first limit that is passed, or what is unknown.
pub fn count(shape: &SchemaIndex, document: &ExecutableDocument) -> Result<(), Refusal> {
    let definitions = document.operations.iter().len() + document.fragments.len();
    at_most(definitions, MAX_DEFINITIONS, "operations and fragments")?;
    let mut count = Count {
        shape,
        aliases: 0,
        directives: 0,
        unknown: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        at_most(
            operation.variable_definitions.len(),
            MAX_VARIABLES,
            "variables in one operation",
        )?;
        for definition in &operation.variable_definitions {
            count.directives(&definition.node.directives)?;
            let ty = innermost(&definition.node.var_type.node);
            if shape.named(ty).is_none() {
                count.unknown("type", ty, definition.node.var_type.pos);
            }
        }
        count.directives(&operation.directives)?;
        count.selections(&operation.selection_set.node, shape.root(operation.ty))?;
    }
    for fragment in document.fragments.values() {
        count.directives(&fragment.node.directives)?;
        let on = &fragment.node.type_condition.node.on;
        let of = count.conditioned(on);
        count.selections(&fragment.node.selection_set.node, of)?;
    }
    if count.unknown.len() > MAX_ERRORS {
        return Err(Refusal::all(BAD_USER_INPUT, count.unknown));
    }
    Ok(())
}

struct Count<'a> {
    shape: &'a SchemaIndex,
    aliases: usize,
    directives: usize,
    unknown: Vec<ServerError>,
}

impl<'a> Count<'a> {
    /// Nested no deeper than [`MAX_NESTING`], which was counted before parsing.
    fn selections(&mut self, set: &SelectionSet, parent: Option<&'a Composite>) -> Result<(), Refusal> {
        for selection in &set.items {
            self.directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.aliases += usize::from(field.alias.is_some());
                    at_most(self.aliases, MAX_ALIASES, "aliases")?;
                    at_most(field.arguments.len(), MAX_ARGUMENTS, "arguments in one place")?;
                    let name = &field.name.node;
                    let known = parent.and_then(|parent| parent.field(name));
                    if known.is_none() && parent.is_some() && name != "__typename" {
                        self.unknown("field", name, field.name.pos);
                    }
                    for (argument, _) in &field.arguments {
                        if known.is_some_and(|known| !known.arguments.contains_key(argument.node.as_str())) {
                            self.unknown("argument", &argument.node, argument.pos);
                        }
                    }
                    let of = known.and_then(|known| self.shape.composite(&known.ty));
                    self.selections(&field.selection_set.node, of)?;
                }
                Selection::InlineFragment(fragment) => {
                    let of = match &fragment.node.type_condition {
                        Some(condition) => self.conditioned(&condition.node.on),
                        None => parent,
                    };
                    self.selections(&fragment.node.selection_set.node, of)?;
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn conditioned(&mut self, on: &Positioned<Name>) -> Option<&'a Composite> {
        let of = self.shape.composite(&on.node);
        if of.is_none() {
            self.unknown("type", &on.node, on.pos);
        }
        of
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Refusal> {
        self.directives += directives.len();
        at_most(self.directives, MAX_DIRECTIVES, "directives")?;
        directives
            .iter()
            .try_for_each(|one| at_most(one.node.arguments.len(), MAX_ARGUMENTS, "arguments in one place"))
    }

    fn unknown(&mut self, what: &str, name: &str, pos: Pos) {
        // One more than are shown is enough to know that there are too many.
        if self.unknown.len() <= MAX_ERRORS {
            let name: String = name.chars().take(60).collect();
            let message = format!("There is no {what} \"{name}\" here.");
            self.unknown.push(error(BAD_USER_INPUT, message, Some(pos)));
        }
    }
}

fn at_most(count: usize, limit: usize, what: &str) -> Result<(), Refusal> {
    if count > limit {
        let message = format!("The document has more than {limit} {what}.");
        return Err(Refusal::new(LIMIT_EXCEEDED, message));
    }
    Ok(())
}
