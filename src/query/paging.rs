//! Pages by cursor: of a list, and of each parent's list, all parents together in one statement.
//!
//! A page asks for one row more than it shows, which tells whether there are more. Backwards is forwards in the opposite
//! order, turned around at the end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ::entity::Record;
use database::dialect::PAGE;
use sea_orm::sea_query::{ExprTrait as _, IntoColumnRef as _, NullOrdering, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, FromQueryResult, ModelTrait as _, Order, QueryFilter,
    QuerySelect, QueryTrait, Value,
};

use super::cursor::{self, Side, Term, ValueKind};
use super::{Collection, Direction, Filter, Listing, Row, key};
use crate::auth::{Permit, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// How many items, at most.
    pub size: u64,
    /// Whether the items are the last of the part rather than the first.
    pub backwards: bool,
    /// How many items are left out, from the side that the page begins on.
    pub skip: u64,
    /// The part begins after this cursor.
    pub after: Option<String>,
    /// The part ends before this cursor.
    pub before: Option<String>,
}

/// A page of a list by cursor, and where it lies in it.
pub struct CursorPage<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// Whether there are items before it.
    pub has_previous: bool,
    /// Whether there are items after it.
    pub has_next: bool,
    cursor: CursorOf<T>,
}

type CursorOf<T> = Arc<dyn Fn(&T) -> String + Send + Sync>;

impl<T> CursorPage<T> {
    /// The page of a span, whose items are in the order of the list; `more` tells whether the part goes on beyond them.
    fn new(span: &PageRequest, items: Vec<T>, more: bool, cursor: CursorOf<T>) -> Self {
        let (before, after) = (span.before.is_some(), span.after.is_some());
        let (has_previous, has_next) = if span.backwards {
            (more || after, before || span.skip > 0)
        } else {
            (after || span.skip > 0, more || before)
        };
        Self {
            items,
            has_previous,
            has_next,
            cursor,
        }
    }

    /// Where an item stands in the list.
    pub fn cursor(&self, item: &T) -> String {
        (self.cursor)(item)
    }
}

/// The pages of several parents.
pub struct Slices<T> {
    found: HashMap<i64, Arc<CursorPage<T>>>,
    empty: Arc<CursorPage<T>>,
}

impl<T> Slices<T> {
    /// The pages of the parents that have items, and the page of the others. The items come with their parents and as they
    /// were read; `together` makes siblings of those that are shown.
    pub(crate) fn new<M>(
        span: &PageRequest,
        read: impl IntoIterator<Item = (i64, M)>,
        together: impl FnOnce(Vec<M>) -> Vec<T>,
        cursor: &CursorOf<T>,
    ) -> Self {
        let mut by_parent: BTreeMap<i64, Vec<M>> = BTreeMap::new();
        for (parent, item) in read {
            by_parent.entry(parent).or_default().push(item);
        }
        let (mut shown, mut pages) = (Vec::new(), Vec::new());
        for (parent, mut items) in by_parent {
            let more = cut(span, &mut items);
            pages.push((parent, items.len(), more));
            shown.extend(items);
        }
        let mut shown = together(shown).into_iter();
        let slice = |items, more| Arc::new(CursorPage::new(span, items, more, Arc::clone(cursor)));
        let found = pages
            .into_iter()
            .map(|(parent, count, more)| (parent, slice(shown.by_ref().take(count).collect(), more)))
            .collect();
        Self {
            found,
            empty: slice(Vec::new(), false),
        }
    }

    /// The page of one parent.
    pub fn of(&self, parent: i64) -> Arc<CursorPage<T>> {
        Arc::clone(self.found.get(&parent).unwrap_or(&self.empty))
    }
}

/// Takes off the item that tells whether there are more, says so, and turns what was read backwards around.
fn cut<M>(span: &PageRequest, items: &mut Vec<M>) -> bool {
    let size = usize::try_from(span.size).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    if span.backwards {
        items.reverse();
    }
    more
}

/// The conditions of a span's cursors, which must be of this order.
///
/// # Errors
/// [`Error::Parameter`] for a cursor that is none, or of another order.
pub(crate) fn bounds(span: &PageRequest, order: &str, terms: &[Term]) -> Result<Condition> {
    let mut bounds = Condition::all();
    for (name, text, side) in [
        ("after", &span.after, Side::After),
        ("before", &span.before, Side::Before),
    ] {
        if let Some(text) = text {
            let values = cursor::decode(order, terms, text)
                .ok_or_else(|| Error::parameter(name, "This is not a cursor of this list in this order."))?;
            bounds = bounds.add(cursor::beyond(terms, &values, side));
        }
    }
    Ok(bounds)
}

/// Orders by these terms, or the other way around.
pub(crate) fn order_by(select: &mut SelectStatement, terms: &[Term], backwards: bool) {
    for term in terms {
        let order = match (term.direction, backwards) {
            (Direction::Ascending, false) | (Direction::Descending, true) => Order::Asc,
            _ => Order::Desc,
        };
        let nulls = if backwards {
            NullOrdering::First
        } else {
            NullOrdering::Last
        };
        if term.nullable {
            select.order_by_with_nulls(term.column.clone(), order, nulls);
        } else {
            select.order_by(term.column.clone(), order);
        }
    }
}

#[derive(FromQueryResult)]
struct Counted {
    parent: i64,
    total: i64,
}

