//! Imports the databases that `cases/make.py` writes, from SQLite and PostgreSQL, and damaged files.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is a failed test"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests find their server in the environment"
)]

mod cases;
mod collected;
mod databases;
mod hostile;
mod many;
mod mutated;
mod options;
mod postgres;
mod variations;
