//! The error responses. Their status, body and headers are taken from [`ErrorResponse`], so that the examples match what
//! the server sends. This file adds the schema of their `details`, and when each error occurs.

use std::time::Duration;

use openapi_document::{ErrorExample, error_references, error_response};
use serde_json::{Map, Value, json};

use crate::error::{Conflict, Error, LoginError, Malformed, Shortage};
use crate::idempotency::key::HEADER;
use crate::kind::Kind;
use crate::rest::error::ErrorResponse;

/// An error response that operations refer to by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorKind {
    Forbidden,
    InsufficientStock,
    InvalidBody,
    InvalidHost,
    InvalidKeyedBody,
    InvalidPage,
    InvalidParameter,
    KeyConflict,
    MethodNotAllowed,
    NotFound,
    NotFoundOrInvalidPage,
    PayloadTooLarge,
    PreconditionFailed,
    Protected,
    ReadOnly,
    RequestTimeout,
    RotationConflict,
    SendingDisabled,
    ServerError,
    TokenRefused,
    TooManyEndpoints,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    WrongCredentials,
}

const ALL: [ErrorKind; 26] = [
    ErrorKind::Forbidden,
    ErrorKind::InsufficientStock,
    ErrorKind::InvalidBody,
    ErrorKind::InvalidHost,
    ErrorKind::InvalidKeyedBody,
    ErrorKind::InvalidPage,
    ErrorKind::InvalidParameter,
    ErrorKind::KeyConflict,
    ErrorKind::MethodNotAllowed,
    ErrorKind::NotFound,
    ErrorKind::NotFoundOrInvalidPage,
    ErrorKind::PayloadTooLarge,
    ErrorKind::PreconditionFailed,
    ErrorKind::Protected,
    ErrorKind::ReadOnly,
    ErrorKind::RequestTimeout,
    ErrorKind::RotationConflict,
    ErrorKind::SendingDisabled,
    ErrorKind::ServerError,
    ErrorKind::TokenRefused,
    ErrorKind::TooManyEndpoints,
    ErrorKind::TooManyRequests,
    ErrorKind::Unauthenticated,
    ErrorKind::Unavailable,
    ErrorKind::UnsupportedMediaType,
    ErrorKind::WrongCredentials,
];

/// The errors of every operation.
pub(super) const ANY_REQUEST: &[ErrorKind] = &[
    ErrorKind::MethodNotAllowed,
    ErrorKind::TooManyRequests,
    ErrorKind::ServerError,
    ErrorKind::Unavailable,
];

/// The errors of every operation with a body, except those of its values.
pub(super) const ANY_BODY: &[ErrorKind] = &[
    ErrorKind::InvalidBody,
    ErrorKind::MethodNotAllowed,
    ErrorKind::RequestTimeout,
    ErrorKind::PayloadTooLarge,
    ErrorKind::UnsupportedMediaType,
    ErrorKind::TooManyRequests,
    ErrorKind::ServerError,
    ErrorKind::Unavailable,
];

/// The errors of every operation with a body that can have an `Idempotency-Key`, except those of its values and 409.
pub(super) const KEYED_BODY: &[ErrorKind] = &[
    ErrorKind::InvalidKeyedBody,
    ErrorKind::MethodNotAllowed,
    ErrorKind::RequestTimeout,
    ErrorKind::PayloadTooLarge,
    ErrorKind::UnsupportedMediaType,
    ErrorKind::TooManyRequests,
    ErrorKind::ServerError,
    ErrorKind::Unavailable,
];

/// Returns references to these errors by status.
pub(super) fn errors(specific: &[ErrorKind], general: &[ErrorKind]) -> Map<String, Value> {
    let errors = specific.iter().chain(general).filter_map(|kind| {
        let (_, first) = kind.examples().into_iter().next()?;
        Some((first.status.as_u16(), format!("{kind:?}")))
    });
    error_references(errors)
}

/// Returns all errors for `#/components/responses`, and the response 304 to a conditional request.
pub(super) fn components() -> Value {
    let mut components: Map<String, Value> = ALL
        .iter()
        .map(|kind| (format!("{kind:?}"), kind.response()))
        .collect();
    components.insert(
        "NotModified".to_owned(),
        json!({
            "description": "It has not changed since the `ETag` that was sent.",
            "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
        }),
    );
    components.sort_keys();
    components.into()
}

