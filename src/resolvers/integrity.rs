//! Integrity checks with a different query for each kind of database.

use database::Backend;

/// The rules that should hold, each with a query that describes every violation in the column `message`.
pub fn checks(backend: Backend) -> &'static [(&'static str, &'static str)] {
    match backend {
        Backend::Sqlite => &[
            (
                "the file is intact, and its indexes match its tables",
                "SELECT integrity_check AS message FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
            ),
            (
                "every reference points to an existing row",
                r#"SELECT "table" || ' ' || rowid || ' refers to a missing ' || parent AS message
                       FROM pragma_foreign_key_check"#,
            ),
            (
                "prices are stored in the form that sorts them as numbers",
                "SELECT message FROM (
                        SELECT 'product ' || id AS message, cost_price AS price FROM product
                        UNION ALL SELECT 'product ' || id, selling_price FROM product
                        UNION ALL SELECT 'outflow ' || id, unit_price FROM outflow
                        UNION ALL SELECT 'outflow ' || id, unit_cost FROM outflow)
                     WHERE typeof(price) <> 'text' OR length(price) <> 23 OR instr(price, '.') <> 21
                         OR replace(price, '.', '') GLOB '*[^0-9]*' OR replace(price, '.', '') = price",
            ),
        ],
        Backend::Postgres => &[
            (
                "constraints are in force",
                "SELECT conname::text AS message FROM pg_constraint
                     WHERE connamespace = CAST(current_schema() AS regnamespace) AND NOT convalidated",
            ),
            (
                "every reference points to an existing row",
                "SELECT 'product ' || product.id || ' refers to a missing category' AS message FROM product
                        LEFT JOIN category ON category.id = category_id WHERE category.id IS NULL
                     UNION ALL SELECT 'product ' || product.id || ' refers to a missing brand' FROM product
                        LEFT JOIN brand ON brand.id = brand_id WHERE brand.id IS NULL
                     UNION ALL SELECT 'inflow ' || inflow.id || ' refers to a missing supplier' FROM inflow
                        LEFT JOIN supplier ON supplier.id = supplier_id WHERE supplier.id IS NULL
                     UNION ALL SELECT 'inflow ' || inflow.id || ' refers to a missing product' FROM inflow
                        LEFT JOIN product ON product.id = product_id WHERE product.id IS NULL
                     UNION ALL SELECT 'outflow ' || outflow.id || ' refers to a missing product' FROM outflow
                        LEFT JOIN product ON product.id = product_id WHERE product.id IS NULL",
            ),
        ],
    }
}
