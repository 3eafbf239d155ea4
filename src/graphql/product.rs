//! Products.

use ::entity::{inflow, outflow, product, stock_change};
use async_graphql::{Context, ID, InputObject, Object};
use futures_util::FutureExt as _;
use sea_orm::ColumnTrait;

use super::connection::{Paging, connection, of_row, order, required};
use super::filter::{
    Conditions, DateTimeFilter, DecimalFilter, IdFilter, IntFilter, StringFilter, all, given, logic,
};
use super::inflow::{InflowConnection, InflowFilter, InflowOrder};
use super::label::{BrandFilter, BrandNode, CategoryFilter, CategoryNode};
use super::ledger::{StockLedgerEntryConnection, StockLedgerFilter};
use super::movement::{self, MovementConnection};
use super::outflow::{OutflowConnection, OutflowFilter, OutflowOrder};
use super::resolve::Node;
use super::scalar::{DateTime, Decimal, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Filter, Listing, Row};
use crate::resolvers::product as rules;

/// Something kept in stock.
pub struct ProductNode(Row<product::Entity>);

impl From<Row<product::Entity>> for ProductNode {
    fn from(row: Row<product::Entity>) -> Self {
        Self(row)
    }
}

/// Something kept in stock.
#[Object(name = "Product", serial)]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
impl ProductNode {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Unique among products that have one.
    async fn serie_number(&self) -> Option<&str> {
        self.0.serie_number.as_deref()
    }

    async fn cost_price(&self) -> Decimal {
        self.0.cost_price.into()
    }

    async fn selling_price(&self) -> Decimal {
        self.0.selling_price.into()
    }

    /// How many are in stock now.
    async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    /// Whether `quantity` is at or below `Analytics.lowStockThreshold`.
    async fn is_low_stock(&self, cx: &Context<'_>) -> Result<bool> {
        Ok(rules::is_low(Ctx::of(cx)?, &self.0))
    }

    /// Grows with each change. Send it back as `expectedVersion` to change only what
    /// you have seen.
    async fn version(&self) -> i32 {
        int(self.0.version)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    async fn category(&self, cx: &Context<'_>) -> Result<Node<CategoryNode>> {
        required(cx, &self.0, "category", |product| Some(product.category_id)).await
    }

    async fn brand(&self, cx: &Context<'_>) -> Result<Node<BrandNode>> {
        required(cx, &self.0, "brand", |product| Some(product.brand_id)).await
    }

    /// What came in, newest first unless ordered otherwise.
    async fn inflows(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<InflowFilter>>,
        order_by: Option<Vec<InflowOrder>>,
    ) -> Result<InflowConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |ctx: &Ctx| InflowFilter::listing(ctx, filter, order_by);
        of_row(cx, &self.0, inflow::Column::ProductId, paging, listing).await
    }

    /// What went out, newest first unless ordered otherwise.
    async fn outflows(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<OutflowFilter>>,
        order_by: Option<Vec<OutflowOrder>>,
    ) -> Result<OutflowConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |ctx: &Ctx| OutflowFilter::listing(ctx, filter, order_by);
        of_row(cx, &self.0, outflow::Column::ProductId, paging, listing).await
    }

    /// What came in and went out, together, newest first.
    async fn movements(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
    ) -> Result<MovementConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        movement::of_product(cx, &self.0, paging).boxed().await
    }

    /// Every change of this product's stock, newest first. The changes add up to
    /// `quantity`.
    async fn stock_ledger(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<StockLedgerFilter>>,
    ) -> Result<StockLedgerEntryConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |_: &Ctx| StockLedgerFilter::listing(filter);
        of_row(cx, &self.0, stock_change::Column::ProductId, paging, listing).await
    }
}

connection!(
    Row<product::Entity> => ProductConnection, ProductEdge, ProductNode;
    "A page of products.", "A product and its place in the list.", "The products of this page, without their cursors.",
    "How many products match, on all pages together. Counted only when asked for."
);

