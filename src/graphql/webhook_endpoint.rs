//! Webhook endpoints: who is told of events. Their secrets are shown when they are made and never again.

use ::entity::delivery;
use ::entity::event::Name;
use ::entity::webhook_endpoint::{self, Ending, Secret};
use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::connection::{Paging, connection, of_row, order};
use super::delivery::{WebhookDeliveryConnection, WebhookDeliveryFilter};
use super::payload::{Update, deleted, field, outcome, payload};
use super::problem::UserError;
use super::scalar::{DateTime, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Field, Listing, Row};
use crate::resolvers::webhook_endpoint::{Draft, Rotation, events, overlap_ends};

/// An address that is told of events.
pub struct WebhookEndpoint(Row<webhook_endpoint::Entity>);

impl From<Row<webhook_endpoint::Entity>> for WebhookEndpoint {
    fn from(row: Row<webhook_endpoint::Entity>) -> Self {
        Self(row)
    }
}

/// An address that is told of events by webhook, shaped and signed by the Standard
/// Webhooks specification.
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

    /// What it is told of.
    async fn events(&self) -> Vec<WebhookEvent> {
        events(&self.0).map(WebhookEvent::from).collect()
    }

    /// Whether it is told of nothing: somebody wanted it so, or Stockroom has given it
    /// up.
    async fn disabled(&self) -> bool {
        self.0.ended_at.is_some()
    }

    /// Since when. Null while it is told.
    async fn disabled_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Why. Null while it is told.
    async fn disabled_reason(&self) -> Option<WebhookDisabledReason> {
        self.0.ended_because.map(WebhookDisabledReason::from)
    }

    /// Since when it has taken none of the messages that were tried. Null while it
    /// takes them.
    async fn failing_since(&self) -> Option<DateTime> {
        self.0.failing_since.map(DateTime)
    }

    /// Until when messages are signed with the secret before the present one too. Null
    /// when they are not.
    async fn previous_secret_until(&self, cx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(overlap_ends(Ctx::of(cx)?, &self.0).map(DateTime))
    }

    /// False for the endpoint of the server's settings, which only they change.
    async fn managed(&self) -> bool {
        self.0.managed
    }

    /// Grows with each change. Send it back as `expectedVersion` to change only what
    /// you have seen.
    async fn version(&self) -> i32 {
        int(self.0.version)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// What it was told of in the last 30 days, and is still to be told of, newest
    /// first.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
    async fn deliveries(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<WebhookDeliveryFilter>>,
    ) -> Result<WebhookDeliveryConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |_: &Ctx| WebhookDeliveryFilter::listing(filter);
        of_row(cx, &self.0, delivery::Column::EndpointId, paging, listing).await
    }
}

connection!(
    Row<webhook_endpoint::Entity> => WebhookEndpointConnection, WebhookEndpointEdge, WebhookEndpoint;
    "A page of webhook endpoints.", "A webhook endpoint and its place in the list.",
    "The endpoints of this page, without their cursors.",
    "How many endpoints there are, on all pages together. Counted only when asked for."
);

order!(webhook_endpoint::Entity => WebhookEndpointOrder, WebhookEndpointOrderField, "What webhook endpoints can be ordered by." {
    Id: "id", Url: "url", CreatedAt: "created_at", UpdatedAt: "updated_at",
});

impl WebhookEndpointOrder {
    /// The list that the arguments of a connection describe.
    pub fn listing(order: Option<Vec<Self>>) -> Result<Listing<webhook_endpoint::Entity>> {
        Ok(Listing {
            order: Self::steps(order)?,
            ..Listing::default()
        })
    }
}

/// What webhooks tell of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Name")]
pub enum WebhookEvent {
    /// `outflow.created`: stock went out.
    OutflowCreated,
    /// `inflow.created`: stock came in.
    InflowCreated,
    /// `product.low_stock`: a product's stock crossed the threshold downwards.
    #[graphql(name = "PRODUCT_LOW_STOCK")]
    LowStock,
    /// `webhook.test`: nothing happened. It is sent by `sendTestWebhook`, and nobody
    /// asks to be told of it.
    #[graphql(name = "WEBHOOK_TEST")]
    Test,
}

/// Why a webhook endpoint is told of nothing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Ending")]
pub enum WebhookDisabledReason {
    /// Somebody wanted it so.
    Requested,
    /// It answered 410.
    Gone,
    /// It took nothing for five days.
    Failing,
}

