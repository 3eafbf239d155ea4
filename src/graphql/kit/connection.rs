//! Connections: a [`CursorPage`] with its edges, nodes, `pageInfo` and `totalCount`.

use std::sync::Arc;

use async_graphql::ContainerType;
use futures_util::future::BoxFuture;

use super::Node;
use super::page::PageInfo;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, CursorPage, Row};

type Count = Arc<dyn for<'c> Fn(&'c Ctx) -> BoxFuture<'c, Result<u64>> + Send + Sync>;

/// A page, and a function that counts the whole list, called only when `totalCount` is requested.
pub(crate) struct Connection<T> {
    pub(crate) page: Arc<CursorPage<T>>,
    count: Count,
}

impl<T> Connection<T> {
    pub(crate) fn new(
        page: Arc<CursorPage<T>>,
        count: impl for<'c> Fn(&'c Ctx) -> BoxFuture<'c, Result<u64>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            page,
            count: Arc::new(count),
        }
    }

    /// The number of items on all pages.
    pub(crate) async fn count(&self, ctx: &Ctx) -> Result<u64> {
        (self.count)(ctx).await
    }

    pub(crate) fn page_info(&self) -> PageInfo {
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
pub(crate) trait HasConnection: Collection {
    type Connection: ContainerType + From<Connection<Row<Self>>>;
}

pub(crate) type ConnectionOf<E> = Node<<E as HasConnection>::Connection>;

/// Declares the types of a connection:
/// `connection!(BrandConnection, BrandEdge of brand::Entity; "A brand", "brands", "How many brands match")`.
/// For a list of more than one entity, give the types of its items and nodes: `of Movement => MovementNode`.
macro_rules! connection {
    ($connection:ident, $edge:ident of $entity:ty; $($words:literal),+) => {
        connection!(
            $connection, $edge of $crate::query::Row<$entity> => $crate::graphql::kit::node::NodeOf<$entity>; $($words),+
        );

        impl $crate::graphql::kit::connection::HasConnection for $entity {
            type Connection = $connection;
        }
    };
    (
        $connection:ident, $edge:ident of $item:ty => $node:ty;
        $an_item:literal, $items:literal, $how_many:literal
    ) => {
        pub(crate) struct $connection($crate::graphql::kit::connection::Connection<$item>);

        impl From<$crate::graphql::kit::connection::Connection<$item>> for $connection {
            fn from(connection: $crate::graphql::kit::connection::Connection<$item>) -> Self {
                Self(connection)
            }
        }

        #[doc = concat!("A page of ", $items, ".")]
        #[async_graphql::Object(serial)]
        impl $connection {
            async fn edges(&self) -> $crate::graphql::kit::Items<$edge> {
                let page = &self.0.page;
                let edge = |item: &$item| $edge(std::sync::Arc::clone(page), item.clone());
                page.items.iter().map(edge).collect()
            }

            #[doc = concat!("The ", $items, " of this page, without their cursors.")]
            async fn nodes(&self) -> $crate::graphql::kit::Items<$node> {
                self.0.page.items.iter().cloned().map(<$node>::from).collect()
            }

            async fn page_info(&self) -> $crate::graphql::kit::Node<$crate::graphql::kit::page::PageInfo> {
                $crate::graphql::kit::Node(self.0.page_info())
            }

            #[doc = concat!($how_many, ", on all pages together. Counted only when requested.")]
            async fn total_count(
                &self,
                cx: &async_graphql::Context<'_>,
            ) -> Result<i32, $crate::error::Error> {
                let count = self.0.count($crate::ctx::Ctx::of(cx)?).await?;
                Ok($crate::graphql::kit::scalar::count(count))
            }
        }

        pub(crate) struct $edge(std::sync::Arc<$crate::query::CursorPage<$item>>, $item);

        #[doc = concat!($an_item, " and its place in the list.")]
        #[async_graphql::Object(serial)]
        impl $edge {
            async fn cursor(&self) -> String {
                self.0.cursor(&self.1)
            }

            async fn node(&self) -> $crate::graphql::kit::Node<$node> {
                $crate::graphql::kit::Node(<$node>::from(self.1.clone()))
            }
        }
    };
}

pub(crate) use connection;
