//! `Ctx`: one request. Who asks, when, and with what parts of the program; the same for both faces, the commands and
//! the tests.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use database::Database;

use crate::app::App;
use crate::auth::Actor;
use crate::error::{Error, Login, Result};
use crate::telemetry::Record;

/// One request.
#[derive(Clone)]
pub struct Ctx {
    /// The program's parts.
    pub app: Arc<App>,
    /// Who asks; nobody before a login.
    pub actor: Option<Arc<Actor>>,
    /// When it began: every row that it writes has this time.
    pub now: DateTime<Utc>,
    /// Where it comes from.
    pub client: IpAddr,
    /// What is noted of it for the log.
    pub record: Arc<Record>,
}

impl Ctx {
    /// A request of somebody who has not logged in.
    pub fn anonymous(app: Arc<App>, client: IpAddr) -> Self {
        let now = app.clock.now();
        Self {
            app,
            actor: None,
            now,
            client,
            record: Record::current(),
        }
    }

    /// A command of the program itself, which may do everything and is nobody.
    pub fn system(app: Arc<App>) -> Self {
        let ctx = Self::anonymous(app, IpAddr::V4(Ipv4Addr::LOCALHOST));
        Self {
            actor: Some(Arc::new(Actor::system())),
            ..ctx
        }
    }

    /// The database, to read.
    pub fn db(&self) -> &Database {
        &self.app.db
    }

    /// Who asks.
    ///
    /// # Errors
    /// [`Login::Missing`] when nobody has logged in.
    pub fn actor(&self) -> Result<&Actor> {
        self.actor
            .as_deref()
            .ok_or(Error::Unauthenticated(Login::Missing))
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
