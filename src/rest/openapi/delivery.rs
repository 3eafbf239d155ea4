//! The operations of webhook deliveries.

use ::entity::delivery::Entity;
use serde_json::{Map, Value, json};

use super::errors::{ANY_REQUEST, ErrorKind, errors};
use super::examples;
use super::nouns::tag;
use super::parameters::{list_parameters, parameter};
use super::responses::{response, responses};
use super::schemas::Schemas;
use super::webhook_endpoint::PERMISSION;
use crate::kind::Kind;
use crate::rest::delivery::DeliveryView;

/// `GET /webhooks/<id>/deliveries/`
pub(crate) fn list(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    let page = schemas.page_of(view, "WebhookDelivery", "deliveries");
    let mut parameters = vec![parameter("Id")];
    parameters.extend(list_parameters::<Entity>());
    json!({
        "operationId": "listWebhookDeliveries",
        "summary": "List the deliveries of a webhook",
        "description": format!("Deliveries are kept for 30 days. {PERMISSION}"),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "webhookEndpoint",
        "parameters": parameters,
        "responses": responses(
            "200",
            response("A page of deliveries.", &page, &examples::deliveries(), &[]),
            errors(
                &[
                    ErrorKind::InvalidParameter,
                    ErrorKind::Unauthenticated,
                    ErrorKind::Forbidden,
                    ErrorKind::NotFound,
                    ErrorKind::InvalidPage,
                ],
                ANY_REQUEST,
            ),
        ),
    })
}

/// `GET /webhooks/<id>/deliveries/<delivery>/`
pub(crate) fn show(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    let errors = errors(
        &[
            ErrorKind::InvalidHost,
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
        ],
        ANY_REQUEST,
    );
    json!({
        "operationId": "getWebhookDelivery",
        "summary": "Get a delivery",
        "description": PERMISSION,
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "webhookEndpoint",
        "parameters": [parameter("Id"), parameter("Delivery")],
        "responses": responses("200", response("The delivery.", &view, &delivered_example(), &[]), errors),
    })
}

/// `POST /webhooks/<id>/deliveries/<delivery>/replay/`
pub(crate) fn replay(schemas: &mut Schemas) -> Value {
    let response = queued(schemas);
    json!({
        "operationId": "replayWebhookDelivery",
        "summary": "Send a delivery again",
        "description": format!(
            "A delivery that has ended is sent with the same message id and the whole schedule of retries. A pending one is \
             sent at once. {PERMISSION}"
        ),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "replayWebhookDelivery",
        "parameters": [parameter("Id"), parameter("Delivery")],
        "responses": responses("202", response, sending_errors()),
    })
}

/// The response of operations that send a message.
pub(super) fn queued(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    response("The message will be sent.", &view, &pending_example(), &[])
}

/// The errors of operations that send a message.
pub(super) fn sending_errors() -> Map<String, Value> {
    errors(
        &[
            ErrorKind::InvalidHost,
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::NothingIsSent,
        ],
        ANY_REQUEST,
    )
}

fn view(schemas: &mut Schemas) -> Value {
    schemas.view_of::<DeliveryView>("WebhookDelivery", "An event that is sent to one endpoint.")
}

pub(super) fn delivered_example() -> Value {
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

fn pending_example() -> Value {
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
