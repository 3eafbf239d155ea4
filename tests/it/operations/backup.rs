//! A copy of the data, and a look at whether it is right, while others work with it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::actors::Actor;
use crate::support::command::{fails, prints, run};
use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both!(
    a_backup_is_whole_while_others_write,
    a_backup_takes_nobodys_place,
    a_check_holds_up_nobody,
    a_check_that_was_not_made_says_so,
);

/// Clients that write all the time.
struct Writers {
    /// The outflows that were acknowledged.
    known: Arc<Mutex<BTreeSet<i64>>>,
    longest: Arc<Mutex<Duration>>,
    over: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Writers {
    fn start(manager: &Actor, product: i64) -> Self {
        let mut writers = Self {
            known: Arc::default(),
            longest: Arc::default(),
            over: Arc::default(),
            clients: JoinSet::new(),
        };
        for _ in 0..8 {
            let (manager, over) = (manager.clone(), Arc::clone(&writers.over));
            let (known, longest) = (Arc::clone(&writers.known), Arc::clone(&writers.longest));
            writers.clients.spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let outflow = json!({ "product": product, "quantity": 1 });
                    let begin = Instant::now();
                    let made = manager.post("outflows/", outflow).await.expect(201);
                    let took = begin.elapsed();
                    known.lock().unwrap().insert(made["id"].as_i64().expect("an id"));
                    let mut longest = longest.lock().unwrap();
                    *longest = took.max(*longest);
                }
            });
        }
        writers
    }

    fn known(&self) -> BTreeSet<i64> {
        self.known.lock().unwrap().clone()
    }

    /// Returns when so many more have been acknowledged.
    async fn more(&self, count: usize) {
        let wanted = self.known.lock().unwrap().len() + count;
        while self.known.lock().unwrap().len() < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends them and says how long the longest answer took.
    async fn end(self) -> Duration {
        self.over.store(true, Ordering::SeqCst);
        self.clients.join_all().await;
        *self.longest.lock().unwrap()
    }
}

/// Runs a command beside the test.
async fn beside(url: &str, arguments: &[&str]) -> std::process::Output {
    let (url, arguments) = (url.to_owned(), arguments.iter().map(|text| (*text).to_owned()));
    let arguments: Vec<String> = arguments.collect();
    let running = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&url, &arguments, "")
    });
    running.await.expect("it ends")
}

/// The outflows that a file has.
fn outflows(file: &Path) -> BTreeSet<i64> {
    let file = rusqlite::Connection::open(file).unwrap();
    let mut ids = file.prepare("SELECT id FROM outflow").unwrap();
    let ids = ids.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

async fn a_backup_is_whole_while_others_write(gateway: Gateway) {
    let url = gateway.database_url();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let arguments = ["backup", copy.to_str().unwrap()];
    let Some(_) = url.strip_prefix("sqlite://") else {
        let refused = fails(&url, &arguments, "");
        assert!(refused.contains("pg_dump"), "{refused}");
        assert!(!copy.exists());
        return;
    };
    let program = Program::serve(&url, &[]).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let writers = Writers::start(&manager, product);
    writers.more(100).await;
    let before = writers.known();
    let output = beside(&url, &arguments).await;
    writers.more(50).await;
    let longest = writers.end().await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(longest < Duration::from_secs(2), "{longest:?}");

    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let here: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(here.len(), 1, "{here:?}");
    let copy_url = format!("sqlite://{}", copy.display());
    prints(&copy_url, &["check"], "");
    let there = outflows(&copy);
    assert_eq!(before.difference(&there).collect::<Vec<_>>(), Vec::<&i64>::new());

    // Restored, it goes on from there.
    let restored = Program::serve(&copy_url, &[]).await;
    let manager = restored.user("manager").await;
    let left = 1_000_000 - i64::try_from(there.len()).unwrap();
    assert_eq!(manager.quantity(product).await, left);
}

async fn a_backup_takes_nobodys_place(gateway: Gateway) {
    let url = gateway.database_url();
    let Some(database) = url.strip_prefix("sqlite://") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let path = copy.to_str().unwrap();
    std::fs::write(&copy, "somebody's").unwrap();
    let refused = fails(&url, &["backup", path], "");
    assert!(refused.contains("--force"), "{refused}");
    assert_eq!(std::fs::read(&copy).unwrap(), b"somebody's");
    prints(&url, &["backup", path, "--force"], "");
    prints(&format!("sqlite://{path}"), &["check"], "");

    for (url, file, says) in [
        (&*url, database, "can't replace the database itself"),
        (&*url, "/nowhere/copy.db", "can't be written"),
        ("sqlite:///nowhere/test.db", "/nowhere/copy.db", "does not exist"),
    ] {
        let refused = fails(url, &["backup", file, "--force"], "");
        assert!(refused.contains(says), "{refused}");
    }
    gateway.is_sound().await;
}

async fn a_check_holds_up_nobody(gateway: Gateway) {
    let url = gateway.database_url();
    prints(&url, &["seed", "--products", "2000"], "");
    let program = Program::serve(&url, &[]).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let writers = Writers::start(&manager, product);
    writers.more(50).await;
    for _ in 0..3 {
        let before = writers.known().len();
        let output = beside(&url, &["check"]).await;
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{said}");
        let meanwhile = writers.known().len() - before;
        assert!(meanwhile > 10, "only {meanwhile} while it ran");
    }
    let longest = writers.end().await;
    println!("the longest answer took {longest:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

async fn a_check_that_was_not_made_says_so(gateway: Gateway) {
    // No such file, and nobody who listens.
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
