//! `kill -9` during writes: acknowledged writes survive, and stock and ledger agree.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ::entity::{inflow, outflow};
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::{EntityTrait as _, QuerySelect as _};
use serde_json::{Value, json};
use stockroom::clock::Clock;
use stockroom::kind::Kind;
use stockroom::services::Services;

use crate::support::gateway::{Gateway, config};
use crate::support::program::{Program, command};

on_both_databases![acknowledged_movements_survive];

/// The number of kills.
const ROUNDS: u64 = 10;
/// The number of concurrent writers.
const CLIENTS: usize = 8;

/// The results of the clients' requests.
#[derive(Default)]
struct Results {
    /// Acknowledged movements without an attempt to delete them.
    existing: Mutex<BTreeSet<(Kind, i64)>>,
    /// Movements with an acknowledged deletion.
    deleted: Mutex<BTreeSet<(Kind, i64)>>,
    acknowledged: AtomicU64,
}

impl Results {
    /// Counts a complete response.
    fn count(&self) -> u64 {
        self.acknowledged.fetch_add(1, Ordering::SeqCst) + 1
    }
}

async fn acknowledged_movements_survive(gateway: Gateway) {
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    let mut products = Vec::new();
    for title in ["Bolts", "Nuts", "Screws"] {
        products.push(gateway.root.product(title, 1_000_000).await);
    }
    let database = gateway.stop().await;
    let results = Results::default();
    let mut token = None;
    for round in 0..ROUNDS {
        let mut program = Program::serve(&database.url(), &[]).await;
        let access = match token.take() {
            Some(access) => access,
            None => program.user("admin").await.token.expect("a token"),
        };
        // The number of the response at which the program is killed, while other clients wait for theirs. It is seven responses
        // later in each round.
        let kill_at = results.acknowledged.load(Ordering::SeqCst) + 30 + round * 7;
        let program_to_kill = Mutex::new(Some(&mut program));
        let clients = (0..CLIENTS).map(|client| {
            let product = products[client % products.len()];
            write(&results, &program_to_kill, kill_at, &access, [supplier, product])
        });
        join_all(clients).await;
        program.wait_for_exit().await;
        token = Some(access);
    }
    let check = command(&database.url())
        .arg("check")
        .output()
        .expect("the process runs");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );

    let services = Services::open(config(&database.url(), &[]), Clock::system())
        .await
        .expect("a database");
    let inflows: Vec<i64> = inflow::Entity::find()
        .select_only()
        .column(inflow::Column::Id)
        .into_tuple()
        .all(&services.db)
        .await
        .unwrap();
    let outflows: Vec<i64> = outflow::Entity::find()
        .select_only()
        .column(outflow::Column::Id)
        .into_tuple()
        .all(&services.db)
        .await
        .unwrap();
    let inflows = inflows.into_iter().map(|id| (Kind::Inflow, id));
    let found: BTreeSet<(Kind, i64)> = inflows
        .chain(outflows.into_iter().map(|id| (Kind::Outflow, id)))
        .collect();
    let (existing, deleted) = (
        results.existing.into_inner().unwrap(),
        results.deleted.into_inner().unwrap(),
    );
    assert!(
        existing.len() > 100 && deleted.len() > 20,
        "{} acknowledged, {} deleted",
        existing.len(),
        deleted.len()
    );
    assert_eq!(
        existing.difference(&found).collect::<Vec<_>>(),
        Vec::<&(Kind, i64)>::new(),
        "an acknowledged movement is lost"
    );
    assert_eq!(
        deleted.intersection(&found).collect::<Vec<_>>(),
        Vec::<&(Kind, i64)>::new(),
        "a deleted movement is present"
    );
    services.db.close().await;
}

/// Writes until the program is killed, which happens at response number `kill_at`.
async fn write(
    results: &Results,
    program: &Mutex<Option<&mut Program>>,
    kill_at: u64,
    access: &str,
    [supplier, product]: [i64; 2],
) {
    let address = program.lock().unwrap().as_ref().map(|program| program.address);
    let Some(address) = address else { return };
    let http = reqwest::Client::new();
    let url = |path: &str| format!("http://{address}/api/v1/{path}");
    let acknowledge = || {
        if results.count() == kill_at
            && let Some(program) = program.lock().unwrap().take()
        {
            program.kill();
        }
    };
    for step in 0.. {
        let kind = if step % 2 == 0 {
            Kind::Inflow
        } else {
            Kind::Outflow
        };
        let movement = json!({ "supplier": supplier, "product": product, "quantity": 1 + step % 5 });
        let created = http
            .post(url(&format!("{}/", kind.plural())))
            .bearer_auth(access)
            .json(&movement)
            .send()
            .await;
        let Ok(created) = created else { return };
        assert_eq!(created.status(), StatusCode::CREATED);
        let Ok(created) = created.json::<Value>().await else {
            return;
        };
        let id = created["id"].as_i64().expect("an id");
        results.existing.lock().unwrap().insert((kind, id));
        acknowledge();
        if step % 3 == 0 {
            // Until the deletion is acknowledged, the movement may or may not exist.
            results.existing.lock().unwrap().remove(&(kind, id));
            let path = format!("{}/{id}/", kind.plural());
            let Ok(deleted) = http.delete(url(&path)).bearer_auth(access).send().await else {
                return;
            };
            assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
            results.deleted.lock().unwrap().insert((kind, id));
            acknowledge();
        }
    }
}
