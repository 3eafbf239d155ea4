//! A gateway for each test: its own database and port, real HTTP, a clock that stands still until the test moves it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args as _, FromArgMatches as _};
use sea_orm::ConnectionTrait as _;
use stockroom::app::App;
use stockroom::auth::login;
use stockroom::clock::Clock;
use stockroom::config::Config;
use stockroom::ctx::Ctx;
use stockroom::error::Result;
use stockroom::services::Services;
use stockroom::webhooks::WebhookWorker;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::actors::Actor;
use crate::support::api::Face;
use crate::support::test_database::{Database, Place, USERS};

/// When every test begins.
pub static START: LazyLock<DateTime<Utc>> = LazyLock::new(|| at("2024-01-15T10:30:00Z"));

/// What tests sign tokens with.
pub const SECRET_KEY: &str = "a secret of the tests, longer than 32 bytes";

/// A moment.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// The settings that these flags make; the environment has no say.
pub fn config(database_url: &str, flags: &[&str]) -> Config {
    let command = Config::augment_args(clap::Command::new("test")).mut_args(|arg| arg.env(None::<&str>));
    let fixed = ["test", "--database-url", database_url, "--secret-key", SECRET_KEY];
    let matches = command
        .try_get_matches_from(fixed.iter().chain(flags))
        .expect("settings");
    Config::from_arg_matches(&matches).expect("settings")
}

/// A running gateway and those who talk to it.
pub struct Gateway {
    pub app: App,
    pub services: Arc<Services>,
    pub address: SocketAddr,
    /// Nobody.
    pub anon: Actor,
    /// May read.
    pub viewer: Actor,
    /// May add and change.
    pub manager: Actor,
    /// May do everything, by a group.
    pub administrator: Actor,
    /// May do everything, as a superuser.
    pub root: Actor,
    http: reqwest::Client,
    face: Face,
    place: Arc<Place>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Runs a test with a gateway of its own and clears up after it, however it ends. What its actors ask of the collections
/// goes to this face.
pub async fn run<Test, Running>(database: Database, face: Face, test: Test)
where
    Test: FnOnce(Gateway) -> Running,
    Running: Future<Output = ()> + Send + 'static,
{
    let Some(place) = Place::fresh(database).await.map(Arc::new) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let gateway = Gateway::open(Arc::clone(&place), face, &[], *START).await;
    let ended = tokio::spawn(test(gateway)).await;
    if let Ok(place) = Arc::try_unwrap(place) {
        place.remove().await;
    }
    if let Err(error) = ended {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl Gateway {
    /// Starts one on a database, which is migrated.
    pub async fn open(place: Arc<Place>, face: Face, flags: &[&str], start: DateTime<Utc>) -> Self {
        let app = App::open(config(&place.url(), flags), Clock::manual(start))
            .await
            .expect("a database");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let services = Arc::clone(&app.services);
        let serving = stockroom::server::serve(Arc::clone(&services), listener, async move {
            let _ = stopped.await;
        });
        let serving = tokio::spawn(async move { serving.await.expect("it serves") });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        let user = |index: usize| {
            Actor::new(&http, address, Some(access(&services, index)), USERS[index].0).through(face)
        };
        Self {
            anon: Actor::new(&http, address, None, "anon").through(face),
            root: user(0),
            manager: user(1),
            administrator: user(2),
            viewer: user(3),
            app,
            services,
            address,
            http,
            face,
            place,
            stop,
            serving,
        }
    }

    /// Another one beside it, on the same database.
    pub async fn another(&self, flags: &[&str]) -> Self {
        Self::open(
            Arc::clone(&self.place),
            self.face,
            flags,
            self.services.clock.now(),
        )
        .await
    }

    /// Ends it, and begins another on the same database, with these settings.
    pub async fn with(self, flags: &[&str]) -> Self {
        let now = self.services.clock.now();
        self.restarted(flags, now).await
    }

    /// Ends it, and begins another on the same database, at another time.
    pub async fn restarted(self, flags: &[&str], now: DateTime<Utc>) -> Self {
        let (place, face) = (Arc::clone(&self.place), self.face);
        self.end().await;
        Self::open(place, face, flags, now).await
    }

    /// Ends it in order, and leaves the database.
    pub async fn end(self) -> Arc<Place> {
        let Self {
            services,
            http,
            place,
            stop,
            serving,
            ..
        } = self;
        drop(http);
        let _ = stop.send(());
        serving.await.expect("it ends");
        services.db.close().await;
        place
    }

    /// Moves the clock on.
    pub fn wait(&self, seconds: u64) {
        self.services.clock.advance(Duration::from_secs(seconds));
    }

    /// The program itself, for what is not done over HTTP.
    pub fn system(&self) -> Ctx {
        Ctx::system(Arc::clone(&self.services))
    }

    /// The webhook worker, which runs only when a test calls it.
    pub fn webhooks(&self) -> &Arc<WebhookWorker> {
        self.app.webhooks.as_ref().expect("webhooks are switched on")
    }

    /// Completes when the background tasks have ended, after [`Services::stop`].
    pub async fn workers_ended(&self) {
        self.services.tasks.close();
        self.services.tasks.wait().await;
    }

    /// The same user with another token.
    pub fn with_token(&self, token: impl Into<String>) -> Actor {
        Actor::new(&self.http, self.address, Some(token.into()), "bearer").through(self.face)
    }

    /// Everybody, from nobody on.
    pub fn everybody(&self) -> [&Actor; 5] {
        [
            &self.anon,
            &self.viewer,
            &self.manager,
            &self.administrator,
            &self.root,
        ]
    }

    /// Where its database is.
    pub fn database_url(&self) -> String {
        self.place.url()
    }

    /// How many statements are sent while something happens; nothing else may happen beside it.
    pub async fn statements<T>(&self, doing: impl Future<Output = T>) -> (u64, T) {
        let before = self.services.db.statements();
        let done = doing.await;
        (self.services.db.statements() - before, done)
    }

    /// Sends a statement as it stands, past all rules.
    pub async fn sql(&self, sql: impl Into<String>) -> Result<()> {
        let sql = Arc::new(sql.into());
        self.system()
            .transaction(move |tx| {
                let sql = Arc::clone(&sql);
                Box::pin(async move { Ok(tx.execute_unprepared(&sql).await.map(|_| ())?) })
            })
            .await
    }

    /// Asserts that ledger and stock agree, and everything else that must always hold.
    pub async fn is_sound(&self) {
        let violations = stockroom::resolvers::invariant::violations(&self.system())
            .await
            .expect("answers");
        assert!(violations.is_empty(), "{violations:?}");
    }
}

/// An access token of one of [`USERS`], made without the time that a password takes.
fn access(services: &Arc<Services>, index: usize) -> String {
    let ctx = Ctx::anonymous(Arc::clone(services), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let id = i64::try_from(index).expect("a small number") + 1;
    login::start_session(&ctx, id, 0).expect("a token").access
}
