//! `stockroom demo` in an empty directory: its output, its users and data, and the cleanup.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::actors::Actor;

/// An unused port.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn the_demo_serves_a_shop_with_users() {
    let port = free_port();
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_stockroom"))
        .arg("demo")
        .env_clear()
        .env("BIND", format!("127.0.0.1:{port}"))
        .env("TMPDIR", directory.path())
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut welcome = Vec::new();
    for line in lines.by_ref() {
        let is_last = line.contains("Ctrl-C");
        welcome.push(line);
        if is_last {
            break;
        }
    }
    let text = welcome.join("\n");
    assert!(
        text.contains(&format!("http://localhost:{port}/graphql")),
        "{text}"
    );
    assert!(text.contains("curl "), "{text}");

    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let anon = Actor::new(&reqwest::Client::new(), address, None, "anon");
    let mut users = Vec::new();
    for name in ["admin", "manager", "viewer"] {
        let words = welcome.iter().map(|line| {
            line.trim_start_matches("  Log in")
                .split_whitespace()
                .collect::<Vec<_>>()
        });
        let mut found = words.filter(|words| words.len() > 2 && words[0] == name && words[1].contains('-'));
        let password = found.next().unwrap_or_else(|| panic!("{name} in {text}"))[1].to_owned();
        let body = json!({ "username": name, "password": password });
        let pair = anon.post("authentication/token/", body).await.expect(200);
        let token = pair["access"].as_str().unwrap().to_owned();
        users.push(Actor::new(&reqwest::Client::new(), address, Some(token), "user"));
    }
    let [admin, manager, viewer] = &users[..] else {
        panic!("three users")
    };
    let products = viewer.get("products/?page_size=100").await;
    assert!(products.json()["count"].as_i64().unwrap() >= 100);
    assert!(viewer.get("outflows/").await.json()["count"].as_i64().unwrap() > 100);
    let product = &products.json()["results"][0]["id"];
    manager
        .patch(&format!("products/{product}/"), json!({ "title": "Renamed" }))
        .await
        .expect(200);
    manager.post("brands/", json!({ "name": "LG" })).await.expect(201);
    viewer.post("brands/", json!({ "name": "LG" })).await.expect(403);
    admin
        .delete(&format!("products/{product}/"))
        .await
        .expect_error(409, "PROTECTED");

    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        lines.last().as_deref(),
        Some("Stopped. The sample data was deleted.")
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        0,
        "files were left behind"
    );
}
