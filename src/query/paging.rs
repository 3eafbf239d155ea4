//! Pages by cursor: of a list, and of each parent's list, all parents together in one statement.
//!
//! A page reads one row more than it shows, to find out whether there are more. A page backwards is read in the opposite
//! order and reversed at the end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ::entity::Record;
use database::Backend;
use database::dialect::PAGE;
use sea_orm::sea_query::{ExprTrait as _, IntoColumnRef as _, IntoIden as _, NullOrdering, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, FromQueryResult, ModelTrait as _, Order, QueryFilter,
    QuerySelect, QueryTrait, Value,
};

use super::cursor::{self, Side, Term, ValueKind};
use super::{Collection, Direction, Filter, Listing, Row, key};
use crate::auth::{Permit, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// The most rows of a page, in both APIs.
pub const MAX_PAGE_SIZE: u8 = 100;

/// A request for a page of a list by cursor.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The most items.
    pub size: u64,
    /// Whether the page is at the end of the part between the cursors, not at its beginning.
    pub backwards: bool,
    /// The number of items to skip, from the end that the page begins at.
    pub skip: u64,
    /// The part begins after this cursor.
    pub after: Option<String>,
    /// The part ends before this cursor.
    pub before: Option<String>,
}

/// A page of a list by cursor.
pub struct CursorPage<T> {
    pub items: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
    cursor: CursorOf<T>,
}

type CursorOf<T> = Arc<dyn Fn(&T) -> String + Send + Sync>;

impl<T> CursorPage<T> {
    /// The page with these items, in the order of the list. `more` is whether the part between the cursors goes on beyond them.
    fn new(request: &PageRequest, items: Vec<T>, more: bool, cursor: CursorOf<T>) -> Self {
        let (before, after) = (request.before.is_some(), request.after.is_some());
        let (has_previous, has_next) = if request.backwards {
            (more || after, before || request.skip > 0)
        } else {
            (after || request.skip > 0, more || before)
        };
        Self {
            items,
            has_previous,
            has_next,
            cursor,
        }
    }

    /// The cursor of an item.
    pub fn cursor(&self, item: &T) -> String {
        (self.cursor)(item)
    }
}

/// A page of each of several parents.
pub struct PagesByParent<T> {
    by_parent: HashMap<i64, Arc<CursorPage<T>>>,
    empty: Arc<CursorPage<T>>,
}

impl<T> PagesByParent<T> {
    /// Makes the pages from items with the ids of their parents, in the order in which they were read. `siblings` turns those
    /// that are shown into siblings of each other.
    pub(crate) fn new<M>(
        request: &PageRequest,
        items: impl IntoIterator<Item = (i64, M)>,
        siblings: impl FnOnce(Vec<M>) -> Vec<T>,
        cursor: &CursorOf<T>,
    ) -> Self {
        let mut by_parent: BTreeMap<i64, Vec<M>> = BTreeMap::new();
        for (parent, item) in items {
            by_parent.entry(parent).or_default().push(item);
        }
        let (mut shown, mut pages) = (Vec::new(), Vec::new());
        for (parent, mut items) in by_parent {
            let more = cut(request, &mut items);
            pages.push((parent, items.len(), more));
            shown.extend(items);
        }
        let mut shown = siblings(shown).into_iter();
        let page = |items, more| Arc::new(CursorPage::new(request, items, more, Arc::clone(cursor)));
        let by_parent = pages
            .into_iter()
            .map(|(parent, count, more)| (parent, page(shown.by_ref().take(count).collect(), more)))
            .collect();
        Self {
            by_parent,
            empty: page(Vec::new(), false),
        }
    }

    /// The page of one parent.
    pub fn of(&self, parent: i64) -> Arc<CursorPage<T>> {
        Arc::clone(self.by_parent.get(&parent).unwrap_or(&self.empty))
    }
}

/// Removes the one item too many and returns whether it was there; reverses items that were read backwards.
fn cut<M>(request: &PageRequest, items: &mut Vec<M>) -> bool {
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    if request.backwards {
        items.reverse();
    }
    more
}

/// The condition of a request's cursors, which must belong to this order.
///
/// # Errors
/// [`Error::Parameter`] for what is no cursor, or one of another order.
pub(crate) fn bounds(request: &PageRequest, order: &str, terms: &[Term]) -> Result<Condition> {
    let mut bounds = Condition::all();
    for (name, text, side) in [
        ("after", &request.after, Side::After),
        ("before", &request.before, Side::Before),
    ] {
        if let Some(text) = text {
            let values = cursor::decode(order, terms, text)
                .ok_or_else(|| Error::parameter(name, "This is not a cursor of this list in this order."))?;
            bounds = bounds.add(cursor::beyond(terms, &values, side));
        }
    }
    Ok(bounds)
}

/// Orders by these terms, or by the opposite order.
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

/// Keeps the rows that refer to the current parent, and orders them by these terms, which an index has within the reference.
pub(crate) fn order_within_parent(
    select: &mut SelectStatement,
    backend: Backend,
    reference: impl ColumnTrait,
    terms: &[Term],
    backwards: bool,
) {
    let first = Term {
        column: reference.as_column_ref().into_column_ref(),
        direction: terms.first().map_or(Direction::Ascending, |term| term.direction),
        nullable: false,
        kind: ValueKind::Integer,
    };
    select.cond_where(backend.within_parent(reference.into_expr()));
    select.clear_order_by();
    order_by(select, &[first], backwards);
    order_by(select, terms, backwards);
}

