//! Splits a text into tokens, one at a time, and skips what the grammar ignores between them.

use async_graphql_parser::Pos;

use crate::error::{Error, ErrorKind, FoundCharacter};
use crate::escape;
use crate::token::{Token, TokenKind};

pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Index of the next byte.
    index: usize,
    line: usize,
    /// Index of the first byte of the line.
    line_start: usize,
    /// UTF-8 continuation bytes in the line so far, which do not count as columns.
    continuation_bytes: usize,
    tokens: usize,
    max_tokens: usize,
}

impl<'a> Lexer<'a> {
    pub const fn new(text: &'a str, max_tokens: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            index: 0,
            line: 1,
            line_start: 0,
            continuation_bytes: 0,
            tokens: 0,
            max_tokens,
        }
    }

    /// The next token; at the end of the text always [`TokenKind::End`].
    pub fn next(&mut self) -> Result<Token<'a>, Error> {
        self.skip_ignored();
        let pos = self.pos();
        let Some(byte) = self.peek() else {
            let (kind, text) = (TokenKind::End, "");
            return Ok(Token { kind, text, pos });
        };
        self.tokens += 1;
        if self.tokens > self.max_tokens {
            let message = format!("The document has more than {} tokens.", self.max_tokens);
            return Err(Error::new(ErrorKind::TooManyTokens, pos, message));
        }
        let start = self.index;
        let kind = match byte {
            b'!' => TokenKind::Bang,
            b'$' => TokenKind::Dollar,
            b'&' => TokenKind::Ampersand,
            b'(' => TokenKind::ParenOpen,
            b')' => TokenKind::ParenClose,
            b':' => TokenKind::Colon,
            b'=' => TokenKind::Equals,
            b'@' => TokenKind::At,
            b'[' => TokenKind::BracketOpen,
            b']' => TokenKind::BracketClose,
            b'{' => TokenKind::BraceOpen,
            b'|' => TokenKind::Pipe,
            b'}' => TokenKind::BraceClose,
            b'.' if self.rest().starts_with("...") => TokenKind::Spread,
            b'-' | b'0'..=b'9' => {
                let kind = self.number()?;
                return Ok(self.token(kind, start, self.index, pos));
            }
            b'"' if self.rest().starts_with("\"\"\"") => {
                let end = self.block_string(pos)?;
                return Ok(self.token(TokenKind::BlockString, start + 3, end, pos));
            }
            b'"' => {
                let end = self.string(pos)?;
                return Ok(self.token(TokenKind::String, start + 1, end, pos));
            }
            _ if is_name_start(byte) => {
                self.index += 1;
                while self.peek().is_some_and(is_name_continue) {
                    self.index += 1;
                }
                return Ok(self.token(TokenKind::Name, start, self.index, pos));
            }
            b'\'' => {
                let message = "Unexpected character \"'\"; strings are written in double quotes.";
                return Err(Error::syntax(pos, message));
            }
            _ => return Err(self.unexpected_character("Unexpected character")),
        };
        self.index += if kind == TokenKind::Spread { 3 } else { 1 };
        Ok(self.token(kind, start, self.index, pos))
    }

    fn token(&self, kind: TokenKind, start: usize, end: usize, pos: Pos) -> Token<'a> {
        let text = self.text.get(start..end).unwrap_or_default();
        Token { kind, text, pos }
    }

    fn skip_ignored(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b',' => self.index += 1,
                b'\n' | b'\r' => self.end_line(),
                b'#' => {
                    while let Some(byte) = self.peek()
                        && !matches!(byte, b'\n' | b'\r')
                    {
                        self.step(byte);
                    }
                }
                0xEF if self.rest().starts_with('\u{feff}') => {
                    self.index += 3;
                    self.continuation_bytes += 2;
                }
                _ => break,
            }
        }
    }

    fn number(&mut self) -> Result<TokenKind, Error> {
        let mut kind = TokenKind::Int;
        if self.peek() == Some(b'-') {
            self.index += 1;
        }
        if self.peek() == Some(b'0') {
            self.index += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.unexpected_character("Expected no digit after a leading 0, found"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            kind = TokenKind::Float;
            self.index += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            kind = TokenKind::Float;
            self.index += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.index += 1;
            }
            self.digits()?;
        }
        if self
            .peek()
            .is_some_and(|byte| byte == b'.' || is_name_start(byte))
        {
            return Err(self.unexpected_character("Expected the number to end, found"));
        }
        Ok(kind)
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected_character("Expected a digit, found"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.index += 1;
        }
        Ok(())
    }

    /// Skips a string in double quotes and returns the index where its content ends.
    fn string(&mut self, pos: Pos) -> Result<usize, Error> {
        self.index += 1;
        loop {
            match self.peek() {
                None | Some(b'\n' | b'\r') => return Err(Error::syntax(pos, "This string is not closed.")),
                Some(b'"') => {
                    self.index += 1;
                    return Ok(self.index - 1);
                }
                Some(b'\\') => match escape::read(self.rest()) {
                    Some((_, length)) => self.index += length,
                    None => return Err(self.invalid_escape()),
                },
                Some(byte) => self.step(byte),
            }
        }
    }

    /// Skips a string in triple quotes and returns the index where its content ends.
    fn block_string(&mut self, pos: Pos) -> Result<usize, Error> {
        self.index += 3;
        loop {
            match self.peek() {
                None => return Err(Error::syntax(pos, "This block string is not closed.")),
                Some(b'"') if self.rest().starts_with("\"\"\"") => {
                    self.index += 3;
                    return Ok(self.index - 3);
                }
                Some(b'\\') if self.rest().starts_with("\\\"\"\"") => self.index += 4,
                Some(b'\n' | b'\r') => self.end_line(),
                Some(byte) => self.step(byte),
            }
        }
    }

    fn invalid_escape(&self) -> Error {
        let is_shown = |character: &char| character.is_ascii_graphic() && *character != '"';
        let escape: String = self.rest().chars().take(12).take_while(is_shown).collect();
        let length = match escape.as_bytes() {
            [_, b'u', b'{', ..] => escape.find('}').map_or(12, |end| end + 1),
            [_, b'u', ..] => 6,
            _ => 2,
        };
        let escape = escape.get(..length).unwrap_or(&escape);
        Error::syntax(self.pos(), format_args!("Invalid escape sequence \"{escape}\"."))
    }

    fn unexpected_character(&self, message: &str) -> Error {
        let found = FoundCharacter(self.rest().chars().next());
        Error::syntax(self.pos(), format_args!("{message} {found}."))
    }

    /// Skips a byte that does not end a line.
    const fn step(&mut self, byte: u8) {
        self.index += 1;
        if byte & 0b1100_0000 == 0b1000_0000 {
            self.continuation_bytes += 1;
        }
    }

    /// Skips a line terminator.
    fn end_line(&mut self) {
        self.index += if self.rest().starts_with("\r\n") { 2 } else { 1 };
        self.line += 1;
        self.line_start = self.index;
        self.continuation_bytes = 0;
    }

    const fn pos(&self) -> Pos {
        Pos {
            line: self.line,
            column: self.index - self.line_start - self.continuation_bytes + 1,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.index).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.index..).unwrap_or_default()
    }
}

const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

const fn is_name_continue(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
