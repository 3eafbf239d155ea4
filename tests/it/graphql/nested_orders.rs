//! Nested connections in every order: their rows, their cursors, and the plans of their statements.

use std::collections::BTreeSet;

use ::entity::product;
use database::Backend;
use sea_orm::sea_query::{ExprTrait as _, IntoIden as _, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Statement, StatementBuilder,
};
use serde_json::json;
use stockroom::ctx::Ctx;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::graphql_request::id;

on_both_databases![
    every_order_is_tested,
    nested_pages_are_ordered_for_parents_of_every_size,
    nested_pages_continue_after_a_cursor_in_every_order,
    orders_of_other_columns_read_only_the_rows_of_the_parents,
];

/// The values of `ProductOrderField`.
const PRODUCT_ORDERS: [&str; 8] = [
    "ID",
    "TITLE",
    "SERIE_NUMBER",
    "COST_PRICE",
    "SELLING_PRICE",
    "QUANTITY",
    "CREATED_AT",
    "UPDATED_AT",
];

/// The values of `InflowOrderField` and `OutflowOrderField`.
const MOVEMENT_ORDERS: [&str; 4] = ["ID", "QUANTITY", "CREATED_AT", "UPDATED_AT"];

/// Brands with 0, 2 and 1,501 products, and twenty more without any.
async fn fill_sizes(gateway: &Gateway) {
    let root = &gateway.root;
    root.make(Kind::Category, json!({ "name": "C" })).await;
    for number in 1..=23 {
        root.make(Kind::Brand, json!({ "name": format!("B{number}") }))
            .await;
    }
    for (brand, price) in [(3, 5), (2, 9), (2, 7)] {
        let product = json!({ "title": "p", "brand": brand, "category": 1, "cost_price": 1, "selling_price": price, "quantity": price });
        root.make(Kind::Product, product).await;
    }
    // Prices and quantities repeat, so that ids break ties.
    gateway
        .sql(
            "INSERT INTO product (title, title_folded, category_id, brand_id, cost_price, selling_price, quantity, version, created_at, updated_at)
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1500)
             SELECT 'p', 'p', category_id, brand_id, cost_price, (SELECT selling_price FROM product AS priced WHERE priced.id = 1 + n % 3),
                n % 50, 1, created_at, updated_at
             FROM product CROSS JOIN number WHERE product.id = 1",
        )
        .await
        .expect("products");
    gateway.sql("ANALYZE product").await.expect("statistics");
}

async fn every_order_is_tested(gateway: Gateway) {
    for (name, tested) in [
        ("ProductOrderField", &PRODUCT_ORDERS[..]),
        ("InflowOrderField", &MOVEMENT_ORDERS[..]),
        ("OutflowOrderField", &MOVEMENT_ORDERS[..]),
    ] {
        let document = format!("{{ __type(name: \"{name}\") {{ enumValues {{ name }} }} }}");
        let data = gateway.viewer.data(&document, json!({})).await;
        let values = data["__type"]["enumValues"].as_array().expect("values");
        let values: BTreeSet<_> = values.iter().filter_map(|value| value["name"].as_str()).collect();
        assert_eq!(values, tested.iter().copied().collect(), "{name}");
    }
}

async fn nested_pages_are_ordered_for_parents_of_every_size(gateway: Gateway) {
    fill_sizes(&gateway).await;
    for field in PRODUCT_ORDERS {
        for direction in ["ASC", "DESC"] {
            let order = format!("orderBy: {{ field: {field}, direction: {direction} }}");
            for part in ["first: 7", "last: 4", "first: 3, offset: 5"] {
                let document = format!(
                    "{{ brands(first: 23, orderBy: {{ field: ID }}) {{ nodes {{ id products({part}, {order}) {{ nodes {{ id }} }} }} }} }}"
                );
                let nested = gateway.viewer.data(&document, json!({})).await;
                for brand in nested["brands"]["nodes"].as_array().expect("brands") {
                    if id(brand) > 4 {
                        assert_eq!(brand["products"]["nodes"], json!([]));
                        continue;
                    }
                    let filter = format!("filter: {{ brand: {{ id: {{ eq: {} }} }} }}", brand["id"]);
                    let root = gateway
                        .viewer
                        .page("products", &format!("{part}, {order}, {filter}"))
                        .await;
                    let nested: Vec<i64> = brand["products"]["nodes"]
                        .as_array()
                        .expect("products")
                        .iter()
                        .map(id)
                        .collect();
                    assert_eq!(nested, root, "{part} {order} of brand {}", brand["id"]);
                }
            }
        }
    }
}

