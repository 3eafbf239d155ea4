//! Opening connections: their number, the choice of the server, and errors.

use std::time::{Duration, Instant};

use database::{Failure, PreparedStatements, Settings, Timeouts};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DbErr};

use super::{number, open, settings, sql};
use crate::server::{Server, free_port};
use crate::test_database::TestDatabase;

/// The URL of a test database, which must be on PostgreSQL.
fn url(test_database: &TestDatabase) -> String {
    match test_database.location() {
        database::Location::Postgres(url) => url,
        database::Location::Sqlite(_) => panic!("another kind of database"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_copes_with_a_server_that_allows_fewer_connections() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let admin = test_database.open().await;
    let role = format!("small_{}", std::process::id());
    let create = format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 8");
    admin.execute_unprepared(&create).await.expect("a role");
    let db = open(
        &url(&test_database).replace("postgres@", &format!("{role}@")),
        settings(),
    )
    .await
    .expect("a database");
    let requests = (0..64).map(|_| number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(0.02)"));
    let begin = Instant::now();
    for result in join_all(requests).await {
        assert_eq!(result, Ok(1));
    }
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    let open = db.connections();
    assert!((1..=8).contains(&(open.idle + open.used)), "{open:?}");
    db.close().await;
    admin
        .execute_unprepared(&format!("DROP ROLE {role}"))
        .await
        .expect("the role is dropped");
    test_database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_the_pool_is_configurable() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let small_pool = Settings {
        pool_size: 3,
        ..settings()
    };
    let db = open(&url(&test_database), small_pool).await.expect("a database");
    for result in join_all((0..20).map(|_| number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(0.01)"))).await
    {
        assert_eq!(result, Ok(1));
    }
    let open = db.connections();
    assert_eq!((open.idle, open.used), (3, 0));
    test_database.remove().await;
}

/// A call fails if no connection becomes free within five seconds.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_connection_is_bounded() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let small_pool = Settings {
        pool_size: 1,
        ..settings()
    };
    let db = open(&url(&test_database), small_pool).await.expect("a database");
    let inner = db.clone();
    let waited = db
        .transaction(std::sync::Arc::new(()), move |tx| {
            let db = inner.clone();
            async move {
                tx.query_one_raw(sql("SELECT 1")).await?;
                let begin = Instant::now();
                let result = number(&db, "SELECT CAST(1 AS bigint)").await;
                Ok::<_, DbErr>((result.map_err(|error| Failure::of(&error)), begin.elapsed()))
            }
            .boxed()
        })
        .await;
    let (result, elapsed) = waited.expect("a transaction");
    assert_eq!(result, Err(Failure::Unavailable));
    assert!(
        elapsed > Duration::from_secs(4) && elapsed < Duration::from_secs(7),
        "{elapsed:?}"
    );
    assert_eq!(number(&db, "SELECT CAST(1 AS bigint)").await, Ok(1));
    test_database.remove().await;
}

#[tokio::test]
async fn a_refused_connection_fails_at_once() {
    let port = free_port();
    let begin = Instant::now();
    let error = open(
        &format!("postgres://ann:hunter2@127.0.0.1:{port}/shop"),
        settings(),
    )
    .await
    .err()
    .expect("no server");
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert_eq!(Failure::of(&error), Failure::Unavailable);
    let text = error.to_string();
    let expected = format!("PostgreSQL at 127.0.0.1:{port} can't be reached: Connection refused");
    assert!(text.contains(&expected) && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn only_utf8_databases_are_accepted() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let admin = test_database.open().await;
    let name = format!("latin_{}", std::process::id());
    let create = format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    );
    admin.execute_unprepared(&create).await.expect("a database");
    let url = url(&test_database);
    let (server, _) = url.rsplit_once('/').expect("a URL");
    let error = open(&format!("{server}/{name}"), settings())
        .await
        .err()
        .expect("an error");
    assert!(error.to_string().contains("encoding LATIN1"), "{error}");
    admin
        .execute_unprepared(&format!("DROP DATABASE {name}"))
        .await
        .expect("the database is dropped");
    test_database.remove().await;
}

#[tokio::test]
async fn the_first_suitable_server_is_used() {
    let (Some(standby), Some(primary)) = (
        Server::start(&["default_transaction_read_only=on"]).await,
        Server::start(&[]).await,
    ) else {
        return;
    };
    let hosts = format!(
        "127.0.0.1:{},127.0.0.1:{},127.0.0.1:{}",
        free_port(),
        standby.port,
        primary.port
    );
    for (target, port) in [
        ("any", standby.port),
        ("read-write", primary.port),
        ("read-only", standby.port),
    ] {
        let url = format!("postgres://postgres@{hosts}/postgres?target_session_attrs={target}");
        let db = open(&url, settings()).await.expect(target);
        let connected = number(&db, "SELECT CAST(inet_server_port() AS bigint)").await;
        assert_eq!(connected, Ok(i64::from(port)), "{target}");
        assert_eq!(db.is_writable().await, Ok(port == primary.port));
        db.close().await;
    }
}

#[tokio::test]
async fn ipv6_addresses_are_supported() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("SKIPPED: this machine has no IPv6");
        return;
    }
    let Some(server) = Server::start(&["listen_addresses=::1,127.0.0.1"]).await else {
        return;
    };
    let db = open(
        &format!("postgres://postgres@[::1]:{}/postgres", server.port),
        settings(),
    )
    .await
    .expect("a database");
    assert_eq!(
        number(&db, "SELECT CAST(family(inet_server_addr()) AS bigint)").await,
        Ok(6)
    );
}

/// The time limits are startup parameters, which options in the URL replace.
#[tokio::test]
async fn statements_have_time_limits() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let url = url(&test_database);
    let limits =
        "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' ||
        current_setting('idle_in_transaction_session_timeout') AS limits";
    for (timeouts, expected) in [(Timeouts::Short, "10s 4s 15s"), (Timeouts::Unlimited, "0 0 0")] {
        let db = open(&url, timeouts.into()).await.expect("a database");
        let row = db
            .query_one_raw(sql(limits))
            .await
            .expect("a row")
            .expect("a row");
        assert_eq!(row.try_get::<String>("", "limits").as_deref(), Ok(expected));
        db.close().await;
    }
    let db = open(&format!("{url}?options[statement_timeout]=100ms"), settings())
        .await
        .expect("a database");
    let slow = number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(5)").await;
    assert_eq!(
        slow.map_err(|error| Failure::of(&error)),
        Err(Failure::Unavailable)
    );
    assert_eq!(number(&db, "SELECT CAST(1 AS bigint)").await, Ok(1));
    db.close().await;
    test_database.remove().await;
}

#[tokio::test]
async fn the_number_of_prepared_statements_is_bounded() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let count = "SELECT COUNT(*) FROM pg_prepared_statements";
    let small_pool = Settings {
        pool_size: 1,
        ..settings()
    };
    let db = open(&url(&test_database), small_pool).await.expect("a database");
    for n in 0..450 {
        assert_eq!(number(&db, &format!("SELECT CAST({n} AS bigint)")).await, Ok(n));
    }
    // 200, and the statement that counts them.
    assert_eq!(number(&db, count).await, Ok(201));
    db.close().await;
    let never = Settings {
        prepared_statements: PreparedStatements::Never,
        ..small_pool
    };
    let db = open(&url(&test_database), never).await.expect("a database");
    for n in 0..10 {
        assert_eq!(number(&db, &format!("SELECT CAST({n} AS bigint)")).await, Ok(n));
    }
    assert_eq!(number(&db, count).await, Ok(0));
    db.close().await;
    test_database.remove().await;
}
