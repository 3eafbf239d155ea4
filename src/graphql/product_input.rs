//! The mutations of products: inputs and payloads.

use ::entity::product::{self, Column};
use async_graphql::{ID, InputObject};

use super::kit::decimal::Decimal;
use super::kit::input::{delete_input, inputs};
use super::kit::payload::{delete_payload, payload};
use crate::resolvers::product::Draft;

inputs! {
    /// A new product.
    create CreateProductInput,
    /// What to change about a product.
    update UpdateProductInput,
    fills Draft,
    texts {
        /// 1 to 500 characters.
        title: Required<String> = Column::Title;
        description: Optional<String> = Column::Description;
        /// Up to 200 characters, not in use by another product.
        serie_number: Optional<String> = Column::SerieNumber;
    }
    fields {
        category_id: Required<ID>;
        brand_id: Required<ID>;
        /// 0 or more, at most 2 decimals.
        cost_price: Required<Decimal>;
        /// 0 or more, at most 2 decimals.
        selling_price: Required<Decimal>;
        quantity: Required<i32>, create [
            /// The initial stock, 0 or more.
            #[graphql(default)]
        ], update [
            /// The stock as counted now, 0 or more. The difference goes into the stock ledger
            /// as an `ADJUSTMENT`.
        ];
    }
}

/// Several new products.
#[derive(InputObject)]
pub(crate) struct CreateProductsInput {
    /// 1 to 100 products.
    pub(crate) items: Vec<CreateProductInput>,
}

delete_input!(
    /// The product to delete.
    DeleteProductInput
);

payload!(
    /// The new product, or what was wrong.
    CreateProductPayload { product: product::Entity }
);
payload!(
    /// The new products, or what was wrong.
    CreateProductsPayload { products: [product::Entity] }
);
payload!(
    /// The changed product, or what was wrong.
    UpdateProductPayload { product: product::Entity }
);
delete_payload!(DeleteProductPayload of product::Entity);
