//! Counts, sums and hashes of tables, to compare the rows of two databases without loading either into memory.
//!
//! ```
//! use table_digest::{Digest, Fields, Record};
//!
//! struct Book(i64, &'static str);
//!
//! impl Record for Book {
//!     fn write(&self, fields: &mut Fields) {
//!         fields.integer(self.0);
//!         fields.text(self.1);
//!     }
//! }
//!
//! let (mut one, mut other) = (Digest::new(), Digest::new());
//! one.add(&Book(1, "Emma"));
//! one.add(&Book(2, "Dracula"));
//! other.add(&Book(2, "Dracula"));
//! other.add(&Book(1, "Emma"));
//! assert_eq!(one.hash(), other.hash());
//! ```
//!
//! # Guarantees
//!
//! - **The order of rows does not matter.** The hash of a table is the sum of the SHA-256 of its rows modulo 2²⁵⁶, so that two
//!   databases can return rows in different orders. A duplicate row counts twice.
//! - **Columns are separated.** Texts are hashed with their length, and null differs from every value.
//! - **Constant memory** for a table of any size.
//!
//! It detects accidental differences only: different rows with the same sum can be constructed on purpose.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};

/// A row that can be added to a [`Digest`].
pub trait Record {
    /// Writes all columns to `fields`, always in the same order.
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

    pub fn optional_integer(&mut self, number: Option<i64>) {
        self.hasher.update([u8::from(number.is_some())]);
        self.integer(number.unwrap_or(0));
    }

    /// A quantity, which is summed.
    pub fn quantity(&mut self, number: i64) {
        self.quantity += i128::from(number);
        self.integer(number);
    }

    /// A price, which is rounded to two decimals and summed.
    pub fn money(&mut self, amount: Decimal) {
        let mut amount = amount;
        amount.rescale(2);
        self.cents += amount.mantissa();
        self.hasher.update(amount.mantissa().to_be_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.hasher
            .update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.hasher.update(text.as_bytes());
    }

    pub fn optional_text(&mut self, text: Option<&str>) {
        self.hasher.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    /// A timestamp in microseconds.
    pub fn timestamp(&mut self, timestamp: DateTime<Utc>) {
        self.integer(timestamp.timestamp_micros());
    }

    pub fn boolean(&mut self, boolean: bool) {
        self.hasher.update([u8::from(boolean)]);
    }
}

/// The digest of a table, to which rows are added one by one.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    rows: u64,
    quantity: i128,
    cents: i128,
    /// A 256-bit integer, least significant word first.
    sum: [u64; 4],
}

impl Digest {
    /// The digest of an empty table.
    pub const fn new() -> Self {
        Self {
            rows: 0,
            quantity: 0,
            cents: 0,
            sum: [0; 4],
        }
    }

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

    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash as 64 hex digits.
    pub fn hash(&self) -> String {
        self.sum.iter().rev().map(|word| format!("{word:016x}")).collect()
    }

    /// The sum of quantities, as text because it can exceed 64 bits.
    pub fn quantity(&self) -> String {
        self.quantity.to_string()
    }

    /// The sum of prices, with two decimals.
    pub fn money(&self) -> String {
        let (sign, cents) = (if self.cents < 0 { "-" } else { "" }, self.cents.unsigned_abs());
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Number(i64);

    impl Record for Number {
        fn write(&self, fields: &mut Fields) {
            fields.quantity(self.0);
            fields.money(Decimal::new(self.0 * 10, 1));
        }
    }

    fn digest(numbers: &[i64]) -> (u64, String, String, String) {
        let mut digest = Digest::new();
        for number in numbers {
            digest.add(&Number(*number));
        }
        (digest.rows(), digest.quantity(), digest.money(), digest.hash())
    }

    #[test]
    fn the_digest_depends_on_every_row_but_not_on_their_order() {
        let all = digest(&[1, 2, 3, -4]);
        assert_eq!(all, digest(&[-4, 3, 1, 2]));
        assert_eq!((all.0, &*all.1, &*all.2), (4, "2", "2.00"));
        assert_ne!(all.3, digest(&[1, 2, 3, -3]).3);
        assert_ne!(digest(&[1, 1]).3, digest(&[]).3);
        assert_eq!(digest(&[]).3, "0".repeat(64));
        assert_eq!(digest(&[-5]).2, "-5.00");
    }

    struct Texts(&'static str, Option<&'static str>);

    impl Record for Texts {
        fn write(&self, fields: &mut Fields) {
            fields.text(self.0);
            fields.optional_text(self.1);
        }
    }

    #[test]
    fn the_hash_depends_on_column_boundaries() {
        let hash = |row: Texts| {
            let mut digest = Digest::new();
            digest.add(&row);
            digest.hash()
        };
        assert_ne!(hash(Texts("ab", Some("c"))), hash(Texts("a", Some("bc"))));
        assert_ne!(hash(Texts("a", Some(""))), hash(Texts("a", None)));
    }
}
