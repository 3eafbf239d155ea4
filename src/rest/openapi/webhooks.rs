//! Webhook endpoints and their deliveries as the description has them: the verbs of every collection, with what is
//! refused here besides, and what can be done with an endpoint and no other object.

use ::entity::{delivery, webhook_endpoint};
use serde_json::{Value, json};

use super::answers::{answer, invalid, request, responses};
use super::nouns::tag;
use super::operations;
use super::parameters::{of_list, parameter};
use super::refusals::{BODY, EVERYWHERE, refusals};
use super::schemas::{self, Schemas, faults};
use crate::kind::Kind;
use crate::resolvers::delivery::MAX_REPLAYED;
use crate::resolvers::webhook_endpoint::{MAX_OVERLAP, OVERLAP};
use crate::rest::delivery::DeliveryView;
use crate::rest::webhook_endpoint::{Replayed, SecretView};

/// What there is to know about all of them.
pub const ABOUT: &str = "Who is told of events by webhook, and how that went. All of it needs the permission \
    `change_webhook`. Messages are shaped and signed by the [Standard Webhooks](https://www.standardwebhooks.com) \
    specification.";

const NEEDS: &str = "Needs the permission `change_webhook`.";

/// `GET /webhooks/`
pub fn list(schemas: &mut Schemas) -> Value {
    let operation = operations::list::<webhook_endpoint::Entity>(schemas);
    refused(operation, &["Forbidden"])
}

/// `POST /webhooks/`
pub fn add(schemas: &mut Schemas) -> Value {
    let mut operation = operations::add::<webhook_endpoint::Entity>(schemas);
    let created = schemas.view_of::<SecretView>("WebhookEndpointSecret", SECRET);
    if let Some(schema) = operation.pointer_mut("/responses/201/content/application~1json") {
        schemas::put(schema, "schema", created);
    }
    refused(operation, &["TooManyEndpoints"])
}

/// `GET /webhooks/<id>/`
pub fn show(schemas: &mut Schemas) -> Value {
    let operation = operations::show::<webhook_endpoint::Entity>(schemas);
    refused(operation, &["Forbidden"])
}

/// `PUT /webhooks/<id>/`
pub fn put(schemas: &mut Schemas) -> Value {
    let operation = operations::put::<webhook_endpoint::Entity>(schemas);
    refused(operation, &["ReadOnly"])
}

/// `PATCH /webhooks/<id>/`
pub fn patch(schemas: &mut Schemas) -> Value {
    let operation = operations::patch::<webhook_endpoint::Entity>(schemas);
    refused(operation, &["ReadOnly"])
}

/// `DELETE /webhooks/<id>/`
pub fn remove(schemas: &mut Schemas) -> Value {
    operations::remove::<webhook_endpoint::Entity>(schemas)
}

const SECRET: &str = "An endpoint with its new secret, which is shown this once.";

/// `POST /webhooks/<id>/rotate-secret/`
pub fn rotate(schemas: &mut Schemas) -> Value {
    let body = schemas.add(
        "SecretRotation",
        json!({
            "type": "object",
            "properties": { "overlap": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_OVERLAP,
                "default": OVERLAP,
                "description": "For how many seconds messages are signed with the old secret too.",
            }},
            "description": "How the old secret ends.",
        }),
    );
    let faults = schemas.add("SecretRotationFaults", faults(["overlap"]));
    let rotated = schemas.view_of::<SecretView>("WebhookEndpointSecret", SECRET);
    let mut request = request(&body, &json!({ "overlap": 3_600 }));
    schemas::put(&mut request, "required", false);
    let mut refused = refusals(
        &[
            "Unauthenticated",
            "Forbidden",
            "NotFound",
            "PreconditionFailed",
            "ReadOnly",
        ],
        BODY,
    );
    let wrong = json!({ "overlap": ["Ensure this value is greater than or equal to 0."] });
    refused.insert("422".to_owned(), invalid(&faults, &wrong));
    json!({
        "operationId": "rotateWebhookSecret",
        "summary": "Give a webhook another secret",
        "description": format!("Until the overlap ends, messages carry a signature by each of the two. {NEEDS}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "rotateWebhookSecret",
        "parameters": [parameter("Id"), parameter("IfMatch")],
        "requestBody": request,
        "responses": responses(
            "200",
            answer("The endpoint with its new secret.", &rotated, &with_secret(), &["ETag"]),
            refused,
        ),
    })
}