/// The ids of two nested pages of five items, the second after the cursor of the first.
async fn two_nested_pages(gateway: &Gateway, parent: &str, list: &str, order: &str) -> Vec<i64> {
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..2 {
        let page = format!("{list}(first: 5, {order}{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }}");
        let data = gateway
            .viewer
            .data(&format!("{{ parent: {parent} {{ {page} }} }}"), json!({}))
            .await;
        let page = &data["parent"][list];
        found.extend(page["nodes"].as_array().expect("nodes").iter().map(id));
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
    }
    found
}

/// Compares with the same rows of the list of all products or movements.
async fn nested_pages_continue_after_a_cursor_in_every_order(gateway: Gateway) {
    fill_sizes(&gateway).await;
    let numbered =
        "UPDATE product SET serie_number = 'S' || id, serie_number_folded = 's' || id WHERE id > 1498";
    gateway.sql(numbered).await.expect("serie numbers");
    let root = &gateway.root;
    root.make(Kind::Supplier, json!({ "name": "S" })).await;
    for quantity in [3, 1, 2, 3, 1, 2, 9, 9, 1, 4, 5, 2] {
        gateway.advance_clock(1);
        let inflow = json!({ "supplier": 1, "product": 1, "quantity": quantity });
        root.make(Kind::Inflow, inflow).await;
        root.make(
            Kind::Outflow,
            json!({ "product": 1, "quantity": 1 + quantity % 3 }),
        )
        .await;
    }
    for (parent, list, filter, fields) in [
        (
            "brand(id: 3)",
            "products",
            "brand: { id: { eq: 3 } }",
            &PRODUCT_ORDERS[..],
        ),
        (
            "product(id: 1)",
            "inflows",
            "product: { id: { eq: 1 } }",
            &MOVEMENT_ORDERS[..],
        ),
        (
            "product(id: 1)",
            "outflows",
            "product: { id: { eq: 1 } }",
            &MOVEMENT_ORDERS[..],
        ),
        (
            "supplier(id: 1)",
            "inflows",
            "supplier: { id: { eq: 1 } }",
            &MOVEMENT_ORDERS[..],
        ),
    ] {
        for field in fields {
            for direction in ["ASC", "DESC"] {
                let order = format!("orderBy: {{ field: {field}, direction: {direction} }}");
                let arguments = format!("first: 10, {order}, filter: {{ {filter} }}");
                let expected = gateway.viewer.page(list, &arguments).await;
                assert_eq!(expected.len(), 10);
                let nested = two_nested_pages(&gateway, parent, list, &order).await;
                assert_eq!(nested, expected, "{list} of {parent}, {order}");
            }
        }
    }
}

