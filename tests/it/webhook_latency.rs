//! A receiver that hangs, or is not there, does not make an outflow wait.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::gateway::Gateway;
use crate::program::Program;
use crate::receiver::{Reaction, Receiver, SECRET};

on_both!(receivers_make_nobody_wait);

const CLIENTS: usize = 8;
const EACH: usize = 100;

/// How long 99 of 100 outflows take at most.
async fn p99(gateway: &Gateway, webhook_url: Option<&str>) -> Duration {
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
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let manager = manager.clone();
        clients.spawn(async move {
            let mut took = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                let begin = Instant::now();
                let outflow = json!({ "product": product, "quantity": 1 });
                manager.post("outflows/", outflow).await.expect(201);
                took.push(begin.elapsed());
            }
            took
        });
    }
    let mut took: Vec<Duration> = clients.join_all().await.into_iter().flatten().collect();
    took.sort();
    took[took.len() * 99 / 100]
}

async fn receivers_make_nobody_wait(gateway: Gateway) {
    let hanging = Receiver::start().await;
    hanging.reacts(Reaction::Hang);
    let without = p99(&gateway, None).await;
    let hangs = p99(&gateway, Some(&hanging.url())).await;
    assert!(!hanging.received().is_empty());
    let dead = p99(&gateway, Some("http://127.0.0.1:9/hook")).await;
    // The machine may have become busier meanwhile.
    let without = without.max(p99(&gateway, None).await);
    println!("p99 without webhooks {without:?}, with a receiver that hangs {hangs:?}, with none {dead:?}");
    for with in [hangs, dead] {
        assert!(
            with < without + Duration::from_millis(100),
            "{with:?} with webhooks, {without:?} without"
        );
    }
}
