//! Takes over the databases that `cases/make.py` writes, from SQLite and from PostgreSQL, and damaged ones.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what panics here is a test that fails"
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
