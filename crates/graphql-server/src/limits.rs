//! The limits of the service, and the check of those that are counted in the parsed document.
//!
//! A document is measured three times before it is executed, each time in linear time: its bytes, tokens and brackets
//! while it is parsed (`parse`); its parts, such as aliases, after it is parsed (here); and the size of its largest
//! possible response (`cost`).

use std::time::Duration;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned, ServerError};

use crate::error::{ErrorCode, MAX_ERRORS, RequestError, server_error, truncate_name};
use crate::schema_index::{Composite, Field, SchemaIndex, innermost};

/// Upper bounds, all inclusive.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time to execute a query or a mutation.
    pub execution_time: Duration,
    /// Bytes of a document.
    pub document_bytes: usize,
    /// Tokens of a document: names, numbers, strings and punctuators.
    pub tokens: usize,
    /// Nested brackets of any kind. The parser recurses, so this bounds its stack; a value above 100 counts as 100.
    pub nesting: u8,
    /// Operations and fragments of a document.
    pub definitions: usize,
    /// Nested selection sets, including those of fragments.
    pub selection_sets: usize,
    /// Nested fields. The introspection query of common tools has 15.
    pub depth: u64,
    /// Fields of an operation, with fragments expanded.
    pub fields: u64,
    /// Fields of all operations and fragments of a document, with fragments expanded in each.
    pub document_fields: u64,
    /// Aliases of a document.
    pub aliases: usize,
    /// Directives of a document.
    pub directives: usize,
    /// Variables of an operation.
    pub variables: usize,
    /// Nested values of a variable.
    pub value_depth: usize,
    /// Arguments of a field or a directive.
    pub arguments: usize,
    /// Values that a response can have. A list counts as many times as its `first` or `last`.
    pub cost: u64,
    /// Values that the introspection fields of an operation can have, with `default_page` items in each list. They do not
    /// count towards `cost`. The query of common tools needs about 52,000 with all options, for a schema of any size.
    pub introspection: u64,
    /// Rows of one list of the response, summed over all its parents.
    pub rows: u64,
    /// The assumed length of a list without `first` or `last`.
    pub default_page: u64,
    /// The largest `first` or `last` that resolvers accept. A larger value counts as this one.
    pub page: u64,
    /// Bytes of an HTTP body.
    pub body_bytes: usize,
    /// Time for an HTTP body to arrive.
    pub body_time: Duration,
    /// Time for a slow reader to accept the next event or message.
    pub write_time: Duration,
    /// Concurrent WebSockets.
    pub sockets: usize,
    /// Bytes of a WebSocket message.
    pub message_bytes: usize,
    /// Concurrent operations of a WebSocket.
    pub socket_operations: usize,
    /// Time between the opening of a WebSocket and `connection_init`.
    pub init_time: Duration,
}

