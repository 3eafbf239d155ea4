//! The commands: migrations, users, sample data, checks, settings.

use ::entity::{outflow, product};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::json;
use stockroom::clock::Clock;
use stockroom::services::Services;

use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::{Gateway, config};
use crate::support::program::{Program, command};
use crate::support::response::WRONG_LOGIN;
use crate::support::test_database::PASSWORD;

on_both_databases![
    migrations_go_up_and_down,
    users_are_managed,
    check_reports_violations,
    equal_seeds_generate_equal_rows,
    serve_migrates_the_database,
    sigterm_shuts_down_cleanly,
    the_shutdown_notice_is_configurable,
    health_sends_a_request_to_the_server,
    serving_from_postgres_requires_a_secret,
];

async fn migrations_go_up_and_down(gateway: Gateway) {
    let database = gateway.stop().await;
    let url = database.url();
    let status = run_ok(&url, &["migrate", "status"], "");
    let all = status.lines().count();
    assert!(status.lines().all(|line| line.starts_with("applied")), "{status}");
    let steps = all.to_string();
    let down = run_ok(&url, &["migrate", "down", &steps, "--yes"], "");
    assert_eq!(
        down.lines().filter(|line| line.starts_with("missing")).count(),
        all,
        "{down}"
    );
    let missing = run_err(&url, &["migrate", "status"], "");
    assert_eq!(missing.matches("missing").count(), all, "{missing}");
    let check = run(&url, &["check"], "");
    assert_eq!(check.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&check.stderr).contains("migrations are missing"));
    assert_eq!(run_ok(&url, &["migrate", "up"], ""), status);
    assert_eq!(run_ok(&url, &["migrate", "up"], ""), status);
    // Reverts one migration and applies it again.
    let down = run_ok(&url, &["migrate", "down", "--yes"], "");
    assert_eq!(
        down.lines().filter(|line| line.starts_with("missing")).count(),
        1,
        "{down}"
    );
    assert_eq!(run_ok(&url, &["migrate", "up"], ""), status);
    run_ok(&url, &["check"], "");
}

async fn users_are_managed(gateway: Gateway) {
    let url = gateway.database_url();
    let log_in = async |username: &str, password: &str| {
        let body = json!({ "username": username, "password": password });
        gateway.anon.post("authentication/token/", body).await
    };
    let create = ["user", "create", "zoe", "--group", "Manager", "--password-stdin"];
    run_ok(&url, &create, "a password\n");
    let pair = log_in("zoe", "a password").await.expect(200);
    let zoe = gateway.with_token(pair["access"].as_str().expect("a token"));
    zoe.post("brands/", json!({ "name": "LG" })).await.expect(201);
    zoe.delete("brands/1/").await.expect(403);
    run_ok(
        &url,
        &["user", "create", "adam", "--superuser", "--password-stdin"],
        "a password",
    );
    let listed = run_ok(&url, &["user", "list"], "");
    let listed: Vec<&str> = listed.lines().collect();
    assert_eq!(
        listed,
        [
            "adam\tactive\tsuperuser",
            "admin\tactive\tsuperuser",
            "administrator\tactive\t\tAdministrator",
            "manager\tactive\t\tManager",
            "viewer\tactive",
            "zoe\tactive\t\tManager",
        ]
    );

    run_ok(
        &url,
        &["user", "password", "zoe", "--password-stdin"],
        "another password\n",
    );
    log_in("zoe", "a password").await.expect_body(401, WRONG_LOGIN);
    log_in("zoe", "another password").await.expect(200);
    // The command runs in another process. The gateway rejects the user's token at once.
    run_ok(&url, &["user", "deactivate", "zoe"], "");
    zoe.get("brands/").await.expect(401);
    log_in("zoe", "another password")
        .await
        .expect_body(401, WRONG_LOGIN);
    assert!(run_ok(&url, &["user", "list"], "").contains("zoe\tinactive"));
    run_ok(&url, &["user", "activate", "zoe"], "");
    // Tokens issued before the deactivation stay revoked.
    zoe.get("brands/").await.expect(401);
    log_in("zoe", "another password").await.expect(200);

    for (arguments, input, printed) in [
        (&create[..], "a password", "already exists"),
        (
            &["user", "create", "new", "--password-stdin"],
            "short",
            "at least 8 characters",
        ),
        (
            &["user", "create", "new", "--group", "Nobodies", "--password-stdin"],
            "a password",
            "no group Nobodies",
        ),
        (
            &["user", "create", " ", "--password-stdin"],
            "a password",
            "may not be blank",
        ),
        (&["user", "create", "new"], "", "--password-stdin"),
        (
            &["user", "password", "nobody", "--password-stdin"],
            "a password",
            "no such user",
        ),
        (&["user", "deactivate", "nobody"], "", "no such user"),
    ] {
        let output = run_err(&url, arguments, input);
        assert!(output.contains(printed), "{arguments:?}: {output}");
        assert!(!output.contains("a password"), "{output}");
    }
    log_in("viewer", PASSWORD).await.expect(200);
}

