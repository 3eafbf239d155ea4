//! The first pass: reads and checks every row, and keeps in memory what the second pass needs.

use std::collections::{BTreeMap, HashMap};

use super::accounts::{BUILT_IN_GROUPS, Rights};
use super::clean_row::{IdSet, Sink};
use super::leftovers::{last_generated_id, next_id, note_leftovers, source_counts, titles};
use super::products::{ProductRow, SerieNumbers};
use super::{Layout, labels, movements, products, users};
use crate::error::Result;
use crate::mapping::{Role, TableMap};
use crate::options::Options;
use crate::progress::Progress;
use crate::report::{
    CheckResult, Code, Findings, MAX_DIFFERENCES, NoteCode, Notes, Report, StockDifference, StockReport,
};
use crate::source::Reader;
use crate::stock::{Journal, MAX_QUANTITY, ProductState};

/// The result of the first pass: about 150 bytes for each product, 32 for each movement, 8 for each other row.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) options: Options,
    pub(crate) progress: Progress,
    pub(super) users: IdSet,
    pub(super) rights: Rights,
    pub(super) brands: IdSet,
    pub(super) categories: IdSet,
    pub(super) suppliers: IdSet,
    /// In ascending order of ids.
    pub(super) products: Vec<ProductState>,
    /// The replacements of duplicate serial numbers, by product id.
    pub(super) serie: HashMap<i64, Option<String>>,
    pub(super) journal: Journal,
    pub(super) next_id: BTreeMap<&'static str, i64>,
}

/// Reads everything once, and returns the report.
pub(crate) fn survey(
    reader: &mut Reader,
    layout: &Layout,
    options: Options,
    progress: Progress,
) -> Result<(Survey, Report)> {
    let source = source_counts(reader, layout)?;
    progress.begin(
        source
            .iter()
            .filter(|(table, _)| Role::from_name(table).is_some())
            .filter_map(|(_, rows)| *rows)
            .sum(),
    );
    let mut survey = Survey {
        options,
        progress,
        users: IdSet::default(),
        rights: Rights::default(),
        brands: IdSet::default(),
        categories: IdSet::default(),
        suppliers: IdSet::default(),
        products: Vec::new(),
        serie: HashMap::new(),
        journal: Journal::default(),
        next_id: BTreeMap::new(),
    };
    let (mut findings, mut notes) = (Findings::default(), Notes::default());
    let refused = !layout.refusal_reasons.is_empty();
    let (mut stock, mut target) = (StockReport::default(), BTreeMap::new());
    if !refused {
        layout.note_differences(&mut notes);
        let mut sink = Sink {
            findings: &mut findings,
            notes: &mut notes,
            silent: false,
        };
        survey.read_accounts(reader, layout, &mut sink)?;
        let largest = survey.read_inventory(reader, layout, &mut sink)?;
        survey.check_stock(&mut sink);
        survey.count_next_ids(reader, layout, largest)?;
        stock = survey.stock_report(reader, layout)?;
        target = survey.target();
        note_leftovers(reader, layout, &mut notes)?;
    }
    let findings = findings.list(&survey.options);
    let result = match (refused, findings.iter().all(|finding| finding.decided.is_some())) {
        (true, _) => CheckResult::Refuse,
        (false, true) => CheckResult::Import,
        (false, false) => CheckResult::Stop,
    };
    let report = Report {
        result,
        because: layout.refusal_reasons.clone(),
        roles: layout
            .maps()
            .into_iter()
            .map(|map| (map.role.name(), map.table.name.clone()))
            .collect(),
        columns: layout.columns(),
        source,
        findings,
        notes: notes.list(),
        stock,
        target,
        next_id: survey.next_id.clone(),
    };
    Ok((survey, report))
}

impl Survey {
    fn read_accounts(&mut self, reader: &mut Reader, layout: &Layout, sink: &mut Sink<'_>) -> Result<()> {
        self.progress.begin_table("user");
        self.users = users::read(reader, layout, &self.options, sink, &mut |_| Ok(()))?;
        self.rights = Rights::read(reader, layout, sink)?;
        self.rights
            .for_each_membership(reader, layout, &self.users, sink, &mut |_| Ok(()))?;
        self.rights
            .for_each_user_permission(reader, layout, &self.users, sink, &mut |_, _| Ok(()))
    }

    /// Reads labels, products and movements, and returns the largest ids of inflows and of outflows.
    fn read_inventory(
        &mut self,
        reader: &mut Reader,
        layout: &Layout,
        sink: &mut Sink<'_>,
    ) -> Result<(i64, i64)> {
        let mut label = |role| match layout.map(role) {
            Some(map) => labels::read(reader, map, &self.options, &self.progress, sink, &mut |_| Ok(())),
            None => Ok(IdSet::default()),
        };
        let id_sets = (
            label(Role::Brand)?,
            label(Role::Category)?,
            label(Role::Supplier)?,
        );
        (self.brands, self.categories, self.suppliers) = id_sets;
        if let Some(map) = layout.map(Role::Product) {
            self.read_products(reader, map, sink)?;
        }
        let mut journal = Journal::default();
        let mut largest = [0, 0];
        for ((role, sign), largest) in [(Role::Inflow, 1), (Role::Outflow, -1)]
            .into_iter()
            .zip(&mut largest)
        {
            let Some(map) = layout.map(role) else { continue };
            *largest = movements::read(reader, map, self, sink, &mut |movement| {
                let inflow = &movement.inflow;
                let change = i32::try_from(inflow.quantity).unwrap_or(i32::MAX) * sign;
                journal.add(
                    movement.product,
                    inflow.id,
                    change,
                    inflow.created_at,
                    movement.actor,
                );
                Ok(())
            })?;
        }
        journal.sort_and_sum(&mut self.products);
        self.journal = journal;
        Ok(largest.into())
    }

