//! Figures for a dashboard.

use async_graphql::{Context, Object, SimpleObject};
use futures_util::FutureExt as _;

use super::filter::given;
use super::label::{BrandNode, CategoryNode};
use super::problem::Answer;
use super::product::ProductFilter;
use super::scalar::{BigInt, Date, Decimal, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::analytics as rules;

/// Figures for a dashboard.
pub struct Analytics;

/// Figures for a dashboard, each computed by the database and only when asked for.
/// Stock is valued at the products' prices of today, sales at the prices of their
/// moment.
#[Object]
impl Analytics {
    /// Products with this quantity or less are low on stock. Set by the server.
    async fn low_stock_threshold(&self, cx: &Context<'_>) -> Result<i32> {
        Ctx::of(cx).map(|ctx| int(ctx.services.config.low_stock_threshold))
    }

    /// What is in stock, in total.
    async fn stock(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Count only these products.")] filter: Option<Box<ProductFilter>>,
    ) -> Answer<StockSummary> {
        let stock = async {
            let ctx = Ctx::of(cx)?;
            rules::stock(ctx, given(ctx, filter)?)
                .await
                .map(StockSummary::from)
        };
        Some(stock.boxed().await)
    }

    /// What went out, in total.
    async fn sales(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "First UTC day to count; without it, from the beginning.")] from: Option<Date>,
        #[graphql(desc = "Last UTC day to count; without it, until now.")] to: Option<Date>,
    ) -> Answer<SalesSummary> {
        let sales = async {
            let sales = rules::sales(Ctx::of(cx)?, from.map(|day| day.0), to.map(|day| day.0));
            sales.await.map(SalesSummary::from)
        };
        Some(sales.boxed().await)
    }

    /// One item for each UTC day from `from` to `to`, both included, earliest first,
    /// quiet days too. At most 366 days.
    async fn movements_per_day(&self, cx: &Context<'_>, from: Date, to: Date) -> Answer<Vec<DailyMovements>> {
        let days = async {
            let days = rules::movements_per_day(Ctx::of(cx)?, from.0, to.0).await?;
            Result::Ok(days.into_iter().map(DailyMovements::from).collect())
        };
        Some(days.boxed().await)
    }

    /// Stock by category, the category with most products first.
    async fn stock_by_category(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many categories, at most 100.", default = 10)] first: i32,
    ) -> Answer<Vec<CategoryStock>> {
        let stocks = async {
            let stocks = rules::stock_by_category(Ctx::of(cx)?, first).await?;
            let stock = |(category, stock)| CategoryStock {
                category: CategoryNode::from(category),
                stock: StockSummary::from(stock),
            };
            Result::Ok(stocks.into_iter().map(stock).collect())
        };
        Some(stocks.boxed().await)
    }

    /// Stock by brand, the brand with most products first.
    async fn stock_by_brand(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many brands, at most 100.", default = 10)] first: i32,
    ) -> Answer<Vec<BrandStock>> {
        let stocks = async {
            let stocks = rules::stock_by_brand(Ctx::of(cx)?, first).await?;
            let stock = |(brand, stock)| BrandStock {
                brand: BrandNode::from(brand),
                stock: StockSummary::from(stock),
            };
            Result::Ok(stocks.into_iter().map(stock).collect())
        };
        Some(stocks.boxed().await)
    }
}

/// Totals of some products.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct StockSummary {
    product_count: i32,
    low_stock_count: i32,
    out_of_stock_count: i32,
    /// Sum of the quantities.
    unit_count: BigInt,
    /// Sum of quantity × cost price.
    cost_value: Decimal,
    /// Sum of quantity × selling price.
    selling_value: Decimal,
    /// `sellingValue` − `costValue`.
    potential_profit: Decimal,
}

impl From<rules::StockTotals> for StockSummary {
    fn from(stock: rules::StockTotals) -> Self {
        Self {
            product_count: int(stock.products),
            low_stock_count: int(stock.low),
            out_of_stock_count: int(stock.out),
            unit_count: BigInt(stock.units),
            cost_value: Decimal::exact(stock.cost),
            selling_value: Decimal::exact(stock.selling),
            potential_profit: Decimal::exact(stock.profit),
        }
    }
}

/// Totals of some outflows.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct SalesSummary {
    outflow_count: i32,
    /// Sum of the quantities.
    unit_count: BigInt,
    /// Sum of quantity × unit price.
    revenue: Decimal,
    /// Sum of quantity × (unit price − unit cost).
    profit: Decimal,
}

impl From<rules::SalesTotals> for SalesSummary {
    fn from(sales: rules::SalesTotals) -> Self {
        Self {
            outflow_count: int(sales.outflows),
            unit_count: BigInt(sales.units),
            revenue: Decimal::exact(sales.revenue),
            profit: Decimal::exact(sales.profit),
        }
    }
}

/// What moved on one UTC day.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct DailyMovements {
    date: Date,
    inflow_count: i32,
    inflow_unit_count: BigInt,
    outflow_count: i32,
    outflow_unit_count: BigInt,
    /// Sum of outflow quantity × unit price.
    revenue: Decimal,
}

impl From<rules::DayTotals> for DailyMovements {
    fn from(day: rules::DayTotals) -> Self {
        Self {
            date: Date(day.date),
            inflow_count: int(day.inflows.count),
            inflow_unit_count: BigInt(day.inflows.units),
            outflow_count: int(day.outflows.count),
            outflow_unit_count: BigInt(day.outflows.units),
            revenue: Decimal::exact(day.outflows.revenue),
        }
    }
}

/// Totals of one category's products.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct CategoryStock {
    category: CategoryNode,
    stock: StockSummary,
}

/// Totals of one brand's products.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct BrandStock {
    brand: BrandNode,
    stock: StockSummary,
}
