//! What a table says about its lists: the columns to order by and to search.

use ::entity::Record;
use sea_orm::{EntityTrait, IntoActiveModel, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait};

use super::listing::{Direction, Sortable};
use crate::auth::Right;

/// A table whose rows can be listed: by what they are ordered and searched.
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
    /// The columns that lists can be ordered by.
    const SORTABLE: &'static [Sortable<Self::Column>];
    /// The order of a list that asks for none: the name of a column and a direction.
    const DEFAULT_ORDER: (&'static str, Direction);
    /// The folded column that `search` looks into.
    const SEARCHED: Option<Self::Column>;
    /// The right that all there is to do with it needs, reading included. Without one, reading needs a login, and each
    /// other verb the noun's own right.
    const GUARD: Option<Right> = None;
}

/// The column of the primary key.
pub fn key<R: Collection>() -> R::Column {
    // Every table of ours has one column as its key; the id of the first is that of the only one.
    #[expect(
        clippy::expect_used,
        reason = "an entity without a primary key does not derive"
    )]
    let key = <R::PrimaryKey as Iterable>::iter().next().expect("a primary key");
    key.into_column()
}
