//! The ledger as it grows: every entry once, in the order of the ledger, for any number of readers.
//!
//! An entry gets its id before it is committed, so a reader that simply asks for larger ids than the last one misses the
//! entry that is committed late. Ids are given without gaps, though, and a transaction has a number of its own before it
//! is given the first of them, because it changes a product before it makes an entry of it. So a reader that sees
//! entry 7 and no entry 6 knows that 6 belongs to a transaction that had a number by then. It takes the next number
//! itself; once every smaller one has ended, there is an entry 6 to be seen, or there never will be. Until then nothing
//! after it is told. SQLite has one writer, and no gaps.
//!
//! One *tail* per process reads, for all who listen, and only while somebody does. It is woken by what is committed
//! here, and looks by itself for what other gateways commit.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ::entity::stock_change::{Column, Entity, Model};
use database::Database;
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _, Statement,
};
use tokio::sync::{broadcast, watch};

use super::ledger_tail::Tail;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::services::Services;

/// Entries read by one statement.
const PAGE: usize = 200;
/// Pages that a reader may be behind before it has to read from the database itself.
const PAGES: usize = 64;
/// How often the tail looks for what other gateways have committed.
const LOOK: Duration = Duration::from_millis(250);
/// How often it looks while it waits for a transaction of theirs.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long it waits for more after a commit, so that a busy gateway is not read once for each.
const TOGETHER: Duration = Duration::from_millis(5);
/// How far below the newest entry a tail begins, so that transactions under way are not overtaken: one that has been
/// running while so many others were committed counts as one of the past.
const BEGIN_BELOW: i64 = 1_000;

/// Reads the ledger from somewhere on, for one reader.
pub struct Entries {
    db: Database,
    entries: broadcast::Receiver<Arc<[Model]>>,
    reached: watch::Receiver<Option<i64>>,
    /// All up to this one have been read.
    position: i64,
    /// What had been committed when the reader came, though it is not settled yet.
    known: HashSet<i64>,
    only: Option<Vec<i64>>,
    ready: VecDeque<Model>,
    /// Whether the next entries have to be read from the database.
    behind: bool,
}

/// Begins to read the ledger: what comes after the entry `after`, or else what is committed from now on. `only` keeps
/// to these products.
///
/// # Errors
/// [`Error::Unauthenticated`] without a login; [`Error::Unavailable`] when the database can't answer.
pub async fn entries(ctx: &Ctx, after: Option<i64>, only: Option<Vec<i64>>) -> Result<Entries> {
    ctx.actor()?;
    let (entries, mut reached) = follow(&ctx.services);
    let settled = settled(&mut reached).await?;
    let db = ctx.db().clone();
    let known = match after {
        Some(_) => HashSet::new(),
        None => ids_after(&db, settled).await?,
    };
    Ok(Entries {
        db,
        entries,
        reached,
        position: after.unwrap_or(settled),
        known,
        only,
        ready: VecDeque::new(),
        behind: true,
    })
}

impl Entries {
    /// The next entry, as soon as there is one; none when the program ends.
    ///
    /// # Errors
    /// When the database can't answer.
    pub async fn next(&mut self) -> Result<Option<Model>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match self.entries.recv().await {
                Ok(page) => self.take(&page),
                Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                Err(broadcast::error::RecvError::Closed) => return Ok(None),
            }
        }
    }

    async fn catch_up(&mut self) -> Result<()> {
        let reached = settled(&mut self.reached).await?;
        if self.position >= reached {
            self.behind = false;
            return Ok(());
        }
        let mut query = Entity::find()
            .filter(Column::Id.gt(self.position))
            .filter(Column::Id.lte(reached));
        if let Some(only) = &self.only {
            query = query.filter(self.db.backend().among(Column::ProductId, only));
        }
        let page = query
            .order_by_asc(Column::Id)
            .limit(count(PAGE))
            .all(&self.db)
            .await?;
        let whole = page.len() < PAGE;
        self.take(&page);
        if whole {
            self.position = self.position.max(reached);
        }
        Ok(())
    }

    fn take(&mut self, page: &[Model]) {
        for entry in page {
            if entry.id <= self.position {
                continue;
            }
            self.position = entry.id;
            let is_known = !self.known.is_empty() && self.known.remove(&entry.id);
            let is_wanted = self
                .only
                .as_ref()
                .is_none_or(|only| only.contains(&entry.product_id));
            if is_wanted && !is_known {
                self.ready.push_back(entry.clone());
            }
        }
    }
}

/// Whether an entry tells that its product has just run low.
pub const fn fell_low(entry: &Model, threshold: i64) -> bool {
    crate::webhooks::outbox::fell_low(entry.balance, entry.change, threshold)
}

fn follow(services: &Arc<Services>) -> (broadcast::Receiver<Arc<[Model]>>, watch::Receiver<Option<i64>>) {
    let mut current = services.ledger.lock();
    if let Some(tail) = &*current {
        return (tail.entries.subscribe(), tail.reached.subscribe());
    }
    let tail = Arc::new(Tail {
        entries: broadcast::Sender::new(PAGES),
        reached: watch::Sender::new(None),
    });
    let readers = (tail.entries.subscribe(), tail.reached.subscribe());
    services.tasks.spawn(run(Arc::clone(services), Arc::clone(&tail)));
    *current = Some(tail);
    readers
}

