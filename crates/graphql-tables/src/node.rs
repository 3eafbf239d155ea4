//! Object types that wrap the row of an entity.
//!
//! A schema has cycles: books have an author, authors have books. Fields therefore refer to types by entity, as in
//! `NodeOf<author::Entity, Ctx>`, so that the files of two entities need not import each other. `ConnectionOf`, `FilterArgument`
//! and `OrderArgument` serve the same purpose.

use async_graphql::ContainerType;

use table_query::{Row, Table};

use crate::context::TableContext;

/// An entity that has an object type.
pub trait HasNode<C: TableContext>: Table {
    type Node: ContainerType + From<Row<Self>>;
}

pub type NodeOf<E, C> = <E as HasNode<C>>::Node;

/// Declares the struct of an object type, `node!(Ctx, BookNode of book::Entity)`. Its fields are declared with `#[Object]`.
#[macro_export]
macro_rules! node {
    ($ctx:ty, $node:ident of $entity:ty) => {
        pub struct $node($crate::Row<$entity>);

        impl From<$crate::Row<$entity>> for $node {
            fn from(row: $crate::Row<$entity>) -> Self {
                Self(row)
            }
        }

        impl $crate::HasNode<$ctx> for $entity {
            type Node = $node;
        }
    };
}
