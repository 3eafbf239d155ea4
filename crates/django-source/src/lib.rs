//! Reads the database of the Django inventory that Stockroom replaces, and decides what can be taken over.
//!
//! This is the source's half of `stockroom import`; it depends on nothing of the program and writes nothing.
//!
//! ```no_run
//! # async fn example() -> Result<(), django_source::Error> {
//! use django_source::{Options, Progress, Source};
//!
//! let options = Options::new(chrono::DateTime::from_timestamp_nanos(0));
//! let plan = Source::open("shop.sqlite3").await?.check(options, Progress::default()).await?;
//! println!("{:?}", plan.report().verdict);
//! let mut rows = plan.rows();
//! while let Some(batch) = rows.next().await {
//!     // Write the batch.
//! }
//! let tables = rows.finish().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **One moment.** Everything is read in one transaction, from [`Source::open`] until the rows are handed over. SQLite files
//!   are opened read-only; PostgreSQL is `REPEATABLE READ READ ONLY`.
//! - **The source stays as it is,** byte for byte. A SQLite file in WAL mode that no process has open is copied to a
//!   temporary folder, because opening it would leave `-wal` and `-shm` beside it. One that is open has these files
//!   already, and is read in place. Without WAL, a process that wants to write has to wait until reading is over.
//! - **Tables by meaning.** [`Report::roles`] and [`Report::columns`] say what was taken for what, and how it was recognised.
//! - **Nothing is decided silently.** What the program's rules refuse is a [`Finding`] with the flag that decides it; what is
//!   changed or left behind is a [`Note`]. [`Plan::rows`] hands over rows as the flags decide; the caller asks for them only if
//!   the verdict is [`Verdict::Import`].
//! - **Rows keep the rules:** texts trimmed and composed, prices with two decimals and not negative, quantities in range,
//!   references to rows that are handed over, serial numbers and user names unique, a ledger whose balances are never negative
//!   and whose sum is the quantity.
//! - **Bounded.** Memory is 32 bytes for each movement, some 150 for each product, 8 for each other row, and a few batches.
//!   A file is hostile: its pages are checked before they are read, no row may exceed [`MAX_ROW_BYTES`], a statement may not
//!   take more steps than the file's size explains, views, triggers and virtual tables are not touched.
//! - **Errors are errors:** no panic, and no message with a password or SQL in it.

mod catalogue;
mod clean;
pub mod digest;
mod error;
mod mapping;
mod options;
pub mod password;
mod plan;
mod progress;
pub mod report;
pub mod row;
mod source;
mod stock;
mod takeover;
mod value;

pub use error::{Error, Result};
pub use options::{MapOverride, Options, PricePolicy, SeriePolicy, Tenant, TenantValue};
pub use progress::Progress;
pub use report::{Finding, Note, Report, Verdict};
pub use row::Batch;
pub use takeover::{Plan, Rows, Source};

/// Rows of a [`Batch`], at most.
pub const BATCH_ROWS: usize = 1000;

/// The longest row that is read. Longer ones are an error.
pub const MAX_ROW_BYTES: usize = 8 << 20;
