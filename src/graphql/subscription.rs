//! Subscriptions: new ledger entries, and products whose stock has become low.

use std::time::Duration;

use ::entity::{product, stock_change};
use async_graphql::{Context, ID, Subscription as Root};
use futures_util::stream::{self, Stream};
use graphql_tables::parse_id;

use super::kit::{ArgumentCheck, NodeOf};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::Row;
use crate::resolvers;
use crate::stock::ledger_feed::{self, Entries};
use crate::stock::low_stock::became_low;
use crate::telemetry::log_failure;

/// The largest number of `productIds`. Without that argument, a subscription covers all products.
const MAX_PRODUCTS: usize = 100;

/// The delay before a failed read is retried.
const RETRY: Duration = Duration::from_millis(250);

pub struct Subscription;

impl Subscription {
    /// The checks of the arguments of its fields.
    pub(super) const CHECKS: &[(&str, ArgumentCheck)] = &[("stock_changed", |_, arguments| {
        let product_ids: Option<Vec<ID>> = arguments.get("product_ids")?;
        let after: Option<ID> = arguments.get("after")?;
        product_ids.map(|ids| products(&ids)).transpose()?;
        after.map(|id| entry_id(&id)).transpose()?;
        Ok(())
    })];
}

/// Events as they happen, over WebSocket (`graphql-transport-ws`, with the access
/// token in `connection_init`) or as server-sent events. Requires a login; a stream
/// ends when its token is no longer valid.
#[Root]
impl Subscription {
    /// Each change of stock, as soon as it is committed, in the order of the ledger.
    async fn stock_changed(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Only these products; without it, all.")] product_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "Id of the last entry that you have received. The entries after it come first, so that\na reconnection loses nothing."
        )]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = Result<NodeOf<stock_change::Entity>>> + use<>, async_graphql::Error> {
        let products = product_ids.map(|ids| products(&ids)).transpose()?;
        let after = after.map(|id| entry_id(&id)).transpose()?;
        let entries = ledger_feed::entries(context(cx)?, after, products).await?;
        Ok(stream::unfold(entries, async |mut entries| {
            let entry = next_entry(&mut entries).await?;
            Some((Ok(Row::<stock_change::Entity>::single(entry).into()), entries))
        }))
    }

    /// A product whose stock has just fallen to the low-stock threshold or below.
    async fn product_low_stock(
        &self,
        cx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<NodeOf<product::Entity>>> + use<>, async_graphql::Error> {
        let ctx = context(cx)?.clone();
        let entries = ledger_feed::entries(&ctx, None, None).await?;
        Ok(stream::unfold((ctx, entries), async |(ctx, mut entries)| {
            let product = next_low(&ctx, &mut entries).await?;
            Some((product.map(NodeOf::<product::Entity>::from), (ctx, entries)))
        }))
    }
}

/// The context of a subscription. Events can arrive long after it was created, so rows cached at that time must not be used.
fn context<'c>(cx: &Context<'c>) -> Result<&'c Ctx> {
    let ctx = Ctx::of(cx)?;
    ctx.labels.clear();
    Ok(ctx)
}

/// The next entry, or `None` when the program stops. Retries while the database is not available.
async fn next_entry(entries: &mut Entries) -> Option<stock_change::Model> {
    loop {
        match entries.next().await {
            Ok(entry) => return entry,
            Err(error) => pause_after(&error).await,
        }
    }
}

/// The next product whose stock has become low, or `None` when the program stops.
async fn next_low(ctx: &Ctx, entries: &mut Entries) -> Option<Result<Row<product::Entity>>> {
    loop {
        let entry = next_entry(entries).await?;
        if !became_low(
            entry.balance,
            entry.change,
            ctx.services.config.low_stock_threshold,
        ) {
            continue;
        }
        match low_product(ctx, entry.product_id).await {
            // The product has been deleted in the meantime.
            Err(Error::NotFound) => {}
            product => return Some(product),
        }
    }
}

/// Reads a product. Retries while the database is not available.
async fn low_product(ctx: &Ctx, id: i64) -> Result<Row<product::Entity>> {
    loop {
        match resolvers::find(ctx.permit()?, id).await {
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => pause_after(&error).await,
            product => return product,
        }
    }
}

async fn pause_after(error: &Error) {
    log_failure(error);
    tokio::time::sleep(RETRY).await;
}

/// Parses these ids. A string that is not an id matches no product, so it is left out.
fn products(ids: &[ID]) -> Result<Vec<i64>> {
    if ids.len() > MAX_PRODUCTS {
        return Err(Error::parameter(
            "productIds",
            format!("At most {MAX_PRODUCTS} ids."),
        ));
    }
    Ok(ids.iter().filter_map(parse_id).collect())
}

fn entry_id(id: &ID) -> Result<i64> {
    parse_id(id).ok_or_else(|| Error::parameter("after", "It is not the id of a ledger entry."))
}
