//! Fields that are lists: of a whole collection, or of the rows that refer to a parent row.

use std::sync::Arc;

use async_graphql::Context;
use futures_util::future::BoxFuture;
use graphql_server::RequestError;
use graphql_tables::{
    Arguments, Connection, HasConnection, HasFilter, HasOrder, Node, OrderInput, PageArguments, RelationKey,
    RowFields, nullable, read_filter, relation_key, write_object,
};
use sea_orm::IdenStatic as _;

use super::{ConnectionOf, FilterArgument, Nullable, OrderArgument};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::paging::{MAX_PAGE_SIZE, children_of, count_children_of, loaded_children_of};
use crate::query::{Collection, CursorPage, Listing, Order, PageRequest, Row};

/// Reads the requested page from the arguments of a field.
pub(crate) fn page_request(arguments: &Arguments<'_>) -> Result<PageRequest, RequestError> {
    let request = PageArguments::from_arguments(arguments)?.into_request(MAX_PAGE_SIZE);
    Ok(request.map_err(Error::from)?)
}

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
        E: HasFilter<Ctx>,
    {
        self.listing.filter = read_filter::<E, Ctx>(self.ctx, filter)?;
        Ok(self)
    }

    pub(crate) fn order_by(mut self, order_by: OrderArgument<E>) -> Result<Self>
    where
        E: HasOrder<Ctx>,
    {
        for step in order_by.into_iter().flatten() {
            let name = OrderInput::<E>::column(&step).as_str();
            let order = Order::by_name::<E>(name, OrderInput::<E>::direction(&step));
            let order = order.ok_or_else(|| Error::internal(format!("the column {name} is not sortable")))?;
            self.listing.order.push(order);
        }
        Ok(self)
    }

    pub(crate) fn into_listing(self) -> Listing<E> {
        self.listing
    }
}

/// A page of a whole collection.
pub(crate) fn all_rows<'a, E: Collection + HasConnection<Ctx>>(
    cx: &'a Context<'_>,
    page: PageArguments,
    listing: impl FnOnce(&Ctx) -> Result<Listing<E>> + Send + 'a,
) -> BoxFuture<'a, Nullable<ConnectionOf<E>>> {
    nullable(async {
        let ctx = Ctx::of(cx)?;
        let permit = ctx.reader()?;
        let mut listing = listing(ctx)?;
        leave_out_unselected(&mut listing, cx);
        let (listing, request) = (Arc::new(listing), page.into_request(MAX_PAGE_SIZE)?);
        let page = listing.by_cursor(permit, &request).await?;
        let connection = Connection::<Ctx, _>::new(Arc::new(page), move |ctx| {
            let listing = Arc::clone(&listing);
            Box::pin(async move { listing.count(&ctx.reader()?).await })
        });
        Ok(Node(connection.into()))
    })
}

/// A page of the rows whose column `reference` refers to `parent`, loaded for all siblings of `parent` at once.
pub(crate) fn related_rows<'a, E: Collection + HasConnection<Ctx>, P: Collection>(
    cx: &'a Context<'_>,
    parent: &'a Row<P>,
    reference: E::Column,
    page: PageArguments,
    listing: impl FnOnce(&Ctx) -> Result<Listing<E>> + Send + 'a,
) -> BoxFuture<'a, Nullable<ConnectionOf<E>>> {
    nullable(async move {
        let (relation, request) = (relation_key(cx), page.into_request(MAX_PAGE_SIZE)?);
        let ctx = Ctx::of(cx)?;
        let listing = || {
            let mut listing = listing(ctx)?;
            leave_out_unselected(&mut listing, cx);
            Ok(listing)
        };
        let (page, listing) = children_of(ctx, parent, relation, reference, &request, listing).await?;
        Ok(Node(
            page_of_parent(parent, relation, reference, page, listing).into(),
        ))
    })
}

