//! Products: what one may be, how it is written and read, when it may go.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::gateway::Gateway;
use crate::sample::Sample;

on_both![
    only_five_fields_are_required,
    texts_have_bounds,
    serie_numbers_are_unique,
    quantities_are_32_bit_integers,
    relations_take_ids_in_every_form,
    relations_must_exist,
    all_wrong_fields_are_told_at_once,
    put_and_patch_keep_what_is_not_sent,
    what_was_read_can_be_sent_back,
    deleting_one_with_movements_is_refused,
];

/// Creates with, and changes to, each of these values of one field, and expects this message about it.
async fn refuse(gateway: &Gateway, sample: &Sample, field: &str, values: &[Value], message: &str) {
    let refusal = json!({ field: [ message ] });
    for value in values {
        let body = sample.with(Kind::Product, field, value.clone());
        gateway.manager.post("products/", body).await.says(422, &refusal);
        let change = json!({ field: value });
        gateway
            .manager
            .patch(&sample.path(Kind::Product), change.clone())
            .await
            .says(422, &refusal);
        gateway
            .manager
            .put(&sample.path(Kind::Product), change)
            .await
            .says(422, &refusal);
    }
}

/// Creates with, and changes to, each of these values of one field, and expects to read it as `read`.
async fn accept(gateway: &Gateway, sample: &Sample, field: &str, values: &[Value], read: &Value) {
    for value in values {
        let body = sample.with(Kind::Product, field, value.clone());
        let made = gateway.manager.post("products/", body).await.expect(201);
        assert_eq!(&made[field], read, "{value}");
        let path = format!("products/{}/", made["id"]);
        assert_eq!(
            &gateway.viewer.get(&path).await.expect(200)[field],
            read,
            "{value}"
        );
        let changed = gateway
            .manager
            .patch(&path, json!({ field: value }))
            .await
            .expect(200);
        assert_eq!(&changed[field], read, "{value}");
        gateway.root.delete(&path).await.is(204, "");
    }
}

async fn only_five_fields_are_required(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let required = json!(["This field is required."]);
    gateway.manager.post("products/", json!({})).await.says(
        422,
        &json!({
            "title": required, "category": required, "brand": required,
            "cost_price": required, "selling_price": required,
        }),
    );
    for field in ["title", "category", "brand", "cost_price", "selling_price"] {
        let body = sample.without(Kind::Product, field);
        gateway
            .manager
            .post("products/", body)
            .await
            .says(422, &json!({ field: required }));
        let not_null = json!(["This field may not be null."]);
        let body = sample.with(Kind::Product, field, Value::Null);
        gateway
            .manager
            .post("products/", body.clone())
            .await
            .says(422, &json!({ field: not_null }));
        gateway
            .manager
            .patch(&sample.path(Kind::Product), body)
            .await
            .says(422, &json!({ field: not_null }));
    }
    let body = sample.without(Kind::Product, "quantity");
    let made = gateway.manager.post("products/", body).await.expect(201);
    assert_eq!(
        made,
        json!({
            "id": made["id"], "title": "Galaxy S23",
            "category": { "id": sample.category, "name": "Electronics" },
            "brand": { "id": sample.brand, "name": "Samsung" },
            "description": null, "serie_number": null, "cost_price": "500.00", "selling_price": "799.99",
            "quantity": 0, "created_at": "2024-01-15T10:30:00Z", "updated_at": "2024-01-15T10:30:00Z",
        })
    );
}

async fn texts_have_bounds(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let (title, number) = ("水".repeat(500), "水".repeat(200));
    accept(
        &gateway,
        &sample,
        "title",
        &[json!(title), json!(format!("\n {title}\t"))],
        &json!(title),
    )
    .await;
    accept(
        &gateway,
        &sample,
        "serie_number",
        &[json!(number), json!(format!(" {number} "))],
        &json!(number),
    )
    .await;
    for field in ["serie_number", "description"] {
        accept(
            &gateway,
            &sample,
            field,
            &[json!(""), json!(" \n "), Value::Null],
            &Value::Null,
        )
        .await;
        accept(&gateway, &sample, field, &[json!(" a  b ")], &json!("a  b")).await;
    }
    let long = "d".repeat(100_000);
    accept(&gateway, &sample, "description", &[json!(long)], &json!(long)).await;

    let too_long = [json!(format!("{title}x"))];
    refuse(
        &gateway,
        &sample,
        "title",
        &too_long,
        "Ensure this field has no more than 500 characters.",
    )
    .await;
    let too_long = [json!(format!("{number}x"))];
    refuse(
        &gateway,
        &sample,
        "serie_number",
        &too_long,
        "Ensure this field has no more than 200 characters.",
    )
    .await;
    refuse(
        &gateway,
        &sample,
        "title",
        &[json!(""), json!("  ")],
        "This field may not be blank.",
    )
    .await;
    for field in ["title", "serie_number", "description"] {
        refuse(
            &gateway,
            &sample,
            field,
            &[json!("\u{0}"), json!("a\u{0}b")],
            "Null characters are not allowed.",
        )
        .await;
        refuse(
            &gateway,
            &sample,
            field,
            &[json!(true), json!([]), json!({})],
            "Not a valid string.",
        )
        .await;
    }
}

