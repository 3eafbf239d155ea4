//! Fields that refer to another row, loaded for all sibling rows at once.

use async_graphql::Context;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::node::{HasNode, NodeOf};
use super::{Node, Nullable, nullable};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{Collection, Row};

// The futures are boxed for the reason given at `nullable`.

/// The row that `row` refers to by `id`; null when there is none.
pub(crate) fn optional<'a, E: HasNode, P: Collection>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> BoxFuture<'a, Nullable<Node<NodeOf<E>>>> {
    load::<E, P>(cx, row, relation, id).map(Result::transpose).boxed()
}

/// The row that `row` refers to by `id`, where the database guarantees that there is one. The field is nullable all the
/// same: if the row can't be read, the object that refers to it stays.
pub(crate) fn required<'a, E: HasNode, P: Collection>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> i64,
) -> BoxFuture<'a, Nullable<Node<NodeOf<E>>>> {
    nullable(async move {
        let found = row.one::<E>(Ctx::of(cx)?, relation, |row| Some(id(row))).await?;
        let row = found.ok_or_else(|| Error::internal(format!("a {relation} is missing")))?;
        Ok(Node(NodeOf::<E>::from(row)))
    })
}

async fn load<E: HasNode, P: Collection>(
    cx: &Context<'_>,
    row: &Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> Result<Option<Node<NodeOf<E>>>> {
    let found = row.one::<E>(Ctx::of(cx)?, relation, id).await?;
    Ok(found.map(|row| Node(NodeOf::<E>::from(row))))
}
