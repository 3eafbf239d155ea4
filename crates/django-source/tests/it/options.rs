//! The effects of `--map`, `--serie`, `--price`, `--timezone` and other flags.

use django_source::CheckResult;

use crate::collected::Collected;
use crate::databases::{changed, check, path};

#[tokio::test]
async fn a_map_gives_a_column_its_meaning() {
    let sql = "ALTER TABLE products_product RENAME COLUMN selling_price TO vista";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    let report = serde_json::to_value(plan.report()).expect("JSON");
    assert_eq!(report["verdict"], "refuse");
    assert_eq!(
        report["because"][0]["columns"],
        serde_json::json!(["selling_price"])
    );

    let plan = check(&address, &["--map=products_product.vista=selling_price"])
        .await
        .expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import);
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.cell("product", 4, "selling_price"), "1234.56");

    for wrong in [
        "--map=products_product.nothing=title",
        "--map=nothing.vista=title",
        "--map=products_product.vista=colour",
    ] {
        assert!(check(&address, &[wrong]).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn renamed_tables_are_found_by_their_structure() {
    let sql = "ALTER TABLE products_product RENAME TO store_merchandise; ALTER TABLE brands_brand RENAME TO store_maker;
        UPDATE django_content_type SET app_label = 'store', model = 'merchandise' WHERE model = 'product';
        UPDATE django_content_type SET app_label = 'store', model = 'maker' WHERE model = 'brand'";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    assert_eq!(
        plan.report().result,
        CheckResult::Import,
        "{:?}",
        plan.report().because
    );
    assert_eq!(plan.report().roles["product"], "store_merchandise");
    assert_eq!(plan.report().roles["brand"], "store_maker");
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.products.len(), 3);
    // Django's permissions belong to the renamed content type.
    assert_eq!(rows.rights()["ann"], serde_json::json!(["add_brand"]));
}

#[tokio::test]
async fn other_policies_for_prices_and_serial_numbers_are_applied() {
    let flags = [
        "--stock=zero",
        "--price=zero",
        "--serie=suffix",
        "--dangling=skip",
        "--unreadable=skip",
    ];
    let plan = check(&path("08_bad_values").display().to_string(), &flags)
        .await
        .expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import);
    let decided: Vec<_> = plan
        .report()
        .findings
        .iter()
        .filter_map(|finding| finding.decided)
        .collect();
    assert!(
        decided.contains(&"--price=zero") && decided.contains(&"--serie=suffix"),
        "{decided:?}"
    );
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.cell("product", 3, "cost_price"), "0.00");
    assert_eq!(rows.cell("product", 1, "serie_number"), "SN-1");
    assert_eq!(rows.cell("product", 4, "serie_number"), "SN-1-4");
}

#[tokio::test]
async fn a_timezone_applies_to_times_without_an_offset() {
    let plan = check(
        &path("07_storage_types").display().to_string(),
        &["--timezone=America/Sao_Paulo"],
    )
    .await;
    let rows = Collected::of(plan.expect("the source can be read"))
        .await
        .expect("the rows can be read");
    assert_eq!(rows.cell("brand", 3, "created_at"), "2024-05-06T13:00:00Z");
    assert_eq!(rows.cell("brand", 4, "created_at"), "2024-05-06T10:00:00Z");
    assert_eq!(rows.cell("brand", 6, "created_at"), "2024-05-06T10:00:00Z");
}

#[tokio::test]
async fn duplicate_user_names_stop_the_import() {
    // The table has no unique index, as after a broken migration.
    let sql = "CREATE TABLE u AS SELECT * FROM auth_user; DROP TABLE auth_user; ALTER TABLE u RENAME TO auth_user;
        UPDATE auth_user SET username = 'ann' WHERE username = 'bo'; UPDATE auth_user SET username = '' WHERE id = 1";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    let report = serde_json::to_value(plan.report()).expect("JSON");
    assert_eq!(report["verdict"], "stop");
    let codes: Vec<_> = plan
        .report()
        .findings
        .iter()
        .map(|finding| (finding.code, finding.ids.clone()))
        .collect();
    assert_eq!(
        codes,
        [("unreadable_username", vec![1]), ("duplicate_username", vec![4])]
    );
    let plan = check(&address, &["--unreadable=skip"])
        .await
        .expect("the source can be read");
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.users.iter().map(|user| user.id).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn movements_of_a_skipped_product_are_skipped() {
    let sql = "UPDATE products_product SET cost_price = 'none' WHERE id = 1";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &["--unreadable=skip"])
        .await
        .expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import);
    let note = plan
        .report()
        .notes
        .iter()
        .find(|note| note.code == "rows_skipped")
        .expect("a note");
    let items: Vec<_> = note
        .items
        .iter()
        .map(|item| (item.name.as_str(), item.ids.clone()))
        .collect();
    assert_eq!(items, [("inflow", vec![1]), ("outflow", vec![1])]);
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(
        (rows.inflows.len(), rows.outflows.len(), rows.changes.len()),
        (1, 0, 1)
    );
}

#[tokio::test]
async fn permissions_of_a_renamed_table_are_imported() {
    let sql = "ALTER TABLE brands_brand RENAME TO tb_brand";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    assert_eq!(
        plan.report().result,
        CheckResult::Import,
        "{:?}",
        plan.report().because
    );
    assert_eq!(plan.report().roles["brand"], "tb_brand");
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.rights()["ann"], serde_json::json!(["add_brand"]));
}

#[tokio::test]
async fn a_custom_permission_grants_no_other() {
    let sql = "INSERT INTO auth_permission (content_type_id, codename, name)
        SELECT id, 'change_price', 'Can change the price' FROM django_content_type WHERE model = 'product';
        INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT 4, id FROM auth_permission WHERE codename = 'change_price'";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    let note = plan
        .report()
        .notes
        .iter()
        .find(|note| note.code == "permissions_dropped")
        .expect("a note");
    assert_eq!(note.items[0].name, "products.change_price");
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(rows.rights(), serde_json::json!({"ann": ["add_brand"]}));
}
