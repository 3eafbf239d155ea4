//! What must always hold of the data, whatever happened to the program: what `stockroom check` looks at.
//!
//! Each rule is one statement, so that it sees one state of the data also while a gateway writes. None takes more than
//! the square of anything: movements and ledger are compared as sets, not entry by entry.

use ::entity::fold;
use database::Backend;
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};

use super::integrity;
use super::label::NAME_LENGTH;
use super::product::SERIE_NUMBER_LENGTH;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::row_count::TABLES;

/// Rows whose folded texts are looked at together.
const TOGETHER: i64 = 5_000;

/// Something that must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What, for people.
    pub says: String,
    look: Look,
}

/// How to find what breaks a rule.
#[derive(Clone, Debug)]
enum Look {
    /// A query for the ids of the rows that do.
    Ids(String),
    /// A query for the database's own words.
    Words(&'static str),
    /// In the texts of a table, whose folded forms only the program can tell.
    Folded(&'static str, &'static [&'static str]),
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What should hold.
    pub rule: String,
    /// For how many rows it doesn't.
    pub rows: i64,
    /// The id of one of them; 0 where `words` tell.
    pub example: i64,
    /// What the database says about one of them.
    pub words: Option<String>,
}

const SUM: &str = "SELECT product.id FROM product
    LEFT JOIN (SELECT product_id, SUM(change) AS total FROM stock_change GROUP BY product_id) AS ledger
    ON ledger.product_id = product.id
    WHERE product.quantity <> COALESCE(ledger.total, 0)";

const CHAIN: &str = "SELECT id FROM (
        SELECT id, balance - change AS before,
            COALESCE(LAG(balance) OVER (PARTITION BY product_id ORDER BY id), 0) AS expected
        FROM stock_change) AS entries
    WHERE before <> expected";

const SHAPE: &str = "SELECT id FROM stock_change WHERE NOT COALESCE(CASE reason
        WHEN 'product_created' THEN movement_id IS NULL AND change > 0 AND balance = change
        WHEN 'adjustment' THEN movement_id IS NULL
        WHEN 'inflow_created' THEN movement_id IS NOT NULL AND change > 0
        WHEN 'inflow_deleted' THEN movement_id IS NOT NULL AND change < 0
        WHEN 'outflow_created' THEN movement_id IS NOT NULL AND change < 0
        WHEN 'outflow_deleted' THEN movement_id IS NOT NULL AND change > 0
    END, FALSE)";

/// The tables that give ids, with the columns of the ledger that remember ids of rows that are gone.
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

/// The tables with texts that lists search or order by.
const FOLDED: [(&str, &[&str]); 6] = [
    ("brand", &["name", "description"]),
    ("category", &["name", "description"]),
    ("supplier", &["name", "description"]),
    ("product", &["title", "description", "serie_number"]),
    ("inflow", &["description"]),
    ("outflow", &["description"]),
];

/// Everything that must hold, what matters most first.
pub fn rules(backend: Backend) -> Vec<Rule> {
    let ids = |says: &str, sql: &str| Rule {
        says: says.to_owned(),
        look: Look::Ids(sql.to_owned()),
    };
    let mut rules = vec![
        ids("the ledger of a product adds up to its quantity", SUM),
        ids(
            "each entry of the ledger ends in the balance of the one before plus its change",
            CHAIN,
        ),
        ids(
            "each entry of the ledger is of the form that its reason has",
            SHAPE,
        ),
    ];
    for (movement, sign) in [("inflow", ""), ("outflow", "-")] {
        rules.extend(movement_rules(movement, sign).map(|(says, sql)| ids(&says, &sql)));
    }
    rules.extend(integrity::checks(backend).iter().map(|(says, sql)| Rule {
        says: (*says).to_owned(),
        look: Look::Words(sql),
    }));
    rules.push(ids("no id is given twice", &used_ids(backend)));
    rules.push(ids(
        "each table has as many rows as its tally says",
        &miscounted(),
    ));
    for (noun, broken) in bounds() {
        rules.push(ids(&format!("each {noun} is within its bounds"), &broken));
    }
    rules.extend(FOLDED.map(|(noun, texts)| Rule {
        says: format!("each {noun} is found by its texts in any case of letters"),
        look: Look::Folded(noun, texts),
    }));
    rules
}

/// What holds between the movements of one kind and the ledger.
fn movement_rules(movement: &str, sign: &str) -> [(String, String); 5] {
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
            format!("each {movement} that is gone has an entry for that too"),
            format!("{created} EXCEPT {rows} EXCEPT {deleted}"),
        ),
        (
            format!("no {movement} that the ledger has deleted is there"),
            format!("{rows} INTERSECT {deleted}"),
        ),
        (
            format!("only what the ledger knows as an {movement} is deleted as one"),
            format!("{deleted} EXCEPT {created}"),
        ),
        (
            format!("no {movement} is entered or deleted twice"),
            format!(
                "SELECT movement_id AS id FROM stock_change WHERE reason IN ('{movement}_created', '{movement}_deleted')
                 GROUP BY reason, movement_id HAVING COUNT(*) > 1"
            ),
        ),
    ]
}