async fn serie_numbers_are_unique(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let with = |number: Value| sample.with(Kind::Product, "serie_number", number);
    let first = gateway.manager.make(Kind::Product, with(json!("SN-1"))).await;
    let second = gateway.manager.make(Kind::Product, with(json!("SN-2"))).await;
    let taken = json!({ "serie_number": [ "This field must be unique." ] });
    gateway
        .manager
        .post("products/", with(json!("SN-1")))
        .await
        .says(422, &taken);
    gateway
        .manager
        .post("products/", with(json!("  SN-1 ")))
        .await
        .says(422, &taken);
    let path = format!("products/{second}/");
    gateway
        .manager
        .patch(&path, json!({ "serie_number": "SN-1" }))
        .await
        .says(422, &taken);
    // Its own is no obstacle.
    gateway
        .manager
        .patch(&path, json!({ "serie_number": "SN-2" }))
        .await
        .expect(200);
    // Exactly: another letter case, another form of the same letter, are other numbers.
    gateway.manager.make(Kind::Product, with(json!("sn-1"))).await;
    gateway
        .manager
        .make(Kind::Product, with(json!("caf\u{e9}")))
        .await;
    gateway
        .manager
        .make(Kind::Product, with(json!("cafe\u{301}")))
        .await;
    // Any number of products have none.
    for _ in 0..2 {
        gateway.manager.make(Kind::Product, with(Value::Null)).await;
        gateway.manager.make(Kind::Product, with(json!(" "))).await;
    }
    // One that is gone leaves its number.
    gateway
        .root
        .delete(&format!("products/{first}/"))
        .await
        .is(204, "");
    gateway.manager.make(Kind::Product, with(json!("SN-1"))).await;
}

async fn quantities_are_32_bit_integers(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    accept(
        &gateway,
        &sample,
        "quantity",
        &[json!(0), json!("0"), json!("000")],
        &json!(0),
    )
    .await;
    accept(
        &gateway,
        &sample,
        "quantity",
        &[json!(2_147_483_647), json!("2147483647")],
        &json!(2_147_483_647),
    )
    .await;
    let no_integers = [
        json!(true),
        json!(false),
        json!(1.5),
        json!("1.5"),
        json!("a"),
        json!(""),
        json!("1 2"),
        json!("0x10"),
        json!("1_000"),
        json!("٣"),
        json!([1]),
        json!({ "a": 1 }),
    ];
    refuse(
        &gateway,
        &sample,
        "quantity",
        &no_integers,
        "A valid integer is required.",
    )
    .await;
    refuse(
        &gateway,
        &sample,
        "quantity",
        &[Value::Null],
        "This field may not be null.",
    )
    .await;
    let negative = [json!(-1), json!("-1"), json!(i64::MIN)];
    refuse(
        &gateway,
        &sample,
        "quantity",
        &negative,
        "Ensure this value is greater than or equal to 0.",
    )
    .await;
    let too_large = [
        json!(2_147_483_648_i64),
        json!("2147483648"),
        json!(i64::MAX),
        json!(u64::MAX),
    ];
    refuse(
        &gateway,
        &sample,
        "quantity",
        &too_large,
        "Ensure this value is less than or equal to 2147483647.",
    )
    .await;
    gateway.is_sound().await;
}

async fn relations_take_ids_in_every_form(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let other = gateway.manager.make(Kind::Brand, json!({ "name": "LG" })).await;
    let read = json!({ "id": other, "name": "LG" });
    let forms = [
        json!(other),
        json!(other.to_string()),
        json!(format!("00{other}")),
        read.clone(),
        json!({ "id": other }),
        json!({ "id": other.to_string(), "name": "whatever" }),
    ];
    accept(&gateway, &sample, "brand", &forms, &read).await;
    let other = gateway
        .manager
        .make(Kind::Category, json!({ "name": "Toys" }))
        .await;
    let read = json!({ "id": other, "name": "Toys" });
    accept(
        &gateway,
        &sample,
        "category",
        &[json!(other), json!(other.to_string()), read.clone()],
        &read,
    )
    .await;
}

async fn relations_must_exist(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    for field in ["brand", "category"] {
        for missing in ["999999", "0", "-1", "9223372036854775807"] {
            let message = format!("Invalid pk \"{missing}\" - object does not exist.");
            let number: i64 = missing.parse().unwrap();
            let forms = [json!(number), json!({ "id": number })];
            refuse(&gateway, &sample, field, &forms, &message).await;
        }
        // Larger than any id there is: no such thing, whatever the words.
        for huge in [
            json!(u64::MAX),
            json!("99999999999999999999999999"),
            json!({ "id": "18446744073709551616" }),
        ] {
            let answer = gateway
                .manager
                .post("products/", sample.with(Kind::Product, field, huge))
                .await;
            assert_eq!(crate::answer::keys(&answer.expect(422)), [field]);
        }
        let pk = |kind: &str| format!("Incorrect type. Expected pk value, received {kind}.");
        refuse(&gateway, &sample, field, &[json!(true)], &pk("bool")).await;
        refuse(&gateway, &sample, field, &[json!("abc"), json!("")], &pk("str")).await;
        refuse(&gateway, &sample, field, &[json!([1])], &pk("list")).await;
        refuse(
            &gateway,
            &sample,
            field,
            &[json!({}), json!({ "name": "LG" })],
            &pk("dict"),
        )
        .await;
    }
}

