//! Parses documents. Nothing else in this crate calls the parser.

use async_graphql::parser::types::ExecutableDocument;
use graphql_parser::parse;

use crate::error::{ErrorCode, RequestError};
use crate::limits::Limits;

/// The prefix of the parser's messages about syntax errors, as in graphql-js.
const SYNTAX_PREFIX: &str = "Syntax Error: ";

/// Parses a document whose size, tokens and nesting are within the limits.
///
/// # Errors
/// A limit that is exceeded, or the first syntax error.
pub(crate) fn parse_document(text: &str, limits: &Limits) -> Result<ExecutableDocument, RequestError> {
    let bounds = graphql_parser::Limits {
        bytes: limits.document_bytes,
        tokens: limits.tokens,
        nesting: limits.nesting,
    };
    parse(text, bounds).map_err(|error| {
        let message = error.to_string();
        if error.kind.is_limit() {
            return RequestError::new(ErrorCode::LimitExceeded, message);
        }
        let (position, reason) = (error.pos, message.strip_prefix(SYNTAX_PREFIX).unwrap_or(&message));
        let message = format!(
            "Syntax error in line {}, column {}: {reason}",
            position.line, position.column
        );
        RequestError::at(ErrorCode::BadUserInput, message, Some(position))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(text: &str, limits: &Limits) -> (&'static str, String) {
        let error = parse_document(text, limits).unwrap_err();
        (error.code.as_str(), error.errors[0].message.clone())
    }

    #[test]
    fn limits_are_inclusive() {
        let limits = Limits {
            document_bytes: 8,
            tokens: 5,
            nesting: 1,
            ..Limits::DEFAULT
        };
        assert!(parse_document("{a b c }", &limits).is_ok());
        for (text, message) in [
            ("{a b cd }", "The document has more than 8 bytes."),
            ("{a b c}}", "The document has more than 5 tokens."),
            ("{a{b}}", "The document has brackets nested more than 1 deep."),
        ] {
            assert_eq!(parse_error(text, &limits), ("LIMIT_EXCEEDED", message.to_owned()));
        }
    }

    #[test]
    fn syntax_errors_have_a_position() {
        let expected = "Syntax error in line 2, column 3: Expected Name, found <EOF>.";
        assert_eq!(
            parse_error("{\n a", &Limits::DEFAULT),
            ("BAD_USER_INPUT", expected.to_owned())
        );
    }
}
