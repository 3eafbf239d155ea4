//! Forbidden webhook targets: rejected when an endpoint is saved, through both APIs and in every notation, and again
//! when a connection is opened.

use serde_json::json;
use stockroom::kind::Kind;
use webhook_sender::is_public;

use crate::support::api::APIS;
use crate::support::gateway::Gateway;
use crate::support::webhook_receiver::{ManagedEndpoint, Receiver, create_outflow, send_due};

on_both_databases![
    private_addresses_are_rejected_on_save,
    host_names_of_private_addresses_are_rejected,
    private_addresses_are_rejected_on_connect,
];

const ENABLED: [&str; 2] = ["--webhook-enabled", "true"];

/// Loopback, private and other special addresses, in the notations that an attacker can use.
const PRIVATE: [&str; 38] = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0X7F.0.0.0x1/",
    "http://127.0.0.1./",
    "http://%31%32%37.0.0.1/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1:8080/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.b.localhost/",
    "http:127.0.0.1",
    "http:\\\\127.0.0.1\\",
    " http://127.0.0.1/ ",
];

/// URLs that are invalid targets, whether or not private targets are allowed.
const INVALID_TARGETS: [&str; 8] = [
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1:80@example.com/",
    "http://user:word@1.1.1.1/",
    "ftp://1.1.1.1/",
    "file:///etc/passwd",
    "gopher://1.1.1.1/",
    "data:text/plain,x",
    "//1.1.1.1/",
];

async fn private_addresses_are_rejected_on_save(gateway: Gateway) {
    let gateway = gateway.restart_with(&ENABLED).await;
    let root = &gateway.root;
    let id = ManagedEndpoint::make(&gateway, "http://1.1.1.1/", &["outflow.created"])
        .await
        .id;
    for url in PRIVATE.iter().chain(&INVALID_TARGETS) {
        for api in APIS {
            let body = json!({ "url": url, "events": ["outflow.created"] });
            for outcome in [
                api.create(root, Kind::Webhook, body).await,
                api.update(root, Kind::Webhook, id, None, json!({ "url": url }))
                    .await,
            ] {
                let crate::support::api::Outcome::Invalid(errors) = outcome else {
                    panic!("{api:?} {url}: {outcome:?}")
                };
                assert_eq!((errors.len(), &*errors[0].0), (1, "url"), "{url}");
                if PRIVATE.contains(url) {
                    assert!(errors[0].1.contains("private network"), "{url}: {}", errors[0].1);
                }
            }
        }
    }
    assert_eq!(root.get("webhooks/").await.texts("url"), ["http://1.1.1.1/"]);
}

/// The host names in `/etc/hosts` that resolve to this machine or to private addresses, except `localhost`.
fn private_names() -> Vec<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").expect("/etc/hosts");
    let mut names = Vec::new();
    for line in hosts.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next().and_then(|address| address.parse().ok());
        if address.is_some_and(|address| !is_public(address)) {
            names.extend(
                words
                    .filter(|name| !name.contains("localhost"))
                    .map(str::to_owned),
            );
        }
    }
    names
}

async fn host_names_of_private_addresses_are_rejected(gateway: Gateway) {
    let names = private_names();
    assert!(
        !names.is_empty(),
        "/etc/hosts has no private name except localhost"
    );
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let gateway = gateway.restart_with(&ENABLED).await;
    let endpoint = ManagedEndpoint::make(&gateway, "http://1.1.1.1/", &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    let message = "Enter a valid URL: its name resolves to an address on this machine or a private network.";
    for name in names.iter().take(3) {
        let url = format!("http://{name}:{port}/");
        for api in APIS {
            let body = json!({ "url": url, "events": ["outflow.created"] });
            api.create(&gateway.root, Kind::Webhook, body)
                .await
                .expect_invalid(&[("url", message)]);
            let changes = json!({ "url": url });
            api.update(&gateway.root, Kind::Webhook, endpoint.id, None, changes)
                .await
                .expect_invalid(&[("url", message)]);
        }
        // The addresses of a name can change after it is saved.
        gateway
            .sql(format!("UPDATE endpoint SET url = '{url}'"))
            .await
            .expect("an update");
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
        let delivery = endpoint.deliveries(&gateway).await[0].clone();
        assert_eq!(
            (&delivery["outcome"], &delivery["attempts"][0]["error"]),
            (
                &json!("pending"),
                &json!("the host name resolves to an address on this machine or a private network")
            )
        );
    }
    assert!(receiver.received().is_empty());
    // If private targets are allowed, the message is delivered.
    let gateway = gateway
        .restart_with(&crate::support::webhook_receiver::MANAGED)
        .await;
    endpoint
        .patch(&gateway, json!({ "url": format!("http://{}:{port}/", names[0]) }))
        .await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!((send_due(&gateway).await, receiver.received().len()), (1, 1));
}

async fn private_addresses_are_rejected_on_connect(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let gateway = gateway.restart_with(&ENABLED).await;
    let endpoint = ManagedEndpoint::make(&gateway, "http://1.1.1.1/", &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0177.1",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "localhost",
    ] {
        gateway
            .sql(format!("UPDATE endpoint SET url = 'http://{host}:{port}/'"))
            .await
            .expect("an update");
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
        let delivery = endpoint.deliveries(&gateway).await[0].clone();
        let error = delivery["attempts"][0]["error"].as_str().expect("an error");
        assert!(error.contains("private network"), "{host}: {error}");
        assert_eq!(delivery["outcome"], "pending");
    }
    assert!(receiver.received().is_empty());
}
