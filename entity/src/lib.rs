//! The tables of Stockroom, without rules, HTTP or GraphQL.
//!
//! Some rows can be stored as JSON, for requests with an idempotency key. The APIs do not use that format.
//!
//! Every integer is an `i64`, even if a rule limits it to 32 bits, so that no layer needs to cast.

pub mod attempt;
pub mod brand;
pub mod category;
pub mod delivery;
pub mod ended_session;
pub mod event;
pub mod folded;
pub mod group;
pub mod idempotency_key;
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

pub use folded::{MAX_FOLDED_BYTES, fold};
pub use money::Money;

/// A row with an id.
pub trait Record {
    /// The primary key, the same in REST and GraphQL.
    fn id(&self) -> i64;
    /// Sets the key that the database has assigned.
    fn set_id(&mut self, id: i64);
    /// Incremented by each change; always 1 for rows that never change.
    fn version(&self) -> i64;
}
