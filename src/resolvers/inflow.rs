//! Inflows: stock that comes in from a supplier.

use ::entity::inflow::{Column, Entity, Model};
use ::entity::stock_change::Reason;
use ::entity::{product, supplier};
use chrono::{DateTime, Utc};
use database::Failure;

use crate::ctx::Ctx;
use crate::error::{Fault, FaultCode, Faults, Result};
use crate::kind::Kind;
use crate::query::check::{INT_MAX, no_such};
use crate::query::{Check, Collection, Direction, Field, Sortable};
use crate::resource::{Created, Resource, delete_row};
use crate::services::Services;
use crate::stock::movement_batcher;
use crate::stock::movement_queue::MovementQueue;
use crate::stock::stock::{self, Movement, NewMovement, RecordError};
use crate::tx::Tx;

/// What a caller may say of an inflow.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// An existing supplier.
    pub supplier_id: Field<i64>,
    /// An existing product.
    pub product_id: Field<i64>,
    /// 1 or more.
    pub quantity: Field<i64>,
    /// Why.
    pub description: Field<String>,
    /// What the face could not read.
    pub faults: Faults,
}

impl Movement for Entity {
    const SIGN: i64 = 1;
    const PRODUCT: Column = Column::ProductId;
    const CREATED_AT: Column = Column::CreatedAt;
    const CREATED: Reason = Reason::InflowCreated;
    const DELETED: Reason = Reason::InflowDeleted;
    const COLUMNS: (&'static str, &'static str) = (
        "id, supplier_id, product_id, quantity, description, description_folded, created_at, updated_at",
        "movement_id, supplier_id, product_id, quantity, description, description_folded, at, at",
    );
    const REFERENCES: &'static str = "JOIN supplier ON supplier.id = wanted.supplier_id";

    fn recorder(services: &Services) -> &MovementQueue {
        &services.inflows
    }

    fn row(moving: &NewMovement, product: &product::Model, at: DateTime<Utc>) -> Model {
        Model {
            id: 0,
            supplier_id: moving.supplier_id.unwrap_or_default(),
            product_id: product.id,
            quantity: moving.quantity,
            description: moving.description.clone(),
            description_folded: moving.description_folded(),
            created_at: at,
            updated_at: at,
        }
    }

    fn moved(row: &Model) -> (i64, i64) {
        (row.product_id, row.quantity)
    }
}

impl Collection for Entity {
    const SORTABLE: &'static [Sortable<Column>] = &[
        Sortable {
            name: "created_at",
            columns: &[Column::CreatedAt],
            nullable: false,
        },
        Sortable {
            name: "id",
            columns: &[Column::Id],
            nullable: false,
        },
        Sortable {
            name: "quantity",
            columns: &[Column::Quantity],
            nullable: false,
        },
        Sortable {
            name: "description",
            columns: &[Column::DescriptionFolded, Column::Description],
            nullable: true,
        },
        Sortable {
            name: "updated_at",
            columns: &[Column::UpdatedAt],
            nullable: false,
        },
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("created_at", Direction::Descending);
    const SEARCHED: Option<Column> = None;
}

impl Resource for Entity {
    const KIND: Kind = Kind::Inflow;
    type Draft = Draft;

    async fn create(tx: &Tx, mut draft: Draft) -> Result<Created<Self>> {
        let mut check = Check::new_row(std::mem::take(&mut draft.faults));
        let supplier_id = check
            .reference::<supplier::Entity>(tx, "supplier_id", draft.supplier_id)
            .await?;
        let description = check.optional_text("description", draft.description, usize::MAX);
        let quantity = check.integer("quantity", draft.quantity, 1..=INT_MAX, None);
        // Where all else is right, the statement that moves the stock tells whether there is such a product.
        let product_id = if check.is_clean() {
            check.id("product_id", draft.product_id)
        } else {
            check
                .reference::<product::Entity>(tx, "product_id", draft.product_id)
                .await?
        };
        check.finish()?;
        let moving = NewMovement {
            product_id: product_id.unwrap_or_default(),
            supplier_id,
            quantity: quantity.unwrap_or_default(),
            description: description.flatten(),
        };
        match stock::record::<Self>(tx, &moving).await {
            Ok(made) => Ok(made),
            Err(RecordError::NoProduct) => Err(no_such("product_id", moving.product_id).into()),
            Err(RecordError::Shortage(shortage)) => Err(Fault::new(
                "quantity",
                FaultCode::OutOfRange,
                format!(
                    "Ensure this value is less than or equal to {}.",
                    INT_MAX - shortage.available
                ),
            )
            .into()),
            Err(RecordError::Failed(error)) => Err(match Failure::of(&error) {
                Failure::ForeignKey(_) => {
                    no_such("supplier_id", moving.supplier_id.unwrap_or_default()).into()
                }
                _ => error.into(),
            }),
        }
    }

    async fn create_together(ctx: &Ctx, draft: &Draft) -> Result<Option<Created<Self>>> {
        let mut draft = draft.clone();
        let mut check = Check::new_row(std::mem::take(&mut draft.faults));
        let moving = NewMovement {
            product_id: check.id("product_id", draft.product_id).unwrap_or_default(),
            supplier_id: check.id("supplier_id", draft.supplier_id),
            quantity: check
                .integer("quantity", draft.quantity, 1..=INT_MAX, None)
                .unwrap_or_default(),
            description: check
                .optional_text("description", draft.description, usize::MAX)
                .flatten(),
        };
        // What is wrong with it is said where it is made alone.
        if !check.is_clean() {
            return Ok(None);
        }
        movement_batcher::together(ctx, moving).await
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<()> {
        stock::take_back::<Self>(tx, row).await?;
        Ok(delete_row::<Self>(tx, row).await?)
    }
}
