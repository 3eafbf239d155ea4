//! The root fields of mutations of webhooks.

use ::entity::webhook_endpoint;
use async_graphql::{Context, ID, Object};
use futures_util::future::BoxFuture;
use graphql_tables::{UpdateInput as _, nullable};

use super::delivery::{
    ReplayWebhookDeliveriesInput, ReplayWebhookDeliveriesPayload, ReplayWebhookDeliveryInput,
    ReplayWebhookDeliveryPayload, SendTestWebhookInput, SendTestWebhookPayload,
};
use super::kit::payload::Payload;
use super::kit::verbs::{create, delete, update};
use super::kit::{Nullable, require_id};
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

/// The mutations of webhook endpoints and deliveries.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Starts sending events to an address. The payload has the secret, which is not
    /// shown again.
    /// Requires `CHANGE_WEBHOOK`.
    async fn create_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> Nullable<CreateWebhookEndpointPayload> {
        create(cx, input).await
    }

    /// Fails with `READ_ONLY` for the endpoint of the server's settings. Requires
    /// `CHANGE_WEBHOOK`.
    async fn update_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> Nullable<UpdateWebhookEndpointPayload> {
        update(cx, input).await
    }

    /// Deletes an endpoint and its deliveries. Fails with `READ_ONLY` for the endpoint
    /// of the server's settings. Requires `CHANGE_WEBHOOK`.
    async fn delete_webhook_endpoint(
        &self,
        cx: &Context<'_>,
        input: DeleteWebhookEndpointInput,
    ) -> Nullable<DeleteWebhookEndpointPayload> {
        delete(cx, input.id).await
    }

    /// Replaces the secret of an endpoint. The payload has the new one, which is not
    /// shown again. Until the overlap ends, messages are signed with both. Fails with
    /// `READ_ONLY` for the endpoint of the server's settings. Requires `CHANGE_WEBHOOK`.
    async fn rotate_webhook_secret(
        &self,
        cx: &Context<'_>,
        input: RotateWebhookSecretInput,
    ) -> Nullable<RotateWebhookSecretPayload> {
        let (id, version, rotation) = input.into_parts();
        apply(cx, id, |permit, id| {
            endpoints::rotate(permit, id, version, rotation)
        })
        .await
    }

    /// Sends a `webhook.test` message. Fails with `DISABLED` when the endpoint is
    /// disabled or the server sends no webhooks. Requires `CHANGE_WEBHOOK`.
    async fn send_test_webhook(
        &self,
        cx: &Context<'_>,
        input: SendTestWebhookInput,
    ) -> Nullable<SendTestWebhookPayload> {
        let version = input.expected_version.map(i64::from);
        apply(cx, input.endpoint_id, |permit, id| {
            delivery::test(permit, id, version)
        })
        .await
    }

    /// Sends a delivery again, with the same message id. The schedule of attempts begins
    /// again for one that has ended; a pending one is attempted at once. Fails with
    /// `DISABLED` when the endpoint is disabled or the server sends no webhooks.
    /// Requires `CHANGE_WEBHOOK`.
    async fn replay_webhook_delivery(
        &self,
        cx: &Context<'_>,
        input: ReplayWebhookDeliveryInput,
    ) -> Nullable<ReplayWebhookDeliveryPayload> {
        apply(cx, input.id, |permit, id| delivery::replay(permit, None, id)).await
    }

    /// Sends the deliveries of an endpoint again that have failed since a given time.
    /// Fails with `DISABLED` when the endpoint is disabled or the server sends no
    /// webhooks. Requires `CHANGE_WEBHOOK`.
    async fn replay_webhook_deliveries(
        &self,
        cx: &Context<'_>,
        input: ReplayWebhookDeliveriesInput,
    ) -> Nullable<ReplayWebhookDeliveriesPayload> {
        let (request, version) = (input.to_request(), input.expected_version.map(i64::from));
        apply(cx, input.endpoint_id, |permit, id| {
            delivery::replay_failed(permit, id, version, request)
        })
        .await
    }
}

/// Calls a rule that changes the endpoint or delivery with this id.
fn apply<'a, P: Payload + 'a, F: Future<Output = Result<P::Output>> + Send>(
    cx: &'a Context<'_>,
    id: ID,
    rule: impl FnOnce(Permit<'a, Change, webhook_endpoint::Entity>, i64) -> F + Send + 'a,
) -> BoxFuture<'a, Nullable<P>> {
    nullable(async move {
        let permit = Ctx::of(cx)?.permit()?;
        let result = async { rule(permit, require_id(&id)?).await };
        P::from_result(result.await)
    })
}
