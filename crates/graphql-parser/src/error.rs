//! Errors of the parser.

use std::fmt;

use async_graphql_parser::Pos;

/// Maximum length of a name or a number quoted in an error message, in characters.
const MAX_QUOTED: usize = 40;

/// The reason why a document was not parsed. Displays as a sentence without the position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub kind: ErrorKind,
    /// The position of the error; the beginning of the text if the text is too long.
    pub pos: Pos,
    message: String,
}

/// The kind of an error in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is longer than [`Limits::bytes`](crate::Limits::bytes).
    TooLong,
    /// There are more tokens than [`Limits::tokens`](crate::Limits::tokens).
    TooManyTokens,
    /// More brackets are open than [`Limits::nesting`](crate::Limits::nesting).
    TooDeep,
    /// The text does not follow the grammar.
    Syntax,
    /// The document has a definition or an extension of a type system.
    NotExecutable,
    /// The document has no operation.
    NoOperation,
    /// An operation without a name that is not the only operation.
    AnonymousOperationNotAlone,
    /// Two operations have the same name. The position is that of the second name.
    DuplicateOperation {
        /// The beginning of the first operation.
        first: Pos,
    },
    /// Two fragments have the same name. The position is that of the second name.
    DuplicateFragment {
        /// The beginning of the first fragment.
        first: Pos,
    },
    /// An input object has the same field twice. The position is that of the second.
    DuplicateInputField,
    /// A number whose nearest double is infinite.
    NumberOutOfRange,
}

impl ErrorKind {
    /// Whether the document exceeds one of the [`Limits`](crate::Limits).
    pub const fn is_limit(self) -> bool {
        matches!(self, Self::TooLong | Self::TooManyTokens | Self::TooDeep)
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, pos: Pos, message: impl Into<String>) -> Self {
        Self {
            kind,
            pos,
            message: message.into(),
        }
    }

    pub(crate) fn syntax(pos: Pos, message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Syntax, pos, format!("Syntax Error: {message}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A name or a number in quotes, shortened.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(MAX_QUOTED) {
            Some((end, _)) => write!(f, "\"{}…\"", self.0.get(..end).unwrap_or_default()),
            None => write!(f, "\"{}\"", self.0),
        }
    }
}

/// A character of the text, or its end. A character that is not printable ASCII is displayed as its code point.
pub(crate) struct FoundCharacter(pub Option<char>);

impl fmt::Display for FoundCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("<EOF>"),
            Some('"') => f.write_str("'\"'"),
            Some(printable @ ' '..='~') => write!(f, "\"{printable}\""),
            Some(other) => write!(f, "U+{:04X}", u32::from(other)),
        }
    }
}