async fn settled(reached: &mut watch::Receiver<Option<i64>>) -> Result<i64> {
    let reached = reached.wait_for(Option::is_some).await;
    let reached = reached.map_err(|_| Error::unavailable("the program is about to end"))?;
    reached.ok_or_else(|| Error::internal("the ledger's tail is nowhere"))
}

/// Reads for all, until nobody listens or the program ends.
async fn run(services: Arc<Services>, tail: Arc<Tail>) {
    let mut commits = services.commits.subscribe();
    let mut reader = None;
    loop {
        commits.mark_unchanged();
        let looked = match &mut reader {
            None => begin(&services.db).await.map(|begun| {
                tail.reached.send_replace(Some(begun.last));
                reader = Some(begun);
                Looked::More
            }),
            Some(reader) => reader.look(&services.db, &tail).await,
        };
        let pause = match looked {
            Ok(Looked::More) => Duration::ZERO,
            Ok(Looked::Waiting) => LOOK_AGAIN,
            Ok(Looked::Done) => LOOK,
            Err(error) => {
                crate::telemetry::log_failure(&error);
                LOOK
            }
        };
        let pause = async {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Ok(()) = commits.changed() => tokio::time::sleep(TOGETHER).await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = services.stopped() => break,
        }
        if is_over(&services, &tail) {
            return;
        }
    }
    *services.ledger.lock() = None;
}

/// Whether nobody listens any more; whoever comes then begins another tail.
fn is_over(services: &Services, tail: &Tail) -> bool {
    let mut current = services.ledger.lock();
    let over = tail.entries.receiver_count() == 0;
    if over {
        *current = None;
    }
    over
}

async fn begin(db: &Database) -> Result<Reader> {
    let newest = Entity::find()
        .select_only()
        .column(Column::Id)
        .order_by_desc(Column::Id)
        .into_tuple::<i64>()
        .one(db)
        .await?;
    Ok(Reader {
        last: (newest.unwrap_or_default() - BEGIN_BELOW).max(0),
        wall: None,
    })
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

/// Where the tail is.
struct Reader {
    /// All entries up to this one are settled and have been told.
    last: i64,
    wall: Option<Wall>,
}

/// What it waits for before it goes on past a gap.
#[derive(Clone, Copy)]
struct Wall {
    /// Entries up to this one are settled then.
    up_to: i64,
    /// All transactions with a smaller number have to end.
    transaction: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    /// There may be more at once.
    More,
    /// A transaction has to end first.
    Waiting,
    /// That was all.
    Done,
}

impl Reader {
    async fn look(&mut self, db: &Database, tail: &Tail) -> Result<Looked> {
        let (page, oldest) = read(db, self.last).await?;
        let resolved = match self.wall {
            Some(wall) if oldest.is_none_or(|oldest| oldest >= wall.transaction) => wall.up_to,
            _ if oldest.is_none() => i64::MAX - 1,
            _ => self.last,
        };
        let ids: Vec<i64> = page.iter().map(|entry| entry.id).collect();
        let ready = settled_part(self.last, resolved, &ids);
        if let Some(entries) = page.get(..ready)
            && let Some(newest) = entries.last()
        {
            self.last = newest.id;
            // First where it is, then what there is: whoever comes in between finds it in the database.
            tail.reached.send_replace(Some(self.last));
            let _ = tail.entries.send(entries.into());
        }
        let Some(next) = ids.get(ready) else {
            return Ok(if ids.len() == PAGE {
                Looked::More
            } else {
                Looked::Done
            });
        };
        if self
            .wall
            .is_some_and(|wall| wall.up_to >= next - 1 && resolved < wall.up_to)
        {
            return Ok(Looked::Waiting);
        }
        self.wall = Some(Wall {
            up_to: ids.last().copied().unwrap_or_default(),
            transaction: next_transaction(db).await?,
        });
        Ok(Looked::More)
    }
}

/// How many of these entries may be told: those before the first gap in which another may still appear.
fn settled_part(last: i64, resolved: i64, ids: &[i64]) -> usize {
    let mut last = last;
    let ready = ids.iter().take_while(|id| {
        let settled = **id == last + 1 || **id <= resolved + 1;
        last = **id;
        settled
    });
    ready.count()
}

/// The entries after this one, and the number of the oldest transaction that was running as they were read.
async fn read(db: &Database, last: i64) -> Result<(Vec<Model>, Option<i64>)> {
    let mut query = Entity::find()
        .filter(Column::Id.gt(last))
        .order_by_asc(Column::Id)
        .limit(count(PAGE));
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

/// A number that no transaction can have that has written something before.
async fn next_transaction(db: &Database) -> Result<i64> {
    let Some(sql) = db.backend().next_transaction() else {
        return Ok(0);
    };
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| Error::internal("the database does not count its transactions"))?;
    Ok(row.try_get("", "number")?)
}

fn count(page: usize) -> u64 {
    u64::try_from(page).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::settled_part;

    #[test]
    fn nothing_is_told_past_a_gap_that_may_be_filled() {
        for (last, resolved, ids, ready) in [
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
                settled_part(last, resolved, ids),
                ready,
                "{last} {resolved} {ids:?}"
            );
        }
    }
}
