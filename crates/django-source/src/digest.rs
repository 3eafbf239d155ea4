//! Counts, sums and hashes of tables, computed in the same way for the rows of the source and of the target.

use serde::Serialize;
use table_digest::Digest;
pub use table_digest::{Fields, Record};

use crate::row::{
    Group, Inflow, Label, Membership, Outflow, Product, Reason, SpentToken, StockChange, User, UserPermission,
};

/// The number of rows of a table, its sums and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    pub table: &'static str,
    pub rows: u64,
    /// The sum of quantities or stock changes, as text because it may exceed 64 bits; `None` for tables without any.
    pub quantity: Option<String>,
    /// The sum of all prices, with two decimals; `None` for tables without prices.
    pub money: Option<String>,
    /// The hash as 64 hex digits.
    pub hash: String,
}

/// Computes the summary of a table, row by row.
#[derive(Clone, Debug)]
pub struct TableDigest {
    table: &'static str,
    digest: Digest,
}

impl TableDigest {
    /// The digest of an empty table.
    pub const fn new(table: &'static str) -> Self {
        Self {
            table,
            digest: Digest::new(),
        }
    }

    pub fn add(&mut self, row: &impl Record) {
        self.digest.add(row);
    }

    /// The summary of the rows so far.
    pub fn summary(&self) -> TableSummary {
        let has_money = matches!(self.table, "product" | "outflow");
        let has_quantity = has_money || matches!(self.table, "inflow" | "stock_change");
        TableSummary {
            table: self.table,
            rows: self.digest.rows(),
            quantity: has_quantity.then(|| self.digest.quantity()),
            money: has_money.then(|| self.digest.money()),
            hash: self.digest.hash(),
        }
    }
}

impl Record for Label {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.name);
        fields.optional_text(self.description.as_deref());
        fields.timestamp(self.created_at);
        fields.timestamp(self.updated_at);
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
        fields.timestamp(self.created_at);
        fields.timestamp(self.updated_at);
    }
}

impl Record for Inflow {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.integer(self.product_id);
        fields.integer(self.supplier_id);
        fields.quantity(self.quantity);
        fields.optional_text(self.description.as_deref());
        fields.timestamp(self.created_at);
        fields.timestamp(self.updated_at);
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
        fields.timestamp(self.created_at);
        fields.timestamp(self.updated_at);
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
        fields.timestamp(self.created_at);
    }
}

impl Record for User {
    fn write(&self, fields: &mut Fields) {
        fields.integer(self.id);
        fields.text(&self.username);
        fields.optional_text(self.password.as_deref());
        fields.boolean(self.is_active);
        fields.boolean(self.is_superuser);
        fields.timestamp(self.created_at);
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
        fields.timestamp(self.expires_at);
    }
}
