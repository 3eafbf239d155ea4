//! The movements of a product, inflows and outflows as one list, the newest first, in one statement.
//!
//! The statement reads the keys of both tables from their indexes, merges them and chooses those of the page. It reads
//! complete rows only for these.

use std::collections::HashMap;
use std::sync::Arc;

use ::entity::{inflow, outflow, product};
use database::dialect::PAGE;
use database::{Backend, Database};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, Func, IntoColumnRef as _, Query, SelectStatement, UnionType, WindowStatement,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, FromQueryResult, Order, QueryFilter, QuerySelect,
    QueryTrait, Value,
};
use table_query::cursor::{self, Side, Term, ValueKind};
use table_query::page::order_within_parent;
use table_query::{PagesByParent, RelationKey};

use super::movement::Movement;
use super::movement_row::{self, CHOSEN, ID, KIND, Model, MovementRow, ORDER, select_rows};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{CursorPage, Direction, Filter, PageRequest, Row, key};

const AT: &str = "created_at";
const ROW_NUMBER: &str = "row_number";

/// A page of the movements of a product, loaded for all products that were fetched with it.
///
/// # Errors
/// [`Error::Parameter`] for an invalid cursor, or the cursor of another list.
pub async fn page_of_product(
    ctx: &Ctx,
    product: &Row<product::Entity>,
    relation: RelationKey,
    page: &PageRequest,
) -> Result<Arc<CursorPage<MovementRow>>> {
    let pages = product
        .load_once(relation, async || {
            per_product(ctx.db(), &product.ids(), page).await
        })
        .await?;
    Ok(pages.of(product.id))
}

/// Checks the cursors of a page.
///
/// # Errors
/// [`Error::Parameter`] for an invalid cursor, or the cursor of another list.
pub fn check(page: &PageRequest) -> Result<()> {
    bounds(page).map(drop)
}

/// The number of movements of a product, counted for all products that were fetched with it.
pub async fn count_of_product(
    ctx: &Ctx,
    product: &Row<product::Entity>,
    relation: RelationKey,
) -> Result<u64> {
    let counts = product
        .load_once(relation.with_name("count"), async || {
            count_per_product(ctx.db(), &product.ids()).await
        })
        .await?;
    Ok(counts.get(&product.id).copied().unwrap_or_default())
}

async fn count_per_product(db: &Database, products: &[i64]) -> Result<HashMap<i64, u64>> {
    const PRODUCT: &str = "product_id";
    #[derive(FromQueryResult)]
    struct ProductCount {
        product_id: i64,
        total: i64,
    }
    let keys = keys_of_products::<outflow::Entity>(db.backend(), outflow::Column::ProductId, products)
        .union(
            UnionType::All,
            keys_of_products::<inflow::Entity>(db.backend(), inflow::Column::ProductId, products),
        )
        .to_owned();
    let mut statement = Query::select();
    statement
        .column(PRODUCT)
        .expr_as(Func::count(Expr::col(PRODUCT)), "total")
        .from_subquery(keys, CHOSEN)
        .group_by_col(PRODUCT);
    let mut counts = HashMap::new();
    for row in db.query_all(&statement).await? {
        let counted = ProductCount::from_query_result(&row, "")?;
        counts.insert(
            counted.product_id,
            u64::try_from(counted.total).unwrap_or_default(),
        );
    }
    Ok(counts)
}

fn keys_of_products<M: Movement>(backend: Backend, column: M::Column, products: &[i64]) -> SelectStatement {
    Filter::id_in(backend, column, products)
        .apply(M::find())
        .select_only()
        .column(column)
        .into_query()
}

