//! Stores a sample shop in a database, in one transaction and in addition to the rows that exist.

use std::sync::Arc;

use ::entity::label::Label;
use ::entity::{Money, Record as _, brand, category, fold, inflow, outflow, product, supplier};
use database::Failure;
use database::bulk::{BulkInsert, reserve_ids};
use sample_data::{Flow, Movement, Shop};
use sea_orm::{DbErr, EntityTrait};

use crate::ctx::Ctx;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::row_count::analyze;
use crate::stock::history::History;
use crate::tx::Tx;

/// Stores the shop.
///
/// # Errors
/// [`Error::Invalid`] if the database has products of this shop already.
pub(super) async fn store(ctx: &Ctx, shop: Shop) -> Result<()> {
    let shop = Arc::new(shop);
    ctx.transaction(move |tx| {
        let shop = Arc::clone(&shop);
        Box::pin(async move { insert(tx, &shop).await })
    })
    .await
}

async fn insert(tx: &Tx, shop: &Shop) -> Result<()> {
    let inflows = shop
        .movements
        .iter()
        .filter(|movement| is_inflow(movement))
        .count();
    let first = FirstIds {
        category: insert_labels::<category::Entity>(tx, &shop.categories).await?,
        brand: insert_labels::<brand::Entity>(tx, &shop.brands).await?,
        supplier: insert_labels::<supplier::Entity>(tx, &shop.suppliers).await?,
        product: reserve_ids::<product::Entity>(tx, shop.products.len()).await?,
        inflow: reserve_ids::<inflow::Entity>(tx, inflows).await?,
        outflow: reserve_ids::<outflow::Entity>(tx, shop.movements.len() - inflows).await?,
    };
    let mut products: Vec<product::Model> = (0..)
        .zip(&shop.products)
        .map(|(position, product)| product_row(&first, position, product))
        .collect();
    // The ledger is inserted first, because it determines the quantities and versions of the products.
    insert_ledger(tx, shop, &first, &mut products).await?;
    let inserted = insert_rows::<product::Entity>(tx, &products).await;
    inserted.map_err(|error| match Failure::of(&error) {
        Failure::Unique(_) => {
            let message =
                "the database has some of the unique values of the sample data already; choose another seed";
            Fault::new("seed", FaultCode::Taken, message).into()
        }
        _ => Error::from(error),
    })?;
    insert_movements(tx, shop, &first, &products).await?;
    analyze(tx).await
}

/// The id of the first row of each kind; the others are consecutive.
struct FirstIds {
    category: i64,
    brand: i64,
    supplier: i64,
    product: i64,
    inflow: i64,
    outflow: i64,
}

/// Returns the id of the row at this position.
fn id(first: i64, position: usize) -> i64 {
    first.saturating_add_unsigned(u64::try_from(position).unwrap_or(u64::MAX))
}

async fn insert_rows<E: EntityTrait>(tx: &Tx, rows: &[E::Model]) -> Result<(), DbErr> {
    let mut table = BulkInsert::<_, E>::new(tx);
    for row in rows {
        table.add(row).await?;
    }
    table.finish().await
}

/// Inserts labels and returns the id of the first.
async fn insert_labels<L: Label>(tx: &Tx, labels: &[sample_data::Label]) -> Result<i64, DbErr> {
    let first = reserve_ids::<L>(tx, labels.len()).await?;
    let row = |(position, label): (usize, &sample_data::Label)| {
        let mut row = L::blank(label.created_at);
        row.set_id(id(first, position));
        let fields = L::fields_mut(&mut row);
        fields.name.clone_from(&label.name);
        *fields.name_folded = fold(&label.name);
        fields.description.clone_from(&label.description);
        *fields.description_folded = label.description.as_deref().map(fold);
        row
    };
    let rows: Vec<L::Model> = labels.iter().enumerate().map(row).collect();
    insert_rows::<L>(tx, &rows).await?;
    Ok(first)
}

