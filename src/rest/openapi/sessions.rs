//! The token routes as the description has them.

use serde_json::{Map, Value, json};

use super::answers::{answer, invalid, request, responses};
use super::examples;
use super::refusals::{BODY, refusals};
use super::schemas::{Schemas, faults, refer};
use crate::rest::token::Tokens;

/// The tag of these operations.
pub const TAG: &str = "Authentication";

/// What they have in common, to be told apart.
struct Session {
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    graphql: &'static str,
    /// The fields of the body, all of them texts that must be there.
    body: &'static str,
    fields: &'static [(&'static str, &'static str)],
    example: Value,
    refused: &'static str,
}

/// `POST /authentication/token/`
pub fn log_in(schemas: &mut Schemas) -> Value {
    let tokens = schemas.of::<Tokens>();
    let both = json!({ "allOf": [tokens, { "required": ["access", "refresh"] }] });
    let session = Session {
        id: "obtainToken",
        summary: "Trade a name and a password for tokens",
        description: "Ten failures in a minute, of one client under one name, are answered with 429 for the rest of it.",
        graphql: "login",
        body: "Credentials",
        fields: &[
            ("username", "The name to log in with."),
            ("password", "Its spaces belong to it."),
        ],
        example: examples::credentials(),
        refused: "WrongCredentials",
    };
    session.described(schemas, answer("Both tokens.", &both, &examples::tokens(), &[]))
}

/// `POST /authentication/token/refresh/`
pub fn refresh(schemas: &mut Schemas) -> Value {
    let tokens = schemas.of::<Tokens>();
    let session = Session {
        id: "refreshToken",
        summary: "Trade a refresh token for an access token",
        description: "Where tokens are rotated it gives a new refresh token too, and the old one is used up.",
        graphql: "refreshToken",
        body: "RefreshToken",
        fields: &[("refresh", "A refresh token.")],
        example: examples::refresh(),
        refused: "TokenRefused",
    };
    session.described(
        schemas,
        answer("A new access token.", &tokens, &examples::refreshed(), &[]),
    )
}

/// `POST /authentication/token/verify/`
pub fn verify(schemas: &mut Schemas) -> Value {
    let session = Session {
        id: "verifyToken",
        summary: "Check a token",
        description: "Of either type.",
        graphql: "verifyToken",
        body: "AnyToken",
        fields: &[("token", "An access or a refresh token.")],
        example: examples::token(),
        refused: "TokenRefused",
    };
    session.described(schemas, answer("It is good.", &refer("Nothing"), &json!({}), &[]))
}

/// `POST /authentication/logout/`
pub fn log_out(schemas: &mut Schemas) -> Value {
    let session = Session {
        id: "logout",
        summary: "End a refresh token",
        description: "And the access tokens that it gave, at once.",
        graphql: "logout",
        body: "RefreshToken",
        fields: &[("refresh", "A refresh token.")],
        example: examples::refresh(),
        refused: "TokenRefused",
    };
    session.described(schemas, answer("It is over.", &refer("Nothing"), &json!({}), &[]))
}

impl Session {
    fn described(self, schemas: &mut Schemas, success: Value) -> Value {
        let texts: Map<String, Value> = self
            .fields
            .iter()
            .map(|(name, about)| {
                (
                    (*name).to_owned(),
                    json!({ "type": "string", "minLength": 1, "description": about }),
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
            json!({ "type": "object", "required": names, "properties": texts }),
        );
        let mut refused = refusals(&[self.refused], BODY);
        refused.insert("422".to_owned(), invalid(&faults, &missing.into()));
        json!({
            "operationId": self.id,
            "summary": self.summary,
            "description": self.description,
            "tags": [TAG],
            "security": [],
            "x-graphql-operation": self.graphql,
            "requestBody": request(&body, &self.example),
            "responses": responses("200", success, refused),
        })
    }
}
