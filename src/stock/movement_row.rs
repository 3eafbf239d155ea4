//! `MovementRow`: an inflow or an outflow. One statement reads complete rows of both tables by their keys.

use std::collections::HashMap;

use ::entity::{inflow, outflow, stock_change};
use database::{Backend, Database};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, FromQueryResult, Iterable, JoinType, QuerySelect, QueryTrait,
};
use table_query::cursor;

use super::movement::Movement;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Filter, Row, key};

/// A movement of either kind.
pub enum MovementRow {
    Inflow(Row<inflow::Entity>),
    Outflow(Row<outflow::Entity>),
}

impl Clone for MovementRow {
    fn clone(&self) -> Self {
        match self {
            Self::Inflow(row) => Self::Inflow(row.clone()),
            Self::Outflow(row) => Self::Outflow(row.clone()),
        }
    }
}

impl MovementRow {
    /// The table and the id.
    fn key(&self) -> (&'static str, i64) {
        match self {
            Self::Inflow(row) => (INFLOW, row.id),
            Self::Outflow(row) => (OUTFLOW, row.id),
        }
    }

    /// The cursor of the movement in the list of its product's movements.
    pub(super) fn cursor(&self) -> String {
        let at = match self {
            Self::Inflow(row) => row.created_at,
            Self::Outflow(row) => row.created_at,
        };
        let (kind, id) = self.key();
        cursor::encode(ORDER, &[at.into(), kind.into(), id.into()])
    }
}

pub(super) const INFLOW: &str = "inflow";
pub(super) const OUTFLOW: &str = "outflow";
/// The name of the order in cursors.
pub(super) const ORDER: &str = "movement:-created_at";

// Names within the statement: the subquery with the keys of the chosen movements, and its columns.
pub(super) const CHOSEN: &str = "chosen";
pub(super) const KIND: &str = "kind";
pub(super) const ID: &str = "id";

/// The movement that caused an entry of the ledger, unless it has been deleted. Loaded once for all entries that were
/// fetched together.
pub async fn movement_of_entry(ctx: &Ctx, entry: &Row<stock_change::Entity>) -> Result<Option<MovementRow>> {
    let Some(key) = movement_key(entry) else {
        return Ok(None);
    };
    let rows = entry
        .load_once("movement", async || {
            let keys: Vec<(&str, i64)> = entry.siblings().iter().filter_map(movement_key).collect();
            by_key(ctx.db(), &keys).await
        })
        .await?;
    Ok(rows.get(&key).cloned())
}

fn movement_key(entry: &stock_change::Model) -> Option<(&'static str, i64)> {
    use stock_change::Reason;
    let kind = match entry.reason {
        Reason::InflowCreated | Reason::InflowDeleted => INFLOW,
        Reason::OutflowCreated | Reason::OutflowDeleted => OUTFLOW,
        Reason::ProductCreated | Reason::Adjustment => return None,
    };
    Some((kind, entry.movement_id?))
}

async fn by_key(db: &Database, keys: &[(&str, i64)]) -> Result<HashMap<(&'static str, i64), MovementRow>> {
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
    Ok(siblings(read(db, select_rows(chosen)).await?)
        .into_iter()
        .map(|row| (row.key(), row))
        .collect())
}

fn keys_among<M: Movement>(backend: Backend, column: M::Column, ids: &[i64]) -> SelectStatement {
    Filter::id_in(backend, column, ids)
        .apply(M::find())
        .select_only()
        .column(key::<M>())
        .expr_as(Expr::val(M::KIND.singular()), KIND)
        .into_query()
}

/// Selects complete rows for these keys: each row has the columns of its own table, and null in those of the other.
pub(super) fn select_rows(chosen: SelectStatement) -> SelectStatement {
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
    let has_kind = Expr::col((CHOSEN, KIND)).eq(kind);
    let has_id = Expr::col((table.clone(), id)).equals((CHOSEN, ID));
    statement.join(JoinType::LeftJoin, table, has_kind.and(has_id));
}

/// The row of a movement, before it becomes a [`Row`] with siblings.
pub(super) enum Model {
    Inflow(inflow::Model),
    Outflow(outflow::Model),
}

/// Runs a statement of [`select_rows`].
pub(super) async fn read(db: &Database, statement: SelectStatement) -> Result<Vec<Model>> {
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

/// Makes the movements of each kind siblings of each other, and keeps their order.
pub(super) fn siblings(models: Vec<Model>) -> Vec<MovementRow> {
    let (mut kinds, mut inflows, mut outflows) = (Vec::new(), Vec::new(), Vec::new());
    for model in models {
        kinds.push(matches!(model, Model::Inflow(_)));
        match model {
            Model::Inflow(row) => inflows.push(row),
            Model::Outflow(row) => outflows.push(row),
        }
    }
    let mut inflows = Row::<inflow::Entity>::siblings_of(inflows)
        .into_iter()
        .map(MovementRow::Inflow);
    let mut outflows = Row::<outflow::Entity>::siblings_of(outflows)
        .into_iter()
        .map(MovementRow::Outflow);
    kinds
        .into_iter()
        .filter_map(|is_inflow| {
            if is_inflow {
                inflows.next()
            } else {
                outflows.next()
            }
        })
        .collect()
}