/// The product before its first movement.
fn product_row(first: &FirstIds, position: usize, product: &sample_data::Product) -> product::Model {
    product::Model {
        id: id(first.product, position),
        title: product.title.clone(),
        title_folded: fold(&product.title),
        category_id: id(first.category, product.category),
        brand_id: id(first.brand, product.brand),
        description: product.description.clone(),
        description_folded: product.description.as_deref().map(fold),
        serie_number: product.serie_number.clone(),
        serie_number_folded: product.serie_number.as_deref().map(fold),
        cost_price: Money(product.cost_price),
        selling_price: Money(product.selling_price),
        quantity: product.opening_quantity,
        version: 1,
        created_at: product.created_at,
        updated_at: product.created_at,
    }
}

fn is_inflow(movement: &Movement) -> bool {
    matches!(movement.flow, Flow::Inflow { .. })
}

/// Pairs each movement with its id.
fn with_ids<'s>(shop: &'s Shop, first: &FirstIds) -> impl Iterator<Item = (i64, &'s Movement)> + use<'s> {
    let (mut inflow, mut outflow) = (first.inflow, first.outflow);
    shop.movements.iter().map(move |movement| {
        let next = if is_inflow(movement) {
            &mut inflow
        } else {
            &mut outflow
        };
        *next += 1;
        (*next - 1, movement)
    })
}

/// Inserts the ledger in chronological order, and updates the quantity and the version of each product.
async fn insert_ledger(
    tx: &Tx,
    shop: &Shop,
    first: &FirstIds,
    products: &mut [product::Model],
) -> Result<()> {
    let mut history = History::begin(tx, products.len() + shop.movements.len()).await?;
    let mut opening_entries = 0;
    for (id, movement) in with_ids(shop, first) {
        while let Some(product) = products
            .get(opening_entries)
            .filter(|product| product.created_at <= movement.at)
        {
            history.add_opening(product).await?;
            opening_entries += 1;
        }
        let Some(product) = products.get_mut(movement.product) else {
            return Err(Error::NotFound);
        };
        let (quantity, at) = (movement.quantity, movement.at);
        if is_inflow(movement) {
            history
                .record::<inflow::Entity>(product, id, quantity, at)
                .await?;
        } else {
            history
                .record::<outflow::Entity>(product, id, quantity, at)
                .await?;
        }
    }
    for product in products.iter().skip(opening_entries) {
        history.add_opening(product).await?;
    }
    history.finish().await
}

async fn insert_movements(tx: &Tx, shop: &Shop, first: &FirstIds, products: &[product::Model]) -> Result<()> {
    let mut inflows = BulkInsert::<_, inflow::Entity>::new(tx);
    let mut outflows = BulkInsert::<_, outflow::Entity>::new(tx);
    for (id, movement) in with_ids(shop, first) {
        let Some(product) = products.get(movement.product) else {
            return Err(Error::NotFound);
        };
        let description = movement.description.as_deref().map(str::to_owned);
        let description_folded = movement.description.as_deref().map(fold);
        match movement.flow {
            Flow::Inflow { supplier } => {
                let row = inflow::Model {
                    id,
                    supplier_id: self::id(first.supplier, supplier),
                    product_id: product.id,
                    quantity: movement.quantity,
                    description,
                    description_folded,
                    created_at: movement.at,
                    updated_at: movement.at,
                };
                inflows.add(&row).await?;
            }
            Flow::Outflow => {
                let row = outflow::Model {
                    id,
                    product_id: product.id,
                    quantity: movement.quantity,
                    unit_price: product.selling_price,
                    unit_cost: product.cost_price,
                    description,
                    description_folded,
                    created_at: movement.at,
                    updated_at: movement.at,
                };
                outflows.add(&row).await?;
            }
        }
    }
    inflows.finish().await?;
    Ok(outflows.finish().await?)
}
