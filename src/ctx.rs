//! `Ctx`: the context of one request, the same for both APIs, the commands and the tests.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use database::Database;
use request_telemetry::Record;
use table_query::{RowCache, Source};

use crate::auth::Actor;
use crate::error::{Error, LoginError, Result};
use crate::idempotency::keyed_request::KeyedRequest;
use crate::services::Services;

/// The context of one request.
#[derive(Clone)]
pub struct Ctx {
    pub services: Arc<Services>,
    /// The caller, or `None` without a login.
    pub actor: Option<Arc<Actor>>,
    /// The time when the request began, which is stored in every row that it writes.
    pub now: DateTime<Utc>,
    /// The client's address.
    pub client: IpAddr,
    /// Collects the contents of the request's log line.
    pub record: Arc<Record>,
    /// The idempotency key of the request, if it has one.
    pub keyed: Option<Arc<KeyedRequest>>,
    pub labels: Arc<LabelRevision>,
}

/// The revision of brands, categories and suppliers when the request began. Cached rows can be used if they were read at the
/// same revision. Unknown without a login, in subscriptions, and after the request has changed something.
#[derive(Debug)]
pub struct LabelRevision(AtomicI64);

impl LabelRevision {
    const UNKNOWN: i64 = -1;

    /// Sets the revision that the request has read.
    pub fn set(&self, revision: i64) {
        self.0.store(revision, Ordering::Relaxed);
    }

    /// Makes the revision unknown, because cached rows may be older than the changes of the request, which it must see.
    pub fn clear(&self) {
        self.0.store(Self::UNKNOWN, Ordering::Relaxed);
    }

    fn get(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|revision| *revision != Self::UNKNOWN)
    }
}

impl Default for LabelRevision {
    fn default() -> Self {
        Self(AtomicI64::new(Self::UNKNOWN))
    }
}

impl Ctx {
    /// The context of a request without a login that begins now.
    pub fn anonymous(services: Arc<Services>, client: IpAddr) -> Self {
        let now = services.clock.now();
        Self {
            services,
            actor: None,
            now,
            client,
            record: Record::current(),
            keyed: None,
            labels: Arc::default(),
        }
    }

    /// The context of work of the program itself, which has every permission and no user.
    pub fn system(services: Arc<Services>) -> Self {
        let ctx = Self::anonymous(services, IpAddr::V4(Ipv4Addr::LOCALHOST));
        Self {
            actor: Some(Arc::new(Actor::system())),
            ..ctx
        }
    }

    /// The database, for reading; [`Ctx::transaction`] writes.
    pub fn db(&self) -> &Database {
        &self.services.db
    }

    /// The caller.
    ///
    /// # Errors
    /// [`LoginError::Missing`] without a login.
    pub fn actor(&self) -> Result<&Actor> {
        self.actor
            .as_deref()
            .ok_or(Error::Unauthenticated(LoginError::Missing))
    }
}

impl Source for Ctx {
    fn db(&self) -> &Database {
        &self.services.db
    }

    fn cache(&self) -> Option<(&RowCache, i64)> {
        Some((&self.services.label_rows, self.labels.get()?))
    }
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx")
            .field("actor", &self.actor)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
