//! `Row`: rows that were fetched together load their relations together.
//!
//! A page consists of rows that refer to their siblings. The first row that needs a relation loads it for all of them, in one
//! statement; the others wait for it and share the result. So the number of statements depends on the relations that a
//! request needs, and not on the number of rows. No timer is needed to collect a batch.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::EntityTrait;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::loaders;
use crate::table::{Source, Table, row_id};

type Relation = Arc<OnceCell<Arc<dyn Any + Send + Sync>>>;

/// Identifies a value that is loaded for all siblings: a name, and a number that distinguishes values of the same name, such
/// as lists with different arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelationKey {
    number: usize,
    name: &'static str,
}

impl RelationKey {
    pub fn numbered(name: &'static str, number: usize) -> Self {
        Self { number, name }
    }

    /// The key of another value with the same number.
    #[must_use]
    pub fn with_name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

impl From<&'static str> for RelationKey {
    fn from(name: &'static str) -> Self {
        Self { number: 0, name }
    }
}

/// Rows that were fetched together, and the relations that have been loaded for all of them.
struct Siblings<R: EntityTrait> {
    rows: Vec<R::Model>,
    relations: Mutex<BTreeMap<RelationKey, Relation>>,
}

/// The rows with these ids, from the cache or by one statement.
async fn load<T: Table>(source: &impl Source, mut ids: Vec<i64>) -> Result<Vec<T::Model>, Error> {
    let Some((cache, revision)) = source.cache().filter(|(cache, _)| cache.has_table::<T>()) else {
        return loaders::by_id::<T>(source.db(), ids).await;
    };
    let mut rows = cache.find::<T>(revision, &ids);
    if rows.len() < ids.len() {
        let cached_ids: BTreeSet<i64> = rows.iter().map(row_id::<T>).collect();
        ids.retain(|id| !cached_ids.contains(id));
        let loaded = loaders::by_id::<T>(source.db(), ids).await?;
        cache.insert::<T>(revision, &loaded);
        rows.extend(loaded);
    }
    Ok(rows)
}

/// Makes these rows siblings of each other. Returns them by their ids.
fn siblings_by_id<T: Table>(rows: Vec<T::Model>) -> HashMap<i64, Row<T>> {
    Row::<T>::siblings_of(rows)
        .into_iter()
        .map(|row| (row_id::<T>(&row), row))
        .collect()
}

/// The row that another row refers to, if it is available without waiting.
pub enum RelatedRow<T: EntityTrait> {
    Loaded(Row<T>),
    /// There is no such row.
    Missing,
    NotLoaded,
}

impl<T: EntityTrait> RelatedRow<T> {
    fn of(row: Option<&Row<T>>) -> Self {
        row.cloned().map_or(Self::Missing, Self::Loaded)
    }
}

/// A row and its siblings.
pub struct Row<R: EntityTrait> {
    siblings: Arc<Siblings<R>>,
    index: usize,
}

impl<R: EntityTrait> Clone for Row<R> {
    fn clone(&self) -> Self {
        Self {
            siblings: Arc::clone(&self.siblings),
            index: self.index,
        }
    }
}

impl<R: EntityTrait> Deref for Row<R> {
    type Target = R::Model;

    #[expect(
        clippy::indexing_slicing,
        reason = "a row is only created for an index of its siblings"
    )]
    fn deref(&self) -> &R::Model {
        &self.siblings.rows[self.index]
    }
}

