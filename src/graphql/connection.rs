//! Connections: Relay's arguments in, a [`PageRequest`] out; a [`CursorPage`] in, edges, nodes, `pageInfo` and `totalCount` out.

use std::sync::Arc;

use async_graphql::{Context, Enum, SimpleObject};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::problem::Answer;
use super::resolve::Node;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::paging::MAX_PAGE_SIZE;
use crate::query::{Collection, CursorPage, Direction, Listing, PageRequest, Row};

/// Items on a page when the client doesn't say.
const PAGE: i32 = 10;

/// Which way to order.
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

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub struct PageInfo {
    /// Whether there are items before this page.
    pub has_previous_page: bool,
    /// Whether there are items after this page.
    pub has_next_page: bool,
    /// Cursor of the first item: give it as `before` for the previous page. Null when
    /// the page is empty.
    pub start_cursor: Option<String>,
    /// Cursor of the last item: give it as `after` for the next page. Null when the
    /// page is empty.
    pub end_cursor: Option<String>,
}

/// The arguments that every connection has.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// How many of the first.
    pub first: Option<i32>,
    /// After which cursor.
    pub after: Option<String>,
    /// How many of the last.
    pub last: Option<i32>,
    /// Before which cursor.
    pub before: Option<String>,
    /// How many to leave out.
    pub offset: Option<i32>,
}

impl Paging {
    /// Which part of the list they ask for.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a size or an offset out of range, and for both sizes at once.
    pub fn span(self) -> Result<PageRequest> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Error::parameter("last", "Give first or last, not both."));
        }
        let backwards = self.last.is_some();
        let (name, size) = match (self.first, self.last) {
            (None, Some(last)) => ("last", last),
            (first, _) => ("first", first.unwrap_or(PAGE)),
        };
        if !(0..=i32::from(MAX_PAGE_SIZE)).contains(&size) {
            return Err(Error::parameter(
                name,
                format!("It must be from 0 to {MAX_PAGE_SIZE}."),
            ));
        }
        let skip = u64::try_from(self.offset.unwrap_or(0))
            .map_err(|_| Error::parameter("offset", "It must be 0 or more."))?;
        Ok(PageRequest {
            size: u64::try_from(size).unwrap_or_default(),
            backwards,
            skip,
            after: self.after,
            before: self.before,
        })
    }
}

type Count = Arc<dyn for<'c> Fn(&'c Ctx) -> BoxFuture<'c, Result<u64>> + Send + Sync>;

/// A page and what counts the whole list, when that is asked for.
pub struct Connection<T> {
    /// The page.
    pub slice: Arc<CursorPage<T>>,
    count: Count,
}

impl<T> Connection<T> {
    /// A page with its own way to count.
    pub fn new(
        slice: Arc<CursorPage<T>>,
        count: impl for<'c> Fn(&'c Ctx) -> BoxFuture<'c, Result<u64>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            slice,
            count: Arc::new(count),
        }
    }

    /// How many items there are on all pages.
    pub async fn count(&self, ctx: &Ctx) -> Result<u64> {
        (self.count)(ctx).await
    }

    /// Where the page lies.
    pub fn page_info(&self) -> PageInfo {
        let cursor = |item: Option<&T>| item.map(|item| self.slice.cursor(item));
        PageInfo {
            has_previous_page: self.slice.has_previous,
            has_next_page: self.slice.has_next,
            start_cursor: cursor(self.slice.items.first()),
            end_cursor: cursor(self.slice.items.last()),
        }
    }
}

// What follows is boxed: the library keeps the future of an object's largest field on the heap for each of its fields,
// the smallest included, so what a field waits for has to stay out of it.

/// A page of a whole collection.
pub fn of_all<'a, R: Collection, C: From<Connection<Row<R>>> + 'a>(
    cx: &'a Context<'_>,
    paging: Paging,
    listing: impl FnOnce(&Ctx) -> Result<Listing<R>> + Send + 'a,
) -> BoxFuture<'a, Answer<C>> {
    let page = async {
        let ctx = Ctx::of(cx)?;
        let permit = ctx.reader()?;
        let (listing, span) = (Arc::new(listing(ctx)?), paging.span()?);
        let slice = listing.by_cursor(permit, &span).await?;
        let connection = Connection::new(Arc::new(slice), move |ctx| {
            let listing = Arc::clone(&listing);
            Box::pin(async move { listing.count(&ctx.reader()?).await })
        });
        Ok(connection.into())
    };
    page.map(Some).boxed()
}

/// A page of what refers to a row by `reference`, loaded for all its siblings together.
pub fn of_row<'a, P: Collection, R: Collection, C: From<Connection<Row<R>>> + 'a>(
    cx: &'a Context<'_>,
    parent: &'a Row<P>,
    reference: R::Column,
    paging: Paging,
    listing: impl FnOnce(&Ctx) -> Result<Listing<R>> + Send + 'a,
) -> BoxFuture<'a, Result<C>> {
    let page = async move {
        let (relation, span) = (relation(cx), paging.span()?);
        let ctx = Ctx::of(cx)?;
        let listing = || listing(ctx);
        let (slice, listing) = parent.many(ctx, &relation, reference, &span, listing).await?;
        let parent = parent.clone();
        let connection = Connection::new(slice, move |ctx| {
            let (parent, relation, listing) = (parent.clone(), relation.clone(), Arc::clone(&listing));
            Box::pin(async move { parent.count_of(ctx, &relation, reference, &listing).await })
        });
        Ok(connection.into())
    };
    page.boxed()
}

