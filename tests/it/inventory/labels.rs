//! Brands, categories and suppliers: the same tests for all three.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::samples::{LABELS, Sample, list};

on_both_databases_and_apis![
    labels_are_created_read_changed_and_deleted,
    texts_are_trimmed_and_empty_ones_are_null,
    names_have_1_to_500_characters,
    all_invalid_fields_are_reported_at_once,
    absent_fields_keep_their_values,
    names_need_not_be_unique,
    deletion_is_rejected_while_in_use,
];

async fn labels_are_created_read_changed_and_deleted(gateway: Gateway) {
    let now = |gateway: &Gateway| {
        gateway
            .services
            .clock
            .now()
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    };
    for kind in LABELS {
        let response = gateway
            .manager
            .post(
                &list(kind),
                json!({ "name": "Água", "description": "Ünïcödé 水" }),
            )
            .await;
        let mut label = response.expect(201);
        let path = format!("{}/{}/", kind.plural(), label["id"]);
        response.expect_location(&format!("http://{}/api/v1/{path}", gateway.address));
        assert_eq!(
            label,
            json!({
                "id": label["id"], "name": "Água", "description": "Ünïcödé 水",
                "created_at": now(&gateway), "updated_at": now(&gateway),
            })
        );
        gateway.viewer.get(&path).await.expect_json(200, &label);

        gateway.advance_clock(90);
        label["name"] = "Fogo".into();
        label["updated_at"] = now(&gateway).into();
        gateway
            .manager
            .patch(&path, json!({ "name": "Fogo" }))
            .await
            .expect_json(200, &label);
        gateway.viewer.get(&path).await.expect_json(200, &label);

        gateway.root.delete(&path).await.expect_body(204, "");
        gateway.viewer.get(&path).await.expect_body(404, NOT_FOUND);
        gateway.root.delete(&path).await.expect_body(404, NOT_FOUND);
        gateway
            .root
            .patch(&path, json!({ "name": "Fogo" }))
            .await
            .expect_body(404, NOT_FOUND);
        assert_eq!(gateway.viewer.get(&list(kind)).await.expect(200)["count"], 0);
    }
}

async fn texts_are_trimmed_and_empty_ones_are_null(gateway: Gateway) {
    for kind in LABELS {
        let body = json!({ "name": " \t\u{a0}\u{3000}Sam sung\r\n ", "description": "  two  words  " });
        let created = gateway.manager.post(&list(kind), body).await.expect(201);
        assert_eq!(
            (&created["name"], &created["description"]),
            (&json!("Sam sung"), &json!("two  words"))
        );
        let path = format!("{}/{}/", kind.plural(), created["id"]);
        for empty in [json!(""), json!(" \n "), Value::Null] {
            gateway
                .manager
                .patch(&path, json!({ "description": "something" }))
                .await
                .expect(200);
            let changed = gateway
                .manager
                .patch(&path, json!({ "description": empty }))
                .await
                .expect(200);
            assert_eq!(changed["description"], Value::Null);
        }
        let created = gateway
            .manager
            .post(&list(kind), json!({ "name": "No description" }))
            .await
            .expect(201);
        assert_eq!(created["description"], Value::Null);
    }
}