impl<R: Table> Row<R> {
    /// A row without siblings.
    #[expect(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "one model becomes one row"
    )]
    pub fn single(row: R::Model) -> Self {
        Self::siblings_of(vec![row])
            .pop()
            .expect("one model becomes one row")
    }

    /// Makes these rows siblings of each other.
    pub fn siblings_of(rows: Vec<R::Model>) -> Vec<Self> {
        let count = rows.len();
        let siblings = Arc::new(Siblings {
            rows,
            relations: Mutex::default(),
        });
        (0..count)
            .map(|index| Self {
                siblings: Arc::clone(&siblings),
                index,
            })
            .collect()
    }

    /// The rows with these ids, loaded in one statement and siblings of each other.
    pub async fn by_id(source: &impl Source, ids: Vec<i64>) -> Result<HashMap<i64, Self>, Error> {
        Ok(siblings_by_id(load::<R>(source, ids).await?))
    }

    /// The row of `T` that this one refers to by `id`; `relation` is the name of the reference.
    pub async fn one<T: Table>(
        &self,
        source: &impl Source,
        relation: &'static str,
        id: impl Fn(&R::Model) -> Option<i64>,
    ) -> Result<Option<Row<T>>, Error> {
        let Some(related_id) = id(self) else {
            return Ok(None);
        };
        let rows = self
            .load_once(relation, async || {
                let ids: BTreeSet<i64> = self.siblings.rows.iter().filter_map(&id).collect();
                Row::<T>::by_id(source, ids.into_iter().collect()).await
            })
            .await?;
        Ok(rows.get(&related_id).cloned())
    }

    /// Like [`one`](Self::one), but without waiting. The row is available if `one` has been called for a sibling, or if the
    /// source's cache has the rows that all siblings refer to.
    pub fn one_if_loaded<T: Table>(
        &self,
        source: &impl Source,
        relation: &'static str,
        id: impl Fn(&R::Model) -> Option<i64>,
    ) -> RelatedRow<T> {
        let Some(related_id) = id(self) else {
            return RelatedRow::Missing;
        };
        if let Some(cell) = self.relations().get(&relation.into()) {
            let rows = cell.get().and_then(|loaded| loaded.downcast_ref());
            return rows.map_or(RelatedRow::NotLoaded, |rows: &HashMap<i64, Row<T>>| {
                RelatedRow::of(rows.get(&related_id))
            });
        }
        let Some((cache, revision)) = source.cache().filter(|(cache, _)| cache.has_table::<T>()) else {
            return RelatedRow::NotLoaded;
        };
        let ids: BTreeSet<i64> = self.siblings.rows.iter().filter_map(&id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let rows = cache.find::<T>(revision, &ids);
        if rows.len() < ids.len() {
            return RelatedRow::NotLoaded;
        }
        let rows = siblings_by_id(rows);
        let row = RelatedRow::of(rows.get(&related_id));
        self.set(relation, rows);
        row
    }

    /// Sets the row that this one refers to as `relation`, so that it need not be loaded. Replaces the rows that siblings have
    /// loaded.
    pub fn preload<T: Table>(&self, relation: &'static str, row: T::Model) {
        self.set(relation, siblings_by_id::<T>(vec![row]));
    }

    fn set<T: Table>(&self, relation: &'static str, rows: HashMap<i64, Row<T>>) {
        let loaded: Arc<dyn Any + Send + Sync> = Arc::new(rows);
        self.relations()
            .insert(relation.into(), Arc::new(OnceCell::new_with(Some(loaded))));
    }

    fn relations(&self) -> MutexGuard<'_, BTreeMap<RelationKey, Relation>> {
        self.siblings
            .relations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads a value once for all siblings: the first caller loads it, the others wait. `relation` identifies the value, so
    /// lists with different arguments need different keys.
    ///
    /// # Errors
    /// The error of `load`, or [`Error::Relation`] if the key belongs to a value of another type.
    pub async fn load_once<T: Any + Send + Sync, E: From<Error>>(
        &self,
        relation: impl Into<RelationKey>,
        load: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let relation = relation.into();
        let cell = Arc::clone(self.relations().entry(relation).or_default());
        let loaded = cell
            .get_or_try_init(async || {
                let loaded: Arc<dyn Any + Send + Sync> = Arc::new(load().await?);
                Ok::<_, E>(loaded)
            })
            .await?;
        Arc::clone(loaded)
            .downcast::<T>()
            .map_err(|_| Error::Relation(relation.name).into())
    }

    /// The value that [`load_once`](Self::load_once) has loaded for `relation`, if any.
    pub fn get_loaded<T: Any + Send + Sync>(&self, relation: RelationKey) -> Option<Arc<T>> {
        let loaded = Arc::clone(self.relations().get(&relation)?.get()?);
        loaded.downcast::<T>().ok()
    }

    /// The keys of all siblings, sorted.
    pub fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.siblings().iter().map(row_id::<R>).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// All rows that were fetched with this one, including itself.
    pub fn siblings(&self) -> &[R::Model] {
        &self.siblings.rows
    }
}
