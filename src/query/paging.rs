//! Pages of a listing by cursor: of the whole list, or of the rows of each of several parents.

use std::collections::HashMap;
use std::sync::Arc;

use ::entity::Record as _;
use database::Backend;
use database::dialect::PAGE;
use sea_orm::sea_query::{ExprTrait as _, IntoColumnRef as _, IntoIden, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, FromQueryResult, ModelTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait, Value,
};
use table_query::cursor::{self, Term, ValueKind};
use table_query::page::{CursorOf, bounds, order_by, order_within_parent, remove_extra_item};
use table_query::{PagesByParent, RelationKey};

use super::{Collection, CursorPage, Filter, Listing, PageRequest, Row, key};
use crate::auth::{Permit, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// The maximum number of rows on a page, in both APIs.
pub const MAX_PAGE_SIZE: u8 = 100;

#[derive(FromQueryResult)]
struct ParentCount {
    parent: i64,
    total: i64,
}

impl<R: Collection> Listing<R> {
    /// A page by cursor.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an invalid cursor, or the cursor of another order.
    pub async fn by_cursor(
        &self,
        permit: Permit<'_, Read, R>,
        request: &PageRequest,
    ) -> Result<CursorPage<Row<R>>> {
        let terms = self.cursor_terms();
        let mut select = self.select_page(request, &terms)?;
        if request.skip > 0 || !self.condition()?.matches_all() {
            // A subquery selects the ids, for which an index can suffice, so that other rows are not read.
            let chosen = select.select_only().column(key::<R>()).into_query();
            select = self.rows().filter(key::<R>().in_subquery(chosen));
            order_by(QueryTrait::query(&mut select), &terms, request.is_backward);
        }
        let db = permit.ctx().db();
        let mut rows = db.models::<R>(select.build(db.get_database_backend())).await?;
        let has_more = remove_extra_item(request, &mut rows);
        Ok(CursorPage::new(
            request,
            Row::siblings_of(rows),
            has_more,
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
        let db = ctx.db();
        let mut statement = self.select_per_parent(db.backend(), reference, parents, request)?;
        let in_page = |column: R::Column| (PAGE, column).into_column_ref();
        statement
            .clear_selects()
            .columns(self.columns().into_iter().map(in_page));
        let terms: Vec<Term> = self
            .terms()
            .into_iter()
            .zip(self.cursor_terms())
            .map(|((column, ..), term)| Term {
                column: in_page(column),
                ..term
            })
            .collect();
        order_by(&mut statement, &terms, request.is_backward);
        let mut rows_with_parent: Vec<(i64, R::Model)> = Vec::new();
        for row in db
            .models::<R>(db.get_database_backend().build(&statement))
            .await?
        {
            if let Value::BigInt(Some(parent)) = row.get(reference) {
                rows_with_parent.push((parent, row));
            }
        }
        Ok(PagesByParent::new(
            request,
            rows_with_parent,
            Row::siblings_of,
            &self.cursor(),
        ))
    }

    /// Selects the rows of [`PAGE`] for each of these parents.
    fn select_per_parent(
        &self,
        backend: Backend,
        reference: R::Column,
        parents: &[i64],
        request: &PageRequest,
    ) -> Result<SelectStatement> {
        let terms = self.cursor_terms();
        let mut part = self.select_page(request, &terms)?.into_query();
        let (table, parent_key) = (R::default().into_iden(), key::<R>().as_column_ref());
        let of_parent = reference.into_expr().eq(backend.parent());
        let names = |columns: Vec<R::Column>| columns.into_iter().map(IntoIden::into_iden).collect();
        // Without `filter_first` the databases can scan the whole table by the index of another column, for each parent.
        Ok(if !self.condition()?.matches_all() {
            let part = backend.filter_first(table, of_parent, None, part);
            backend.per_parent(parents, parent_key, part)
        } else if self.is_indexed_by_reference() {
            order_within_parent(&mut part, backend, reference, &terms, request.is_backward);
            backend.per_parent(parents, parent_key, part)
        } else if self.is_read_from_index() {
            let part = backend.filter_first(table, of_parent, Some(names(self.columns())), part);
            backend.per_parent(parents, parent_key, part)
        } else {
            let compared = self.terms().into_iter().map(|(column, ..)| column).collect();
            let part = backend.filter_first(table, of_parent, Some(names(compared)), part);
            backend.per_parent_by_key(parents, parent_key, part)
        })
    }

    /// The number of rows of each of these parents, in one statement. Parents without rows are left out.
    pub(crate) async fn count_per_parent(
        &self,
        ctx: &Ctx,
        reference: R::Column,
        parents: &[i64],
    ) -> Result<HashMap<i64, u64>> {
        let db = ctx.db();
        let counts = Filter::id_in(db.backend(), reference, parents)
            .apply(self.matching()?)
            .select_only()
            .column_as(reference, "parent")
            .column_as(key::<R>().count(), "total")
            .group_by(reference)
            .into_model::<ParentCount>()
            .all(db)
            .await?;
        Ok(counts
            .into_iter()
            .map(|counted| (counted.parent, u64::try_from(counted.total).unwrap_or_default()))
            .collect())
    }

    /// Checks the search and the cursors of a page without reading it.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a search with too many words, and for an invalid cursor or one of another order.
    pub fn check(&self, request: &PageRequest) -> Result<()> {
        self.condition()?;
        bounds(request, &self.order_name(), &self.cursor_terms())?;
        Ok(())
    }

    /// The rows of a page and one more, which shows whether there is another page. For a backward page they are in reverse
    /// order.
    fn select_page(&self, request: &PageRequest, terms: &[Term]) -> Result<sea_orm::Select<R>> {
        let mut select = self
            .matching()?
            .filter(bounds(request, &self.order_name(), terms)?);
        order_by(QueryTrait::query(&mut select), terms, request.is_backward);
        if request.skip > 0 {
            select = select.offset(request.skip);
        }
        Ok(select.limit(request.size.saturating_add(1)))
    }

    pub(super) fn cursor_terms(&self) -> Vec<Term> {
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

/// A page of the rows that refer to a row, and the listing to count them with.
type Children<R> = (Arc<CursorPage<Row<R>>>, Arc<Listing<R>>);

/// A page of the children of `row`, loaded for all its siblings together.
pub async fn children_of<P: Collection, R: Collection>(
    ctx: &Ctx,
    row: &Row<P>,
    relation: RelationKey,
    reference: R::Column,
    request: &PageRequest,
    listing: impl FnOnce() -> Result<Listing<R>>,
) -> Result<Children<R>> {
    let loaded = row
        .load_once(relation, async || {
            let listing = listing()?;
            let pages = listing.per_parent(ctx, reference, &row.ids(), request).await?;
            Ok::<_, Error>((pages, Arc::new(listing)))
        })
        .await?;
    let (pages, listing) = &*loaded;
    Ok((pages.of(row.id()), Arc::clone(listing)))
}

/// The page that [`children_of`] returns, if it has been loaded.
pub fn loaded_children_of<P: Collection, R: Collection>(
    row: &Row<P>,
    relation: RelationKey,
) -> Option<Children<R>> {
    let loaded = row.get_loaded::<(PagesByParent<Row<R>>, Arc<Listing<R>>)>(relation)?;
    let (pages, listing) = &*loaded;
    Some((pages.of(row.id()), Arc::clone(listing)))
}

/// The number of children of `row` on all pages, counted for all its siblings together.
pub async fn count_children_of<P: Collection, R: Collection>(
    ctx: &Ctx,
    row: &Row<P>,
    relation: RelationKey,
    reference: R::Column,
    listing: &Listing<R>,
) -> Result<u64> {
    let counts = row
        .load_once(relation.with_name("count"), async || {
            listing.count_per_parent(ctx, reference, &row.ids()).await
        })
        .await?;
    Ok(counts.get(&row.id()).copied().unwrap_or_default())
}
