//! Imports that end before their time leave the target as it was.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::installation::Installation;
use crate::support::command::{fails, prints};
use crate::support::program::command;
use crate::support::test_database::{Database, Place};

/// Enough rows that an import is still running when it is ended.
const MANY: &str = "
    INSERT INTO inflows_inflow (id, quantity, description, created_at, updated_at, product_id, supplier_id)
    WITH RECURSIVE number(id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM number WHERE id < 31000)
    SELECT id, 1, 'one of many', '2024-06-01 10:00:00', '2024-06-01 10:00:00',
        (SELECT MIN(id) FROM products_product), (SELECT MIN(id) FROM suppliers_supplier) FROM number;
    UPDATE products_product SET quantity = quantity + 30001 WHERE id = (SELECT MIN(id) FROM products_product);";

/// Starts an import and waits until its report is printed and the rows are about to be stored.
fn storing(url: &str, source: &str) -> Child {
    let mut child = command(url)
        .args(["import", "run", source])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let ready = lines.map_while(Result::ok).find(|line| line.starts_with("READY"));
    assert!(ready.is_some(), "the source is ready");
    child
}

async fn ended_early(database: Database) {
    let (Some(place), Some(installation)) = (
        Place::empty(database).await,
        Installation::changed("01_documented", Database::Sqlite, MANY).await,
    ) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let (url, source, before) = (place.url(), installation.address(), installation.bytes());
    // Ctrl-C.
    let mut child = storing(&url, &source);
    let sent = Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(sent.expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    if let Place::Sqlite(directory) = &place {
        let left = std::fs::read_dir(directory.path()).expect("a directory").count();
        assert_eq!(left, 0, "nothing is left behind");
    }
    // A kill, at ten moments.
    for step in 0..10 {
        let mut child = storing(&url, &source);
        std::thread::sleep(Duration::from_millis(step * 60));
        child.kill().expect("it is killed");
        assert_eq!(
            child.wait().expect("it ends").code(),
            None,
            "it was still running"
        );
    }
    assert!(installation.bytes() == before, "the source is as it was");
    // Whatever a killed one had written is gone, or this would be refused.
    prints(&url, &["import", "run", &source], "");
    prints(&url, &["check"], "");
    let again = fails(&url, &["import", "run", &source], "");
    assert!(again.contains("the target is not empty"), "{again}");
    installation.remove().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_ended_leaves_nothing_on_sqlite() {
    ended_early(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_ended_leaves_nothing_on_postgres() {
    ended_early(Database::Postgres).await;
}
