//! A new database for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use database::{Database, Location, StatementObserver, Timeouts};
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use crate::schema;

pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl TestDatabase {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a directory"))
    }

    /// `None` if no server is configured. Panics in that case if `CI=true`.
    pub async fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "not a setting of a program")]
        let (server, ci) = (std::env::var("STOCKROOM_TEST_POSTGRES"), std::env::var("CI"));
        let Ok(server) = server else {
            assert_ne!(
                ci.as_deref(),
                Ok("true"),
                "CI=true requires STOCKROOM_TEST_POSTGRES (scripts/services sets it)"
            );
            eprintln!("SKIPPED on PostgreSQL: STOCKROOM_TEST_POSTGRES is not set");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("database_test_{}_{number}", std::process::id());
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        Some(Self::Postgres { server, name })
    }

    pub fn location(&self) -> Location {
        match self {
            Self::Sqlite(directory) => Location::Sqlite(directory.path().join("test.db")),
            Self::Postgres { server, name } => {
                let (base, _) = server.rsplit_once('/').expect("a URL with a database");
                Location::Postgres(format!("{base}/{name}"))
            }
        }
    }

    /// Opens it with the tables of [`schema`].
    pub async fn open(&self) -> Database {
        let database = self.open_observed(Arc::new(())).await;
        schema::migrate(&database).await;
        database
    }

    /// Opens it without tables.
    pub async fn open_observed(&self, observer: Arc<dyn StatementObserver>) -> Database {
        Database::open(&self.location(), Timeouts::Short, observer)
            .await
            .expect("a database")
    }

    pub async fn remove(self) {
        if let Self::Postgres { server, name } = self {
            execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn execute(server: &str, sql: &str) {
    let location = Location::Postgres(server.to_owned());
    let admin = Database::open(&location, Timeouts::Short, Arc::new(()))
        .await
        .expect("a server");
    admin.execute_unprepared(sql).await.expect(sql);
    admin.close().await;
}
