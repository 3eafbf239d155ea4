//! The `category` table: what kind of thing a product is.

crate::label::label!("category");
