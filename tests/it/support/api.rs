//! Both APIs behind one set of methods, so that one test of a rule runs through both.
//!
//! Fields are in REST's spelling and translated to GraphQL's here: `category` is `categoryId` in inputs and an object
//! in outputs, `serie_number` is `serieNumber`.

use reqwest::Method;
use serde_json::{Map, Value, json};
use stockroom::kind::Kind;

use crate::support::actors::{Actor, send};
use crate::support::graphql_wording::{numbers, referring_objects, rest_name, type_errors};
use crate::support::response::Response;

/// One of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Rest,
    GraphQl,
}

/// Both APIs.
pub const APIS: [Api; 2] = [Api::Rest, Api::GraphQl];

/// The outcome of a request, independent of the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The object as it is now; null after a deletion.
    Done(Value),
    /// The invalid fields with their messages, sorted.
    Invalid(Vec<(String, String)>),
    /// The number of referring objects in each collection.
    Protected(Value),
    /// The available and the requested quantity.
    InsufficientStock(Value),
    Conflict,
    /// The object is defined by the settings and cannot be changed.
    ReadOnly,
    TooMany,
    /// A required feature is switched off.
    Disabled,
    NotFound,
    Forbidden,
    Unauthenticated,
}

impl Outcome {
    /// The object of a successful request.
    #[track_caller]
    pub fn done(self) -> Value {
        match self {
            Self::Done(object) => object,
            other => panic!("{other:?}"),
        }
    }

    /// The id of the object.
    #[track_caller]
    pub fn id(self) -> i64 {
        self.done()["id"].as_i64().expect("an id")
    }

