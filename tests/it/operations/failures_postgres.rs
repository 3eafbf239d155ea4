//! PostgreSQL failures: a crash, a hang, no free connections, locks, and a read-only database. Requests that cannot be
//! served get 503 with `Retry-After` within seconds, no write is partial, and service resumes without a restart.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::operations::failures::assert_unavailable;
use crate::support::actors::{Actor, send};
use crate::support::cluster::Cluster;
use crate::support::command::run_ok;
use crate::support::program::Program;

/// The time limit of a response while the database is unavailable.
const MAX_RESPONSE_TIME: Duration = Duration::from_secs(20);
/// The time limit for resuming service after the database has recovered.
const MAX_RECOVERY_TIME: Duration = Duration::from_secs(20);

async fn serve(cluster: &Cluster) -> (Program, Actor, i64) {
    let settings = [("RUST_LOG", "off,stockroom::cli=info")];
    let program = Program::serve(&cluster.url(), &settings).await;
    let admin = program.user("admin").await;
    let product = admin.product("Tea", 1_000_000).await;
    (program, admin, product)
}

async fn create_outflow(admin: &Actor, product: i64) -> crate::support::response::Response {
    admin
        .post("outflows/", json!({ "product": product, "quantity": 1 }))
        .await
}

/// Responses to clients that create outflows and read continuously.
#[derive(Default)]
struct Responses {
    outflows: BTreeSet<i64>,
    unavailable: usize,
    longest: Duration,
}

