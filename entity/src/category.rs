//! The `category` table: kinds of products.

crate::label::label!("category");
