//! Tokens, which the lexer produces for the parser.

use std::fmt;

use async_graphql_parser::Pos;

use crate::error::Quoted;

/// A token and the position where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub kind: TokenKind,
    /// The text of the token; for strings, the text between the quotes.
    pub text: &'a str,
    pub pos: Pos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// The end of the document.
    End,
    Bang,
    Dollar,
    Ampersand,
    ParenOpen,
    ParenClose,
    Spread,
    Colon,
    Equals,
    At,
    BracketOpen,
    BracketClose,
    BraceOpen,
    Pipe,
    BraceClose,
    Name,
    Int,
    Float,
    /// A string in double quotes, with valid escape sequences.
    String,
    BlockString,
}

impl Token<'_> {
    pub fn is_string(&self) -> bool {
        matches!(self.kind, TokenKind::String | TokenKind::BlockString)
    }

    pub fn is_keyword(&self, word: &str) -> bool {
        self.kind == TokenKind::Name && self.text == word
    }
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        // A string can contain anything, so its content is not quoted in messages.
        match self.kind {
            TokenKind::Name | TokenKind::Int | TokenKind::Float => write!(f, " {}", Quoted(self.text)),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "<EOF>",
            Self::Bang => "\"!\"",
            Self::Dollar => "\"$\"",
            Self::Ampersand => "\"&\"",
            Self::ParenOpen => "\"(\"",
            Self::ParenClose => "\")\"",
            Self::Spread => "\"...\"",
            Self::Colon => "\":\"",
            Self::Equals => "\"=\"",
            Self::At => "\"@\"",
            Self::BracketOpen => "\"[\"",
            Self::BracketClose => "\"]\"",
            Self::BraceOpen => "\"{\"",
            Self::Pipe => "\"|\"",
            Self::BraceClose => "\"}\"",
            Self::Name => "Name",
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::BlockString => "BlockString",
        })
    }
}
