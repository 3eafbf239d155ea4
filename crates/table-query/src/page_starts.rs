//! `PageStarts`: positions where the numbered pages of whole lists begin, so that a page is read without skipping all rows
//! before it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use sea_orm::Value;

/// The approximate maximum number of bytes that the positions in one list take. Further positions are not added.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Positions in lists. Each list has the revision at which it was read: a number that increases with every commit that adds or
/// deletes a row or moves it in the order. A position is valid only for a statement that reads the same revision itself.
#[derive(Default)]
pub struct PageStarts {
    lists: Mutex<HashMap<&'static str, List>>,
}

#[derive(Default)]
struct List {
    revision: i64,
    count: u64,
    /// The recorded positions, by the number of rows before each. A position is stored as the values that the row just
    /// before it has in the columns of the order.
    positions: BTreeMap<u64, Vec<Value>>,
    size: usize,
}

/// The last recorded position before a page, or the beginning of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct PageStart {
    /// The revision at which the other fields are valid.
    pub revision: i64,
    /// The number of rows of the list.
    pub count: u64,
    /// The values of the row just before the position, in the columns of the order; `None` for the beginning of the list.
    pub after: Option<Vec<Value>>,
    /// The number of rows to skip after this position.
    pub skip: u64,
}

impl PageStarts {
    /// The last recorded position with at most `offset` rows before it, or the beginning of the list. `None` if the list
    /// has not been recorded.
    pub fn find(&self, list: &'static str, offset: u64) -> Option<PageStart> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.get(list)?;
        let position = list.positions.range(..=offset).next_back();
        Some(PageStart {
            revision: list.revision,
            count: list.count,
            after: position.map(|(_, after)| after.clone()),
            skip: offset - position.map_or(0, |(rows_before, _)| *rows_before),
        })
    }

    /// Records that a list of `count` rows was read at this revision. An older revision is ignored; a newer one removes the
    /// list's positions.
    pub fn record_list(&self, list: &'static str, revision: i64, count: u64) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.entry(list).or_default();
        if list.revision < revision {
            *list = List {
                revision,
                count,
                ..List::default()
            };
        }
    }

    /// Records the position after the first `rows_before` rows. `values` are those of the last of these rows, in the
    /// columns of the order. Does nothing if the list is not recorded at this revision, or if its positions would take more
    /// than `CAPACITY`.
    pub fn insert(&self, list: &'static str, revision: i64, rows_before: u64, values: Vec<Value>) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(list) = lists.get_mut(list).filter(|list| list.revision == revision) else {
            return;
        };
        let size = size_of::<(u64, Vec<Value>)>() + values.iter().map(size).sum::<usize>();
        if list.size + size <= CAPACITY && !list.positions.contains_key(&rows_before) {
            list.positions.insert(rows_before, values);
            list.size += size;
        }
    }
}

fn size(value: &Value) -> usize {
    let text = match value {
        Value::String(Some(text)) => text.len(),
        _ => 0,
    };
    size_of::<Value>() + text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Option<Vec<Value>> {
        Some(vec![text.into(), 1_i64.into()])
    }

    #[test]
    fn a_page_begins_at_the_last_recorded_position() {
        let starts = PageStarts::default();
        assert_eq!(starts.find("book", 0), None);
        starts.record_list("book", 7, 40);
        starts.insert("book", 7, 10, after("j").unwrap_or_default());
        starts.insert("book", 7, 20, after("t").unwrap_or_default());
        let start = |after, skip| PageStart {
            revision: 7,
            count: 40,
            after,
            skip,
        };
        for (offset, expected) in [
            (0, start(None, 0)),
            (9, start(None, 9)),
            (10, start(after("j"), 0)),
            (35, start(after("t"), 15)),
        ] {
            assert_eq!(starts.find("book", offset), Some(expected), "{offset}");
        }
        assert_eq!(starts.find("shelf", 0), None);
    }

    #[test]
    fn positions_of_another_revision_are_dropped() {
        let starts = PageStarts::default();
        starts.record_list("book", 7, 40);
        starts.insert("book", 7, 10, after("j").unwrap_or_default());
        starts.record_list("book", 6, 39);
        starts.insert("book", 6, 20, after("t").unwrap_or_default());
        assert_eq!(starts.find("book", 30).and_then(|start| start.after), after("j"));
        starts.record_list("book", 8, 41);
        let start = starts.find("book", 30);
        assert_eq!(
            start.map(|start| (start.revision, start.count, start.after)),
            Some((8, 41, None))
        );
    }

    #[test]
    fn positions_are_bounded() {
        let starts = PageStarts::default();
        starts.record_list("book", 1, 1_000_000);
        for before in 0..10_000 {
            starts.insert("book", 1, before, vec!["x".repeat(1_000).into()]);
        }
        let lists = starts.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let size = lists.get("book").map(|list| (list.size, list.positions.len()));
        assert!(
            size.is_some_and(|(size, count)| size <= CAPACITY && (1_000..10_000).contains(&count)),
            "{size:?}"
        );
    }
}
