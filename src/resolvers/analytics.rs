//! Analytics: each function runs one statement, in which the database computes all totals. Sums of money can exceed the
//! range of every number type used here, so they are exact decimal strings; the crate `database` has the expressions.

use std::collections::HashMap;

use ::entity::{brand, category, inflow, outflow, product};
use chrono::NaiveDate;
use database::Backend;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait as _, Func, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, Order, QuerySelect, QueryTrait,
};

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{Collection, Filter, Row};
use crate::resource::Resource as _;
use crate::stock::movement::Movement;

/// The maximum number of days in one list.
const MAX_DAYS: i64 = 366;

/// Totals of some products.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct StockTotals {
    pub products: i64,
    /// The number of products that are low on stock.
    pub low_stock: i64,
    /// The number of products that are out of stock.
    pub out_of_stock: i64,
    /// Sum of the quantities.
    pub units: String,
    /// Sum of quantity × cost price.
    pub cost: String,
    /// Sum of quantity × selling price.
    pub selling: String,
    /// Sum of quantity × (selling price − cost price).
    pub profit: String,
}

/// Totals of some outflows.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct SalesTotals {
    pub outflows: i64,
    /// Sum of the quantities.
    pub units: String,
    /// Sum of quantity × unit price.
    pub revenue: String,
    /// Sum of quantity × (unit price − unit cost).
    pub profit: String,
}

/// The totals of one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotals {
    pub date: NaiveDate,
    pub inflows: MovementTotals,
    pub outflows: MovementTotals,
}

/// Totals of movements of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementTotals {
    pub count: i64,
    /// Sum of the quantities.
    pub units: String,
    /// Sum of quantity × unit price; zero for inflows.
    pub revenue: String,
}

impl Default for MovementTotals {
    fn default() -> Self {
        Self {
            count: 0,
            units: "0".to_owned(),
            revenue: "0.00".to_owned(),
        }
    }
}

/// Totals of the products that a filter matches.
pub async fn stock(ctx: &Ctx, filter: Filter) -> Result<StockTotals> {
    ctx.actor()?;
    let mut statement = filter.apply(product::Entity::find()).select_only().into_query();
    select_totals(&mut statement, ctx);
    let row = ctx.db().query_one(&statement).await?;
    let row = row.ok_or_else(|| Error::internal("the statement of a total returned no row"))?;
    Ok(StockTotals::from_query_result(&row, "")?)
}

/// Adds the columns of [`StockTotals`] to a statement.
fn select_totals(statement: &mut SelectStatement, ctx: &Ctx) {
    use product::Column::{CostPrice, Id, Quantity, SellingPrice};
    let backend = ctx.db().backend();
    let quantity = || Quantity.into_expr();
    let counted = |condition: Expr| Func::count(CaseStatement::new().case(condition, 1));
    statement
        .expr_as(Id.count(), "products")
        .expr_as(
            counted(quantity().lte(ctx.services.config.low_stock_threshold)),
            "low_stock",
        )
        .expr_as(counted(quantity().eq(0)), "out_of_stock")
        .expr_as(backend.sum(quantity()), "units")
        .expr_as(
            backend.sum_product(quantity(), CostPrice.into_expr(), None),
            "cost",
        )
        .expr_as(
            backend.sum_product(quantity(), SellingPrice.into_expr(), None),
            "selling",
        )
        .expr_as(
            backend.sum_product(quantity(), SellingPrice.into_expr(), Some(CostPrice.into_expr())),
            "profit",
        );
}

