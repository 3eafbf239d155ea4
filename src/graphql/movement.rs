//! Inflows and outflows as one list.

use ::entity::product;
use async_graphql::{Context, ID, Interface};

use super::connection::{Connection, Paging, connection, relation};
use super::inflow::InflowNode;
use super::outflow::OutflowNode;
use super::product::ProductNode;
use super::resolve::Node;
use super::scalar::DateTime;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::stock::movement_list;
use crate::stock::movement_row::MovementRow;

#[expect(
    clippy::duplicated_attributes,
    reason = "fields of the interface, two of one type"
)]
/// Stock that came in or went out. A movement never changes: delete it, which takes
/// its effect on stock back, and create a new one.
#[derive(Interface)]
#[graphql(
    name = "Movement",
    field(name = "id", ty = "ID"),
    field(name = "product", ty = "Result<Node<ProductNode>>"),
    field(name = "quantity", ty = "i32", desc = "How many moved, always 1 or more."),
    field(name = "description", ty = "Option<String>"),
    field(name = "created_at", ty = "DateTime"),
    field(name = "updated_at", ty = "DateTime")
)]
pub enum MovementNode {
    /// Stock that came in.
    Inflow(InflowNode),
    /// Stock that went out.
    Outflow(OutflowNode),
}

impl From<MovementRow> for MovementNode {
    fn from(moved: MovementRow) -> Self {
        match moved {
            MovementRow::Inflow(row) => Self::Inflow(row.into()),
            MovementRow::Outflow(row) => Self::Outflow(row.into()),
        }
    }
}

connection!(
    MovementRow => MovementConnection, MovementEdge, MovementNode;
    "A page of movements.", "A movement and its place in the list.", "The movements of this page, without their cursors.",
    "How many movements there are, on all pages together. Counted only when asked for."
);

/// A page of a product's movements, loaded for all products that were fetched with it.
pub async fn of_product(
    cx: &Context<'_>,
    product: &Row<product::Entity>,
    paging: Paging,
) -> Result<MovementConnection> {
    let (relation, span) = (relation(cx), paging.span()?);
    let slice = movement_list::of_product(Ctx::of(cx)?, product, &relation, &span).await?;
    let product = product.clone();
    let connection = Connection::new(slice, move |ctx| {
        let (product, relation) = (product.clone(), relation.clone());
        Box::pin(async move { movement_list::count_of_product(ctx, &product, &relation).await })
    });
    Ok(connection.into())
}
