//! Documents, operations and fragments.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_graphql_parser::types::{
    DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    TypeCondition,
};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Name;

use super::{Parser, Result};
use crate::error::{Error, ErrorKind};
use crate::token::TokenKind;

/// The keywords that begin a definition of a type system. `extend` can precede each except `directive`.
const TYPE_SYSTEM: [&str; 8] = [
    "schema",
    "scalar",
    "type",
    "interface",
    "union",
    "enum",
    "input",
    "directive",
];

/// The definitions read so far.
#[derive(Default)]
struct Definitions {
    anonymous: Option<Positioned<OperationDefinition>>,
    named: HashMap<Name, Positioned<OperationDefinition>>,
    fragments: HashMap<Name, Positioned<FragmentDefinition>>,
}

impl Parser<'_> {
    pub(super) fn document(mut self) -> Result<ExecutableDocument> {
        let start = self.token.pos;
        let mut definitions = Definitions::default();
        // A document has at least one definition, so an empty text is an error.
        self.definition(&mut definitions)?;
        while self.token.kind != TokenKind::End {
            self.definition(&mut definitions)?;
        }
        let Definitions {
            anonymous,
            named,
            fragments,
        } = definitions;
        if anonymous.is_none() && named.is_empty() {
            self.defer_error(ErrorKind::NoOperation, start, "The document has no operation.");
        }
        if let Some(error) = self.deferred_error {
            return Err(error);
        }
        let operations = anonymous.map_or(DocumentOperations::Multiple(named), DocumentOperations::Single);
        Ok(ExecutableDocument {
            operations,
            fragments,
        })
    }

    fn definition(&mut self, definitions: &mut Definitions) -> Result<()> {
        let start = self.token.pos;
        if self.token.kind == TokenKind::BraceOpen {
            return self.operation(definitions, OperationType::Query, start, true);
        }
        let is_described = self.skip_description()?;
        if is_described && self.token.kind == TokenKind::BraceOpen {
            let message = "A query without the keyword \"query\" can't have a description.";
            return Err(Error::syntax(start, message));
        }
        if self.token.kind != TokenKind::Name {
            return Err(self.unexpected());
        }
        let ty = match self.token.text {
            "query" => OperationType::Query,
            "mutation" => OperationType::Mutation,
            "subscription" => OperationType::Subscription,
            "fragment" => return self.fragment_definition(definitions, start),
            keyword if TYPE_SYSTEM.contains(&keyword) => return Err(not_executable(start)),
            _ if is_described => {
                let message = format_args!("A description is not allowed before {}.", self.token);
                return Err(Error::syntax(start, message));
            }
            "extend" => {
                self.advance()?;
                let extended = TYPE_SYSTEM.iter().filter(|keyword| **keyword != "directive");
                let is_extension = extended.into_iter().any(|keyword| self.token.is_keyword(keyword));
                return Err(if is_extension {
                    not_executable(start)
                } else {
                    self.unexpected()
                });
            }
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        self.operation(definitions, ty, start, false)
    }

    /// Parses the rest of an operation, which for the shorthand is only the selection set.
    fn operation(
        &mut self,
        definitions: &mut Definitions,
        ty: OperationType,
        start: Pos,
        is_shorthand: bool,
    ) -> Result<()> {
        let is_named = !is_shorthand && self.token.kind == TokenKind::Name;
        let name = if is_named { Some(self.name()?) } else { None };
        let (variable_definitions, directives) = if is_shorthand {
            (Vec::new(), Vec::new())
        } else {
            (self.variable_definitions()?, self.directives(false)?)
        };
        let operation = OperationDefinition {
            ty,
            variable_definitions,
            directives,
            selection_set: self.selection_set()?,
        };
        self.add_operation(definitions, name, Positioned::new(operation, start));
        Ok(())
    }

    fn add_operation(
        &mut self,
        definitions: &mut Definitions,
        name: Option<Positioned<Name>>,
        operation: Positioned<OperationDefinition>,
    ) {
        let anonymous = definitions.anonymous.as_ref().map(|other| other.pos);
        if anonymous.is_some() || (name.is_none() && !definitions.named.is_empty()) {
            let pos = anonymous.unwrap_or(operation.pos);
            let message = "An operation without a name must be the only one of its document.";
            self.defer_error(ErrorKind::AnonymousOperationNotAlone, pos, message);
        }
        let Some(name) = name else {
            definitions.anonymous.get_or_insert(operation);
            return;
        };
        match definitions.named.entry(name.node) {
            Entry::Occupied(other) => {
                let first = other.get().pos;
                let message = "Two operations have the same name.";
                self.defer_error(ErrorKind::DuplicateOperation { first }, name.pos, message);
            }
            Entry::Vacant(vacant) => {
                vacant.insert(operation);
            }
        }
    }

    fn fragment_definition(&mut self, definitions: &mut Definitions, start: Pos) -> Result<()> {
        self.advance()?;
        let name = self.fragment_name()?;
        if !self.token.is_keyword("on") {
            return Err(self.expected_keyword("on"));
        }
        let type_condition = self.type_condition()?;
        let fragment = FragmentDefinition {
            type_condition,
            directives: self.directives(false)?,
            selection_set: self.selection_set()?,
        };
        match definitions.fragments.entry(name.node) {
            Entry::Occupied(other) => {
                let first = other.get().pos;
                let message = "Two fragments have the same name.";
                self.defer_error(ErrorKind::DuplicateFragment { first }, name.pos, message);
            }
            Entry::Vacant(vacant) => {
                vacant.insert(Positioned::new(fragment, start));
            }
        }
        Ok(())
    }

    /// A name that is not `on`.
    pub(super) fn fragment_name(&mut self) -> Result<Positioned<Name>> {
        if self.token.is_keyword("on") {
            return Err(self.unexpected());
        }
        self.name()
    }

    /// Parses `on` and a type. The current token must be the keyword.
    pub(super) fn type_condition(&mut self) -> Result<Positioned<TypeCondition>> {
        let keyword = self.advance()?;
        let on = self.name()?;
        Ok(Positioned::new(TypeCondition { on }, keyword.pos))
    }

    /// Skips a description, which the syntax tree can't represent. Returns whether there was one.
    pub(super) fn skip_description(&mut self) -> Result<bool> {
        let is_present = self.token.is_string();
        if is_present {
            self.advance()?;
        }
        Ok(is_present)
    }
}

fn not_executable(pos: Pos) -> Error {
    let message = "An executable document contains only operations and fragments, no definitions of types.";
    Error::new(ErrorKind::NotExecutable, pos, message)
}
