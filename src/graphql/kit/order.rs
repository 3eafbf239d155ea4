//! The order of a list: `orderBy`, a list of steps.

use async_graphql::{Enum, InputType};

use crate::error::Result;
use crate::query::{Collection, Direction, Order};

/// Which way to order.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OrderDirection {
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
pub(crate) trait OrderInput<E: Collection>: Sized {
    fn into_order(self) -> Result<Order<E::Column>>;
}

/// An entity whose lists can be ordered.
pub(crate) trait HasOrder: Collection {
    type Order: InputType + OrderInput<Self>;
}

pub(crate) type OrderOf<E> = <E as HasOrder>::Order;

/// The type of the argument `orderBy`.
pub(crate) type OrderArgument<E> = Option<Vec<OrderOf<E>>>;

/// Declares the input of an order: `order!(ProductOrder, ProductOrderField of product::Entity: "products" { Id, Title })`.
/// The fields are the entity's columns of the same names, which must be sortable.
macro_rules! order {
    ($order:ident, $field:ident of $entity:ty: $items:literal { $($column:ident),+ $(,)? }) => {
        /// One step of an order. Later steps order rows that are equal in the earlier ones.
        #[derive(async_graphql::InputObject, Clone, Debug)]
        pub(crate) struct $order {
            field: $field,
            #[graphql(default)]
            direction: $crate::graphql::kit::order::OrderDirection,
        }

        #[doc = concat!("What ", $items, " can be ordered by.")]
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $field {
            $($column,)+
        }

        impl $crate::graphql::kit::order::OrderInput<$entity> for $order {
            fn into_order(
                self,
            ) -> $crate::error::Result<$crate::query::Order<<$entity as sea_orm::EntityTrait>::Column>> {
                type Column = <$entity as sea_orm::EntityTrait>::Column;
                let column = match self.field {
                    $($field::$column => Column::$column,)+
                };
                let name = sea_orm::IdenStatic::as_str(&column);
                $crate::query::Order::by_name::<$entity>(name, self.direction.into())
                    .ok_or_else(|| $crate::error::Error::internal(format!("the column {name} is not sortable")))
            }
        }

        impl $crate::graphql::kit::order::HasOrder for $entity {
            type Order = $order;
        }
    };
}

pub(crate) use order;
