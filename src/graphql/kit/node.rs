//! Object types that wrap the row of an entity.
//!
//! The schema has cycles: products have a brand, brands have products. Resources therefore refer to each other's types by
//! entity, as in `NodeOf<brand::Entity>`, so that their files need not import each other. `ConnectionOf`, `FilterOf` and
//! `OrderOf` serve the same purpose.

use async_graphql::ContainerType;

use crate::query::{Collection, Row};

/// An entity that has an object type.
pub(crate) trait HasNode: Collection {
    type Node: ContainerType + From<Row<Self>>;
}

pub(crate) type NodeOf<E> = <E as HasNode>::Node;

/// Declares the struct of an object type, `node!(InflowNode of inflow::Entity)`. Its fields are declared with `#[Object]`.
macro_rules! node {
    ($node:ident of $entity:ty) => {
        pub(crate) struct $node($crate::query::Row<$entity>);

        impl From<$crate::query::Row<$entity>> for $node {
            fn from(row: $crate::query::Row<$entity>) -> Self {
                Self(row)
            }
        }

        impl $crate::graphql::kit::node::HasNode for $entity {
            type Node = $node;
        }
    };
}

pub(crate) use node;
