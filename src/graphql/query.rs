//! The root fields of queries. Each is nullable, so that one that fails leaves its neighbours as they are.

use async_graphql::{Context, ID, Object};
use futures_util::FutureExt as _;

use super::account::Viewer;
use super::analytics::Analytics;
use super::connection::{Paging, of_all};
use super::inflow::{InflowConnection, InflowFilter, InflowNode, InflowOrder};
use super::label::{
    BrandConnection, BrandFilter, BrandNode, BrandOrder, CategoryConnection, CategoryFilter, CategoryNode,
    CategoryOrder, SupplierConnection, SupplierFilter, SupplierNode, SupplierOrder,
};
use super::ledger::{StockLedgerEntryConnection, StockLedgerFilter};
use super::outflow::{OutflowConnection, OutflowFilter, OutflowNode, OutflowOrder};
use super::problem::Answer;
use super::product::{ProductConnection, ProductFilter, ProductNode, ProductOrder};
use super::scalar::key;
use super::webhook_endpoint::{WebhookEndpoint, WebhookEndpointConnection, WebhookEndpointOrder};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::Row;
use crate::resolvers;
use crate::resource::Resource;

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

    /// One brand, or null when there is none with this id.
    async fn brand(&self, cx: &Context<'_>, id: ID) -> Answer<BrandNode> {
        one(cx, &id).boxed().await
    }

    /// Brands, by name unless ordered otherwise.
    async fn brands(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the name, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<BrandFilter>>,
        order_by: Option<Vec<BrandOrder>>,
    ) -> Answer<BrandConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| {
            BrandFilter::listing(ctx, search, filter, order_by)
        })
        .await
    }

    /// One category, or null when there is none with this id.
    async fn category(&self, cx: &Context<'_>, id: ID) -> Answer<CategoryNode> {
        one(cx, &id).boxed().await
    }

    /// Categories, by name unless ordered otherwise.
    async fn categories(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the name, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<CategoryFilter>>,
        order_by: Option<Vec<CategoryOrder>>,
    ) -> Answer<CategoryConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| {
            CategoryFilter::listing(ctx, search, filter, order_by)
        })
        .await
    }

    /// One supplier, or null when there is none with this id.
    async fn supplier(&self, cx: &Context<'_>, id: ID) -> Answer<SupplierNode> {
        one(cx, &id).boxed().await
    }

    /// Suppliers, by name unless ordered otherwise.
    async fn suppliers(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the name, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<SupplierFilter>>,
        order_by: Option<Vec<SupplierOrder>>,
    ) -> Answer<SupplierConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| {
            SupplierFilter::listing(ctx, search, filter, order_by)
        })
        .await
    }

    /// One product, or null when there is none with this id.
    async fn product(&self, cx: &Context<'_>, id: ID) -> Answer<ProductNode> {
        one(cx, &id).boxed().await
    }

    /// Products, by title unless ordered otherwise.
    async fn products(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the title, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<ProductFilter>>,
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

    /// One inflow, or null when there is none with this id.
    async fn inflow(&self, cx: &Context<'_>, id: ID) -> Answer<InflowNode> {
        one(cx, &id).boxed().await
    }

    /// Inflows, newest first unless ordered otherwise.
    async fn inflows(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<InflowFilter>>,
        order_by: Option<Vec<InflowOrder>>,
    ) -> Answer<InflowConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| InflowFilter::listing(ctx, filter, order_by)).await
    }

    /// One outflow, or null when there is none with this id.
    async fn outflow(&self, cx: &Context<'_>, id: ID) -> Answer<OutflowNode> {
        one(cx, &id).boxed().await
    }

    /// Outflows, newest first unless ordered otherwise.
    async fn outflows(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<OutflowFilter>>,
        order_by: Option<Vec<OutflowOrder>>,
    ) -> Answer<OutflowConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |ctx| OutflowFilter::listing(ctx, filter, order_by)).await
    }

    /// Every change of stock ever made, newest first.
    async fn stock_ledger(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<StockLedgerFilter>>,
    ) -> Answer<StockLedgerEntryConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |_| StockLedgerFilter::listing(filter)).await
    }

    /// One webhook endpoint, or null when there is none with this id. Requires
    /// `CHANGE_WEBHOOK`.
    async fn webhook_endpoint(&self, cx: &Context<'_>, id: ID) -> Answer<WebhookEndpoint> {
        one(cx, &id).boxed().await
    }

    /// Who is told of events by webhook, oldest first unless ordered otherwise. Requires
    /// `CHANGE_WEBHOOK`.
    async fn webhook_endpoints(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        order_by: Option<Vec<WebhookEndpointOrder>>,
    ) -> Answer<WebhookEndpointConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        of_all(cx, paging, |_| WebhookEndpointOrder::listing(order_by)).await
    }

    /// Figures for a dashboard.
    async fn analytics(&self, cx: &Context<'_>) -> Answer<Analytics> {
        Some(Ctx::of(cx).and_then(|ctx| ctx.actor().map(|_| Analytics)))
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
