//! The invariants of the data, which `stockroom check` verifies.
//!
//! Each is checked by one statement, so that it sees a single state of the data even while a server writes. Only the texts of
//! a table are checked in batches. Movements and ledger are compared as sets, so that no statement takes quadratic time.

use ::entity::{brand, category, fold, inflow, outflow, product, supplier};
use database::Backend;
use sea_orm::{ConnectionTrait as _, FromQueryResult, IdenStatic as _, Statement};

use super::integrity;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Collection;
use crate::query::row_count::TABLES;

/// The maximum number of rows that one statement reads to check their folded texts.
const BATCH: i64 = 5_000;

#[derive(Clone, Debug)]
pub struct Invariant {
    /// A sentence without its full stop, such as "each inflow has its entry in the ledger".
    pub rule: String,
    probe: Probe,
}

/// How to find violations.
#[derive(Clone, Debug)]
enum Probe {
    /// A query for the ids of the rows that violate the invariant.
    Ids(String),
    /// A query for messages of the database.
    Messages(&'static str),
    /// A table, and its texts with folded forms to be checked. Only the program can compute these forms.
    Folded(&'static str, Vec<&'static str>),
}

/// A violated invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule of the invariant.
    pub rule: String,
    /// The number of rows that violate it.
    pub rows: i64,
    /// The id of one of them, or 0 if there is a message.
    pub example: i64,
    /// The first message of the database.
    pub message: Option<String>,
}

const LEDGER_SUM: &str = "SELECT product.id FROM product
    LEFT JOIN (SELECT product_id, SUM(change) AS total FROM stock_change GROUP BY product_id) AS ledger
    ON ledger.product_id = product.id
    WHERE product.quantity <> COALESCE(ledger.total, 0)";

const BALANCE_CHAIN: &str = "SELECT id FROM (
        SELECT id, balance - change AS before,
            COALESCE(LAG(balance) OVER (PARTITION BY product_id ORDER BY id), 0) AS expected
        FROM stock_change) AS entries
    WHERE before <> expected";

const ENTRY_FORM: &str = "SELECT id FROM stock_change WHERE NOT COALESCE(CASE reason
        WHEN 'product_created' THEN movement_id IS NULL AND change > 0 AND balance = change
        WHEN 'adjustment' THEN movement_id IS NULL
        WHEN 'inflow_created' THEN movement_id IS NOT NULL AND change > 0
        WHEN 'inflow_deleted' THEN movement_id IS NOT NULL AND change < 0
        WHEN 'outflow_created' THEN movement_id IS NOT NULL AND change < 0
        WHEN 'outflow_deleted' THEN movement_id IS NOT NULL AND change > 0
    END, FALSE)";

/// The tables with generated ids, each with a query for the ids in the ledger, which also has those of deleted rows.
const IDS: [(&str, &str); 7] = [
    ("brand", ""),
    ("category", ""),
    ("supplier", ""),
    ("product", "SELECT product_id FROM stock_change"),
    (
        "inflow",
        "SELECT movement_id FROM stock_change WHERE reason = 'inflow_created'",
    ),
    (
        "outflow",
        "SELECT movement_id FROM stock_change WHERE reason = 'outflow_created'",
    ),
    ("stock_change", ""),
];

/// All invariants, the most important first.
pub fn invariants(backend: Backend) -> Vec<Invariant> {
    let ids = |rule: &str, sql: &str| Invariant {
        rule: rule.to_owned(),
        probe: Probe::Ids(sql.to_owned()),
    };
    // The database itself comes first, because the other checks rely on it.
    let mut all: Vec<Invariant> = integrity::checks(backend)
        .iter()
        .map(|(rule, sql)| Invariant {
            rule: (*rule).to_owned(),
            probe: Probe::Messages(sql),
        })
        .collect();
    all.extend([
        ids("the ledger of a product adds up to its quantity", LEDGER_SUM),
        ids(
            "the balance of each ledger entry is the previous balance plus its change",
            BALANCE_CHAIN,
        ),
        ids(
            "each ledger entry has the form that its reason requires",
            ENTRY_FORM,
        ),
    ]);
    for (movement, sign) in [("inflow", ""), ("outflow", "-")] {
        all.extend(movement_invariants(movement, sign).map(|(rule, sql)| ids(&rule, &sql)));
    }
    all.push(ids("new ids are greater than all used ids", &used_ids(backend)));
    all.push(ids("the row count of each table is correct", &wrong_row_counts()));
    let tables = table_limits();
    for table in &tables {
        let rule = format!("the values of each {} are within their limits", table.name);
        all.push(ids(&rule, &table.out_of_bounds()));
    }
    all.extend(tables.map(|TableLimits { name, texts, .. }| Invariant {
        rule: format!("each {name} has the correct folded form of its texts"),
        probe: Probe::Folded(name, texts.into_iter().map(|(text, _)| text).collect()),
    }));
    all
}

