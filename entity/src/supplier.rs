//! The `supplier` table: who delivers stock.

crate::label::label!("supplier");
