//! The rules through both APIs: the same input has the same outcome.

use ::entity::stock_change;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::Actor;
use crate::support::api::{APIS, Api, Outcome};
use crate::support::gateway::Gateway;
use crate::support::samples::{MOVEMENTS, Sample};

on_both_databases![
    both_apis_show_the_same_objects,
    products_obey_the_same_rules,
    movements_obey_the_same_rules,
    deleting_obeys_the_same_rules,
    both_apis_check_versions,
    both_apis_check_the_same_permissions,
    the_same_history_leaves_the_same_ledger,
];

const BLANK: &str = "This field may not be blank.";
const NUL: &str = "Null characters are not allowed.";
const NEGATIVE: &str = "Ensure this value is greater than or equal to 0.";
const BELOW_ONE: &str = "Ensure this value is greater than or equal to 1.";

async fn both_apis_show_the_same_objects(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let details =
        json!({ "description": "Flagship", "serie_number": "SN1", "cost_price": "12345678901234567890.99" });
    gateway
        .root
        .patch(&sample.path(Kind::Product), details)
        .await
        .expect(200);
    for kind in Kind::ALL {
        let read = Api::Rest
            .find(&gateway.viewer, kind, sample.id(kind))
            .await
            .done();
        assert_eq!(
            Api::GraphQl
                .find(&gateway.viewer, kind, sample.id(kind))
                .await
                .done(),
            read
        );
        for api in APIS {
            // Each object is created through one API and read through both.
            let created = api.create(&gateway.manager, kind, sample.body(kind)).await.done();
            let id = created["id"].as_i64().expect("an id");
            for other in APIS {
                assert_eq!(
                    other.find(&gateway.viewer, kind, id).await.done(),
                    created,
                    "{api:?} and {other:?}"
                );
            }
            assert_eq!(api.find(&gateway.viewer, kind, 999).await, Outcome::NotFound);
        }
    }
}

async fn products_obey_the_same_rules(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let actor = &gateway.manager;
    let existing = sample.with(Kind::Product, "serie_number", json!("SN-1"));
    actor.make(Kind::Product, existing).await;
    for api in APIS {
        let id = api
            .create(actor, Kind::Product, sample.body(Kind::Product))
            .await
            .id();
        let too_many_digits = "Ensure that there are no more than 20 digits before the decimal point.";
        let decimals = "Ensure that there are no more than 2 decimal places.";
        let missing = "Invalid pk \"999\" - object does not exist.";
        for (field, value, message) in [
            ("title", json!(" "), BLANK),
            (
                "title",
                json!("x".repeat(501)),
                "Ensure this field has no more than 500 characters.",
            ),
            (
                "serie_number",
                json!("x".repeat(201)),
                "Ensure this field has no more than 200 characters.",
            ),
            ("serie_number", json!("SN-1"), "This field must be unique."),
            ("serie_number", json!(" SN-1 "), "This field must be unique."),
            ("description", json!("\u{0}"), NUL),
            ("category", json!(999), missing),
            ("brand", json!(999), missing),
            ("cost_price", json!("100000000000000000000"), too_many_digits),
            ("selling_price", json!("1.999"), decimals),
            ("selling_price", json!("-0.01"), NEGATIVE),
            ("cost_price", json!(-1), NEGATIVE),
            ("quantity", json!(-1), NEGATIVE),
        ] {
            let body = sample.with(Kind::Product, field, value.clone());
            api.create(actor, Kind::Product, body)
                .await
                .expect_invalid(&[(field, message)]);
            api.update(actor, Kind::Product, id, None, json!({ field: value }))
                .await
                .expect_invalid(&[(field, message)]);
        }
        for (field, value, expected) in [
            (
                "selling_price",
                json!("12345678901234567890.99"),
                json!("12345678901234567890.99"),
            ),
            ("selling_price", json!("5"), json!("5.00")),
            ("cost_price", json!(12.5), json!("12.50")),
            ("quantity", json!(2_147_483_647), json!(2_147_483_647)),
            ("quantity", json!(0), json!(0)),
            ("serie_number", json!(" sn-1 "), json!("sn-1")),
            ("serie_number", json!(""), Value::Null),
            ("serie_number", Value::Null, Value::Null),
        ] {
            let changed = api
                .update(actor, Kind::Product, id, None, json!({ field: value }))
                .await
                .done();
            assert_eq!(changed[field], expected, "{api:?} {field}");
        }
        let all = json!({
            "title": "", "category": 999, "brand": 999, "serie_number": "SN-1", "cost_price": "-1", "selling_price": "0.001",
            "quantity": -5,
        });
        let errors = [
            ("title", BLANK),
            ("category", missing),
            ("brand", missing),
            ("serie_number", "This field must be unique."),
            ("cost_price", NEGATIVE),
            ("selling_price", decimals),
            ("quantity", NEGATIVE),
        ];
        api.create(actor, Kind::Product, all.clone())
            .await
            .expect_invalid(&errors);
        api.update(actor, Kind::Product, id, None, all)
            .await
            .expect_invalid(&errors);
    }
    gateway.assert_invariants().await;
}