/// The invariants between the movements of one kind and the ledger.
fn movement_invariants(movement: &str, sign: &str) -> [(String, String); 5] {
    let rows = format!("SELECT id, product_id, {sign}quantity AS change FROM {movement}");
    let created = format!(
        "SELECT movement_id AS id, product_id, change FROM stock_change WHERE reason = '{movement}_created'"
    );
    let deleted = format!(
        "SELECT movement_id AS id, product_id, -change AS change FROM stock_change WHERE reason = '{movement}_deleted'"
    );
    [
        (
            format!("each {movement} has its entry in the ledger"),
            format!("{rows} EXCEPT {created}"),
        ),
        (
            format!("each deleted {movement} has an entry for its deletion in the ledger"),
            format!("{created} EXCEPT {rows} EXCEPT {deleted}"),
        ),
        (
            format!("no {movement} exists that is deleted in the ledger"),
            format!("{rows} INTERSECT {deleted}"),
        ),
        (
            format!("each {movement} that is deleted in the ledger was created in it"),
            format!("{deleted} EXCEPT {created}"),
        ),
        (
            format!("no {movement} is created or deleted twice in the ledger"),
            format!(
                "SELECT movement_id AS id FROM stock_change WHERE reason IN ('{movement}_created', '{movement}_deleted')
                 GROUP BY reason, movement_id HAVING COUNT(*) > 1"
            ),
        ),
    ]
}

/// A query for used ids that are greater than the last id that their table has generated. Such ids exist if rows were copied
/// by hand.
fn used_ids(backend: Backend) -> String {
    let query = |(table, ledger_ids): (&str, &str)| {
        let more = if ledger_ids.is_empty() {
            String::new()
        } else {
            format!(" UNION ALL {ledger_ids}")
        };
        format!(
            "SELECT id FROM (SELECT MAX(id) AS id FROM (SELECT id FROM {table}{more}) AS used) AS largest WHERE id > {}",
            backend.last_id_of(table)
        )
    };
    IDS.map(query).join(" UNION ALL ")
}

/// A query for the tables whose row count is wrong, by their positions in the list.
fn wrong_row_counts() -> String {
    let query = |(position, table): (usize, &&str)| {
        format!(
            "SELECT CAST({position} AS bigint) AS id WHERE (SELECT COUNT(*) FROM {table})
                <> (SELECT COALESCE(SUM(change), 0) FROM tally WHERE noun = '{table}')"
        )
    };
    let queries: Vec<String> = (1..).zip(&TABLES).map(query).collect();
    queries.join(" UNION ALL ")
}

fn limits_of<R: Collection>(name: &'static str, violation: &'static str) -> TableLimits {
    let texts = R::texts().map(|(column, text)| (column.as_str(), text.rules.max_length));
    TableLimits {
        name,
        texts: texts.collect(),
        violation,
    }
}

/// The limits of the tables to which clients write.
fn table_limits() -> [TableLimits; 6] {
    const LABEL: &str = "version < 1";
    const PRODUCT: &str = "version < 1 OR cost_price < 0 OR selling_price < 0";
    // The times are not compared: an imported movement may have an `updated_at` other than its `created_at`.
    const MOVEMENT: &str = "quantity < 1";
    [
        limits_of::<brand::Entity>("brand", LABEL),
        limits_of::<category::Entity>("category", LABEL),
        limits_of::<supplier::Entity>("supplier", LABEL),
        limits_of::<product::Entity>("product", PRODUCT),
        limits_of::<inflow::Entity>("inflow", MOVEMENT),
        limits_of::<outflow::Entity>("outflow", MOVEMENT),
    ]
}

