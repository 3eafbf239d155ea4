//! A gateway for each test: its own database and port, real HTTP, and a clock that only the test advances.

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
use crate::support::api::Api;
use crate::support::test_database::{Database, TestDatabase, USERS};

/// The time at the start of every test.
pub static START: LazyLock<DateTime<Utc>> = LazyLock::new(|| at("2024-01-15T10:30:00Z"));

/// The key that signs the tests' tokens.
pub const SECRET_KEY: &str = "a secret of the tests, longer than 32 bytes";

/// Parses a time.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// The settings from these flags, without the environment.
pub fn config(database_url: &str, flags: &[&str]) -> Config {
    let command = Config::augment_args(clap::Command::new("test")).mut_args(|arg| arg.env(None::<&str>));
    let fixed = ["test", "--database-url", database_url, "--secret-key", SECRET_KEY];
    let matches = command
        .try_get_matches_from(fixed.iter().chain(flags))
        .expect("settings");
    Config::from_arg_matches(&matches).expect("settings")
}

/// A running gateway and its clients.
pub struct Gateway {
    pub app: App,
    pub services: Arc<Services>,
    pub address: SocketAddr,
    /// A client without a login.
    pub anon: Actor,
    /// A user without permissions, who can only read.
    pub viewer: Actor,
    /// A user who can add and change, but not delete.
    pub manager: Actor,
    /// A user with all permissions, by a group.
    pub administrator: Actor,
    /// A superuser.
    pub root: Actor,
    http: reqwest::Client,
    api: Api,
    database: Arc<TestDatabase>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Runs a test with its own gateway, and removes the database afterwards even if the test panics. The gateway's clients
/// use this API for the collections.
pub async fn run<Test, Fut>(engine: Database, api: Api, test: Test)
where
    Test: FnOnce(Gateway) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let Some(database) = TestDatabase::migrated(engine).await.map(Arc::new) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let gateway = Gateway::open(Arc::clone(&database), api, &[], *START).await;
    let result = tokio::spawn(test(gateway)).await;
    if let Ok(database) = Arc::try_unwrap(database) {
        database.remove().await;
    }
    if let Err(error) = result {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl Gateway {
    /// Starts a gateway on a database, which is migrated.
    pub async fn open(database: Arc<TestDatabase>, api: Api, flags: &[&str], start: DateTime<Utc>) -> Self {
        let app = App::open(config(&database.url(), flags), Clock::manual(start))
            .await
            .expect("a database");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let services = Arc::clone(&app.services);
        let serving = stockroom::server::serve(Arc::clone(&services), listener, async move {
            let _ = stopped.await;
        });
        let serving = tokio::spawn(async move { serving.await.expect("the gateway starts") });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        let user = |index: usize| {
            Actor::new(&http, address, Some(access(&services, index)), USERS[index].0).through(api)
        };
        Self {
            anon: Actor::new(&http, address, None, "anon").through(api),
            root: user(0),
            manager: user(1),
            administrator: user(2),
            viewer: user(3),
            app,
            services,
            address,
            http,
            api,
            database,
            stop,
            serving,
        }
    }

    /// Starts another gateway on the same database.
    pub async fn another(&self, flags: &[&str]) -> Self {
        Self::open(
            Arc::clone(&self.database),
            self.api,
            flags,
            self.services.clock.now(),
        )
        .await
    }

    /// Stops the gateway and starts another on the same database with these settings.
    pub async fn restart_with(self, flags: &[&str]) -> Self {
        let now = self.services.clock.now();
        self.restart_at(flags, now).await
    }

    /// Stops the gateway and starts another on the same database with these settings, at this time.
    pub async fn restart_at(self, flags: &[&str], now: DateTime<Utc>) -> Self {
        let (database, api) = (Arc::clone(&self.database), self.api);
        self.stop().await;
        Self::open(database, api, flags, now).await
    }

    /// Stops the gateway and keeps the database.
    pub async fn stop(self) -> Arc<TestDatabase> {
        let Self {
            services,
            http,
            database,
            stop,
            serving,
            ..
        } = self;
        drop(http);
        let _ = stop.send(());
        serving.await.expect("the gateway stops");
        services.db.close().await;
        database
    }

    /// Advances the clock of the gateway by this many seconds.
    pub fn advance_clock(&self, seconds: u64) {
        self.services.clock.advance(Duration::from_secs(seconds));
    }

    /// The context of the program itself, for operations outside of HTTP.
    pub fn system(&self) -> Ctx {
        Ctx::system(Arc::clone(&self.services))
    }

    /// The webhook worker, which runs only when a test calls it.
    pub fn webhooks(&self) -> &Arc<WebhookWorker> {
        self.app.webhooks.as_ref().expect("webhooks are enabled")
    }

    /// Waits until the background tasks have ended, after [`Services::stop`].
    pub async fn wait_for_background_tasks(&self) {
        self.services.tasks.close();
        self.services.tasks.wait().await;
    }

    /// The same client with another token.
    pub fn with_token(&self, token: impl Into<String>) -> Actor {
        Actor::new(&self.http, self.address, Some(token.into()), "bearer").through(self.api)
    }

    /// All clients, in the order of their permissions.
    pub fn all_actors(&self) -> [&Actor; 5] {
        [
            &self.anon,
            &self.viewer,
            &self.manager,
            &self.administrator,
            &self.root,
        ]
    }

    /// The URL of the database.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// The number of statements sent while a future runs, and its output. No other request may run at the same time.
    pub async fn count_statements<T>(&self, work: impl Future<Output = T>) -> (u64, T) {
        let before = self.services.db.statements();
        let output = work.await;
        (self.services.db.statements() - before, output)
    }

    /// Executes a statement directly on the database, without any checks.
    pub async fn sql(&self, sql: impl Into<String>) -> Result<()> {
        let sql = Arc::new(sql.into());
        self.system()
            .transaction(move |tx| {
                let sql = Arc::clone(&sql);
                Box::pin(async move { Ok(tx.execute_unprepared(&sql).await.map(|_| ())?) })
            })
            .await
    }

    /// Invalidates the brands, categories and suppliers that gateways have cached. At least one brand must exist.
    pub async fn invalidate_labels(&self) {
        self.sql("UPDATE brand SET version = version")
            .await
            .expect("a change");
    }

    /// Asserts that ledger and stock agree, and every other invariant.
    pub async fn assert_invariants(&self) {
        let violations = stockroom::resolvers::invariant::violations(&self.system())
            .await
            .expect("the check succeeds");
        assert!(violations.is_empty(), "{violations:?}");
    }
}

/// An access token of one of [`USERS`], issued without verifying the password, which would be slow.
fn access(services: &Arc<Services>, index: usize) -> String {
    let ctx = Ctx::anonymous(Arc::clone(services), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let id = i64::try_from(index).expect("a small number") + 1;
    login::start_session(&ctx, id, 0).expect("a token").access
}
