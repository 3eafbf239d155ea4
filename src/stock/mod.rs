//! Movements and the ledger: the only writers of `product.quantity`.

pub mod history;
pub mod ledger;
pub mod ledger_feed;
pub mod ledger_tail;
pub mod movement;
pub mod movement_batcher;
pub mod movement_queue;
#[expect(clippy::module_inception, reason = "the rule of the same name")]
pub mod stock;
