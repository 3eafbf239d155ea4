//! The report as text.

use django_source::report::{NoteItem, RefusalReason};
use django_source::{CheckResult, Finding, Note, Report};

use crate::import::Comparison;

/// The maximum number of ids listed for a finding or a note; `--json` lists more.
const MAX_IDS: usize = 20;
/// The maximum number of items listed for a note.
const MAX_ITEMS: usize = 20;
/// The maximum number of products listed.
const MAX_PRODUCTS: usize = 20;
/// The number of characters of a title that are printed.
const TITLE_WIDTH: usize = 30;

pub(super) fn report(report: &Report) -> String {
    let mut lines = vec!["Found in the source".to_owned()];
    for (role, rows) in &report.source {
        let rows = rows.map_or_else(|| "no table".to_owned(), rows_text);
        let table = report
            .roles
            .get(role)
            .map_or(String::new(), |table| format!("  in {}", printable(table)));
        lines.push(format!("  {role:<17}{rows:>14}{table}"));
    }
    if !report.findings.is_empty() {
        lines.push("\nTo decide".to_owned());
        lines.extend(report.findings.iter().map(finding));
    }
    if !report.notes.is_empty() {
        lines.push("\nChanged or left out".to_owned());
        lines.extend(report.notes.iter().flat_map(note));
    }
    lines.extend(stock(report));
    if !report.target.is_empty() {
        lines.push("\nRows after the import".to_owned());
        lines.extend(
            report
                .target
                .iter()
                .map(|(table, rows)| format!("  {table:<17}{:>14}", rows_text(*rows))),
        );
    }
    lines.push(String::new());
    lines.push(match report.result {
        CheckResult::Import => "READY: everything is decided.".to_owned(),
        CheckResult::Stop => {
            let open = report.findings.iter().filter(|finding| finding.decided.is_none()).count();
            format!("STOPPED: {open} of the findings above need a decision. Add a flag for each and run this again.")
        }
        CheckResult::Refuse => "REFUSED: this database can't be imported.".to_owned(),
    });
    lines.extend(report.because.iter().map(refusal));
    lines.join("\n")
}

fn finding(finding: &Finding) -> String {
    let decision = match finding.decided {
        Some(flag) => format!("decided by {flag}"),
        None => format!("DECIDE with {}", finding.flags.join(" or ")),
    };
    format!(
        "  {}: {} ({}{})\n      {decision}",
        finding.table,
        finding.message,
        rows_text(finding.count),
        ids(&finding.ids),
    )
}

fn note(note: &Note) -> Vec<String> {
    let mut lines = vec![format!("  {}", note.message)];
    lines.extend(note.items.iter().take(MAX_ITEMS).map(item));
    if note.items.len() > MAX_ITEMS {
        lines.push(format!("      … and {} more", note.items.len() - MAX_ITEMS));
    }
    lines
}

fn item(item: &NoteItem) -> String {
    let rows = item
        .rows
        .map_or(String::new(), |rows| format!(", {}", rows_text(rows)));
    let detail = item
        .detail
        .as_deref()
        .map_or(String::new(), |detail| format!(": {}", printable(detail)));
    format!("      {}{detail}{rows}{}", printable(&item.name), ids(&item.ids))
}

fn ids(ids: &[i64]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let listed: Vec<String> = ids.iter().take(MAX_IDS).map(i64::to_string).collect();
    let more = if ids.len() > MAX_IDS { ", …" } else { "" };
    format!(", ids {}{more}", listed.join(", "))
}

fn stock(report: &Report) -> Vec<String> {
    let stock = &report.stock;
    if stock.differing == 0 {
        return Vec::new();
    }
    let mut lines = vec![
        format!(
            "\nStock: the movements of {} of {} products do not add up to their quantity. The quantity is kept; an opening entry\n\
             before the first movement and a closing entry after the last make up the difference.",
            stock.differing, stock.products
        ),
        format!(
            "  {:>8}  {:<TITLE_WIDTH$}  {:>10}  {:>10}  {:>10}  {:>10}",
            "product", "title", "quantity", "movements", "opening", "closing"
        ),
    ];
    for row in stock.largest.iter().take(MAX_PRODUCTS) {
        let title: String = printable(&row.title).chars().take(TITLE_WIDTH).collect();
        lines.push(format!(
            "  {:>8}  {title:<TITLE_WIDTH$}  {:>10}  {:>10}  {:>10}  {:>10}",
            row.product_id, row.quantity, row.movements, row.opening, row.closing
        ));
    }
    let listed = u64::try_from(stock.largest.len().min(MAX_PRODUCTS)).unwrap_or(u64::MAX);
    if stock.differing > listed {
        lines.push(format!("  … and {} more", stock.differing - listed));
    }
    lines
}

/// Returns why the source is refused, and what the user can do about it.
fn refusal(reason: &RefusalReason) -> String {
    match reason {
        RefusalReason::NoTable { roles } => format!(
            "  It has no table for: {}. If a table has an unusual name, give its role with --map TABLE={}.",
            roles.join(", "),
            roles.first().copied().unwrap_or_default()
        ),
        RefusalReason::NoColumn { table, columns } => {
            let mut lines = vec![format!(
                "  The table {} has no column for: {}.",
                printable(table),
                columns.join(", ")
            )];
            if columns.contains(&"id") {
                lines.push("  Ids that are not integers, such as UUIDs, can't be kept.".to_owned());
            }
            if let Some(column) = columns.iter().find(|column| **column != "id") {
                lines.push(format!(
                    "  If a column has an unusual name, give its role with --map {}.COLUMN={column}.",
                    printable(table)
                ));
            }
            lines.join("\n")
        }
        RefusalReason::AmbiguousTable { role, tables } => format!(
            "  Several tables can have the role {role}: {}. Choose one with --map TABLE={role}.",
            tables
                .iter()
                .map(|table| printable(table))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        RefusalReason::SeveralTenants { column, values } => {
            let values: Vec<String> = values
                .iter()
                .map(|value| match value {
                    django_source::TenantValue::Number(number) => number.to_string(),
                    django_source::TenantValue::Text(text) => printable(text),
                })
                .collect();
            format!(
                "  Several companies have rows in it ({column}: {}). Choose one with --tenant {column}=ID.",
                values.join(", ")
            )
        }
    }
}

/// Lists counts, sums and hashes of each table in the source and in the target.
pub(super) fn comparisons(tables: &[Comparison]) -> String {
    let mut lines = vec!["\nCompared".to_owned()];
    for table in tables {
        let same = if table.is_equal() { "equal" } else { "DIFFERENT" };
        lines.push(format!("  {:<17} {same}", table.source.table));
        for (side, summary) in [("source", &table.source), ("target", &table.target)] {
            lines.push(format!(
                "      {side}  {:>9} rows  quantity {:>14}  money {:>20}  {}",
                summary.rows,
                summary.quantity.as_deref().unwrap_or("-"),
                summary.money.as_deref().unwrap_or("-"),
                summary.hash
            ));
        }
    }
    lines.join("\n")
}

/// A number of rows with its unit: `1 row`, `2 rows`.
fn rows_text(rows: u64) -> String {
    let unit = if rows == 1 { "row" } else { "rows" };
    format!("{rows} {unit}")
}

/// A text of the source without control characters, which a terminal would interpret.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { '\u{fffd}' } else { letter })
        .collect()
}
