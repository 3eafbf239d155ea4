//! Rules of the inventory, through both APIs where both apply them.

mod both_apis;
mod both_lists;
mod history;
mod inflow;
mod label_rows;
mod labels;
mod money;
mod outflow;
mod page_starts;
mod product;
mod product_fields;
mod races;
mod row_counts;
mod statements;
mod stock;
