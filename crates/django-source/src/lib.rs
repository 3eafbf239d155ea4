//! Reads the database of the Django inventory that Stockroom replaces, and converts the rows that can be imported.
//!
//! This is the reading half of `stockroom import`. It does not depend on the program and writes nothing.
//!
//! ```no_run
//! # async fn example() -> Result<(), django_source::Error> {
//! use django_source::{Options, Progress, Source};
//!
//! let options = Options::new(chrono::DateTime::from_timestamp_nanos(0));
//! let plan = Source::open("shop.sqlite3").await?.check(options, Progress::default()).await?;
//! println!("{:?}", plan.report().result);
//! let mut rows = plan.rows();
//! while let Some(batch) = rows.next().await {
//!     // Write the batch.
//! }
//! let tables = rows.finish().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **A consistent state.** Everything is read in one transaction, from [`Source::open`] to the last row. SQLite files are
//!   opened read-only; on PostgreSQL the transaction is `REPEATABLE READ READ ONLY`.
//! - **The source is not changed,** not even a byte. A SQLite file in WAL mode that no process has open is copied to a
//!   temporary folder, because opening it would create `-wal` and `-shm` beside it. One that is open has these files
//!   already, and is read in place. Without WAL mode, other processes can't write until reading is over.
//! - **Tables are recognised by their meaning.** [`Report::roles`] and [`Report::columns`] list the meaning of tables and
//!   columns, and how each was recognised.
//! - **Nothing is decided silently.** Data that the program's rules reject is a [`Finding`] with the flag that resolves it;
//!   data that is changed or omitted is a [`Note`]. [`Plan::rows`] returns the rows according to the flags; the caller requests
//!   them only if the result is [`CheckResult::Import`].
//! - **Rows are valid:** texts are trimmed and normalized (NFC), prices have two decimals and are not negative, quantities are in
//!   range, references are to rows that are also returned, serial numbers and user names are unique, and the balances of the
//!   ledger are never negative and end with the quantity.
//! - **Bounded memory and time.** Memory is 32 bytes for each movement, about 150 for each product, 8 for each other row, and
//!   a few batches. Files may be hostile: pages are checked before they are read, rows are limited to [`MAX_ROW_BYTES`], the
//!   steps of a statement are limited by the size of the file, and views, triggers and virtual tables are never used.
//! - **No panics,** and no error message that contains a password or SQL.

mod catalogue;
mod clean;
pub mod digest;
mod error;
mod mapping;
mod options;
pub mod password;
mod plan;
mod progress;
mod reading;
pub mod report;
pub mod row;
mod source;
mod stock;
mod value;

pub use error::{Error, Result};
pub use options::{MapOverride, Options, PricePolicy, SeriePolicy, Tenant, TenantValue};
pub use progress::Progress;
pub use reading::{Plan, Rows, Source};
pub use report::{CheckResult, Finding, Note, Report};
pub use row::Batch;

/// The maximum number of rows in a [`Batch`].
pub const BATCH_ROWS: usize = 1000;

/// The maximum size of a row, in bytes. A larger one is an error.
pub const MAX_ROW_BYTES: usize = 8 << 20;