async fn names_have_1_to_500_characters(gateway: Gateway) {
    // Length counts characters after trimming, not bytes.
    let longest = "水".repeat(500);
    for kind in LABELS {
        let created = gateway
            .manager
            .post(&list(kind), json!({ "name": format!(" {longest} ") }))
            .await
            .expect(201);
        assert_eq!(created["name"], longest);
        let path = format!("{}/{}/", kind.plural(), created["id"]);
        let too_long = json!({ "name": [ "Ensure this field has no more than 500 characters." ] });
        let blank = json!({ "name": [ "This field may not be blank." ] });
        let cases = [
            (json!({ "name": format!("{longest}x") }), too_long),
            (json!({ "name": "" }), blank.clone()),
            (json!({ "name": " \n\t " }), blank),
            (
                json!({ "name": null }),
                json!({ "name": [ "This field may not be null." ] }),
            ),
            (
                json!({ "name": "a\u{0}b" }),
                json!({ "name": [ "Null characters are not allowed." ] }),
            ),
            (
                json!({ "name": [ "a" ] }),
                json!({ "name": [ "Not a valid string." ] }),
            ),
            (
                json!({ "name": { "a": 1 } }),
                json!({ "name": [ "Not a valid string." ] }),
            ),
            (
                json!({ "name": true }),
                json!({ "name": [ "Not a valid string." ] }),
            ),
            (
                json!({ "name": "fine", "description": "a\u{0}b" }),
                json!({ "description": [ "Null characters are not allowed." ] }),
            ),
        ];
        for (body, refusal) in cases {
            gateway
                .manager
                .post(&list(kind), body.clone())
                .await
                .expect_json(422, &refusal);
            gateway
                .manager
                .patch(&path, body.clone())
                .await
                .expect_json(422, &refusal);
            gateway.manager.put(&path, body).await.expect_json(422, &refusal);
        }
        let required = json!({ "name": [ "This field is required." ] });
        gateway
            .manager
            .post(&list(kind), json!({}))
            .await
            .expect_json(422, &required);
        // No part of the rejected change was stored.
        assert_eq!(gateway.viewer.get(&path).await.json()["name"], longest);
        assert_eq!(gateway.viewer.get(&list(kind)).await.json()["count"], 1);
    }
}

async fn all_invalid_fields_are_reported_at_once(gateway: Gateway) {
    for kind in LABELS {
        let body = json!({ "name": "", "description": "\u{0}" });
        let refusal = json!({
            "name": [ "This field may not be blank." ],
            "description": [ "Null characters are not allowed." ],
        });
        gateway
            .manager
            .post(&list(kind), body)
            .await
            .expect_json(422, &refusal);
    }
}

async fn absent_fields_keep_their_values(gateway: Gateway) {
    for kind in LABELS {
        let id = gateway
            .manager
            .make(kind, json!({ "name": "Samsung", "description": "Electronics" }))
            .await;
        let path = format!("{}/{id}/", kind.plural());
        let renamed = gateway
            .manager
            .put(&path, json!({ "name": "LG" }))
            .await
            .expect(200);
        assert_eq!(
            (&renamed["name"], &renamed["description"]),
            (&json!("LG"), &json!("Electronics"))
        );
        let described = gateway
            .manager
            .put(&path, json!({ "description": "Korean" }))
            .await
            .expect(200);
        assert_eq!(
            (&described["name"], &described["description"]),
            (&json!("LG"), &json!("Korean"))
        );
        // Unknown and read-only fields are ignored.
        let ignored = json!({
            "id": 99, "created_at": "1999-01-01T00:00:00Z", "updated_at": 7, "version": 40, "colour": [ "red" ],
        });
        gateway
            .manager
            .patch(&path, ignored)
            .await
            .expect_json(200, &described);
        // The body of a response can be sent back.
        gateway
            .manager
            .put(&path, described.clone())
            .await
            .expect_json(200, &described);
    }
}

async fn names_need_not_be_unique(gateway: Gateway) {
    for kind in LABELS {
        let first = gateway.manager.make(kind, json!({ "name": "Samsung" })).await;
        let second = gateway.manager.make(kind, json!({ "name": "Samsung" })).await;
        assert_ne!(first, second);
        assert_eq!(gateway.viewer.get(&list(kind)).await.ids(), [first, second]);
    }
}

async fn deletion_is_rejected_while_in_use(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::create(root).await;
    root.make(Kind::Product, sample.body(Kind::Product)).await;
    for (kind, details) in [
        (Kind::Brand, json!({ "products": 2 })),
        (Kind::Category, json!({ "products": 2 })),
        (Kind::Supplier, json!({ "inflows": 1 })),
    ] {
        assert_eq!(
            root.delete(&sample.path(kind))
                .await
                .expect_error(409, "PROTECTED"),
            details
        );
        root.get(&sample.path(kind)).await.expect(200);
    }
    // An object can be deleted once no other object refers to it.
    root.delete(&sample.path(Kind::Inflow)).await.expect_body(204, "");
    root.delete(&sample.path(Kind::Supplier))
        .await
        .expect_body(204, "");
}
