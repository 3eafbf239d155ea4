//! `ListColumn`: the one declaration of a column that lists are ordered by, and of the rules for a text.
//!
//! Checks of drafts, search, order, filters, the parameters of REST and the invariants all derive from these declarations.

use sea_orm::ColumnTrait;

/// A column that lists can be ordered by, under the column's own name.
#[derive(Clone, Copy, Debug)]
pub struct ListColumn<C: 'static> {
    pub column: C,
    /// Set for texts.
    pub text: Option<TextColumn<C>>,
}

/// What a text has beside its column.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<C: 'static> {
    /// The column with the folded text, for search and order.
    pub folded: C,
    pub rules: TextRules,
}

/// The rules for a text.
#[derive(Clone, Copy, Debug)]
pub struct TextRules {
    /// The most characters.
    pub max_length: usize,
    /// Whether it must be there and not blank. Otherwise a blank text is null.
    pub required: bool,
    /// Whether no two rows have the same text; rows without one don't count. Needs a unique index called
    /// `<table>_<column>_key`.
    pub unique: bool,
    /// Whether `search` looks into it.
    pub searched: bool,
    /// Whether lists have a parameter of its name that keeps the rows with exactly this text.
    pub filterable: bool,
}

impl TextRules {
    /// Any text, or none.
    pub const OPTIONAL: Self = Self {
        max_length: usize::MAX,
        required: false,
        unique: false,
        searched: false,
        filterable: false,
    };
}

impl<C: ColumnTrait> ListColumn<C> {
    /// A column that always has a value: a number, a price or a time.
    pub const fn value(column: C) -> Self {
        Self { column, text: None }
    }

    pub const fn text(column: C, folded: C, rules: TextRules) -> Self {
        let text = Some(TextColumn { folded, rules });
        Self { column, text }
    }

    /// The column's name, which the APIs use too.
    pub fn name(&self) -> &'static str {
        self.column.as_str()
    }

    /// The column that an order compares: that of the folded form of a text.
    pub fn compared(&self) -> C {
        self.text.map_or(self.column, |text| text.folded)
    }

    pub fn is_nullable(&self) -> bool {
        self.text.is_some_and(|text| !text.rules.required)
    }
}

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
