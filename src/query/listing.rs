//! `Listing`: filter, search and order of a list, turned into one `SELECT`.
//!
//! The order is always total: it ends with the id, in the direction of the column before it, so that paging neither
//! repeats nor skips rows. Nulls come last in both directions.

use ::entity::fold;
use sea_orm::sea_query::{Asterisk, Expr, Func, NullOrdering, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, IdenStatic as _, Iterable as _, ModelTrait as _, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
use table_query::cursor::{Side, side_condition};
use table_query::{Direction, ListColumn, PageStart, TextPosition, search_terms};

use super::revision::{TABLES_WITH_REVISION, at_revision, revision_and_count};
use super::row_count::row_count;
use super::{Collection, Filter, Row, key};
use crate::auth::{Permit, Read};
use crate::error::{Error, Result};

/// One step of an order. Later steps order rows that are equal in the earlier ones.
#[derive(Debug)]
pub struct Order<C: 'static> {
    pub by: &'static ListColumn<C>,
    pub direction: Direction,
}

impl<C> Clone for Order<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Order<C> {}

impl<C: ColumnTrait> Order<C> {
    /// An order by the column of this name, if lists can be ordered by it.
    pub fn by_name<R: Collection<Column = C>>(name: &str, direction: Direction) -> Option<Self> {
        R::COLUMNS
            .iter()
            .find(|column| column.name() == name)
            .map(|by| Self { by, direction })
    }
}

/// The unique column that every collection has.
const ID: &str = "id";

/// The maximum number of rows to skip from a stored position. Beyond that, skipping from the beginning costs less, because no
/// row is compared with the position.
const MAX_SKIP: u64 = 1_000;

/// The rows of a list and their order.
pub struct Listing<R: Collection> {
    pub filter: Filter,
    /// Matches the rows in which every word occurs in one of the searched columns.
    pub search: Option<String>,
    /// If empty, the default order of the collection applies.
    pub order: Vec<Order<R::Column>>,
    /// The columns that are not read. They have their defaults in the rows.
    pub unread: Vec<R::Column>,
}

impl<R: Collection> Default for Listing<R> {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            search: None,
            order: Vec::new(),
            unread: Vec::new(),
        }
    }
}

/// A page by its number.
pub struct NumberedPage<R: Collection> {
    pub rows: Vec<Row<R>>,
    /// The number of rows on all pages together.
    pub count: u64,
}

impl<R: Collection> Listing<R> {
    /// The filter and the search as one filter.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a search with too many words.
    pub(crate) fn condition(&self) -> Result<Filter> {
        let words = search_terms(self.search.as_deref().unwrap_or_default())?;
        Ok(words
            .into_iter()
            .map(fold)
            .fold(self.filter.clone(), |filter, word| {
                let mut searched =
                    R::searched_columns().map(|column| Filter::text(column, TextPosition::Anywhere, &word));
                match (searched.next(), searched.next()) {
                    (None, _) => filter,
                    (Some(only), None) => filter.and(only),
                    (Some(first), Some(second)) => {
                        filter.and(Filter::any([first, second].into_iter().chain(searched)))
                    }
                }
            }))
    }

    /// The matching rows, unordered.
    pub(crate) fn matching(&self) -> Result<Select<R>> {
        Ok(self.condition()?.apply(self.rows()))
    }

    /// All rows, with the columns that are read.
    pub(crate) fn rows(&self) -> Select<R> {
        let mut select = R::find();
        let columns = self.columns().into_iter();
        QueryTrait::query(&mut select)
            .clear_selects()
            .columns(columns.map(|column| column.as_column_ref()));
        select
    }

    /// Leaves out the columns that no wanted field needs. `is_wanted` is called with the names of fields.
    pub(crate) fn leave_out_unneeded(&mut self, is_wanted: impl Fn(&str) -> bool) {
        let columns = R::OPTIONAL_COLUMNS.iter();
        self.unread = columns
            .filter(|(_, fields)| !fields.iter().any(|field| is_wanted(field)))
            .map(|(column, _)| *column)
            .collect();
    }

