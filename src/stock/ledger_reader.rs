//! The task that reads new ledger entries, for all subscribers of the process and only while there are any.
//!
//! An entry gets its id before it is committed, so a reader that only selects ids above the last one would miss an entry
//! that is committed late. But ids are assigned without gaps, and a transaction gets its number before the id of its entry,
//! because it first changes a product. If entry 7 exists and entry 6 does not, then 6 belongs to a transaction that already has
//! a number. The task then takes the next transaction number itself: once every transaction with a smaller number has ended,
//! either entry 6 exists or it never will. An entry is settled if no entry with a smaller id can still appear, and only settled
//! entries are sent. SQLite has one writer and no gaps.
//!
//! Commits of this process wake the task. It polls for commits of other processes.

use std::sync::Arc;
use std::time::Duration;

use ::entity::stock_change::{Column, Entity, Model};
use database::Database;
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _, Statement,
};

use super::ledger_tail::{LedgerChannel, Subscription};
use crate::error::{Error, Result};
use crate::services::Services;

/// The maximum number of entries that one statement reads.
pub(super) const PAGE: u16 = 200;
/// The polling interval for commits of other processes.
const POLL: Duration = Duration::from_millis(250);
/// The polling interval while a transaction must end first.
const POLL_AT_GAP: Duration = Duration::from_millis(20);
/// Delay after a commit, so that a busy server reads the entries of several commits at once.
const DEBOUNCE: Duration = Duration::from_millis(5);
/// The task begins this many ids below the newest entry, so that it does not miss transactions that are still running. A
/// transaction that runs while this many entries are committed can be missed.
const BEGIN_BELOW: i64 = 1_000;

/// Subscribes to the entries, and starts the task if it is not running.
pub(super) fn subscribe(services: &Arc<Services>) -> Subscription {
    services.ledger.subscribe(|channel| {
        services.tasks.spawn(run(Arc::clone(services), channel));
    })
}

async fn run(services: Arc<Services>, channel: Arc<LedgerChannel>) {
    let mut commits = services.commits.subscribe();
    let mut reader = None;
    loop {
        commits.mark_unchanged();
        let result = match &mut reader {
            None => Reader::begin(&services.db).await.map(|new| {
                channel.begin_at(new.last);
                reader = Some(new);
                ReadResult::More
            }),
            Some(reader) => reader.read(&services.db, &channel).await,
        };
        let pause = match result {
            Ok(ReadResult::More) => Duration::ZERO,
            Ok(ReadResult::Gap) => POLL_AT_GAP,
            Ok(ReadResult::Nothing) => POLL,
            Err(error) => {
                crate::telemetry::log_failure(&error);
                POLL
            }
        };
        let pause = async {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Ok(()) = commits.changed() => tokio::time::sleep(DEBOUNCE).await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = services.wait_for_shutdown() => break,
        }
        if services.ledger.close_if_unused(&channel) {
            return;
        }
    }
    services.ledger.close();
}

/// The position in the ledger.
struct Reader {
    /// All entries up to this id are settled and have been sent.
    last: i64,
    barrier: Option<Barrier>,
}

/// The condition for continuing past a gap.
#[derive(Clone, Copy)]
struct Barrier {
    /// Entries up to this id are settled once the condition holds.
    up_to: i64,
    /// All transactions with a smaller number must end.
    transaction: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadResult {
    /// There may be more entries to read immediately.
    More,
    /// A transaction must end before the next entry is settled.
    Gap,
    Nothing,
}

impl Reader {
    async fn begin(db: &Database) -> Result<Self> {
        let newest = Entity::find()
            .select_only()
            .column(Column::Id)
            .order_by_desc(Column::Id)
            .into_tuple::<i64>()
            .one(db)
            .await?;
        Ok(Self {
            last: (newest.unwrap_or_default() - BEGIN_BELOW).max(0),
            barrier: None,
        })
    }

