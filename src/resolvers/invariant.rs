//! What must always hold of the data, whatever happened to the program: what `stockroom check` looks at.

use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};

use crate::ctx::Ctx;
use crate::error::Result;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What should hold.
    pub rule: &'static str,
    /// For how many rows it doesn't.
    pub rows: i64,
    /// The id of one of them.
    pub example: i64,
}

/// Each rule, with a query for the ids of the rows that break it. The same SQL runs on both databases.
const RULES: [(&str, &str); 6] = [
    (
        "the ledger of a product adds up to its quantity",
        "SELECT product.id FROM product
         LEFT JOIN (SELECT product_id, SUM(change) AS total FROM stock_change GROUP BY product_id) AS ledger
         ON ledger.product_id = product.id
         WHERE product.quantity <> COALESCE(ledger.total, 0)",
    ),
    (
        "each entry of the ledger ends in the balance of the one before plus its change",
        "SELECT id FROM (
            SELECT id, balance - change AS before,
                   COALESCE(LAG(balance) OVER (PARTITION BY product_id ORDER BY id), 0) AS expected
            FROM stock_change) AS entries
         WHERE before <> expected",
    ),
    (
        "each inflow has its entry in the ledger",
        "SELECT inflow.id FROM inflow
         LEFT JOIN stock_change AS entry ON entry.movement_id = inflow.id AND entry.product_id = inflow.product_id
             AND entry.reason = 'inflow_created' AND entry.change = inflow.quantity
         WHERE entry.id IS NULL",
    ),
    (
        "each outflow has its entry in the ledger",
        "SELECT outflow.id FROM outflow
         LEFT JOIN stock_change AS entry ON entry.movement_id = outflow.id AND entry.product_id = outflow.product_id
             AND entry.reason = 'outflow_created' AND entry.change = -outflow.quantity
         WHERE entry.id IS NULL",
    ),
    (
        "an inflow that the ledger knows and that is gone has an entry for that too",
        "SELECT created.id FROM stock_change AS created
         LEFT JOIN inflow ON inflow.id = created.movement_id
         LEFT JOIN stock_change AS deleted ON deleted.movement_id = created.movement_id
             AND deleted.product_id = created.product_id AND deleted.reason = 'inflow_deleted'
         WHERE created.reason = 'inflow_created' AND inflow.id IS NULL AND deleted.id IS NULL",
    ),
    (
        "an outflow that the ledger knows and that is gone has an entry for that too",
        "SELECT created.id FROM stock_change AS created
         LEFT JOIN outflow ON outflow.id = created.movement_id
         LEFT JOIN stock_change AS deleted ON deleted.movement_id = created.movement_id
             AND deleted.product_id = created.product_id AND deleted.reason = 'outflow_deleted'
         WHERE created.reason = 'outflow_created' AND outflow.id IS NULL AND deleted.id IS NULL",
    ),
];

/// Everything that does not hold; nothing is what one hopes for.
pub async fn violations(ctx: &Ctx) -> Result<Vec<Violation>> {
    #[derive(FromQueryResult)]
    struct Broken {
        row_count: i64,
        example: i64,
    }
    let mut violations = Vec::new();
    for (rule, broken) in RULES {
        let sql = format!(
            "SELECT COUNT(*) AS row_count, COALESCE(MIN(id), 0) AS example FROM ({broken}) AS broken"
        );
        let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
        let Some(row) = ctx.db().query_one_raw(statement).await? else {
            continue;
        };
        let broken = Broken::from_query_result(&row, "")?;
        if broken.row_count > 0 {
            violations.push(Violation {
                rule,
                rows: broken.row_count,
                example: broken.example,
            });
        }
    }
    Ok(violations)
}

/// The rules, for people.
pub fn rules() -> impl Iterator<Item = &'static str> {
    RULES.into_iter().map(|(rule, _)| rule)
}
