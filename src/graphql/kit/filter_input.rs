//! The filter of a resource: conditions on its columns and on the rows it refers to, combined with `and`, `or` and `not`.

use async_graphql::InputType;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, Filter};

/// An input object that describes a condition on rows.
pub(crate) trait FilterInput: Sized {
    /// Converts the input object into a filter.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::error::Error::Parameter) if a value can't be compared with its column.
    fn into_filter(self, ctx: &Ctx) -> Result<Filter>;
}

/// An entity whose lists can be filtered.
pub(crate) trait HasFilter: Collection {
    type Filter: InputType + FilterInput;
}

pub(crate) type FilterOf<E> = <E as HasFilter>::Filter;

/// The type of the argument `filter`.
pub(crate) type FilterArgument<E> = Option<Box<FilterOf<E>>>;

/// Converts the argument `filter`. If it is absent, the filter matches every row.
///
/// # Errors
/// [`Error::Parameter`](crate::error::Error::Parameter) if the filter can't be evaluated or is too large.
pub(crate) fn read_filter<E: HasFilter>(ctx: &Ctx, filter: FilterArgument<E>) -> Result<Filter> {
    match filter {
        Some(filter) => Ok(filter.into_filter(ctx)?.checked()?),
        None => Ok(Filter::default()),
    }
}

/// The condition of the fields `and`, `or` and `not` of one filter object. An empty `or` matches nothing.
pub(crate) fn logic<F: FilterInput>(
    ctx: &Ctx,
    and: Option<Vec<F>>,
    or: Option<Vec<F>>,
    not: Option<Box<F>>,
) -> Result<Filter> {
    let mut filter = Filter::default();
    for part in and.into_iter().flatten() {
        filter = filter.and(part.into_filter(ctx)?);
    }
    if let Some(parts) = or {
        let parts: Result<Vec<Filter>> = parts.into_iter().map(|part| part.into_filter(ctx)).collect();
        filter = filter.and(Filter::any(parts?));
    }
    match not {
        Some(part) => Ok(filter.and(part.into_filter(ctx)?.negated())),
        None => Ok(filter),
    }
}

/// Declares the filter of an entity. With `(and, or, not)` after the filter's name, filters can be nested.
///
/// - `columns`: a field, the type of its condition, and the columns that the condition compares; for a [`StringFilter`]
///   these are the text and its folded copy.
/// - `references`: a field, the column that holds the id, and the entity that the id refers to.
/// - `rules`: a field of any other type, and a function that converts its value into a condition.
///
/// ```ignore
/// filter! {
///     /// Conditions on products; all of them must hold.
///     ProductFilter(and, or, not) of product::Entity {
///         columns { title: StringFilter(Title, TitleFolded), quantity: IntFilter(Quantity) }
///         references { brand: BrandId => brand::Entity }
///         rules { is_low_stock: bool = |ctx, is_low| Ok(rules::low(ctx, is_low)) }
///     }
/// }
/// ```
///
/// [`StringFilter`]: super::filter::StringFilter
macro_rules! filter {
    (
        $(#[$meta:meta])*
        $filter:ident $(($and:ident, $or:ident, $not:ident))? of $entity:ty {
            columns { $($field:ident: $condition:ident($($column:ident),+)),+ $(,)? }
            $(references { $($referrer:ident: $reference:ident => $referred:ty),+ $(,)? })?
            $(rules { $($(#[$rule_meta:meta])* $rule:ident: $value:ty = $apply:expr),+ $(,)? })?
        }
    ) => {
        $(#[$meta])*
        #[derive(async_graphql::InputObject, Clone, Debug, Default)]
        pub(crate) struct $filter {
            $(
                $and: Option<Vec<$filter>>,
                $or: Option<Vec<$filter>>,
                $not: Option<Box<$filter>>,
            )?
            $($field: Option<$crate::graphql::kit::filter::$condition>,)+
            $($($referrer: $crate::graphql::kit::filter_input::FilterArgument<$referred>,)+)?
            $($($(#[$rule_meta])* $rule: Option<$value>,)+)?
        }

        impl $crate::graphql::kit::filter_input::FilterInput for $filter {
            fn into_filter(self, ctx: &$crate::ctx::Ctx) -> $crate::error::Result<$crate::query::Filter> {
                type Column = <$entity as sea_orm::EntityTrait>::Column;
                let filter = $crate::query::Filter::default();
                $(
                    let logic = $crate::graphql::kit::filter_input::logic(ctx, self.$and, self.$or, self.$not)?;
                    let filter = filter.and(logic);
                )?
                $(
                    let filter = match self.$field {
                        Some(condition) => filter.and(condition.on($(Column::$column),+)?),
                        None => filter,
                    };
                )+
                $($(
                    let filter = match self.$rule {
                        Some(value) => {
                            let apply: fn(
                                &$crate::ctx::Ctx,
                                $value,
                            ) -> $crate::error::Result<$crate::query::Filter> = $apply;
                            filter.and(apply(ctx, value)?)
                        }
                        None => filter,
                    };
                )+)?
                $($(
                    let filter = match self.$referrer {
                        Some(referred) => {
                            let referred = referred.into_filter(ctx)?;
                            filter.and($crate::query::Filter::refers_to::<$referred>(Column::$reference, referred))
                        }
                        None => filter,
                    };
                )+)?
                Ok(filter)
            }
        }

        impl $crate::graphql::kit::filter_input::HasFilter for $entity {
            type Filter = $filter;
        }
    };
}

pub(crate) use filter;
