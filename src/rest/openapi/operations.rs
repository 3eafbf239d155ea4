//! The verbs of the six collections as the description has them, each written once for all, and what there is besides.

use serde_json::{Map, Value, json};

use super::answers::{answer, invalid, request, responses};
use super::nouns::{creating, deleting, field, name, names, one, tag};
use super::parameters::{of_list, parameter};
use super::refusals::{BODY, EVERYWHERE, refusals};
use super::schemas::{Demand, Schemas};
use super::{ROOT, examples};
use crate::auth::{Right, Verb};
use crate::kind::Kind;
use crate::resource::{Editable, Resource};
use crate::rest::face::Rest;

/// The tag of what is not about one noun.
pub const API: &str = "API";

/// The GraphQL field that tells what there is.
const INTROSPECTION: &str = "__schema";

/// `GET /brands/`
pub fn list<R: Rest>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let page = schemas.page::<R>();
    json!({
        "operationId": format!("list{}", names(kind)),
        "summary": format!("List {}", kind.plural()),
        "description": needs::<R>(None),
        "tags": [tag(kind)],
        "x-graphql-operation": field(&names(kind)),
        "parameters": of_list::<R>(),
        "responses": responses(
            "200",
            answer(format!("A page of {}.", kind.plural()), &page, &examples::list(kind), &[]),
            refusals(&["InvalidParameter", "Unauthenticated", "InvalidPage"], EVERYWHERE),
        ),
    })
}

/// `POST /brands/`
pub fn add<R: Rest>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let (view, body) = (schemas.view::<R>(), schemas.body::<R>(Demand::Whole));
    let created = answer(
        format!("The new {}.", kind.singular()),
        &view,
        &examples::created(kind),
        &["Location", "ETag"],
    );
    json!({
        "operationId": format!("create{}", name(kind)),
        "summary": format!("Create {}", one(kind)),
        "description": joined(creating(kind), &needs::<R>(Some(Verb::Add))),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("create{}", name(kind)),
        "requestBody": request(&body, &examples::new(kind)),
        "responses": responses(
            "201",
            created,
            with_faults::<R>(schemas, refusals(&["Unauthenticated", "Forbidden"], BODY)),
        ),
    })
}

/// `GET /brands/<id>/`
pub fn show<R: Rest>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let view = schemas.view::<R>();
    let mut refused = refusals(&["InvalidHost", "Unauthenticated", "NotFound"], EVERYWHERE);
    refused.insert("304".to_owned(), not_modified());
    json!({
        "operationId": format!("get{}", name(kind)),
        "summary": format!("Get {}", one(kind)),
        "description": needs::<R>(None),
        "tags": [tag(kind)],
        "x-graphql-operation": field(&name(kind)),
        "parameters": [parameter("Id"), parameter("IfNoneMatch")],
        "responses": responses(
            "200",
            answer(format!("The {}.", kind.singular()), &view, &examples::object(kind), &["ETag"]),
            refused,
        ),
    })
}

/// `PUT /brands/<id>/`
pub fn put<R: Rest + Editable>(schemas: &mut Schemas) -> Value {
    let mut operation = edit::<R>(schemas, "put");
    let description = "Changes what is sent and keeps what is not, as `PATCH` does.";
    if let Some(text) = operation.get_mut("description") {
        *text = joined(description, text.as_str().unwrap_or_default()).into();
    }
    operation
}

/// `PATCH /brands/<id>/`
pub fn patch<R: Rest + Editable>(schemas: &mut Schemas) -> Value {
    edit::<R>(schemas, "patch")
}

fn edit<R: Rest + Editable>(schemas: &mut Schemas, method: &str) -> Value {
    let kind = R::KIND;
    let (view, body) = (schemas.view::<R>(), schemas.body::<R>(Demand::Part));
    let refused = refusals(
        &["Unauthenticated", "Forbidden", "NotFound", "PreconditionFailed"],
        BODY,
    );
    json!({
        "operationId": format!("{method}{}", name(kind)),
        "summary": format!("Change {}", one(kind)),
        "description": needs::<R>(Some(Verb::Change)),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("update{}", name(kind)),
        "parameters": [parameter("Id"), parameter("IfMatch")],
        "requestBody": request(&body, &examples::changes(kind)),
        "responses": responses(
            "200",
            answer(format!("The {} as it is now.", kind.singular()), &view, &examples::changed(kind), &["ETag"]),
            with_faults::<R>(schemas, refused),
        ),
    })
}

