//! Movements: the inflows and outflows of a product as one list.

use ::entity::product;
use async_graphql::{Context, ID, Interface};
use futures_util::future::BoxFuture;
use graphql_tables::{Connection, DateTime, Node, PageArguments, WriteFields, nullable, relation_key};

use super::inflow::InflowNode;
use super::kit::list::page_request;
use super::kit::{ArgumentCheck, Nullable, Reference, connection};
use super::outflow::OutflowNode;
use crate::ctx::Ctx;
use crate::query::Row;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::stock::movement_list;
use crate::stock::movement_row::MovementRow;

#[expect(
    clippy::duplicated_attributes,
    reason = "fields of the interface, two of one type"
)]
/// Stock that came in or went out. A movement can't be changed: delete it, which
/// reverses its effect on the stock, and create a new one.
#[derive(Interface)]
#[graphql(
    name = "Movement",
    field(name = "id", ty = "ID"),
    field(name = "product", ty = "Reference<'_, product::Entity>"),
    field(
        name = "quantity",
        ty = "i32",
        desc = "The quantity that moved, always 1 or more."
    ),
    field(name = "description", ty = "Option<String>"),
    field(name = "created_at", ty = "DateTime"),
    field(name = "updated_at", ty = "DateTime")
)]
pub(crate) enum MovementNode {
    Inflow(InflowNode),
    Outflow(OutflowNode),
}

impl WriteFields for MovementNode {}

impl From<MovementRow> for MovementNode {
    fn from(row: MovementRow) -> Self {
        match row {
            MovementRow::Inflow(row) => Self::Inflow(row.into()),
            MovementRow::Outflow(row) => Self::Outflow(row.into()),
        }
    }
}

connection!(MovementConnection, MovementEdge of MovementRow => MovementNode; "A movement", "movements", "How many movements there are");

/// The checks of the list of a product's movements.
pub(super) const CHECKS: &[(&str, ArgumentCheck)] = &[("movements", |_, arguments| {
    let page = page_request(arguments)?;
    Ok(movement_list::check(&page)?)
})];

/// A page of a product's movements, loaded for all sibling products at once.
pub(super) fn page_of_product<'a>(
    cx: &'a Context<'_>,
    product: &'a Row<product::Entity>,
    page: PageArguments,
) -> BoxFuture<'a, Nullable<Node<MovementConnection>>> {
    nullable(async move {
        let (relation, request) = (relation_key(cx), page.into_request(MAX_PAGE_SIZE)?);
        let page = movement_list::page_of_product(Ctx::of(cx)?, product, relation, &request).await?;
        let product = product.clone();
        let connection = Connection::new(page, move |ctx| {
            let product = product.clone();
            Box::pin(async move { movement_list::count_of_product(ctx, &product, relation).await })
        });
        Ok(Node(connection.into()))
    })
}