/// Totals of the outflows from the UTC day `from` to `to`, inclusive. Without `from` the period begins with the first outflow,
/// without `to` it ends with the last.
pub async fn sales(ctx: &Ctx, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<SalesTotals> {
    use outflow::Column::{Id, Quantity, UnitCost, UnitPrice};
    ctx.actor()?;
    let backend = ctx.db().backend();
    let mut statement = select_days::<outflow::Entity>(from, to);
    statement
        .expr_as(Id.count(), "outflows")
        .expr_as(backend.sum(Quantity.into_expr()), "units")
        .expr_as(
            backend.sum_product(Quantity.into_expr(), UnitPrice.into_expr(), None),
            "revenue",
        )
        .expr_as(
            backend.sum_product(
                Quantity.into_expr(),
                UnitPrice.into_expr(),
                Some(UnitCost.into_expr()),
            ),
            "profit",
        );
    let row = ctx.db().query_one(&statement).await?;
    let row = row.ok_or_else(|| Error::internal("the statement of a total returned no row"))?;
    Ok(SalesTotals::from_query_result(&row, "")?)
}

fn select_days<M: Movement>(from: Option<NaiveDate>, to: Option<NaiveDate>) -> SelectStatement {
    let from = from.map_or_else(Filter::default, |day| Filter::from_day(M::CREATED_AT, day));
    let to = to.map_or_else(Filter::default, |day| Filter::to_day(M::CREATED_AT, day));
    from.and(to).apply(M::find()).select_only().into_query()
}

/// The number of days from `from` to `to`, inclusive.
///
/// # Errors
/// [`Error::Parameter`] if `to` is before `from`, or the period is longer than 366 days.
pub fn days(from: NaiveDate, to: NaiveDate) -> Result<usize> {
    let days = (to - from).num_days() + 1;
    if days < 1 {
        return Err(Error::parameter("to", "It must not be before from."));
    }
    if days > MAX_DAYS {
        return Err(Error::parameter("to", format!("At most {MAX_DAYS} days.")));
    }
    Ok(usize::try_from(days).unwrap_or_default())
}

/// The totals of every UTC day from `from` to `to`, inclusive, the earliest first.
///
/// # Errors
/// [`Error::Parameter`] if `to` is before `from`, or the period is longer than 366 days.
pub async fn movements_per_day(ctx: &Ctx, from: NaiveDate, to: NaiveDate) -> Result<Vec<DayTotals>> {
    #[derive(FromQueryResult)]
    struct DayRow {
        kind: String,
        day: i64,
        total: i64,
        units: String,
        revenue: String,
    }
    ctx.actor()?;
    let days = days(from, to)?;
    let backend = ctx.db().backend();
    let revenue = backend.sum_product(
        outflow::Column::Quantity.into_expr(),
        outflow::Column::UnitPrice.into_expr(),
        None,
    );
    let mut statement = per_day::<outflow::Entity>(backend, from, to, outflow::Column::Quantity, revenue);
    let no_revenue = Expr::val("0.00").cast_as("text");
    statement.union(
        UnionType::All,
        per_day::<inflow::Entity>(backend, from, to, inflow::Column::Quantity, no_revenue),
    );
    let mut totals_by_day: HashMap<(bool, i64), MovementTotals> = HashMap::new();
    for row in ctx.db().query_all(&statement).await? {
        let DayRow {
            kind,
            day,
            total,
            units,
            revenue,
        } = DayRow::from_query_result(&row, "")?;
        let totals = MovementTotals {
            count: total,
            units,
            revenue,
        };
        totals_by_day.insert((kind == inflow::Entity::KIND.singular(), day), totals);
    }
    let epoch = NaiveDate::default();
    Ok(from
        .iter_days()
        .take(days)
        .map(|date| {
            let number = (date - epoch).num_days();
            DayTotals {
                date,
                inflows: totals_by_day.remove(&(true, number)).unwrap_or_default(),
                outflows: totals_by_day.remove(&(false, number)).unwrap_or_default(),
            }
        })
        .collect())
}

fn per_day<M: Movement>(
    backend: Backend,
    from: NaiveDate,
    to: NaiveDate,
    quantity: M::Column,
    revenue: Expr,
) -> SelectStatement {
    let mut statement = select_days::<M>(Some(from), Some(to));
    statement
        .expr_as(Expr::val(M::KIND.singular()).cast_as("text"), "kind")
        .expr_as(backend.day(M::CREATED_AT.into_expr()), "day")
        .expr_as(crate::query::key::<M>().count(), "total")
        .expr_as(backend.sum(quantity.into_expr()), "units")
        .expr_as(revenue, "revenue")
        .group_by_col("day");
    statement
}

/// Totals by category, for the `first` categories with the most products.
pub async fn stock_by_category(ctx: &Ctx, first: u64) -> Result<Vec<(Row<category::Entity>, StockTotals)>> {
    by_label(ctx, product::Column::CategoryId, first).await
}

/// Totals by brand, for the `first` brands with the most products.
pub async fn stock_by_brand(ctx: &Ctx, first: u64) -> Result<Vec<(Row<brand::Entity>, StockTotals)>> {
    by_label(ctx, product::Column::BrandId, first).await
}

async fn by_label<L: Collection>(
    ctx: &Ctx,
    reference: product::Column,
    first: u64,
) -> Result<Vec<(Row<L>, StockTotals)>> {
    ctx.actor()?;
    let mut statement = Query::select();
    statement
        .from(product::Entity)
        .expr_as(reference.into_expr(), "label");
    select_totals(&mut statement, ctx);
    statement
        .group_by_col(reference.as_column_ref())
        .order_by("products", Order::Desc)
        .order_by("label", Order::Asc)
        .limit(first);
    let mut totals: Vec<(i64, StockTotals)> = Vec::new();
    for row in ctx.db().query_all(&statement).await? {
        totals.push((
            row.try_get("", "label")?,
            StockTotals::from_query_result(&row, "")?,
        ));
    }
    let labels = Row::<L>::by_id(ctx, totals.iter().map(|(id, _)| *id).collect()).await?;
    Ok(totals
        .into_iter()
        // A label may have been deleted since the totals were computed.
        .filter_map(|(id, stock)| Some((labels.get(&id)?.clone(), stock)))
        .collect())
}
