//! The stock ledger.

use ::entity::stock_change;
use ::entity::stock_change::Reason;
use async_graphql::{Context, Enum, ID, InputObject, Object};
use futures_util::FutureExt as _;

use super::account::User;
use super::connection::{connection, referred};
use super::filter::{DateTimeFilter, IdFilter, IntFilter, all};
use super::movement::MovementNode;
use super::problem::Answer;
use super::product::ProductNode;
use super::resolve::Node;
use super::scalar::{DateTime, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::filter::Filter;
use crate::query::{Listing, Row};
use crate::stock::movement_row;

/// One change of one product's stock.
pub struct StockLedgerEntry(Row<stock_change::Entity>);

impl From<Row<stock_change::Entity>> for StockLedgerEntry {
    fn from(row: Row<stock_change::Entity>) -> Self {
        Self(row)
    }
}

/// One change of one product's stock: who, when, why, how much. Entries are only
/// ever added.
#[Object(serial)]
impl StockLedgerEntry {
    /// Grows with time: a later entry of the same product has a larger id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn reason(&self) -> StockChangeReason {
        self.0.reason.into()
    }

    /// What was added to the stock; negative when it was taken away.
    async fn change(&self) -> i32 {
        int(self.0.change)
    }

    /// What was in stock right after.
    async fn balance(&self) -> i32 {
        int(self.0.balance)
    }

    async fn product_id(&self) -> ID {
        self.0.product_id.into()
    }

    /// Null once the product has been deleted.
    async fn product(&self, cx: &Context<'_>) -> Answer<Node<ProductNode>> {
        referred(cx, &self.0, "product", |entry| Some(entry.product_id))
            .await
            .transpose()
    }

    /// The inflow or outflow behind this change. Null when there is none, or once it
    /// has been deleted.
    async fn movement(&self, cx: &Context<'_>) -> Answer<MovementNode> {
        let movement = async { movement_row::of_entry(Ctx::of(cx)?, &self.0).await }.boxed();
        movement
            .await
            .map(|found| found.map(MovementNode::from))
            .transpose()
    }

    /// Who did it. Null when no user did: an import, a command.
    async fn actor(&self, cx: &Context<'_>) -> Answer<Node<User>> {
        referred(cx, &self.0, "actor", |entry| entry.actor_id)
            .await
            .transpose()
    }
}

connection!(
    Row<stock_change::Entity> => StockLedgerEntryConnection, StockLedgerEntryEdge, StockLedgerEntry;
    "A page of ledger entries.", "A ledger entry and its place in the list.",
    "The entries of this page, without their cursors.",
    "How many entries match, on all pages together. Counted only when asked for."
);

/// Why a product's stock changed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Reason")]
pub enum StockChangeReason {
    /// The product was created with stock.
    ProductCreated,
    /// The product's quantity was edited directly.
    Adjustment,
    #[doc(hidden)]
    InflowCreated,
    #[doc(hidden)]
    InflowDeleted,
    #[doc(hidden)]
    OutflowCreated,
    #[doc(hidden)]
    OutflowDeleted,
}

/// Conditions on ledger entries; all of them must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct StockLedgerFilter {
    product_id: Option<IdFilter>,
    actor_id: Option<IdFilter>,
    reason: Option<Vec<StockChangeReason>>,
    change: Option<IntFilter>,
    created_at: Option<DateTimeFilter>,
}

impl StockLedgerFilter {
    /// The list that the arguments of a connection describe.
    pub fn listing(filter: Option<Box<Self>>) -> Result<Listing<stock_change::Entity>> {
        use stock_change::Column;
        let filter = *filter.unwrap_or_default();
        let reasons =
            |reasons: Vec<StockChangeReason>| reasons.into_iter().map(Reason::from).collect::<Vec<_>>();
        let filter = all([
            filter.product_id.map(|id| id.on(Column::ProductId)),
            filter.actor_id.map(|id| id.on(Column::ActorId)),
            filter
                .reason
                .map(|reason| Filter::among(Column::Reason, reasons(reason))),
            filter.change.map(|change| change.on(Column::Change)),
            filter.created_at.map(|at| at.on(Column::CreatedAt)),
        ]);
        Ok(Listing {
            filter: filter.checked()?,
            search: None,
            order: Vec::new(),
        })
    }
}
