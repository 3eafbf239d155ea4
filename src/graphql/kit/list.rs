//! Fields that are lists: of a whole collection, or of the rows that refer to a parent row.

use std::sync::Arc;

use async_graphql::Context;
use futures_util::future::BoxFuture;

use super::connection::{Connection, ConnectionOf, HasConnection};
use super::filter_input::{FilterArgument, HasFilter, read_filter};
use super::order::{HasOrder, OrderArgument, OrderInput as _, OrderOf};
use super::page::PageArguments;
use super::{Node, Nullable, nullable};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::paging::{children_of, count_children_of};
use crate::query::{Collection, Listing, Row};

/// Collects the arguments of a list. Each method sets the argument of the same name.
pub(crate) struct ListArguments<'c, E: Collection> {
    ctx: &'c Ctx,
    listing: Listing<E>,
}

impl<'c, E: Collection> ListArguments<'c, E> {
    pub(crate) fn new(ctx: &'c Ctx) -> Self {
        Self {
            ctx,
            listing: Listing::default(),
        }
    }

    pub(crate) fn search(mut self, search: Option<String>) -> Result<Self> {
        self.listing.search = search;
        Ok(self)
    }

    pub(crate) fn filter(mut self, filter: FilterArgument<E>) -> Result<Self>
    where
        E: HasFilter,
    {
        self.listing.filter = read_filter::<E>(self.ctx, filter)?;
        Ok(self)
    }

    pub(crate) fn order_by(mut self, order_by: OrderArgument<E>) -> Result<Self>
    where
        E: HasOrder,
    {
        let steps = order_by.into_iter().flatten().map(OrderOf::<E>::into_order);
        self.listing.order = steps.collect::<Result<_>>()?;
        Ok(self)
    }

    pub(crate) fn into_listing(self) -> Listing<E> {
        self.listing
    }
}

/// A page of a whole collection.
pub(crate) fn all_rows<'a, E: HasConnection>(
    cx: &'a Context<'_>,
    page: PageArguments,
    listing: impl FnOnce(&Ctx) -> Result<Listing<E>> + Send + 'a,
) -> BoxFuture<'a, Nullable<ConnectionOf<E>>> {
    nullable(async {
        let ctx = Ctx::of(cx)?;
        let permit = ctx.reader()?;
        let (listing, request) = (Arc::new(listing(ctx)?), page.into_request()?);
        let page = listing.by_cursor(permit, &request).await?;
        let connection = Connection::new(Arc::new(page), move |ctx| {
            let listing = Arc::clone(&listing);
            Box::pin(async move { listing.count(&ctx.reader()?).await })
        });
        Ok(Node(connection.into()))
    })
}

/// A page of the rows whose column `reference` refers to `parent`, loaded for all siblings of `parent` at once.
pub(crate) fn related_rows<'a, E: HasConnection, P: Collection>(
    cx: &'a Context<'_>,
    parent: &'a Row<P>,
    reference: E::Column,
    page: PageArguments,
    listing: impl FnOnce(&Ctx) -> Result<Listing<E>> + Send + 'a,
) -> BoxFuture<'a, Nullable<ConnectionOf<E>>> {
    nullable(async move {
        let (relation, request) = (relation_key(cx), page.into_request()?);
        let ctx = Ctx::of(cx)?;
        let listing = || listing(ctx);
        let (page, listing) = children_of(ctx, parent, &relation, reference, &request, listing).await?;
        let parent = parent.clone();
        let connection = Connection::new(page, move |ctx| {
            let (parent, relation, listing) = (parent.clone(), relation.clone(), Arc::clone(&listing));
            Box::pin(async move { count_children_of(ctx, &parent, &relation, reference, &listing).await })
        });
        Ok(Node(connection.into()))
    })
}

/// The key under which siblings share a list: the field with its arguments as written in the document. Variables need not
/// be resolved, since they have one value for the whole operation and siblings are dropped at its end.
pub(crate) fn relation_key(cx: &Context<'_>) -> String {
    use std::fmt::Write as _;
    let field = &cx.item.node;
    let mut key = field.name.node.to_string();
    for (name, value) in &field.arguments {
        // Writing to a string does not fail.
        let _ = write!(key, " {}: {}", name.node, value.node);
    }
    key
}