fn named(events: Vec<WebhookEvent>) -> Vec<String> {
    events
        .into_iter()
        .map(|event| Name::from(event).as_str().to_owned())
        .collect()
}

/// A new webhook endpoint.
#[derive(InputObject)]
pub struct CreateWebhookEndpointInput {
    /// An http or https address. Not on the server's machine or a private network,
    /// unless its settings allow it.
    url: String,
    /// What it is told of: one or more.
    events: Vec<WebhookEvent>,
    /// At most 500 characters.
    description: MaybeUndefined<String>,
    /// Whether it is told of nothing for now. Not unless said.
    disabled: MaybeUndefined<bool>,
}

impl From<CreateWebhookEndpointInput> for Draft {
    fn from(input: CreateWebhookEndpointInput) -> Self {
        Self {
            url: Field::Set(input.url),
            events: Field::Set(named(input.events)),
            description: field(input.description),
            disabled: field(input.disabled),
            faults: Vec::new(),
        }
    }
}

/// What to change about a webhook endpoint.
#[derive(InputObject)]
pub struct UpdateWebhookEndpointInput {
    id: ID,
    /// Refuses with `CONFLICT` when the endpoint has changed since this version.
    expected_version: Option<i32>,
    /// An http or https address. Not on the server's machine or a private network,
    /// unless its settings allow it.
    url: MaybeUndefined<String>,
    /// What it is told of: one or more.
    events: MaybeUndefined<Vec<WebhookEvent>>,
    /// At most 500 characters.
    description: MaybeUndefined<String>,
    /// True: it is told of nothing, and what was still to be told to it has failed.
    /// False: it is told again, also when Stockroom had given it up.
    disabled: MaybeUndefined<bool>,
}

impl Update for UpdateWebhookEndpointInput {
    type Draft = Draft;
    fn split(self) -> (ID, Option<i64>, Draft) {
        let draft = Draft {
            url: field(self.url),
            events: field(self.events).map(named),
            description: field(self.description),
            disabled: field(self.disabled),
            faults: Vec::new(),
        };
        (self.id, self.expected_version.map(i64::from), draft)
    }
}

/// Which webhook endpoint to delete.
#[derive(InputObject)]
pub struct DeleteWebhookEndpointInput {
    #[doc(hidden)]
    pub id: ID,
}

/// Which webhook endpoint gets another secret.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    id: ID,
    /// Refuses with `CONFLICT` when the endpoint has changed since this version.
    expected_version: Option<i32>,
    /// For how many seconds messages are signed with the old secret too: from 0 to
    /// 604800, a day when nothing is said.
    overlap: MaybeUndefined<i32>,
}

impl Update for RotateWebhookSecretInput {
    type Draft = Rotation;
    fn split(self) -> (ID, Option<i64>, Rotation) {
        let rotation = Rotation {
            overlap: field(self.overlap).map(i64::from),
            faults: Vec::new(),
        };
        (self.id, self.expected_version.map(i64::from), rotation)
    }
}

/// Makes a payload of an endpoint that has just been given a secret.
macro_rules! with_secret {
    ($(#[doc = $doc:literal] $payload:ident),+ $(,)?) => { $(
        #[doc = $doc]
        #[derive(SimpleObject)]
        #[graphql(serial)]
        pub struct $payload {
            webhook_endpoint: Option<WebhookEndpoint>,
            /// What its messages are signed with: `whsec_…`. It is shown now and never again.
            secret: Option<String>,
            user_errors: Vec<UserError>,
        }

        impl $payload {
            /// The payload of what a rule has answered.
            pub fn of(result: Result<Row<webhook_endpoint::Entity>>) -> Result<Self> {
                let (made, user_errors) = outcome(result)?;
                let secret = made.as_ref().and_then(|row| row.secret.clone());
                Ok(Self {
                    webhook_endpoint: made.map(WebhookEndpoint),
                    secret: secret.map(|Secret(secret)| secret),
                    user_errors,
                })
            }
        }
    )+ };
}

with_secret!(
    /// The new webhook endpoint with its secret, or what was wrong.
    CreateWebhookEndpointPayload,
    /// The webhook endpoint with its new secret, or what was wrong.
    RotateWebhookSecretPayload,
);
payload!(
    /// The changed webhook endpoint, or what was wrong.
    UpdateWebhookEndpointPayload {
        webhook_endpoint: WebhookEndpoint
    }
);
deleted!(DeleteWebhookEndpointPayload);
