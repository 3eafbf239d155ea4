//! The OpenAPI description compared with the API: routes, keys, parameters, errors and the document itself.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};
use stockroom::kind::Kind;
use stockroom::rest;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::openapi_index::{
    DESCRIPTION, assert_example, assert_like, examples, list_path, object, object_path, operation,
    operations, paths, request_schema, required_headers, resolved, response, schema,
};
use crate::support::response::keys;
use crate::support::samples::{LABELS, MOVEMENTS, Sample, list};
use crate::support::webhook_receiver::{ManagedEndpoint, with_managed_endpoints};

on_both_databases![
    every_method_is_described,
    responses_have_the_described_keys,
    bodies_have_the_described_fields,
    parameters_are_the_described_ones,
    errors_are_the_described_ones,
    the_description_is_served_without_a_token,
    preconditions_have_no_example_values,
    missing_pages_and_missing_objects_are_described,
];

async fn every_method_is_described(gateway: Gateway) {
    for (path, methods) in paths() {
        let url = format!(
            "{}{}",
            rest::ROOT,
            path.replace("{id}", "1").replace("{delivery}", "1")
        );
        let response = send(gateway.anon.request(Method::OPTIONS, &url)).await;
        response.expect(204);
        let allowed: BTreeSet<String> = response
            .header("allow")
            .expect("Allow")
            .split(", ")
            .map(str::to_lowercase)
            .collect();
        let mut described: BTreeSet<String> = keys(methods).into_iter().map(str::to_owned).collect();
        assert_eq!(allowed.contains("head"), described.contains("get"), "{path}");
        described.extend(described.contains("get").then(|| "head".to_owned()));
        described.insert("options".to_owned());
        assert_eq!(allowed, described, "{path}");
    }
    let mut expected: Vec<String> = [
        "/",
        "/openapi.json",
        "/authentication/token/",
        "/authentication/token/refresh/",
        "/authentication/token/verify/",
        "/authentication/logout/",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(
        Kind::ALL
            .into_iter()
            .flat_map(|kind| [list_path(kind), object_path(kind)]),
    );
    expected.extend([list_path(Kind::Webhook), object_path(Kind::Webhook)]);
    let subpaths = [
        "rotate-secret",
        "test",
        "replay",
        "deliveries",
        "deliveries/{delivery}",
        "deliveries/{delivery}/replay",
    ];
    expected.extend(subpaths.map(|subpath| format!("{}{subpath}/", object_path(Kind::Webhook))));
    assert_eq!(
        paths().keys().collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
}

async fn responses_have_the_described_keys(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let success = |path: &str, method: &str, status| schema(response(path, method, status));
    for kind in Kind::ALL {
        let created = gateway.root.post(&list(kind), sample.body(kind)).await;
        assert_like(
            &created.expect(201),
            success(&list_path(kind), "post", 201),
            kind.singular(),
        );
        for name in required_headers(response(&list_path(kind), "post", 201)) {
            assert!(created.header(name).is_some(), "{name}");
        }
        let page = gateway.viewer.get(&list(kind)).await.expect(200);
        assert!(page["count"].as_u64() > Some(0));
        assert_like(&page, success(&list_path(kind), "get", 200), kind.plural());
        let found = gateway.viewer.get(&sample.path(kind)).await;
        assert_like(
            &found.expect(200),
            success(&object_path(kind), "get", 200),
            kind.singular(),
        );
        assert!(found.header("etag").is_some());
        if !MOVEMENTS.contains(&kind) {
            for method in ["put", "patch"] {
                let by = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let changed = gateway.root.raw(by, &sample.path(kind), "{}").await;
                assert_like(
                    &changed.expect(200),
                    success(&object_path(kind), method, 200),
                    kind.singular(),
                );
            }
        }
    }
    let index = gateway.anon.get("").await.expect(200);
    assert_like(&index, success("/", "get", 200), "index");
    let credentials =
        operation("/authentication/token/", "post")["requestBody"]["content"]["application/json"]["example"]
            .clone();
    let tokens = gateway
        .anon
        .post("authentication/token/", credentials)
        .await
        .expect(200);
    assert_like(&tokens, &DESCRIPTION["components"]["schemas"]["Tokens"], "tokens");
}

async fn bodies_have_the_described_fields(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let webhook = ManagedEndpoint::make(&gateway, "https://1.1.1.1/", &["outflow.created"]).await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let bodies = operations().filter(|(.., operation)| operation.get("requestBody").is_some());
    let mut count = 0;
    for (path, method, _) in bodies {
        count += 1;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| path.starts_with(&list_path(*kind)));
        let id = kind.map_or(webhook.id, |kind| sample.id(kind));
        let url = path.trim_start_matches('/').replace("{id}", &id.to_string());
        let by = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let schema = request_schema(path, method);
        let fields: BTreeSet<&str> = keys(&schema["properties"]).into_iter().collect();
        // No field accepts an empty list, so every known field reports an error.
        let invalid: Map<String, Value> = fields
            .iter()
            .map(|name| ((*name).to_owned(), json!([])))
            .collect();
        let response = gateway
            .root
            .raw(by.clone(), &url, json!(invalid).to_string())
            .await;
        let errors = response.expect(422);
        assert_eq!(
            keys(&errors).into_iter().collect::<BTreeSet<_>>(),
            fields,
            "{method} {path}"
        );
        let described = error_fields(path, method);
        assert!(
            fields.iter().all(|name| described.contains_key(*name)),
            "{method} {path}"
        );

        let required: Vec<&str> = match schema.get("required") {
            Some(required) => required
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect(),
            None => Vec::new(),
        };
        let empty = gateway.root.raw(by, &url, "{}").await;
        if required.is_empty() {
            empty.expect(200);
        } else {
            let missing = empty.expect(422);
            let missing: BTreeSet<&str> = keys(&missing).into_iter().collect();
            assert_eq!(missing, required.into_iter().collect(), "{method} {path}");
        }
    }
    assert_eq!(count, 4 + 6 + 2 * (LABELS.len() + 1) + 5);
}

/// The described fields of a 422 response.
fn error_fields(path: &str, method: &str) -> &'static Map<String, Value> {
    object(&schema(response(path, method, 422))["properties"])
}

