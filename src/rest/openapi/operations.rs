//! The OpenAPI description of the operations that all collections have, and of those of the API as a whole.

use openapi_document::{Completeness, Schemas, faults_response, request_body, response, responses};
use serde_json::{Map, Value, json};

use super::errors::{ANY_BODY, ANY_REQUEST, ErrorKind, KEYED_BODY, errors};
use super::examples;
use super::parameters::{list_parameters, parameter};
use super::resource_texts::{
    creation_notes, deletion_notes, graphql_field, operation_name, plural_operation_name, tag, with_article,
};
use super::schemas;
use crate::auth::{Permission, Verb};
use crate::http::pages::EXAMPLE_URL;
use crate::kind::Kind;
use crate::resource::{Editable, Resource};
use crate::rest::path::ROOT;
use crate::rest::representation::RestResource;

/// The tag of operations that belong to no collection.
pub(super) const API: &str = "API";

/// The GraphQL field that corresponds to the operations of the API as a whole.
const INTROSPECTION: &str = "__schema";

/// `GET /brands/`
pub(crate) fn list<R: RestResource>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let page = schemas::page::<R>(schemas);
    json!({
        "operationId": format!("list{}", plural_operation_name(kind)),
        "summary": format!("List {}", kind.plural()),
        "description": permission_sentence::<R>(None),
        "tags": [tag(kind)],
        "x-graphql-operation": graphql_field(&plural_operation_name(kind)),
        "parameters": list_parameters::<R>(),
        "responses": responses(
            "200",
            response(format!("A page of {}.", kind.plural()), &page, &examples::list(kind), &[]),
            errors(&[ErrorKind::InvalidParameter, ErrorKind::Unauthenticated, ErrorKind::InvalidPage], ANY_REQUEST),
        ),
    })
}

/// `POST /brands/`
pub(crate) fn add<R: RestResource>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let (view, body) = (
        schemas::view::<R>(schemas),
        schemas::body::<R>(schemas, Completeness::Complete),
    );
    let created = response(
        format!("The new {}.", kind.singular()),
        &view,
        &examples::creation_response(kind),
        &["Location", "ETag", "Idempotent-Replayed"],
    );
    json!({
        "operationId": format!("create{}", operation_name(kind)),
        "summary": format!("Create {}", with_article(kind)),
        "description": join(creation_notes(kind), &permission_sentence::<R>(Some(Verb::Add))),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("create{}", operation_name(kind)),
        "parameters": [parameter("IdempotencyKey")],
        "requestBody": request_body(&body, &examples::creation(kind)),
        "responses": responses(
            "201",
            created,
            with_faults::<R>(
                schemas,
                errors(
                    &[
                        ErrorKind::Unauthenticated,
                        ErrorKind::Forbidden,
                        ErrorKind::KeyConflict,
                        ErrorKind::PreconditionFailed,
                    ],
                    KEYED_BODY,
                ),
            ),
        ),
    })
}

/// `GET /brands/<id>/`
pub(crate) fn show<R: RestResource>(schemas: &mut Schemas) -> Value {
    let kind = R::KIND;
    let view = schemas::view::<R>(schemas);
    let mut errors = errors(
        &[
            ErrorKind::InvalidHost,
            ErrorKind::Unauthenticated,
            ErrorKind::NotFound,
        ],
        ANY_REQUEST,
    );
    errors.insert("304".to_owned(), not_modified());
    json!({
        "operationId": format!("get{}", operation_name(kind)),
        "summary": format!("Get {}", with_article(kind)),
        "description": permission_sentence::<R>(None),
        "tags": [tag(kind)],
        "x-graphql-operation": graphql_field(&operation_name(kind)),
        "parameters": [parameter("Id"), parameter("IfNoneMatch")],
        "responses": responses(
            "200",
            response(format!("The {}.", kind.singular()), &view, &examples::object(kind), &["ETag"]),
            errors,
        ),
    })
}

/// `PUT /brands/<id>/`
pub(crate) fn put<R: RestResource + Editable>(schemas: &mut Schemas) -> Value {
    let mut operation = edit::<R>(schemas, "put");
    let description = "Changes the fields that are sent and keeps the others, as `PATCH` does.";
    if let Some(text) = operation.get_mut("description") {
        *text = join(description, text.as_str().unwrap_or_default()).into();
    }
    operation
}