async fn movements_obey_the_same_rules(gateway: Gateway) {
    let actor = &gateway.manager;
    for api in APIS {
        let product = gateway.root.product("Bolts", 10).await;
        let supplier = gateway
            .root
            .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
            .await;
        let outflow_body = |quantity: i64| json!({ "product": product, "quantity": quantity });
        let inflow_body =
            |quantity: i64| json!({ "supplier": supplier, "product": product, "quantity": quantity });
        let outflow = |body| api.create(actor, Kind::Outflow, body);
        let inflow = |body| api.create(actor, Kind::Inflow, body);

        outflow(outflow_body(11))
            .await
            .expect_invalid(&[("quantity", "Not enough stock: 10 available.")]);
        for quantity in [0, -3] {
            outflow(outflow_body(quantity))
                .await
                .expect_invalid(&[("quantity", BELOW_ONE)]);
            inflow(inflow_body(quantity))
                .await
                .expect_invalid(&[("quantity", BELOW_ONE)]);
        }
        let missing = "Invalid pk \"999\" - object does not exist.";
        outflow(json!({ "product": 999, "quantity": 1 }))
            .await
            .expect_invalid(&[("product", missing)]);
        let unknown_supplier = json!({ "supplier": 999, "product": product, "quantity": 1 });
        inflow(unknown_supplier)
            .await
            .expect_invalid(&[("supplier", missing)]);
        let too_large = "Ensure this value is less than or equal to 2147483637.";
        inflow(inflow_body(2_147_483_638))
            .await
            .expect_invalid(&[("quantity", too_large)]);
        assert_eq!(gateway.viewer.quantity(product).await, 10);

        let outflow_id = outflow(outflow_body(10)).await.id();
        assert_eq!(gateway.viewer.quantity(product).await, 0);
        let inflow_id = inflow(inflow_body(5)).await.id();
        assert_eq!(gateway.viewer.quantity(product).await, 5);
        outflow(outflow_body(3)).await.done();
        assert_eq!(
            api.delete(&gateway.root, Kind::Inflow, inflow_id).await,
            Outcome::InsufficientStock(json!({ "available": 2, "requested": 5 }))
        );
        api.delete(&gateway.root, Kind::Outflow, outflow_id).await.done();
        api.delete(&gateway.root, Kind::Inflow, inflow_id).await.done();
        assert_eq!(
            api.delete(&gateway.root, Kind::Inflow, inflow_id).await,
            Outcome::NotFound
        );
        assert_eq!(gateway.viewer.quantity(product).await, 7);
    }
    gateway.assert_invariants().await;
}

async fn deleting_obeys_the_same_rules(gateway: Gateway) {
    for api in APIS {
        let sample = Sample::create(&gateway.root).await;
        for (kind, referring) in [
            (Kind::Brand, json!({ "products": 1 })),
            (Kind::Category, json!({ "products": 1 })),
            (Kind::Supplier, json!({ "inflows": 1 })),
            (Kind::Product, json!({ "inflows": 1, "outflows": 1 })),
        ] {
            assert_eq!(
                api.delete(&gateway.root, kind, sample.id(kind)).await,
                Outcome::Protected(referring),
                "{api:?}"
            );
        }
        for kind in [
            Kind::Outflow,
            Kind::Inflow,
            Kind::Product,
            Kind::Brand,
            Kind::Category,
            Kind::Supplier,
        ] {
            api.delete(&gateway.root, kind, sample.id(kind)).await.done();
            assert_eq!(
                api.find(&gateway.root, kind, sample.id(kind)).await,
                Outcome::NotFound
            );
            assert_eq!(
                api.delete(&gateway.root, kind, sample.id(kind)).await,
                Outcome::NotFound
            );
        }
    }
}