    /// Asserts that these fields were rejected with these messages.
    #[track_caller]
    pub fn expect_invalid(self, expected: &[(&str, &str)]) {
        let mut expected: Vec<(String, String)> = expected
            .iter()
            .map(|(field, message)| ((*field).to_owned(), (*message).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(self, Self::Invalid(expected));
    }
}

impl Api {
    /// Creates an object.
    pub async fn create(self, actor: &Actor, kind: Kind, fields: Value) -> Outcome {
        match self {
            Self::Rest => rest(&actor.post(&format!("{}/", kind.plural()), fields).await),
            Self::GraphQl => self.mutate(actor, kind, "create", input(fields)).await,
        }
    }

    /// Updates an object. If a version is given, the update requires it.
    pub async fn update(
        self,
        actor: &Actor,
        kind: Kind,
        id: i64,
        version: Option<i64>,
        fields: Value,
    ) -> Outcome {
        match self {
            Self::Rest => {
                let request = actor
                    .request(Method::PATCH, &format!("{}/{id}/", kind.plural()))
                    .json(&fields);
                rest(
                    &send(match version {
                        Some(version) => request.header("if-match", format!("\"{version}\"")),
                        None => request,
                    })
                    .await,
                )
            }
            Self::GraphQl => {
                let mut input = input(fields);
                input["id"] = json!(id.to_string());
                if let Some(version) = version {
                    input["expectedVersion"] = version.into();
                }
                self.mutate(actor, kind, "update", input).await
            }
        }
    }

    /// Deletes an object.
    pub async fn delete(self, actor: &Actor, kind: Kind, id: i64) -> Outcome {
        match self {
            Self::Rest => rest(&actor.delete(&format!("{}/{id}/", kind.plural())).await),
            Self::GraphQl => {
                self.mutate(actor, kind, "delete", json!({ "id": id.to_string() }))
                    .await
            }
        }
    }

    /// The object, if it exists.
    pub async fn find(self, actor: &Actor, kind: Kind, id: i64) -> Outcome {
        match self {
            Self::Rest => rest(&actor.get(&format!("{}/{id}/", kind.plural())).await),
            Self::GraphQl => {
                let field = field(kind);
                let document = format!("query($id: ID!) {{ {field}(id: $id) {{ {} }} }}", selection(kind));
                let body = actor.gql(&document, json!({ "id": id.to_string() })).await.json();
                request_error(&body).unwrap_or_else(|| match &body["data"][field] {
                    Value::Null => Outcome::NotFound,
                    object => Outcome::Done(output(object)),
                })
            }
        }
    }

    async fn mutate(self, actor: &Actor, kind: Kind, verb: &str, input: Value) -> Outcome {
        let noun = capital(field(kind));
        let selected = if verb == "delete" {
            "deletedId".to_owned()
        } else {
            format!("{} {{ {} }}", field(kind), selection(kind))
        };
        let document = format!(
            "mutation($input: {}{noun}Input!) {{ {verb}{noun}(input: $input) {{ {selected} userErrors {{ field message code }} }} }}",
            capital(verb)
        );
        let variables = json!({ "input": input });
        let body = actor.gql(&document, variables.clone()).await.json();
        if let Some(outcome) = type_errors(kind, &body, &variables["input"]) {
            return outcome;
        }
        if let Some(outcome) = request_error(&body) {
            return outcome;
        }
        let payload = &body["data"][format!("{verb}{noun}")];
        let errors = payload["userErrors"]
            .as_array()
            .unwrap_or_else(|| panic!("{document}: {body}"));
        let object = if verb == "delete" {
            &payload["deletedId"]
        } else {
            &payload[field(kind)]
        };
        if errors.is_empty() {
            assert!(!object.is_null(), "{body}");
            return Outcome::Done(if verb == "delete" {
                Value::Null
            } else {
                output(object)
            });
        }
        assert!(object.is_null(), "{body}");
        user_errors(errors)
    }
}

/// The outcome of a REST response.
fn rest(response: &Response) -> Outcome {
    match response.status {
        200 | 201 => Outcome::Done(response.json()),
        204 => Outcome::Done(Value::Null),
        401 => Outcome::Unauthenticated,
        403 => Outcome::Forbidden,
        404 => Outcome::NotFound,
        409 => match response.json()["error"]["code"].as_str().expect("a code") {
            "PROTECTED" => Outcome::Protected(response.expect_error(409, "PROTECTED")),
            "INSUFFICIENT_STOCK" => {
                let details = response.expect_error(409, "INSUFFICIENT_STOCK");
                let (available, requested) = (&details["available"], &details["requested"]);
                Outcome::InsufficientStock(json!({ "available": available, "requested": requested }))
            }
            "READ_ONLY" => Outcome::ReadOnly,
            "TOO_MANY_ENDPOINTS" => Outcome::TooMany,
            "ENDPOINT_DISABLED" | "WEBHOOKS_DISABLED" => Outcome::Disabled,
            code => panic!("{code}"),
        },
        412 => Outcome::Conflict,
        422 => {
            let body = response.json();
            let fields = body.as_object().expect("fields");
            let messages = fields.iter().flat_map(|(field, messages)| {
                let messages = messages.as_array().expect("messages");
                messages
                    .iter()
                    .map(move |message| (field.clone(), message.as_str().expect("a message").to_owned()))
            });
            let mut messages: Vec<_> = messages.collect();
            messages.sort();
            Outcome::Invalid(messages)
        }
        _ => panic!("{response:?}"),
    }
}

/// The outcome of the top-level errors of a GraphQL response.
fn request_error(body: &Value) -> Option<Outcome> {
    let code = body.get("errors")?[0]["extensions"]["code"].as_str();
    Some(match code {
        Some("UNAUTHENTICATED") => Outcome::Unauthenticated,
        Some("FORBIDDEN") => Outcome::Forbidden,
        _ => panic!("{body}"),
    })
}

/// The outcome of the errors in a payload.
fn user_errors(errors: &[Value]) -> Outcome {
    match errors[0]["code"].as_str().expect("a code") {
        "PROTECTED" => return Outcome::Protected(referring_objects(&errors[0])),
        "CONFLICT" => return Outcome::Conflict,
        "READ_ONLY" => return Outcome::ReadOnly,
        "TOO_MANY" => return Outcome::TooMany,
        "DISABLED" => return Outcome::Disabled,
        "NOT_FOUND" if errors[0]["field"] == "id" => return Outcome::NotFound,
        "INSUFFICIENT_STOCK" if errors[0]["field"].is_null() => {
            let numbers = numbers(&errors[0]);
            return Outcome::InsufficientStock(json!({ "available": numbers[0], "requested": numbers[1] }));
        }
        _ => {}
    }
    let mut messages: Vec<(String, String)> = errors
        .iter()
        .map(|error| {
            let field = rest_name(error["field"].as_str().unwrap_or("non_field_errors"));
            (field, error["message"].as_str().expect("a message").to_owned())
        })
        .collect();
    messages.sort();
    Outcome::Invalid(messages)
}

/// The GraphQL field of a single object.
fn field(kind: Kind) -> &'static str {
    match kind {
        Kind::Webhook => "webhookEndpoint",
        kind => kind.singular(),
    }
}

/// The selection of the fields that REST shows.
pub fn selection(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand | Kind::Category | Kind::Supplier => "id name description createdAt updatedAt",
        Kind::Product => {
            "id title category { id name } brand { id name } description serieNumber costPrice sellingPrice quantity
             createdAt updatedAt"
        }
        Kind::Inflow => {
            "id supplier { id name } product { id title } quantity description createdAt updatedAt"
        }
        Kind::Outflow => "id product { id title } quantity description createdAt updatedAt",
        Kind::Webhook => {
            "id url description events disabled disabledAt disabledReason failingSince previousSecretUntil managed
             createdAt updatedAt"
        }
    }
}

