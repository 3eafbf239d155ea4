//! Values: literals and variables.

use async_graphql_parser::Positioned;
use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::indexmap::map::Entry;
use async_graphql_value::{Name, Number, Value};

use super::{Parser, Result, unexpected};
use crate::error::{Error, ErrorKind, Quoted};
use crate::token::TokenKind;
use crate::{block_string, escape, number};

impl Parser<'_> {
    /// A value. A constant value can't contain variables.
    pub(super) fn value(&mut self, is_constant: bool) -> Result<Positioned<Value>> {
        let pos = self.token.pos;
        let value = match self.token.kind {
            TokenKind::BracketOpen => self.list(is_constant)?,
            TokenKind::BraceOpen => self.object(is_constant)?,
            TokenKind::Dollar if is_constant => return Err(self.variable_in_constant()?),
            TokenKind::Dollar => Value::Variable(self.variable()?.node),
            _ => self.scalar()?,
        };
        Ok(Positioned::new(value, pos))
    }

    fn list(&mut self, is_constant: bool) -> Result<Value> {
        self.open(TokenKind::BracketOpen)?;
        let mut items = Vec::new();
        while !self.close_if(TokenKind::BracketClose)? {
            items.push(self.value(is_constant)?.node);
        }
        Ok(Value::List(items))
    }

    fn object(&mut self, is_constant: bool) -> Result<Value> {
        self.open(TokenKind::BraceOpen)?;
        let mut fields = IndexMap::new();
        while !self.close_if(TokenKind::BraceClose)? {
            let name = self.name()?;
            self.expect(TokenKind::Colon)?;
            let value = self.value(is_constant)?.node;
            match fields.entry(name.node) {
                Entry::Occupied(_) => {
                    let message = "An input object has this field twice.";
                    self.defer_error(ErrorKind::DuplicateInputField, name.pos, message);
                }
                Entry::Vacant(vacant) => {
                    vacant.insert(value);
                }
            }
        }
        Ok(Value::Object(fields))
    }

    fn scalar(&mut self) -> Result<Value> {
        let token = self.token;
        let value = match token.kind {
            TokenKind::Int => self.number(number::read_int(token.text)),
            TokenKind::Float => self.number(number::read_float(token.text)),
            TokenKind::String => Value::String(escape::unescape(token.text)),
            TokenKind::BlockString => Value::String(block_string::dedent(token.text)),
            TokenKind::Name => match token.text {
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "null" => Value::Null,
                name => Value::Enum(Name::new(name)),
            },
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        Ok(value)
    }

    fn number(&mut self, number: Option<Number>) -> Value {
        number.map_or_else(
            || {
                let message = "This number is out of range.";
                self.defer_error(ErrorKind::NumberOutOfRange, self.token.pos, message);
                Value::Null
            },
            Value::Number,
        )
    }

    fn variable_in_constant(&mut self) -> Result<Error> {
        let dollar = self.advance()?;
        if self.token.kind != TokenKind::Name {
            return Ok(unexpected(&dollar));
        }
        let name = Quoted(self.token.text);
        let message = format_args!("Expected a constant, found the variable {name}.");
        Ok(Error::syntax(dollar.pos, message))
    }
}
