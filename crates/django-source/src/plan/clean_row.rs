//! Reads the ids, texts, prices, times and references of any row, and collects findings and notes about them.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::table_rows::Row;
use crate::clean::money::Precision;
use crate::clean::{integer, moment, money, text};
use crate::mapping::{Field, Role};
use crate::options::{Options, PricePolicy};
use crate::report::{Code, Findings, NoteCode, Notes};
use crate::stock::MAX_QUANTITY;
use crate::value::Value;

/// Collects findings and notes in the first pass. In the second pass it is `silent`, because they have already been collected.
pub(super) struct Sink<'a> {
    pub(super) findings: &'a mut Findings,
    pub(super) notes: &'a mut Notes,
    pub(super) silent: bool,
}

impl Sink<'_> {
    pub(super) fn finding(&mut self, code: Code, table: &'static str, id: Option<i64>) {
        if !self.silent {
            self.findings.add(code, table, id);
        }
    }

    pub(super) fn note(&mut self, code: NoteCode, name: &str, id: i64) {
        if !self.silent {
            self.notes.add_row(code, name, id);
        }
    }
}

/// The ids of a table's imported rows and of its skipped rows, both in ascending order.
#[derive(Debug, Default)]
pub(crate) struct IdSet {
    imported: Vec<i64>,
    skipped: Vec<i64>,
}

/// What happens to a row that another row refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Imported,
    Skipped,
    Absent,
}

impl IdSet {
    pub(super) fn add(&mut self, id: i64, is_imported: bool) {
        if is_imported {
            self.imported.push(id);
        } else {
            self.skipped.push(id);
        }
    }

    pub(super) fn find(&self, id: i64) -> Reference {
        if self.imported.binary_search(&id).is_ok() {
            Reference::Imported
        } else if self.skipped.binary_search(&id).is_ok() {
            Reference::Skipped
        } else {
            Reference::Absent
        }
    }

    pub(super) fn imported_count(&self) -> u64 {
        u64::try_from(self.imported.len()).unwrap_or(u64::MAX)
    }

    /// The largest id; 0 if there is none.
    pub(super) fn largest(&self) -> i64 {
        self.imported
            .last()
            .max(self.skipped.last())
            .copied()
            .unwrap_or(0)
    }
}

/// Reads the cells of one row, and reports their faults.
pub(super) struct Cleaner<'a, 'sink> {
    pub(super) role: Role,
    pub(super) id: i64,
    pub(super) row: Row<'a>,
    pub(super) options: &'a Options,
    pub(super) precision: Precision,
    pub(super) sink: &'a mut Sink<'sink>,
}

impl Cleaner<'_, '_> {
    fn table(&self) -> &'static str {
        self.role.name()
    }

    pub(super) fn report_fault(&mut self, code: Code) {
        self.sink.finding(code, self.role.name(), Some(self.id));
    }

    fn note(&mut self, code: NoteCode, field: Field) {
        if !self.sink.silent {
            self.sink
                .notes
                .add_row(code, &format!("{}.{}", self.role.name(), field.name()), self.id);
        }
    }

    /// An optional text of at most `max_chars` characters.
    pub(super) fn text(&mut self, field: Field, max_chars: usize) -> Option<String> {
        let cleaned = text::read(self.row.get(field), max_chars);
        if cleaned.changed {
            self.note(NoteCode::TextsMended, field);
        }
        cleaned.text
    }

    /// A name; an empty one becomes `#` and the id.
    pub(super) fn name(&mut self, field: Field) -> String {
        let cleaned = text::read(self.row.get(field), text::NAME);
        if cleaned.changed || cleaned.text.is_none() {
            self.note(NoteCode::TextsMended, field);
        }
        cleaned.text.unwrap_or_else(|| format!("#{}", self.id))
    }

    pub(super) fn price(&mut self, field: Field) -> Option<Decimal> {
        let Some(price) = money::read(self.row.get(field), self.precision) else {
            self.report_fault(Code::UnreadablePrice);
            return None;
        };
        if price.rounded {
            self.note(NoteCode::PricesRounded, field);
        }
        if price.amount.is_sign_negative() && !price.amount.is_zero() {
            self.report_fault(Code::NegativePrice);
            return Some(match self.options.price {
                Some(PricePolicy::Zero) => Decimal::new(0, 2),
                Some(PricePolicy::Abs) | None => price.amount.abs(),
            });
        }
        Some(price.amount)
    }

    /// A product's stock.
    pub(super) fn stock(&mut self) -> Option<i64> {
        match integer::read(self.row.get(Field::Quantity)) {
            Some(quantity) if quantity < 0 => {
                self.report_fault(Code::NegativeQuantity);
                Some(0)
            }
            Some(quantity) if quantity > MAX_QUANTITY => {
                self.report_fault(Code::QuantityOutOfRange);
                Some(0)
            }
            Some(quantity) => Some(quantity),
            None => {
                self.report_fault(Code::UnreadableQuantity);
                None
            }
        }
    }

    /// An optional time; `Err` if there is a value that can't be read.
    pub(super) fn time(&mut self, field: Field) -> Result<Option<DateTime<Utc>>, Unreadable> {
        match self.row.get(field) {
            Value::Null => Ok(None),
            value => match moment::read(value, self.options.timezone) {
                Some(moment) => Ok(Some(moment)),
                None => {
                    self.report_fault(Code::UnreadableTime);
                    Err(Unreadable)
                }
            },
        }
    }

    /// The times of creation and of the last change. If one is missing, the other is used; if both are missing, the time of
    /// the import.
    pub(super) fn times(&mut self, has_columns: bool) -> Result<(DateTime<Utc>, DateTime<Utc>), Unreadable> {
        let created = self.time(Field::CreatedAt)?;
        let updated = self.time(Field::UpdatedAt)?;
        if has_columns && (created.is_none() || updated.is_none()) {
            self.sink.note(NoteCode::TimesFilled, self.role.name(), self.id);
        }
        let created_at = created.or(updated).unwrap_or(self.options.now);
        Ok((created_at, updated.unwrap_or(created_at)))
    }

    /// The id that a relation contains, if the row that it refers to is imported.
    pub(super) fn reference(&mut self, field: Field, find: impl FnOnce(i64) -> Reference) -> Option<i64> {
        let id = integer::read(self.row.get(field));
        match id.map_or(Reference::Absent, find) {
            Reference::Imported => id,
            Reference::Skipped => {
                let (table, id) = (self.table(), self.id);
                self.sink.note(NoteCode::RowsSkipped, table, id);
                None
            }
            Reference::Absent => {
                self.report_fault(Code::DanglingReference);
                None
            }
        }
    }
}

/// The error for a value that can't be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;

/// Reads unique, positive ids from rows in ascending order of ids. Contains the previous id.
#[derive(Debug, Default)]
pub(super) struct IdReader(i64);

impl IdReader {
    /// The id of a row; `None` if it is not valid, so that the row has to be skipped.
    pub(super) fn next(&mut self, key: &Value, table: &'static str, sink: &mut Sink<'_>) -> Option<i64> {
        match key.integer() {
            Some(id) if id > self.0 => {
                self.0 = id;
                Some(id)
            }
            id => {
                sink.finding(Code::UnreadableId, table, id);
                None
            }
        }
    }
}
