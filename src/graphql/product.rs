//! Products.

use ::entity::product::Column;
use ::entity::{brand, category, inflow, outflow, product, stock_change};
use async_graphql::{Context, ID, InputObject};
use graphql_tables::{
    DateTime, Decimal, FilterInput as _, Node, PageArguments, delete_input, inputs, int, required,
};
use sea_orm::ColumnTrait;

use super::kit::list::lists;
use super::kit::payload::{delete_payload, payload};
use super::kit::{FilterArgument, Nullable, OrderArgument, Reference, connection, filter, node, order};
use super::movement::{self, MovementConnection};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Filter;
use crate::resolvers::product::{self as rules, Draft};

node! {
    /// Something kept in stock.
    ProductNode as "Product" with ProductLists of product::Entity, |product, cx| {
        id: ID = product.id.into();
        title: &str = &product.title;
        description: Option<&str> = product.description.as_deref();
        /// Unique among products that have one.
        serie_number: Option<&str> = product.serie_number.as_deref();
        cost_price: Decimal = Decimal::exact(product.cost_price);
        selling_price: Decimal = Decimal::exact(product.selling_price);
        /// The current stock.
        quantity: i32 = int(product.quantity);
        /// Whether `quantity` is at or below `Analytics.lowStockThreshold`.
        is_low_stock: Result<bool> = Ctx::of(cx).map(|ctx| rules::is_low(ctx, product));
        /// Increases with each change. Send it as `expectedVersion` to make an update
        /// fail if the record has changed since.
        version: i32 = int(product.version);
        created_at: DateTime = DateTime(product.created_at);
        updated_at: DateTime = DateTime(product.updated_at);
        category: Reference<'_, category::Entity> = required(product, "category", |product| product.category_id);
        brand: Reference<'_, brand::Entity> = required(product, "brand", |product| product.brand_id);
    }

    /// Its inflows and outflows as one list, newest first.
    async fn movements(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
    ) -> Nullable<Node<MovementConnection>> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
            offset,
        };
        movement::page_of_product(cx, &self.0, page).await
    }
}

lists!(ProductLists of product::Entity {
    /// Its inflows, newest first unless ordered otherwise.
    inflows: inflow::Entity by ProductId(
        filter: FilterArgument<inflow::Entity>,
        order_by: OrderArgument<inflow::Entity>,
    );
    /// Its outflows, newest first unless ordered otherwise.
    outflows: outflow::Entity by ProductId(
        filter: FilterArgument<outflow::Entity>,
        order_by: OrderArgument<outflow::Entity>,
    );
    /// Every change of this product's stock, newest first. The changes add up to
    /// `quantity`.
    stock_ledger: stock_change::Entity by ProductId(filter: FilterArgument<stock_change::Entity>);
});

connection!(ProductConnection, ProductEdge of product::Entity; "A product", "products", "How many products match");

order!(ProductOrder, ProductOrderField of product::Entity: "products" {
    Id,
    Title,
    SerieNumber,
    CostPrice,
    SellingPrice,
    Quantity,
    CreatedAt,
    UpdatedAt,
});

filter! {
    /// Conditions on products; all of them must hold.
    ProductFilter(and, or, not) of product::Entity {
        columns {
            id: IdFilter(Id),
            title: StringFilter(Title, TitleFolded),
            description: StringFilter(Description, DescriptionFolded),
            serie_number: StringFilter(SerieNumber, SerieNumberFolded),
            cost_price: DecimalFilter(CostPrice),
            selling_price: DecimalFilter(SellingPrice),
            quantity: IntFilter(Quantity),
            created_at: DateTimeFilter(CreatedAt),
            updated_at: DateTimeFilter(UpdatedAt),
        }
        references {
            category: CategoryId => category::Entity,
            brand: BrandId => brand::Entity,
        }
        rules {
            is_low_stock: bool = |ctx, is_low| Ok(rules::low_stock_filter(ctx, is_low)),
        }
    }
}

/// Conditions on the products of a brand or category.
#[derive(InputObject, Clone, Debug, Default)]
pub(crate) struct ProductListFilter {
    /// At least one of the products matches. `{}` means: there is a product.
    some: Option<Box<ProductFilter>>,
    /// None of the products matches. `{}` means: there are no products.
    none: Option<Box<ProductFilter>>,
}

impl ProductListFilter {
    /// The condition on rows with the key `key`, to which products refer by their column `reference`.
    pub(super) fn into_filter_on(
        self,
        ctx: &Ctx,
        key: impl ColumnTrait,
        reference: Column,
    ) -> Result<Filter> {
        let has_product = |products: Box<ProductFilter>| -> Result<Filter> {
            let products = products.into_filter(ctx)?;
            Ok(Filter::referred_by::<product::Entity>(key, reference, products))
        };
        let mut filter = Filter::default();
        if let Some(some) = self.some {
            filter = filter.and(has_product(some)?);
        }
        if let Some(none) = self.none {
            filter = filter.and(has_product(none)?.negated());
        }
        Ok(filter)
    }
}

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