/// Checks the query plans: none scans an index of the ordering column alone, which would read the whole table for a
/// parent without rows. Only two orders read other rows from the table than those on the page.
async fn orders_of_other_columns_read_only_the_rows_of_the_parents(gateway: Gateway) {
    use product::Column;
    fill_sizes(&gateway).await;
    // The table is large enough that a full scan would cost more than any index.
    let more_products = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)
        INSERT INTO product (title, title_folded, category_id, brand_id, cost_price, selling_price, quantity, version, created_at, updated_at)
        SELECT 'q', 'q', category_id, 24 + n % 100, cost_price, selling_price, n % 50, 1, created_at, updated_at
        FROM product CROSS JOIN number WHERE product.id = 1";
    for brand in 24..=123 {
        gateway
            .root
            .make(Kind::Brand, json!({ "name": format!("B{brand}") }))
            .await;
    }
    gateway.sql(more_products).await.expect("products");
    let ctx = gateway.system();
    let backend = ctx.db().backend();
    gateway.sql("ANALYZE product").await.expect("statistics");
    if backend == Backend::Postgres {
        // PostgreSQL plans to read an index alone if the rows are visible to all. A vacuum would find that only while no
        // other session, such as one of another test that is just starting, has an older snapshot.
        let visible = "UPDATE pg_class SET relallvisible = relpages WHERE relname = 'product'";
        gateway.sql(visible).await.expect("visible pages");
    }
    let table = || (product::Entity.into_iden(), Column::Id.into_iden());
    let parents: Vec<i64> = (1..=23).collect();
    for (column, is_in_index) in [
        (Column::SerieNumberFolded, true),
        (Column::Quantity, false),
        (Column::UpdatedAt, false),
    ] {
        let of_parent = Column::BrandId.into_expr().eq(backend.parent());
        let compared = Some(vec![column.into_iden(), Column::Id.into_iden()]);
        let ordered = product::Entity::find()
            .order_by(column, Order::Asc)
            .order_by(Column::Id, Order::Asc)
            .limit(11)
            .into_query();
        let keys = backend.filter_first(product::Entity.into_iden(), of_parent, compared, ordered);
        let plan = plan(&ctx, &backend.per_parent_by_key(&parents, table(), keys)).await;
        assert_planned_by_brand(&plan);
        let by_index_alone = match backend {
            Backend::Sqlite => "USING COVERING INDEX product_brand_id_",
            Backend::Postgres => "Index Only Scan using product_brand_id_",
        };
        assert_eq!(plan.contains(by_index_alone), is_in_index, "{column:?}: {plan}");
    }
    for (column, is_id) in [
        (Column::TitleFolded, false),
        (Column::Id, true),
        (Column::CostPrice, false),
        (Column::SellingPrice, false),
        (Column::CreatedAt, false),
    ] {
        let mut rows = product::Entity::find()
            .filter(backend.within_parent(Column::BrandId.into_expr()))
            .order_by(Column::BrandId, Order::Asc)
            .order_by(column, Order::Asc);
        if !is_id {
            rows = rows.order_by(Column::Id, Order::Asc);
        }
        let rows = rows.limit(11).into_query();
        let plan = plan(&ctx, &backend.per_parent(&parents, table(), rows)).await;
        assert_planned_by_brand(&plan);
        assert!(!plan.contains("product_pkey") && !plan.contains("Sort"), "{plan}");
        assert!(!plan.contains("ORDER BY"), "{plan}");
    }
}

async fn plan(ctx: &Ctx, statement: &SelectStatement) -> String {
    let db = ctx.db();
    let kind = db.get_database_backend();
    let statement = StatementBuilder::build(statement, &kind);
    let (explain, column) = match db.backend() {
        Backend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        Backend::Postgres => ("EXPLAIN", "QUERY PLAN"),
    };
    let sql = format!("{explain} {}", statement.sql);
    let values = statement.values.map_or_else(Vec::new, |values| values.0);
    let lines: Vec<String> = db
        .query_all_raw(Statement::from_sql_and_values(kind, sql, values))
        .await
        .expect("a plan")
        .iter()
        .map(|row| row.try_get("", column).expect("a line"))
        .collect();
    lines.join("\n")
}

fn assert_planned_by_brand(plan: &str) {
    assert!(plan.contains("product_brand_id_"), "{plan}");
    for index in [
        "title",
        "selling_price",
        "quantity",
        "created_at",
        "updated_at",
        "cost_price",
    ] {
        assert!(!plan.contains(&format!("product_{index}_idx")), "{plan}");
    }
    assert!(!plan.contains("Seq Scan on product"), "{plan}");
}