async fn parameters_are_the_described_ones(gateway: Gateway) {
    for kind in Kind::ALL {
        let parameters = operation(&list_path(kind), "get")["parameters"]
            .as_array()
            .unwrap();
        let mut names = Vec::new();
        for parameter in parameters.iter().map(resolved) {
            let name = parameter["name"].as_str().unwrap();
            names.push(name);
            if name == "search" {
                continue;
            }
            // A question mark is an invalid value of every parameter.
            let refused = gateway.viewer.get(&format!("{}?{name}=%3F", list(kind))).await;
            let details = refused.expect_error(400, "INVALID_PARAMETER");
            assert_eq!(keys(&details), [name], "{kind:?}");
            if name == "ordering" {
                let orders = parameter["schema"]["items"]["enum"].as_array().unwrap();
                for order in orders.iter().filter_map(Value::as_str) {
                    let path = format!("{}?ordering={order},{}", list(kind), orders[0].as_str().unwrap());
                    gateway.viewer.get(&path).await.expect(200);
                }
            }
        }
        let filters: &[&str] = match kind {
            Kind::Brand | Kind::Category | Kind::Supplier => &["search"],
            Kind::Product => &["search", "category", "brand", "min_price", "max_price"],
            Kind::Inflow => &["supplier", "product", "date_from", "date_to"],
            Kind::Outflow => &["product", "date_from", "date_to"],
            Kind::Webhook => &[],
        };
        assert_eq!(
            names,
            [&["page", "page_size"], filters, &["ordering"]].concat(),
            "{kind:?}"
        );
    }
}

