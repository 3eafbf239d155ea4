//! The OpenAPI description of the token operations.

use openapi_document::{Schemas, faults, faults_response, reference, request_body, response, responses};
use serde_json::{Map, Value, json};

use super::errors::{ANY_BODY, ErrorKind, errors};
use super::examples;
use crate::rest::token::Tokens;

/// The tag of these operations.
pub(super) const TAG: &str = "Authentication";

/// The properties that differ between the operations. All fields of their bodies are required strings.
struct TokenOperation {
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    graphql_field: &'static str,
    /// The name of the body's schema.
    body: &'static str,
    /// The fields of the body with their descriptions.
    fields: &'static [(&'static str, &'static str)],
    example: Value,
    /// The error if the credentials or the token are not valid.
    error: ErrorKind,
}

/// `POST /authentication/token/`
pub(crate) fn log_in(schemas: &mut Schemas) -> Value {
    let tokens = schemas.add_type::<Tokens>();
    let token_pair = json!({ "allOf": [tokens, { "required": ["access", "refresh"] }] });
    let operation = TokenOperation {
        id: "obtainToken",
        summary: "Get tokens for a name and a password",
        description: "After ten failures in a minute, by one client for one name, the response is 429 until the minute is over.",
        graphql_field: "login",
        body: "Credentials",
        fields: &[
            ("username", "The name of the user."),
            ("password", "The password. Leading and trailing spaces count."),
        ],
        example: examples::credentials(),
        error: ErrorKind::WrongCredentials,
    };
    operation.describe(
        schemas,
        response("Both tokens.", &token_pair, &examples::tokens(), &[]),
    )
}

/// `POST /authentication/token/refresh/`
pub(crate) fn refresh(schemas: &mut Schemas) -> Value {
    let tokens = schemas.add_type::<Tokens>();
    let operation = TokenOperation {
        id: "refreshToken",
        summary: "Get an access token for a refresh token",
        description: "If rotation is enabled, the response also has a new refresh token, and the old one is used up.",
        graphql_field: "refreshToken",
        body: "RefreshToken",
        fields: &[("refresh", "A refresh token.")],
        example: examples::refresh_token(),
        error: ErrorKind::TokenRefused,
    };
    operation.describe(
        schemas,
        response("A new access token.", &tokens, &examples::refreshed_tokens(), &[]),
    )
}

/// `POST /authentication/token/verify/`
pub(crate) fn verify(schemas: &mut Schemas) -> Value {
    let operation = TokenOperation {
        id: "verifyToken",
        summary: "Check a token",
        description: "Accepts access tokens and refresh tokens.",
        graphql_field: "verifyToken",
        body: "AnyToken",
        fields: &[("token", "An access or a refresh token.")],
        example: examples::any_token(),
        error: ErrorKind::TokenRefused,
    };
    operation.describe(
        schemas,
        response("The token is valid.", &reference("Nothing"), &json!({}), &[]),
    )
}

/// `POST /authentication/logout/`
pub(crate) fn log_out(schemas: &mut Schemas) -> Value {
    let operation = TokenOperation {
        id: "logout",
        summary: "Revoke a refresh token",
        description: "Also revokes the access tokens that were issued for it, immediately.",
        graphql_field: "logout",
        body: "RefreshToken",
        fields: &[("refresh", "A refresh token.")],
        example: examples::refresh_token(),
        error: ErrorKind::TokenRefused,
    };
    operation.describe(
        schemas,
        response("The token was revoked.", &reference("Nothing"), &json!({}), &[]),
    )
}

impl TokenOperation {
    fn describe(self, schemas: &mut Schemas, success: Value) -> Value {
        let properties: Map<String, Value> = self
            .fields
            .iter()
            .map(|(name, description)| {
                (
                    (*name).to_owned(),
                    json!({ "type": "string", "minLength": 1, "description": description }),
                )
            })
            .collect();
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        let missing: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(["This field is required."])))
            .collect();
        let faults = schemas.add(format!("{}Faults", self.body), faults(&names));
        let body = schemas.add(
            self.body,
            json!({ "type": "object", "required": names, "properties": properties }),
        );
        let mut errors = errors(&[self.error], ANY_BODY);
        errors.insert("422".to_owned(), faults_response(&faults, &missing.into()));
        json!({
            "operationId": self.id,
            "summary": self.summary,
            "description": self.description,
            "tags": [TAG],
            "security": [],
            "x-graphql-operation": self.graphql_field,
            "requestBody": request_body(&body, &self.example),
            "responses": responses("200", success, errors),
        })
    }
}
