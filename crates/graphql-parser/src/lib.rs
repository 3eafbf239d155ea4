//! A parser for executable GraphQL documents: the operations and fragments of the September 2025 specification.
//!
//! [`parse`] parses a text into [`ExecutableDocument`], the syntax tree of `async-graphql` 7.2.1, with the position of
//! every node. This crate exists because that library's own parser refuses valid documents, accepts invalid ones, and
//! reads some strings differently from every other implementation.
//!
//! # What it accepts
//!
//! The same documents as graphql-js 16 with its default options. `tests/grammar` compares the two on generated
//! documents. In particular:
//!
//! - byte order marks, white space, line terminators, commas and comments are allowed between any two tokens;
//! - `\u{1F986}` and `\uD83E\uDD86` are the same character, and an escape that is not a Unicode scalar value is an error;
//! - block strings lose their common indentation and their blank lines at both ends, and `\"""` in them is `"""`;
//! - operations with a keyword, fragments and variables can have a description, which is read and dropped;
//! - names end as the specification requires, so `queryQ{a}` is an error and not the query `Q`.
//!
//! # Documents that the syntax tree can't represent
//!
//! graphql-js parses the following documents and refuses them in validation. Here each of them has an [`ErrorKind`],
//! reported only if the document has no syntax error: an unnamed operation in a document with several operations, two
//! operations or two fragments with the same name, an input object with the same field twice, and a document without an
//! operation. A definition of a type system ends parsing at once with [`ErrorKind::NotExecutable`].
//!
//! # Numbers
//!
//! Integers are exact from -2^63 to 2^64 - 1, and `-0` is the integer zero. Other integers, and all numbers with a
//! fraction or an exponent, become the nearest double, and print as the shortest text that reads as that double. A number
//! whose nearest double is infinite is [`ErrorKind::NumberOutOfRange`]. An integer that became a double is not valid as
//! an `Int`, an `ID` or any other type that needs an integer.
//!
//! # Limits
//!
//! [`Limits`] bounds the bytes, the tokens and the nesting of a document while it is read, so no separate pass is
//! needed. The time is linear in the length of the text. The parser recurses for each open bracket, so the nesting can't
//! be set above [`MAX_NESTING`], at which a debug build takes about 1 MiB of stack and a release build 128 KiB.
//!
//! # Positions
//!
//! Lines and columns start at 1. Columns count characters (Unicode scalar values), and lines end at `\n`, `\r` or `\r\n`.

mod block_string;
mod error;
mod escape;
mod lexer;
mod number;
mod parser;
mod token;

pub use async_graphql_parser::{Pos, Positioned, types};
pub use async_graphql_value::{ConstValue, Name, Number, Value};
pub use error::{Error, ErrorKind};

use async_graphql_parser::types::ExecutableDocument;

/// Limits on a document, all inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Names, numbers, strings and punctuators. White space, commas and comments are not counted.
    pub tokens: usize,
    /// Brackets, braces and parentheses that are open at the same time. A value above [`MAX_NESTING`] counts as
    /// [`MAX_NESTING`].
    pub nesting: u8,
}

/// The upper bound of [`Limits::nesting`].
pub const MAX_NESTING: u8 = 100;

/// Parses a document.
///
/// # Errors
///
/// The first exceeded limit or syntax error, whichever comes first in the text. If there is neither, the first construct
/// that the syntax tree can't represent.
pub fn parse(text: &str, limits: Limits) -> Result<ExecutableDocument, Error> {
    parser::parse(text, limits)
}

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
