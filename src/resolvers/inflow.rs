//! Inflows: stock that comes in from a supplier.

use ::entity::inflow::{Column, Entity, Model};
use ::entity::stock_change::Reason;
use ::entity::{product, supplier};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

pub use super::movement::Draft;
use super::movement::{self, MovementRules};
use crate::ctx::Ctx;
use crate::error::{Fault, FaultCode, Result};
use crate::kind::Kind;
use crate::query::check::INT_MAX;
use crate::query::{Collection, Direction, ListColumn, TextRules};
use crate::resource::{Created, RelatedRows, Resource};
use crate::services::Services;
use crate::stock::movement::Movement;
use crate::stock::movement_queue::MovementQueue;
use crate::stock::new_movement::NewMovement;
use crate::tx::Tx;

impl Movement for Entity {
    const SIGN: i64 = 1;
    const PRODUCT: Column = Column::ProductId;
    const CREATED_AT: Column = Column::CreatedAt;
    const CREATED: Reason = Reason::InflowCreated;
    const DELETED: Reason = Reason::InflowDeleted;
    const INSERT: (&'static str, &'static str) = (
        "id, supplier_id, product_id, quantity, description, description_folded, created_at, updated_at",
        "movement_id, supplier_id, product_id, quantity, description, description_folded, at, at",
    );
    const REFERENCES: &'static str = "JOIN supplier ON supplier.id = requested.supplier_id";

    fn queue(services: &Services) -> &MovementQueue {
        &services.inflows
    }

    fn row(movement: &NewMovement, product: &product::Model, at: DateTime<Utc>) -> Model {
        Model {
            id: 0,
            supplier_id: movement.supplier_id.unwrap_or_default(),
            product_id: product.id,
            quantity: movement.quantity,
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
    const HAS_SUPPLIER: bool = true;

    fn shortage_fault(available: i64) -> Fault {
        let max = INT_MAX - available;
        let message = format!("Ensure this value is less than or equal to {max}.");
        Fault::new("quantity", FaultCode::OutOfRange, message)
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
        Column::SupplierId,
        Column::ProductId,
        Column::Quantity,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    const OPTIONAL_COLUMNS: &'static [(Column, &'static [&'static str])] = &[
        (Column::Quantity, &["quantity"]),
        (Column::Description, &["description"]),
        (Column::CreatedAt, &["created_at"]),
        (Column::UpdatedAt, &["updated_at"]),
    ];
}

impl Resource for Entity {
    const KIND: Kind = Kind::Inflow;
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

    async fn load_related(tx: &Tx, rows: &[Model]) -> Result<Vec<RelatedRows>> {
        let ids = rows.iter().map(|row| row.supplier_id);
        let found = supplier::Entity::find()
            .filter(supplier::Column::Id.is_in(ids))
            .all(tx)
            .await?;
        let related = |row: &Model| RelatedRows {
            supplier: found
                .iter()
                .find(|supplier| supplier.id == row.supplier_id)
                .cloned(),
            ..RelatedRows::default()
        };
        Ok(rows.iter().map(related).collect())
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<Option<product::Model>> {
        movement::delete::<Self>(tx, row).await
    }
}
