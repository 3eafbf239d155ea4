//! The documented installation with other names, other types and other users.

use django_source::CheckResult;

use crate::collected::Collected;
use crate::databases::{changed, check};

const TABLES: [(&str, &str); 6] = [
    ("brands", "brand"),
    ("categories", "category"),
    ("suppliers", "supplier"),
    ("products", "product"),
    ("inflows", "inflow"),
    ("outflows", "outflow"),
];

/// The imported rows after these statements. Asserts that they are the same as in the documented database.
async fn import_all(name: &str, sql: &str) -> Collected {
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    assert_eq!(
        plan.report().result,
        CheckResult::Import,
        "{name}: {:?}",
        plan.report().because
    );
    let rows = Collected::of(plan).await.expect("the rows can be read");
    let (_folder, address) = changed("01_documented", "");
    let plan = check(&address, &[]).await.expect("the source can be read");
    let documented = Collected::of(plan).await.expect("the rows can be read");
    let others = |rows: &Collected| {
        let accounts = ["user", "group_permission", "user_group", "user_permission"];
        let summaries = rows
            .summaries
            .iter()
            .filter(|table| !accounts.contains(&table.table));
        summaries.cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&rows), others(&documented), "{name}");
    assert_eq!(rows.users.len(), documented.users.len(), "{name}");
    rows
}

#[tokio::test]
async fn renamed_tables_are_found() {
    let renamed = |name: fn(&str, &str) -> String| {
        let statement =
            |(app, model): (&str, &str)| format!("ALTER TABLE {app}_{model} RENAME TO {};", name(app, model));
        TABLES.map(statement).concat()
    };
    import_all("plural", &renamed(|app, _| format!("tb_{app}"))).await;
    import_all(
        "capitals",
        &renamed(|_, model| format!("STK_{}", model.to_uppercase())),
    )
    .await;
    import_all("the model's name alone", &renamed(|_, model| model.to_owned())).await;
    import_all(
        "no content types",
        "DELETE FROM auth_user_user_permissions; DELETE FROM django_content_type",
    )
    .await;
}

#[tokio::test]
async fn renamed_models_are_found() {
    let model = |from: &str, app: &str, to: &str| {
        format!("UPDATE django_content_type SET app_label = '{app}', model = '{to}' WHERE model = '{from}';")
    };
    let vendors = "ALTER TABLE suppliers_supplier RENAME TO vendors_vendor;
        ALTER TABLE inflows_inflow RENAME COLUMN supplier_id TO vendor_id;";
    import_all(
        "vendors",
        &format!("{vendors}{}", model("supplier", "vendors", "vendor")),
    )
    .await;
    let items = "ALTER TABLE products_product RENAME TO items_item; ALTER TABLE inflows_inflow RENAME COLUMN product_id TO item_id;
        ALTER TABLE outflows_outflow RENAME COLUMN product_id TO item_id;";
    import_all("items", &format!("{items}{}", model("product", "items", "item"))).await;
    let stock = "ALTER TABLE inflows_inflow RENAME TO stock_stockin; ALTER TABLE outflows_outflow RENAME TO stock_stockout;";
    let stock = format!(
        "{stock}{}{}",
        model("inflow", "stock", "stockin"),
        model("outflow", "stock", "stockout")
    );
    import_all("stock in and out", &stock).await;
}

#[tokio::test]
async fn renamed_columns_are_found() {
    for (table, columns) in [
        (
            "products_product",
            "title=nombre cost_price=precio_compra selling_price=precio_venta quantity=cantidad",
        ),
        (
            "products_product",
            "title=Título cost_price=costPrice selling_price=sellingPrice created_at=createdAt",
        ),
        (
            "products_product",
            "cost_price=buying_price selling_price=retail_price quantity=quantity_in_stock",
        ),
        (
            "products_product",
            "title=TITLE quantity=QUANTITY cost_price=COST_PRICE brand_id=Brand_Id",
        ),
        ("inflows_inflow", "created_at=date quantity=amount"),
        ("outflows_outflow", "created_at=date_added quantity=units"),
    ] {
        let renamed = |pair: &str| {
            let (from, to) = pair.split_once('=').expect("a pair");
            format!("ALTER TABLE {table} RENAME COLUMN \"{from}\" TO \"{to}\";")
        };
        import_all(columns, &columns.split(' ').map(renamed).collect::<String>()).await;
    }
}

#[tokio::test]
async fn an_ambiguous_name_needs_the_right_type() {
    let sql = "ALTER TABLE products_product DROP COLUMN created_at; ALTER TABLE products_product ADD COLUMN data text DEFAULT '{}'";
    let (_folder, address) = changed("01_documented", sql);
    let plan = check(&address, &[]).await.expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import);
    let missing = plan
        .report()
        .notes
        .iter()
        .find(|note| note.code == "columns_missing");
    assert_eq!(
        missing.expect("a note").items[0].name,
        "products_product.created_at"
    );
}

/// The statements that rename the table of users and the tables of their groups and permissions.
fn rename_users(table: &str) -> String {
    format!(
        "ALTER TABLE auth_user RENAME TO {table}; ALTER TABLE auth_user_groups RENAME TO {table}_groups;
         ALTER TABLE auth_user_user_permissions RENAME TO {table}_user_permissions;"
    )
}

#[tokio::test]
async fn custom_user_models_are_found() {
    let model = "UPDATE django_content_type SET app_label = 'accounts', model = 'customuser' WHERE app_label = 'auth' AND model = 'user'";
    for table in ["accounts_customuser", "users"] {
        let sql = format!(
            "{}{model}; ALTER TABLE {table}_groups RENAME COLUMN user_id TO customuser_id;
             ALTER TABLE {table}_user_permissions RENAME COLUMN user_id TO customuser_id",
            rename_users(table)
        );
        let rows = import_all(table, &sql).await;
        assert_eq!(rows.rights()["ann"], serde_json::json!(["add_brand"]), "{table}");
    }
    let by_address = format!(
        "{}{model}; CREATE TABLE copied AS SELECT * FROM accounts_customuser; DROP TABLE accounts_customuser;
         ALTER TABLE copied RENAME TO accounts_customuser;
         UPDATE accounts_customuser SET email = 'user' || id || '@example.org', username = ''",
        rename_users("accounts_customuser")
    );
    let rows = import_all("empty names", &by_address).await;
    assert!(
        rows.users
            .iter()
            .all(|user| user.username.ends_with("@example.org"))
    );
    let bare = "CREATE TABLE members_member (id integer PRIMARY KEY, password varchar(128), last_login datetime, email varchar(255), is_admin bool);
        INSERT INTO members_member SELECT id, password, last_login, 'user' || id || '@example.org', is_superuser FROM auth_user;
        DROP TABLE auth_user_groups; DROP TABLE auth_user_user_permissions; DROP TABLE auth_user";
    let rows = import_all("a bare model", bare).await;
    assert!(
        rows.users
            .iter()
            .all(|user| user.is_active && user.username.ends_with("@example.org"))
    );
    assert!(rows.users.iter().any(|user| user.is_superuser));
}
