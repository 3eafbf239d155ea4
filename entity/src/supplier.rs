//! The `supplier` table: suppliers of stock.

crate::label::label!("supplier");
