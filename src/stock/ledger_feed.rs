//! New entries of the ledger: every entry once, in the order of the ledger, for one reader.

use std::collections::{HashSet, VecDeque};

use ::entity::stock_change::{Column, Entity, Model};
use database::Database;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{broadcast, watch};

use super::ledger_reader::{self, PAGE};
use super::ledger_tail::Subscription;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// Reads the ledger, starting after a given entry.
pub struct Entries {
    db: Database,
    subscription: Subscription,
    /// All entries up to this id have been read.
    position: i64,
    /// The ids of entries that were committed but not settled when the reader began. They are not new.
    skipped_ids: HashSet<i64>,
    /// The products whose entries are read, or `None` for all.
    product_ids: Option<Vec<i64>>,
    queue: VecDeque<Model>,
    /// Whether the next entries must be read from the database.
    needs_catch_up: bool,
}

/// Begins to read the ledger: the entries after the entry `after`, or else those that are committed from now on. `product_ids`
/// restricts them to the entries of these products.
///
/// # Errors
/// [`Error::Unauthenticated`] without a login; [`Error::Unavailable`] if the database can't respond.
pub async fn entries(ctx: &Ctx, after: Option<i64>, product_ids: Option<Vec<i64>>) -> Result<Entries> {
    ctx.actor()?;
    let mut subscription = ledger_reader::subscribe(&ctx.services);
    let settled = settled_position(&mut subscription.settled).await?;
    let db = ctx.db().clone();
    let skipped_ids = match after {
        Some(_) => HashSet::new(),
        None => ids_after(&db, settled).await?,
    };
    Ok(Entries {
        db,
        subscription,
        position: after.unwrap_or(settled),
        skipped_ids,
        product_ids,
        queue: VecDeque::new(),
        needs_catch_up: true,
    })
}

impl Entries {
    /// The next entry, as soon as there is one, or `None` when the program stops.
    ///
    /// # Errors
    /// Fails if the database can't respond.
    pub async fn next(&mut self) -> Result<Option<Model>> {
        loop {
            if let Some(entry) = self.queue.pop_front() {
                return Ok(Some(entry));
            }
            if self.needs_catch_up {
                self.catch_up().await?;
                continue;
            }
            match self.subscription.entries.recv().await {
                Ok(page) => self.buffer(&page),
                Err(broadcast::error::RecvError::Lagged(_)) => self.needs_catch_up = true,
                Err(broadcast::error::RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// Reads a page from the database.
    async fn catch_up(&mut self) -> Result<()> {
        let settled = settled_position(&mut self.subscription.settled).await?;
        if self.position >= settled {
            self.needs_catch_up = false;
            return Ok(());
        }
        let mut query = Entity::find()
            .filter(Column::Id.gt(self.position))
            .filter(Column::Id.lte(settled));
        if let Some(product_ids) = &self.product_ids {
            query = query.filter(self.db.backend().among(Column::ProductId, product_ids));
        }
        let page = query
            .order_by_asc(Column::Id)
            .limit(u64::from(PAGE))
            .all(&self.db)
            .await?;
        let is_last = page.len() < usize::from(PAGE);
        self.buffer(&page);
        if is_last {
            self.position = self.position.max(settled);
        }
        Ok(())
    }

    fn buffer(&mut self, page: &[Model]) {
        for entry in page {
            if entry.id <= self.position {
                continue;
            }
            self.position = entry.id;
            let is_skipped = !self.skipped_ids.is_empty() && self.skipped_ids.remove(&entry.id);
            let is_selected = self
                .product_ids
                .as_ref()
                .is_none_or(|ids| ids.contains(&entry.product_id));
            if is_selected && !is_skipped {
                self.queue.push_back(entry.clone());
            }
        }
    }
}

/// Returns the id up to which all entries are settled. Waits for the first read of the task.
async fn settled_position(settled: &mut watch::Receiver<Option<i64>>) -> Result<i64> {
    let settled = settled.wait_for(Option::is_some).await;
    let settled = settled.map_err(|_| Error::unavailable("the program is stopping"))?;
    settled.ok_or_else(|| Error::internal("the position in the ledger is unknown"))
}

async fn ids_after(db: &Database, settled: i64) -> Result<HashSet<i64>> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.gt(settled))
        .into_tuple::<i64>()
        .all(db)
        .await?;
    Ok(ids.into_iter().collect())
}