async fn per_product(
    db: &Database,
    products: &[i64],
    page: &PageRequest,
) -> Result<PagesByParent<MovementRow>> {
    let bounds = bounds(page)?;
    let backend = db.backend();
    let end = page.skip.saturating_add(page.size).saturating_add(1);
    let mut keys = first_keys::<outflow::Entity>(backend, products, page, end, &bounds);
    keys.union(
        UnionType::All,
        first_keys::<inflow::Entity>(backend, products, page, end, &bounds),
    );
    let mut window = WindowStatement::partition_by("product_id");
    let order = direction(page);
    for column in [AT, KIND, ID] {
        window.order_by(column, order.clone());
    }
    let mut numbered = Query::select();
    numbered
        .columns([AT, KIND, ID])
        .expr_window_as(Func::cust("ROW_NUMBER"), window, ROW_NUMBER)
        .from_subquery(keys, "keys");
    let mut chosen = Query::select();
    chosen
        .columns([AT, KIND, ID])
        .from_subquery(numbered, "numbered")
        .and_where(Expr::col(ROW_NUMBER).gt(page.skip))
        .and_where(Expr::col(ROW_NUMBER).lte(end));
    let mut statement = select_rows(chosen);
    for column in [AT, KIND, ID] {
        statement.order_by((CHOSEN, column), order.clone());
    }
    let rows = movement_row::read(db, statement)
        .await?
        .into_iter()
        .map(|model| match &model {
            Model::Inflow(row) => (row.product_id, model),
            Model::Outflow(row) => (row.product_id, model),
        });
    let cursor: Arc<dyn Fn(&MovementRow) -> String + Send + Sync> = Arc::new(MovementRow::cursor);
    Ok(PagesByParent::new(page, rows, movement_row::siblings, &cursor))
}

fn direction(page: &PageRequest) -> Order {
    if page.is_backward { Order::Asc } else { Order::Desc }
}

/// Selects the keys of the first `end` movements of one kind for each product, counted in the direction of the page.
fn first_keys<M: Movement>(
    backend: Backend,
    products: &[i64],
    page: &PageRequest,
    end: u64,
    bounds: &[Bound],
) -> SelectStatement {
    let within_bounds = bounds
        .iter()
        .map(condition::<M>)
        .fold(Condition::all(), Condition::add);
    let mut query = M::find().filter(within_bounds).limit(end).into_query();
    order_within_parent(
        &mut query,
        backend,
        M::PRODUCT,
        &order_of_kind::<M>(),
        page.is_backward,
    );
    let mut keys = backend.per_parent(products, key::<M>().as_column_ref(), query);
    keys.clear_selects()
        .columns([(PAGE, "product_id"), (PAGE, AT), (PAGE, ID)])
        .expr_as(Expr::val(M::KIND.singular()), KIND);
    keys
}

/// The order of the movements of one kind.
fn order_of_kind<M: Movement>() -> Vec<Term> {
    [
        (M::CREATED_AT, ValueKind::Timestamp),
        (key::<M>(), ValueKind::Integer),
    ]
    .map(|(column, kind)| Term {
        column: column.as_column_ref().into_column_ref(),
        direction: Direction::Descending,
        nullable: false,
        kind,
    })
    .into()
}

/// A decoded cursor of a page request.
struct Bound {
    side: Side,
    at: Value,
    kind: String,
    id: Value,
}

fn bounds(page: &PageRequest) -> Result<Vec<Bound>> {
    let terms = [
        (AT, ValueKind::Timestamp),
        (KIND, ValueKind::Text),
        (ID, ValueKind::Integer),
    ]
    .map(|(column, kind)| Term {
        column: column.into_column_ref(),
        direction: Direction::Descending,
        nullable: false,
        kind,
    });
    let mut bounds = Vec::new();
    for (name, text, side) in [
        ("after", &page.after, Side::After),
        ("before", &page.before, Side::Before),
    ] {
        let Some(text) = text else { continue };
        let values: Option<[Value; 3]> =
            cursor::decode(ORDER, &terms, text).and_then(|values| values.try_into().ok());
        let Some([at, Value::String(Some(kind)), id]) = values else {
            return Err(Error::parameter(name, "This is not a cursor of this list."));
        };
        bounds.push(Bound { side, at, kind, id });
    }
    Ok(bounds)
}

/// The movements of one kind beyond a cursor. Movements of the other kind with the time of the cursor are either all before
/// it or all after it, because the order continues with the kind.
fn condition<M: Movement>(bound: &Bound) -> Condition {
    use std::cmp::Ordering;
    let Bound { side, at, kind, id } = bound;
    let created_at = Expr::col(M::CREATED_AT.as_column_ref());
    let at = at.clone();
    Condition::all().add(match (side, M::KIND.singular().cmp(kind.as_str())) {
        (_, Ordering::Equal) => {
            return cursor::side_condition(&order_of_kind::<M>(), &[at, id.clone()], *side);
        }
        (Side::After, Ordering::Less) => created_at.lte(at),
        (Side::After, Ordering::Greater) => created_at.lt(at),
        (Side::Before, Ordering::Less) => created_at.gt(at),
        (Side::Before, Ordering::Greater) => created_at.gte(at),
    })
}
