//! Webhook endpoints: the addresses that events are sent to.

use ::entity::delivery;
use ::entity::event::Name;
use ::entity::webhook_endpoint::{self, DisabledReason, Secret};
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use graphql_tables::input::Optional;
use graphql_tables::{DateTime, InputField, Presence as _, UpdateInput, delete_input, inputs, int};

use super::kit::list::lists;
use super::kit::payload::{Payload, delete_payload, payload, split};
use super::kit::{FilterArgument, NodeOf, UserError, connection, node, order};
use crate::ctx::Ctx;
use crate::error::{Fault, Result};
use crate::query::Row;
use crate::resolvers::webhook_endpoint::{Draft, Rotation, events, overlap_end};

node!(WebhookEndpoint of webhook_endpoint::Entity);

/// An address that events are sent to, in the format and with the signatures of the
/// Standard Webhooks specification.
#[Object(serial)]
impl WebhookEndpoint {
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where messages are sent.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What it is for.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The events that are sent to it.
    async fn events(&self) -> Vec<WebhookEvent> {
        events(&self.0).map(WebhookEvent::from).collect()
    }

    /// Whether it is disabled, by a user or by Stockroom, so that nothing is sent to it.
    async fn disabled(&self) -> bool {
        self.0.ended_at.is_some()
    }

    /// The time when it was disabled. Null while it is enabled.
    async fn disabled_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Why it is disabled. Null while it is enabled.
    async fn disabled_reason(&self) -> Option<WebhookDisabledReason> {
        self.0.ended_because.map(WebhookDisabledReason::from)
    }

    /// The time since which every attempt has failed. Null while attempts succeed.
    async fn failing_since(&self) -> Option<DateTime> {
        self.0.failing_since.map(DateTime)
    }

    /// The time until which messages are also signed with the previous secret. Null if
    /// they are not.
    async fn previous_secret_until(&self, cx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(overlap_end(Ctx::of(cx)?, &self.0).map(DateTime))
    }

    /// False for the endpoint of the server's settings, which can't be changed here.
    async fn managed(&self) -> bool {
        self.0.managed
    }

    /// Increases with each change. Send it as `expectedVersion` to make an update
    /// fail if the record has changed since.
    async fn version(&self) -> i32 {
        int(self.0.version)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    #[graphql(flatten)]
    async fn lists(&self) -> WebhookEndpointLists {
        WebhookEndpointLists(self.0.clone())
    }
}

lists!(WebhookEndpointLists of webhook_endpoint::Entity {
    /// Its deliveries of the last 30 days and those that are still pending, newest
    /// first.
    deliveries: delivery::Entity by EndpointId(filter: FilterArgument<delivery::Entity>);
});

connection!(
    WebhookEndpointConnection, WebhookEndpointEdge of webhook_endpoint::Entity;
    "A webhook endpoint", "webhook endpoints", "How many endpoints there are"
);

order!(WebhookEndpointOrder, WebhookEndpointOrderField of webhook_endpoint::Entity: "webhook endpoints" {
    Id,
    Url,
    CreatedAt,
    UpdatedAt,
});

/// A type of event that webhooks are sent for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Name")]
pub(crate) enum WebhookEvent {
    /// `outflow.created`: stock went out.
    OutflowCreated,
    /// `inflow.created`: stock came in.
    InflowCreated,
    /// `product.low_stock`: a product's stock fell to the threshold or below.
    #[graphql(name = "PRODUCT_LOW_STOCK")]
    LowStock,
    /// `webhook.test`: sent by `sendTestWebhook` only. Endpoints can't subscribe to it.
    #[graphql(name = "WEBHOOK_TEST")]
    Test,
}

/// Why a webhook endpoint is disabled.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "DisabledReason")]
pub(crate) enum WebhookDisabledReason {
    /// A user disabled it.
    Requested,
    /// It responded with status 410.
    Gone,
    /// It accepted nothing for five days.
    Failing,
}

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
            /// sent to it again, even if Stockroom had disabled it.
        ];
    }
}

impl InputField for WebhookEvent {
    type Value = String;

    fn read(self, _: &'static str) -> Result<String, Fault> {
        Ok(Name::from(self).as_str().to_owned())
    }
}

delete_input!(
    /// The webhook endpoint to delete.
    DeleteWebhookEndpointInput
);

/// The webhook endpoint that gets a new secret.
#[derive(InputObject)]
pub(crate) struct RotateWebhookSecretInput {
    id: ID,
    /// Fails with `CONFLICT` if the endpoint has changed since this version.
    expected_version: Option<i32>,
    /// The number of seconds for which messages are also signed with the old secret, 0 to
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

/// Declares the payload of a mutation that gives an endpoint a new secret.
macro_rules! secret_payload {
    ($(#[$meta:meta])* $payload:ident) => {
        $(#[$meta])*
        #[derive(SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            webhook_endpoint: Option<NodeOf<webhook_endpoint::Entity>>,
            /// The key of its signatures, `whsec_…`. It is not shown again.
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
