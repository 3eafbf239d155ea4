//! The rows that are handed over: typed, within the program's rules, times in UTC.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// A brand, category or supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As in the source.
    pub id: i64,
    /// 1 to 500 characters.
    pub name: String,
    /// Never empty.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// As in the source.
    pub id: i64,
    /// 1 to 500 characters.
    pub title: String,
    /// Never empty.
    pub description: Option<String>,
    /// 1 to 200 characters, unique.
    pub serie_number: Option<String>,
    /// Two decimals, not negative.
    pub cost_price: Decimal,
    /// Two decimals, not negative.
    pub selling_price: Decimal,
    /// 0 to 2³¹−1; the sum of the product's stock changes.
    pub quantity: i64,
    /// A brand that is handed over.
    pub brand_id: i64,
    /// A category that is handed over.
    pub category_id: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inflow {
    /// As in the source.
    pub id: i64,
    /// A product that is handed over.
    pub product_id: i64,
    /// A supplier that is handed over.
    pub supplier_id: i64,
    /// 1 to 2³¹−1.
    pub quantity: i64,
    /// Never empty.
    pub description: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Goods that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// As in the source.
    pub id: i64,
    /// A product that is handed over.
    pub product_id: i64,
    /// 1 to 2³¹−1.
    pub quantity: i64,
    /// The price that it was sold for; the product's where the source keeps none.
    pub unit_price: Decimal,
    /// What it had cost; the product's where the source keeps none.
    pub unit_cost: Decimal,
    /// Never empty.
    pub description: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Why stock changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What must have been there before the first movement.
    Opening,
    /// An inflow.
    Inflow,
    /// An outflow.
    Outflow,
    /// What is left to the quantity after the last movement; never positive.
    Closing,
}

/// An entry of the ledger. All of one product come in the order in which they apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// The product.
    pub product_id: i64,
    /// Why.
    pub reason: Reason,
    /// Not 0.
    pub change: i64,
    /// The stock after it, 0 to 2³¹−1.
    pub balance: i64,
    /// The inflow or outflow.
    pub movement_id: Option<i64>,
    /// A user that is handed over.
    pub actor_id: Option<i64>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// As in the source.
    pub id: i64,
    /// Unique.
    pub username: String,
    /// Django's encoded hash, unchanged, if [`crate::password::is_usable`] accepts it; `None` for a hash that can't be
    /// used.
    pub password: Option<String>,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user holds every permission.
    pub is_superuser: bool,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("username", &self.username)
            .field("has_password", &self.password.is_some())
            .field("is_active", &self.is_active)
            .field("is_superuser", &self.is_superuser)
            .field("created_at", &self.created_at)
            .finish()
    }
}

/// A group. Names are unique; groups of one name are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// As in the source; memberships refer to it.
    pub id: i64,
    /// The name.
    pub name: String,
    /// `add_product`, …, sorted.
    pub permissions: Vec<String>,
}

/// A user in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// A user that is handed over.
    pub user_id: i64,
    /// A group that is handed over, by its id in the source.
    pub group_id: i64,
}

/// A permission that a user holds directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPermission {
    /// A user that is handed over.
    pub user_id: i64,
    /// `add_product`, …
    pub codename: String,
}

/// A refresh token that must not work any more, though it has not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentToken {
    /// Its id.
    pub jti: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Rows of one table, at most [`crate::BATCH_ROWS`].
#[derive(Clone, Debug)]
pub enum Batch {
    /// `user`
    Users(Vec<User>),
    /// `group`
    Groups(Vec<Group>),
    /// `user_group`
    Memberships(Vec<Membership>),
    /// `permission`
    UserPermissions(Vec<UserPermission>),
    /// `brand`
    Brands(Vec<Label>),
    /// `category`
    Categories(Vec<Label>),
    /// `supplier`
    Suppliers(Vec<Label>),
    /// `product`
    Products(Vec<Product>),
    /// `inflow`
    Inflows(Vec<Inflow>),
    /// `outflow`
    Outflows(Vec<Outflow>),
    /// `stock_change`
    StockChanges(Vec<StockChange>),
    /// `spent_token`
    SpentTokens(Vec<SpentToken>),
}