    fn read_products(&mut self, reader: &mut Reader, map: &TableMap, sink: &mut Sink<'_>) -> Result<()> {
        let (mut states, mut numbers, mut duplicates) =
            (Vec::new(), SerieNumbers::default(), Findings::default());
        products::read(reader, map, self, sink, &mut |row| {
            if let ProductRow::Imported(product, _) = &row
                && let Some(number) = &product.serie_number
            {
                numbers.add(product.id, number, &mut duplicates);
            }
            states.push(products::state(&row));
            Ok(())
        })?;
        sink.findings.merge(duplicates);
        self.products = states;
        self.serie = numbers.replacements(self.options.serie);
        Ok(())
    }

    /// Checks the balances of products, and derives missing times from the movements.
    fn check_stock(&mut self, sink: &mut Sink<'_>) {
        for product in self.products.iter_mut().filter(|product| !product.skipped) {
            if product.highest() > MAX_QUANTITY {
                sink.finding(Code::BalanceOutOfRange, "product", Some(product.id));
                product.skipped = true;
                continue;
            }
            // A product without a time was created at its first movement, or at its last change if that was earlier.
            let created = product.created_at.or_else(|| {
                let first = product.movement_times.map(|(first, _)| first);
                match (first, product.updated_at) {
                    (Some(first), Some(updated)) => Some(first.min(updated)),
                    (first, updated) => first.or(updated),
                }
            });
            product.created_at = Some(created.unwrap_or(self.options.now));
            product.updated_at = product.updated_at.or(product.created_at);
            if product.entries_without_movement() > 0 {
                sink.note(NoteCode::StockDifferences, "product", product.id);
            }
        }
    }

    fn count_next_ids(&mut self, reader: &mut Reader, layout: &Layout, movements: (i64, i64)) -> Result<()> {
        let product = self.products.last().map_or(0, |product| product.id);
        let present = [
            self.brands.largest(),
            self.categories.largest(),
            self.suppliers.largest(),
            product,
            movements.0,
            movements.1,
        ];
        for (role, present) in Role::ALL.into_iter().zip(present) {
            if let Some(map) = layout.map(role) {
                let generated = last_generated_id(reader, &map.table, &map.id)?;
                self.next_id.insert(role.name(), next_id(generated, present));
            }
        }
        if let Some(table) = &layout.accounts.users {
            let generated = last_generated_id(reader, table, "id")?;
            self.next_id
                .insert("user", next_id(generated, self.users.largest()));
        }
        Ok(())
    }

    fn stock_report(&self, reader: &mut Reader, layout: &Layout) -> Result<StockReport> {
        let imported = || self.products.iter().filter(|product| !product.skipped);
        let mut differing: Vec<&ProductState> = imported()
            .filter(|product| product.entries_without_movement() > 0)
            .collect();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let (products, all) = (count(imported().count()), count(differing.len()));
        let difference = |product: &ProductState| (product.quantity - product.total).abs();
        differing.sort_by_key(|product| (std::cmp::Reverse(difference(product)), product.id));
        differing.truncate(MAX_DIFFERENCES);
        let ids: Vec<i64> = differing.iter().map(|product| product.id).collect();
        let mut titles = titles(reader, layout, &ids)?;
        let largest = differing.into_iter().map(|product| StockDifference {
            product_id: product.id,
            title: titles.remove(&product.id).unwrap_or_default(),
            quantity: product.quantity,
            movements: product.total,
            opening: product.opening(),
            closing: product.closing(),
        });
        Ok(StockReport {
            products,
            differing: all,
            largest: largest.collect(),
        })
    }

    /// The number of rows of each table after the import.
    fn target(&self) -> BTreeMap<&'static str, u64> {
        let imported = || self.products.iter().filter(|product| !product.skipped);
        let (inflows, outflows) = self.journal.counts(&self.products);
        let without_movement: u64 = imported().map(ProductState::entries_without_movement).sum();
        let names = self.rights.groups.iter().map(|group| group.name.as_str());
        let groups = names.filter(|name| !BUILT_IN_GROUPS.contains(name)).count() + BUILT_IN_GROUPS.len();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        BTreeMap::from([
            ("brand", self.brands.imported_count()),
            ("category", self.categories.imported_count()),
            ("supplier", self.suppliers.imported_count()),
            ("product", count(imported().count())),
            ("inflow", inflows),
            ("outflow", outflows),
            ("user", self.users.imported_count()),
            ("group", count(groups)),
            ("stock_change", inflows + outflows + without_movement),
        ])
    }
}
