//! Movements and the ledger: the only writers of `product.quantity`.

pub mod history;
pub mod ledger;
pub mod ledger_feed;
mod ledger_reader;
pub mod ledger_tail;
pub mod low_stock;
pub mod movement;
mod movement_batch;
pub mod movement_batcher;
mod movement_keys;
pub mod movement_list;
pub mod movement_queue;
pub mod movement_row;
pub mod new_movement;
pub mod record;