/// A GraphQL input from REST's fields.
fn input(fields: Value) -> Value {
    let Value::Object(fields) = fields else {
        panic!("{fields} is not an object")
    };
    let renamed = fields.into_iter().map(|(field, value)| match &*field {
        "category" | "brand" | "supplier" | "product" => {
            let id = value.as_i64().map_or(value, |id| json!(id.to_string()));
            (format!("{field}Id"), id)
        }
        "events" => (
            field,
            respell_events(value, |event| event.to_uppercase().replace('.', "_")),
        ),
        field => (camel_case(field), value),
    });
    Value::Object(renamed.collect())
}

/// Converts the names of webhook events to another spelling.
fn respell_events(names: Value, spell: impl Fn(&str) -> String) -> Value {
    match names {
        Value::Array(names) => names
            .into_iter()
            .map(|name| name.as_str().map_or(name.clone(), |name| spell(name).into()))
            .collect(),
        other => other,
    }
}

/// A GraphQL object as REST shows it: its spelling, ids as numbers, times to the second.
pub fn output(object: &Value) -> Value {
    match object {
        Value::Object(fields) => {
            let renamed = fields.iter().map(|(field, value)| {
                let value = match (&**field, value) {
                    ("id", Value::String(id)) => json!(id.parse::<i64>().expect("an id")),
                    ("events", Value::Array(_)) => {
                        respell_events(value.clone(), |event| event.to_lowercase().replacen('_', ".", 1))
                    }
                    ("disabledReason", Value::String(reason)) => reason.to_lowercase().into(),
                    (
                        "createdAt" | "updatedAt" | "disabledAt" | "failingSince" | "previousSecretUntil",
                        Value::String(time),
                    ) => {
                        json!(
                            crate::support::gateway::at(time)
                                .format("%Y-%m-%dT%H:%M:%SZ")
                                .to_string()
                        )
                    }
                    (_, value) => output(value),
                };
                (snake_case(field), value)
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// A word with an initial capital.
pub fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capital(word))
}

/// Converts `categoryId` to `category_id`.
pub fn snake_case(field: &str) -> String {
    field.chars().fold(String::new(), |mut name, letter| {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        name
    })
}
