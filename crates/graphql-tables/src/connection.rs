//! Connections: a [`CursorPage`] with its edges, nodes, `pageInfo` and `totalCount`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use graphql_server::resolve::{Node, WriteFields};
use table_query::{CursorPage, Row, Table};

use crate::context::TableContext;
use crate::page::PageInfo;

type CountResult<'c, C> = BoxFuture<'c, Result<u64, <C as TableContext>::Error>>;

type Count<C> = Arc<dyn for<'c> Fn(&'c C) -> CountResult<'c, C> + Send + Sync>;

/// A page, and a function that counts the whole list. It is called only if `totalCount` is requested.
pub struct Connection<C: TableContext, T> {
    pub page: Arc<CursorPage<T>>,
    count: Count<C>,
}

impl<C: TableContext, T> Connection<C, T> {
    pub fn new(
        page: Arc<CursorPage<T>>,
        count: impl for<'c> Fn(&'c C) -> CountResult<'c, C> + Send + Sync + 'static,
    ) -> Self {
        Self {
            page,
            count: Arc::new(count),
        }
    }

    /// The number of items on all pages.
    pub async fn count(&self, ctx: &C) -> Result<u64, C::Error> {
        (self.count)(ctx).await
    }

    pub fn page_info(&self) -> PageInfo {
        let cursor = |item: Option<&T>| item.map(|item| self.page.cursor(item));
        PageInfo {
            has_previous_page: self.page.has_previous,
            has_next_page: self.page.has_next,
            start_cursor: cursor(self.page.items.first()),
            end_cursor: cursor(self.page.items.last()),
        }
    }
}

/// An entity that has a connection type.
pub trait HasConnection<C: TableContext>: Table {
    type Connection: WriteFields + From<Connection<C, Row<Self>>>;
}

pub type ConnectionOf<E, C> = Node<<E as HasConnection<C>>::Connection>;

/// Declares the types of a connection:
/// `connection!(Ctx, BookConnection, BookEdge of book::Entity; "A book", "books", "How many books match")`, where
/// `Ctx` is the [`TableContext`]. For a list of several entities, give the types of its items and nodes: `of Work => WorkNode`.
#[macro_export]
macro_rules! connection {
    ($ctx:ty, $connection:ident, $edge:ident of $entity:ty; $($words:literal),+) => {
        $crate::connection!(
            $ctx, $connection, $edge of $crate::Row<$entity> => $crate::NodeOf<$entity, $ctx>; $($words),+
        );

        impl $crate::HasConnection<$ctx> for $entity {
            type Connection = $connection;
        }
    };
    (
        $ctx:ty, $connection:ident, $edge:ident of $item:ty => $node:ty;
        $an_item:literal, $items:literal, $how_many:literal
    ) => {
        pub struct $connection($crate::Connection<$ctx, $item>);

        impl From<$crate::Connection<$ctx, $item>> for $connection {
            fn from(connection: $crate::Connection<$ctx, $item>) -> Self {
                Self(connection)
            }
        }

        #[doc = concat!("A page of ", $items, ".")]
        #[async_graphql::Object(serial)]
        impl $connection {
            async fn edges(&self) -> $crate::Items<$edge> {
                let page = &self.0.page;
                let edge = |item: &$item| $edge(std::sync::Arc::clone(page), item.clone());
                page.items.iter().map(edge).collect()
            }

            #[doc = concat!("The ", $items, " of this page, without their cursors.")]
            async fn nodes(&self) -> $crate::Items<$node> {
                self.0.page.items.iter().cloned().map(<$node>::from).collect()
            }

            async fn page_info(&self) -> $crate::Node<$crate::PageInfo> {
                $crate::Node(self.0.page_info())
            }

            #[doc = concat!($how_many, ", on all pages together. Counted only when requested.")]
            async fn total_count(
                &self,
                cx: &async_graphql::Context<'_>,
            ) -> ::std::result::Result<i32, <$ctx as $crate::TableContext>::Error> {
                let count = self.0.count(<$ctx as $crate::TableContext>::of_operation(cx)?).await?;
                Ok($crate::count(count))
            }
        }

        impl $crate::WriteFields for $connection {
            fn write_field(&self, cx: &async_graphql::Context<'_>, json: &mut Vec<u8>) -> bool {
                let nodes = || self.0.page.items.iter().cloned().map(<$node>::from);
                cx.item.node.name.node == "nodes" && $crate::write_items(cx, nodes(), json)
            }
        }

        pub(crate) struct $edge(std::sync::Arc<$crate::CursorPage<$item>>, $item);

        #[doc = concat!($an_item, " and its place in the list.")]
        #[async_graphql::Object(serial)]
        impl $edge {
            async fn cursor(&self) -> String {
                self.0.cursor(&self.1)
            }

            async fn node(&self) -> $crate::Node<$node> {
                $crate::Node(<$node>::from(self.1.clone()))
            }
        }

        impl $crate::WriteFields for $edge {}
    };
}
