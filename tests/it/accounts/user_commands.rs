//! The commands that change and delete users.

use serde_json::{Value, json};

use crate::support::actors::Actor;
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::response::WRONG_LOGIN;
use crate::support::test_database::PASSWORD;

on_both_databases![
    changes_of_groups_and_permissions_apply_to_the_next_request,
    a_command_ends_all_sessions_of_a_user,
    deleting_a_user_keeps_the_ledger,
    commands_are_logged,
];

async fn changes_of_groups_and_permissions_apply_to_the_next_request(gateway: Gateway) {
    let url = gateway.database_url();
    let user = |arguments: &[&str]| run_ok(&url, &[&["user"], arguments].concat(), "");
    let viewer = &gateway.viewer;
    let brand = json!({ "name": "LG" });
    viewer.post("brands/", brand.clone()).await.expect(403);
    assert_eq!(
        user(&["groups", "viewer", "--add", "Manager", "--add", "Manager"]),
        "viewer\tactive\t\tManager\n"
    );
    // Adding a group again changes nothing.
    user(&["groups", "viewer", "--add", "Manager"]);
    assert_eq!(user(&["groups", "viewer"]), "viewer\tactive\t\tManager\n");
    let created = viewer.post("brands/", brand.clone()).await.expect(201);
    let path = format!("brands/{}/", created["id"]);
    viewer.delete(&path).await.expect(403);
    assert_eq!(
        user(&[
            "grant",
            "viewer",
            "delete_brand",
            "change_outflow",
            "delete_brand"
        ]),
        "viewer\tactive\t\tManager\tchange_outflow,delete_brand\n"
    );
    user(&["grant", "viewer", "delete_brand"]);
    viewer.delete(&path).await.expect(204);
    assert_eq!(
        user(&["revoke", "viewer", "delete_brand", "change_outflow"]),
        "viewer\tactive\t\tManager\n"
    );
    let created = viewer.post("brands/", brand.clone()).await.expect(201);
    let path = format!("brands/{}/", created["id"]);
    viewer.delete(&path).await.expect(403);
    assert_eq!(
        user(&[
            "groups",
            "viewer",
            "--remove",
            "Manager",
            "--add",
            "Administrator"
        ]),
        "viewer\tactive\t\tAdministrator\n"
    );
    viewer.delete(&path).await.expect(204);
    user(&["groups", "viewer", "--remove", "Administrator"]);
    viewer.post("brands/", brand.clone()).await.expect(403);
    assert_eq!(
        user(&["grant", "viewer", "--superuser"]),
        "viewer\tactive\tsuperuser\n"
    );
    viewer.post("brands/", brand.clone()).await.expect(201);
    assert_eq!(user(&["revoke", "viewer", "--superuser"]), "viewer\tactive\n");
    viewer.post("brands/", brand).await.expect(403);

    for (arguments, message) in [
        (
            &["groups", "viewer", "--add", "Nobodies"][..],
            "no group Nobodies",
        ),
        (&["groups", "viewer", "--remove", "Nobodies"], "no group Nobodies"),
        (&["groups", "nobody", "--add", "Manager"], "no such user"),
        (&["groups", "nobody"], "no such user"),
        (&["grant", "nobody", "add_brand"], "no such user"),
    ] {
        let output = run_err(&url, &[&["user"], arguments].concat(), "");
        assert!(output.contains(message), "{arguments:?}: {output}");
    }
    for arguments in [&["grant", "viewer", "add_everything"][..], &["grant", "viewer"]] {
        let refused = run(&url, &[&["user"], arguments].concat(), "");
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
    }
}

async fn a_command_ends_all_sessions_of_a_user(gateway: Gateway) {
    let url = gateway.database_url();
    // The program uses the system clock, as the command does.
    let program = Program::serve(&url, &[]).await;
    let log_in = async || {
        let login = json!({ "username": "viewer", "password": PASSWORD });
        program
            .anon()
            .post("authentication/token/", login)
            .await
            .expect(200)
    };
    let session = |pair: &Value| {
        let token = pair["access"].as_str().expect("a token").to_owned();
        Actor::new(&reqwest::Client::new(), program.address, Some(token), "session")
    };
    let pairs = [log_in().await, log_in().await];
    let manager = program.user("manager").await;
    for pair in &pairs {
        session(pair).get("brands/").await.expect(200);
    }
    assert_eq!(
        run_ok(&url, &["user", "end-sessions", "viewer"], ""),
        "ended all sessions of viewer\n"
    );
    for pair in &pairs {
        session(pair).get("brands/").await.expect(401);
        let refresh = json!({ "refresh": pair["refresh"] });
        program
            .anon()
            .post("authentication/token/refresh/", refresh)
            .await
            .expect(401);
    }
    manager.get("brands/").await.expect(200);
    session(&log_in().await).get("brands/").await.expect(200);
    assert!(run_err(&url, &["user", "end-sessions", "nobody"], "").contains("no such user"));
}

async fn deleting_a_user_keeps_the_ledger(gateway: Gateway) {
    let url = gateway.database_url();
    let product = gateway.manager.product("Tea", 5).await;
    gateway
        .manager
        .post("outflows/", json!({ "product": product, "quantity": 2 }))
        .await
        .expect(201);
    run_ok(&url, &["user", "grant", "manager", "delete_brand"], "");
    assert_eq!(
        run_ok(&url, &["user", "delete", "manager"], ""),
        "deleted manager\n2 ledger entries keep the user id 2\n"
    );
    gateway.manager.get("brands/").await.expect(401);
    let login = json!({ "username": "manager", "password": PASSWORD });
    gateway
        .anon
        .post("authentication/token/", login)
        .await
        .expect_body(401, WRONG_LOGIN);
    // The ledger keeps its entries, without the name of the actor.
    let query = format!(
        "{{ product(id: {product}) {{ stockLedger(first: 5) {{ nodes {{ change actor {{ username }} }} }} }} }}"
    );
    let history = gateway.viewer.gql(&query, json!({})).await.json();
    assert_eq!(
        history["data"]["product"]["stockLedger"]["nodes"],
        json!([{ "change": -2, "actor": null }, { "change": 5, "actor": null }]),
        "{history}"
    );
    run_ok(&url, &["check"], "");
    // The name can be used again; the id is not reused.
    let create = ["user", "create", "manager", "--password-stdin"];
    run_ok(&url, &create, "another password");
    gateway.manager.get("brands/").await.expect(401);
    let login = json!({ "username": "manager", "password": "another password" });
    gateway
        .anon
        .post("authentication/token/", login)
        .await
        .expect(200);
    assert!(run_err(&url, &["user", "delete", "nobody"], "").contains("no such user"));
    assert_eq!(
        run_ok(&url, &["user", "delete", "viewer"], ""),
        "deleted viewer\n"
    );
}

async fn commands_are_logged(gateway: Gateway) {
    let url = gateway.database_url();
    for (arguments, message) in [
        (
            &["groups", "viewer", "--add", "Manager"][..],
            "changed the groups of a user",
        ),
        (&["grant", "viewer", "add_brand"], "granted permissions to a user"),
        (
            &["revoke", "viewer", "add_brand"],
            "revoked permissions of a user",
        ),
        (&["end-sessions", "viewer"], "ended all sessions of a user"),
        (&["delete", "viewer"], "deleted a user"),
    ] {
        let output = run(&url, &[&["user"], arguments].concat(), "");
        let log = String::from_utf8_lossy(&output.stderr);
        let is_expected = |line: &str| line.contains(message) && line.contains("\"username\":\"viewer\"");
        assert!(log.lines().any(is_expected), "{arguments:?}: {log}");
    }
}
