//! `Table`: an entity whose rows can be listed, and `Source`: where they are read.

use database::Database;
use sea_orm::{EntityTrait, Iterable as _, ModelTrait as _, PrimaryKeyToColumn, PrimaryKeyTrait, Value};

use crate::row_cache::RowCache;

/// An entity with a key of one integer column. Every entity that fits has this trait.
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
    reason = "an entity without a primary key does not derive"
)]
pub fn key<T: Table>() -> T::Column {
    let key = T::PrimaryKey::iter().next().expect("a primary key");
    key.into_column()
}

/// The key of a row.
pub fn row_id<T: Table>(row: &T::Model) -> i64 {
    match row.get(key::<T>()) {
        Value::BigInt(Some(id)) => id,
        // The key of a `Table` is an integer.
        _ => 0,
    }
}

/// What gives access to the database that rows are read from, such as the context of a request.
pub trait Source: Sync {
    fn db(&self) -> &Database;

    /// Rows kept between requests, and the revision that this request has read, if rows of that revision will do.
    fn cache(&self) -> Option<(&RowCache, i64)> {
        None
    }
}

impl Source for Database {
    fn db(&self) -> &Database {
        self
    }
}
