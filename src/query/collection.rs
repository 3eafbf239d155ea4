//! `Collection`: a table whose rows can be listed.

use ::entity::Record;
use sea_orm::{EntityTrait, IntoActiveModel, PrimaryKeyTrait};
use table_query::{Direction, ListColumn, TextColumn};

use crate::auth::Permission;

pub trait Collection:
    EntityTrait<
        Model: Record + Default + IntoActiveModel<Self::ActiveModel> + Send + Sync + 'static,
        ActiveModel: Send,
        Column: Send + Sync + 'static,
        PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
    > + Send
    + Sync
    + 'static
{
    /// The columns that lists can be ordered by, and the rules for texts.
    const COLUMNS: &'static [ListColumn<Self::Column>];
    /// The order of a list if the request has none: the name of a column and a direction.
    const DEFAULT_ORDER: (&'static str, Direction);
    /// The names of the columns by which an index orders the rows that refer to the same row. For any other order, these rows
    /// must be sorted.
    const INDEXED_ORDERS: &'static [&'static str] = &[Self::DEFAULT_ORDER.0];
    /// Columns that every index by a reference contains. PostgreSQL reads nested lists of only these columns from the index
    /// alone; SQLite sorts by the index and reads the rows of the page from the table.
    const INDEXED_COLUMNS: &'static [Self::Column] = &[];
    /// The columns that a list reads only if one of the fields that need them is selected, each with these fields. All others
    /// are always read. Columns that were not read have their defaults in the rows, so a new field that uses such a column must
    /// be added here.
    const OPTIONAL_COLUMNS: &'static [(Self::Column, &'static [&'static str])] = &[];
    /// The permission that every operation requires, including reading. If it is `None`, reading requires only a login, and
    /// adding, changing and deleting each require their own permission for the resource.
    const GUARD: Option<Permission> = None;

    /// The texts among the columns.
    fn texts() -> impl Iterator<Item = (Self::Column, TextColumn<Self::Column>)> {
        let text = |column: &ListColumn<Self::Column>| Some((column.column, column.text?));
        Self::COLUMNS.iter().filter_map(text)
    }

    /// The folded columns in which a search looks for words.
    fn searched_columns() -> impl Iterator<Item = Self::Column> {
        let searched = |(_, text): (_, TextColumn<_>)| text.rules.searched.then_some(text.folded);
        Self::texts().filter_map(searched)
    }
}
