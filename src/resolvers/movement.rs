//! The rules that inflows and outflows share. A movement is never updated. Deleting it undoes its effect on stock.

use ::entity::{product, supplier};
use database::{Backend, Failure};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _, QuerySelect as _, QueryTrait as _};

use crate::ctx::Ctx;
use crate::error::{Fault, Faults, Result};
use crate::query::check::{INT_MAX, missing_row, reference};
use crate::query::{Field, FieldCheck, Filter};
use crate::resource::{Created, delete_row};
use crate::stock::movement::Movement;
use crate::stock::movement_batcher;
use crate::stock::new_movement::NewMovement;
use crate::stock::record::{self, RecordError};
use crate::tx::Tx;

/// The values that a client can send for a movement.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// For inflows only.
    pub supplier_id: Field<i64>,
    pub product_id: Field<i64>,
    /// 1 or more; for an outflow, no more than is in stock.
    pub quantity: Field<i64>,
    pub description: Field<String>,
    /// The faults of values that the API could not read.
    pub faults: Faults,
}

/// The rules for creating a movement that differ between the kinds.
pub(super) trait MovementRules: Movement {
    const HAS_SUPPLIER: bool;
    /// The fault of a quantity that the stock does not allow.
    fn shortage_fault(available: i64) -> Fault;
}

/// Checks a draft. Within a transaction, references are looked up, except for the product of a draft without faults: the
/// statement that changes the stock checks that it exists.
async fn check_draft<M: MovementRules>(draft: Draft, tx: Option<&Tx>) -> Result<NewMovement> {
    let mut check = FieldCheck::new_object(draft.faults);
    let supplier_id = match tx {
        _ if !M::HAS_SUPPLIER => None,
        Some(tx) => reference::<supplier::Entity>(&mut check, tx, "supplier_id", draft.supplier_id).await?,
        None => check.required("supplier_id", draft.supplier_id),
    };
    let description = check.optional_text("description", draft.description, usize::MAX);
    let quantity = check.integer("quantity", draft.quantity, 1..=INT_MAX, None);
    let product_id = match tx {
        Some(tx) if !check.is_clean() => {
            reference::<product::Entity>(&mut check, tx, "product_id", draft.product_id).await?
        }
        _ => check.required("product_id", draft.product_id),
    };
    check.finish()?;
    Ok(NewMovement {
        product_id: product_id.unwrap_or_default(),
        supplier_id,
        quantity: quantity.unwrap_or_default(),
        description: description.flatten(),
    })
}

/// Locks the products of several movements by ascending id, as the statement of `movement_batch.rs` does.
pub(super) async fn lock_products(tx: &Tx, drafts: &[Draft]) -> Result<()> {
    if tx.backend() == Backend::Sqlite {
        // SQLite runs write transactions one after the other.
        return Ok(());
    }
    let ids: Vec<i64> = drafts
        .iter()
        .filter_map(|draft| match draft.product_id {
            Field::Set(id) => Some(id),
            _ => None,
        })
        .collect();
    let mut select = Filter::id_in(tx.backend(), product::Column::Id, &ids)
        .apply(product::Entity::find())
        .select_only()
        .column(product::Column::Id)
        .order_by_asc(product::Column::Id)
        .into_query();
    tx.backend().lock(&mut select);
    tx.query_all(&select).await?;
    Ok(())
}

pub(super) async fn create<M: MovementRules>(tx: &Tx, draft: Draft) -> Result<Created<M>> {
    let movement = check_draft::<M>(draft, Some(tx)).await?;
    let error = match record::record::<M>(tx, &movement).await {
        Ok(created) => return Ok(created),
        Err(error) => error,
    };
    Err(match error {
        RecordError::NoProduct => missing_row("product_id", movement.product_id).into(),
        RecordError::Shortage(shortage) => M::shortage_fault(shortage.available).into(),
        RecordError::Failed(error) => match (Failure::of(&error), movement.supplier_id) {
            // The supplier was deleted after the draft was checked.
            (Failure::ForeignKey(_), Some(supplier_id)) => missing_row("supplier_id", supplier_id).into(),
            _ => error.into(),
        },
    })
}

pub(super) async fn create_in_batch<M: MovementRules>(
    ctx: &Ctx,
    draft: &Draft,
) -> Result<Option<Created<M>>> {
    if !movement_batcher::is_supported(ctx) {
        return Ok(None);
    }
    match check_draft::<M>(draft.clone(), None).await {
        Ok(movement) => movement_batcher::enqueue(ctx, movement).await,
        // `create` checks the draft again and reports all faults, including those of the references.
        Err(_) => Ok(None),
    }
}

/// Deletes a movement and returns its product with the new stock.
pub(super) async fn delete<M: Movement>(tx: &Tx, row: &M::Model) -> Result<Option<product::Model>> {
    let product = record::reverse::<M>(tx, row).await?;
    delete_row::<M>(tx, row).await?;
    Ok(Some(product))
}
