//! Checks of the repository itself.

mod api_pairs;
mod architecture;
mod docs;
mod generated_files;
mod imports;
