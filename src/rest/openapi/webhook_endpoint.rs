//! The OpenAPI description of the operations on webhook endpoints: the standard collection operations, with additional
//! errors, and those that only webhook endpoints have.

use ::entity::webhook_endpoint::Entity;
use openapi_document::{Schemas, faults, faults_response, insert, request_body, response, responses};
use serde_json::{Value, json};

use super::delivery::{self, PERMISSION};
use super::errors::{ErrorKind, KEYED_BODY, errors};
use super::examples;
use super::operations;
use super::parameters::parameter;
use super::resource_texts::tag;
use crate::kind::Kind;
use crate::resolvers::delivery::MAX_REPLAYED;
use crate::resolvers::webhook_endpoint::{MAX_OVERLAP, OVERLAP};
use crate::rest::webhook_endpoint::{ReplayView, SecretView};

/// The description of the tag.
pub(super) const ABOUT: &str = "Endpoints that receive events by webhook, and the deliveries to them. All operations need \
    the permission `change_webhook`. Messages have the form and the signatures of the \
    [Standard Webhooks](https://www.standardwebhooks.com) specification.";

/// `GET /webhooks/`
pub(crate) fn list(schemas: &mut Schemas) -> Value {
    let operation = operations::list::<Entity>(schemas);
    with_errors(operation, &[ErrorKind::Forbidden])
}

/// `POST /webhooks/`
pub(crate) fn add(schemas: &mut Schemas) -> Value {
    let mut operation = operations::add::<Entity>(schemas);
    let created = view_with_secret(schemas);
    if let Some(schema) = operation.pointer_mut("/responses/201/content/application~1json") {
        insert(schema, "schema", created);
    }
    with_errors(operation, &[ErrorKind::TooManyEndpoints])
}

/// `GET /webhooks/<id>/`
pub(crate) fn show(schemas: &mut Schemas) -> Value {
    let operation = operations::show::<Entity>(schemas);
    with_errors(operation, &[ErrorKind::Forbidden])
}

/// `PUT /webhooks/<id>/`
pub(crate) fn put(schemas: &mut Schemas) -> Value {
    let operation = operations::put::<Entity>(schemas);
    with_errors(operation, &[ErrorKind::ReadOnly])
}

/// `PATCH /webhooks/<id>/`
pub(crate) fn patch(schemas: &mut Schemas) -> Value {
    let operation = operations::patch::<Entity>(schemas);
    with_errors(operation, &[ErrorKind::ReadOnly])
}

/// `DELETE /webhooks/<id>/`
pub(crate) fn remove(schemas: &mut Schemas) -> Value {
    operations::remove::<Entity>(schemas)
}

/// `POST /webhooks/<id>/rotate-secret/`
pub(crate) fn rotate(schemas: &mut Schemas) -> Value {
    let body = schemas.add(
        "SecretRotation",
        json!({
            "type": "object",
            "properties": { "overlap": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_OVERLAP,
                "default": OVERLAP,
                "description": "The number of seconds for which messages are also signed with the old secret.",
            }},
            "description": "How the old secret is replaced.",
        }),
    );
    let faults = schemas.add("SecretRotationFaults", faults(["overlap"]));
    let rotated = view_with_secret(schemas);
    let mut request = request_body(&body, &json!({ "overlap": 3_600 }));
    insert(&mut request, "required", false);
    let mut errors = errors(
        &[
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::PreconditionFailed,
            ErrorKind::RotationConflict,
        ],
        KEYED_BODY,
    );
    let invalid = json!({ "overlap": ["Ensure this value is greater than or equal to 0."] });
    errors.insert("422".to_owned(), faults_response(&faults, &invalid));
    json!({
        "operationId": "rotateWebhookSecret",
        "summary": "Replace the secret of a webhook",
        "description": format!("Until the overlap ends, messages are signed with both secrets. {PERMISSION}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "rotateWebhookSecret",
        "parameters": [parameter("Id"), parameter("IfMatch"), parameter("IdempotencyKey")],
        "requestBody": request,
        "responses": responses(
            "200",
            response("The endpoint with its new secret.", &rotated, &examples::creation_response(Kind::Webhook), &["ETag", "Idempotent-Replayed"]),
            errors,
        ),
    })
}

/// `POST /webhooks/<id>/test/`
pub(crate) fn test(schemas: &mut Schemas) -> Value {
    let response = delivery::queued_response(schemas);
    json!({
        "operationId": "sendTestWebhook",
        "summary": "Send a test message to a webhook",
        "description": format!("Sends a `webhook.test` message without data, regardless of the endpoint's events. {PERMISSION}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "sendTestWebhook",
        "parameters": [parameter("Id"), parameter("IfMatch"), parameter("IdempotencyKey")],
        "responses": responses("202", response, delivery::sending_errors()),
    })
}

/// `POST /webhooks/<id>/replay/`
pub(crate) fn replay_failed(schemas: &mut Schemas) -> Value {
    let body = schemas.add(
        "ReplaySince",
        json!({
            "type": "object",
            "required": ["since"],
            "properties": { "since": {
                "type": "string",
                "format": "date-time",
                "description": "Deliveries that have failed for good since this time are sent again.",
            }},
        }),
    );
    let faults = schemas.add("ReplaySinceFaults", faults(["since"]));
    let result = schemas.view::<ReplayView>(
        "ReplayResult",
        "The number of deliveries that will be sent again.",
    );
    let mut errors = errors(
        &[
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::SendingDisabled,
            ErrorKind::PreconditionFailed,
        ],
        KEYED_BODY,
    );
    let invalid = json!({ "since": ["This field is required."] });
    errors.insert("422".to_owned(), faults_response(&faults, &invalid));
    json!({
        "operationId": "replayWebhookDeliveries",
        "summary": "Send the failed deliveries of a webhook again",
        "description": format!(
            "Sends the oldest first, at most {MAX_REPLAYED} per request. The message ids stay the same, and the schedules of retries \
             start over. {PERMISSION}"
        ),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "replayWebhookDeliveries",
        "parameters": [parameter("Id"), parameter("IfMatch"), parameter("IdempotencyKey")],
        "requestBody": request_body(&body, &json!({ "since": "2024-01-15T00:00:00Z" })),
        "responses": responses(
            "202",
            response(
                "The messages will be sent.",
                &result,
                &json!({ "replayed": 12, "has_more": false }),
                &["Idempotent-Replayed"],
            ),
            errors,
        ),
    })
}

fn view_with_secret(schemas: &mut Schemas) -> Value {
    schemas.view::<SecretView>(
        "WebhookEndpointSecret",
        "An endpoint with its new secret, which is not shown again.",
    )
}

/// Adds errors to an operation.
fn with_errors(mut operation: Value, more: &[ErrorKind]) -> Value {
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.extend(errors(more, &[]));
        responses.sort_keys();
    }
    operation
}