impl ErrorKind {
    /// When the error occurs.
    const fn description(self) -> &'static str {
        match self {
            Self::InvalidParameter => {
                "A parameter is invalid, and its name is a key of `details`; or the host is not in the settings."
            }
            Self::InvalidBody => {
                "The body is not a JSON object or did not arrive completely; or the host is not in the settings."
            }
            Self::InvalidKeyedBody => {
                "The body is not a JSON object or did not arrive completely; or the `Idempotency-Key` is not valid; or the host is not in the settings."
            }
            Self::InvalidHost => "The host is not in the settings.",
            Self::Unauthenticated => {
                "There is no token; or it is invalid, expired, of the wrong type or logged out; or its user is not active."
            }
            Self::WrongCredentials => "The name or the password is wrong, or the user is not active.",
            Self::TokenRefused => {
                "The token is invalid, expired, of the wrong type, used up or logged out, or its user is not active."
            }
            Self::Forbidden => "The user lacks the permission.",
            Self::NotFound => "There is no object with this id.",
            Self::InvalidPage => "The page number is less than 1 or past the last page.",
            Self::NotFoundOrInvalidPage => {
                "There is no object with this id, or the page number is less than 1 or past the last page."
            }
            Self::MethodNotAllowed => {
                "The path does not have this method; `Allow` lists the methods that it has."
            }
            Self::RequestTimeout => "The body took too long to arrive.",
            Self::Protected => "Other objects refer to it; `details` counts them by collection.",
            Self::InsufficientStock => {
                "The stock of the product is too low, or would be too high, to undo this."
            }
            Self::KeyConflict => {
                "The `Idempotency-Key` was used for another request, or a request with it is being executed."
            }
            Self::ReadOnly => "It is the endpoint of the settings and can be changed only there.",
            Self::RotationConflict => {
                "It is the endpoint of the settings and can be changed only there; or the `Idempotency-Key` is in use."
            }
            Self::TooManyEndpoints => {
                "The maximum number of endpoints exists already; or the `Idempotency-Key` is in use."
            }
            Self::SendingDisabled => {
                "The endpoint is disabled, or webhooks are switched off; or the `Idempotency-Key` is in use."
            }
            Self::PreconditionFailed => "The precondition in `If-Match` or `If-None-Match` does not hold.",
            Self::PayloadTooLarge => "The body is larger than 1 MiB.",
            Self::UnsupportedMediaType => "The content type of the body is not JSON.",
            Self::TooManyRequests => {
                "Too many requests in a minute, if rate limits are enabled, or too many failed logins."
            }
            Self::ServerError => "The server failed.",
            Self::Unavailable => "The database is not available at the moment.",
        }
    }

    /// The schema of `details`.
    fn details(self) -> Value {
        let count = json!({ "type": "integer", "minimum": 1 });
        match self {
            Self::InvalidParameter | Self::InvalidKeyedBody => {
                json!({ "type": "object", "additionalProperties": { "type": "string" } })
            }
            Self::Protected => json!({
                "type": "object",
                "minProperties": 1,
                "properties": { "products": count, "inflows": count, "outflows": count },
                "additionalProperties": false,
            }),
            Self::InsufficientStock => json!({
                "type": "object",
                "required": ["product", "available", "requested"],
                "properties": {
                    "product": { "type": "integer", "description": "The id of the product." },
                    "available": { "type": "integer", "description": "The number of units in stock." },
                    "requested": { "type": "integer", "description": "The number of units to move." },
                },
                "additionalProperties": false,
            }),
            Self::TooManyRequests => json!({
                "type": "object",
                "required": ["retry_after"],
                "properties": { "retry_after": { "type": "integer", "minimum": 1, "description": "Seconds." } },
                "additionalProperties": false,
            }),
            _ => json!({ "type": "object", "maxProperties": 0 }),
        }
    }

    /// The responses that this kind can have, each with a name. All have the same status.
    fn examples(self) -> Vec<(&'static str, ErrorResponse)> {
        let host = ("host", Error::Malformed(Malformed::Host));
        let reused = ("key_reused", Error::Conflict(Conflict::KeyReused));
        let in_progress = ("key_in_progress", Error::Conflict(Conflict::KeyInProgress));
        let ordering = "Order by one of: name, id, description, created_at, updated_at.";
        let errors = match self {
            Self::MethodNotAllowed => {
                let response = ErrorResponse::method_not_allowed_except("GET, HEAD, POST, OPTIONS");
                return vec![("not_allowed", response)];
            }
            Self::InvalidParameter => vec![
                ("page", Error::parameter("page", "A valid integer is required.")),
                ("ordering", Error::parameter("ordering", ordering)),
                host,
            ],
            Self::InvalidBody => vec![
                ("no_json", Error::Malformed(Malformed::NotJson)),
                ("no_object", Error::Malformed(Malformed::NotObject)),
                ("incomplete", Error::Malformed(Malformed::Incomplete)),
                host,
            ],
            Self::InvalidKeyedBody => vec![
                ("no_json", Error::Malformed(Malformed::NotJson)),
                ("no_object", Error::Malformed(Malformed::NotObject)),
                ("incomplete", Error::Malformed(Malformed::Incomplete)),
                (
                    "key",
                    Error::parameter(HEADER, "A key has 1 to 255 visible ASCII characters."),
                ),
                host,
            ],
            Self::InvalidHost => vec![host],
            Self::Unauthenticated => vec![
                ("missing", Error::Unauthenticated(LoginError::Missing)),
                ("bad", Error::Unauthenticated(LoginError::BadToken)),
            ],
            Self::WrongCredentials => vec![("wrong", Error::Unauthenticated(LoginError::WrongCredentials))],
            Self::TokenRefused => vec![("refused", Error::Unauthenticated(LoginError::TokenRefused))],
            Self::Forbidden => vec![("forbidden", Error::Forbidden)],
            Self::NotFound => vec![("not_found", Error::NotFound)],
            Self::InvalidPage => vec![("invalid_page", Error::NoSuchPage)],
            Self::NotFoundOrInvalidPage => {
                vec![
                    ("not_found", Error::NotFound),
                    ("invalid_page", Error::NoSuchPage),
                ]
            }
            Self::RequestTimeout => vec![("too_slow", Error::Malformed(Malformed::TooSlow))],
            Self::Protected => {
                let by = vec![(Kind::Inflow, 2), (Kind::Outflow, 1)];
                vec![("referred_to", Error::Protected { by })]
            }
            Self::InsufficientStock => {
                let shortage = Shortage {
                    product: 1,
                    available: 5,
                    requested: 20,
                };
                vec![("not_enough", Error::InsufficientStock(shortage))]
            }
            Self::KeyConflict => vec![reused, in_progress],
            Self::ReadOnly => vec![("settings", Error::Conflict(Conflict::ReadOnly))],
            Self::RotationConflict => vec![
                ("settings", Error::Conflict(Conflict::ReadOnly)),
                reused,
                in_progress,
            ],
            Self::TooManyEndpoints => vec![
                ("too_many", Error::Conflict(Conflict::TooMany)),
                reused,
                in_progress,
            ],
            Self::SendingDisabled => vec![
                ("disabled", Error::Conflict(Conflict::Disabled)),
                ("switched_off", Error::Conflict(Conflict::SwitchedOff)),
                reused,
                in_progress,
            ],
            Self::PreconditionFailed => vec![("changed", Error::VersionConflict)],
            Self::PayloadTooLarge => vec![("too_large", Error::Malformed(Malformed::TooLarge))],
            Self::UnsupportedMediaType => vec![("no_json", Error::Malformed(Malformed::MediaType))],
            Self::TooManyRequests => {
                let retry_after = Duration::from_secs(42);
                vec![("limited", Error::Limited { retry_after })]
            }
            Self::ServerError => vec![("internal_error", Error::internal("an example"))],
            Self::Unavailable => vec![("unavailable", Error::unavailable("an example"))],
        };
        errors
            .iter()
            .map(|(name, error)| (*name, ErrorResponse::from(error)))
            .collect()
    }

    fn response(self) -> Value {
        let example = |(name, response): (&'static str, ErrorResponse)| ErrorExample {
            name,
            body: response.body,
            header: response.header.map(|(name, _)| name.as_str().to_owned()),
        };
        let examples: Vec<ErrorExample> = self.examples().into_iter().map(example).collect();
        error_response(self.description(), &examples, &self.details())
    }
}
