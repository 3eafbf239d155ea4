//! Analytics: totals for a dashboard.

use ::entity::{brand, category, product};
use async_graphql::{Context, Object, SimpleObject};
use graphql_server::RequestError;
use graphql_tables::{Arguments, BigInt, Date, Decimal, int, nullable, page_size, read_filter};

use super::kit::{ArgumentCheck, FilterArgument, NodeOf, Nullable};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::Row;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::resolvers::analytics as rules;

pub(crate) struct Analytics;

impl Analytics {
    /// The checks of the arguments of its fields.
    pub(super) const CHECKS: &[(&str, ArgumentCheck)] = &[
        ("stock", |ctx, arguments| {
            read_filter::<product::Entity, Ctx>(ctx, arguments.get("filter")?)?;
            Ok(())
        }),
        ("movements_per_day", |_, arguments| {
            let (from, to): (Date, Date) = (arguments.get("from")?, arguments.get("to")?);
            rules::days(from.0, to.0)?;
            Ok(())
        }),
        ("stock_by_category", check_first),
        ("stock_by_brand", check_first),
    ];
}

fn check_first(_: &Ctx, arguments: &Arguments<'_>) -> Result<(), RequestError> {
    if let Some(first) = arguments.get(FIRST)? {
        page_size(FIRST, first, MAX_PAGE_SIZE).map_err(Error::from)?;
    }
    Ok(())
}

/// The argument that limits the number of labels.
const FIRST: &str = "first";

/// Totals for a dashboard, each computed by the database and only when requested.
/// Stock is valued at current prices, sales at the prices at the time of the sale.
#[Object]
impl Analytics {
    /// Products with this quantity or less are low on stock. A setting of the server.
    async fn low_stock_threshold(&self, cx: &Context<'_>) -> Result<i32> {
        Ctx::of(cx).map(|ctx| int(ctx.services.config.low_stock_threshold))
    }

    /// Totals of the current stock.
    async fn stock(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "Count only these products.")] filter: FilterArgument<product::Entity>,
    ) -> Nullable<StockSummary> {
        nullable(async {
            let ctx = Ctx::of(cx)?;
            let filter = read_filter::<product::Entity, Ctx>(ctx, filter)?;
            rules::stock(ctx, filter).await.map(StockSummary::from)
        })
        .await
    }

    /// Totals of the outflows.
    async fn sales(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "First UTC day to count; without it, from the beginning.")] from: Option<Date>,
        #[graphql(desc = "Last UTC day to count; without it, until now.")] to: Option<Date>,
    ) -> Nullable<SalesSummary> {
        nullable(async {
            let sales = rules::sales(Ctx::of(cx)?, from.map(|day| day.0), to.map(|day| day.0));
            sales.await.map(SalesSummary::from)
        })
        .await
    }

    /// One item for each UTC day from `from` to `to`, both included, earliest first,
    /// including days without movements. At most 366 days.
    async fn movements_per_day(
        &self,
        cx: &Context<'_>,
        from: Date,
        to: Date,
    ) -> Nullable<Vec<DailyMovements>> {
        nullable(async {
            let days = rules::movements_per_day(Ctx::of(cx)?, from.0, to.0).await?;
            Ok(days.into_iter().map(DailyMovements::from).collect())
        })
        .await
    }

    /// Stock by category, the category with the most products first.
    async fn stock_by_category(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many categories, at most 100.", default = 10)] first: i32,
    ) -> Nullable<Vec<CategoryStock>> {
        nullable(async {
            let stocks =
                rules::stock_by_category(Ctx::of(cx)?, page_size(FIRST, first, MAX_PAGE_SIZE)?).await?;
            let stock = |(category, stock): (Row<category::Entity>, _)| CategoryStock {
                category: category.into(),
                stock: StockSummary::from(stock),
            };
            Ok(stocks.into_iter().map(stock).collect())
        })
        .await
    }

    /// Stock by brand, the brand with the most products first.
    async fn stock_by_brand(
        &self,
        cx: &Context<'_>,
        #[graphql(desc = "How many brands, at most 100.", default = 10)] first: i32,
    ) -> Nullable<Vec<BrandStock>> {
        nullable(async {
            let stocks = rules::stock_by_brand(Ctx::of(cx)?, page_size(FIRST, first, MAX_PAGE_SIZE)?).await?;
            let stock = |(brand, stock): (Row<brand::Entity>, _)| BrandStock {
                brand: brand.into(),
                stock: StockSummary::from(stock),
            };
            Ok(stocks.into_iter().map(stock).collect())
        })
        .await
    }
}

/// Totals of a set of products.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct StockSummary {
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
            low_stock_count: int(stock.low_stock),
            out_of_stock_count: int(stock.out_of_stock),
            unit_count: BigInt(stock.units),
            cost_value: Decimal::exact(stock.cost),
            selling_value: Decimal::exact(stock.selling),
            potential_profit: Decimal::exact(stock.profit),
        }
    }
}

/// Totals of a set of outflows.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct SalesSummary {
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

/// The movements of one UTC day.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct DailyMovements {
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
pub(crate) struct CategoryStock {
    category: NodeOf<category::Entity>,
    stock: StockSummary,
}

/// Totals of one brand's products.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct BrandStock {
    brand: NodeOf<brand::Entity>,
    stock: StockSummary,
}