order!(product::Entity => ProductOrder, ProductOrderField, "What products can be ordered by." {
    Id: "id",
    Title: "title",
    SerieNumber: "serie_number",
    CostPrice: "cost_price",
    SellingPrice: "selling_price",
    Quantity: "quantity",
    CreatedAt: "created_at",
    UpdatedAt: "updated_at",
});

/// Conditions on products; all of them must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ProductFilter {
    and: Option<Vec<ProductFilter>>,
    or: Option<Vec<ProductFilter>>,
    not: Option<Box<ProductFilter>>,
    id: Option<IdFilter>,
    title: Option<StringFilter>,
    description: Option<StringFilter>,
    serie_number: Option<StringFilter>,
    cost_price: Option<DecimalFilter>,
    selling_price: Option<DecimalFilter>,
    quantity: Option<IntFilter>,
    is_low_stock: Option<bool>,
    created_at: Option<DateTimeFilter>,
    updated_at: Option<DateTimeFilter>,
    category: Option<Box<CategoryFilter>>,
    brand: Option<Box<BrandFilter>>,
}

impl Conditions for ProductFilter {
    fn filter(self, ctx: &Ctx) -> Result<Filter> {
        use product::Column;
        let prices = [
            (self.cost_price, Column::CostPrice),
            (self.selling_price, Column::SellingPrice),
        ];
        let mut filter = logic(ctx, self.and, self.or, self.not)?.and(all([
            self.id.map(|id| id.on(Column::Id)),
            self.title
                .map(|title| title.on(Column::Title, Column::TitleFolded)),
            self.description
                .map(|text| text.on(Column::Description, Column::DescriptionFolded)),
            self.serie_number
                .map(|number| number.on(Column::SerieNumber, Column::SerieNumberFolded)),
            self.quantity.map(|quantity| quantity.on(Column::Quantity)),
            self.is_low_stock.map(|is_low| rules::low(ctx, is_low)),
            self.created_at.map(|at| at.on(Column::CreatedAt)),
            self.updated_at.map(|at| at.on(Column::UpdatedAt)),
        ]));
        for (price, column) in prices {
            if let Some(price) = price {
                filter = filter.and(price.on(column)?);
            }
        }
        if let Some(category) = self.category {
            filter = filter.and(Filter::refers_to::<::entity::category::Entity>(
                Column::CategoryId,
                category.filter(ctx)?,
            ));
        }
        if let Some(brand) = self.brand {
            filter = filter.and(Filter::refers_to::<::entity::brand::Entity>(
                Column::BrandId,
                brand.filter(ctx)?,
            ));
        }
        Ok(filter)
    }
}

impl ProductFilter {
    /// The list that the arguments of a connection describe.
    pub fn listing(
        ctx: &Ctx,
        search: Option<String>,
        filter: Option<Box<Self>>,
        order: Option<Vec<ProductOrder>>,
    ) -> Result<Listing<product::Entity>> {
        Ok(Listing {
            filter: given(ctx, filter)?,
            search,
            order: ProductOrder::steps(order)?,
        })
    }
}

/// Conditions on the products that belong to something.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ProductListFilter {
    /// At least one of the products is like this. `{}` means: there is a product.
    some: Option<Box<ProductFilter>>,
    /// None of the products is like this. `{}` means: there are no products.
    none: Option<Box<ProductFilter>>,
}

impl ProductListFilter {
    /// The condition on what products refer to by `reference`, whose key is `key`.
    pub fn on(self, ctx: &Ctx, key: impl ColumnTrait, reference: product::Column) -> Result<Filter> {
        let referred = |filter: Box<ProductFilter>| -> Result<Filter> {
            Ok(Filter::referred_by::<product::Entity>(
                key,
                reference,
                filter.filter(ctx)?,
            ))
        };
        let some = self.some.map(referred).transpose()?;
        let none = self.none.map(referred).transpose()?.map(Filter::negated);
        Ok(all([some, none]))
    }
}