impl<R: Collection> Listing<R> {
    /// The page of a span.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a cursor that is none, or of another order.
    pub async fn by_cursor(
        &self,
        permit: Permit<'_, Read, R>,
        span: &PageRequest,
    ) -> Result<CursorPage<Row<R>>> {
        let terms = self.cursor_terms();
        let mut select = self.part(span, &terms)?;
        if span.skip > 0 || !self.condition().holds_for_all() {
            // The ids are chosen first, which an index can do alone, and only those rows are read whole.
            let chosen = select.select_only().column(key::<R>()).into_query();
            select = R::find().filter(key::<R>().in_subquery(chosen));
            order_by(QueryTrait::query(&mut select), &terms, span.backwards);
        }
        let db = permit.ctx().db();
        let mut rows = db.models::<R>(select.build(db.get_database_backend())).await?;
        let more = cut(span, &mut rows);
        Ok(CursorPage::new(span, Row::together(rows), more, self.cursor()))
    }

    /// The page of each of these parents, whose key is the rows' `reference`, in one statement.
    pub(crate) async fn per_parent(
        &self,
        ctx: &Ctx,
        reference: R::Column,
        parents: &[i64],
        span: &PageRequest,
    ) -> Result<Slices<Row<R>>> {
        let (db, terms) = (ctx.db(), self.cursor_terms());
        let backend = db.backend();
        let part = self
            .part(span, &terms)?
            .filter(reference.into_expr().eq(backend.parent()));
        let mut statement = backend.per_parent(parents, key::<R>().as_column_ref(), part.into_query());
        let page = |column: R::Column| (PAGE, column).into_column_ref();
        let terms: Vec<Term> = self
            .terms()
            .into_iter()
            .zip(terms)
            .map(|((column, ..), term)| Term {
                column: page(column),
                ..term
            })
            .collect();
        order_by(&mut statement, &terms, span.backwards);
        let mut read: Vec<(i64, R::Model)> = Vec::new();
        for row in db
            .models::<R>(db.get_database_backend().build(&statement))
            .await?
        {
            if let Value::BigInt(Some(parent)) = row.get(reference) {
                read.push((parent, row));
            }
        }
        Ok(Slices::new(span, read, Row::together, &self.cursor()))
    }

    /// How many rows it is about for each of these parents, in one statement; a parent without any is not in it.
    pub(crate) async fn count_per_parent(
        &self,
        ctx: &Ctx,
        reference: R::Column,
        parents: &[i64],
    ) -> Result<HashMap<i64, u64>> {
        let db = ctx.db();
        let counts = Filter::among_ids(db.backend(), reference, parents)
            .apply(self.matching())
            .select_only()
            .column_as(reference, "parent")
            .column_as(key::<R>().count(), "total")
            .group_by(reference)
            .into_model::<Counted>()
            .all(db)
            .await?;
        Ok(counts
            .into_iter()
            .map(|counted| (counted.parent, u64::try_from(counted.total).unwrap_or_default()))
            .collect())
    }

    /// The rows of a span and one more, in the order in which it is read.
    fn part(&self, span: &PageRequest, terms: &[Term]) -> Result<sea_orm::Select<R>> {
        let mut select = self.matching().filter(bounds(span, &self.order_name(), terms)?);
        order_by(QueryTrait::query(&mut select), terms, span.backwards);
        if span.skip > 0 {
            select = select.offset(span.skip);
        }
        Ok(select.limit(span.size.saturating_add(1)))
    }

    fn cursor_terms(&self) -> Vec<Term> {
        self.terms()
            .into_iter()
            .map(|(column, direction, nullable)| Term {
                column: column.as_column_ref().into_column_ref(),
                direction,
                nullable,
                holds: ValueKind::of(column),
            })
            .collect()
    }

    fn cursor(&self) -> CursorOf<Row<R>> {
        let (order, terms) = (self.order_name(), self.terms());
        Arc::new(move |row: &Row<R>| {
            let values: Vec<_> = terms.iter().map(|(column, ..)| row.get(*column)).collect();
            cursor::encode(&order, &values)
        })
    }
}

impl<P: Collection> Row<P> {
    /// The page of this row's children among those of all its siblings, with what counts them.
    pub async fn many<R: Collection>(
        &self,
        ctx: &Ctx,
        relation: &str,
        reference: R::Column,
        span: &PageRequest,
        listing: impl FnOnce() -> Result<Listing<R>>,
    ) -> Result<(Arc<CursorPage<Row<R>>>, Arc<Listing<R>>)> {
        let loaded = self
            .load_once(relation, async || {
                let listing = listing()?;
                let slices = listing.per_parent(ctx, reference, &self.ids(), span).await?;
                Ok((slices, Arc::new(listing)))
            })
            .await?;
        let (slices, listing) = &*loaded;
        Ok((slices.of(self.id()), Arc::clone(listing)))
    }

    /// How many children this row has on all pages, counted for all its siblings together.
    pub async fn count_of<R: Collection>(
        &self,
        ctx: &Ctx,
        relation: &str,
        reference: R::Column,
        listing: &Listing<R>,
    ) -> Result<u64> {
        let counts = self
            .load_once(&format!("{relation} count"), async || {
                listing.count_per_parent(ctx, reference, &self.ids()).await
            })
            .await?;
        Ok(counts.get(&self.id()).copied().unwrap_or_default())
    }

    /// The keys of all siblings.
    pub(crate) fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.siblings().iter().map(Record::id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
