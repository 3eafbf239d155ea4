//! Selections, arguments and directives.

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    Directive, Field, FragmentSpread, InlineFragment, Selection, SelectionSet,
};
use async_graphql_value::{Name, Value};

use super::{Parser, Result};
use crate::token::TokenKind;

impl Parser<'_> {
    pub(super) fn selection_set(&mut self) -> Result<Positioned<SelectionSet>> {
        let pos = self.token.pos;
        let items = self.many(TokenKind::BraceOpen, TokenKind::BraceClose, Self::selection)?;
        Ok(Positioned::new(SelectionSet { items }, pos))
    }

    fn selection(&mut self) -> Result<Positioned<Selection>> {
        let pos = self.token.pos;
        let selection = if !self.skip_if(TokenKind::Spread)? {
            Selection::Field(Positioned::new(self.field()?, pos))
        } else if self.token.kind == TokenKind::Name && self.token.text != "on" {
            let spread = FragmentSpread {
                fragment_name: self.name()?,
                directives: self.directives(false)?,
            };
            Selection::FragmentSpread(Positioned::new(spread, pos))
        } else {
            Selection::InlineFragment(Positioned::new(self.inline_fragment()?, pos))
        };
        Ok(Positioned::new(selection, pos))
    }

    fn field(&mut self) -> Result<Field> {
        let first = self.name()?;
        let (alias, name) = if self.skip_if(TokenKind::Colon)? {
            (Some(first), self.name()?)
        } else {
            (None, first)
        };
        Ok(Field {
            alias,
            name,
            arguments: self.arguments(false)?,
            directives: self.directives(false)?,
            // A field without selections has an empty set without a position.
            selection_set: if self.token.kind == TokenKind::BraceOpen {
                self.selection_set()?
            } else {
                Positioned::default()
            },
        })
    }

    fn inline_fragment(&mut self) -> Result<InlineFragment> {
        let type_condition = if self.token.is_keyword("on") {
            Some(self.type_condition()?)
        } else {
            None
        };
        Ok(InlineFragment {
            type_condition,
            directives: self.directives(false)?,
            selection_set: self.selection_set()?,
        })
    }

    /// Zero or more directives. Those of a variable are constant: their arguments can't contain variables.
    pub(super) fn directives(&mut self, is_constant: bool) -> Result<Vec<Positioned<Directive>>> {
        let mut directives = Vec::new();
        while self.token.kind == TokenKind::At {
            let at = self.advance()?;
            let directive = Directive {
                name: self.name()?,
                arguments: self.arguments(is_constant)?,
            };
            directives.push(Positioned::new(directive, at.pos));
        }
        Ok(directives)
    }

    fn arguments(&mut self, is_constant: bool) -> Result<Vec<(Positioned<Name>, Positioned<Value>)>> {
        self.optional_many(TokenKind::ParenOpen, TokenKind::ParenClose, |parser| {
            let name = parser.name()?;
            parser.expect(TokenKind::Colon)?;
            Ok((name, parser.value(is_constant)?))
        })
    }
}
