//! Storage of webhook endpoints: rows are kept by migrations, secrets are not logged.

use ::entity::{delivery, event, webhook_endpoint};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::json;
use stockroom::app::App;
use stockroom::clock::Clock;

use crate::support::gateway::Gateway;
use crate::support::program::{Program, command};
use crate::support::webhook_receiver::{
    ManagedEndpoint, Receiver, SECRET, create_outflow, send_due, with_webhooks,
};

on_both_databases![rows_are_kept_by_migrations, secrets_are_not_logged];

async fn rows_are_kept_by_migrations(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 2);
    create_outflow(&gateway, product, 1).await;
    gateway
        .root
        .post(&endpoint.path("test/"), json!({}))
        .await
        .expect(202);
    let before = event::Entity::find()
        .order_by_asc(event::Column::Id)
        .all(&gateway.services.db)
        .await
        .unwrap();
    assert_eq!(before.len(), 3);

    let url = gateway.database_url();
    let now = gateway.services.clock.now();
    let migrate = |arguments: &[&str]| {
        let output = command(&url)
            .arg("migrate")
            .args(arguments)
            .output()
            .expect("the process starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("a text")
    };
    // Reverts to the schema without managed endpoints, and migrates again.
    let database = gateway.stop().await;
    let status = migrate(&["status"]);
    let since = status
        .lines()
        .skip_while(|line| !line.contains("webhook_endpoints"));
    migrate(&["down", &since.count().to_string(), "--yes"]);
    migrate(&["up"]);
    let app = App::open(
        crate::support::gateway::config(
            &database.url(),
            &crate::support::webhook_receiver::flags(&receiver.url(), &[]),
        ),
        Clock::manual(now),
    )
    .await
    .expect("a database");
    let after = event::Entity::find()
        .order_by_asc(event::Column::Id)
        .all(&app.services.db)
        .await
        .unwrap();
    assert_eq!(after, before[..2], "test events are deleted, others are kept");
    let endpoints = webhook_endpoint::Entity::find()
        .all(&app.services.db)
        .await
        .unwrap();
    assert!(endpoints.len() == 1 && !endpoints[0].managed);
    let deliveries = delivery::Entity::find()
        .order_by_asc(delivery::Column::Id)
        .all(&app.services.db)
        .await
        .unwrap();
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].ended_at, deliveries[0].last_attempt_at);
    assert!(deliveries[0].ended_at.is_some() && deliveries[1].due_at.is_some());
    let worker = app.webhooks.as_ref().expect("webhooks are enabled");
    assert_eq!(worker.run_due().await.expect("the worker runs"), 1);
    assert_eq!(receiver.received().len(), 3);
    app.services.db.close().await;
}

async fn secrets_are_not_logged(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let settings = [
        ("WEBHOOK_ENABLED", "true"),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ("WEBHOOK_URL", &*url),
        ("WEBHOOK_SECRET", SECRET),
        ("RUST_LOG", "trace"),
    ];
    let mut program = Program::serve(&gateway.database_url(), &settings).await;
    let admin = program.user("admin").await;
    let body = json!({ "url": url, "events": ["outflow.created"] });
    let created = admin.post("webhooks/", body).await.expect(201);
    let path = format!("webhooks/{}/", created["id"]);
    let rotated = admin
        .post(&format!("{path}rotate-secret/"), json!({}))
        .await
        .expect(200);
    let document = "mutation($id: ID!) { rotateWebhookSecret(input: {id: $id}) { secret } }";
    let rotated_again = admin.gql(document, json!({ "id": created["id"] })).await.json();
    admin.post(&format!("{path}test/"), json!({})).await.expect(202);
    receiver.wait_for(1).await;
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let log = program.remaining_log().await;
    assert!(log.len() > 10, "{log:#?}");
    let secrets = [
        &created["secret"],
        &rotated["secret"],
        &rotated_again["data"]["rotateWebhookSecret"]["secret"],
        &json!(SECRET),
    ];
    for secret in secrets.map(|secret| secret.as_str().expect("a secret")) {
        let key = secret.strip_prefix("whsec_").expect("a secret");
        assert!(log.iter().all(|line| !line.contains(key)));
    }
}
