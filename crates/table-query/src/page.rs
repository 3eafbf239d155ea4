//! Pages by cursor: of one list, or of the lists of many parents in one statement.
//!
//! A page reads one more row than it returns, to determine whether there are more rows. A backward page is read in the
//! opposite order and then reversed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use database::Backend;
use sea_orm::sea_query::{IntoColumnRef as _, NullOrdering, SelectStatement};
use sea_orm::{ColumnTrait, Condition, Order};

use crate::column::Direction;
use crate::cursor::{self, Side, Term, ValueKind};
use crate::error::Error;

/// A request for a page of a list by cursor.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The maximum number of items.
    pub size: u64,
    /// Whether the page is taken from the end of the range between the cursors instead of its beginning.
    pub is_backward: bool,
    /// The number of items to skip at the same end of the range.
    pub skip: u64,
    /// The range begins after this cursor.
    pub after: Option<String>,
    /// The range ends before this cursor.
    pub before: Option<String>,
}

/// A page of a list by cursor.
pub struct CursorPage<T> {
    pub items: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
    cursor: CursorOf<T>,
}

/// A function that returns the cursor of an item.
pub type CursorOf<T> = Arc<dyn Fn(&T) -> String + Send + Sync>;

impl<T> CursorPage<T> {
    /// The page with these items, in the order of the list. `has_more` is whether the range between the cursors has
    /// further items.
    pub fn new(request: &PageRequest, items: Vec<T>, has_more: bool, cursor: CursorOf<T>) -> Self {
        let (before, after) = (request.before.is_some(), request.after.is_some());
        let (has_previous, has_next) = if request.is_backward {
            (has_more || after, before || request.skip > 0)
        } else {
            (after || request.skip > 0, has_more || before)
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

/// Pages of the lists of several parents, one for each.
pub struct PagesByParent<T> {
    by_parent: HashMap<i64, Arc<CursorPage<T>>>,
    empty: Arc<CursorPage<T>>,
}

impl<T> PagesByParent<T> {
    /// Creates the pages from the items and the ids of their parents, in the order in which they were read. `siblings` makes
    /// the items of all pages siblings of each other.
    pub fn new<M>(
        request: &PageRequest,
        items: impl IntoIterator<Item = (i64, M)>,
        siblings: impl FnOnce(Vec<M>) -> Vec<T>,
        cursor: &CursorOf<T>,
    ) -> Self {
        let mut by_parent: BTreeMap<i64, Vec<M>> = BTreeMap::new();
        for (parent, item) in items {
            by_parent.entry(parent).or_default().push(item);
        }
        let (mut page_items, mut pages) = (Vec::new(), Vec::new());
        for (parent, mut items) in by_parent {
            let has_more = remove_extra_item(request, &mut items);
            pages.push((parent, items.len(), has_more));
            page_items.extend(items);
        }
        let mut page_items = siblings(page_items).into_iter();
        let page = |items, has_more| Arc::new(CursorPage::new(request, items, has_more, Arc::clone(cursor)));
        let by_parent = pages
            .into_iter()
            .map(|(parent, count, has_more)| {
                (parent, page(page_items.by_ref().take(count).collect(), has_more))
            })
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

/// Removes the extra item and returns whether there was one. Reverses the items of a backward page.
pub fn remove_extra_item<M>(request: &PageRequest, items: &mut Vec<M>) -> bool {
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let has_more = items.len() > size;
    items.truncate(size);
    if request.is_backward {
        items.reverse();
    }
    has_more
}

/// The condition of a request's cursors, which must belong to this order.
///
/// # Errors
/// [`Error::Parameter`] for a malformed cursor, or one of another order.
pub fn bounds(request: &PageRequest, order: &str, terms: &[Term]) -> Result<Condition, Error> {
    let mut bounds = Condition::all();
    for (name, text, side) in [
        ("after", &request.after, Side::After),
        ("before", &request.before, Side::Before),
    ] {
        if let Some(text) = text {
            let values = cursor::decode(order, terms, text)
                .ok_or_else(|| Error::parameter(name, "This is not a cursor of this list in this order."))?;
            bounds = bounds.add(cursor::side_condition(terms, &values, side));
        }
    }
    Ok(bounds)
}

/// Orders by these terms, in reverse if `is_backward`.
pub fn order_by(select: &mut SelectStatement, terms: &[Term], is_backward: bool) {
    for term in terms {
        let order = match (term.direction, is_backward) {
            (Direction::Ascending, false) | (Direction::Descending, true) => Order::Asc,
            _ => Order::Desc,
        };
        let nulls = if is_backward {
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

/// Selects the rows that refer to the current parent, and orders them by these terms. The order begins with the reference,
/// although all of these rows have the same, so that the databases use an index on the reference followed by the terms.
pub fn order_within_parent(
    select: &mut SelectStatement,
    backend: Backend,
    reference: impl ColumnTrait,
    terms: &[Term],
    is_backward: bool,
) {
    let first = Term {
        column: reference.as_column_ref().into_column_ref(),
        direction: terms.first().map_or(Direction::Ascending, |term| term.direction),
        nullable: false,
        kind: ValueKind::Integer,
    };
    select.cond_where(backend.within_parent(reference.into_expr()));
    select.clear_order_by();
    order_by(select, &[first], is_backward);
    order_by(select, terms, is_backward);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(size: u64, is_backward: bool) -> PageRequest {
        PageRequest {
            size,
            is_backward,
            skip: 0,
            after: None,
            before: None,
        }
    }

    fn pages(request: &PageRequest, items: &[(i64, i32)]) -> PagesByParent<i32> {
        let cursor: CursorOf<i32> = Arc::new(i32::to_string);
        PagesByParent::new(request, items.iter().copied(), |items| items, &cursor)
    }

    #[test]
    fn an_extra_item_indicates_another_page() {
        let items = [(1, 10), (2, 20), (1, 11), (1, 12), (2, 21)];
        let forward = pages(&request(2, false), &items);
        let page = forward.of(1);
        assert_eq!(
            (page.items.as_slice(), page.has_previous, page.has_next),
            (&[10, 11][..], false, true)
        );
        let page = forward.of(2);
        assert_eq!(
            (page.items.as_slice(), page.has_previous, page.has_next),
            (&[20, 21][..], false, false)
        );
        assert_eq!(page.cursor(&20), "20");
        let page = forward.of(3);
        assert_eq!(
            (page.items.len(), page.has_previous, page.has_next),
            (0, false, false)
        );

        let backward = pages(&request(2, true), &items);
        let page = backward.of(1);
        assert_eq!(
            (page.items.as_slice(), page.has_previous, page.has_next),
            (&[11, 10][..], true, false)
        );
    }

    #[test]
    fn cursors_and_skipped_items_are_outside_of_the_page() {
        let page = |request: &PageRequest| {
            let page = pages(request, &[(1, 10)]).of(1);
            (page.has_previous, page.has_next)
        };
        let after = PageRequest {
            after: Some(String::new()),
            ..request(2, false)
        };
        assert_eq!(page(&after), (true, false));
        let before = PageRequest {
            before: Some(String::new()),
            ..request(2, true)
        };
        assert_eq!(page(&before), (false, true));
        let skipped = PageRequest {
            skip: 1,
            ..request(2, true)
        };
        assert_eq!(page(&skipped), (false, true));
    }

    #[test]
    fn the_error_of_a_malformed_cursor_names_its_parameter() {
        let request = PageRequest {
            before: Some("no cursor".to_owned()),
            ..request(2, false)
        };
        let error = bounds(&request, "book:title", &[]).unwrap_err();
        assert!(
            matches!(error, Error::Parameter { name: "before", .. }),
            "{error}"
        );
    }
}
