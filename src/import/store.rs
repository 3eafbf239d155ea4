//! Writes the rows of the source.

use std::collections::BTreeMap;

use ::entity::{brand, category, inflow, outflow, product, stock_change, supplier, user};
use database::bulk::raise_last_id;
use django_source::Batch;
use django_source::digest::TableSummary;
use sea_orm::{ConnectionTrait, Statement};

use super::account::{self, Groups, insert};
use super::incoming::IncomingRows;
use super::progress::ImportProgress;
use super::row;
use crate::error::Result;
use crate::query::row_count::analyze;
use crate::tx::Tx;

/// Stores all rows. Returns the summaries of the source's tables, and the ids of the groups.
pub(super) async fn store(
    tx: &Tx,
    mut incoming: IncomingRows,
    progress: &ImportProgress,
) -> Result<(Vec<TableSummary>, Groups)> {
    let mut groups = Groups::default();
    let mut last_change = last_id(tx, "stock_change").await?;
    while let Some(batch) = incoming.next().await {
        progress.check()?;
        match batch {
            Batch::Users(rows) => insert::<user::Entity>(tx, rows.into_iter().map(row::user)).await?,
            Batch::Groups(rows) => groups.store(tx, rows).await?,
            Batch::Memberships(rows) => groups.add_members(tx, rows).await?,
            Batch::UserPermissions(rows) => account::store_permissions(tx, rows).await?,
            Batch::Brands(rows) => {
                insert::<brand::Entity>(tx, rows.into_iter().map(row::label::<brand::Entity>)).await?;
            }
            Batch::Categories(rows) => {
                insert::<category::Entity>(tx, rows.into_iter().map(row::label::<category::Entity>)).await?;
            }
            Batch::Suppliers(rows) => {
                insert::<supplier::Entity>(tx, rows.into_iter().map(row::label::<supplier::Entity>)).await?;
            }
            Batch::Products(rows) => {
                insert::<product::Entity>(tx, rows.into_iter().map(row::product)).await?;
            }
            Batch::Inflows(rows) => insert::<inflow::Entity>(tx, rows.into_iter().map(row::inflow)).await?,
            Batch::Outflows(rows) => {
                insert::<outflow::Entity>(tx, rows.into_iter().map(row::outflow)).await?;
            }
            Batch::StockChanges(rows) => {
                // The rows of a product arrive in the order of its ledger, and the ids keep that order.
                let entries: Vec<stock_change::Model> = (last_change + 1..)
                    .zip(&rows)
                    .map(|(id, row)| row::stock_change(id, row))
                    .collect();
                last_change = entries.last().map_or(last_change, |entry| entry.id);
                insert::<stock_change::Entity>(tx, entries).await?;
            }
            Batch::SpentTokens(rows) => account::store_spent_tokens(tx, rows).await?,
        }
    }
    let summaries = incoming.finish().await?;
    raise_last_id::<stock_change::Entity>(tx, last_change).await?;
    Ok((summaries, groups))
}

async fn last_id(tx: &Tx, table: &str) -> Result<i64> {
    let sql = format!(
        "SELECT CAST({} AS bigint) AS last",
        tx.backend().last_id_of(table)
    );
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    match tx.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "last")?),
        None => Ok(0),
    }
}

/// Makes new ids continue after those of the source, and updates the statistics that the query planner uses.
pub(super) async fn finish(tx: &Tx, next_ids: &BTreeMap<&'static str, i64>) -> Result<()> {
    let last = |table: &str| next_ids.get(table).map_or(0, |next| next - 1);
    raise_last_id::<user::Entity>(tx, last("user")).await?;
    raise_last_id::<brand::Entity>(tx, last("brand")).await?;
    raise_last_id::<category::Entity>(tx, last("category")).await?;
    raise_last_id::<supplier::Entity>(tx, last("supplier")).await?;
    raise_last_id::<product::Entity>(tx, last("product")).await?;
    raise_last_id::<inflow::Entity>(tx, last("inflow")).await?;
    raise_last_id::<outflow::Entity>(tx, last("outflow")).await?;
    analyze(tx).await
}