/// What a row refers to by `id`, loaded for all its siblings together.
pub fn referred<'a, P: Collection, R: Collection, N: From<Row<R>> + 'a>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> BoxFuture<'a, Result<Option<Node<N>>>> {
    let found = async move { row.one(Ctx::of(cx)?, relation, id).await };
    found
        .map(|found| Ok(found?.map(|row| Node(N::from(row)))))
        .boxed()
}

/// What a row always refers to.
pub fn required<'a, P: Collection, R: Collection, N: From<Row<R>> + 'a>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> BoxFuture<'a, Result<Node<N>>> {
    let missing = move || Error::internal(format!("a {relation} is missing"));
    referred(cx, row, relation, id)
        .map(move |found| found?.ok_or_else(missing))
        .boxed()
}

/// What siblings know a field by: its name with its arguments as the document has them. The variables among them have one
/// value for the whole operation, which is as long as siblings live.
pub fn relation(cx: &Context<'_>) -> String {
    use std::fmt::Write as _;
    let field = &cx.item.node;
    let mut relation = field.name.node.to_string();
    for (name, value) in &field.arguments {
        // Writing to a text does not fail.
        let _ = write!(relation, " {}: {}", name.node, value.node);
    }
    relation
}

/// Makes the three types of a connection: `connection!(Row<…> => ProductConnection, ProductEdge, ProductNode; "…" …)`.
/// Shape and words only.
macro_rules! connection {
    (
        $item:ty => $connection:ident, $edge:ident, $node:ident;
        $a_page:literal, $an_edge:literal, $nodes:literal, $total:literal
    ) => {
        #[doc = $a_page]
        pub struct $connection($crate::graphql::connection::Connection<$item>);

        impl From<$crate::graphql::connection::Connection<$item>> for $connection {
            fn from(connection: $crate::graphql::connection::Connection<$item>) -> Self {
                Self(connection)
            }
        }

        #[doc = $a_page]
        #[async_graphql::Object(serial)]
        impl $connection {
            async fn edges(&self) -> $crate::graphql::resolve::Items<$edge> {
                let slice = &self.0.slice;
                slice
                    .items
                    .iter()
                    .map(|item| $edge(std::sync::Arc::clone(slice), item.clone()))
                    .collect()
            }

            #[doc = $nodes]
            async fn nodes(&self) -> $crate::graphql::resolve::Items<$node> {
                self.0
                    .slice
                    .items
                    .iter()
                    .cloned()
                    .map($node::from)
                    .collect()
            }

            async fn page_info(&self) -> $crate::graphql::connection::PageInfo {
                self.0.page_info()
            }

            #[doc = $total]
            async fn total_count(
                &self,
                cx: &async_graphql::Context<'_>,
            ) -> Result<i32, $crate::error::Error> {
                let count = self.0.count($crate::ctx::Ctx::of(cx)?).await?;
                Ok($crate::graphql::scalar::count(count))
            }
        }

        #[doc = $an_edge]
        pub struct $edge(std::sync::Arc<$crate::query::CursorPage<$item>>, $item);

        #[doc = $an_edge]
        #[async_graphql::Object(serial)]
        impl $edge {
            async fn cursor(&self) -> String {
                self.0.cursor(&self.1)
            }

            async fn node(&self) -> $crate::graphql::resolve::Node<$node> {
                $crate::graphql::resolve::Node($node::from(self.1.clone()))
            }
        }
    };
}

/// Makes the input of an order: `order!(product::Entity => ProductOrder, ProductOrderField, "…" { Id: "id", … })`, each
/// field with the name of its sortable.
macro_rules! order {
    ($entity:ty => $order:ident, $field:ident, $what:literal { $($variant:ident: $name:literal),+ $(,)? }) => {
        /// One step of an order: later steps decide between equals.
        #[derive(async_graphql::InputObject, Clone, Debug)]
        pub struct $order {
            field: $field,
            #[graphql(default)]
            direction: $crate::graphql::connection::OrderDirection,
        }

        #[doc = $what]
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $field {
            $(
                #[doc(hidden)]
                $variant,
            )+
        }

        impl $order {
            /// The order that these steps make.
            fn steps(
                steps: Option<Vec<Self>>,
            ) -> $crate::error::Result<Vec<$crate::query::Order<<$entity as sea_orm::EntityTrait>::Column>>> {
                let step = |step: Self| {
                    let name = match step.field {
                        $($field::$variant => $name),+
                    };
                    $crate::query::Order::by_name::<$entity>(name, step.direction.into())
                        .ok_or_else(|| $crate::error::Error::internal(format!("nothing is ordered by {name}")))
                };
                steps.into_iter().flatten().map(step).collect()
            }
        }
    };
}

pub(crate) use {connection, order};