    /// The columns that are read. Folded texts are left out, because the APIs do not return them. Columns that the order
    /// compares are always read, because cursors contain them.
    pub(crate) fn columns(&self) -> Vec<R::Column> {
        let is_same = |one: R::Column, other: R::Column| one.as_str() == other.as_str();
        let terms = self.terms();
        R::Column::iter()
            .filter(|column| {
                terms.iter().any(|(compared, ..)| is_same(*compared, *column))
                    || R::texts().all(|(_, text)| !is_same(text.folded, *column))
                        && self.unread.iter().all(|unread| !is_same(*unread, *column))
            })
            .collect()
    }

    /// Whether the indexes by references contain all columns that are read.
    pub(crate) fn is_read_from_index(&self) -> bool {
        let columns = self.columns();
        columns.iter().all(|column| {
            let mut indexed = R::INDEXED_COLUMNS.iter();
            indexed.any(|indexed| indexed.as_str() == column.as_str())
        })
    }

    /// Whether an index yields the rows that refer to one row in this order, without reading other rows.
    pub(crate) fn is_indexed_by_reference(&self) -> bool {
        match self.steps().as_slice() {
            [only] => R::INDEXED_ORDERS.contains(&only.by.name()),
            _ => false,
        }
    }

    /// The steps of the order, without repeated columns and without those after the id, which have no effect.
    fn steps(&self) -> Vec<Order<R::Column>> {
        let mut steps: Vec<Order<R::Column>> = Vec::new();
        for step in &self.order {
            if !steps.iter().any(|earlier| earlier.by.name() == step.by.name()) {
                steps.push(*step);
            }
            if step.by.name() == ID {
                break;
            }
        }
        if steps.is_empty() {
            steps.extend(Order::by_name::<R>(R::DEFAULT_ORDER.0, R::DEFAULT_ORDER.1));
        }
        steps
    }

    /// The columns to order by, each with its direction and whether it may be null. The id is the last.
    pub(crate) fn terms(&self) -> Vec<(R::Column, Direction, bool)> {
        let steps = self.steps();
        let last = steps
            .last()
            .map(|step| (key::<R>(), step.direction, false))
            .filter(|_| steps.iter().all(|step| step.by.name() != ID));
        let columns = steps
            .iter()
            .map(|step| (step.by.compared_column(), step.direction, step.by.is_nullable()));
        columns.chain(last).collect()
    }

    /// The name of the order in cursors, such as `product:-selling_price,title`.
    pub(crate) fn order_name(&self) -> String {
        let steps: Vec<String> = self
            .steps()
            .iter()
            .map(|step| match step.direction {
                Direction::Ascending => step.by.name().to_owned(),
                Direction::Descending => format!("-{}", step.by.name()),
            })
            .collect();
        format!("{}:{}", R::default().table_name(), steps.join(","))
    }

    fn add_order(&self, mut select: Select<R>) -> Select<R> {
        for (column, direction, nullable) in self.terms() {
            select = if nullable {
                select.order_by_with_nulls(column, direction.into(), NullOrdering::Last)
            } else {
                select.order_by(column, direction.into())
            };
        }
        select
    }

    /// The number of rows.
    pub async fn count(&self, permit: &Permit<'_, Read, R>) -> Result<u64> {
        let db = permit.ctx().db();
        let condition = self.condition()?;
        if condition.matches_all()
            && let Some(count) = row_count(db, R::default().table_name()).await?
        {
            return Ok(count);
        }
        let counted = condition
            .apply(R::find())
            .select_only()
            .expr(Func::count(Expr::col(Asterisk)))
            .build(db.get_database_backend());
        Ok(u64::try_from(db.number(counted).await?).unwrap_or_default())
    }

