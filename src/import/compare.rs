//! Reads the stored rows back and compares them with those of the source.

use ::entity::{Record as _, brand, category, inflow, outflow, product, stock_change, supplier, user};
use database::Table;
use django_source::digest::{Record, TableDigest, TableSummary};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;

use super::account::{self, Groups};
use super::progress::ImportProgress;
use super::row;
use crate::error::Result;
use crate::tx::Tx;

/// The number of rows read at a time.
const BATCH: u64 = 2_000;

/// The summaries of one table in the source and in the target.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) source: TableSummary,
    pub(crate) target: TableSummary,
}

impl Comparison {
    pub(crate) fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

/// Compares all tables for which the source has a summary.
pub(super) async fn compare(
    tx: &Tx,
    source: Vec<TableSummary>,
    groups: &Groups,
    progress: &ImportProgress,
) -> Result<Vec<Comparison>> {
    let mut comparisons = Vec::with_capacity(source.len());
    for source in source {
        let reader = Reader {
            tx,
            progress,
            digest: TableDigest::new(source.table),
        };
        let target = match source.table {
            "user" => {
                reader
                    .read::<user::Entity, _>(user::Column::Id, row::source_user)
                    .await?
            }
            "brand" => {
                let label = row::source_label::<brand::Entity>;
                reader.read::<brand::Entity, _>(brand::Column::Id, label).await?
            }
            "category" => {
                let label = row::source_label::<category::Entity>;
                reader
                    .read::<category::Entity, _>(category::Column::Id, label)
                    .await?
            }
            "supplier" => {
                let label = row::source_label::<supplier::Entity>;
                reader
                    .read::<supplier::Entity, _>(supplier::Column::Id, label)
                    .await?
            }
            "product" => {
                reader
                    .read::<product::Entity, _>(product::Column::Id, row::source_product)
                    .await?
            }
            "inflow" => {
                reader
                    .read::<inflow::Entity, _>(inflow::Column::Id, row::source_inflow)
                    .await?
            }
            "outflow" => {
                reader
                    .read::<outflow::Entity, _>(outflow::Column::Id, row::source_outflow)
                    .await?
            }
            "stock_change" => {
                let id = stock_change::Column::Id;
                reader
                    .read::<stock_change::Entity, _>(id, row::source_stock_change)
                    .await?
            }
            "group_permission" => reader.summarize(&groups.read_back(tx).await?),
            "user_group" => reader.summarize(&groups.read_memberships(tx).await?),
            "user_permission" => reader.summarize(&account::read_permissions(tx).await?),
            "spent_token" => reader.summarize(&account::read_spent_tokens(tx).await?),
            // No rows are stored for an unknown table, so the comparison fails.
            _ => reader.digest.summary(),
        };
        comparisons.push(Comparison { source, target });
    }
    Ok(comparisons)
}

struct Reader<'t> {
    tx: &'t Tx,
    progress: &'t ImportProgress,
    digest: TableDigest,
}

impl Reader<'_> {
    /// Summarizes a small table that was read with one query.
    fn summarize<R: Record>(mut self, rows: &[R]) -> TableSummary {
        self.progress.add_compared(rows.len());
        for row in rows {
            self.digest.add(row);
        }
        self.digest.summary()
    }

    async fn read<E, R>(mut self, id: E::Column, convert: fn(E::Model) -> R) -> Result<TableSummary>
    where
        E: Table + EntityTrait<Model: ::entity::Record>,
        R: Record,
    {
        let mut last = 0;
        loop {
            self.progress.check()?;
            let page = E::find()
                .filter(id.gt(last))
                .order_by_asc(id)
                .limit(BATCH)
                .build(self.tx.backend().into());
            let rows = self.tx.models::<E>(page).await?;
            let Some(end) = rows.last() else {
                return Ok(self.digest.summary());
            };
            last = end.id();
            self.progress.add_compared(rows.len());
            for row in rows {
                self.digest.add(&convert(row));
            }
        }
    }
}
