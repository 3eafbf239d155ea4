//! The OpenAPI description of the operations on webhook deliveries.

use ::entity::delivery::Entity;
use openapi_document::{Schemas, response, responses};
use serde_json::{Map, Value, json};

use super::errors::{ANY_REQUEST, ErrorKind, errors};
use super::examples;
use super::parameters::{list_parameters, parameter};
use super::resource_texts::tag;
use super::schemas;
use crate::kind::Kind;
use crate::rest::delivery::DeliveryView;

pub(super) const PERMISSION: &str = "Needs the permission `change_webhook`.";

/// `GET /webhooks/<id>/deliveries/`
pub(crate) fn list(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    let page = schemas::page_of(schemas, view, "WebhookDelivery", "deliveries");
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
                    ErrorKind::NotFoundOrInvalidPage,
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
        "responses": responses("200", response("The delivery.", &view, &examples::delivered(), &[]), errors),
    })
}

/// `POST /webhooks/<id>/deliveries/<delivery>/replay/`
pub(crate) fn replay(schemas: &mut Schemas) -> Value {
    let response = queued_response(schemas);
    json!({
        "operationId": "replayWebhookDelivery",
        "summary": "Send a delivery again",
        "description": format!(
            "A delivery that has ended is sent again with the same message id, and its schedule of retries starts over. A pending \
             one is sent at once. {PERMISSION}"
        ),
        "tags": [tag(Kind::Webhook)],
        "x-graphql-operation": "replayWebhookDelivery",
        "parameters": [parameter("Id"), parameter("Delivery"), parameter("IdempotencyKey")],
        "responses": responses("202", response, sending_errors()),
    })
}

/// The response of operations that send a message.
pub(super) fn queued_response(schemas: &mut Schemas) -> Value {
    let view = view(schemas);
    response(
        "The message will be sent.",
        &view,
        &examples::pending(),
        &["Idempotent-Replayed"],
    )
}

/// The errors of operations that send a message.
pub(super) fn sending_errors() -> Map<String, Value> {
    errors(
        &[
            ErrorKind::InvalidParameter,
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::NotFound,
            ErrorKind::SendingDisabled,
            ErrorKind::PreconditionFailed,
        ],
        ANY_REQUEST,
    )
}

fn view(schemas: &mut Schemas) -> Value {
    schemas.view::<DeliveryView>("WebhookDelivery", "An event that is sent to one endpoint.")
}
