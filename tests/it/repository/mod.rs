//! What the repository itself has to keep to.

mod api_pairs;
mod architecture;
mod docs;
mod generated_files;
mod imports;
