//! The filter of an entity: conditions on its columns and on the rows that they refer to, combined with `and`, `or` and `not`.

use async_graphql::InputType;

use table_query::{Filter, Table};

use crate::context::TableContext;
use crate::error::Error;

/// An input object that describes a condition on rows.
pub trait FilterInput<C: TableContext>: Sized {
    /// Converts the input object into a filter.
    ///
    /// # Errors
    /// Fails if a value can't be compared with its column.
    fn into_filter(self, ctx: &C) -> Result<Filter, C::Error>;
}

/// An entity whose lists can be filtered.
pub trait HasFilter<C: TableContext>: Table {
    type Filter: InputType + FilterInput<C>;
}

/// The type of the argument `filter`.
pub type FilterArgument<E, C> = Option<Box<<E as HasFilter<C>>::Filter>>;

/// Converts the argument `filter`. If it is absent, the filter matches every row.
///
/// # Errors
/// Fails if the filter can't be evaluated or is too large.
pub fn read_filter<E: HasFilter<C>, C: TableContext>(
    ctx: &C,
    filter: FilterArgument<E, C>,
) -> Result<Filter, C::Error> {
    match filter {
        Some(filter) => Ok(filter.into_filter(ctx)?.checked().map_err(Error::from)?),
        None => Ok(Filter::default()),
    }
}

/// The condition of the fields `and`, `or` and `not` of one filter object. An empty `or` matches nothing.
pub fn logical_filter<F: FilterInput<C>, C: TableContext>(
    ctx: &C,
    and: Option<Vec<F>>,
    or: Option<Vec<F>>,
    not: Option<Box<F>>,
) -> Result<Filter, C::Error> {
    let mut filter = Filter::default();
    for part in and.into_iter().flatten() {
        filter = filter.and(part.into_filter(ctx)?);
    }
    if let Some(parts) = or {
        let parts = parts.into_iter().map(|part| part.into_filter(ctx));
        filter = filter.and(Filter::any(parts.collect::<Result<Vec<_>, _>>()?));
    }
    match not {
        Some(part) => Ok(filter.and(part.into_filter(ctx)?.negated())),
        None => Ok(filter),
    }
}

/// Declares the filter of an entity for a [`TableContext`]. With `(and, or, not)` after the filter's name, filters can be nested.
///
/// - `columns`: a field, the type of its condition, and the columns that the condition compares; for a [`StringFilter`]
///   these are the text and its folded copy.
/// - `references`: a field, the column that holds the id, and the entity that the id refers to.
/// - `rules`: a field of any other type, and a function that converts its value into a condition.
///
/// ```ignore
/// filter! {
///     Ctx,
///     /// Conditions on books; all of them must hold.
///     BookFilter(and, or, not) of book::Entity {
///         columns { title: StringFilter(Title, TitleFolded), pages: IntFilter(Pages) }
///         references { author: AuthorId => author::Entity }
///         rules { is_new: bool = |ctx, is_new| Ok(ctx.new_books(is_new)) }
///     }
/// }
/// ```
///
/// [`StringFilter`]: crate::StringFilter
#[macro_export]
macro_rules! filter {
    (
        $ctx:ty,
        $(#[$meta:meta])*
        $filter:ident $(($and:ident, $or:ident, $not:ident))? of $entity:ty {
            columns { $($field:ident: $condition:ident($($column:ident),+)),+ $(,)? }
            $(references { $($reference_field:ident: $reference:ident => $target:ty),+ $(,)? })?
            $(rules { $($(#[$rule_meta:meta])* $rule:ident: $value:ty = $apply:expr),+ $(,)? })?
        }
    ) => {
        $(#[$meta])*
        #[derive(async_graphql::InputObject, Clone, Debug, Default)]
        pub struct $filter {
            $(
                $and: Option<Vec<$filter>>,
                $or: Option<Vec<$filter>>,
                $not: Option<Box<$filter>>,
            )?
            $($field: Option<$crate::$condition>,)+
            $($($reference_field: $crate::FilterArgument<$target, $ctx>,)+)?
            $($($(#[$rule_meta])* $rule: Option<$value>,)+)?
        }

        impl $crate::FilterInput<$ctx> for $filter {
            fn into_filter(
                self,
                ctx: &$ctx,
            ) -> ::std::result::Result<$crate::Filter, <$ctx as $crate::TableContext>::Error> {
                type Column = <$entity as sea_orm::EntityTrait>::Column;
                let filter = $crate::Filter::default();
                $(
                    let filter = filter.and($crate::logical_filter(ctx, self.$and, self.$or, self.$not)?);
                )?
                $(
                    let filter = match self.$field {
                        Some(condition) => filter.and(condition.on(ctx, $(Column::$column),+)?),
                        None => filter,
                    };
                )+
                $($(
                    let filter = match self.$rule {
                        Some(value) => {
                            let apply: fn(
                                &$ctx,
                                $value,
                            ) -> ::std::result::Result<
                                $crate::Filter,
                                <$ctx as $crate::TableContext>::Error,
                            > = $apply;
                            filter.and(apply(ctx, value)?)
                        }
                        None => filter,
                    };
                )+)?
                $($(
                    let filter = match self.$reference_field {
                        Some(target_filter) => {
                            let target_filter = $crate::FilterInput::<$ctx>::into_filter(*target_filter, ctx)?;
                            filter.and($crate::Filter::refers_to::<$target>(Column::$reference, target_filter))
                        }
                        None => filter,
                    };
                )+)?
                Ok(filter)
            }
        }

        impl $crate::HasFilter<$ctx> for $entity {
            type Filter = $filter;
        }
    };
}
