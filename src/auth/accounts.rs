//! `Accounts`: a cache of the users of sessions, with their permissions.
//!
//! An entry is valid as long as `account_epoch` has not changed since it was loaded: triggers increase the epoch whenever
//! a user, a group membership, a permission or an ended session changes. Every request reads the epoch after it has
//! arrived, so a deactivation committed earlier takes effect at once. On PostgreSQL, requests that arrive during a read share
//! the next one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::{Backend, Database};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sea_orm::{ConnectionTrait as _, Statement};

use super::actor::Actor;
use crate::error::{Error, Result};

/// The maximum number of cached sessions. A full cache is emptied.
const CAPACITY: usize = 10_000;

/// The maximum time that a request waits for the epoch.
const EPOCH_TIMEOUT: Duration = Duration::from_secs(6);

/// A user's id, a session's id, and when the token was issued.
pub type SessionKey = (i64, String, i64);

type EpochRead = Shared<BoxFuture<'static, Result<Epochs>>>;

/// The values that a request reads first, in one statement.
#[derive(Clone, Copy, Debug)]
pub struct Epochs {
    pub accounts: i64,
    /// The revision of brands, categories and suppliers, for [`Ctx::labels`](crate::ctx::Ctx::labels).
    pub labels: i64,
}

#[derive(Clone, Default)]
pub struct Accounts(Arc<State>);

#[derive(Default)]
struct State {
    cache: Mutex<Cache>,
    /// The next read of the epoch. Requests that arrive before it begins wait for it.
    next_read: Mutex<Option<EpochRead>>,
    /// Held during a read, so that only one runs at a time.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    epoch: i64,
    actors: HashMap<SessionKey, Arc<Actor>>,
}

impl Accounts {
    /// The current epochs, read after this call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not respond within 6 seconds.
    pub async fn epochs(&self, db: &Database) -> Result<Epochs> {
        // SQLite reads the epochs in a few microseconds on the calling thread. Sharing the read would cost more.
        if db.backend() == Backend::Sqlite {
            return read_epochs(db).await;
        }
        let read = {
            let mut next = self.0.next_read.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| self.clone().read_shared(db.clone()).boxed().shared())
                .clone()
        };
        // A request that arrives during a read waits for two reads, which the timeout must allow for.
        tokio::time::timeout(EPOCH_TIMEOUT, read)
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the account epoch could not be read in time")))
    }

    async fn read_shared(self, db: Database) -> Result<Epochs> {
        let _reading = self.0.reading.lock().await;
        // A request that arrives from here on could be later than the statement, so it must wait for another read.
        self.0
            .next_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        read_epochs(&db).await
    }

    /// The cached actor, if it was loaded at this epoch.
    pub fn get(&self, epoch: i64, key: &SessionKey) -> Option<Arc<Actor>> {
        let cache = self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.epoch == epoch {
            cache.actors.get(key).cloned()
        } else {
            None
        }
    }

    /// Caches an actor that was loaded at this epoch.
    pub fn insert(&self, epoch: i64, key: SessionKey, actor: Arc<Actor>) {
        let mut cache = self.0.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.epoch < epoch || cache.actors.len() >= CAPACITY {
            cache.actors.clear();
            cache.epoch = cache.epoch.max(epoch);
        }
        // An actor loaded at an older epoch is stale and is not cached.
        if cache.epoch == epoch {
            cache.actors.insert(key, actor);
        }
    }
}

async fn read_epochs(db: &Database) -> Result<Epochs> {
    let sql =
        "SELECT epoch, (SELECT CAST(COALESCE(SUM(change), 0) AS bigint) FROM revision WHERE noun = 'label')
        FROM account_epoch";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let [accounts, labels] = db.numbers(statement).await?;
    Ok(Epochs { accounts, labels })
}