async fn check_reports_violations(gateway: Gateway) {
    let url = gateway.database_url();
    let product = gateway.root.product("Bolts", 10).await;
    gateway
        .root
        .post("outflows/", json!({ "product": product, "quantity": 3 }))
        .await
        .expect(201);
    let report = run_ok(&url, &["check"], "");
    assert!(
        report.lines().count() > 5 && !report.contains("FAILED"),
        "{report}"
    );
    gateway
        .sql("UPDATE product SET quantity = quantity + 1")
        .await
        .unwrap();
    let report = run_err(&url, &["check"], "");
    assert!(
        report.contains(&format!(
            "FAILED  the ledger of a product adds up to its quantity: 1 row, for example id {product}"
        )),
        "{report}"
    );
    gateway
        .sql("UPDATE product SET quantity = quantity - 1")
        .await
        .unwrap();
    run_ok(&url, &["check"], "");
}

/// The products and outflows of a database as texts, which are equal for both database engines.
async fn rows(database_url: &str) -> Vec<String> {
    let services = Services::open(config(database_url, &[]), Clock::system())
        .await
        .unwrap();
    let products = product::Entity::find()
        .order_by_asc(product::Column::Id)
        .all(&services.db)
        .await
        .unwrap();
    let outflows = outflow::Entity::find()
        .order_by_asc(outflow::Column::Id)
        .all(&services.db)
        .await
        .unwrap();
    services.db.close().await;
    let products = products.iter().map(|row| format!("{row:?}"));
    products
        .chain(outflows.iter().map(|row| format!("{row:?}")))
        .collect()
}

async fn equal_seeds_generate_equal_rows(gateway: Gateway) {
    let url = gateway.database_url();
    let created = run_ok(&url, &["seed", "--products", "60", "--seed", "7"], "");
    assert!(created.starts_with("added 60 products, "), "{created}");
    run_ok(&url, &["check"], "");
    assert_eq!(gateway.viewer.get("products/").await.json()["count"], 60);
    let expected_rows = rows(&url).await;
    assert!(expected_rows.len() > 120);

    let directory = tempfile::tempdir().unwrap();
    let same_seed = format!("sqlite://{}", directory.path().join("same.db").display());
    run_ok(&same_seed, &["seed", "--products", "60", "--seed", "7"], "");
    assert_eq!(rows(&same_seed).await, expected_rows);
    let other_seed = format!("sqlite://{}", directory.path().join("other.db").display());
    run_ok(&other_seed, &["seed", "--products", "60", "--seed", "8"], "");
    assert_ne!(rows(&other_seed).await, expected_rows);
}

async fn serve_migrates_the_database(gateway: Gateway) {
    let database = gateway.stop().await;
    let all = run_ok(&database.url(), &["migrate", "status"], "")
        .lines()
        .count()
        .to_string();
    run_ok(&database.url(), &["migrate", "down", &all, "--yes"], "");
    let program = Program::serve(&database.url(), &[]).await;
    program.anon().get("/readyz").await.expect(200);
    program.anon().get("/livez").await.expect_body(200, "ok");
    assert_eq!(
        run_ok(&database.url(), &["migrate", "status"], "")
            .matches("applied")
            .count()
            .to_string(),
        all
    );
}

async fn sigterm_shuts_down_cleanly(gateway: Gateway) {
    let database = gateway.stop().await;
    let mut program = Program::serve(&database.url(), &[]).await;
    let root = program.user("admin").await;
    root.get("brands/").await.expect(200);
    program.terminate();
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
    // The port is closed.
    assert!(
        reqwest::get(format!("http://{}/livez", program.address))
            .await
            .is_err()
    );
    run_ok(&database.url(), &["check"], "");
}

async fn the_shutdown_notice_is_configurable(gateway: Gateway) {
    let database = gateway.stop().await;
    let mut program = Program::serve(&database.url(), &[("SHUTDOWN_NOTICE", "60")]).await;
    let viewer = program.user("viewer").await;
    program.terminate();
    program
        .line(|line| line["message"] == "stopping; running requests can finish" && line["notice_s"] == 60)
        .await;
    let ready = program.anon().get("/readyz").await;
    ready.expect(503);
    assert_eq!(ready.json()["status"], "stopping");
    // New connections are still served.
    viewer.get("brands/").await.expect(200);
    // A second signal ends the notice.
    program.terminate();
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
}

async fn health_sends_a_request_to_the_server(gateway: Gateway) {
    let database = gateway.stop().await;
    let mut program = Program::serve(&database.url(), &[]).await;
    let bind = program.address.to_string();
    let health = |arguments: &[&str]| {
        let mut command = command(&database.url());
        command.args(["health", "--bind", &bind]).args(arguments);
        command.output().expect("the process runs")
    };
    let alive = health(&[]);
    assert!(alive.status.success());
    assert_eq!(String::from_utf8_lossy(&alive.stdout), "/livez 200 ok\n");
    let ready = health(&["--ready"]);
    assert!(ready.status.success());
    assert!(String::from_utf8_lossy(&ready.stdout).starts_with("/readyz 200 {"));
    program.terminate();
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
    let stopped = health(&[]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("does not respond"));
}

async fn serving_from_postgres_requires_a_secret(gateway: Gateway) {
    let database = gateway.stop().await;
    let output = command(&database.url())
        .env_remove("SECRET_KEY")
        .args(["migrate", "status"])
        .output()
        .expect("the process starts");
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).expect("the output is UTF-8");
    // With SQLite, a generated secret is stored beside the database file. With PostgreSQL several gateways can serve
    // one database and need the same secret, so it must be set.
    let (status, word) = if database.url().starts_with("sqlite") {
        (0, "applied")
    } else {
        (1, "SECRET_KEY is not set")
    };
    assert_eq!(output.status.code(), Some(status), "{printed}");
    assert!(printed.contains(word), "{printed}");
}
