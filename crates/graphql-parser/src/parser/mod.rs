//! The state of the parser, and the steps that all rules of the grammar use.

mod definition;
mod selection;
mod value;
mod variable;

use std::mem;

use async_graphql_parser::types::ExecutableDocument;
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::Name;

use crate::error::{Error, ErrorKind};
use crate::lexer::Lexer;
use crate::token::{Token, TokenKind};
use crate::{Limits, MAX_NESTING};

type Result<T> = std::result::Result<T, Error>;

pub(crate) fn parse(text: &str, limits: Limits) -> Result<ExecutableDocument> {
    if text.len() > limits.bytes {
        let message = format!("The document has more than {} bytes.", limits.bytes);
        let start = Pos { line: 1, column: 1 };
        return Err(Error::new(ErrorKind::TooLong, start, message));
    }
    let mut lexer = Lexer::new(text, limits.tokens);
    let parser = Parser {
        token: lexer.next()?,
        lexer,
        nesting: 0,
        max_nesting: limits.nesting.min(MAX_NESTING),
        deferred_error: None,
    };
    parser.document()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The current token. The next one has not been read, so errors are found in the order of the text.
    token: Token<'a>,
    /// Number of open brackets.
    nesting: u8,
    max_nesting: u8,
    /// The first construct that the syntax tree can't represent. Returned only if there is no syntax error.
    deferred_error: Option<Error>,
}

impl<'a> Parser<'a> {
    /// Reads the next token and returns the current one.
    fn advance(&mut self) -> Result<Token<'a>> {
        let next = self.lexer.next()?;
        Ok(mem::replace(&mut self.token, next))
    }

    fn expect(&mut self, kind: TokenKind) -> Result<Token<'a>> {
        if self.token.kind == kind {
            self.advance()
        } else {
            Err(self.expected(kind))
        }
    }

    fn skip_if(&mut self, kind: TokenKind) -> Result<bool> {
        let is_present = self.token.kind == kind;
        if is_present {
            self.advance()?;
        }
        Ok(is_present)
    }

    fn name(&mut self) -> Result<Positioned<Name>> {
        let token = self.expect(TokenKind::Name)?;
        Ok(Positioned::new(Name::new(token.text), token.pos))
    }

    fn open(&mut self, kind: TokenKind) -> Result<()> {
        if self.token.kind == kind && self.nesting == self.max_nesting {
            let message = format!(
                "The document has brackets nested more than {} deep.",
                self.max_nesting
            );
            return Err(Error::new(ErrorKind::TooDeep, self.token.pos, message));
        }
        self.expect(kind)?;
        self.nesting += 1;
        Ok(())
    }

    fn close_if(&mut self, kind: TokenKind) -> Result<bool> {
        let is_closed = self.skip_if(kind)?;
        if is_closed {
            self.nesting -= 1;
        }
        Ok(is_closed)
    }

    /// One item or more between brackets.
    fn many<T>(
        &mut self,
        open: TokenKind,
        close: TokenKind,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.open(open)?;
        let mut items = vec![item(self)?];
        while !self.close_if(close)? {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Like [`Self::many`], but the brackets can be missing.
    fn optional_many<T>(
        &mut self,
        open: TokenKind,
        close: TokenKind,
        item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        if self.token.kind == open {
            self.many(open, close, item)
        } else {
            Ok(Vec::new())
        }
    }

    fn defer_error(&mut self, kind: ErrorKind, pos: Pos, message: &str) {
        self.deferred_error
            .get_or_insert_with(|| Error::new(kind, pos, message));
    }

    fn expected(&self, kind: TokenKind) -> Error {
        Error::syntax(
            self.token.pos,
            format_args!("Expected {kind}, found {}.", self.token),
        )
    }

    fn expected_keyword(&self, keyword: &str) -> Error {
        Error::syntax(
            self.token.pos,
            format_args!("Expected \"{keyword}\", found {}.", self.token),
        )
    }

    fn unexpected(&self) -> Error {
        unexpected(&self.token)
    }
}

fn unexpected(token: &Token<'_>) -> Error {
    Error::syntax(token.pos, format_args!("Unexpected {token}."))
}
