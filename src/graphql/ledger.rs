//! The stock ledger: every change of stock, as an entry that is never changed.

use ::entity::stock_change::Reason;
use ::entity::{product, stock_change, user};
use async_graphql::{Context, Enum, ID, Object};
use futures_util::FutureExt as _;
use graphql_tables::{DateTime, int, optional};

use super::kit::{Nullable, Reference, connection, filter, node};
use super::movement::MovementNode;
use crate::ctx::Ctx;
use crate::query::Filter;
use crate::stock::movement_row;

node!(StockLedgerEntry of stock_change::Entity);

/// One change of one product's stock. Entries are added, but never changed or
/// deleted.
#[Object(serial)]
impl StockLedgerEntry {
    /// Increases with time: a later entry of the same product has a larger id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn reason(&self) -> StockChangeReason {
        self.0.reason.into()
    }

    /// The quantity that was added; negative when it was taken away.
    async fn change(&self) -> i32 {
        int(self.0.change)
    }

    /// The stock right after the change.
    async fn balance(&self) -> i32 {
        int(self.0.balance)
    }

    async fn product_id(&self) -> ID {
        self.0.product_id.into()
    }

    /// Null once the product has been deleted.
    async fn product(&self) -> Reference<'_, product::Entity> {
        optional(&self.0, "product", |entry| Some(entry.product_id))
    }

    /// The inflow or outflow that caused this change. Null when there is none, or once it
    /// has been deleted.
    async fn movement(&self, cx: &Context<'_>) -> Nullable<MovementNode> {
        let movement = async {
            let found = movement_row::movement_of_entry(Ctx::of(cx)?, &self.0).await?;
            Ok(found.map(MovementNode::from))
        };
        movement.boxed().await.transpose()
    }

    /// The user who made the change. Null when it was not a user, as in an import.
    async fn actor(&self) -> Reference<'_, user::Entity> {
        optional(&self.0, "actor", |entry| entry.actor_id)
    }
}

connection!(
    StockLedgerEntryConnection, StockLedgerEntryEdge of stock_change::Entity;
    "A ledger entry", "ledger entries", "How many entries match"
);

/// Why a product's stock changed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Reason")]
pub(crate) enum StockChangeReason {
    /// The product was created with stock.
    ProductCreated,
    /// The product's quantity was edited directly.
    Adjustment,
    InflowCreated,
    InflowDeleted,
    OutflowCreated,
    OutflowDeleted,
}

filter! {
    /// Conditions on ledger entries; all of them must hold.
    StockLedgerFilter of stock_change::Entity {
        columns {
            product_id: IdFilter(ProductId),
            actor_id: IdFilter(ActorId),
            change: IntFilter(Change),
            created_at: DateTimeFilter(CreatedAt),
        }
        rules {
            reason: Vec<StockChangeReason> = |_, reasons| Ok(with_reason(reasons)),
        }
    }
}

fn with_reason(reasons: Vec<StockChangeReason>) -> Filter {
    let reasons: Vec<Reason> = reasons.into_iter().map(Reason::from).collect();
    Filter::is_in(stock_change::Column::Reason, reasons)
}
