//! The variables of operations, and their types.

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{BaseType, Type, VariableDefinition};
use async_graphql_value::{ConstValue, Name};

use super::{Parser, Result};
use crate::token::TokenKind;

impl Parser<'_> {
    pub(super) fn variable_definitions(&mut self) -> Result<Vec<Positioned<VariableDefinition>>> {
        self.optional_many(
            TokenKind::ParenOpen,
            TokenKind::ParenClose,
            Self::variable_definition,
        )
    }

    fn variable_definition(&mut self) -> Result<Positioned<VariableDefinition>> {
        let pos = self.token.pos;
        self.skip_description()?;
        let name = self.variable()?;
        self.expect(TokenKind::Colon)?;
        let definition = VariableDefinition {
            name,
            var_type: self.ty()?,
            default_value: self.default_value()?,
            directives: self.directives(true)?,
        };
        Ok(Positioned::new(definition, pos))
    }

    /// The name after a dollar sign.
    pub(super) fn variable(&mut self) -> Result<Positioned<Name>> {
        self.expect(TokenKind::Dollar)?;
        self.name()
    }

    fn ty(&mut self) -> Result<Positioned<Type>> {
        let pos = self.token.pos;
        let base = if self.token.kind == TokenKind::BracketOpen {
            self.open(TokenKind::BracketOpen)?;
            let of = self.ty()?.node;
            if !self.close_if(TokenKind::BracketClose)? {
                return Err(self.expected(TokenKind::BracketClose));
            }
            BaseType::List(Box::new(of))
        } else {
            BaseType::Named(self.name()?.node)
        };
        let nullable = !self.skip_if(TokenKind::Bang)?;
        Ok(Positioned::new(Type { base, nullable }, pos))
    }

    fn default_value(&mut self) -> Result<Option<Positioned<ConstValue>>> {
        if !self.skip_if(TokenKind::Equals)? {
            return Ok(None);
        }
        let value = self.value(true)?;
        // Never fails: a constant value contains no variables.
        let constant = value.node.into_const().ok_or_else(|| self.unexpected())?;
        Ok(Some(Positioned::new(constant, value.pos)))
    }
}
