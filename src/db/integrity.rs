//! What each database can be asked about its own soundness.

use super::Backend;

impl Backend {
    /// Queries for the complaints of the database itself, as texts, and what holds where there are none.
    pub fn complaints(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Sqlite => &[
                (
                    "the file is whole, and its indexes agree with its tables",
                    "SELECT integrity_check AS words FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
                ),
                (
                    "what a row refers to exists",
                    r#"SELECT "table" || ' ' || rowid || ' refers to a missing ' || parent AS words
                       FROM pragma_foreign_key_check"#,
                ),
                (
                    "prices are written in the form that orders them as numbers",
                    "SELECT words FROM (
                        SELECT 'product ' || id AS words, cost_price AS price FROM product
                        UNION ALL SELECT 'product ' || id, selling_price FROM product
                        UNION ALL SELECT 'outflow ' || id, unit_price FROM outflow
                        UNION ALL SELECT 'outflow ' || id, unit_cost FROM outflow)
                     WHERE typeof(price) <> 'text' OR length(price) <> 23 OR instr(price, '.') <> 21
                         OR replace(price, '.', '') GLOB '*[^0-9]*' OR replace(price, '.', '') = price",
                ),
            ],
            Self::Postgres => &[
                (
                    "constraints are in force",
                    "SELECT conname::text AS words FROM pg_constraint
                     WHERE connamespace = CAST(current_schema() AS regnamespace) AND NOT convalidated",
                ),
                (
                    "what a row refers to exists",
                    "SELECT 'product ' || product.id || ' refers to a missing category' AS words FROM product
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

    /// An expression for the last id that a table has given.
    pub fn last_id_of(self, table: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)")
            }
            Self::Postgres => format!(
                "COALESCE(pg_sequence_last_value(CAST(pg_get_serial_sequence('\"{table}\"', 'id') AS regclass)), 0)"
            ),
        }
    }
}
