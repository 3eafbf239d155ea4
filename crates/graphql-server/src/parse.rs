//! From a text to a parsed document: the only place where documents are parsed.

use async_graphql::Pos;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{self, parse_query};

use crate::error::{ErrorCode, RequestError};
use crate::guard::{ScanError, scan};
use crate::limits::Limits;

/// Parses a document whose size, tokens and nesting are within the limits.
///
/// # Errors
/// A limit that is exceeded, or the first syntax error.
pub(crate) fn parse_document(text: &str, limits: &Limits) -> Result<ExecutableDocument, RequestError> {
    if text.len() > limits.document_bytes {
        return Err(exceeded(limits.document_bytes, "bytes"));
    }
    scan(text, limits.tokens, limits.nesting).map_err(|error| match error {
        ScanError::Tokens => exceeded(limits.tokens, "tokens"),
        ScanError::Nesting => RequestError::new(
            ErrorCode::LimitExceeded,
            format!(
                "The document has brackets nested more than {} deep.",
                limits.nesting
            ),
        ),
        ScanError::DuplicateField(at) => syntax("an input object has this field twice", Some(at)),
        ScanError::OpenString(at) => syntax("a string that begins here does not end", Some(at)),
    })?;
    parse_query(text).map_err(|error| syntax_error(&error))
}

fn exceeded(limit: usize, what: &str) -> RequestError {
    RequestError::new(
        ErrorCode::LimitExceeded,
        format!("The document has more than {limit} {what}."),
    )
}

/// In words of our own: the parser's quote the input without a bound.
fn syntax_error(error: &parser::Error) -> RequestError {
    let at = error.positions().next();
    match error {
        parser::Error::MultipleOperations { .. } => {
            syntax("an operation without a name must be the only one", at)
        }
        parser::Error::OperationDuplicated { .. } => syntax("two operations have the same name", at),
        parser::Error::FragmentDuplicated { .. } => syntax("two fragments have the same name", at),
        parser::Error::MissingOperation => syntax("there is no operation", at),
        _ => syntax("this is not GraphQL", at),
    }
}

fn syntax(what: &str, at: Option<Pos>) -> RequestError {
    let place = at.map_or_else(String::new, |at| {
        format!(" in line {}, column {}", at.line, at.column)
    });
    RequestError::at(
        ErrorCode::BadUserInput,
        format!("Syntax error{place}: {what}."),
        at,
    )
}
