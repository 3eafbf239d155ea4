//! `ETag`, `If-None-Match` and `If-Match`.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::{Actor, send};
use crate::support::gateway::Gateway;
use crate::support::response::{NOT_FOUND, Response};
use crate::support::samples::{LABELS, MOVEMENTS, Sample};

on_both_databases![
    objects_have_entity_tags,
    tags_change_with_the_representation,
    a_matching_if_none_match_returns_304,
    updates_require_a_matching_if_match,
    deletions_require_a_matching_if_match,
    one_of_several_concurrent_updates_succeeds,
];

/// The entity tag of an object.
pub(super) async fn tag(actor: &Actor, path: &str) -> String {
    actor
        .get(path)
        .await
        .header("etag")
        .unwrap_or_else(|| panic!("{path} has no tag"))
        .to_owned()
}

/// Sends a request with an additional header.
pub(super) async fn send_with(
    actor: &Actor,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: &Value,
) -> Response {
    send(actor.request(method, path).header(header.0, header.1).json(body)).await
}

async fn objects_have_entity_tags(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for kind in Kind::ALL {
        let tag = tag(&gateway.viewer, &sample.path(kind)).await;
        assert!(
            tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'),
            "{tag}"
        );
        let created = gateway
            .root
            .post(&crate::support::samples::list(kind), sample.body(kind))
            .await;
        let path = format!("{}/{}/", kind.plural(), created.expect(201)["id"]);
        assert_eq!(
            created.header("etag"),
            Some(&*self::tag(&gateway.viewer, &path).await),
            "{kind:?}"
        );
    }
    for kind in LABELS {
        let changed = gateway
            .root
            .patch(&sample.path(kind), json!({ "name": "Other" }))
            .await;
        assert_eq!(
            changed.header("etag"),
            Some(&*tag(&gateway.viewer, &sample.path(kind)).await)
        );
    }
    assert_eq!(gateway.viewer.get("brands/").await.header("etag"), None);
}

async fn tags_change_with_the_representation(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::create(root).await;
    let product = sample.path(Kind::Product);
    let mut earlier_tags = vec![tag(root, &product).await];
    let mut assert_changed = async |change: &str| {
        let tag = tag(root, &product).await;
        assert!(!earlier_tags.contains(&tag), "the tag is {tag} after {change}");
        earlier_tags.push(tag);
    };
    root.patch(&product, json!({ "title": "Other" }))
        .await
        .expect(200);
    assert_changed("a change").await;
    root.post("inflows/", sample.body(Kind::Inflow)).await.expect(201);
    assert_changed("an inflow").await;
    root.post("outflows/", sample.body(Kind::Outflow))
        .await
        .expect(201);
    assert_changed("an outflow").await;
    root.delete(&sample.path(Kind::Outflow)).await.expect(204);
    assert_changed("a deleted outflow").await;
    root.patch(&sample.path(Kind::Brand), json!({ "name": "Other" }))
        .await
        .expect(200);
    assert_changed("a renamed brand").await;
    root.patch(&sample.path(Kind::Category), json!({ "name": "Other" }))
        .await
        .expect(200);
    assert_changed("a renamed category").await;

    let inflow = sample.path(Kind::Inflow);
    let before = tag(root, &inflow).await;
    root.patch(&product, json!({ "title": "Another" }))
        .await
        .expect(200);
    let between = tag(root, &inflow).await;
    assert_ne!(before, between);
    root.patch(&sample.path(Kind::Supplier), json!({ "name": "Another" }))
        .await
        .expect(200);
    assert_ne!(between, tag(root, &inflow).await);
}

async fn a_matching_if_none_match_returns_304(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let header = "if-none-match";
    for kind in Kind::ALL {
        let path = sample.path(kind);
        let tag = tag(&gateway.viewer, &path).await;
        let weak = format!("W/{tag}");
        let several = format!("\"other\", {tag} ,\"more\"");
        for value in [&*tag, &*weak, &*several, "*"] {
            for method in [Method::GET, Method::HEAD] {
                let response = send(gateway.viewer.request(method, &path).header(header, value)).await;
                assert_eq!((response.status, &*response.text), (304, ""), "{value}");
                assert_eq!(response.header("etag"), Some(&*tag));
            }
        }
        for value in ["\"other\"", "", "x", tag.trim_matches('"')] {
            send(gateway.viewer.request(Method::GET, &path).header(header, value))
                .await
                .expect(200);
        }
        if !MOVEMENTS.contains(&kind) {
            gateway
                .root
                .patch(&path, json!({ "description": "New" }))
                .await
                .expect(200);
            send(gateway.viewer.request(Method::GET, &path).header(header, &tag))
                .await
                .expect(200);
        }
        // The token is checked first.
        send(gateway.anon.request(Method::GET, &path).header(header, "*"))
            .await
            .expect(401);
    }
    send(
        gateway
            .viewer
            .request(Method::GET, "brands/99/")
            .header(header, "*"),
    )
    .await
    .expect_body(404, NOT_FOUND);
}

