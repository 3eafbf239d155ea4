//! The root fields of queries. Each is nullable, so that an error in one field does not affect the others.

use ::entity::{brand, category, inflow, outflow, product, stock_change, supplier, webhook_endpoint};
use async_graphql::{Context, ID, Object};
use futures_util::FutureExt as _;
use graphql_server::resolve::Concurrent;
use graphql_tables::{HasNode, Node};

use super::account::Viewer;
use super::analytics::Analytics;
use super::kit::list::lists;
use super::kit::{FilterArgument, NodeOf, Nullable, OrderArgument, require_id};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::resolvers;
use crate::resource::Resource;

pub struct Query;

/// Everything that can be read. Every field but `viewer` requires a login.
///
/// Each `id` is the id that the REST API uses. Ids are unique within a type, not
/// across types: cache by `__typename` and `id`.
///
/// Lists are connections. Request a page with `first` (forwards, from `after`) or
/// with `last` (backwards, from `before`); 10 items when neither is given, at most
/// 100. `offset` skips items, for numbered pages. Order is always total, so that
/// paging neither repeats nor skips an item.
#[Object]
impl Query {
    /// The logged-in user and their permissions. Null without a login.
    async fn viewer(&self, cx: &Context<'_>) -> Nullable<Viewer> {
        Ctx::of(cx)
            .map(|ctx| ctx.actor.as_deref().and_then(Viewer::of))
            .transpose()
    }

    /// One brand, or null when there is none with this id.
    async fn brand(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<brand::Entity>>> {
        one::<brand::Entity>(cx, id).await
    }

    /// One category, or null when there is none with this id.
    async fn category(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<category::Entity>>> {
        one::<category::Entity>(cx, id).await
    }

    /// One supplier, or null when there is none with this id.
    async fn supplier(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<supplier::Entity>>> {
        one::<supplier::Entity>(cx, id).await
    }

    /// One product, or null when there is none with this id.
    async fn product(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<product::Entity>>> {
        one::<product::Entity>(cx, id).await
    }

    /// One inflow, or null when there is none with this id.
    async fn inflow(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<inflow::Entity>>> {
        one::<inflow::Entity>(cx, id).await
    }

    /// One outflow, or null when there is none with this id.
    async fn outflow(&self, cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<outflow::Entity>>> {
        one::<outflow::Entity>(cx, id).await
    }

    /// One webhook endpoint, or null when there is none with this id. Requires
    /// `CHANGE_WEBHOOK`.
    async fn webhook_endpoint(
        &self,
        cx: &Context<'_>,
        id: ID,
    ) -> Nullable<Node<NodeOf<webhook_endpoint::Entity>>> {
        one::<webhook_endpoint::Entity>(cx, id).await
    }

    /// Totals for a dashboard.
    async fn analytics(&self, cx: &Context<'_>) -> Nullable<Concurrent<Analytics>> {
        Some(Ctx::of(cx).and_then(|ctx| ctx.actor().map(|_| Concurrent(Analytics))))
    }

    #[graphql(flatten)]
    async fn lists(&self) -> RootLists {
        RootLists
    }
}

lists!(RootLists {
    /// Brands, by name unless ordered otherwise.
    brands: brand::Entity(
        search: Option<String> = "Words of the name, in any order, ignoring case and diacritics.",
        filter: FilterArgument<brand::Entity>,
        order_by: OrderArgument<brand::Entity>,
    );
    /// Categories, by name unless ordered otherwise.
    categories: category::Entity(
        search: Option<String> = "Words of the name, in any order, ignoring case and diacritics.",
        filter: FilterArgument<category::Entity>,
        order_by: OrderArgument<category::Entity>,
    );
    /// Suppliers, by name unless ordered otherwise.
    suppliers: supplier::Entity(
        search: Option<String> = "Words of the name, in any order, ignoring case and diacritics.",
        filter: FilterArgument<supplier::Entity>,
        order_by: OrderArgument<supplier::Entity>,
    );
    /// Products, by title unless ordered otherwise.
    products: product::Entity(
        search: Option<String> = "The words to find, in any order, ignoring case and diacritics.",
        filter: FilterArgument<product::Entity>,
        order_by: OrderArgument<product::Entity>,
    );
    /// Inflows, newest first unless ordered otherwise.
    inflows: inflow::Entity(
        filter: FilterArgument<inflow::Entity>,
        order_by: OrderArgument<inflow::Entity>,
    );
    /// Outflows, newest first unless ordered otherwise.
    outflows: outflow::Entity(
        filter: FilterArgument<outflow::Entity>,
        order_by: OrderArgument<outflow::Entity>,
    );
    /// Every change of stock, newest first.
    stock_ledger: stock_change::Entity(filter: FilterArgument<stock_change::Entity>);
    /// Webhook endpoints, oldest first unless ordered otherwise. Requires
    /// `CHANGE_WEBHOOK`.
    webhook_endpoints: webhook_endpoint::Entity(order_by: OrderArgument<webhook_endpoint::Entity>);
});

/// Returns the object with this id, or null if it does not exist.
async fn one<E: Resource + HasNode<Ctx>>(cx: &Context<'_>, id: ID) -> Nullable<Node<NodeOf<E>>> {
    let found = async {
        let permit = Ctx::of(cx)?.permit()?;
        resolvers::find::<E>(permit, require_id(&id)?).await
    };
    match found.boxed().await {
        Ok(row) => Some(Ok(Node(row.into()))),
        Err(Error::NotFound) => None,
        Err(error) => Some(Err(error)),
    }
}
