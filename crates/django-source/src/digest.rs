//! Counts, sums and hashes of tables, the same for the source's rows and the target's.
//!
//! The hash of a table is the sum of the SHA-256 of its rows modulo 2²⁵⁶, so it does not depend on their order.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::row::{
    Group, Inflow, Label, Membership, Outflow, Product, Reason, SpentToken, StockChange, User, UserPermission,
};

/// What a table comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// The sum of quantities, or of changes; as text, for it may exceed 64 bits.
    pub quantity: Option<String>,
    /// The sum of all prices, with two decimals.
    pub money: Option<String>,
    /// The hash, 64 hex digits.
    pub hash: String,
}

/// A row that can be added to a [`TableDigest`].
pub trait Record {
    /// Puts all columns into `fields`, always in the same order.
    fn write(&self, fields: &mut Fields);
}

/// The columns of one row.
#[derive(Debug, Default)]
pub struct Fields {
    hasher: Sha256,
    quantity: i128,
    cents: i128,
}

impl Fields {
    /// An id, or another whole number that is not summed.
    pub fn integer(&mut self, number: i64) {
        self.hasher.update(number.to_be_bytes());
    }

    /// An optional whole number.
    pub fn optional_integer(&mut self, number: Option<i64>) {
        self.hasher.update([u8::from(number.is_some())]);
        self.integer(number.unwrap_or(0));
    }

    /// A quantity, which is summed.
    pub fn quantity(&mut self, number: i64) {
        self.quantity += i128::from(number);
        self.integer(number);
    }

    /// A price, which is summed; two decimals count.
    pub fn money(&mut self, amount: Decimal) {
        let mut amount = amount;
        amount.rescale(2);
        self.cents += amount.mantissa();
        self.hasher.update(amount.mantissa().to_be_bytes());
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.hasher
            .update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.hasher.update(text.as_bytes());
    }

    /// An optional text.
    pub fn optional_text(&mut self, text: Option<&str>) {
        self.hasher.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    /// A time, to the microsecond.
    pub fn moment(&mut self, moment: DateTime<Utc>) {
        self.integer(moment.timestamp_micros());
    }

    /// A truth value.
    pub fn truth(&mut self, truth: bool) {
        self.hasher.update([u8::from(truth)]);
    }
}

/// Adds up a table, row by row.
#[derive(Clone, Debug)]
pub struct TableDigest {
    table: &'static str,
    rows: u64,
    quantity: i128,
    cents: i128,
    /// 256 bits, the lowest first.
    sum: [u64; 4],
}

impl TableDigest {
    /// An empty table.
    pub const fn new(table: &'static str) -> Self {
        Self {
            table,
            rows: 0,
            quantity: 0,
            cents: 0,
            sum: [0; 4],
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &impl Record) {
        let mut fields = Fields::default();
        row.write(&mut fields);
        self.rows += 1;
        self.quantity += fields.quantity;
        self.cents += fields.cents;
        let hash = fields.hasher.finalize();
        let mut carry = false;
        for (sum, bytes) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            let word = bytes
                .iter()
                .rev()
                .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            let (added, first) = sum.overflowing_add(word);
            let (added, second) = added.overflowing_add(u64::from(carry));
            (*sum, carry) = (added, first || second);
        }
    }

    /// What the rows so far come to.
    pub fn summary(&self) -> TableSummary {
        let has_money = matches!(self.table, "product" | "outflow");
        let has_quantity = has_money || matches!(self.table, "inflow" | "stock_change");
        TableSummary {
            table: self.table,
            rows: self.rows,
            quantity: has_quantity.then(|| self.quantity()),
            money: has_money.then(|| self.money()),
            hash: self.sum.iter().rev().map(|word| format!("{word:016x}")).collect(),
        }
    }

    /// The sum of quantities.
    pub fn quantity(&self) -> String {
        self.quantity.to_string()
    }

    /// The sum of prices, with two decimals.
    pub fn money(&self) -> String {
        let (sign, cents) = (if self.cents < 0 { "-" } else { "" }, self.cents.unsigned_abs());
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl Record for Label {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.name);
        fields.optional_text(self.description.as_deref());
        fields.moment(self.created_at);
        fields.moment(self.updated_at);
    }
}

impl Record for Product {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.title);
        fields.optional_text(self.description.as_deref());
        fields.optional_text(self.serie_number.as_deref());
        fields.money(self.cost_price);
        fields.money(self.selling_price);
        fields.quantity(self.quantity);
        fields.integer(self.brand_id);
        fields.integer(self.category_id);
        fields.moment(self.created_at);
        fields.moment(self.updated_at);
    }
}

impl Record for Inflow {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.integer(self.product_id);
        fields.integer(self.supplier_id);
        fields.quantity(self.quantity);
        fields.optional_text(self.description.as_deref());
        fields.moment(self.created_at);
        fields.moment(self.updated_at);
    }
}

impl Record for Outflow {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.integer(self.product_id);
        fields.quantity(self.quantity);
        fields.money(self.unit_price);
        fields.money(self.unit_cost);
        fields.optional_text(self.description.as_deref());
        fields.moment(self.created_at);
        fields.moment(self.updated_at);
    }
}

impl Record for StockChange {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.product_id);
        fields.integer(match self.reason {
            Reason::Opening => 0,
            Reason::Inflow => 1,
            Reason::Outflow => 2,
            Reason::Closing => 3,
        });
        fields.quantity(self.change);
        fields.integer(self.balance);
        fields.optional_integer(self.movement_id);
        fields.optional_integer(self.actor_id);
        fields.moment(self.created_at);
    }
}

impl Record for User {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.username);
        fields.optional_text(self.password.as_deref());
        fields.truth(self.is_active);
        fields.truth(self.is_superuser);
        fields.moment(self.created_at);
    }
}

impl Record for Group {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.name);
        for codename in &self.permissions {
            fields.text(codename);
        }
    }
}

impl Record for Membership {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.user_id);
        fields.integer(self.group_id);
    }
}

impl Record for UserPermission {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.user_id);
        fields.text(&self.codename);
    }
}

impl Record for SpentToken {
    fn write(&self, fields: &mut Fields) {
        fields.text(&self.jti);
        fields.moment(self.expires_at);
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Record, TableDigest};

    struct Number(i64);

    impl Record for Number {
        fn write(&self, fields: &mut Fields) {
            fields.quantity(self.0);
            fields.money(rust_decimal::Decimal::new(self.0 * 10, 1));
        }
    }

    fn digest(numbers: &[i64]) -> super::TableSummary {
        let mut digest = TableDigest::new("product");
        for number in numbers {
            digest.add(&Number(*number));
        }
        digest.summary()
    }

    #[test]
    fn order_does_not_matter_and_every_row_does() {
        let all = digest(&[1, 2, 3, -4]);
        assert_eq!(all, digest(&[-4, 3, 1, 2]));
        assert_eq!(
            (all.rows, all.quantity.as_deref(), all.money.as_deref()),
            (4, Some("2"), Some("2.00"))
        );
        assert_ne!(all.hash, digest(&[1, 2, 3, -3]).hash);
        assert_ne!(digest(&[1, 1]).hash, digest(&[]).hash);
        assert_eq!(digest(&[]).hash, "0".repeat(64));
        assert_eq!(digest(&[-5]).money.as_deref(), Some("-5.00"));
    }
}
