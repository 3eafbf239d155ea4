//! The `brand` table: manufacturers of products.

crate::label::label!("brand");
