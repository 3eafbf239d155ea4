//! Object types that wrap the row of an entity.
//!
//! A schema has cycles: books have an author, authors have books. Fields therefore refer to types by entity, as in
//! `NodeOf<author::Entity, Ctx>`, so that the files of two entities need not import each other. `ConnectionOf`, `FilterArgument`
//! and `OrderArgument` are used for the same reason.

use graphql_server::resolve::WriteFields;
use table_query::{Row, Table};

use crate::context::TableContext;

/// An entity that has an object type.
pub trait HasNode<C: TableContext>: Table {
    type Node: WriteFields + From<Row<Self>>;
}

pub type NodeOf<E, C> = <E as HasNode<C>>::Node;

/// Declares an object type of a row. Each field has an expression for its value, which can use the row and the context of
/// the field. The values are available without waiting, except for a [`Reference`](crate::Reference). `with` includes the
/// fields of another object, which is constructed from the row. Fields that have to be awaited follow as functions:
///
/// ```ignore
/// node! {
///     Ctx,
///     /// A book.
///     BookNode as "Book" with BookLists of book::Entity, |book, cx| {
///         title: &str = &book.title;
///         author: Reference<'_, author::Entity, Ctx> = required(book, "author", |book| book.author_id);
///     }
///
///     async fn reviews(&self, cx: &Context<'_>) -> Result<Vec<Review>> {
///         reviews_of(cx, &self.0).await
///     }
/// }
/// ```
///
/// `node!(Ctx, BookNode of book::Entity)` declares only the struct; its fields are then declared with `#[Object]`.
#[macro_export]
macro_rules! node {
    (@row $ctx:ty, $node:ident of $entity:ty) => {
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
    ($ctx:ty, $node:ident of $entity:ty) => {
        $crate::node!(@row $ctx, $node of $entity);

        impl $crate::WriteFields for $node {}
    };
    (
        $ctx:ty,
        $(#[$meta:meta])*
        $node:ident as $name:literal $(with $flattened:ident)? of $entity:ty, |$row:ident, $cx:ident| {
            $($(#[doc = $doc:literal])* $field:ident: $type:ty = $value:expr;)+
        }
        $($functions:tt)*
    ) => {
        $crate::node!(@row $ctx, $node of $entity);

        $(#[$meta])*
        #[async_graphql::Object(name = $name, serial)]
        impl $node {
            $(
                $(#[doc = $doc])*
                pub async fn $field(&self, $cx: &async_graphql::Context<'_>) -> $type {
                    let ($row, _) = (&self.0, $cx);
                    $value
                }
            )+

            $(
                #[graphql(flatten)]
                async fn flattened(&self) -> $flattened {
                    $flattened(self.0.clone())
                }
            )?

            $($functions)*
        }

        impl $crate::WriteFields for $node {
            fn write_field(&self, $cx: &async_graphql::Context<'_>, json: &mut Vec<u8>) -> bool {
                let $row = &self.0;
                let name = $cx.item.node.name.node.as_str();
                $(
                    if $crate::is_camel_case_of(name, stringify!($field)) {
                        let value: $type = $value;
                        return $crate::WriteValue::write_value(&value, $cx, json);
                    }
                )+
                $(
                    if $crate::WriteFields::write_field(&$flattened(self.0.clone()), $cx, json) {
                        return true;
                    }
                )?
                false
            }
        }
    };
}
