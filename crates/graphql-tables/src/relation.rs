//! Fields that refer to another row, loaded for all sibling rows at once.

use async_graphql::Context;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use graphql_server::resolve::Node;
use table_query::{Row, Table};

use crate::context::{Nullable, TableContext, nullable};
use crate::error::Error;
use crate::node::{HasNode, NodeOf};

/// The value of a field that refers to a row of `E`.
type Relation<'a, E, C> = BoxFuture<'a, Nullable<Node<NodeOf<E, C>>, <C as TableContext>::Error>>;

// The futures are boxed for the reason given at `nullable`.

/// The row that `row` refers to by `id`; null when there is none.
pub fn optional<'a, E: HasNode<C>, C: TableContext, P: Table>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> Relation<'a, E, C> {
    load::<E, C, P>(cx, row, relation, id)
        .map(Result::transpose)
        .boxed()
}

/// The row that `row` refers to by `id`, where the database guarantees that there is one. The field is nullable all the
/// same: if the row can't be read, the object that refers to it stays.
pub fn required<'a, E: HasNode<C>, C: TableContext, P: Table>(
    cx: &'a Context<'_>,
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> i64,
) -> Relation<'a, E, C> {
    nullable(async move {
        let found = load::<E, C, P>(cx, row, relation, |row| Some(id(row))).await?;
        found.ok_or_else(|| Error::MissingRow(relation).into())
    })
}

async fn load<E: HasNode<C>, C: TableContext, P: Table>(
    cx: &Context<'_>,
    row: &Row<P>,
    relation: &'static str,
    id: impl Fn(&P::Model) -> Option<i64>,
) -> Result<Option<Node<NodeOf<E, C>>>, C::Error> {
    let ctx = C::of_operation(cx)?;
    let found = row.one::<E>(ctx, relation, id).await.map_err(Error::from)?;
    Ok(found.map(|row| Node(NodeOf::<E, C>::from(row))))
}

/// The key under which siblings share a list: the field with its arguments as written in the document. Variables need not
/// be resolved, since they have one value for the whole operation and siblings are dropped at its end.
pub fn relation_key(cx: &Context<'_>) -> String {
    use std::fmt::Write as _;
    let field = &cx.item.node;
    let mut key = field.name.node.to_string();
    for (name, value) in &field.arguments {
        // Writing to a string does not fail.
        let _ = write!(key, " {}: {}", name.node, value.node);
    }
    key
}