struct Clients {
    responses: Arc<Mutex<Responses>>,
    stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Clients {
    fn start(admin: &Actor, product: i64) -> Self {
        let mut clients = Self {
            responses: Arc::default(),
            stop: Arc::default(),
            clients: JoinSet::new(),
        };
        for client in 0..12 {
            let (admin, responses, stop) = (
                admin.clone(),
                Arc::clone(&clients.responses),
                Arc::clone(&clients.stop),
            );
            clients.clients.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let begin = Instant::now();
                    let response = if client % 3 == 0 {
                        admin.get("products/").await
                    } else {
                        create_outflow(&admin, product).await
                    };
                    let elapsed = begin.elapsed();
                    let is_created = response.status == 201;
                    if !is_created && response.status != 200 {
                        assert_unavailable(&response);
                        // A shorter wait than `Retry-After`, to keep the test short.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    let mut responses = responses.lock().unwrap();
                    responses.longest = responses.longest.max(elapsed);
                    if is_created {
                        responses
                            .outflows
                            .insert(response.json()["id"].as_i64().expect("an id"));
                    } else if response.status == 503 {
                        responses.unavailable += 1;
                    }
                }
            });
        }
        clients
    }

    /// Waits until the responses meet a condition.
    async fn wait_until(&self, timeout: Duration, holds: impl Fn(&Responses) -> bool) {
        let begin = Instant::now();
        while !holds(&self.responses.lock().unwrap()) {
            assert!(
                begin.elapsed() < timeout,
                "the condition is not met within {timeout:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn outflow_count(&self) -> usize {
        self.responses.lock().unwrap().outflows.len()
    }

    async fn stop(self) -> Responses {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.join_all().await;
        std::mem::take(&mut self.responses.lock().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_a_crash() {
    let Some(mut cluster) = Cluster::start(&[]).await else {
        return;
    };
    let (program, admin, product) = serve(&cluster).await;
    let clients = Clients::start(&admin, product);
    clients
        .wait_until(MAX_RESPONSE_TIME, |responses| responses.outflows.len() > 100)
        .await;
    cluster.crash();
    clients
        .wait_until(MAX_RESPONSE_TIME * 2, |responses| responses.unavailable > 24)
        .await;
    assert_eq!(program.anon().get("/readyz").await.status, 503);
    cluster.restart().await;
    let before = clients.outflow_count();
    clients
        .wait_until(MAX_RECOVERY_TIME, |responses| {
            responses.outflows.len() > before + 100
        })
        .await;
    let responses = clients.stop().await;
    println!(
        "{} outflows, {} unavailable, longest {:?}",
        responses.outflows.len(),
        responses.unavailable,
        responses.longest
    );
    assert!(responses.longest < MAX_RESPONSE_TIME, "{:?}", responses.longest);
    assert_eq!(program.anon().get("/readyz").await.status, 200);

    // Acknowledged writes are present; the others are present in full or not at all.
    let ids: Vec<String> = responses.outflows.iter().map(i64::to_string).collect();
    let query = format!(
        "SELECT COUNT(*) AS number FROM outflow WHERE id IN ({})",
        ids.join(",")
    );
    assert_eq!(cluster.number(&query).await, i64::try_from(ids.len()).unwrap());
    run_ok(&cluster.url(), &["check"], "");
}

/// The server ends after the commit of a mutation, while its payload is read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_after_the_commit_loses_only_the_payload() {
    let Some(mut cluster) = Cluster::start(&[]).await else {
        return;
    };
    let (_program, admin, product) = serve(&cluster).await;
    // The payload reads this table, and recording an outflow does not.
    let lock = "BEGIN; LOCK TABLE inflow IN ACCESS EXCLUSIVE MODE";
    let blocker = cluster.connect("postgres", "shop").await.expect("a connection");
    blocker.batch_execute(lock).await.expect("a lock");
    let document = format!(
        "mutation {{ createOutflow(input: {{ productId: {product}, quantity: 1 }}) {{
            outflow {{ id quantity product {{ title quantity inflows {{ totalCount }} }} }} userErrors {{ code }} }} }}"
    );
    let request = || {
        let request = admin
            .request(Method::POST, "/graphql")
            .header("idempotency-key", "one");
        send(request.json(&json!({ "query": document })))
    };
    let mutation = tokio::spawn(request());
    let lock_waits =
        "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'shop'";
    let begin = Instant::now();
    while cluster.number(lock_waits).await == 0 {
        assert!(begin.elapsed() < MAX_RESPONSE_TIME, "the payload is not read");
    }
    let outflows = "SELECT COUNT(*) AS number FROM outflow";
    assert_eq!(cluster.number(outflows).await, 1);
    cluster.crash();
    let body = mutation.await.expect("a response").expect(200);
    let outflow = |inflows: Value| {
        let product = json!({ "title": "Tea", "quantity": 999_999, "inflows": inflows });
        json!({ "outflow": { "id": "1", "quantity": 1, "product": product }, "userErrors": [] })
    };
    assert_eq!(body["data"]["createOutflow"], outflow(Value::Null), "{body}");
    let errors = body["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{body}");
    assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE");
    assert_eq!(
        errors[0]["path"],
        json!(["createOutflow", "outflow", "product", "inflows"])
    );
    cluster.restart().await;
    assert_eq!(cluster.number(outflows).await, 1);
    // The repeat changes nothing and gets the complete payload.
    let begin = Instant::now();
    let repeated = loop {
        let response = request().await;
        if response.status == 200 && response.json().get("errors").is_none() {
            break response;
        }
        assert!(begin.elapsed() < MAX_RECOVERY_TIME, "{}", response.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let complete = outflow(json!({ "totalCount": 0 }));
    assert_eq!(repeated.json()["data"]["createOutflow"], complete);
    assert_eq!(admin.quantity(product).await, 999_999);
    run_ok(&cluster.url(), &["check"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_refused_while_the_database_hangs() {
    let Some(cluster) = Cluster::start(&[]).await else {
        return;
    };
    let (program, admin, product) = serve(&cluster).await;
    let clients = Clients::start(&admin, product);
    clients
        .wait_until(MAX_RESPONSE_TIME, |responses| responses.outflows.len() > 100)
        .await;
    cluster.freeze();
    // Reads and writes get responses.
    clients
        .wait_until(MAX_RESPONSE_TIME * 2, |responses| responses.unavailable > 24)
        .await;
    assert_eq!(program.anon().get("/readyz").await.status, 503);
    cluster.resume();
    let before = clients.outflow_count();
    clients
        .wait_until(MAX_RECOVERY_TIME, |responses| {
            responses.outflows.len() > before + 100
        })
        .await;
    let responses = clients.stop().await;
    println!(
        "{} outflows, {} unavailable, longest {:?}",
        responses.outflows.len(),
        responses.unavailable,
        responses.longest
    );
    assert!(responses.longest < MAX_RESPONSE_TIME, "{:?}", responses.longest);
    run_ok(&cluster.url(), &["check"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_served_or_refused_without_free_connections() {
    let settings = ["max_connections=20", "superuser_reserved_connections=3"];
    let Some(cluster) = Cluster::start(&settings).await else {
        return;
    };
    let (program, admin, product) = serve(&cluster).await;
    let mut others = Vec::new();
    while let Ok(other) = cluster.connect("shop", "shop").await {
        others.push(other);
    }
    assert!(others.len() > 5, "{}", others.len());
    // The gateway already holds at least one connection.
    let begin = Instant::now();
    let responses = join_all((0..60).map(|_| create_outflow(&admin, product))).await;
    assert!(begin.elapsed() < MAX_RESPONSE_TIME, "{:?}", begin.elapsed());
    let created = responses.iter().filter(|response| response.status == 201).count();
    for response in responses.iter().filter(|response| response.status != 201) {
        assert_unavailable(response);
    }
    println!("{created} of {} were served", responses.len());
    drop(others);
    let responses = join_all((0..60).map(|_| create_outflow(&admin, product))).await;
    for response in &responses {
        response.expect(201);
    }
    // Stops the gateway, which has taken the free connections.
    drop(program);
    run_ok(&cluster.url(), &["check"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_row_delays_only_its_own_requests() {
    let Some(cluster) = Cluster::start(&[]).await else {
        return;
    };
    let (_program, admin, product) = serve(&cluster).await;
    let other_product = admin.product("Coffee", 1_000).await;
    let other = cluster.connect("postgres", "shop").await.unwrap();
    let lock = format!("BEGIN; SELECT 1 FROM product WHERE id = {product} FOR UPDATE");
    other.batch_execute(&lock).await.unwrap();
    let begin = Instant::now();
    let waiting = join_all((0..8).map(|_| create_outflow(&admin, product)));
    // Other rows are not affected.
    let other_requests = async {
        for _ in 0..20 {
            create_outflow(&admin, other_product).await.expect(201);
        }
        begin.elapsed()
    };
    let (waiting, other_duration) = futures_util::future::join(waiting, other_requests).await;
    waiting.iter().for_each(assert_unavailable);
    assert!(begin.elapsed() < MAX_RESPONSE_TIME, "{:?}", begin.elapsed());
    assert!(other_duration < Duration::from_secs(4), "{other_duration:?}");
    // The server has cancelled the waiting statements, too.
    let lock_waits =
        "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE usename = 'shop' AND wait_event_type = 'Lock'";
    assert_eq!(cluster.number(lock_waits).await, 0);
    other.batch_execute("ROLLBACK").await.unwrap();
    create_outflow(&admin, product).await.expect(201);
    assert_eq!(admin.quantity(product).await, 999_999);
    run_ok(&cluster.url(), &["check"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_serves_reads() {
    let Some(cluster) = Cluster::start(&[]).await else {
        return;
    };
    let (program, admin, product) = serve(&cluster).await;
    let end_sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'";
    cluster
        .execute(&format!(
            "ALTER DATABASE shop SET default_transaction_read_only = on; {end_sessions}"
        ))
        .await;
    // Broken connections are detected when they are taken from the pool.
    let begin = Instant::now();
    while admin.get("products/").await.status != 200 {
        assert!(begin.elapsed() < MAX_RECOVERY_TIME, "reads do not resume");
    }
    for _ in 0..20 {
        assert_unavailable(&create_outflow(&admin, product).await);
    }
    admin.get("products/").await.expect(200);
    let ready = program.anon().get("/readyz").await;
    ready.expect(503);
    assert_eq!(ready.json()["database"], "read-only");
    // Another gateway can start, because there are no migrations to apply.
    let other = Program::serve(&cluster.url(), &[]).await;
    other.anon().get("/readyz").await.expect(503);
    // Sessions that began read-only remain so, and must be replaced.
    cluster
        .execute("ALTER DATABASE shop RESET default_transaction_read_only")
        .await;
    let begin = Instant::now();
    while create_outflow(&admin, product).await.status != 201 {
        assert!(begin.elapsed() < MAX_RECOVERY_TIME, "writes do not resume");
    }
    while other.anon().get("/readyz").await.status != 200 {
        assert!(begin.elapsed() < MAX_RECOVERY_TIME, "the gateway is not ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(admin.quantity(product).await, 999_999);
    run_ok(&cluster.url(), &["check"], "");
}

/// With all migrations applied, serving needs no right to change the schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serving_needs_no_right_to_change_the_schema() {
    let Some(cluster) = Cluster::start(&[]).await else {
        return;
    };
    let admin = cluster.connect("postgres", "shop").await.expect("a connection");
    let grants = "CREATE ROLE clerk LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk";
    admin.batch_execute(grants).await.expect("a role");
    let url = cluster.url().replace("//shop@", "//clerk@");
    let program = Program::serve(&url, &[("RUST_LOG", "off,stockroom::cli=info")]).await;
    program.anon().get("/readyz").await.expect(200);
    let admin = program.user("admin").await;
    let product = admin.product("Tea", 5).await;
    create_outflow(&admin, product).await.expect(201);
    assert_eq!(admin.get("products/").await.expect(200)["count"], 1);
}
