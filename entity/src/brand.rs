//! The `brand` table: who makes a product.

crate::label::label!("brand");