/// Ids that are in use above the last one that their table has given, for instance after copying rows by hand.
fn used_ids(backend: Backend) -> String {
    let above = |(table, remembered): (&str, &str)| {
        let more = if remembered.is_empty() {
            String::new()
        } else {
            format!(" UNION ALL {remembered}")
        };
        format!(
            "SELECT id FROM (SELECT MAX(id) AS id FROM (SELECT id FROM {table}{more}) AS used) AS largest WHERE id > {}",
            backend.last_id_of(table)
        )
    };
    IDS.map(above).join(" UNION ALL ")
}

/// The tables whose tally is not the number of their rows, by their places in the list.
fn miscounted() -> String {
    let off = |(place, table): (usize, &&str)| {
        format!(
            "SELECT CAST({place} AS bigint) AS id WHERE (SELECT COUNT(*) FROM {table})
                <> (SELECT COALESCE(SUM(change), 0) FROM tally WHERE noun = '{table}')"
        )
    };
    let off: Vec<String> = (1..).zip(&TABLES).map(off).collect();
    off.join(" UNION ALL ")
}

/// For each table, a query for the rows whose values no rule would have let in.
fn bounds() -> [(&'static str, String); 6] {
    let label = |noun: &'static str| {
        let broken = format!(
            "SELECT id FROM {noun} WHERE version < 1 OR length(name) NOT BETWEEN 1 AND {NAME_LENGTH}"
        );
        (noun, broken)
    };
    let movement = |noun: &'static str| {
        let broken = format!("SELECT id FROM {noun} WHERE quantity < 1 OR updated_at <> created_at");
        (noun, broken)
    };
    let product = format!(
        "SELECT id FROM product WHERE version < 1 OR length(title) NOT BETWEEN 1 AND {NAME_LENGTH}
            OR length(serie_number) NOT BETWEEN 1 AND {SERIE_NUMBER_LENGTH} OR cost_price < 0 OR selling_price < 0"
    );
    [
        label("brand"),
        label("category"),
        label("supplier"),
        ("product", product),
        movement("inflow"),
        movement("outflow"),
    ]
}

/// Everything that does not hold; nothing is what one hopes for.
pub async fn violations(ctx: &Ctx) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for rule in rules(ctx.db().backend()) {
        violations.extend(violation(ctx, &rule).await?);
    }
    Ok(violations)
}

/// What breaks a rule.
pub async fn violation(ctx: &Ctx, rule: &Rule) -> Result<Option<Violation>> {
    let (rows, example, words) = match &rule.look {
        Look::Ids(sql) => broken_rows(ctx, sql).await?,
        Look::Words(sql) => complaints(ctx, sql).await?,
        Look::Folded(table, texts) => misfolded(ctx, table, texts).await?,
    };
    Ok((rows > 0).then(|| Violation {
        rule: rule.says.clone(),
        rows,
        example,
        words,
    }))
}

type Found = (i64, i64, Option<String>);

async fn broken_rows(ctx: &Ctx, sql: &str) -> Result<Found> {
    #[derive(FromQueryResult)]
    struct Broken {
        row_count: i64,
        example: i64,
    }
    let sql = format!("SELECT COUNT(*) AS row_count, COALESCE(MIN(id), 0) AS example FROM ({sql}) AS broken");
    let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
    let Some(row) = ctx.db().query_one_raw(statement).await? else {
        return Ok((0, 0, None));
    };
    let broken = Broken::from_query_result(&row, "")?;
    Ok((broken.row_count, broken.example, None))
}

async fn complaints(ctx: &Ctx, sql: &str) -> Result<Found> {
    let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
    let rows = ctx.db().query_all_raw(statement).await?;
    let words = match rows.first() {
        Some(row) => Some(row.try_get("", "words")?),
        None => None,
    };
    Ok((i64::try_from(rows.len()).unwrap_or(i64::MAX), 0, words))
}

/// Both databases can tell for ASCII, where folding is nothing but lower case; whatever else there is comes here.
async fn misfolded(ctx: &Ctx, table: &str, texts: &[&str]) -> Result<Found> {
    let (mut rows, mut example) = (0, 0);
    let columns: Vec<String> = texts
        .iter()
        .map(|text| format!("{text}, {text}_folded"))
        .collect();
    let plain: Vec<String> = texts
        .iter()
        .map(|text| {
            format!(
                "COALESCE({text} IS NULL AND {text}_folded IS NULL
                    OR octet_length({text}) = length({text}) AND lower({text}) = {text}_folded, FALSE)"
            )
        })
        .collect();
    let (columns, plain) = (columns.join(", "), plain.join(" AND "));
    let mut last = 0_i64;
    loop {
        let sql = format!(
            "SELECT id, {columns} FROM {table} WHERE id > {last} AND NOT ({plain}) ORDER BY id LIMIT {TOGETHER}"
        );
        let statement = Statement::from_string(ctx.db().get_database_backend(), sql);
        let found = ctx.db().query_all_raw(statement).await?;
        for row in &found {
            last = row.try_get("", "id")?;
            for text in texts {
                let written: Option<String> = row.try_get("", text)?;
                let folded: Option<String> = row.try_get("", &format!("{text}_folded"))?;
                if written.as_deref().map(fold) != folded {
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