async fn errors_are_the_described_ones(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let (root, viewer, anon) = (&gateway.root, &gateway.viewer, &gateway.anon);
    for kind in Kind::ALL {
        let (all, one) = (list_path(kind), object_path(kind));
        let (list, path) = (list(kind), sample.path(kind));
        let missing = format!("{list}987654321/");
        assert_example(&anon.get(&list).await, &all, "get", 401);
        assert_example(&gateway.with_token("bad").get(&path).await, &one, "get", 401);
        assert_example(&viewer.get(&format!("{list}?page=99")).await, &all, "get", 404);
        assert_example(&viewer.get(&missing).await, &one, "get", 404);
        assert_example(&viewer.post(&list, json!({})).await, &all, "post", 403);
        assert_example(&viewer.delete(&path).await, &one, "delete", 403);
        assert_example(&root.delete(&missing).await, &one, "delete", 404);
        assert_example(&root.raw(Method::POST, &list, "{").await, &all, "post", 400);
        assert_example(&root.raw(Method::POST, &list, "[]").await, &all, "post", 400);
        assert_example(
            &root.raw(Method::POST, &list, vec![b' '; 2 << 20]).await,
            &all,
            "post",
            413,
        );
        let xml = root
            .request(Method::POST, &list)
            .header("content-type", "text/xml")
            .body("<a/>");
        assert_example(&send(xml).await, &all, "post", 415);
        let stale = root.request(Method::DELETE, &path).header("if-match", "\"999\"");
        assert_example(&send(stale).await, &one, "delete", 412);

        let not_allowed = root.put(&list, json!({})).await;
        assert_eq!(
            vec![&not_allowed.expect(405)],
            examples(response(&all, "get", 405))
        );
        let tag = viewer.get(&path).await.header("etag").expect("a tag").to_owned();
        let conditional = viewer.request(Method::GET, &path).header("if-none-match", tag);
        assert!(send(conditional).await.expect(304).is_null());
        assert!(response(&one, "get", 304).get("content").is_none());
        if !MOVEMENTS.contains(&kind) {
            let counts = root.delete(&path).await.expect_error(409, "PROTECTED");
            let error = &schema(response(&one, "delete", 409))["properties"]["error"]["properties"];
            let described = keys(&error["details"]["properties"]);
            assert!(
                keys(&counts).iter().all(|name| described.contains(name)),
                "{counts}"
            );
            assert_eq!(error["code"]["enum"], json!(["PROTECTED"]));
        }
    }
    let no_stock = json!({ "quantity": 0 });
    root.patch(&sample.path(Kind::Product), no_stock)
        .await
        .expect(200);
    let refused = root.delete(&sample.path(Kind::Inflow)).await;
    refused.expect_error(409, "INSUFFICIENT_STOCK");
    let described = schema(response(&object_path(Kind::Inflow), "delete", 409));
    assert_like(&refused.json(), described, "shortage");

    let login = json!({ "username": "admin", "password": "wrong" });
    assert_example(
        &anon.post("authentication/token/", login).await,
        "/authentication/token/",
        "post",
        401,
    );
    let path = "/authentication/token/refresh/";
    assert_example(
        &anon
            .post("authentication/token/refresh/", json!({ "refresh": "x" }))
            .await,
        path,
        "post",
        401,
    );
}

async fn the_description_is_served_without_a_token(gateway: Gateway) {
    let path = "/api/v1/openapi.json";
    let response = gateway.anon.get(path).await;
    let served = response.expect(200);
    // The served description and its examples contain the address of this gateway, which generated clients use.
    let origin = format!("http://{}", gateway.address);
    let printed = rest::openapi_description().replace("http://localhost:8000", &origin);
    let mut described: Value = serde_json::from_str(&printed).unwrap();
    described["servers"][0]["url"] = json!(format!("http://{}/api/v1", gateway.address));
    assert_eq!(served, described);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    let tag = response.header("etag").expect("a tag").to_owned();
    let conditional = gateway
        .anon
        .request(Method::GET, path)
        .header("if-none-match", &tag);
    send(conditional).await.expect_body(304, "");
    let other = gateway
        .anon
        .request(Method::GET, path)
        .header("if-none-match", "\"other\"");
    send(other).await.expect(200);
    send(gateway.anon.request(Method::HEAD, path))
        .await
        .expect_body(200, "");
    let options = send(gateway.anon.request(Method::OPTIONS, path)).await;
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("GET, HEAD, OPTIONS"))
    );
    gateway.with_token("bad").get(path).await.expect(200);
}

/// Swagger UI would send example values as preconditions with every request that is tried out.
async fn preconditions_have_no_example_values(gateway: Gateway) {
    let description = gateway.anon.get("/api/v1/openapi.json").await.expect(200);
    for name in ["IfMatch", "IfNoneMatch"] {
        let parameter = &description["components"]["parameters"][name];
        assert_eq!(parameter["in"], "header", "{name}");
        for key in ["example", "examples", "default"] {
            assert_eq!(parameter.get(key), None, "{name}");
            assert_eq!(parameter["schema"].get(key), None, "{name}");
        }
    }
}

async fn missing_pages_and_missing_objects_are_described(gateway: Gateway) {
    let list = "webhooks/{id}/deliveries/";
    for path in ["webhooks/999/deliveries/", "webhooks/999/deliveries/?page=2"] {
        assert_example(&gateway.root.get(path).await, &format!("/{list}"), "get", 404);
    }
}

#[test]
fn each_operation_has_a_summary() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let text = |key: &str| operation[key].as_str().unwrap_or_default();
        assert!(ids.insert(text("operationId")), "{method} {path}");
        for key in ["operationId", "summary", "x-graphql-operation"] {
            assert!(!text(key).is_empty(), "{method} {path}: {key}");
        }
        for (status, response) in object(&operation["responses"]) {
            assert!(
                resolved(response)["description"].is_string(),
                "{method} {path}: {status}"
            );
        }
    }
}

#[test]
fn the_printed_description_is_up_to_date() {
    let printed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"));
    let printed = printed.expect("openapi.json at the root of the repository");
    let expected = format!("{}\n", rest::openapi_description());
    assert!(
        printed == expected,
        "openapi.json is out of date: run scripts/export"
    );
}
