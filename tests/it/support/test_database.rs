//! An isolated, migrated database with users for each test: a copy of a template that is created once.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use stockroom::clock::Clock;
use stockroom::ctx::Ctx;
use stockroom::resolvers::account::{self, NewUser};
use stockroom::schema;
use stockroom::services::Services;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::support::gateway::{START, config};

/// The password of all users, as in the documented examples.
pub const PASSWORD: &str = "yourpassword";

/// The users of every test database: name, superuser, group. Their ids are 1 to 4, in this order.
pub const USERS: [(&str, bool, Option<&str>); 4] = [
    ("admin", true, None),
    ("manager", false, Some("Manager")),
    ("administrator", false, Some("Administrator")),
    ("viewer", false, None),
];

/// The database engine of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// The database of one test.
pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { name: String },
}

impl TestDatabase {
    /// A copy of the migrated database; `None` if it needs PostgreSQL and no server is configured.
    pub async fn migrated(database: Database) -> Option<Self> {
        match database {
            Database::Sqlite => {
                let directory = tempfile::tempdir().expect("a directory");
                std::fs::write(directory.path().join("test.db"), sqlite_template().await).expect("a file");
                Some(Self::Sqlite(directory))
            }
            Database::Postgres => {
                let server = server()?;
                let name = server.run(Server::copy).await;
                Some(Self::Postgres { name })
            }
        }
    }

    /// An empty database without tables; `None` if it needs PostgreSQL and no server is configured.
    pub async fn empty(database: Database) -> Option<Self> {
        match database {
            Database::Sqlite => Some(Self::Sqlite(tempfile::tempdir().expect("a directory"))),
            Database::Postgres => {
                let server = server()?;
                let name = server.run(Server::create).await;
                Some(Self::Postgres { name })
            }
        }
    }

    /// Its URL, as in `DATABASE_URL`.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite://{}", directory.path().join("test.db").display()),
            Self::Postgres { name } => server().expect("a server").url(name),
        }
    }

    /// Removes the database, even while clients are connected.
    pub async fn remove(self) {
        if let Self::Postgres { name } = self {
            let server = server().expect("a server");
            server.run(move |server| server.drop_database(name)).await;
        }
    }
}

/// All tables of a database except SQLite's own, with their numbers of rows; empty before the migrations.
pub async fn row_counts(url: &str) -> BTreeMap<String, i64> {
    let services = Services::open(config(url, &[]), Clock::manual(*START))
        .await
        .expect("the target opens");
    let db = &services.db;
    let query = async |sql: String| {
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.query_all_raw(statement).await.expect("a result")
    };
    let list = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        }
        _ => {
            "SELECT CAST(relname AS text) AS name FROM pg_class
             WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace)"
        }
    };
    let mut counts = BTreeMap::new();
    for row in query(list.to_owned()).await {
        let table: String = row.try_get("", "name").expect("a name");
        let count = query(format!("SELECT COUNT(*) AS number FROM \"{table}\"")).await;
        counts.insert(table, count[0].try_get("", "number").expect("a number"));
    }
    db.close().await;
    counts
}

/// The runtime of connections that tests share: a connection belongs to the runtime that opened it, and each test has its own
/// runtime.
static SHARED_RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
});

/// Migrates the database at `url` and creates the users.
async fn prepare(url: &str) {
    let services = Services::open(config(url, &[]), Clock::manual(*START))
        .await
        .expect("a database");
    schema::migrate_up(&services.db).await.expect("migrations");
    let ctx = Ctx::system(services);
    for (index, (username, is_superuser, group)) in USERS.into_iter().enumerate() {
        let new = NewUser {
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
            is_superuser,
            groups: group.into_iter().map(str::to_owned).collect(),
        };
        let user = account::create(&ctx, new).await.expect("a user");
        assert_eq!(user.id, i64::try_from(index).unwrap() + 1);
    }
    ctx.services.db.close().await;
}

/// The bytes of a migrated SQLite file.
async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(async || {
            let template = SHARED_RUNTIME.spawn(async {
                let directory = tempfile::tempdir().expect("a directory");
                let file = directory.path().join("test.db");
                prepare(&format!("sqlite://{}", file.display())).await;
                // A single file, with the write-ahead log merged into it.
                let merged = directory.path().join("whole.db");
                rusqlite::Connection::open(file)
                    .and_then(|file| file.execute("VACUUM INTO ?", [merged.to_str()]))
                    .expect("a copy");
                std::fs::read(merged).expect("the file")
            });
            template.await.expect("a template")
        })
        .await
}

/// The PostgreSQL server that `STOCKROOM_TEST_POSTGRES` names; `None` if it is not set, which is an error with `CI=true`.
fn server() -> Option<&'static Server> {
    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
        let (url, ci) = (std::env::var("STOCKROOM_TEST_POSTGRES"), std::env::var("CI"));
        match url {
            Ok(url) => Some(Server {
                url: url.parse().expect("STOCKROOM_TEST_POSTGRES is a URL"),
                admin: OnceCell::new(),
            }),
            Err(_) => {
                assert_ne!(
                    ci.as_deref(),
                    Ok("true"),
                    "CI=true requires STOCKROOM_TEST_POSTGRES (scripts/test sets it)"
                );
                None
            }
        }
    });
    SERVER.as_ref()
}

/// A server on which databases are created.
pub struct Server {
    url: url::Url,
    admin: OnceCell<Client>,
}

impl Server {
    /// Runs a future on the runtime of the server's connections.
    async fn run<T: Send + 'static, Fut: Future<Output = T> + Send>(
        &'static self,
        work: impl FnOnce(&'static Self) -> Fut + Send + 'static,
    ) -> T {
        SHARED_RUNTIME
            .spawn(async move { work(self).await })
            .await
            .expect("the task completes")
    }

    fn url(&self, name: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(name);
        url.into()
    }

    async fn copy(&'static self) -> String {
        static COPIES: AtomicU32 = AtomicU32::new(0);
        let template = run_prefix();
        let name = format!("{template}_{}", COPIES.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await;
        name
    }

    async fn create(&'static self) -> String {
        static EMPTY: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}_empty_{}", run_prefix(), EMPTY.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}")).await;
        name
    }

    async fn drop_database(&'static self, name: String) {
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await;
    }

    async fn execute(&'static self, sql: &str) {
        self.admin().await.batch_execute(sql).await.expect(sql);
    }

    /// Connects, removes the databases of earlier runs, and creates the template.
    async fn admin(&'static self) -> &'static Client {
        self.admin
            .get_or_init(async || {
                let mut url = self.url.clone();
                url.query_pairs_mut().append_pair("application_name", &run_prefix());
                let (admin, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.expect("PostgreSQL responds");
                tokio::spawn(async move { drop(connection.await) });
                let leftover = "SELECT datname FROM pg_database WHERE datname LIKE 'stockroom_test_%' AND NOT EXISTS
                    (SELECT 1 FROM pg_stat_activity WHERE datname LIKE application_name || '%' AND application_name LIKE 'stockroom_test_%')";
                for row in admin.query(leftover, &[]).await.expect("databases") {
                    let name: String = row.get("datname");
                    // A concurrent run may have removed it first.
                    let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await;
                }
                admin.batch_execute(&format!("CREATE DATABASE {}", run_prefix())).await.expect("a database");
                prepare(&self.url(&run_prefix())).await;
                admin
            })
            .await
    }
}

/// The name of the template, which is the prefix of all databases of this run.
fn run_prefix() -> String {
    format!("stockroom_test_{}", std::process::id())
}
