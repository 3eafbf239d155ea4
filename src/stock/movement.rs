//! Inflows and outflows read as one list, the newest first, in one statement.
//!
//! The keys of both tables come from their indexes, are put in order together and cut; only then are the rows read whole.

use std::collections::HashMap;
use std::sync::Arc;

use ::entity::{inflow, outflow, product, stock_change};
use database::dialect::PAGE;
use database::{Backend, Database};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, Func, IntoColumnRef as _, Query, SelectStatement, UnionType, WindowStatement,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, FromQueryResult, Iterable, JoinType, Order, QueryFilter,
    QuerySelect, QueryTrait, Value,
};

use super::stock::Movement;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::cursor::{self, Side, Term, ValueKind};
use crate::query::paging::{Slices, order_by};
use crate::query::{CursorPage, Direction, Filter, PageRequest, Row, key};

/// A movement of either kind.
pub enum Moved {
    /// Stock that came in.
    Inflow(Row<inflow::Entity>),
    /// Stock that went out.
    Outflow(Row<outflow::Entity>),
}

impl Clone for Moved {
    fn clone(&self) -> Self {
        match self {
            Self::Inflow(row) => Self::Inflow(row.clone()),
            Self::Outflow(row) => Self::Outflow(row.clone()),
        }
    }
}

impl Moved {
    /// The table and the key.
    fn key(&self) -> (&'static str, i64) {
        match self {
            Self::Inflow(row) => (INFLOW, row.id),
            Self::Outflow(row) => (OUTFLOW, row.id),
        }
    }

    /// Where it stands among the movements of its product.
    fn cursor(&self) -> String {
        let at = match self {
            Self::Inflow(row) => row.created_at,
            Self::Outflow(row) => row.created_at,
        };
        let (kind, id) = self.key();
        cursor::encode(ORDER, &[at.into(), kind.into(), id.into()])
    }
}

const INFLOW: &str = "inflow";
const OUTFLOW: &str = "outflow";
/// What the cursors of this list call its order.
const ORDER: &str = "movement:-created_at";
/// What the statement calls the keys of the movements that it reads whole.
const CHOSEN: &str = "chosen";
const KIND: &str = "kind";
const ID: &str = "id";
const AT: &str = "created_at";
const PLACE: &str = "place";

/// The page of movements of a product, found for all products that were fetched with it.
///
/// # Errors
/// [`Error::Parameter`] for a cursor that is none, or of another list.
pub async fn of_product(
    ctx: &Ctx,
    product: &Row<product::Entity>,
    relation: &str,
    span: &PageRequest,
) -> Result<Arc<CursorPage<Moved>>> {
    let slices = product
        .load_once(relation, async || {
            per_product(ctx.db(), &product.ids(), span).await
        })
        .await?;
    Ok(slices.of(product.id))
}

/// How many movements a product has, counted for all products that were fetched with it.
pub async fn count_of_product(ctx: &Ctx, product: &Row<product::Entity>, relation: &str) -> Result<u64> {
    let counts = product
        .load_once(&format!("{relation} count"), async || {
            count_per_product(ctx.db(), &product.ids()).await
        })
        .await?;
    Ok(counts.get(&product.id).copied().unwrap_or_default())
}

/// The movement behind an entry of the ledger, if there is one and it is still there, found for all entries that were
/// fetched with it.
pub async fn of_entry(ctx: &Ctx, entry: &Row<stock_change::Entity>) -> Result<Option<Moved>> {
    let Some(wanted) = behind(entry) else {
        return Ok(None);
    };
    let found = entry
        .load_once("movement", async || {
            let behind: Vec<(&str, i64)> = entry.siblings().iter().filter_map(behind).collect();
            by_key(ctx.db(), &behind).await
        })
        .await?;
    Ok(found.get(&wanted).cloned())
}

fn behind(entry: &stock_change::Model) -> Option<(&'static str, i64)> {
    use stock_change::Reason;
    let kind = match entry.reason {
        Reason::InflowCreated | Reason::InflowDeleted => INFLOW,
        Reason::OutflowCreated | Reason::OutflowDeleted => OUTFLOW,
        Reason::ProductCreated | Reason::Adjustment => return None,
    };
    Some((kind, entry.movement_id?))
}