async fn updates_require_a_matching_if_match(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::create(root).await;
    for kind in [Kind::Brand, Kind::Category, Kind::Supplier, Kind::Product] {
        let path = sample.path(kind);
        for method in [Method::PUT, Method::PATCH] {
            let tag_before = tag(root, &path).await;
            let body = json!({ "description": format!("By {method}") });
            let changed = send_with(root, method.clone(), &path, ("if-match", &tag_before), &body).await;
            changed.expect(200);
            let tag_after = changed.header("etag").unwrap().to_owned();
            // The object has changed since it was read.
            let stale = json!({ "description": "Lost" });
            for value in [
                &*tag_before,
                &*format!("W/{tag_after}"),
                "\"other\"",
                "x",
                "",
                "\"-1\"",
                "\"99999999999999999999\"",
            ] {
                let refused = send_with(root, method.clone(), &path, ("if-match", value), &stale).await;
                assert_eq!(
                    refused.expect_error(412, "PRECONDITION_FAILED"),
                    json!({}),
                    "{value}"
                );
            }
            assert_eq!(root.get(&path).await.json()["description"], body["description"]);
            let several = format!("\"other\", {tag_after}");
            send_with(root, method.clone(), &path, ("if-match", &several), &body)
                .await
                .expect(200);
            send_with(root, method.clone(), &path, ("if-match", "*"), &body)
                .await
                .expect(200);
            let missing = path.replace(&sample.id(kind).to_string(), "999");
            send_with(root, method, &missing, ("if-match", "*"), &body)
                .await
                .expect_body(404, NOT_FOUND);
        }
    }
    // A movement changes the version of its product.
    let path = sample.path(Kind::Product);
    let tag_before = tag(root, &path).await;
    root.post("outflows/", sample.body(Kind::Outflow))
        .await
        .expect(201);
    let refused = send_with(
        root,
        Method::PATCH,
        &path,
        ("if-match", &tag_before),
        &json!({ "quantity": 5 }),
    )
    .await;
    refused.expect_error(412, "PRECONDITION_FAILED");
    gateway.assert_invariants().await;
}

async fn deletions_require_a_matching_if_match(gateway: Gateway) {
    let root = &gateway.root;
    for kind in LABELS {
        let id = root.make(kind, json!({ "name": "LG" })).await;
        let path = format!("{}/{id}/", kind.plural());
        let tag_before = tag(root, &path).await;
        root.patch(&path, json!({})).await.expect(200);
        let delete =
            async |value: &str| send(root.request(Method::DELETE, &path).header("if-match", value)).await;
        delete(&tag_before).await.expect_error(412, "PRECONDITION_FAILED");
        let tag_after = tag(root, &path).await;
        delete(&tag_after).await.expect_body(204, "");
        delete(&tag_after).await.expect_body(404, NOT_FOUND);
        delete("*").await.expect_body(404, NOT_FOUND);
    }
    let sample = Sample::create(root).await;
    for kind in [Kind::Outflow, Kind::Inflow] {
        let path = sample.path(kind);
        let tag_before = tag(root, &path).await;
        let delete =
            async |value: &str| send(root.request(Method::DELETE, &path).header("if-match", value)).await;
        delete("\"other\"").await.expect_error(412, "PRECONDITION_FAILED");
        delete(&tag_before).await.expect_body(204, "");
    }
}

async fn one_of_several_concurrent_updates_succeeds(gateway: Gateway) {
    let root = &gateway.root;
    let brand = root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let path = format!("brands/{brand}/");
    for round in 0..5 {
        let tag_before = tag(root, &path).await;
        let bodies: Vec<Value> = (0..8)
            .map(|writer| json!({ "name": format!("{round} by {writer}") }))
            .collect();
        let writes = bodies
            .iter()
            .map(|body| send_with(root, Method::PATCH, &path, ("if-match", &tag_before), body));
        let responses = futures_util::future::join_all(writes).await;
        let successes: Vec<&Response> = responses
            .iter()
            .filter(|response| response.status == 200)
            .collect();
        assert_eq!(successes.len(), 1);
        assert!(
            responses
                .iter()
                .all(|response| matches!(response.status, 200 | 412))
        );
        assert_eq!(root.get(&path).await.json(), successes[0].json());
    }
}