    /// Page `number`, counted from 1, of pages of `size` rows.
    ///
    /// # Errors
    /// [`Error::NoSuchPage`] for a number below 1 or past the last page. The first page may be empty.
    pub async fn by_number(
        &self,
        permit: Permit<'_, Read, R>,
        number: i128,
        size: u64,
    ) -> Result<NumberedPage<R>> {
        if number < 1 {
            return Err(Error::NoSuchPage);
        }
        let offset = u64::try_from((number - 1).saturating_mul(i128::from(size))).unwrap_or(u64::MAX);
        let is_whole = self.is_whole_in_default_order()?;
        if is_whole && let Some(page) = self.page_from_position(&permit, offset, size).await? {
            return Ok(page);
        }
        let db = permit.ctx().db();
        let (revision, count) = if is_whole {
            let (revision, count) = revision_and_count(db, R::default().table_name()).await?;
            (Some(revision), count)
        } else {
            (None, self.count(&permit).await?)
        };
        if offset >= count && number > 1 {
            return Err(Error::NoSuchPage);
        }
        // The row before the page is read too: its position lets a later request read this page without skipping rows.
        let extra_rows = u64::from(revision.is_some() && offset > 0);
        let mut rows = if count == 0 {
            Vec::new()
        } else {
            let page = self.slice(offset - extra_rows, size.saturating_add(extra_rows))?;
            db.models::<R>(page.build(db.get_database_backend())).await?
        };
        if let Some(revision) = revision {
            let starts = &permit.ctx().services.page_starts;
            starts.record_list(R::default().table_name(), revision, count);
            if extra_rows > 0 && !rows.is_empty() {
                let preceding_row = rows.remove(0);
                self.store_end(&permit, revision, offset - extra_rows, &[preceding_row]);
            }
            self.store_end(&permit, revision, offset, &rows);
        }
        Ok(NumberedPage {
            rows: Row::siblings_of(rows),
            count,
        })
    }

    /// Whether the list has all rows of a table with a revision, in their default order.
    fn is_whole_in_default_order(&self) -> Result<bool> {
        let by_default = Order::by_name::<R>(R::DEFAULT_ORDER.0, R::DEFAULT_ORDER.1);
        let is_default = |step: &Order<R::Column>| {
            by_default.is_some_and(|default| {
                step.by.name() == default.by.name() && step.direction == default.direction
            })
        };
        Ok(TABLES_WITH_REVISION.contains(&R::default().table_name())
            && matches!(self.steps().as_slice(), [only] if is_default(only))
            && self.condition()?.matches_all())
    }

    /// Reads the page, starting at the nearest stored position before it. Returns `None` if no position is near enough, or if
    /// the list has changed since the position was stored, which the statement itself checks.
    async fn page_from_position(
        &self,
        permit: &Permit<'_, Read, R>,
        offset: u64,
        size: u64,
    ) -> Result<Option<NumberedPage<R>>> {
        let (db, table) = (permit.ctx().db(), R::default().table_name());
        let start = permit.ctx().services.page_starts.find(table, offset);
        let is_near = |start: &PageStart| offset < start.count && start.skip <= MAX_SKIP;
        let Some(start) = start.filter(is_near) else {
            return Ok(None);
        };
        let mut part = at_revision(self.rows(), db.backend(), start.revision);
        if let Some(after) = &start.after {
            part = part.filter(side_condition(&self.cursor_terms(), after, Side::After));
        }
        let page = if start.skip == 0 {
            self.add_order(part).limit(size)
        } else {
            self.select_by_ids(part, start.skip, size)
        };
        let rows = db.models::<R>(page.build(db.get_database_backend())).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        self.store_end(permit, start.revision, offset, &rows);
        Ok(Some(NumberedPage {
            rows: Row::siblings_of(rows),
            count: start.count,
        }))
    }

    /// Stores the position at which the page after this one begins.
    fn store_end(&self, permit: &Permit<'_, Read, R>, revision: i64, offset: u64, rows: &[R::Model]) {
        let Some(last) = rows.last() else { return };
        let next_offset = offset.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        let values = self
            .terms()
            .iter()
            .map(|(column, ..)| last.get(*column))
            .collect();
        let starts = &permit.ctx().services.page_starts;
        starts.insert(R::default().table_name(), revision, next_offset, values);
    }

    /// Selects `size` rows after the first `offset`.
    fn slice(&self, offset: u64, size: u64) -> Result<Select<R>> {
        let condition = self.condition()?;
        if offset == 0 && condition.matches_all() {
            return Ok(self.add_order(self.rows()).limit(size));
        }
        Ok(self.select_by_ids(condition.apply(R::find()), offset, size))
    }

    /// A subquery selects the ids, for which an index can suffice, so that the skipped rows themselves are not read.
    fn select_by_ids(&self, part: Select<R>, offset: u64, size: u64) -> Select<R> {
        let chosen: SelectStatement = self
            .add_order(part)
            .select_only()
            .column(key::<R>())
            // PostgreSQL estimates that an unknown offset skips a tenth of the rows, and then plans each execution anew.
            .offset(Some(offset).filter(|offset| *offset > 0))
            .limit(size)
            .into_query();
        self.add_order(self.rows().filter(key::<R>().in_subquery(chosen)))
    }
}
