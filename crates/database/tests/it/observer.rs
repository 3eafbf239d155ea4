//! Observers are called for each statement and each commit.

use std::sync::{Arc, Mutex};

use database::{Backend, Failure, StatementObserver, StatementSpan, Transaction};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use crate::schema;
use crate::test_database::TestDatabase;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, line: String) {
        self.0.lock().expect("a log").push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("a log"))
    }
}

struct Span {
    log: Log,
    sql: String,
}

impl StatementObserver for Log {
    fn statement_started(&self, _: Backend, sql: &str) -> Option<Box<dyn StatementSpan>> {
        let (log, sql) = (self.clone(), sql.to_owned());
        Some(Box::new(Span { log, sql }))
    }

    fn group_started(&self, transactions: usize) {
        self.push(format!("group of {transactions}"));
    }
}

impl StatementSpan for Span {
    fn finished(self: Box<Self>, succeeded: bool) {
        self.log.push(format!("{} {succeeded}", self.sql));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_reported_to_the_observer_of_their_transaction() {
    for test_database in [Some(TestDatabase::sqlite()), TestDatabase::postgres().await] {
        let Some(test_database) = test_database else {
            continue;
        };
        let (outside, inside) = (Log::default(), Log::default());
        let db = test_database.open_observed(Arc::new(outside.clone())).await;
        schema::migrate(&db).await;
        outside.take();
        let sent = db.statements();
        let select = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
        db.query_all_raw(select("SELECT 1")).await.expect("a row");
        db.query_all_raw(select("SELECT 1 FROM missing"))
            .await
            .expect_err("no such table");
        assert_eq!(outside.take(), ["SELECT 1 true", "SELECT 1 FROM missing false"]);
        let failed: Result<(), DbErr> = db
            .transaction(Arc::new(inside.clone()), |tx: &Transaction| {
                async move {
                    tx.execute_unprepared("INSERT INTO shelf (id, name) VALUES (1, 'a')")
                        .await?;
                    tx.execute_unprepared("INSERT INTO shelf (id, name) VALUES (1, 'b')")
                        .await?;
                    Ok(())
                }
                .boxed()
            })
            .await;
        assert_eq!(
            failed.map_err(|error| Failure::of(&error)),
            Err(Failure::Unique("shelf_pkey".to_owned()))
        );
        assert_eq!(
            inside.take(),
            [
                "INSERT INTO shelf (id, name) VALUES (1, 'a') true",
                "INSERT INTO shelf (id, name) VALUES (1, 'b') false",
            ]
        );
        let groups: &[&str] = match db.backend() {
            Backend::Sqlite => &["group of 1"],
            Backend::Postgres => &[],
        };
        assert_eq!(outside.take(), groups);
        assert_eq!(db.statements() - sent, 4);
        test_database.remove().await;
    }
}
