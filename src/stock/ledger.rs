//! The ledger as a list. Only `record.rs` and `history.rs` write it.

use ::entity::stock_change::{Column, Entity};

use crate::query::{Collection, Direction, ListColumn};

impl Collection for Entity {
    const COLUMNS: &'static [ListColumn<Column>] = &[ListColumn::value(Column::Id)];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
}
