//! The root fields of queries. Each is nullable, so that one that fails leaves its neighbours as they are.

use async_graphql::{Context, ID, Object};

use super::account::Viewer;
use super::connection::{Paging, cost, of_all};
use super::problem::Answer;
use super::product::{ProductConnection, ProductFilter, ProductNode, ProductOrder};
use super::scalar::key;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::{self, Resource, Row};

/// The root of queries.
pub struct Query;

/// Everything that can be read. Every field but `viewer` needs a login.
///
/// Each `id` is the id that the REST API uses. Ids are unique within a type, not
/// across types: cache by `__typename` and `id`.
///
/// Lists are connections. Ask for a page with `first` (forwards, from `after`) or
/// with `last` (backwards, from `before`); 10 items when neither is given, at most
/// 100. `offset` skips items, for numbered pages. Order is always total, so that
/// paging neither repeats nor skips an item.
#[Object]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
impl Query {
    /// Who is asking, and what they may do. Null without a login.
    async fn viewer(&self, cx: &Context<'_>) -> Answer<Viewer> {
        Ctx::of(cx)
            .map(|ctx| ctx.actor.as_deref().and_then(Viewer::of))
            .transpose()
    }

    /// One product, or null when there is none with this id.
    async fn product(&self, cx: &Context<'_>, id: ID) -> Answer<ProductNode> {
        one(cx, &id).await
    }

    /// Products, by title unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn products(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Part of the title, in any letter case.")] search: Option<String>,
        filter: Option<ProductFilter>,
        order_by: Option<Vec<ProductOrder>>,
    ) -> Answer<ProductConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| {
            ProductFilter::listing(ctx, search, filter, order_by)
        })
        .await
    }
}

/// The object with this id, if there is one.
async fn one<R: Resource, N: From<Row<R>>>(cx: &Context<'_>, id: &ID) -> Answer<N> {
    let found: Result<Row<R>> = async {
        let permit = Ctx::of(cx)?.permit()?;
        resolvers::find(permit, key(id).ok_or(Error::NotFound)?).await
    }
    .await;
    match found {
        Ok(row) => Some(Ok(row.into())),
        Err(Error::NotFound) => None,
        Err(error) => Some(Err(error)),
    }
}
