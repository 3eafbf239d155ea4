//! Webhook deliveries: what an endpoint was told, each with its tries.

use ::entity::{attempt, delivery, event};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use futures_util::FutureExt as _;

use super::connection::{Paging, connection, of_row, required};
use super::filter::{IdFilter, all};
use super::payload::{outcome, payload};
use super::problem::UserError;
use super::resolve::Node;
use super::scalar::{DateTime, count, int};
use super::webhook_endpoint::{WebhookEndpoint, WebhookEvent};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{Field, Filter, Listing, Row};
use crate::resolvers::delivery::{self as rules, Replayed, Since, State};

/// An event that one endpoint is told of.
pub struct WebhookDelivery(Row<delivery::Entity>);

impl From<Row<delivery::Entity>> for WebhookDelivery {
    fn from(row: Row<delivery::Entity>) -> Self {
        Self(row)
    }
}

impl WebhookDelivery {
    /// What it tells of, loaded for all siblings together.
    async fn told(&self, cx: &Context<'_>) -> Result<Row<event::Entity>> {
        let found = async {
            let ctx = Ctx::of(cx)?;
            let event = self.0.one(ctx, "event", |row| Some(row.event_id)).await?;
            event.ok_or_else(|| Error::internal("an event is missing"))
        };
        found.boxed().await
    }
}

/// An event that one endpoint is told of, or was.
#[Object(serial)]
impl WebhookDelivery {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn endpoint(&self, cx: &Context<'_>) -> Result<Node<WebhookEndpoint>> {
        required(cx, &self.0, "endpoint", |row| Some(row.endpoint_id)).await
    }

    /// What the receiver knows the message by: `webhook-id`, the same on every try.
    async fn message_id(&self, cx: &Context<'_>) -> Result<String> {
        Ok(self.told(cx).await?.message_id.clone())
    }

    /// What it tells of.
    async fn event(&self, cx: &Context<'_>) -> Result<WebhookEvent> {
        Ok(self.told(cx).await?.name.into())
    }

    async fn outcome(&self) -> WebhookDeliveryOutcome {
        State::from(self.0.outcome).into()
    }

    /// When what it tells of happened.
    async fn created_at(&self, cx: &Context<'_>) -> Result<DateTime> {
        Ok(DateTime(self.told(cx).await?.created_at))
    }

    /// When it was taken, or given up. Null while it is pending.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// When it is tried next. Null once it has ended.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.due_at.map(DateTime)
    }

    /// How often it was tried.
    async fn attempt_count(&self) -> i32 {
        int(self.0.attempts)
    }

    /// Its tries, the first one first. The last 20 of them are kept.
    async fn attempts(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
    ) -> Result<WebhookAttemptConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |_: &Ctx| Ok(Listing::default());
        of_row(cx, &self.0, attempt::Column::DeliveryId, paging, listing).await
    }
}

connection!(
    Row<delivery::Entity> => WebhookDeliveryConnection, WebhookDeliveryEdge, WebhookDelivery;
    "A page of webhook deliveries.", "A webhook delivery and its place in the list.",
    "The deliveries of this page, without their cursors.",
    "How many deliveries match, on all pages together. Counted only when asked for."
);

/// One try of a delivery.
pub struct WebhookAttempt(Row<attempt::Entity>);

impl From<Row<attempt::Entity>> for WebhookAttempt {
    fn from(row: Row<attempt::Entity>) -> Self {
        Self(row)
    }
}

/// One try of a delivery, and what came of it.
#[Object(serial)]
impl WebhookAttempt {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Which of the delivery's tries, counted from 1.
    async fn number(&self) -> i32 {
        int(self.0.number)
    }

    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// How long it took, in milliseconds.
    async fn duration_ms(&self) -> i32 {
        int(self.0.duration_ms)
    }

    /// The HTTP status of the answer. Null when there was none.
    async fn status(&self) -> Option<i32> {
        self.0.status.map(int)
    }

    /// What was wrong, for people. Null when the receiver took it.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

connection!(
    Row<attempt::Entity> => WebhookAttemptConnection, WebhookAttemptEdge, WebhookAttempt;
    "A page of tries.", "A try and its place in the list.", "The tries of this page, without their cursors.",
    "How many tries are kept, on all pages together. Counted only when asked for."
);

/// How a webhook delivery stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum WebhookDeliveryOutcome {
    /// It is still to be taken.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was tried as often as the schedule says, or its endpoint was disabled.
    Failed,
}

/// Conditions on webhook deliveries; all of them must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct WebhookDeliveryFilter {
    id: Option<IdFilter>,
    /// One of these.
    outcome: Option<Vec<WebhookDeliveryOutcome>>,
}

impl WebhookDeliveryFilter {
    /// The list that the arguments of a connection describe.
    pub fn listing(filter: Option<Box<Self>>) -> Result<Listing<delivery::Entity>> {
        let filter = *filter.unwrap_or_default();
        let stands = |outcome: WebhookDeliveryOutcome| match State::from(outcome) {
            State::Pending => rules::pending(),
            State::Delivered => rules::delivered(),
            State::Failed => rules::failed(),
        };
        let filter = all([
            filter.id.map(|id| id.on(delivery::Column::Id)),
            filter
                .outcome
                .map(|outcomes| Filter::any(outcomes.into_iter().map(stands))),
        ]);
        Ok(Listing {
            filter: filter.checked()?,
            ..Listing::default()
        })
    }
}

/// Which webhook endpoint gets a test.
#[derive(InputObject)]
pub struct SendTestWebhookInput {
    #[doc(hidden)]
    pub endpoint_id: ID,
}

payload!(
    /// The test, on its way, or why it is not.
    SendTestWebhookPayload {
        webhook_delivery: WebhookDelivery
    }
);

/// Which webhook delivery to tell again.
#[derive(InputObject)]
pub struct ReplayWebhookDeliveryInput {
    #[doc(hidden)]
    pub id: ID,
}

payload!(
    /// The delivery, on its way again, or why it is not.
    ReplayWebhookDeliveryPayload {
        webhook_delivery: WebhookDelivery
    }
);

/// What to tell a webhook endpoint again.
#[derive(InputObject)]
pub struct ReplayWebhookDeliveriesInput {
    #[doc(hidden)]
    pub endpoint_id: ID,
    /// Deliveries that have failed for good since this moment.
    since: DateTime,
}

impl ReplayWebhookDeliveriesInput {
    /// From when on.
    pub fn since(&self) -> Since {
        Since {
            since: Field::Set(self.since.0),
            faults: Vec::new(),
        }
    }
}

/// How many deliveries are told again, or why none is.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct ReplayWebhookDeliveriesPayload {
    /// How many. Null when something was wrong.
    replayed: Option<i32>,
    /// Whether there are more: 1,000 are begun at a time, the oldest first. Null when
    /// something was wrong.
    has_more: Option<bool>,
    user_errors: Vec<UserError>,
}

impl ReplayWebhookDeliveriesPayload {
    /// The payload of what a rule has answered.
    pub fn of(result: Result<Replayed>) -> Result<Self> {
        let (replayed, user_errors) = outcome(result)?;
        Ok(Self {
            replayed: replayed.map(|replayed| count(replayed.count)),
            has_more: replayed.map(|replayed| replayed.has_more),
            user_errors,
        })
    }
}
