//! The mutations of webhook deliveries: inputs and payloads.

use ::entity::delivery;
use async_graphql::{ID, InputObject, SimpleObject};

use super::kit::UserError;
use super::kit::payload::{Payload, payload, split};
use super::kit::scalar::{DateTime, count};
use crate::error::Result;
use crate::query::Field;
use crate::resolvers::delivery::{Replayed, Since};

/// The webhook endpoint to test.
#[derive(InputObject)]
pub(crate) struct SendTestWebhookInput {
    pub(crate) endpoint_id: ID,
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
    /// Deliveries that were given up at this time or later.
    since: DateTime,
}

impl ReplayWebhookDeliveriesInput {
    pub(crate) fn since(&self) -> Since {
        Since {
            since: Field::Set(self.since.0),
            faults: Vec::new(),
        }
    }
}

/// How many deliveries are sent again, or what was wrong.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct ReplayWebhookDeliveriesPayload {
    /// How many. Null when something was wrong.
    replayed: Option<i32>,
    /// Whether there are more: one request sends at most 1,000, the oldest first. Null
    /// when something was wrong.
    has_more: Option<bool>,
    user_errors: Vec<UserError>,
}

impl Payload for ReplayWebhookDeliveriesPayload {
    type Output = Replayed;

    fn from_result(result: Result<Replayed>) -> Result<Self> {
        let (replayed, user_errors) = split(result)?;
        Ok(Self {
            replayed: replayed.map(|replayed| count(replayed.count)),
            has_more: replayed.map(|replayed| replayed.has_more),
            user_errors,
        })
    }
}