    /// Reads a page and sends those of its entries that are settled.
    async fn read(&mut self, db: &Database, channel: &LedgerChannel) -> Result<ReadResult> {
        let (page, oldest) = entries_after(db, self.last).await?;
        let resolved_up_to = match self.barrier {
            Some(barrier) if oldest.is_none_or(|oldest| oldest >= barrier.transaction) => barrier.up_to,
            _ if oldest.is_none() => i64::MAX - 1,
            _ => self.last,
        };
        let ids: Vec<i64> = page.iter().map(|entry| entry.id).collect();
        let settled = settled_count(self.last, resolved_up_to, &ids);
        if let Some(entries) = page.get(..settled)
            && let Some(newest) = entries.last()
        {
            self.last = newest.id;
            channel.send(self.last, entries);
        }
        let Some(next) = ids.get(settled) else {
            return Ok(if ids.len() == usize::from(PAGE) {
                ReadResult::More
            } else {
                ReadResult::Nothing
            });
        };
        let is_pending = |barrier: Barrier| barrier.up_to >= next - 1 && resolved_up_to < barrier.up_to;
        if self.barrier.is_some_and(is_pending) {
            return Ok(ReadResult::Gap);
        }
        self.barrier = Some(Barrier {
            up_to: ids.last().copied().unwrap_or_default(),
            transaction: next_transaction(db).await?,
        });
        Ok(ReadResult::More)
    }
}

/// The number of these entries that are settled: those before the first gap that may still be filled. Gaps up to the id
/// `resolved_up_to` stay empty.
fn settled_count(last: i64, resolved_up_to: i64, ids: &[i64]) -> usize {
    let mut last = last;
    ids.iter()
        .take_while(|id| {
            let settled = **id == last + 1 || **id <= resolved_up_to + 1;
            last = **id;
            settled
        })
        .count()
}

/// Reads a page of entries after the id `last`, and the number of the oldest transaction that was running at that time. SQLite
/// has no such number.
async fn entries_after(db: &Database, last: i64) -> Result<(Vec<Model>, Option<i64>)> {
    let mut query = Entity::find()
        .filter(Column::Id.gt(last))
        .order_by_asc(Column::Id)
        .limit(u64::from(PAGE));
    let oldest = db.backend().oldest_running();
    let has_oldest = oldest.is_some();
    if let Some(oldest) = oldest {
        query = query.expr_as(oldest, "oldest_running");
    }
    let rows = db.query_all_raw(query.build(db.get_database_backend())).await?;
    let oldest = match rows.first() {
        Some(row) if has_oldest => Some(row.try_get::<i64>("", "oldest_running")?),
        // Without entries there are no gaps to wait for.
        _ if has_oldest => Some(0),
        _ => None,
    };
    let entries: Result<Vec<Model>, _> = rows.iter().map(|row| Model::from_query_result(row, "")).collect();
    Ok((entries?, oldest))
}

/// Takes a transaction number, which is greater than those of all transactions that have written something so far.
async fn next_transaction(db: &Database) -> Result<i64> {
    let Some(sql) = db.backend().next_transaction() else {
        return Ok(0);
    };
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| Error::internal("the database returned no transaction number"))?;
    Ok(row.try_get("", "number")?)
}

#[cfg(test)]
mod tests {
    use super::settled_count;

    #[test]
    fn nothing_is_sent_past_a_gap_that_may_be_filled() {
        for (last, resolved_up_to, ids, settled) in [
            (0, 0, &[1, 2, 3][..], 3),
            (0, 0, &[2, 3], 0),
            (5, 5, &[6, 7, 9, 10], 2),
            (5, 8, &[6, 7, 9, 10], 4),
            (5, 7, &[6, 7, 9, 10], 2),
            (5, 10, &[7, 10, 11, 13], 3),
            (5, i64::MAX - 1, &[7, 100], 2),
            (5, 5, &[], 0),
        ] {
            assert_eq!(
                settled_count(last, resolved_up_to, ids),
                settled,
                "{last} {resolved_up_to} {ids:?}"
            );
        }
    }
}
