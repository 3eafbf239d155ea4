//! `RowCache`: rows of small tables that are referred to often. They are kept between requests while their revision is the
//! same.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use sea_orm::{Iterable as _, ModelTrait as _, Value};

use crate::table::{Table, row_id};

/// The approximate maximum number of bytes that the rows of a cache take. A full cache is emptied.
const CAPACITY: usize = 16 * 1024 * 1024;
/// The approximate maximum number of bytes of a row. Larger rows are not kept.
const MAX_ROW_SIZE: usize = 8 * 1024;

/// Rows by their ids. The tables are chosen when the cache is created.
///
/// Rows are kept under a revision: a number that increases with every commit that changes or deletes one of them. A caller
/// reads the revision first; a row that it reads afterwards is at least as new.
pub struct RowCache {
    tables: Vec<TypeId>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    revision: i64,
    /// The rows of each table, as a `HashMap<i64, T::Model>`.
    rows: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    size: usize,
}

type Rows<T> = HashMap<i64, <T as sea_orm::EntityTrait>::Model>;

impl RowCache {
    /// A cache without tables; add them by [`with`](Self::with).
    #[expect(clippy::new_without_default, reason = "a cache without tables has no use")]
    pub fn new() -> Self {
        Self {
            tables: Vec::new(),
            state: RwLock::default(),
        }
    }

    /// Adds a table whose rows the cache keeps.
    #[must_use]
    pub fn with<T: Table>(mut self) -> Self {
        self.tables.push(TypeId::of::<T>());
        self
    }

    /// The rows with these ids that are kept under `revision`.
    pub(crate) fn find<T: Table>(&self, revision: i64, ids: &[i64]) -> Vec<T::Model> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.revision != revision {
            return Vec::new();
        }
        let rows = state
            .rows
            .get(&TypeId::of::<T>())
            .and_then(|rows| rows.downcast_ref::<Rows<T>>());
        let Some(rows) = rows else { return Vec::new() };
        ids.iter().filter_map(|id| rows.get(id).cloned()).collect()
    }

    /// Keeps rows that were read after `revision`.
    pub(crate) fn insert<T: Table>(&self, revision: i64, rows: &[T::Model]) {
        if !self.tables.contains(&TypeId::of::<T>()) {
            return;
        }
        let sizes_and_rows: Vec<(usize, &T::Model)> = rows
            .iter()
            .map(|row| (size::<T>(row), row))
            .filter(|(size, _)| *size <= MAX_ROW_SIZE)
            .collect();
        let added_size: usize = sizes_and_rows.iter().map(|(size, _)| size).sum();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.revision < revision || state.size + added_size > CAPACITY {
            state.rows.clear();
            state.size = 0;
            state.revision = state.revision.max(revision);
        }
        // A row that was read after an older revision can be older than the rows that are kept.
        if state.revision != revision || added_size > CAPACITY {
            return;
        }
        state.size += added_size;
        let table_rows = state
            .rows
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::new(Rows::<T>::new()));
        if let Some(table_rows) = table_rows.downcast_mut::<Rows<T>>() {
            table_rows.extend(
                sizes_and_rows
                    .into_iter()
                    .map(|(_, row)| (row_id::<T>(row), row.clone())),
            );
        }
    }

    /// Whether the cache keeps the rows of this table.
    pub(crate) fn has_table<T: Table>(&self) -> bool {
        self.tables.contains(&TypeId::of::<T>())
    }
}

/// The approximate number of bytes that a row takes: its texts, and a machine word for each column.
fn size<T: Table>(row: &T::Model) -> usize {
    let column = |column: T::Column| match row.get(column) {
        Value::String(Some(text)) => text.len() + size_of::<String>(),
        _ => size_of::<u64>(),
    };
    T::Column::iter().map(column).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    mod shelf {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, Default, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "shelf")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            pub name: String,
        }
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}
        impl ActiveModelBehavior for ActiveModel {}
    }

    fn shelf(id: i64, name: &str) -> shelf::Model {
        shelf::Model {
            id,
            name: name.to_owned(),
        }
    }

    #[test]
    fn rows_are_kept_under_the_latest_revision() {
        let cache = RowCache::new().with::<shelf::Entity>();
        cache.insert::<shelf::Entity>(3, &[shelf(1, "a"), shelf(2, "b")]);
        assert_eq!(cache.find::<shelf::Entity>(3, &[2, 9]), [shelf(2, "b")]);
        assert_eq!(cache.find::<shelf::Entity>(2, &[2]), []);
        assert_eq!(cache.find::<shelf::Entity>(4, &[2]), []);
        cache.insert::<shelf::Entity>(4, &[shelf(2, "c")]);
        cache.insert::<shelf::Entity>(3, &[shelf(1, "a")]);
        assert_eq!(cache.find::<shelf::Entity>(4, &[1, 2]), [shelf(2, "c")]);
        assert_eq!(cache.find::<shelf::Entity>(3, &[1, 2]), []);
    }

    #[test]
    fn the_size_is_bounded() {
        let cache = RowCache::new().with::<shelf::Entity>();
        let text = "x".repeat(MAX_ROW_SIZE);
        cache.insert::<shelf::Entity>(1, &[shelf(1, &text)]);
        assert_eq!(cache.find::<shelf::Entity>(1, &[1]), []);
        let text = "x".repeat(MAX_ROW_SIZE / 2);
        for id in 0..10_000 {
            cache.insert::<shelf::Entity>(1, &[shelf(id, &text)]);
        }
        let ids: Vec<i64> = (0..10_000).collect();
        let rows = cache.find::<shelf::Entity>(1, &ids);
        assert!(!rows.is_empty() && rows.len() * text.len() < CAPACITY);
        assert!(rows.iter().any(|row| row.id == 9_999));
    }

    #[test]
    fn rows_of_other_tables_are_not_kept() {
        let cache = RowCache::new();
        cache.insert::<shelf::Entity>(1, &[shelf(1, "a")]);
        assert_eq!(cache.find::<shelf::Entity>(1, &[1]), []);
    }
}
