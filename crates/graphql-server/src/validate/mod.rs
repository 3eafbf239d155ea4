//! Checks that async-graphql's validation lacks, for values, variables and selections with the same response key.

pub(crate) mod arguments;
pub(crate) mod field_merging;
pub(crate) mod literals;
mod selections;
pub(crate) mod typename;
mod values;
pub(crate) mod variables;
mod whole_numbers;
