//! The order of a list: `orderBy`, a list of steps.

use async_graphql::{Enum, InputType};

use table_query::{Direction, Table};

use crate::context::TableContext;

/// The direction of an order.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderDirection {
    /// Smallest, earliest or A first. Nulls come last.
    #[default]
    Asc,
    /// Largest, latest or Z first. Nulls come last.
    Desc,
}

impl From<OrderDirection> for Direction {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Asc => Self::Ascending,
            OrderDirection::Desc => Self::Descending,
        }
    }
}

/// One step of an order of the rows of `E`.
pub trait OrderInput<E: Table> {
    fn column(&self) -> E::Column;

    fn direction(&self) -> Direction;
}

/// An entity whose lists can be ordered.
pub trait HasOrder<C: TableContext>: Table {
    type Order: InputType + OrderInput<Self>;
}

/// The type of the argument `orderBy`.
pub type OrderArgument<E, C> = Option<Vec<<E as HasOrder<C>>::Order>>;

/// Declares the input of an order: `order!(Ctx, BookOrder, BookOrderField of book::Entity: "books" { Id, Title })`. The
/// fields are the entity's columns of the same names.
#[macro_export]
macro_rules! order {
    ($ctx:ty, $order:ident, $field:ident of $entity:ty: $items:literal { $($column:ident),+ $(,)? }) => {
        /// One step of an order. Later steps order rows that are equal in the earlier ones.
        #[derive(async_graphql::InputObject, Clone, Debug)]
        pub struct $order {
            field: $field,
            #[graphql(default)]
            direction: $crate::OrderDirection,
        }

        #[doc = concat!("What ", $items, " can be ordered by.")]
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $field {
            $($column,)+
        }

        impl $crate::OrderInput<$entity> for $order {
            fn column(&self) -> <$entity as sea_orm::EntityTrait>::Column {
                type Column = <$entity as sea_orm::EntityTrait>::Column;
                match self.field {
                    $($field::$column => Column::$column,)+
                }
            }

            fn direction(&self) -> $crate::Direction {
                self.direction.into()
            }
        }

        impl $crate::HasOrder<$ctx> for $entity {
            type Order = $order;
        }
    };
}
