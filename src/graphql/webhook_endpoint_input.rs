//! The mutations of webhook endpoints: inputs and payloads. Only creation and rotation return a secret.

use ::entity::event::Name;
use ::entity::webhook_endpoint::{self, Secret};
use async_graphql::{ID, InputObject, MaybeUndefined, SimpleObject};

use super::kit::UserError;
use super::kit::input::{InputField, Optional, Presence as _, UpdateInput, delete_input, inputs};
use super::kit::node::NodeOf;
use super::kit::payload::{Payload, delete_payload, payload, split};
use super::webhook_endpoint::WebhookEvent;
use crate::error::{Fault, Result};
use crate::query::Row;
use crate::resolvers::webhook_endpoint::{Draft, Rotation};

inputs! {
    /// A new webhook endpoint.
    create CreateWebhookEndpointInput,
    /// What to change about a webhook endpoint.
    update UpdateWebhookEndpointInput,
    fills Draft,
    fields {
        /// An http or https address. Not on the server's machine or a private network,
        /// unless its settings allow it.
        url: Required<String>;
        /// The events to send to it: one or more.
        events: Required<Vec<WebhookEvent>>;
        /// At most 500 characters.
        description: Optional<String>;
        disabled: Optional<bool>, create [
            /// Whether it is disabled at first. False when absent.
        ], update [
            /// True: nothing is sent to it, and its pending deliveries fail. False: events are
            /// sent to it again, also when Stockroom had given it up.
        ];
    }
}

impl InputField for Vec<WebhookEvent> {
    type Value = Vec<String>;

    fn read(self, _: &'static str) -> Result<Self::Value, Fault> {
        let names = self
            .into_iter()
            .map(|event| Name::from(event).as_str().to_owned());
        Ok(names.collect())
    }
}

delete_input!(
    /// The webhook endpoint to delete.
    DeleteWebhookEndpointInput
);

/// The webhook endpoint to give another secret.
#[derive(InputObject)]
pub(crate) struct RotateWebhookSecretInput {
    id: ID,
    /// Refuses with `CONFLICT` when the endpoint has changed since this version.
    expected_version: Option<i32>,
    /// For how many seconds messages are also signed with the old secret: from 0 to
    /// 604800, one day when absent.
    overlap: MaybeUndefined<i32>,
}

impl UpdateInput for RotateWebhookSecretInput {
    type Draft = Rotation;

    fn into_parts(self) -> (ID, Option<i64>, Rotation) {
        let rotation = Rotation {
            overlap: Optional::field(self.overlap).map(i64::from),
            faults: Vec::new(),
        };
        (self.id, self.expected_version.map(i64::from), rotation)
    }
}

/// Declares the payload of an endpoint that has just been given a secret.
macro_rules! secret_payload {
    ($(#[$meta:meta])* $payload:ident) => {
        $(#[$meta])*
        #[derive(SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            webhook_endpoint: Option<NodeOf<webhook_endpoint::Entity>>,
            /// The key of its signatures, `whsec_…`. It is shown this once.
            secret: Option<String>,
            user_errors: Vec<UserError>,
        }

        impl Payload for $payload {
            type Output = Row<webhook_endpoint::Entity>;

            fn from_result(result: Result<Self::Output>) -> Result<Self> {
                let (row, user_errors) = split(result)?;
                let secret = row.as_ref().and_then(|row| row.secret.clone());
                Ok(Self {
                    webhook_endpoint: row.map(Into::into),
                    secret: secret.map(|Secret(secret)| secret),
                    user_errors,
                })
            }
        }
    };
}

secret_payload!(
    /// The new webhook endpoint with its secret, or what was wrong.
    CreateWebhookEndpointPayload
);
secret_payload!(
    /// The webhook endpoint with its new secret, or what was wrong.
    RotateWebhookSecretPayload
);
payload!(
    /// The changed webhook endpoint, or what was wrong.
    UpdateWebhookEndpointPayload { webhook_endpoint: webhook_endpoint::Entity }
);
delete_payload!(DeleteWebhookEndpointPayload of webhook_endpoint::Entity);
