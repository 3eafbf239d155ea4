//! Backups and consistency checks during concurrent writes.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::actors::Actor;
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both_databases!(
    a_backup_during_writes_is_consistent,
    a_backup_overwrites_a_file_only_with_force,
    a_check_does_not_block_writes,
    a_check_that_cannot_run_reports_an_error,
);

/// Clients that write continuously.
struct Writers {
    /// The ids of the acknowledged outflows.
    acknowledged: Arc<Mutex<BTreeSet<i64>>>,
    /// The longest latency.
    longest: Arc<Mutex<Duration>>,
    stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Writers {
    fn start(manager: &Actor, product: i64) -> Self {
        let mut writers = Self {
            acknowledged: Arc::default(),
            longest: Arc::default(),
            stop: Arc::default(),
            clients: JoinSet::new(),
        };
        for _ in 0..8 {
            let (manager, stop) = (manager.clone(), Arc::clone(&writers.stop));
            let (acknowledged, longest) = (Arc::clone(&writers.acknowledged), Arc::clone(&writers.longest));
            writers.clients.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let outflow = json!({ "product": product, "quantity": 1 });
                    let begin = Instant::now();
                    let created = manager.post("outflows/", outflow).await.expect(201);
                    let latency = begin.elapsed();
                    acknowledged
                        .lock()
                        .unwrap()
                        .insert(created["id"].as_i64().expect("an id"));
                    let mut longest = longest.lock().unwrap();
                    *longest = latency.max(*longest);
                }
            });
        }
        writers
    }

    fn acknowledged(&self) -> BTreeSet<i64> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until this many further outflows are acknowledged.
    async fn wait_for_more(&self, count: usize) {
        let target = self.acknowledged.lock().unwrap().len() + count;
        while self.acknowledged.lock().unwrap().len() < target {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Stops the writers and returns the longest latency.
    async fn stop(self) -> Duration {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.join_all().await;
        *self.longest.lock().unwrap()
    }
}

/// Runs a command concurrently with the test.
async fn run_in_background(url: &str, arguments: &[&str]) -> std::process::Output {
    let (url, arguments) = (url.to_owned(), arguments.iter().map(|text| (*text).to_owned()));
    let arguments: Vec<String> = arguments.collect();
    let running = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&url, &arguments, "")
    });
    running.await.expect("the command runs")
}

/// The ids of the outflows in a database file.
fn outflows(file: &Path) -> BTreeSet<i64> {
    let file = rusqlite::Connection::open(file).unwrap();
    let mut ids = file.prepare("SELECT id FROM outflow").unwrap();
    let ids = ids.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

async fn a_backup_during_writes_is_consistent(gateway: Gateway) {
    let url = gateway.database_url();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let arguments = ["backup", copy.to_str().unwrap()];
    let Some(_) = url.strip_prefix("sqlite://") else {
        let refused = run_err(&url, &arguments, "");
        assert!(refused.contains("pg_dump"), "{refused}");
        assert!(!copy.exists());
        return;
    };
    let program = Program::serve(&url, &[]).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let writers = Writers::start(&manager, product);
    writers.wait_for_more(100).await;
    let before = writers.acknowledged();
    let output = run_in_background(&url, &arguments).await;
    writers.wait_for_more(50).await;
    let longest = writers.stop().await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(longest < Duration::from_secs(2), "{longest:?}");

    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let copy_url = format!("sqlite://{}", copy.display());
    run_ok(&copy_url, &["check"], "");
    let copied = outflows(&copy);
    assert_eq!(before.difference(&copied).collect::<Vec<_>>(), Vec::<&i64>::new());

    // A gateway serves from the backup.
    let restored = Program::serve(&copy_url, &[]).await;
    let manager = restored.user("manager").await;
    let remaining = 1_000_000 - i64::try_from(copied.len()).unwrap();
    assert_eq!(manager.quantity(product).await, remaining);
}

async fn a_backup_overwrites_a_file_only_with_force(gateway: Gateway) {
    let url = gateway.database_url();
    let Some(database) = url.strip_prefix("sqlite://") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let path = copy.to_str().unwrap();
    std::fs::write(&copy, "another file").unwrap();
    let refused = run_err(&url, &["backup", path], "");
    assert!(refused.contains("--force"), "{refused}");
    assert_eq!(std::fs::read(&copy).unwrap(), b"another file");
    run_ok(&url, &["backup", path, "--force"], "");
    run_ok(&format!("sqlite://{path}"), &["check"], "");

    for (url, file, reason) in [
        (&*url, database, "can't replace the database itself"),
        (&*url, "/nowhere/copy.db", "can't be written"),
        ("sqlite:///nowhere/test.db", "/nowhere/copy.db", "does not exist"),
    ] {
        let refused = run_err(url, &["backup", file, "--force"], "");
        assert!(refused.contains(reason), "{refused}");
    }
    gateway.assert_invariants().await;
}

async fn a_check_does_not_block_writes(gateway: Gateway) {
    let url = gateway.database_url();
    run_ok(&url, &["seed", "--products", "2000"], "");
    let program = Program::serve(&url, &[]).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let writers = Writers::start(&manager, product);
    writers.wait_for_more(50).await;
    for _ in 0..3 {
        let before = writers.acknowledged().len();
        let output = run_in_background(&url, &["check"]).await;
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{printed}");
        let writes = writers.acknowledged().len() - before;
        assert!(writes > 10, "only {writes} while the check ran");
    }
    let longest = writers.stop().await;
    println!("the longest response took {longest:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

async fn a_check_that_cannot_run_reports_an_error(gateway: Gateway) {
    // The file does not exist, and no server listens on this port.
    let url = if gateway.database_url().starts_with("sqlite") {
        "sqlite:///nowhere/test.db"
    } else {
        "postgres://nobody@127.0.0.1:1/nothing"
    };
    let output = run(url, &["check"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        output.stdout.is_empty() && !output.stderr.is_empty(),
        "{output:?}"
    );
}
