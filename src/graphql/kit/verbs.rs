//! The steps of a mutation: check the permission, call the rule, and put its result into a payload.
//!
//! A missing permission is an error of the field; invalid input is a user error in the payload.

use async_graphql::{Context, ID};
use futures_util::future::BoxFuture;
use graphql_tables::{UpdateInput, nullable};

use super::payload::Payload;
use super::{Nullable, require_id};
use crate::ctx::Ctx;
use crate::query::Row;
use crate::resolvers;
use crate::resource::{Deleted, Editable, Resource};

pub(crate) fn create<'a, R: Resource, P: Payload<Output = Row<R>> + 'a>(
    cx: &'a Context<'_>,
    input: impl Into<R::Draft> + Send + 'a,
) -> BoxFuture<'a, Nullable<P>> {
    nullable(async move {
        let permit = Ctx::of(cx)?.permit()?;
        P::from_result(resolvers::create(permit, input.into()).await)
    })
}

/// Creates all objects or none.
pub(crate) fn create_all<'a, R: Resource, P: Payload<Output = Vec<Row<R>>> + 'a>(
    cx: &'a Context<'_>,
    items: Vec<impl Into<R::Draft> + Send + 'a>,
) -> BoxFuture<'a, Nullable<P>> {
    nullable(async move {
        let permit = Ctx::of(cx)?.permit()?;
        let drafts = items.into_iter().map(Into::into).collect();
        P::from_result(resolvers::create_all(permit, drafts).await)
    })
}

pub(crate) fn update<'a, R: Editable, P: Payload<Output = Row<R>> + 'a>(
    cx: &'a Context<'_>,
    input: impl UpdateInput<Draft = R::Draft> + Send + 'a,
) -> BoxFuture<'a, Nullable<P>> {
    nullable(async move {
        let permit = Ctx::of(cx)?.permit()?;
        let (id, version, draft) = input.into_parts();
        let updated = async { resolvers::update(permit, require_id(&id)?, version, draft).await };
        P::from_result(updated.await)
    })
}

pub(crate) fn delete<'a, R: Resource, P: Payload<Output = Deleted<R>> + 'a>(
    cx: &'a Context<'_>,
    id: ID,
) -> BoxFuture<'a, Nullable<P>> {
    nullable(async move {
        let permit = Ctx::of(cx)?.permit::<_, R>()?;
        let deleted = async { resolvers::delete(permit, require_id(&id)?, None).await };
        P::from_result(deleted.await)
    })
}