async fn both_apis_check_versions(gateway: Gateway) {
    for api in APIS {
        let sample = Sample::create(&gateway.root).await;
        for kind in [Kind::Brand, Kind::Category, Kind::Supplier, Kind::Product] {
            let field = if kind == Kind::Product { "title" } else { "name" };
            let change = |version, name: &str| {
                api.update(
                    &gateway.manager,
                    kind,
                    sample.id(kind),
                    Some(version),
                    json!({ field: name }),
                )
            };
            let document = format!("{{ {}(id: {}) {{ version }} }}", kind.singular(), sample.id(kind));
            let version = gateway.viewer.data(&document, json!({})).await;
            let version = version[kind.singular()]["version"].as_i64().expect("a version");
            change(version, "Seen").await.done();
            assert_eq!(change(version, "Lost").await, Outcome::Conflict);
            assert_eq!(change(version + 2, "Lost").await, Outcome::Conflict);
            assert_eq!(
                change(version + 1, "Seen again").await.done()[field],
                "Seen again"
            );
        }
    }
}

async fn both_apis_check_the_same_permissions(gateway: Gateway) {
    for actor in gateway.all_actors() {
        for kind in Kind::ALL {
            let sample = Sample::create(&gateway.root).await;
            let mut outcomes = Vec::new();
            for api in APIS {
                let without_object = |outcome: Outcome| match outcome {
                    Outcome::Done(_) => Outcome::Done(Value::Null),
                    other => other,
                };
                let created = without_object(api.create(actor, kind, sample.body(kind)).await);
                let changed = if MOVEMENTS.contains(&kind) {
                    None
                } else {
                    Some(without_object(
                        api.update(
                            actor,
                            kind,
                            sample.id(kind),
                            None,
                            json!({ "description": "New" }),
                        )
                        .await,
                    ))
                };
                let found = without_object(api.find(actor, kind, sample.id(kind)).await);
                let deleted = without_object(api.delete(actor, kind, 999_999).await);
                outcomes.push((created, changed, found, deleted));
            }
            assert_eq!(outcomes[0], outcomes[1], "{} {kind:?}", actor.name);
        }
    }
}

/// The ledger of a product.
async fn ledger(gateway: &Gateway, product: i64) -> Vec<(stock_change::Reason, i64, i64, Option<i64>)> {
    let rows = stock_change::Entity::find()
        .filter(stock_change::Column::ProductId.eq(product))
        .order_by_asc(stock_change::Column::Id)
        .all(&gateway.services.db)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.reason, row.change, row.balance, row.actor_id))
        .collect()
}

async fn the_same_history_leaves_the_same_ledger(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let mut ledgers = Vec::new();
    for api in APIS {
        let actor: &Actor = &gateway.administrator;
        let product = api
            .create(actor, Kind::Product, sample.body(Kind::Product))
            .await
            .id();
        let movement = json!({ "supplier": sample.supplier, "product": product, "quantity": 5 });
        let inflow = api.create(actor, Kind::Inflow, movement).await.id();
        let movement = json!({ "product": product, "quantity": 8 });
        let outflow = api.create(actor, Kind::Outflow, movement.clone()).await.id();
        api.create(actor, Kind::Outflow, movement).await.done();
        api.update(
            actor,
            Kind::Product,
            product,
            None,
            json!({ "quantity": 40, "title": "Counted" }),
        )
        .await
        .done();
        api.update(
            actor,
            Kind::Product,
            product,
            None,
            json!({ "title": "Not counted" }),
        )
        .await
        .done();
        api.delete(actor, Kind::Outflow, outflow).await.done();
        api.delete(actor, Kind::Inflow, inflow).await.done();
        ledgers.push(ledger(&gateway, product).await);
    }
    assert_eq!((ledgers[0].len(), &ledgers[0]), (7, &ledgers[1]));
    gateway.assert_invariants().await;
}
