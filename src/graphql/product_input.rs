//! Products as they are written: inputs, and what the mutations answer with.

use ::entity::product::Column;
use async_graphql::{ID, InputObject, MaybeUndefined};

use super::payload::{Update, batch, deleted, field, payload, price, reference};
use super::product::ProductNode;
use super::scalar::Decimal;
use crate::query::{Field, Texts};
use crate::resolvers::product::Draft;

/// A new product.
#[derive(InputObject)]
pub struct CreateProductInput {
    /// 1 to 500 characters.
    title: String,
    category_id: ID,
    brand_id: ID,
    description: MaybeUndefined<String>,
    /// Up to 200 characters, not in use by another product.
    serie_number: MaybeUndefined<String>,
    /// 0 or more, at most 2 decimals.
    cost_price: Decimal,
    /// 0 or more, at most 2 decimals.
    selling_price: Decimal,
    /// What is in stock to begin with, 0 or more.
    #[graphql(default)]
    quantity: i32,
}

impl From<CreateProductInput> for Draft {
    fn from(input: CreateProductInput) -> Self {
        let mut faults = Vec::new();
        Self {
            texts: Texts::default()
                .with(Column::Title, Field::Set(input.title))
                .with(Column::Description, field(input.description))
                .with(Column::SerieNumber, field(input.serie_number)),
            category_id: reference("category_id", Field::Set(input.category_id), &mut faults),
            brand_id: reference("brand_id", Field::Set(input.brand_id), &mut faults),
            cost_price: price("cost_price", Field::Set(input.cost_price), &mut faults),
            selling_price: price("selling_price", Field::Set(input.selling_price), &mut faults),
            quantity: Field::Set(i64::from(input.quantity)),
            faults,
        }
    }
}

/// Several new products.
#[derive(InputObject)]
pub struct CreateProductsInput {
    /// 1 to 100 products.
    #[doc(hidden)]
    pub items: Vec<CreateProductInput>,
}

/// What to change about a product.
#[derive(InputObject)]
pub struct UpdateProductInput {
    id: ID,
    /// Refuses with `CONFLICT` when the record has changed since this version.
    expected_version: Option<i32>,
    /// 1 to 500 characters.
    title: MaybeUndefined<String>,
    category_id: MaybeUndefined<ID>,
    brand_id: MaybeUndefined<ID>,
    description: MaybeUndefined<String>,
    /// Up to 200 characters, not in use by another product.
    serie_number: MaybeUndefined<String>,
    /// 0 or more, at most 2 decimals.
    cost_price: MaybeUndefined<Decimal>,
    /// 0 or more, at most 2 decimals.
    selling_price: MaybeUndefined<Decimal>,
    /// What is in stock, counted anew, 0 or more. The difference goes into the stock
    /// ledger as an `ADJUSTMENT`.
    quantity: MaybeUndefined<i32>,
}

impl Update for UpdateProductInput {
    type Draft = Draft;

    fn split(self) -> (ID, Option<i64>, Draft) {
        let mut faults = Vec::new();
        let draft = Draft {
            texts: Texts::default()
                .with(Column::Title, field(self.title))
                .with(Column::Description, field(self.description))
                .with(Column::SerieNumber, field(self.serie_number)),
            category_id: reference("category_id", field(self.category_id), &mut faults),
            brand_id: reference("brand_id", field(self.brand_id), &mut faults),
            cost_price: price("cost_price", field(self.cost_price), &mut faults),
            selling_price: price("selling_price", field(self.selling_price), &mut faults),
            quantity: field(self.quantity).map(i64::from),
            faults,
        };
        (self.id, self.expected_version.map(i64::from), draft)
    }
}

/// Which product to delete.
#[derive(InputObject)]
pub struct DeleteProductInput {
    #[doc(hidden)]
    pub id: ID,
}

payload!(
    /// The new product, or what was wrong.
    CreateProductPayload { product: ProductNode }
);
batch!(
    /// The new products, or what was wrong.
    CreateProductsPayload { products: ProductNode }
);
payload!(
    /// The changed product, or what was wrong.
    UpdateProductPayload { product: ProductNode }
);
deleted!(DeleteProductPayload);