/// Declares an object with one field for each list of a row, or of the root. Another object includes these fields with
/// `#[graphql(flatten)]`. Each list has the five arguments of [`PageArguments`] in addition to those given here.
///
/// ```ignore
/// lists!(SupplierLists of supplier::Entity {
///     /// The inflows of this supplier.
///     inflows: inflow::Entity by SupplierId(filter: FilterArgument<inflow::Entity>);
/// });
/// lists!(RootLists {
///     /// All inflows.
///     inflows: inflow::Entity(filter: FilterArgument<inflow::Entity>);
/// });
/// ```
macro_rules! lists {
    ($lists:ident of $parent:ty {
        $(
            $(#[doc = $doc:literal])*
            $field:ident: $module:ident::Entity by $reference:ident(
                $($argument:ident: $type:ty $(= $argument_doc:literal)?),+ $(,)?
            );
        )+
    }) => {
        pub(crate) struct $lists(pub(crate) $crate::query::Row<$parent>);

        impl $lists {
            /// The checks of the arguments of these fields.
            pub(crate) const CHECKS: &[(&str, $crate::graphql::kit::arguments::ArgumentCheck)] = &[$(
                (stringify!($field), |ctx, arguments| {
                    use $crate::graphql::kit::{list::ListArguments, page::PageArguments};
                    let page = PageArguments::of(arguments)?.into_request()?;
                    let list = ListArguments::<$module::Entity>::new(ctx)
                        $(.$argument(arguments.get(stringify!($argument))?)?)+;
                    Ok(list.into_listing().check(&page)?)
                }),
            )+];
        }

        #[async_graphql::Object(serial)]
        #[expect(clippy::too_many_arguments, reason = "they are the arguments of a list")]
        impl $lists {
            $(
                $(#[doc = $doc])*
                async fn $field(
                    &self,
                    cx: &async_graphql::Context<'_>,
                    first: Option<i32>,
                    after: Option<String>,
                    last: Option<i32>,
                    before: Option<String>,
                    offset: Option<i32>,
                    $($(#[graphql(desc = $argument_doc)])? $argument: $type,)+
                ) -> $crate::graphql::kit::Nullable<$crate::graphql::kit::connection::ConnectionOf<$module::Entity>> {
                    use $crate::graphql::kit::{list, page::PageArguments};
                    let page = PageArguments { first, after, last, before, offset };
                    list::related_rows::<$module::Entity, _>(cx, &self.0, $module::Column::$reference, page, |ctx| {
                        Ok(list::ListArguments::<$module::Entity>::new(ctx)$(.$argument($argument)?)+.into_listing())
                    })
                    .await
                }
            )+
        }
    };
    ($lists:ident {
        $(
            $(#[doc = $doc:literal])*
            $field:ident: $module:ident::Entity(
                $($argument:ident: $type:ty $(= $argument_doc:literal)?),+ $(,)?
            );
        )+
    }) => {
        pub(crate) struct $lists;

        impl $lists {
            /// The checks of the arguments of these fields.
            pub(crate) const CHECKS: &[(&str, $crate::graphql::kit::arguments::ArgumentCheck)] = &[$(
                (stringify!($field), |ctx, arguments| {
                    use $crate::graphql::kit::{list::ListArguments, page::PageArguments};
                    let page = PageArguments::of(arguments)?.into_request()?;
                    let list = ListArguments::<$module::Entity>::new(ctx)
                        $(.$argument(arguments.get(stringify!($argument))?)?)+;
                    Ok(list.into_listing().check(&page)?)
                }),
            )+];
        }

        #[async_graphql::Object]
        #[expect(clippy::too_many_arguments, reason = "they are the arguments of a list")]
        impl $lists {
            $(
                $(#[doc = $doc])*
                async fn $field(
                    &self,
                    cx: &async_graphql::Context<'_>,
                    first: Option<i32>,
                    after: Option<String>,
                    last: Option<i32>,
                    before: Option<String>,
                    offset: Option<i32>,
                    $($(#[graphql(desc = $argument_doc)])? $argument: $type,)+
                ) -> $crate::graphql::kit::Nullable<$crate::graphql::kit::connection::ConnectionOf<$module::Entity>> {
                    use $crate::graphql::kit::{list, page::PageArguments};
                    let page = PageArguments { first, after, last, before, offset };
                    list::all_rows::<$module::Entity>(cx, page, |ctx| {
                        Ok(list::ListArguments::<$module::Entity>::new(ctx)$(.$argument($argument)?)+.into_listing())
                    })
                    .await
                }
            )+
        }
    };
}

pub(crate) use lists;
