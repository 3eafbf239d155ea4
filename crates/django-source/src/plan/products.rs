//! Products, and their unique serial numbers.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::clean_row::{Cleaner, IdReader, Sink};
use super::survey::Survey;
use super::table_rows;
use crate::clean::text;
use crate::error::Result;
use crate::mapping::{Field, TableMap};
use crate::options::SeriePolicy;
use crate::report::{Code, Findings};
use crate::row::Product;
use crate::source::Reader;
use crate::stock::ProductState;

/// Calls `each` with every product, or with the id of one that is skipped.
///
/// The caller derives missing times from the movements and replaces duplicate serial numbers.
pub(super) fn read(
    reader: &mut Reader,
    map: &TableMap,
    survey: &Survey,
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(ProductRow) -> Result<()>,
) -> Result<()> {
    let precision = reader.precision();
    let (role, options) = (map.role, &survey.options);
    let mut ids = IdReader::default();
    table_rows::for_each(reader, map, options, &survey.progress, &mut |row| {
        let Some(id) = ids.next(row.key(), role.name(), sink) else {
            return Ok(());
        };
        let mut cleaner = Cleaner {
            role,
            id,
            row,
            options,
            precision,
            sink,
        };
        // All faults of a row are reported, so there is no early return.
        let brand_id = cleaner.reference(Field::Brand, |id| survey.brands.find(id));
        let category_id = cleaner.reference(Field::Category, |id| survey.categories.find(id));
        let cost_price = cleaner.price(Field::CostPrice);
        let selling_price = cleaner.price(Field::SellingPrice);
        let quantity = cleaner.stock();
        let created = cleaner.time(Field::CreatedAt);
        let updated = cleaner.time(Field::UpdatedAt);
        let (
            Some(brand_id),
            Some(category_id),
            Some(cost_price),
            Some(selling_price),
            Some(quantity),
            Ok(created),
            Ok(updated),
        ) = (
            brand_id,
            category_id,
            cost_price,
            selling_price,
            quantity,
            created,
            updated,
        )
        else {
            return each(ProductRow::Skipped(id));
        };
        let title = cleaner.name(Field::Title);
        let description = cleaner.text(Field::Description, usize::MAX);
        let serie_number = cleaner.text(Field::SerieNumber, text::SERIE);
        let product = Product {
            id,
            title,
            description,
            serie_number,
            cost_price,
            selling_price,
            quantity,
            brand_id,
            category_id,
            created_at: created.or(updated).unwrap_or(options.now),
            updated_at: updated.or(created).unwrap_or(options.now),
        };
        each(ProductRow::Imported(
            product,
            Times {
                has_created: created.is_some(),
                has_updated: updated.is_some(),
            },
        ))
    })
}

/// A product that is imported, or the id of one that is skipped.
pub(super) enum ProductRow {
    Imported(Product, Times),
    Skipped(i64),
}

/// The times that a row has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) has_created: bool,
    pub(super) has_updated: bool,
}

/// The data of a product that is kept in memory.
pub(super) fn state(row: &ProductRow) -> ProductState {
    match row {
        ProductRow::Skipped(id) => ProductState::skipped(*id),
        ProductRow::Imported(product, times) => {
            let mut state = ProductState::new(
                product.id,
                product.quantity,
                product.cost_price,
                product.selling_price,
            );
            state.created_at = times.has_created.then_some(product.created_at);
            state.updated_at = times.has_updated.then_some(product.updated_at);
            state
        }
    }
}

/// The first 16 bytes of the SHA-256 of a text, compared instead of the text to save memory.
type Fingerprint = [u8; 16];

pub(super) fn fingerprint(text: &str) -> Fingerprint {
    let mut print = [0; 16];
    for (byte, hashed) in print.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *byte = hashed;
    }
    print
}

/// Finds duplicate serial numbers, and their replacements.
#[derive(Debug, Default)]
pub(super) struct SerieNumbers {
    first_ids: HashMap<Fingerprint, i64>,
    reported_ids: HashSet<i64>,
    duplicates: Vec<(i64, String)>,
}

impl SerieNumbers {
    pub(super) fn add(&mut self, id: i64, number: &str, findings: &mut Findings) {
        match self.first_ids.entry(fingerprint(number)) {
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(id);
            }
            std::collections::hash_map::Entry::Occupied(first) => {
                if self.reported_ids.insert(*first.get()) {
                    findings.add(Code::DuplicateSerieNumber, "product", Some(*first.get()));
                }
                findings.add(Code::DuplicateSerieNumber, "product", Some(id));
                self.duplicates.push((id, number.to_owned()));
            }
        }
    }

    /// The new serial numbers, by product id, of products that have the number of an earlier product.
    pub(super) fn replacements(mut self, policy: Option<SeriePolicy>) -> HashMap<i64, Option<String>> {
        let duplicates = std::mem::take(&mut self.duplicates);
        let mut replacements = HashMap::with_capacity(duplicates.len());
        for (id, number) in duplicates {
            let number = match policy {
                Some(SeriePolicy::Suffix) => Some(self.free_number(id, &number)),
                Some(SeriePolicy::NullLater) | None => None,
            };
            replacements.insert(id, number);
        }
        replacements
    }

    /// The number with the id appended, shortened to the maximum length. If another product has the result, a counter
    /// is appended too.
    fn free_number(&mut self, id: i64, number: &str) -> String {
        let mut suffix = format!("-{id}");
        let mut count: u32 = 1;
        loop {
            let room = text::SERIE.saturating_sub(suffix.len());
            let mut candidate: String = number.chars().take(room).collect();
            candidate.truncate(candidate.trim_end().len());
            candidate.push_str(&suffix);
            if let std::collections::hash_map::Entry::Vacant(vacant) =
                self.first_ids.entry(fingerprint(&candidate))
            {
                vacant.insert(id);
                return candidate;
            }
            count += 1;
            suffix = format!("-{id}-{count}");
        }
    }
}

/// The selling price and the cost price for outflows without prices.
pub(super) fn prices(state: &ProductState) -> (Decimal, Decimal) {
    (state.selling_price, state.cost_price)
}

#[cfg(test)]
mod tests {
    use super::SerieNumbers;
    use crate::options::SeriePolicy;
    use crate::report::Findings;

    #[test]
    fn later_serial_numbers_get_a_free_suffix() {
        let mut numbers = SerieNumbers::default();
        let mut findings = Findings::default();
        let long = "x".repeat(200);
        for (id, number) in [(1, "A"), (2, "A"), (3, "A-4"), (4, "A"), (5, &long), (6, &long)] {
            numbers.add(id, number, &mut findings);
        }
        let replaced = numbers.replacements(Some(SeriePolicy::Suffix));
        assert_eq!(replaced[&2].as_deref(), Some("A-2"));
        assert_eq!(replaced[&4].as_deref(), Some("A-4-2"));
        assert_eq!(replaced[&6], Some("x".repeat(198) + "-6"));
        assert_eq!(replaced.len(), 3);
    }
}
