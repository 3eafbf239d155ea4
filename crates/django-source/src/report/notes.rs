//! What is changed, dropped or worth a look, without stopping the import.

use std::collections::BTreeMap;

use serde::Serialize;

use super::MOST_IDS;

/// Items that a note lists.
const MOST_ITEMS: usize = 1000;

/// What there is to say.
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
            Self::TablesMapped => "tables that have another name than documented",
            Self::ColumnsMapped => "columns that have another name than documented",
            Self::ColumnsMissing => "documented columns that are not there",
            Self::ColumnsDropped => "further columns, which stay behind; rows that have something in them",
            Self::UserColumnsDropped => {
                "columns of users, which stay behind; rows that have something in them"
            }
            Self::OtherTablesLeft => "tables of other apps, which stay behind, with their rows",
            Self::TypesConverted => "columns of another type than documented",
            Self::PricesRounded => {
                "prices that are shown, and taken over, rounded to two decimals or 15 digits"
            }
            Self::TextsMended => {
                "texts that were trimmed, cut, composed or freed of characters that cannot be stored"
            }
            Self::TimesFilled => "rows without a time, which get one",
            Self::MovementsWithoutEffectSkipped => {
                "movements of zero or less, which changed no stock and stay behind"
            }
            Self::StockDifferences => {
                "products whose quantity the movements do not explain; ledger entries make up for it"
            }
            Self::RowsSkipped => "rows that stay behind because the row they refer to does",
            Self::PasswordsUnusable => "users who cannot log in until they get a new password",
            Self::GroupReplacesBuiltin => {
                "groups that replace the permissions of a built-in group of the same name"
            }
            Self::ViewPermissionsDropped => "permissions to view, which everybody has here",
            Self::PermissionsDropped => "permissions for what does not exist here",
            Self::DanglingMembershipsDropped => {
                "memberships and permissions of users or groups that do not exist"
            }
        }
    }
}

/// One table, column, user or permission of a note.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoteItem {
    /// What it is about.
    pub name: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How many rows, where they can be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Ids, at most [`MOST_IDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<i64>,
}

/// All items with the same thing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `columns_dropped`, …
    pub code: &'static str,
    /// What it says, for people.
    pub message: &'static str,
    /// What it is about, at most 1000.
    pub items: Vec<NoteItem>,
}

/// Collects notes.
#[derive(Debug, Default)]
pub(crate) struct Notes(BTreeMap<NoteCode, BTreeMap<String, NoteItem>>);

impl Notes {
    fn item(&mut self, code: NoteCode, name: &str) -> Option<&mut NoteItem> {
        let items = self.0.entry(code).or_default();
        if !items.contains_key(name) {
            if items.len() >= MOST_ITEMS {
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

    /// Says something about one row.
    pub(crate) fn row(&mut self, code: NoteCode, name: &str, id: i64) {
        if let Some(item) = self.item(code, name) {
            *item.rows.get_or_insert(0) += 1;
            if item.ids.len() < MOST_IDS && item.ids.last() != Some(&id) {
                item.ids.push(id);
            }
        }
    }

    /// Says something about a number of rows.
    pub(crate) fn rows(&mut self, code: NoteCode, name: &str, rows: Option<u64>) {
        if let (Some(item), Some(rows)) = (self.item(code, name), rows) {
            *item.rows.get_or_insert(0) += rows;
        }
    }

    /// Says something in words.
    pub(crate) fn detail(&mut self, code: NoteCode, name: &str, detail: String) {
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