/// The limits of the values in a table.
struct TableLimits {
    name: &'static str,
    /// Each text with its maximum length in characters.
    texts: Vec<(&'static str, usize)>,
    /// An SQL condition that must be false for every row.
    violation: &'static str,
}

impl TableLimits {
    /// A query for the rows with a value that the rules do not allow.
    fn out_of_bounds(&self) -> String {
        let limited_texts = self
            .texts
            .iter()
            .filter(|(_, max_length)| *max_length < usize::MAX);
        let too_long = limited_texts
            .map(|(text, max_length)| format!(" OR length({text}) NOT BETWEEN 1 AND {max_length}"))
            .collect::<String>();
        format!("SELECT id FROM {} WHERE {}{too_long}", self.name, self.violation)
    }
}

/// All violated invariants.
pub async fn violations(ctx: &Ctx) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for invariant in invariants(ctx.db().backend()) {
        violations.extend(violation(ctx, &invariant).await?);
    }
    Ok(violations)
}

/// The violation of an invariant, if there is one.
pub async fn violation(ctx: &Ctx, invariant: &Invariant) -> Result<Option<Violation>> {
    let (rows, example, message) = match &invariant.probe {
        Probe::Ids(sql) => broken_rows(ctx, sql).await?,
        Probe::Messages(sql) => messages(ctx, sql).await?,
        Probe::Folded(table, texts) => wrong_folded_texts(ctx, table, texts).await?,
    };
    Ok((rows > 0).then(|| Violation {
        rule: invariant.rule.clone(),
        rows,
        example,
        message,
    }))
}

/// The number of violations, the id of a row with one, and a message of the database.
type ProbeResult = (i64, i64, Option<String>);

async fn broken_rows(ctx: &Ctx, sql: &str) -> Result<ProbeResult> {
    #[derive(FromQueryResult)]
    struct BrokenRows {
        row_count: i64,
        example: i64,
    }
    let sql = format!("SELECT COUNT(*) AS row_count, COALESCE(MIN(id), 0) AS example FROM ({sql}) AS broken");
    let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
    let Some(row) = ctx.db().query_one_raw(statement).await? else {
        return Ok((0, 0, None));
    };
    let broken = BrokenRows::from_query_result(&row, "")?;
    Ok((broken.row_count, broken.example, None))
}

async fn messages(ctx: &Ctx, sql: &str) -> Result<ProbeResult> {
    let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
    let rows = ctx.db().query_all_raw(statement).await?;
    let message = match rows.first() {
        Some(row) => Some(row.try_get("", "message")?),
        None => None,
    };
    Ok((i64::try_from(rows.len()).unwrap_or(i64::MAX), 0, message))
}

/// Finds rows with a wrong folded text. The database compares ASCII texts, whose folded form is their lower case. Rows with
/// other texts are read and compared here.
async fn wrong_folded_texts(ctx: &Ctx, table: &str, texts: &[&'static str]) -> Result<ProbeResult> {
    let (mut rows, mut example) = (0, 0);
    let columns: Vec<String> = texts
        .iter()
        .map(|text| format!("{text}, {text}_folded"))
        .collect();
    let is_correct: Vec<String> = texts
        .iter()
        .map(|text| {
            format!(
                "COALESCE({text} IS NULL AND {text}_folded IS NULL
                    OR octet_length({text}) = length({text}) AND lower({text}) = {text}_folded, FALSE)"
            )
        })
        .collect();
    let (columns, is_correct) = (columns.join(", "), is_correct.join(" AND "));
    let mut last = 0_i64;
    loop {
        let sql = format!(
            "SELECT id, {columns} FROM {table} WHERE id > {last} AND NOT ({is_correct}) ORDER BY id LIMIT {BATCH}"
        );
        let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
        let found = ctx.db().query_all_raw(statement).await?;
        for row in &found {
            last = row.try_get("", "id")?;
            for text in texts {
                let text_value: Option<String> = row.try_get("", text)?;
                let folded: Option<String> = row.try_get("", &format!("{text}_folded"))?;
                if text_value.as_deref().map(fold) != folded {
                    rows += 1;
                    example = last;
                    break;
                }
            }
        }
        if found.is_empty() {
            return Ok((rows, example, None));
        }
    }
}
