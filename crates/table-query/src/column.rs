//! `ListColumn`: the declaration of a column that lists can be ordered by, and of the rules for its text.
//!
//! Validation, search, order, filters, REST parameters and invariants are all derived from these declarations.

use sea_orm::ColumnTrait;

/// A column that lists can be ordered by, with the column's name as the name of the order.
#[derive(Clone, Copy, Debug)]
pub struct ListColumn<C: 'static> {
    pub column: C,
    /// `Some` for a text column.
    pub text: Option<TextColumn<C>>,
}

/// The folded column and the rules of a text.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<C: 'static> {
    /// The column with the folded text, for search and order.
    pub folded: C,
    pub rules: TextRules,
}

/// The rules for a text.
#[derive(Clone, Copy, Debug)]
pub struct TextRules {
    /// The maximum number of characters.
    pub max_length: usize,
    /// Whether the text must be present and not blank. If it is optional, a blank text is stored as null.
    pub required: bool,
    /// Whether the text must be unique among the rows that have one. This needs a unique index called
    /// `<table>_<column>_key`.
    pub unique: bool,
    /// Whether searches include this text.
    pub searched: bool,
    /// Whether lists have a parameter with its name, for the rows with exactly this text.
    pub filterable: bool,
}

impl TextRules {
    /// The rules of an optional text of any length.
    pub const OPTIONAL: Self = Self {
        max_length: usize::MAX,
        required: false,
        unique: false,
        searched: false,
        filterable: false,
    };
}

impl<C: ColumnTrait> ListColumn<C> {
    /// A column that is never null and has no folded form, such as a number, a price or a time.
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

    /// The column that an order compares: the folded column for a text.
    pub fn compared_column(&self) -> C {
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