#[derive(FromQueryResult)]
struct Counted {
    parent: i64,
    total: i64,
}

impl<R: Collection> Listing<R> {
    /// A page by cursor.
    ///
    /// # Errors
    /// [`Error::Parameter`] for what is no cursor, or one of another order.
    pub async fn by_cursor(
        &self,
        permit: Permit<'_, Read, R>,
        request: &PageRequest,
    ) -> Result<CursorPage<Row<R>>> {
        let terms = self.cursor_terms();
        let mut select = self.part(request, &terms)?;
        if request.skip > 0 || !self.condition()?.matches_all() {
            // The ids are chosen first, which an index can do alone, and only those rows are read whole.
            let chosen = select.select_only().column(key::<R>()).into_query();
            select = R::find().filter(key::<R>().in_subquery(chosen));
            order_by(QueryTrait::query(&mut select), &terms, request.backwards);
        }
        let db = permit.ctx().db();
        let mut rows = db.models::<R>(select.build(db.get_database_backend())).await?;
        let more = cut(request, &mut rows);
        Ok(CursorPage::new(
            request,
            Row::siblings_of(rows),
            more,
            self.cursor(),
        ))
    }

    /// A page of the rows of each of these parents, to which the rows refer by `reference`, in one statement.
    pub(crate) async fn per_parent(
        &self,
        ctx: &Ctx,
        reference: R::Column,
        parents: &[i64],
        request: &PageRequest,
    ) -> Result<PagesByParent<Row<R>>> {
        let (db, terms) = (ctx.db(), self.cursor_terms());
        let backend = db.backend();
        let mut part = self.part(request, &terms)?.into_query();
        let part = if self.is_indexed_by_reference() && self.condition()?.matches_all() {
            order_within_parent(&mut part, backend, reference, &terms, request.backwards);
            part
        } else {
            // Otherwise the databases may walk the index of another column through the whole table, for each parent.
            let of_parent = reference.into_expr().eq(backend.parent());
            backend.rows_first(R::default().into_iden(), of_parent, part)
        };
        let mut statement = backend.per_parent(parents, key::<R>().as_column_ref(), part);
        let in_page = |column: R::Column| (PAGE, column).into_column_ref();
        let terms: Vec<Term> = self
            .terms()
            .into_iter()
            .zip(terms)
            .map(|((column, ..), term)| Term {
                column: in_page(column),
                ..term
            })
            .collect();
        order_by(&mut statement, &terms, request.backwards);
        let mut read: Vec<(i64, R::Model)> = Vec::new();
        for row in db
            .models::<R>(db.get_database_backend().build(&statement))
            .await?
        {
            if let Value::BigInt(Some(parent)) = row.get(reference) {
                read.push((parent, row));
            }
        }
        Ok(PagesByParent::new(
            request,
            read,
            Row::siblings_of,
            &self.cursor(),
        ))
    }

    /// The number of rows of each of these parents, in one statement. Parents without any are left out.
    pub(crate) async fn count_per_parent(
        &self,
        ctx: &Ctx,
        reference: R::Column,
        parents: &[i64],
    ) -> Result<HashMap<i64, u64>> {
        let db = ctx.db();
        let counts = Filter::among_ids(db.backend(), reference, parents)
            .apply(self.matching()?)
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

    /// The rows of a page and one more, in the order in which they are read.
    fn part(&self, request: &PageRequest, terms: &[Term]) -> Result<sea_orm::Select<R>> {
        let mut select = self
            .matching()?
            .filter(bounds(request, &self.order_name(), terms)?);
        order_by(QueryTrait::query(&mut select), terms, request.backwards);
        if request.skip > 0 {
            select = select.offset(request.skip);
        }
        Ok(select.limit(request.size.saturating_add(1)))
    }

    fn cursor_terms(&self) -> Vec<Term> {
        self.terms()
            .into_iter()
            .map(|(column, direction, nullable)| Term {
                column: column.as_column_ref().into_column_ref(),
                direction,
                nullable,
                kind: ValueKind::of(column),
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
    /// A page of this row's children, loaded for all its siblings together, and the listing, which can count them.
    pub async fn many<R: Collection>(
        &self,
        ctx: &Ctx,
        relation: &str,
        reference: R::Column,
        request: &PageRequest,
        listing: impl FnOnce() -> Result<Listing<R>>,
    ) -> Result<(Arc<CursorPage<Row<R>>>, Arc<Listing<R>>)> {
        let loaded = self
            .load_once(relation, async || {
                let listing = listing()?;
                let pages = listing.per_parent(ctx, reference, &self.ids(), request).await?;
                Ok((pages, Arc::new(listing)))
            })
            .await?;
        let (pages, listing) = &*loaded;
        Ok((pages.of(self.id()), Arc::clone(listing)))
    }

    /// The number of this row's children on all pages, counted for all its siblings together.
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
