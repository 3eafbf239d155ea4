//! Interrupted imports leave the target unchanged.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::installation::Installation;
use crate::support::command::{run_err, run_ok};
use crate::support::program::command;
use crate::support::test_database::{Database, TestDatabase, row_counts};

/// Adds so many inflows that an import is still running when it is interrupted.
const MANY_INFLOWS: &str = "
    INSERT INTO inflows_inflow (id, quantity, description, created_at, updated_at, product_id, supplier_id)
    WITH RECURSIVE number(id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM number WHERE id < 31000)
    SELECT id, 1, 'one of many', '2024-06-01 10:00:00', '2024-06-01 10:00:00',
        (SELECT MIN(id) FROM products_product), (SELECT MIN(id) FROM suppliers_supplier) FROM number;
    UPDATE products_product SET quantity = quantity + 30001 WHERE id = (SELECT MIN(id) FROM products_product);";

/// Starts an import and waits until its report is printed; then it begins to store rows.
fn start_import(url: &str, source: &str) -> Child {
    let mut child = command(url)
        .args(["import", "run", source])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let ready = lines.map_while(Result::ok).find(|line| line.starts_with("READY"));
    assert!(ready.is_some(), "the import ended before it stored rows");
    child
}

async fn interrupt(database: Database) {
    let (Some(target), Some(installation)) = (
        TestDatabase::empty(database).await,
        Installation::with_changes("01_documented", Database::Sqlite, MANY_INFLOWS).await,
    ) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let (url, source, before) = (target.url(), installation.address(), installation.bytes());
    // Ctrl-C.
    let mut child = start_import(&url, &source);
    let sent = Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(sent.expect("kill").success());
    assert_eq!(child.wait().expect("the process exits").code(), Some(130));
    if let TestDatabase::Sqlite(directory) = &target {
        let files = std::fs::read_dir(directory.path()).expect("a directory").count();
        assert_eq!(files, 0, "files of the target were left behind");
    }
    assert!(installation.bytes() == before, "the source was changed");
    installation.remove().await;
    target.remove().await;
}

async fn kill_repeatedly(database: Database) {
    let (Some(mut target), Some(other), Some(migrated), Some(installation)) = (
        TestDatabase::empty(database).await,
        TestDatabase::empty(database).await,
        TestDatabase::empty(database).await,
        Installation::with_changes("01_documented", Database::Sqlite, MANY_INFLOWS).await,
    ) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let (source, before) = (installation.address(), installation.bytes());
    run_ok(&migrated.url(), &["migrate", "up"], "");
    let counts_after_migration = row_counts(&migrated.url()).await;
    let import = |url: &str| {
        let mut command = command(url);
        let run = command.args(["import", "run", &source]).stdin(Stdio::null());
        run.stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the process starts")
    };
    // The duration of an import that is not interrupted.
    let begin = Instant::now();
    assert!(import(&other.url()).wait().expect("the process exits").success());
    let mut duration = begin.elapsed();
    let seed = u64::from(begin.elapsed().subsec_nanos());
    println!("seed {seed}, an import takes {duration:?}");
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let counts_after_import = row_counts(&other.url()).await;
    let mut kills = 0;
    for _ in 0..40 {
        if kills == 10 {
            break;
        }
        let url = target.url();
        // At most 80 % of the duration, because later imports may be faster than the first.
        let delay = duration.mul_f64(random.random_range(0.0..0.8));
        let mut child = import(&url);
        std::thread::sleep(delay);
        child.kill().expect("the process is killed");
        let status = child.wait().expect("the process exits");
        if status.success() || row_counts(&url).await == counts_after_import {
            // This import was faster than the first one and is committed.
            duration = delay;
            target.remove().await;
            target = TestDatabase::empty(database).await.expect("a database");
            continue;
        }
        assert_eq!(
            status.code(),
            None,
            "the import exited before it was killed after {delay:?}, seed {seed}"
        );
        kills += 1;
        let counts = row_counts(&url).await;
        // Migrations are a separate step: all of them are applied, or none.
        assert!(
            counts.is_empty() || counts == counts_after_migration,
            "killed after {delay:?}, seed {seed}: {counts:?}"
        );
        assert!(installation.bytes() == before, "the source was changed");
    }
    assert_eq!(kills, 10, "seed {seed}");
    let url = target.url();
    run_ok(&url, &["import", "run", &source], "");
    run_ok(&url, &["check"], "");
    let second_import = run_err(&url, &["import", "run", &source], "");
    assert!(
        second_import.contains("the target is not empty"),
        "{second_import}"
    );
    installation.remove().await;
    for target in [target, other, migrated] {
        target.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_leaves_the_target_unchanged_on_sqlite() {
    kill_repeatedly(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_leaves_the_target_unchanged_on_postgres() {
    kill_repeatedly(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_import_leaves_the_target_unchanged_on_sqlite() {
    interrupt(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_import_leaves_the_target_unchanged_on_postgres() {
    interrupt(Database::Postgres).await;
}