/// `POST /webhooks/<id>/test/`
pub fn test(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    json!({
        "operationId": "sendTestWebhook",
        "summary": "Send a test to a webhook",
        "description": format!("A `webhook.test` message that tells of nothing, whatever the endpoint is told of. {NEEDS}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "sendTestWebhook",
        "parameters": [parameter("Id")],
        "responses": responses("202", answer("It is on its way.", &view, &waiting(), &[]), not_sent()),
    })
}

/// `POST /webhooks/<id>/replay/`
pub fn replay_failed(schemas: &mut Schemas) -> Value {
    let body = schemas.add(
        "ReplaySince",
        json!({
            "type": "object",
            "required": ["since"],
            "properties": { "since": {
                "type": "string",
                "format": "date-time",
                "description": "Deliveries that have failed for good since this moment are told again.",
            }},
        }),
    );
    let faults = schemas.add("ReplaySinceFaults", faults(["since"]));
    let replayed = schemas.view_of::<Replayed>("Replayed", "How many deliveries are told again.");
    let mut refused = refusals(
        &["Unauthenticated", "Forbidden", "NotFound", "NothingIsSent"],
        BODY,
    );
    let wrong = json!({ "since": ["This field is required."] });
    refused.insert("422".to_owned(), invalid(&faults, &wrong));
    json!({
        "operationId": "replayWebhookDeliveries",
        "summary": "Tell a webhook again what failed",
        "description": format!(
            "The oldest first, {MAX_REPLAYED} at a time, by the whole schedule and with the message ids that they had. {NEEDS}"
        ),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "replayWebhookDeliveries",
        "parameters": [parameter("Id")],
        "requestBody": request(&body, &json!({ "since": "2024-01-15T00:00:00Z" })),
        "responses": responses(
            "202",
            answer("They are on their way.", &replayed, &json!({ "replayed": 12, "has_more": false }), &[]),
            refused,
        ),
    })
}

/// `GET /webhooks/<id>/deliveries/`
pub fn deliveries(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    let page = schemas.page_of(view, "WebhookDelivery", "deliveries");
    let mut parameters = vec![parameter("Id")];
    parameters.extend(of_list::<delivery::Entity>());
    let example = json!({ "count": 1, "next": null, "previous": null, "results": [delivered()] });
    json!({
        "operationId": "listWebhookDeliveries",
        "summary": "List the deliveries of a webhook",
        "description": format!("With their tries. They are kept for 30 days. {NEEDS}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "webhookEndpoint",
        "parameters": parameters,
        "responses": responses(
            "200",
            answer("A page of deliveries.", &page, &example, &[]),
            refusals(
                &["InvalidParameter", "Unauthenticated", "Forbidden", "NotFound", "InvalidPage"],
                EVERYWHERE,
            ),
        ),
    })
}

/// `GET /webhooks/<id>/deliveries/<delivery>/`
pub fn delivery(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    json!({
        "operationId": "getWebhookDelivery",
        "summary": "Get a delivery",
        "description": NEEDS,
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "webhookEndpoint",
        "parameters": [parameter("Id"), parameter("Delivery")],
        "responses": responses(
            "200",
            answer("The delivery.", &view, &delivered(), &[]),
            refusals(&["InvalidHost", "Unauthenticated", "Forbidden", "NotFound"], EVERYWHERE),
        ),
    })
}

/// `POST /webhooks/<id>/deliveries/<delivery>/replay/`
pub fn replay(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    json!({
        "operationId": "replayWebhookDelivery",
        "summary": "Tell a webhook again",
        "description": format!(
            "What has ended begins anew, by the whole schedule and with the same message id; what waits is tried at once. \
             {NEEDS}"
        ),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "replayWebhookDelivery",
        "parameters": [parameter("Id"), parameter("Delivery")],
        "responses": responses("202", answer("It is on its way.", &view, &waiting(), &[]), not_sent()),
    })
}

fn view(schemas: &mut Schemas) -> Value {
    schemas.view_of::<DeliveryView>("WebhookDelivery", "An event that one endpoint is told of.")
}

fn not_sent() -> serde_json::Map<String, Value> {
    refusals(
        &[
            "InvalidHost",
            "Unauthenticated",
            "Forbidden",
            "NotFound",
            "NothingIsSent",
        ],
        EVERYWHERE,
    )
}

/// The operation with more that it can be refused with.
fn refused(mut operation: Value, more: &[&str]) -> Value {
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        responses.extend(refusals(more, &[]));
        responses.sort_keys();
    }
    operation
}

/// An endpoint.
pub fn endpoint() -> Value {
    json!({
        "id": 1,
        "url": "https://shop.example.com/hooks/stock",
        "description": "The web shop",
        "events": ["outflow.created", "product.low_stock"],
        "disabled": false,
        "disabled_at": null,
        "disabled_reason": null,
        "failing_since": null,
        "previous_secret_until": null,
        "managed": true,
        "created_at": "2024-01-15T10:30:00Z",
        "updated_at": "2024-01-15T10:30:00Z",
    })
}

/// What a new one is made of.
pub fn new() -> Value {
    json!({
        "url": "https://shop.example.com/hooks/stock",
        "description": "The web shop",
        "events": ["outflow.created", "product.low_stock"],
    })
}

/// An endpoint as it is shown when it has a new secret.
pub fn with_secret() -> Value {
    let mut endpoint = endpoint();
    schemas::put(&mut endpoint, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    endpoint
}

fn delivered() -> Value {
    json!({
        "id": 1,
        "message_id": "msg_2f6c1a0b8e5d4c3b9a7f6e5d4c3b2a19",
        "event": "outflow.created",
        "outcome": "delivered",
        "created_at": "2024-01-15T14:30:00Z",
        "ended_at": "2024-01-15T14:30:01Z",
        "next_attempt_at": null,
        "attempt_count": 1,
        "attempts": [{
            "number": 1,
            "started_at": "2024-01-15T14:30:01Z",
            "duration_ms": 48,
            "status": 204,
            "error": null,
        }],
    })
}

fn waiting() -> Value {
    json!({
        "id": 2,
        "message_id": "msg_7b3e9d1c5a2f4e6d8c0b9a8f7e6d5c4b",
        "event": "webhook.test",
        "outcome": "pending",
        "created_at": "2024-01-15T14:35:00Z",
        "ended_at": null,
        "next_attempt_at": "2024-01-15T14:35:00Z",
        "attempt_count": 0,
        "attempts": [],
    })
}