/// Leaves out the columns that the selection of the field `cx.item` does not need.
fn leave_out_unselected<E: Collection>(listing: &mut Listing<E>, cx: &Context<'_>) {
    let fields = RowFields::of_connection(cx);
    listing.leave_out_unneeded(|field| fields.may_contain(field));
}

/// Writes the page that [`related_rows`] returns, if it has been loaded.
pub(crate) fn write_related_rows<E: Collection + HasConnection<Ctx>, P: Collection>(
    cx: &Context<'_>,
    parent: &Row<P>,
    reference: E::Column,
    json: &mut Vec<u8>,
) -> bool {
    let relation = relation_key(cx);
    let Some((page, listing)) = loaded_children_of(parent, relation) else {
        return false;
    };
    let connection = E::Connection::from(page_of_parent(parent, relation, reference, page, listing));
    let selections = cx.with_selection_set(&cx.item.node.selection_set);
    write_object(&selections, &connection, json)
}

fn page_of_parent<E: Collection, P: Collection>(
    parent: &Row<P>,
    relation: RelationKey,
    reference: E::Column,
    page: Arc<CursorPage<Row<E>>>,
    listing: Arc<Listing<E>>,
) -> Connection<Ctx, Row<E>> {
    let parent = parent.clone();
    Connection::new(page, move |ctx| {
        let (parent, listing) = (parent.clone(), Arc::clone(&listing));
        Box::pin(async move { count_children_of(ctx, &parent, relation, reference, &listing).await })
    })
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
    (@checks $lists:ident { $($field:ident: $module:ident($($argument:ident),+);)+ }) => {
        impl $lists {
            /// The checks of the arguments of these fields.
            pub(crate) const CHECKS: &[(&str, $crate::graphql::kit::ArgumentCheck)] = &[$(
                (stringify!($field), |ctx, arguments| {
                    use $crate::graphql::kit::list::{ListArguments, page_request};
                    let page = page_request(arguments)?;
                    let list = ListArguments::<$module::Entity>::new(ctx)
                        $(.$argument(arguments.get(stringify!($argument))?)?)+;
                    Ok(list.into_listing().check(&page)?)
                }),
            )+];
        }
    };
    ($lists:ident of $parent:ty {
        $(
            $(#[doc = $doc:literal])*
            $field:ident: $module:ident::Entity by $reference:ident(
                $($argument:ident: $type:ty $(= $argument_doc:literal)?),+ $(,)?
            );
        )+
    }) => {
        pub(crate) struct $lists(pub(crate) $crate::query::Row<$parent>);

        $crate::graphql::kit::list::lists!(@checks $lists { $($field: $module($($argument),+);)+ });

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
                ) -> $crate::graphql::kit::Nullable<$crate::graphql::kit::ConnectionOf<$module::Entity>> {
                    use $crate::graphql::kit::list;
                    let page = graphql_tables::PageArguments { first, after, last, before, offset };
                    list::related_rows::<$module::Entity, _>(cx, &self.0, $module::Column::$reference, page, |ctx| {
                        Ok(list::ListArguments::<$module::Entity>::new(ctx)$(.$argument($argument)?)+.into_listing())
                    })
                    .await
                }
            )+
        }

        impl graphql_tables::WriteFields for $lists {
            fn write_field(&self, cx: &async_graphql::Context<'_>, json: &mut Vec<u8>) -> bool {
                use $crate::graphql::kit::list::write_related_rows;
                let name = cx.item.node.name.node.as_str();
                $(
                    if graphql_tables::is_camel_case_of(name, stringify!($field)) {
                        let reference = $module::Column::$reference;
                        return write_related_rows::<$module::Entity, _>(cx, &self.0, reference, json);
                    }
                )+
                false
            }
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

        $crate::graphql::kit::list::lists!(@checks $lists { $($field: $module($($argument),+);)+ });

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
                ) -> $crate::graphql::kit::Nullable<$crate::graphql::kit::ConnectionOf<$module::Entity>> {
                    use $crate::graphql::kit::list;
                    let page = graphql_tables::PageArguments { first, after, last, before, offset };
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
