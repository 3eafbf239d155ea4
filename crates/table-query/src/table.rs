//! `Table`: an entity whose rows can be listed, and `Source`: access to its database.

use database::Database;
pub use database::row_id;
use sea_orm::{EntityTrait, Iterable as _, PrimaryKeyToColumn, PrimaryKeyTrait};

use crate::row_cache::RowCache;

/// An entity with a primary key of one integer column. It is implemented for all such entities.
pub trait Table:
    EntityTrait<
        Model: Default + Send + Sync + 'static,
        Column: Send + Sync + 'static,
        PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
    > + Send
    + Sync
    + 'static
{
}

impl<T> Table for T where
    T: EntityTrait<
            Model: Default + Send + Sync + 'static,
            Column: Send + Sync + 'static,
            PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
        > + Send
        + Sync
        + 'static
{
}

/// The column of the primary key.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "every entity has a primary key"
)]
pub fn key<T: Table>() -> T::Column {
    let key = T::PrimaryKey::iter().next().expect("a primary key");
    key.into_column()
}

/// Access to the database that rows are read from. The context of a request can implement it, for example.
pub trait Source: Sync {
    fn db(&self) -> &Database;

    /// The cache of rows, and the revision that this request has read. `None` if all rows must be read from the database.
    fn cache(&self) -> Option<(&RowCache, i64)> {
        None
    }
}

impl Source for Database {
    fn db(&self) -> &Database {
        self
    }
}
