//! Lists of webhook deliveries: pages, filters and attempts through both APIs, with a constant number of statements.

use serde_json::{Value, json};

use crate::support::gateway::Gateway;
use crate::support::response::{INVALID_PAGE, NOT_FOUND};
use crate::support::webhook_receiver::{
    ManagedEndpoint, Receiver, create_outflow, send_due, with_managed_endpoints,
};

on_both_databases![
    deliveries_are_listed_like_other_collections,
    the_number_of_statements_does_not_grow_with_deliveries,
];

async fn deliveries_are_listed_like_other_collections(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let other = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = root.product("Bolts", 100).await;
    for _ in 0..12 {
        create_outflow(&gateway, product, 1).await;
    }
    assert_eq!(send_due(&gateway).await, 24);
    create_outflow(&gateway, product, 1).await;
    let list = endpoint.path("deliveries/");
    let page = root.get(&format!("{list}?outcome=delivered")).await;
    let ids = page.ids();
    let body = page.expect(200);
    assert_eq!(
        (ids.len(), &body["count"], &body["previous"]),
        (10, &json!(12), &Value::Null)
    );
    assert!(ids.is_sorted_by(|one, other| one > other));
    let next = body["next"].as_str().expect("a link");
    let path = next.split_once("/api/v1/").expect("a path").1;
    assert_eq!(path, format!("{list}?outcome=delivered&page=2"));
    assert_eq!(root.get(path).await.ids().len(), 2);
    root.get(&format!("{list}?page=9"))
        .await
        .expect_body(404, INVALID_PAGE);
    assert_eq!(root.get(&format!("{list}?outcome=pending")).await.ids().len(), 1);
    assert_eq!(root.get(&format!("{list}?outcome=failed")).await.ids().len(), 0);
    assert_eq!(
        root.get(&format!("{list}?outcome=")).await.expect(200)["count"],
        13
    );
    assert_eq!(
        root.get(&format!("{list}?ordering=id&page_size=1000"))
            .await
            .ids()
            .len(),
        13
    );
    for (parameter, reason) in [
        ("outcome", "Choose one of: pending, delivered, failed."),
        ("ordering", "Order by one of: id."),
        ("page", "A valid integer is required."),
    ] {
        let details = root
            .get(&format!("{list}?{parameter}=x"))
            .await
            .expect_error(400, "INVALID_PARAMETER");
        assert_eq!(details, json!({ parameter: reason }));
    }
    let delivery = root.get(&format!("{list}{}/", ids[0])).await.expect(200);
    assert_eq!(delivery, body["results"][0]);
    assert_eq!(
        (
            &delivery["event"],
            &delivery["outcome"],
            &delivery["attempt_count"],
            &delivery["attempts"][0]["status"]
        ),
        (
            &json!("outflow.created"),
            &json!("delivered"),
            &json!(1),
            &json!(204)
        )
    );
    // A delivery can't be read or replayed through another endpoint.
    root.get(&other.path(&format!("deliveries/{}/", ids[0])))
        .await
        .expect_body(404, NOT_FOUND);
    root.post(&other.path(&format!("deliveries/{}/replay/", ids[0])), json!({}))
        .await
        .expect_body(404, NOT_FOUND);
    // GraphQL returns the same deliveries, forwards and backwards.
    let document = "query($id: ID!, $after: String, $before: String, $first: Int, $last: Int) { webhookEndpoint(id: $id) {
        deliveries(first: $first, after: $after, last: $last, before: $before, filter: {outcome: [DELIVERED, FAILED]}) {
            totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            nodes { id event outcome messageId attemptCount attempts { totalCount nodes { number status error durationMs } } } } } }";
    let query = async |variables: Value| {
        let mut variables = variables;
        variables["id"] = json!(endpoint.id);
        root.gql(document, variables).await.json()["data"]["webhookEndpoint"]["deliveries"].clone()
    };
    let first = query(json!({ "first": 10 })).await;
    let found: Vec<i64> = first["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!((found, &first["totalCount"]), (ids, &json!(12)));
    assert_eq!(first["nodes"][0]["messageId"], delivery["message_id"]);
    assert_eq!(first["nodes"][0]["attempts"]["totalCount"], 1);
    assert_eq!(first["nodes"][0]["attempts"]["nodes"][0]["status"], 204);
    let rest = query(json!({ "first": 10, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["nodes"].as_array().unwrap().len(), 2);
    let backwards = query(json!({ "last": 10, "before": rest["pageInfo"]["startCursor"] })).await;
    assert_eq!(backwards["nodes"], first["nodes"]);
}

async fn the_number_of_statements_does_not_grow_with_deliveries(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    let document = "{ webhookEndpoints { nodes { id deliveries(first: 50) { totalCount nodes {
        id event createdAt messageId endpoint { url } attempts { totalCount nodes { number } } } } } } }";
    let list = endpoint.path("deliveries/?page_size=100");
    let mut counts = Vec::new();
    for rows in [2, 40] {
        let existing = endpoint.deliveries(&gateway).await.len();
        for _ in existing..rows {
            create_outflow(&gateway, product, 1).await;
        }
        send_due(&gateway).await;
        gateway.root.get("webhooks/").await.expect(200);
        let (rest, page) = gateway.count_statements(gateway.root.get(&list)).await;
        assert_eq!(page.ids().len(), rows);
        let (graphql, body) = gateway
            .count_statements(gateway.root.gql(document, json!({})))
            .await;
        let nodes = &body.json()["data"]["webhookEndpoints"]["nodes"];
        for endpoint in nodes.as_array().expect("endpoints") {
            assert_eq!(endpoint["deliveries"]["nodes"].as_array().unwrap().len(), rows);
        }
        counts.push((rest, graphql));
    }
    assert_eq!(counts[0], counts[1]);
    // At most one statement each for the user, the endpoint, the count, the page, its events and its attempts.
    assert!(counts[0].0 <= 6, "{counts:?}");
}
