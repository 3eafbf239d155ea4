//! Rules of the inventory, through both APIs where both apply them.

mod both_apis;
mod both_lists;
mod history;
mod inflow;
mod label_cache;
mod labels;
mod money;
mod numbered_pages;
mod outflow;
mod product;
mod product_fields;
mod product_vacuum;
mod races;
mod row_counts;
mod statements;
mod stock;
