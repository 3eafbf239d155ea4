//! The tables of Stockroom and nothing else: no rule, no serde, no GraphQL.
//!
//! Every integer is an `i64`, also where a rule keeps it within 32 bits: one width in every layer, no casts.

pub mod attempt;
pub mod brand;
pub mod category;
pub mod delivery;
pub mod ended_session;
pub mod event;
pub mod folded;
pub mod group;
pub mod inflow;
pub mod label;
pub mod money;
pub mod outflow;
pub mod permission;
pub mod product;
pub mod removed_endpoint;
pub mod spent_token;
pub mod stock_change;
pub mod supplier;
pub mod user;
pub mod user_group;
pub mod webhook_endpoint;

pub use folded::fold;
pub use money::Money;

/// What every object of the inventory has, whatever its columns.
pub trait Record {
    /// The primary key, the same in REST and GraphQL.
    fn id(&self) -> i64;
    /// Takes the key that the database gave.
    fn set_id(&mut self, id: i64);
    /// Grows by one with each change; movements, which never change, stay at 1.
    fn version(&self) -> i64;
}