/// `PATCH /brands/<id>/`
pub(crate) fn patch<R: RestResource + Editable>(schemas: &mut Schemas) -> Value {
    edit::<R>(schemas, "patch")
}

fn edit<R: RestResource + Editable>(schemas: &mut Schemas, method: &str) -> Value {
    let kind = R::KIND;
    let (view, body) = (
        schemas::view::<R>(schemas),
        schemas::body::<R>(schemas, Completeness::Partial),
    );
    let errors = errors(
        &[
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::PreconditionFailed,
        ],
        ANY_BODY,
    );
    json!({
        "operationId": format!("{method}{}", operation_name(kind)),
        "summary": format!("Change {}", with_article(kind)),
        "description": permission_sentence::<R>(Some(Verb::Change)),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("update{}", operation_name(kind)),
        "parameters": [parameter("Id"), parameter("IfMatch")],
        "requestBody": request_body(&body, &examples::change(kind)),
        "responses": responses(
            "200",
            response(format!("The changed {}.", kind.singular()), &view, &examples::change_response(kind), &["ETag"]),
            with_faults::<R>(schemas, errors),
        ),
    })
}

/// `DELETE /brands/<id>/`
pub(crate) fn remove<R: RestResource>(_: &mut Schemas) -> Value {
    let kind = R::KIND;
    let conflict = match kind {
        Kind::Inflow | Kind::Outflow => ErrorKind::InsufficientStock,
        Kind::Webhook => ErrorKind::ReadOnly,
        Kind::Brand | Kind::Category | Kind::Supplier | Kind::Product => ErrorKind::Protected,
    };
    let errors = errors(
        &[
            ErrorKind::InvalidHost,
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            conflict,
            ErrorKind::PreconditionFailed,
        ],
        ANY_REQUEST,
    );
    json!({
        "operationId": format!("delete{}", operation_name(kind)),
        "summary": format!("Delete {}", with_article(kind)),
        "description": join(deletion_notes(kind), &permission_sentence::<R>(Some(Verb::Delete))),
        "tags": [tag(kind)],
        "x-graphql-operation": format!("delete{}", operation_name(kind)),
        "parameters": [parameter("Id"), parameter("IfMatch")],
        "responses": responses("204", json!({ "description": "It was deleted." }), errors),
    })
}

/// `GET /`
pub(crate) fn index(schemas: &mut Schemas) -> Value {
    let url = json!({ "type": "string", "format": "uri" });
    let names = Kind::ALL.map(Kind::plural);
    let index = schemas.add(
        "CollectionUrls",
        json!({
            "type": "object",
            "required": names,
            "properties": names.map(|name| (name, url.clone())).into_iter().collect::<Value>(),
            "additionalProperties": false,
            "description": "The URL of each collection.",
        }),
    );
    let example: Value = names
        .map(|name| (name, format!("{EXAMPLE_URL}{ROOT}/{name}/")))
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
            response("The URLs.", &index, &example, &[]),
            errors(&[ErrorKind::InvalidHost], ANY_REQUEST),
        ),
    })
}

/// `GET /openapi.json`
pub(crate) fn description(_: &mut Schemas) -> Value {
    let mut errors = errors(&[ErrorKind::InvalidHost], ANY_REQUEST);
    errors.insert("304".to_owned(), not_modified());
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
        }), errors),
    })
}

/// Returns a sentence about the permission that an operation requires.
fn permission_sentence<R: Resource>(verb: Option<Verb>) -> String {
    match R::GUARD.or(verb.map(|verb| Permission(verb, R::KIND))) {
        Some(permission) => format!("Needs the permission `{}`.", permission.codename()),
        None => "Needs a login but no permission.".to_owned(),
    }
}

fn not_modified() -> Value {
    json!({ "$ref": "#/components/responses/NotModified" })
}

fn join(one: &str, other: &str) -> String {
    format!("{one} {other}").trim().to_owned()
}

fn with_faults<R: RestResource>(schemas: &mut Schemas, mut errors: Map<String, Value>) -> Map<String, Value> {
    let faults = schemas::faults::<R>(schemas);
    errors.insert(
        "422".to_owned(),
        faults_response(&faults, &examples::faults(R::KIND)),
    );
    errors
}
