//! Notes about changes, omissions and other facts, which do not stop the import.

use std::collections::BTreeMap;

use serde::Serialize;

use super::MAX_IDS;

/// The maximum number of items that a note lists.
const MAX_ITEMS: usize = 1000;

/// The kind of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NoteCode {
    TablesMapped,
    ColumnsMapped,
    ColumnsMissing,
    ColumnsDropped,
    UserColumnsDropped,
    OtherTablesLeft,
    TypesConverted,
    PricesRounded,
    TextsMended,
    TimesFilled,
    MovementsWithoutEffectSkipped,
    StockDifferences,
    RowsSkipped,
    PasswordsUnusable,
    GroupReplacesBuiltin,
    ViewPermissionsDropped,
    PermissionsDropped,
    DanglingMembershipsDropped,
}

impl NoteCode {
    const fn name(self) -> &'static str {
        match self {
            Self::TablesMapped => "tables_mapped",
            Self::ColumnsMapped => "columns_mapped",
            Self::ColumnsMissing => "columns_missing",
            Self::ColumnsDropped => "columns_dropped",
            Self::UserColumnsDropped => "user_columns_dropped",
            Self::OtherTablesLeft => "other_tables_left",
            Self::TypesConverted => "types_converted",
            Self::PricesRounded => "prices_rounded",
            Self::TextsMended => "texts_mended",
            Self::TimesFilled => "times_filled",
            Self::MovementsWithoutEffectSkipped => "movements_without_effect_skipped",
            Self::StockDifferences => "stock_differences",
            Self::RowsSkipped => "rows_skipped",
            Self::PasswordsUnusable => "passwords_unusable",
            Self::GroupReplacesBuiltin => "group_replaces_builtin",
            Self::ViewPermissionsDropped => "view_permissions_dropped",
            Self::PermissionsDropped => "permissions_dropped",
            Self::DanglingMembershipsDropped => "dangling_memberships_dropped",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::TablesMapped => "tables with names that differ from the documented ones",
            Self::ColumnsMapped => "columns with names that differ from the documented ones",
            Self::ColumnsMissing => "documented columns that are missing",
            Self::ColumnsDropped => {
                "further columns, which are not imported, with the number of rows that have a value"
            }
            Self::UserColumnsDropped => {
                "columns of users, which are not imported, with the number of rows that have a value"
            }
            Self::OtherTablesLeft => {
                "tables of other apps, which are not imported, with their number of rows"
            }
            Self::TypesConverted => "columns with types that differ from the documented ones",
            Self::PricesRounded => {
                "prices that are imported as Django shows them, rounded to two decimals or 15 digits"
            }
            Self::TextsMended => {
                "texts that were trimmed, shortened, normalized (NFC), or stripped of characters that cannot be stored"
            }
            Self::TimesFilled => "rows without a time, which is filled in",
            Self::MovementsWithoutEffectSkipped => {
                "movements of zero or less, which changed no stock and are not imported"
            }
            Self::StockDifferences => {
                "products whose quantity is not the sum of their movements; ledger entries make up the difference"
            }
            Self::RowsSkipped => {
                "rows that are not imported because they refer to a row that is not imported"
            }
            Self::PasswordsUnusable => "users who cannot log in until they get a new password",
            Self::GroupReplacesBuiltin => {
                "groups that replace the permissions of a built-in group of the same name"
            }
            Self::ViewPermissionsDropped => "permissions to view, which all users have in Stockroom",
            Self::PermissionsDropped => "permissions that have no equivalent in Stockroom",
            Self::DanglingMembershipsDropped => {
                "memberships and permissions of users or groups that do not exist"
            }
        }
    }
}

/// One table, column, user or permission of a note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoteItem {
    /// The name of the table, column, user or permission.
    pub name: String,
    /// Additional information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The number of rows, if they can be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The ids of the rows, at most [`MAX_IDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<i64>,
}

/// A note and the items that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The code, such as `columns_dropped`.
    pub code: &'static str,
    /// A description of the items.
    pub message: &'static str,
    /// The items, at most 1000.
    pub items: Vec<NoteItem>,
}

/// Collects notes.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<NoteCode, BTreeMap<String, NoteItem>>);

impl Notes {
    fn item(&mut self, code: NoteCode, name: &str) -> Option<&mut NoteItem> {
        let items = self.0.entry(code).or_default();
        if !items.contains_key(name) {
            if items.len() >= MAX_ITEMS {
                return None;
            }
            items.insert(
                name.to_owned(),
                NoteItem {
                    name: name.to_owned(),
                    ..NoteItem::default()
                },
            );
        }
        items.get_mut(name)
    }

    /// Adds a row to a note.
    pub(crate) fn add_row(&mut self, code: NoteCode, name: &str, id: i64) {
        if let Some(item) = self.item(code, name) {
            *item.rows.get_or_insert(0) += 1;
            if item.ids.len() < MAX_IDS && item.ids.last() != Some(&id) {
                item.ids.push(id);
            }
        }
    }

    /// Adds a number of rows to a note.
    pub(crate) fn add_rows(&mut self, code: NoteCode, name: &str, rows: Option<u64>) {
        if let (Some(item), Some(rows)) = (self.item(code, name), rows) {
            *item.rows.get_or_insert(0) += rows;
        }
    }

    /// Adds an item with additional information.
    pub(crate) fn add_detail(&mut self, code: NoteCode, name: &str, detail: String) {
        if let Some(item) = self.item(code, name) {
            item.detail = Some(detail);
        }
    }

    pub(crate) fn list(self) -> Vec<Note> {
        let note = |(code, items): (NoteCode, BTreeMap<String, NoteItem>)| Note {
            code: code.name(),
            message: code.message(),
            items: items.into_values().collect(),
        };
        self.0.into_iter().map(note).collect()
    }
}