impl Limits {
    /// The default values.
    pub const DEFAULT: Self = Self {
        execution_time: Duration::from_secs(10),
        document_bytes: 64 * 1024,
        tokens: 8_000,
        nesting: 50,
        definitions: 150,
        selection_sets: 30,
        depth: 20,
        fields: 2_000,
        document_fields: 10_000,
        aliases: 100,
        directives: 100,
        variables: 200,
        value_depth: 20,
        arguments: 32,
        cost: 50_000,
        introspection: 200_000,
        rows: 30_000,
        default_page: 10,
        page: 100,
        body_bytes: 1024 * 1024,
        body_time: Duration::from_secs(30),
        write_time: Duration::from_secs(10),
        sockets: 2_000,
        message_bytes: 256 * 1024,
        socket_operations: 50,
        init_time: Duration::from_secs(5),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Counts the parts of a document. Also refuses a document with more than [`MAX_ERRORS`] unknown names, since
/// async-graphql's validation would report each of them.
///
/// # Errors
/// The first limit that is exceeded, or the unknown names.
pub(crate) fn check_size(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
) -> Result<(), RequestError> {
    let definitions = document.operations.iter().len() + document.fragments.len();
    check_count(definitions, limits.definitions, "operations and fragments")?;
    let mut counter = Counter {
        index,
        limits,
        aliases: 0,
        directives: 0,
        unknown_names: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let variables = operation.variable_definitions.len();
        check_count(variables, limits.variables, "variables in one operation")?;
        for definition in &operation.variable_definitions {
            counter.directives(&definition.node.directives)?;
            let ty = innermost(&definition.node.var_type.node);
            if index.named_type(ty).is_none() {
                counter.add_unknown("type", ty, definition.node.var_type.pos);
            }
        }
        counter.directives(&operation.directives)?;
        counter.selections(&operation.selection_set.node, index.root(operation.ty))?;
    }
    for fragment in document.fragments.values() {
        counter.directives(&fragment.node.directives)?;
        let parent = counter.type_condition(&fragment.node.type_condition.node.on);
        counter.selections(&fragment.node.selection_set.node, parent)?;
    }
    if counter.unknown_names.len() > MAX_ERRORS {
        return Err(RequestError::from_errors(
            ErrorCode::BadUserInput,
            counter.unknown_names,
        ));
    }
    Ok(())
}

struct Counter<'a> {
    index: &'a SchemaIndex,
    limits: &'a Limits,
    aliases: usize,
    directives: usize,
    unknown_names: Vec<ServerError>,
}

impl<'a> Counter<'a> {
    /// Recurses at most [`Limits::nesting`] deep, which the parser has checked.
    fn selections(&mut self, set: &SelectionSet, parent: Option<&'a Composite>) -> Result<(), RequestError> {
        for selection in &set.items {
            self.directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.aliases += usize::from(field.alias.is_some());
                    check_count(self.aliases, self.limits.aliases, "aliases")?;
                    self.arguments(field.arguments.len())?;
                    let name = &field.name.node;
                    let definition = parent.and_then(|parent| parent.field(name));
                    if definition.is_none() && parent.is_some() && name != "__typename" {
                        self.add_unknown("field", name, field.name.pos);
                    }
                    for (argument, _) in &field.arguments {
                        let is_unknown =
                            |definition: &Field| !definition.arguments.contains_key(argument.node.as_str());
                        if definition.is_some_and(is_unknown) {
                            self.add_unknown("argument", &argument.node, argument.pos);
                        }
                    }
                    let ty = definition.and_then(|definition| self.index.composite(&definition.ty));
                    self.selections(&field.selection_set.node, ty)?;
                }
                Selection::InlineFragment(fragment) => {
                    let ty = match &fragment.node.type_condition {
                        Some(condition) => self.type_condition(&condition.node.on),
                        None => parent,
                    };
                    self.selections(&fragment.node.selection_set.node, ty)?;
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn type_condition(&mut self, on: &Positioned<Name>) -> Option<&'a Composite> {
        let ty = self.index.composite(&on.node);
        if ty.is_none() {
            self.add_unknown("type", &on.node, on.pos);
        }
        ty
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), RequestError> {
        self.directives += directives.len();
        check_count(self.directives, self.limits.directives, "directives")?;
        directives
            .iter()
            .try_for_each(|directive| self.arguments(directive.node.arguments.len()))
    }

    fn arguments(&self, count: usize) -> Result<(), RequestError> {
        check_count(count, self.limits.arguments, "arguments in one place")
    }

    fn add_unknown(&mut self, kind: &str, name: &str, position: Pos) {
        // One more than `MAX_ERRORS` is enough to refuse the document.
        if self.unknown_names.len() <= MAX_ERRORS {
            let message = format!("There is no {kind} \"{}\" here.", truncate_name(name));
            self.unknown_names
                .push(server_error(ErrorCode::BadUserInput, message, Some(position)));
        }
    }
}

fn check_count(count: usize, limit: usize, parts: &str) -> Result<(), RequestError> {
    if count > limit {
        let message = format!("The document has more than {limit} {parts}.");
        return Err(RequestError::new(ErrorCode::LimitExceeded, message));
    }
    Ok(())
}