/// `DELETE /brands/<id>/`
pub fn remove<R: Rest>(_: &mut Schemas) -> Value {
    let kind = R::KIND;
    let conflict = match kind {
        Kind::Inflow | Kind::Outflow => "InsufficientStock",
        Kind::Webhook => "ReadOnly",
        Kind::Brand | Kind::Category | Kind::Supplier | Kind::Product => "Protected",
    };
    let refused = refusals(
        &[
            "InvalidHost",
            "Unauthenticated",
            "Forbidden",
            "NotFound",
            conflict,
            "PreconditionFailed",
        ],
        EVERYWHERE,
    );
    json!({
        "operationId": format!("delete{}", name(kind)),
        "summary": format!("Delete {}", one(kind)),
        "description": joined(deleting(kind), &needs::<R>(Some(Verb::Delete))),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("delete{}", name(kind)),
        "parameters": [parameter("Id"), parameter("IfMatch")],
        "responses": responses("204", json!({ "description": "It is gone." }), refused),
    })
}

/// `GET /`
pub fn index(schemas: &mut Schemas) -> Value {
    let url = json!({ "type": "string", "format": "uri" });
    let names = Kind::ALL.map(Kind::plural);
    let index = schemas.add(
        "Index",
        json!({
            "type": "object",
            "required": names,
            "properties": names.map(|name| (name, url.clone())).into_iter().collect::<Value>(),
            "additionalProperties": false,
            "description": "The six collections and where they are.",
        }),
    );
    let example: Value = names
        .map(|name| (name, format!("http://localhost:8000{ROOT}/{name}/")))
        .into_iter()
        .collect();
    json!({
        "operationId": "getIndex",
        "summary": "List the collections",
        "tags": [API],
        "security": [],
        "x-graphql-operation": INTROSPECTION,
        "responses": responses(
            "200",
            answer("The address of each.", &index, &example, &[]),
            refusals(&["InvalidHost"], EVERYWHERE),
        ),
    })
}

/// `GET /openapi.json`
pub fn description(_: &mut Schemas) -> Value {
    let mut refused = refusals(&["InvalidHost"], EVERYWHERE);
    refused.insert("304".to_owned(), not_modified());
    json!({
        "operationId": "getDescription",
        "summary": "Get this description",
        "tags": [API],
        "security": [],
        "x-graphql-operation": INTROSPECTION,
        "parameters": [parameter("IfNoneMatch")],
        "responses": responses("200", json!({
            "description": "This OpenAPI description.",
            "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["openapi", "info", "paths"],
                "properties": {
                    "openapi": { "type": "string" },
                    "info": { "type": "object" },
                    "paths": { "type": "object" },
                },
            }}},
        }), refused),
    })
}

/// What a caller must be allowed.
fn needs<R: Resource>(verb: Option<Verb>) -> String {
    match R::GUARD.or(verb.map(|verb| Right(verb, R::KIND))) {
        Some(right) => format!("Needs the permission `{}`.", right.codename()),
        None => "Needs a login but no permission.".to_owned(),
    }
}

fn not_modified() -> Value {
    json!({ "$ref": "#/components/responses/NotModified" })
}

/// Sentences, some of which may be empty.
fn joined(one: &str, other: &str) -> String {
    format!("{one} {other}").trim().to_owned()
}

fn with_faults<R: Rest>(schemas: &mut Schemas, mut refused: Map<String, Value>) -> Map<String, Value> {
    let faults = schemas.faults::<R>();
    refused.insert("422".to_owned(), invalid(&faults, &examples::faults(R::KIND)));
    refused
}
