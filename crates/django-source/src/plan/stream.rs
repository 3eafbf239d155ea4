//! The second pass: returns the rows in batches, parents before children.

use super::accounts;
use super::clean_row::Sink;
use super::products::ProductRow;
use super::survey::Survey;
use super::{Layout, labels, movements, products};
use crate::BATCH_ROWS;
use crate::digest::{Record, TableDigest, TableSummary};
use crate::error::Result;
use crate::mapping::{Role, TableMap};
use crate::report::{Findings, Notes};
use crate::row::{Batch, Label, Product, UserPermission};
use crate::source::Reader;

/// Receives the batches; an error ends the pass.
pub(crate) type Output<'a> = &'a mut dyn FnMut(Batch) -> Result<()>;

/// The constructor of a batch of rows.
type Wrap<Row> = fn(Vec<Row>) -> Batch;

/// Collects rows into batches, and computes the table's summary.
struct Collector<'a, 'out, Row> {
    rows: Vec<Row>,
    digest: TableDigest,
    wrap: Wrap<Row>,
    output: &'a mut Output<'out>,
}

impl<'a, 'out, Row> Collector<'a, 'out, Row> {
    fn new(table: &'static str, wrap: Wrap<Row>, output: &'a mut Output<'out>) -> Self {
        Self {
            rows: Vec::new(),
            digest: TableDigest::new(table),
            wrap,
            output,
        }
    }

    fn push(&mut self, row: Row) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= BATCH_ROWS {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn add(&mut self, row: Row) -> Result<()>
    where
        Row: Record,
    {
        self.digest.add(&row);
        self.push(row)
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        (self.output)((self.wrap)(std::mem::take(&mut self.rows)))
    }

    fn finish(mut self) -> Result<TableSummary> {
        self.flush()?;
        Ok(self.digest.summary())
    }
}

/// Passes all rows to `output`, and returns the summary of each table.
pub(crate) fn stream(
    reader: &mut Reader,
    layout: &Layout,
    survey: &Survey,
    mut output: Output<'_>,
) -> Result<Vec<TableSummary>> {
    survey.progress.begin(survey.progress.status().2);
    let (mut findings, mut notes) = (Findings::default(), Notes::default());
    let mut sink = Sink {
        findings: &mut findings,
        notes: &mut notes,
        silent: true,
    };
    let output = &mut output;
    let [users, groups, memberships, permissions] = accounts(reader, layout, survey, &mut sink, output)?;
    let mut summaries = vec![users];
    let labels: [(Role, Wrap<Label>); 3] = [
        (Role::Brand, Batch::Brands),
        (Role::Category, Batch::Categories),
        (Role::Supplier, Batch::Suppliers),
    ];
    for (role, wrap) in labels {
        let mut rows = Collector::new(role.name(), wrap, output);
        if let Some(map) = layout.map(role) {
            labels::read(
                reader,
                map,
                &survey.options,
                &survey.progress,
                &mut sink,
                &mut |label| rows.add(label),
            )?;
        }
        summaries.push(rows.finish()?);
    }
    summaries.push(product_rows(
        reader,
        layout.map(Role::Product),
        survey,
        &mut sink,
        output,
    )?);
    let mut inflows = Collector::new("inflow", Batch::Inflows, output);
    if let Some(map) = layout.map(Role::Inflow) {
        movements::read(reader, map, survey, &mut sink, &mut |movement| {
            inflows.add(movement.inflow)
        })?;
    }
    summaries.push(inflows.finish()?);
    let mut outflows = Collector::new("outflow", Batch::Outflows, output);
    if let Some(map) = layout.map(Role::Outflow) {
        movements::read(reader, map, survey, &mut sink, &mut |movement| {
            outflows.add(movement.into_outflow())
        })?;
    }
    summaries.push(outflows.finish()?);
    survey.progress.begin_table("stock_change");
    let mut changes = Collector::new("stock_change", Batch::StockChanges, output);
    for change in survey.journal.ledger(&survey.products, survey.options.now) {
        changes.add(change)?;
    }
    summaries.push(changes.finish()?);
    let mut tokens = Collector::new("spent_token", Batch::SpentTokens, output);
    accounts::spent_tokens(reader, layout, &survey.options, &mut |token| tokens.add(token))?;
    summaries.extend([groups, memberships, permissions, tokens.finish()?]);
    Ok(summaries)
}

fn accounts(
    reader: &mut Reader,
    layout: &Layout,
    survey: &Survey,
    sink: &mut Sink<'_>,
    output: &mut Output<'_>,
) -> Result<[TableSummary; 4]> {
    survey.progress.begin_table("user");
    let mut users = Collector::new("user", Batch::Users, output);
    super::users::read(reader, layout, &survey.options, sink, &mut |user| users.add(user))?;
    let users = users.finish()?;
    let mut groups = Collector::new("group_permission", Batch::Groups, output);
    for group in &survey.rights.groups {
        groups.add(group.clone())?;
    }
    let groups = groups.finish()?;
    let mut memberships = Collector::new("user_group", Batch::Memberships, output);
    survey
        .rights
        .for_each_membership(reader, layout, &survey.users, sink, &mut |membership| {
            memberships.add(membership)
        })?;
    let memberships = memberships.finish()?;
    let mut permissions = Collector::new("user_permission", Batch::UserPermissions, output);
    survey.rights.for_each_user_permission(
        reader,
        layout,
        &survey.users,
        sink,
        &mut |user_id, codename| permissions.add(UserPermission { user_id, codename }),
    )?;
    Ok([users, groups, memberships, permissions.finish()?])
}

/// Passes the products to `output`, with the serial numbers and times that the first pass has determined.
fn product_rows(
    reader: &mut Reader,
    map: Option<&TableMap>,
    survey: &Survey,
    sink: &mut Sink<'_>,
    output: &mut Output<'_>,
) -> Result<TableSummary> {
    let mut rows = Collector::new("product", Batch::Products, output);
    let Some(map) = map else {
        return rows.finish();
    };
    products::read(reader, map, survey, sink, &mut |row| {
        let ProductRow::Imported(product, _) = row else {
            return Ok(());
        };
        let index = survey
            .products
            .binary_search_by_key(&product.id, |state| state.id);
        let state = index.ok().and_then(|index| survey.products.get(index));
        let Some(state) = state.filter(|state| !state.skipped) else {
            return Ok(());
        };
        rows.add(Product {
            serie_number: survey
                .serie
                .get(&product.id)
                .cloned()
                .unwrap_or(product.serie_number),
            created_at: state.created_at.unwrap_or(product.created_at),
            updated_at: state.updated_at.unwrap_or(product.updated_at),
            ..product
        })
    })?;
    rows.finish()
}