async fn by_key(db: &Database, keys: &[(&str, i64)]) -> Result<HashMap<(&'static str, i64), Moved>> {
    let ids = |kind: &str| -> Vec<i64> {
        let mut ids: Vec<i64> = keys.iter().filter(|key| key.0 == kind).map(|key| key.1).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let chosen = keys_among::<outflow::Entity>(db.backend(), outflow::Column::Id, &ids(OUTFLOW))
        .union(
            UnionType::All,
            keys_among::<inflow::Entity>(db.backend(), inflow::Column::Id, &ids(INFLOW)),
        )
        .to_owned();
    Ok(together(read(db, whole(chosen)).await?)
        .into_iter()
        .map(|moved| (moved.key(), moved))
        .collect())
}

fn keys_among<M: Movement>(backend: Backend, column: M::Column, ids: &[i64]) -> SelectStatement {
    Filter::among_ids(backend, column, ids)
        .apply(M::find())
        .select_only()
        .column(key::<M>())
        .expr_as(Expr::val(M::KIND.singular()), KIND)
        .into_query()
}

async fn count_per_product(db: &Database, products: &[i64]) -> Result<HashMap<i64, u64>> {
    const PRODUCT: &str = "product_id";
    #[derive(FromQueryResult)]
    struct Counted {
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
        let counted = Counted::from_query_result(&row, "")?;
        counts.insert(
            counted.product_id,
            u64::try_from(counted.total).unwrap_or_default(),
        );
    }
    Ok(counts)
}

fn keys_of_products<M: Movement>(backend: Backend, column: M::Column, products: &[i64]) -> SelectStatement {
    Filter::among_ids(backend, column, products)
        .apply(M::find())
        .select_only()
        .column(column)
        .into_query()
}

async fn per_product(db: &Database, products: &[i64], span: &PageRequest) -> Result<Slices<Moved>> {
    let bounds = bounds(span)?;
    let backend = db.backend();
    let end = span.skip.saturating_add(span.size).saturating_add(1);
    let mut keys = newest::<outflow::Entity>(backend, products, span, end, &bounds);
    keys.union(
        UnionType::All,
        newest::<inflow::Entity>(backend, products, span, end, &bounds),
    );
    let mut numbered = WindowStatement::partition_by("product_id");
    let order = direction(span);
    for column in [AT, KIND, ID] {
        numbered.order_by(column, order.clone());
    }
    let mut places = Query::select();
    places
        .columns([AT, KIND, ID])
        .expr_window_as(Func::cust("ROW_NUMBER"), numbered, PLACE)
        .from_subquery(keys, "keys");
    let mut chosen = Query::select();
    chosen
        .columns([AT, KIND, ID])
        .from_subquery(places, "places")
        .and_where(Expr::col(PLACE).gt(span.skip))
        .and_where(Expr::col(PLACE).lte(end));
    let mut statement = whole(chosen);
    for column in [AT, KIND, ID] {
        statement.order_by((CHOSEN, column), order.clone());
    }
    let read = read(db, statement).await?.into_iter().map(|model| match &model {
        Model::Inflow(row) => (row.product_id, model),
        Model::Outflow(row) => (row.product_id, model),
    });
    let cursor: Arc<dyn Fn(&Moved) -> String + Send + Sync> = Arc::new(Moved::cursor);
    Ok(Slices::new(span, read, together, &cursor))
}

fn direction(span: &PageRequest) -> Order {
    if span.backwards { Order::Asc } else { Order::Desc }
}

/// The keys of each product's first movements of one kind, from the side that the page begins on.
fn newest<M: Movement>(
    backend: Backend,
    products: &[i64],
    span: &PageRequest,
    end: u64,
    bounds: &[Bound],
) -> SelectStatement {
    let within = bounds
        .iter()
        .map(within::<M>)
        .fold(Condition::all(), Condition::add);
    let mut query = M::find()
        .filter(M::PRODUCT.into_expr().eq(backend.parent()))
        .filter(within)
        .limit(end);
    order_by(QueryTrait::query(&mut query), &own_order::<M>(), span.backwards);
    let mut keys = backend.per_parent(products, key::<M>().as_column_ref(), query.into_query());
    keys.clear_selects()
        .columns([(PAGE, "product_id"), (PAGE, AT), (PAGE, ID)])
        .expr_as(Expr::val(M::KIND.singular()), KIND);
    keys
}

/// The order within one kind, where the kind decides nothing.
fn own_order<M: Movement>() -> Vec<Term> {
    [
        (M::CREATED_AT, ValueKind::Moment),
        (key::<M>(), ValueKind::Integer),
    ]
    .map(|(column, holds)| Term {
        column: column.as_column_ref().into_column_ref(),
        direction: Direction::Descending,
        nullable: false,
        holds,
    })
    .into()
}

/// A cursor of a span: moment, kind and id.
struct Bound {
    side: Side,
    at: Value,
    kind: String,
    id: Value,
}

fn bounds(span: &PageRequest) -> Result<Vec<Bound>> {
    let terms = [
        (AT, ValueKind::Moment),
        (KIND, ValueKind::Text),
        (ID, ValueKind::Integer),
    ]
    .map(|(column, holds)| Term {
        column: column.into_column_ref(),
        direction: Direction::Descending,
        nullable: false,
        holds,
    });
    let mut bounds = Vec::new();
    for (name, text, side) in [
        ("after", &span.after, Side::After),
        ("before", &span.before, Side::Before),
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

/// What a cursor leaves of one kind: at its moment, all or nothing of the other kind.
fn within<M: Movement>(bound: &Bound) -> Condition {
    use std::cmp::Ordering;
    let Bound { side, at, kind, id } = bound;
    let moment = Expr::col(M::CREATED_AT.as_column_ref());
    let at = at.clone();
    Condition::all().add(match (side, M::KIND.singular().cmp(kind.as_str())) {
        (_, Ordering::Equal) => return cursor::beyond(&own_order::<M>(), &[at, id.clone()], *side),
        (Side::After, Ordering::Less) => moment.lte(at),
        (Side::After, Ordering::Greater) => moment.lt(at),
        (Side::Before, Ordering::Less) => moment.gt(at),
        (Side::Before, Ordering::Greater) => moment.gte(at),
    })
}

/// The rows behind these keys, whole: each with the columns of its own table filled and those of the other null.
fn whole(chosen: SelectStatement) -> SelectStatement {
    let mut statement = Query::select();
    statement.column((CHOSEN, KIND)).from_subquery(chosen, CHOSEN);
    join::<outflow::Entity>(&mut statement);
    join::<inflow::Entity>(&mut statement);
    statement
}

fn join<M: Movement>(statement: &mut SelectStatement) {
    let kind = M::KIND.singular();
    for column in M::Column::iter() {
        let (table, name) = column.as_column_ref();
        let alias = format!("{kind}_{name}");
        statement.expr_as(Expr::col((table, name)), alias);
    }
    let (table, id) = key::<M>().as_column_ref();
    let of_kind = Expr::col((CHOSEN, KIND)).eq(kind);
    let same = Expr::col((table.clone(), id)).equals((CHOSEN, ID));
    statement.join(JoinType::LeftJoin, table, of_kind.and(same));
}

/// A movement as it was read.
enum Model {
    Inflow(inflow::Model),
    Outflow(outflow::Model),
}

/// Runs a statement of [`whole`].
async fn read(db: &Database, statement: SelectStatement) -> Result<Vec<Model>> {
    let mut models = Vec::new();
    for row in db.query_all(&statement).await? {
        let kind: String = row.try_get("", KIND)?;
        models.push(if kind == INFLOW {
            Model::Inflow(inflow::Model::from_query_result(&row, "inflow_")?)
        } else {
            Model::Outflow(outflow::Model::from_query_result(&row, "outflow_")?)
        });
    }
    Ok(models)
}

/// Makes siblings of the movements of each kind.
fn together(models: Vec<Model>) -> Vec<Moved> {
    let (mut kinds, mut inflows, mut outflows) = (Vec::new(), Vec::new(), Vec::new());
    for model in models {
        kinds.push(matches!(model, Model::Inflow(_)));
        match model {
            Model::Inflow(row) => inflows.push(row),
            Model::Outflow(row) => outflows.push(row),
        }
    }
    let mut inflows = Row::<inflow::Entity>::together(inflows)
        .into_iter()
        .map(Moved::Inflow);
    let mut outflows = Row::<outflow::Entity>::together(outflows)
        .into_iter()
        .map(Moved::Outflow);
    kinds
        .into_iter()
        .filter_map(|of_inflow| {
            if of_inflow {
                inflows.next()
            } else {
                outflows.next()
            }
        })
        .collect()
}
