//! Outflows: stock that goes out, with the product's prices at that time.

use ::entity::outflow::{Column, Entity, Model};
use ::entity::product;
use ::entity::stock_change::Reason;
use chrono::{DateTime, Utc};

pub use super::movement::Draft;
use super::movement::{self, MovementRules};
use crate::ctx::Ctx;
use crate::error::{Fault, FaultCode, Result};
use crate::kind::Kind;
use crate::query::{Collection, Direction, ListColumn, TextRules};
use crate::resource::{Created, Resource};
use crate::services::Services;
use crate::stock::movement::Movement;
use crate::stock::movement_queue::MovementQueue;
use crate::stock::new_movement::NewMovement;
use crate::tx::Tx;

impl Movement for Entity {
    const SIGN: i64 = -1;
    const PRODUCT: Column = Column::ProductId;
    const CREATED_AT: Column = Column::CreatedAt;
    const CREATED: Reason = Reason::OutflowCreated;
    const DELETED: Reason = Reason::OutflowDeleted;
    const INSERT: (&'static str, &'static str) = (
        "id, product_id, quantity, unit_price, unit_cost, description, description_folded, created_at, updated_at",
        "movement_id, product_id, quantity, selling_price, cost_price, description, description_folded, at, at",
    );
    const REFERENCES: &'static str = "";

    fn queue(services: &Services) -> &MovementQueue {
        &services.outflows
    }

    fn row(movement: &NewMovement, product: &product::Model, at: DateTime<Utc>) -> Model {
        Model {
            id: 0,
            product_id: product.id,
            quantity: movement.quantity,
            unit_price: product.selling_price,
            unit_cost: product.cost_price,
            description: movement.description.clone(),
            description_folded: movement.description_folded(),
            created_at: at,
            updated_at: at,
        }
    }

    fn product_and_quantity(row: &Model) -> (i64, i64) {
        (row.product_id, row.quantity)
    }
}

impl MovementRules for Entity {
    const HAS_SUPPLIER: bool = false;

    fn shortage_fault(available: i64) -> Fault {
        let message = format!("Not enough stock: {available} available.");
        Fault::new("quantity", FaultCode::Insufficient, message)
    }
}

impl Collection for Entity {
    const COLUMNS: &'static [ListColumn<Column>] = &[
        ListColumn::value(Column::CreatedAt),
        ListColumn::value(Column::Id),
        ListColumn::value(Column::Quantity),
        ListColumn::text(
            Column::Description,
            Column::DescriptionFolded,
            TextRules::OPTIONAL,
        ),
        ListColumn::value(Column::UpdatedAt),
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("created_at", Direction::Descending);
    const INDEXED_COLUMNS: &'static [Column] = &[
        Column::Id,
        Column::ProductId,
        Column::Quantity,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    const OPTIONAL_COLUMNS: &'static [(Column, &'static [&'static str])] = &[
        (Column::Quantity, &["quantity"]),
        (Column::UnitPrice, &["unit_price"]),
        (Column::UnitCost, &["unit_cost"]),
        (Column::Description, &["description"]),
        (Column::CreatedAt, &["created_at"]),
        (Column::UpdatedAt, &["updated_at"]),
    ];
}

impl Resource for Entity {
    const KIND: Kind = Kind::Outflow;
    type Draft = Draft;

    async fn lock_for(tx: &Tx, drafts: &[Draft]) -> Result<()> {
        movement::lock_products(tx, drafts).await
    }

    async fn create(tx: &Tx, draft: Draft) -> Result<Created<Self>> {
        movement::create(tx, draft).await
    }

    async fn create_in_batch(ctx: &Ctx, draft: &Draft) -> Result<Option<Created<Self>>> {
        movement::create_in_batch(ctx, draft).await
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<Option<product::Model>> {
        movement::delete::<Self>(tx, row).await
    }
}
