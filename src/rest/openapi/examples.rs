//! Examples of bodies. Those of the API's documentation are in `examples.json`, which the tests use too.

use std::sync::LazyLock;

use openapi_document::insert;
use serde_json::{Map, Value, json};

use crate::kind::Kind;

/// The examples of the documentation, by name.
static DOCUMENTED: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// Returns an example of the documentation. A test checks that all names exist.
fn documentation_example(name: &str) -> Value {
    DOCUMENTED.get(name).cloned().unwrap_or_default()
}

/// Returns an object as in responses.
pub(super) fn object(kind: Kind) -> Value {
    match kind {
        Kind::Webhook => webhook_endpoint(),
        kind => list(kind).pointer("/results/0").cloned().unwrap_or_default(),
    }
}

/// Returns a page of a list.
pub(super) fn list(kind: Kind) -> Value {
    match kind {
        Kind::Webhook => page_of(&webhook_endpoint()),
        kind => documentation_example(&format!("{}-list", kind.singular())),
    }
}

/// Returns a list with a single object.
pub(super) fn page_of(object: &Value) -> Value {
    json!({ "count": 1, "next": null, "previous": null, "results": [object] })
}

/// Returns the body of a request that creates an object.
pub(super) fn creation(kind: Kind) -> Value {
    match kind {
        Kind::Webhook => new_webhook_endpoint(),
        kind => documentation_example(&format!("{}-create", kind.singular())),
    }
}

/// Returns the response to [`creation`].
pub(super) fn creation_response(kind: Kind) -> Value {
    match kind {
        Kind::Webhook => webhook_endpoint_with_secret(),
        kind => documentation_example(&format!("{}-created", kind.singular())),
    }
}

/// Returns the body of a request that changes [`object`].
pub(super) fn change(kind: Kind) -> Value {
    match kind {
        Kind::Brand | Kind::Category | Kind::Product => {
            documentation_example(&format!("{}-update", kind.singular()))
        }
        // The documentation has no example for suppliers, and inflows and outflows can't be changed.
        Kind::Supplier | Kind::Inflow | Kind::Outflow | Kind::Webhook => {
            json!({ "description": "Updated description" })
        }
    }
}

/// Returns the response to [`change`], which the documentation has for brands only.
pub(super) fn change_response(kind: Kind) -> Value {
    let mut object = object(kind);
    if let (Value::Object(object), Value::Object(change)) = (&mut object, change(kind)) {
        object.extend(change);
        object.insert("updated_at".to_owned(), "2024-01-16T15:00:00Z".into());
    }
    object
}

/// Returns the body of a response with status 422.
pub(super) fn faults(kind: Kind) -> Value {
    match kind {
        Kind::Product => documentation_example("error-422"),
        Kind::Brand | Kind::Category | Kind::Supplier => json!({ "name": ["This field is required."] }),
        Kind::Inflow => json!({
            "supplier": ["Invalid pk \"7\" - object does not exist."],
            "quantity": ["Ensure this value is greater than or equal to 1."],
        }),
        Kind::Outflow => json!({ "quantity": ["Not enough stock: 5 available."] }),
        Kind::Webhook => json!({
            "url": ["Enter a valid URL: it must be an http or https address."],
            "events": ["This list may not be empty."],
        }),
    }
}

pub(super) fn credentials() -> Value {
    documentation_example("token-request")
}

pub(super) fn tokens() -> Value {
    documentation_example("token-response")
}

pub(super) fn refresh_token() -> Value {
    documentation_example("refresh-request")
}

pub(super) fn refreshed_tokens() -> Value {
    documentation_example("refresh-response")
}

pub(super) fn any_token() -> Value {
    documentation_example("verify-request")
}

/// Returns a page of deliveries.
pub(super) fn deliveries() -> Value {
    page_of(&delivered())
}

fn webhook_endpoint() -> Value {
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

fn new_webhook_endpoint() -> Value {
    json!({
        "url": "https://shop.example.com/hooks/stock",
        "description": "The web shop",
        "events": ["outflow.created", "product.low_stock"],
    })
}

fn webhook_endpoint_with_secret() -> Value {
    let mut endpoint = webhook_endpoint();
    insert(&mut endpoint, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    endpoint
}

pub(super) fn delivered() -> Value {
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

pub(super) fn pending() -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_exists() {
        let of_kinds = [
            Kind::Brand,
            Kind::Category,
            Kind::Supplier,
            Kind::Product,
            Kind::Inflow,
            Kind::Outflow,
            Kind::Webhook,
        ]
        .into_iter()
        .flat_map(|kind| {
            [
                object,
                list,
                creation,
                creation_response,
                change,
                change_response,
                faults,
            ]
            .map(|example| example(kind))
        });
        let of_tokens = [
            credentials(),
            tokens(),
            refresh_token(),
            refreshed_tokens(),
            any_token(),
        ];
        for example in of_kinds.chain(of_tokens) {
            assert!(example.is_object(), "{example}");
        }
    }
}