async fn all_wrong_fields_are_told_at_once(gateway: Gateway) {
    let body = json!({
        "title": " ", "category": 7, "brand": "x", "description": "\u{0}", "serie_number": "n".repeat(201),
        "cost_price": -1, "selling_price": "1.234", "quantity": -1,
    });
    gateway.manager.post("products/", body).await.says(
        422,
        &json!({
            "title": [ "This field may not be blank." ],
            "category": [ "Invalid pk \"7\" - object does not exist." ],
            "brand": [ "Incorrect type. Expected pk value, received str." ],
            "description": [ "Null characters are not allowed." ],
            "serie_number": [ "Ensure this field has no more than 200 characters." ],
            "cost_price": [ "Ensure this value is greater than or equal to 0." ],
            "selling_price": [ "Ensure that there are no more than 2 decimal places." ],
            "quantity": [ "Ensure this value is greater than or equal to 0." ],
        }),
    );
}

async fn put_and_patch_keep_what_is_not_sent(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let path = sample.path(Kind::Product);
    let full = json!({ "description": "Flagship", "serie_number": "SN1" });
    let mut product = gateway.manager.put(&path, full).await.expect(200);
    let other = gateway.manager.make(Kind::Brand, json!({ "name": "LG" })).await;
    let changes = [
        ("title", json!("Ultra"), json!("Ultra")),
        ("brand", json!(other), json!({ "id": other, "name": "LG" })),
        ("description", json!("Old"), json!("Old")),
        ("serie_number", json!("SN2"), json!("SN2")),
        ("cost_price", json!(1), json!("1.00")),
        ("selling_price", json!("2.5"), json!("2.50")),
        ("quantity", json!(3), json!(3)),
        ("description", Value::Null, Value::Null),
        ("serie_number", Value::Null, Value::Null),
    ];
    for (field, value, read) in changes {
        gateway.wait(1);
        product[field] = read;
        product["updated_at"] = gateway
            .app
            .clock
            .now()
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
            .into();
        gateway
            .manager
            .put(&path, json!({ field: value }))
            .await
            .says(200, &product);
        gateway
            .manager
            .patch(&path, json!({ field: value }))
            .await
            .says(200, &product);
        gateway.viewer.get(&path).await.says(200, &product);
    }
    let ignored = json!({ "id": 4, "created_at": null, "updated_at": [], "version": "x", "colour": "red" });
    gateway.manager.put(&path, ignored).await.says(200, &product);
    gateway.is_sound().await;
}

async fn what_was_read_can_be_sent_back(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    for kind in [Kind::Brand, Kind::Category, Kind::Supplier, Kind::Product] {
        let read = gateway.viewer.get(&sample.path(kind)).await.expect(200);
        gateway
            .manager
            .put(&sample.path(kind), read.clone())
            .await
            .says(200, &read);
        gateway
            .manager
            .patch(&sample.path(kind), read.clone())
            .await
            .says(200, &read);
        let mut copy = gateway
            .manager
            .post(&crate::sample::list(kind), read.clone())
            .await
            .expect(201);
        copy["id"] = read["id"].clone();
        assert_eq!(copy, read);
    }
    for kind in crate::sample::MOVEMENTS {
        let read = gateway.viewer.get(&sample.path(kind)).await.expect(200);
        let mut copy = gateway
            .manager
            .post(&crate::sample::list(kind), read.clone())
            .await
            .expect(201);
        copy["id"] = read["id"].clone();
        assert_eq!(copy, read);
    }
}

async fn deleting_one_with_movements_is_refused(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::made_by(root).await;
    let path = sample.path(Kind::Product);
    root.make(Kind::Inflow, sample.body(Kind::Inflow)).await;
    assert_eq!(
        root.delete(&path).await.refuses(409, "PROTECTED"),
        json!({ "inflows": 2, "outflows": 1 })
    );
    root.delete(&sample.path(Kind::Outflow)).await.is(204, "");
    assert_eq!(
        root.delete(&path).await.refuses(409, "PROTECTED"),
        json!({ "inflows": 2 })
    );
    for inflow in root.get("inflows/").await.ids() {
        root.delete(&format!("inflows/{inflow}/")).await.is(204, "");
    }
    root.delete(&path).await.is(204, "");
    // What it was made of may go now, too.
    root.delete(&sample.path(Kind::Brand)).await.is(204, "");
    root.delete(&sample.path(Kind::Category)).await.is(204, "");
    root.delete(&sample.path(Kind::Supplier)).await.is(204, "");
    gateway.is_sound().await;
}
