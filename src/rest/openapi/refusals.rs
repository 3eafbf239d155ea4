//! Every error that a client can meet. Status, body and headers are those that `problem` makes, so the examples are what
//! is sent; what is added here is when it happens, and what the details look like.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::nouns::capital;
use super::schemas::put;
use crate::error::{Conflict, Error, Login, Malformed, Shortage};
use crate::kind::Kind;
use crate::rest::problem::Refusal;

/// What every operation can be refused with.
pub const EVERYWHERE: &[&str] = &[
    "MethodNotAllowed",
    "TooManyRequests",
    "ServerError",
    "Unavailable",
];

/// What every operation with a body can be refused with, its values aside.
pub const BODY: &[&str] = &[
    "InvalidBody",
    "MethodNotAllowed",
    "RequestTimeout",
    "PayloadTooLarge",
    "UnsupportedMediaType",
    "TooManyRequests",
    "ServerError",
    "Unavailable",
];

/// A refusal under the name that operations refer to it by.
struct Refused {
    name: &'static str,
    /// When it happens.
    when: &'static str,
    /// What the `details` of an envelope look like.
    details: Value,
    /// What is sent, by a name for each.
    sent: Vec<(&'static str, Refusal)>,
}

/// References to these, by status.
pub fn refusals(own: &[&str], more: &[&str]) -> Map<String, Value> {
    let named = |name: &&str| ALL.iter().find(|refused| refused.name == *name);
    own.iter()
        .chain(more)
        .filter_map(named)
        .filter_map(|refused| {
            let (_, first) = refused.sent.first()?;
            let reference = json!({ "$ref": format!("#/components/responses/{}", refused.name) });
            Some((first.status.as_u16().to_string(), reference))
        })
        .collect()
}

/// All of them, for operations to refer to, and what is no refusal but has no body of its own either.
pub fn components() -> Value {
    let mut components: Map<String, Value> = ALL
        .iter()
        .map(|refused| (refused.name.to_owned(), refused.response()))
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

impl Refused {
    fn response(&self) -> Value {
        let headers: Map<String, Value> = self
            .sent
            .iter()
            .filter_map(|(_, refusal)| refusal.header.as_ref())
            .map(|(name, _)| title(name.as_str()))
            .map(|name| {
                (
                    name.clone(),
                    json!({ "$ref": format!("#/components/headers/{name}") }),
                )
            })
            .collect();
        let examples: Map<String, Value> = self
            .sent
            .iter()
            .map(|(name, refusal)| ((*name).to_owned(), json!({ "value": refusal.body })))
            .collect();
        let mut response = json!({ "description": self.when });
        if !headers.is_empty() {
            put(&mut response, "headers", headers);
        }
        let content = json!({ "application/json": { "schema": self.schema(), "examples": examples } });
        put(&mut response, "content", content);
        response
    }

    /// One of the two shapes, with the words that this refusal has in it.
    fn schema(&self) -> Value {
        if self.words("/detail").is_empty() {
            envelope(&self.words("/error/code"), &self.details)
        } else {
            detail(&self.words("/detail"), &self.words("/code"))
        }
    }

    /// What is sent at this place of the body.
    fn words(&self, pointer: &str) -> Vec<&Value> {
        let mut words = Vec::new();
        for word in self
            .sent
            .iter()
            .filter_map(|(_, refusal)| refusal.body.pointer(pointer))
        {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

/// The body of 401, 403 and 404.
fn detail(details: &[&Value], codes: &[&Value]) -> Value {
    let mut properties = json!({
        "detail": { "type": "string", "enum": details, "description": "What is wrong, in words for people." },
    });
    if !codes.is_empty() {
        let code = json!({ "type": "string", "enum": codes, "description": "The same for programs." });
        put(&mut properties, "code", code);
    }
    json!({
        "type": "object",
        "required": ["detail"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The body of every error that is no 401, 403, 404 or 422.
fn envelope(codes: &[&Value], details: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": { "type": "string", "enum": codes, "description": "What is wrong, for programs." },
                "message": { "type": "string", "description": "The same in words for people, which may change." },
                "details": details,
            },
            "additionalProperties": false,
        }},
        "additionalProperties": false,
    })
}

static ALL: LazyLock<Vec<Refused>> = LazyLock::new(|| {
    let nothing = json!({ "type": "object", "maxProperties": 0 });
    let of = |name, when, details: &Value, errors: &[(&'static str, Error)]| Refused {
        name,
        when,
        details: details.clone(),
        sent: errors
            .iter()
            .map(|(name, error)| (*name, Refusal::of(error)))
            .collect(),
    };
    let login = |login| Error::Unauthenticated(login);
    let malformed = |malformed| Error::Malformed(malformed);
    let host = ("host", malformed(Malformed::Host));
    let count = json!({ "type": "integer", "minimum": 1 });
    vec![
        of(
            "InvalidParameter",
            "A parameter can't be read; its name is a key of `details`. Or the host is none of the configured ones.",
            &json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            &[
                ("page", Error::parameter("page", "A valid integer is required.")),
                (
                    "ordering",
                    Error::parameter(
                        "ordering",
                        "Order by one of: name, id, description, created_at, updated_at.",
                    ),
                ),
                host.clone(),
            ],
        ),
        of(
            "InvalidBody",
            "The body is no JSON object, or did not arrive whole. Or the host is none of the configured ones.",
            &nothing,
            &[
                ("no_json", malformed(Malformed::NotJson)),
                ("no_object", malformed(Malformed::NotObject)),
                ("incomplete", malformed(Malformed::Incomplete)),
                host.clone(),
            ],
        ),
        of(
            "InvalidHost",
            "The host is none of the configured ones.",
            &nothing,
            &[host],
        ),
        of(
            "Unauthenticated",
            "There is no token, or it is bad, expired, of the wrong type, logged out, or its user is not active.",
            &nothing,
            &[
                ("missing", login(Login::Missing)),
                ("bad", login(Login::BadToken)),
            ],
        ),
        of(
            "WrongCredentials",
            "The name or the password is wrong, or the user is not active.",
            &nothing,
            &[("wrong", login(Login::WrongCredentials))],
        ),
        of(
            "TokenRefused",
            "The token is bad, expired, of the wrong type, used up, logged out, or its user is not active.",
            &nothing,
            &[("refused", login(Login::TokenRefused))],
        ),
        of(
            "Forbidden",
            "The permission is missing.",
            &nothing,
            &[("forbidden", Error::Forbidden)],
        ),
        of(
            "NotFound",
            "There is none with this id.",
            &nothing,
            &[("not_found", Error::NotFound)],
        ),
        of(
            "InvalidPage",
            "The page is below 1 or past the end.",
            &nothing,
            &[("invalid_page", Error::NoSuchPage)],
        ),
        Refused {
            name: "MethodNotAllowed",
            when: "The path has no such method; `Allow` lists those that it has.",
            details: nothing.clone(),
            sent: vec![(
                "not_allowed",
                Refusal::of_method_among("GET, HEAD, POST, OPTIONS"),
            )],
        },
        of(
            "RequestTimeout",
            "The body took too long to arrive.",
            &nothing,
            &[("too_slow", malformed(Malformed::TooSlow))],
        ),
        of(
            "Protected",
            "Other records refer to it; `details` counts them by collection.",
            &json!({
                "type": "object",
                "minProperties": 1,
                "properties": { "products": count, "inflows": count, "outflows": count },
                "additionalProperties": false,
            }),
            &[(
                "referred_to",
                Error::Protected {
                    by: vec![(Kind::Inflow, 2), (Kind::Outflow, 1)],
                },
            )],
        ),
        of(
            "InsufficientStock",
            "The stock of the product doesn't allow to take this back.",
            &json!({
                "type": "object",
                "required": ["product", "available", "requested"],
                "properties": {
                    "product": { "type": "integer", "description": "The id of the product." },
                    "available": { "type": "integer", "description": "How many are in stock." },
                    "requested": { "type": "integer", "description": "How many would move." },
                },
                "additionalProperties": false,
            }),
            &[(
                "used_up",
                Error::InsufficientStock(Shortage {
                    product: 1,
                    available: 5,
                    requested: 20,
                }),
            )],
        ),
        of(
            "ReadOnly",
            "It is the endpoint of the settings, which only they change.",
            &nothing,
            &[("settings", Error::Conflict(Conflict::ReadOnly))],
        ),
        of(
            "TooManyEndpoints",
            "There are as many endpoints as there may be.",
            &nothing,
            &[("too_many", Error::Conflict(Conflict::TooMany))],
        ),
        of(
            "NothingIsSent",
            "The endpoint is disabled, or webhooks are switched off as a whole.",
            &nothing,
            &[
                ("disabled", Error::Conflict(Conflict::Disabled)),
                ("switched_off", Error::Conflict(Conflict::SwitchedOff)),
            ],
        ),
        of(
            "PreconditionFailed",
            "Somebody else has changed it since the version in `If-Match`.",
            &nothing,
            &[("changed", Error::VersionConflict)],
        ),
        of(
            "PayloadTooLarge",
            "The body is larger than 1 MiB.",
            &nothing,
            &[("too_large", malformed(Malformed::TooLarge))],
        ),
        of(
            "UnsupportedMediaType",
            "The body is declared to be something else than JSON.",
            &nothing,
            &[("no_json", malformed(Malformed::MediaType))],
        ),
        of(
            "TooManyRequests",
            "Too many requests in a minute, where rates are limited; too many failed logins, always.",
            &json!({
                "type": "object",
                "required": ["retry_after"],
                "properties": { "retry_after": { "type": "integer", "minimum": 1, "description": "Seconds." } },
                "additionalProperties": false,
            }),
            &[(
                "limited",
                Error::Limited {
                    retry_after: Duration::from_secs(42),
                },
            )],
        ),
        of(
            "ServerError",
            "A mistake of ours.",
            &nothing,
            &[("mistake", Error::internal("an example"))],
        ),
        of(
            "Unavailable",
            "The database is not available at the moment.",
            &nothing,
            &[("away", Error::unavailable("an example"))],
        ),
    ]
});

/// A header's name as people write it: `WWW-Authenticate`.
fn title(name: &str) -> String {
    let word = |word: &str| match word {
        "www" => "WWW".to_owned(),
        word => capital(word),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
