//! `Listing`: filter, search and order, as either face fills it, turned into one `SELECT`.
//!
//! The order is always total: it ends in the id, in the direction of the column before it, so that paging neither
//! repeats nor skips. Where a value may be missing, the rows without one come last in both directions.

use sea_orm::sea_query::{Asterisk, Expr, Func, NullOrdering, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait as _, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::filter::Place;
use super::row_count::row_count;
use super::{Collection, Filter, Row, key};
use crate::auth::{Permit, Read};
use crate::error::{Error, Result};

/// A name that lists can be ordered by, and the columns behind it.
#[derive(Debug)]
pub struct Sortable<C: 'static> {
    /// The column, as the document spells it.
    pub name: &'static str,
    /// What is compared: for a text its folded form, then as written.
    pub columns: &'static [C],
    /// Whether there are rows without it.
    pub nullable: bool,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, earliest or A first.
    Ascending,
    /// Largest, latest or Z first.
    Descending,
}

impl From<Direction> for sea_orm::Order {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self::Asc,
            Direction::Descending => Self::Desc,
        }
    }
}

/// One step of an order: later steps decide between equals.
#[derive(Debug)]
pub struct Order<C: 'static> {
    /// By what.
    pub by: &'static Sortable<C>,
    /// Which way.
    pub direction: Direction,
}

impl<C> Clone for Order<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Order<C> {}

impl<C> Order<C> {
    /// An order by the column of this name, if lists can be ordered by it.
    pub fn by_name<R: Collection<Column = C>>(name: &str, direction: Direction) -> Option<Self> {
        R::SORTABLE
            .iter()
            .find(|sortable| sortable.name == name)
            .map(|by| Self { by, direction })
    }
}

/// The sortable that every collection has and that no two rows share.
const ID: &str = "id";

/// A part of a list, to be asked for.
pub struct Listing<R: Collection> {
    /// Which rows.
    pub filter: Filter,
    /// Rows whose name has this in it.
    pub search: Option<String>,
    /// In which order; the noun's own when empty.
    pub order: Vec<Order<R::Column>>,
}

impl<R: Collection> Default for Listing<R> {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            search: None,
            order: Vec::new(),
        }
    }
}

/// A page by its number.
pub struct Page<R: Collection> {
    /// The rows of the page.
    pub rows: Vec<Row<R>>,
    /// How many there are on all pages together.
    pub count: u64,
}

impl<R: Collection> Listing<R> {
    /// What its rows have in common.
    pub(crate) fn condition(&self) -> Filter {
        let searched = match (&self.search, R::SEARCHED) {
            (Some(text), Some(column)) if !text.is_empty() => Filter::text(column, Place::Anywhere, text),
            _ => Filter::default(),
        };
        self.filter.clone().and(searched)
    }

    /// The rows that it is about, in no order.
    pub(crate) fn matching(&self) -> Select<R> {
        self.condition().apply(R::find())
    }

    /// The steps of its order. A column that comes again decides nothing any more, and nothing decides after the id.
    fn steps(&self) -> Vec<Order<R::Column>> {
        let mut steps: Vec<Order<R::Column>> = Vec::new();
        for step in &self.order {
            if !steps.iter().any(|earlier| earlier.by.name == step.by.name) {
                steps.push(*step);
            }
            if step.by.name == ID {
                break;
            }
        }
        if steps.is_empty() {
            steps.extend(Order::by_name::<R>(R::DEFAULT_ORDER.0, R::DEFAULT_ORDER.1));
        }
        steps
    }

    /// The columns that order it, each with its direction and whether it may be null; the id is the last.
    pub(crate) fn terms(&self) -> Vec<(R::Column, Direction, bool)> {
        let steps = self.steps();
        let last = steps
            .last()
            .map(|step| (key::<R>(), step.direction, false))
            .filter(|_| steps.iter().all(|step| step.by.name != ID));
        let columns = steps.iter().flat_map(|step| {
            step.by
                .columns
                .iter()
                .map(|column| (*column, step.direction, step.by.nullable))
        });
        columns.chain(last).collect()
    }

    /// What its cursors call its order: `product:-selling_price,title`.
    pub(crate) fn order_name(&self) -> String {
        let steps: Vec<String> = self
            .steps()
            .iter()
            .map(|step| match step.direction {
                Direction::Ascending => step.by.name.to_owned(),
                Direction::Descending => format!("-{}", step.by.name),
            })
            .collect();
        format!("{}:{}", R::default().table_name(), steps.join(","))
    }

    fn ordered(&self, mut select: Select<R>) -> Select<R> {
        for (column, direction, nullable) in self.terms() {
            select = if nullable {
                select.order_by_with_nulls(column, direction.into(), NullOrdering::Last)
            } else {
                select.order_by(column, direction.into())
            };
        }
        select
    }

    /// How many rows it is about.
    pub async fn count(&self, permit: &Permit<'_, Read, R>) -> Result<u64> {
        let db = permit.ctx().db();
        let condition = self.condition();
        if condition.holds_for_all()
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

    /// Page `number`, counted from 1, of `size` rows each.
    ///
    /// # Errors
    /// [`Error::NoSuchPage`] below 1 and past the end; the first page is there even when it is empty.
    pub async fn by_number(&self, permit: Permit<'_, Read, R>, number: i128, size: u64) -> Result<Page<R>> {
        if number < 1 {
            return Err(Error::NoSuchPage);
        }
        let count = self.count(&permit).await?;
        let skipped = u64::try_from((number - 1).saturating_mul(i128::from(size))).unwrap_or(u64::MAX);
        if skipped >= count && number > 1 {
            return Err(Error::NoSuchPage);
        }
        let rows = if count == 0 {
            Vec::new()
        } else {
            let db = permit.ctx().db();
            let page = self.slice(skipped, size);
            db.models::<R>(page.build(db.get_database_backend())).await?
        };
        Ok(Page {
            rows: Row::together(rows),
            count,
        })
    }

    /// Rows by their place. The ids are chosen first, which an index can do alone, and only those rows are read whole.
    fn slice(&self, skipped: u64, size: u64) -> Select<R> {
        if skipped == 0 && self.condition().holds_for_all() {
            return self.ordered(self.matching()).limit(size);
        }
        let chosen: SelectStatement = self
            .ordered(self.matching())
            .select_only()
            .column(key::<R>())
            .offset(skipped)
            .limit(size)
            .into_query();
        self.ordered(R::find().filter(key::<R>().in_subquery(chosen)))
    }
}
