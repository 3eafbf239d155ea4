//! The root fields of mutations: the permit first, then the rule, then the payload.

use async_graphql::{Context, Object};

use super::account::{self, LoginInput, LoginPayload};
use super::outflow::{CreateOutflowInput, CreateOutflowPayload};
use super::problem::Answer;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::{self, Resource, Row};

/// The root of mutations.
pub struct Mutation;

/// Everything that can be changed. Each mutation takes one `input` and gives a
/// payload.
///
/// When the input is wrong, nothing is changed, the object in the payload is null
/// and `userErrors` says why, every wrong field at once. When the login or the
/// permission is missing, the payload itself is null and `errors` says so, with
/// `extensions.code` `UNAUTHENTICATED` or `FORBIDDEN`.
///
/// Texts are trimmed. In an update, what is left out stays as it is, and null
/// clears what can be empty.
#[Object]
impl Mutation {
    /// Trades a name and password for tokens. Send the access token with each request:
    /// `Authorization: Bearer …`. Needs no login.
    async fn login(&self, cx: &Context<'_>, input: LoginInput) -> Answer<LoginPayload> {
        Some(account::log_in(cx, input).await)
    }

    /// Records stock that went out and takes it from the product. Refused with
    /// `INSUFFICIENT_STOCK` when there is not enough. Requires `ADD_OUTFLOW`.
    async fn create_outflow(
        &self,
        cx: &Context<'_>,
        input: CreateOutflowInput,
    ) -> Answer<CreateOutflowPayload> {
        Some(create(cx, input, CreateOutflowPayload::of).await)
    }
}

async fn create<R: Resource, P>(
    cx: &Context<'_>,
    input: impl Into<R::Draft>,
    payload: impl FnOnce(Result<Row<R>>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit()?;
    payload(resolvers::create(permit, input.into()).await)
}
