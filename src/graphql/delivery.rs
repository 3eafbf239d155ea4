//! Webhook deliveries: an event that is sent to one endpoint, with its attempts.

use ::entity::{attempt, delivery, event, webhook_endpoint};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use futures_util::FutureExt as _;
use graphql_tables::{DateTime, PageArguments, count, int, required};

use super::kit::list::{page_request, related_rows};
use super::kit::payload::{Payload, payload, split};
use super::kit::{ArgumentCheck, ConnectionOf, Nullable, Reference, UserError, connection, filter, node};
use super::webhook_endpoint::WebhookEvent;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{Field, Filter, Listing, Row};
use crate::resolvers::delivery::{self as rules, ReplayRequest, ReplayResult, State};

node!(WebhookDelivery of delivery::Entity);

/// The checks of the list of a delivery's attempts.
pub(super) const CHECKS: &[(&str, ArgumentCheck)] = &[("attempts", |_, arguments| {
    let page = page_request(arguments)?;
    Ok(Listing::<attempt::Entity>::default().check(&page)?)
})];

impl WebhookDelivery {
    /// The row of its event, loaded for all siblings at once.
    async fn loaded_event(&self, cx: &Context<'_>) -> Result<Row<event::Entity>> {
        let found = async {
            let ctx = Ctx::of(cx)?;
            let event = self.0.one(ctx, rules::EVENT, |row| Some(row.event_id)).await?;
            event.ok_or_else(|| Error::internal("an event is missing"))
        };
        found.boxed().await
    }
}

/// The delivery of an event to a webhook endpoint.
#[Object(serial)]
impl WebhookDelivery {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn endpoint(&self) -> Reference<'_, webhook_endpoint::Entity> {
        required(&self.0, "endpoint", |row| row.endpoint_id)
    }

    /// The id of the message, sent as the header `webhook-id`: the same in every
    /// attempt.
    async fn message_id(&self, cx: &Context<'_>) -> Result<String> {
        Ok(self.loaded_event(cx).await?.message_id.clone())
    }

    /// The type of the event.
    async fn event(&self, cx: &Context<'_>) -> Result<WebhookEvent> {
        Ok(self.loaded_event(cx).await?.name.into())
    }

    async fn outcome(&self) -> WebhookDeliveryOutcome {
        State::from(self.0.outcome).into()
    }

    /// When the event happened.
    async fn created_at(&self, cx: &Context<'_>) -> Result<DateTime> {
        Ok(DateTime(self.loaded_event(cx).await?.created_at))
    }

    /// When it was delivered or given up. Null while it is pending.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// When it is attempted next. Null once it has ended.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.due_at.map(DateTime)
    }

    /// How many attempts have been made.
    async fn attempt_count(&self) -> i32 {
        int(self.0.attempts)
    }

    /// Its attempts, oldest first. Only the last 20 are kept.
    async fn attempts(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
    ) -> Nullable<ConnectionOf<attempt::Entity>> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |_: &Ctx| Ok(Listing::default());
        related_rows::<attempt::Entity, _>(cx, &self.0, attempt::Column::DeliveryId, page, listing).await
    }
}

connection!(
    WebhookDeliveryConnection, WebhookDeliveryEdge of delivery::Entity;
    "A webhook delivery", "webhook deliveries", "How many deliveries match"
);

/// The state of a webhook delivery.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "State")]
pub(crate) enum WebhookDeliveryOutcome {
    /// It has not been delivered yet.
    Pending,
    /// The receiver accepted it.
    Delivered,
    /// Every attempt of the schedule failed, or its endpoint was disabled.
    Failed,
}

filter! {
    /// Conditions on webhook deliveries; all of them must hold.
    WebhookDeliveryFilter of delivery::Entity {
        columns { id: IdFilter(Id) }
        rules {
            /// Matches deliveries with any of these outcomes.
            outcome: Vec<WebhookDeliveryOutcome> = |_, outcomes| Ok(with_outcome(outcomes)),
        }
    }
}

fn with_outcome(outcomes: Vec<WebhookDeliveryOutcome>) -> Filter {
    Filter::any(outcomes.into_iter().map(|outcome| match State::from(outcome) {
        State::Pending => rules::pending(),
        State::Delivered => rules::delivered(),
        State::Failed => rules::failed(),
    }))
}

node!(WebhookAttempt of attempt::Entity);

/// One attempt at a delivery, and its result.
#[Object(serial)]
impl WebhookAttempt {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The number of the attempt within its delivery, counted from 1.
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

    /// The HTTP status of the response. Null when there was none.
    async fn status(&self) -> Option<i32> {
        self.0.status.map(int)
    }

    /// What went wrong, for people. Null when the receiver accepted the message.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

connection!(
    WebhookAttemptConnection, WebhookAttemptEdge of attempt::Entity;
    "An attempt", "attempts", "How many attempts are kept"
);

/// The webhook endpoint to test.
#[derive(InputObject)]
pub(crate) struct SendTestWebhookInput {
    pub(crate) endpoint_id: ID,
    /// Fails with `CONFLICT` if the endpoint has changed since this version.
    pub(crate) expected_version: Option<i32>,
}

payload!(
    /// The delivery of the test, or why there is none.
    SendTestWebhookPayload { webhook_delivery: delivery::Entity }
);

/// The webhook delivery to send again.
#[derive(InputObject)]
pub(crate) struct ReplayWebhookDeliveryInput {
    pub(crate) id: ID,
}

payload!(
    /// The delivery, pending again, or what was wrong.
    ReplayWebhookDeliveryPayload { webhook_delivery: delivery::Entity }
);

/// The failed webhook deliveries to send again.
#[derive(InputObject)]
pub(crate) struct ReplayWebhookDeliveriesInput {
    pub(crate) endpoint_id: ID,
    /// Fails with `CONFLICT` if the endpoint has changed since this version.
    pub(crate) expected_version: Option<i32>,
    /// Deliveries that were given up at this time or later.
    since: DateTime,
}

impl ReplayWebhookDeliveriesInput {
    pub(crate) fn to_request(&self) -> ReplayRequest {
        ReplayRequest {
            since: Field::Set(self.since.0),
            faults: Vec::new(),
        }
    }
}

/// How many deliveries are sent again, or what was wrong.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct ReplayWebhookDeliveriesPayload {
    /// How many deliveries are sent again. Null when something was wrong.
    replayed: Option<i32>,
    /// Whether there are more: one request sends at most 1,000, the oldest first. Null
    /// when something was wrong.
    has_more: Option<bool>,
    user_errors: Vec<UserError>,
}

impl Payload for ReplayWebhookDeliveriesPayload {
    type Output = ReplayResult;

    fn from_result(result: Result<ReplayResult>) -> Result<Self> {
        let (output, user_errors) = split(result)?;
        Ok(Self {
            replayed: output.map(|output| count(output.count)),
            has_more: output.map(|output| output.has_more),
            user_errors,
        })
    }
}
