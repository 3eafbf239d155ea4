//! The rows that are imported: typed, valid by the program's rules, with times in UTC.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// A brand, category or supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The id in the source.
    pub id: i64,
    /// The name, of 1 to 500 characters.
    pub name: String,
    /// `None` instead of an empty text.
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The id in the source.
    pub id: i64,
    /// The title, of 1 to 500 characters.
    pub title: String,
    /// `None` instead of an empty text.
    pub description: Option<String>,
    /// The serial number, of 1 to 200 characters, unique.
    pub serie_number: Option<String>,
    /// The cost price, with two decimals, not negative.
    pub cost_price: Decimal,
    /// The selling price, with two decimals, not negative.
    pub selling_price: Decimal,
    /// The stock, from 0 to 2³¹−1, which is the sum of the product's stock changes.
    pub quantity: i64,
    /// The id of an imported brand.
    pub brand_id: i64,
    /// The id of an imported category.
    pub category_id: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Goods that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inflow {
    /// The id in the source.
    pub id: i64,
    /// The id of an imported product.
    pub product_id: i64,
    /// The id of an imported supplier.
    pub supplier_id: i64,
    /// The quantity, from 1 to 2³¹−1.
    pub quantity: i64,
    /// `None` instead of an empty text.
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Goods that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// The id in the source.
    pub id: i64,
    /// The id of an imported product.
    pub product_id: i64,
    /// The quantity, from 1 to 2³¹−1.
    pub quantity: i64,
    /// The price for which it was sold, or the product's selling price if the source has none.
    pub unit_price: Decimal,
    /// Its cost, or the product's cost price if the source has none.
    pub unit_cost: Decimal,
    /// `None` instead of an empty text.
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The reason for a change of stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The stock before the first movement.
    Opening,
    Inflow,
    Outflow,
    /// The change from the balance after the last movement to the quantity; never positive.
    Closing,
}

/// An entry of the ledger. The entries of one product are in chronological order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// The product's id.
    pub product_id: i64,
    pub reason: Reason,
    /// The change, never 0.
    pub change: i64,
    /// The stock after the change, from 0 to 2³¹−1.
    pub balance: i64,
    /// The id of the inflow or outflow, if there is one.
    pub movement_id: Option<i64>,
    /// The user who recorded the movement, if known and if imported.
    pub actor_id: Option<i64>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id in the source.
    pub id: i64,
    /// The name, which is unique.
    pub username: String,
    /// Django's encoded hash, unchanged, if [`crate::password::is_usable`] accepts it; `None` for a hash that can't be
    /// used.
    pub password: Option<String>,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user holds every permission.
    pub is_superuser: bool,
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

/// A group. Groups of the source with the same name are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The id in the source, to which memberships refer.
    pub id: i64,
    pub name: String,
    /// The codenames of its permissions, such as `add_product`, sorted.
    pub permissions: Vec<String>,
}

/// A user in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The id of an imported user.
    pub user_id: i64,
    /// The id of an imported group, as in the source.
    pub group_id: i64,
}

/// A permission that is assigned to a user directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPermission {
    /// The id of an imported user.
    pub user_id: i64,
    /// The codename, such as `add_product`.
    pub codename: String,
}

/// A refresh token that was revoked before its expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentToken {
    pub jti: String,
    pub expires_at: DateTime<Utc>,
}

/// Up to [`crate::BATCH_ROWS`] rows of one table.
#[derive(Clone, Debug)]
pub enum Batch {
    Users(Vec<User>),
    Groups(Vec<Group>),
    /// The table `user_group`.
    Memberships(Vec<Membership>),
    /// The table `permission`.
    UserPermissions(Vec<UserPermission>),
    Brands(Vec<Label>),
    Categories(Vec<Label>),
    Suppliers(Vec<Label>),
    Products(Vec<Product>),
    Inflows(Vec<Inflow>),
    Outflows(Vec<Outflow>),
    StockChanges(Vec<StockChange>),
    SpentTokens(Vec<SpentToken>),
}
