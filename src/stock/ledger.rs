//! The ledger as a list. It is written by `stock.rs` alone.

use ::entity::stock_change::{Column, Entity};

use crate::query::{Collection, Direction, Sortable};

impl Collection for Entity {
    const SORTABLE: &'static [Sortable<Column>] = &[Sortable {
        name: "id",
        columns: &[Column::Id],
        nullable: false,
    }];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
    const SEARCHED: Option<Column> = None;
}
