//! The root fields of mutations on webhooks: like those of `mutation.rs`, beside which they stand in the schema.

use ::entity::webhook_endpoint;
use async_graphql::{Context, Object};
use futures_util::FutureExt as _;

use super::delivery::{
    ReplayWebhookDeliveriesInput, ReplayWebhookDeliveriesPayload, ReplayWebhookDeliveryInput,
    ReplayWebhookDeliveryPayload, SendTestWebhookInput, SendTestWebhookPayload,
};
use super::mutation::{create, delete, update};
use super::payload::{Update as _, subject};
use super::problem::Answer;
use super::webhook_endpoint::{
    CreateWebhookEndpointInput, CreateWebhookEndpointPayload, DeleteWebhookEndpointInput,
    DeleteWebhookEndpointPayload, RotateWebhookSecretInput, RotateWebhookSecretPayload,
    UpdateWebhookEndpointInput, UpdateWebhookEndpointPayload,
};
use crate::auth::{Change, Permit};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::delivery;
use crate::resolvers::webhook_endpoint as endpoints;

/// What can be done to webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Has an address told of events from now on. The payload holds the secret, this
    /// once. Requires `CHANGE_WEBHOOK`.
    async fn create_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> Answer<CreateWebhookEndpointPayload> {
        Some(create(cx, input, CreateWebhookEndpointPayload::of).boxed().await)
    }

    /// Refused with `READ_ONLY` for the endpoint of the server's settings. Requires
    /// `CHANGE_WEBHOOK`.
    async fn update_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> Answer<UpdateWebhookEndpointPayload> {
        Some(update(cx, input, UpdateWebhookEndpointPayload::of).boxed().await)
    }

    /// Deletes an endpoint and its deliveries. Refused with `READ_ONLY` for the endpoint
    /// of the server's settings. Requires `CHANGE_WEBHOOK`.
    async fn delete_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: DeleteWebhookEndpointInput,
    ) -> Answer<DeleteWebhookEndpointPayload> {
        Some(
            delete::<webhook_endpoint::Entity, _>(cx, &input.id, DeleteWebhookEndpointPayload::of)
                .boxed()
                .await,
        )
    }

    /// Gives an endpoint another secret, which the payload holds, this once. Until the
    /// overlap ends, messages carry a signature by each of the two. Refused with
    /// `READ_ONLY` for the endpoint of the server's settings. Requires
    /// `CHANGE_WEBHOOK`.
    async fn rotate_webhook_secret(
        &self,
        cx: &Context<'_>,
        input: RotateWebhookSecretInput,
    ) -> Answer<RotateWebhookSecretPayload> {
        Some(rotate(cx, input).boxed().await)
    }

    /// Sends a `webhook.test` message, which tells of nothing. Refused with `DISABLED`
    /// where nothing is sent. Requires `CHANGE_WEBHOOK`.
    async fn send_test_webhook(
        &self,
        cx: &Context<'_>,
        input: SendTestWebhookInput,
    ) -> Answer<SendTestWebhookPayload> {
        let sent = async {
            let permit = permit(cx)?;
            let sent = async { delivery::test(permit, subject(&input.endpoint_id)?).await };
            SendTestWebhookPayload::of(sent.await)
        };
        Some(sent.boxed().await)
    }

    /// Tells again what has ended, by the whole schedule, or at once what waits; with
    /// the same message id either way. Refused with `DISABLED` where nothing is sent.
    /// Requires `CHANGE_WEBHOOK`.
    async fn replay_webhook_delivery(
        &self,
        cx: &Context<'_>,
        input: ReplayWebhookDeliveryInput,
    ) -> Answer<ReplayWebhookDeliveryPayload> {
        let replayed = async {
            let permit = permit(cx)?;
            let replayed = async { delivery::replay(permit, None, subject(&input.id)?).await };
            ReplayWebhookDeliveryPayload::of(replayed.await)
        };
        Some(replayed.boxed().await)
    }

    /// Tells an endpoint again what has failed for good since a moment. Refused with
    /// `DISABLED` where nothing is sent. Requires `CHANGE_WEBHOOK`.
    async fn replay_webhook_deliveries(
        &self,
        cx: &Context<'_>,
        input: ReplayWebhookDeliveriesInput,
    ) -> Answer<ReplayWebhookDeliveriesPayload> {
        let replayed = async {
            let permit = permit(cx)?;
            let replayed =
                async { delivery::replay_failed(permit, subject(&input.endpoint_id)?, input.since()).await };
            ReplayWebhookDeliveriesPayload::of(replayed.await)
        };
        Some(replayed.boxed().await)
    }
}

fn permit<'c>(cx: &Context<'c>) -> Result<Permit<'c, Change, webhook_endpoint::Entity>> {
    Ctx::of(cx)?.permit()
}

async fn rotate(cx: &Context<'_>, input: RotateWebhookSecretInput) -> Result<RotateWebhookSecretPayload> {
    let permit = permit(cx)?;
    let (id, version, rotation) = input.split();
    let rotated = async { endpoints::rotate(permit, subject(&id)?, version, rotation).await };
    RotateWebhookSecretPayload::of(rotated.await)
}
