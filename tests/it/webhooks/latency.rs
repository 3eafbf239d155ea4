//! A receiver that hangs or is down does not delay an outflow.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::actors::Actor;
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::webhook_receiver::{Reaction, Receiver, SECRET};

on_both_databases!(slow_receivers_do_not_delay_outflows);

const CLIENTS: usize = 8;
const OUTFLOWS_PER_CLIENT: usize = 25;
/// The number of interleaved rounds. Other load affects both measurements equally.
const ROUNDS: usize = 4;

/// A gateway with or without a receiver, and the latencies of its outflows.
struct MeasuredGateway {
    _program: Program,
    manager: Actor,
    product: i64,
    latencies: Vec<Duration>,
}

impl MeasuredGateway {
    async fn start(gateway: &Gateway, webhook_url: Option<&str>) -> Self {
        let mut settings = vec![("RUST_LOG", "off,stockroom::cli=info")];
        if let Some(url) = webhook_url {
            settings.extend([
                ("WEBHOOK_ENABLED", "true"),
                ("WEBHOOK_URL", url),
                ("WEBHOOK_SECRET", SECRET),
                ("WEBHOOK_ALLOW_PRIVATE", "true"),
                ("WEBHOOK_TIMEOUT", "5"),
                ("WEBHOOK_RETRY_SCHEDULE", "1,1,1,1"),
            ]);
        }
        let program = Program::serve(&gateway.database_url(), &settings).await;
        let manager = program.user("manager").await;
        let product = manager.product("Tea", 1_000_000).await;
        Self {
            _program: program,
            manager,
            product,
            latencies: Vec::new(),
        }
    }

    async fn measure(&mut self) {
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (manager, product) = (self.manager.clone(), self.product);
            clients.spawn(async move {
                let mut latencies = Vec::with_capacity(OUTFLOWS_PER_CLIENT);
                for _ in 0..OUTFLOWS_PER_CLIENT {
                    let begin = Instant::now();
                    let outflow = json!({ "product": product, "quantity": 1 });
                    manager.post("outflows/", outflow).await.expect(201);
                    latencies.push(begin.elapsed());
                }
                latencies
            });
        }
        self.latencies
            .extend(clients.join_all().await.into_iter().flatten());
    }

    /// The 99th percentile.
    fn p99(&mut self) -> Duration {
        self.latencies.sort();
        self.latencies[self.latencies.len() * 99 / 100]
    }
}

async fn slow_receivers_do_not_delay_outflows(gateway: Gateway) {
    let hanging = Receiver::start().await;
    hanging.set_reaction(Reaction::Hang);
    let mut without = MeasuredGateway::start(&gateway, None).await;
    // The gateways on a database share the endpoint of the settings, so the receivers are measured one after the other.
    for url in [hanging.url(), "http://127.0.0.1:9/hook".to_owned()] {
        let mut with = MeasuredGateway::start(&gateway, Some(&url)).await;
        without.latencies.clear();
        for _ in 0..ROUNDS {
            without.measure().await;
            with.measure().await;
        }
        let (with, without) = (with.p99(), without.p99());
        println!("p99 without webhooks {without:?}, with {with:?}");
        // Waiting for a receiver would take five seconds. A factor of two allows for other load.
        let bound = without * 2 + Duration::from_millis(100);
        assert!(with < bound, "{with:?} with webhooks, {without:?} without");
    }
    assert!(!hanging.received().is_empty());
}
