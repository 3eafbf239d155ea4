//! Fields that refer to another row, loaded for all sibling rows at once.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures_util::future::BoxFuture;
use graphql_server::resolve::{Node, WriteValue, write, write_object};
use table_query::{RelatedRow, RelationKey, Row, Table};

use crate::context::{Nullable, TableContext};
use crate::error::Error;
use crate::node::{HasNode, NodeOf};

/// The value of a field that refers to a row of `E`.
pub struct Reference<'a, E: HasNode<C>, C: TableContext> {
    target: Box<dyn Target<E, C> + 'a>,
    /// The name of the relation, if it always refers to a row.
    required: Option<&'static str>,
}

/// The row that `row` refers to by `id`; null when there is none.
pub fn optional<'a, E: HasNode<C>, C: TableContext, P: Table>(
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> Option<i64>,
) -> Reference<'a, E, C> {
    Reference {
        target: Box::new(Referrer { row, relation, id }),
        required: None,
    }
}

/// The row that `row` refers to by `id`, where the database guarantees that there is one. The field is nullable
/// nevertheless, so that an error of the row does not remove the object that refers to it.
pub fn required<'a, E: HasNode<C>, C: TableContext, P: Table>(
    row: &'a Row<P>,
    relation: &'static str,
    id: fn(&P::Model) -> i64,
) -> Reference<'a, E, C> {
    let id = move |model: &P::Model| Some(id(model));
    Reference {
        target: Box::new(Referrer { row, relation, id }),
        required: Some(relation),
    }
}

/// The row that a row of any entity refers to.
trait Target<E: HasNode<C>, C: TableContext>: Send + Sync {
    fn get_loaded(&self, ctx: &C) -> RelatedRow<E>;

    fn load<'c>(&'c self, ctx: &'c C) -> BoxFuture<'c, Result<Option<Row<E>>, Error>>;
}

struct Referrer<'a, P: Table, I> {
    row: &'a Row<P>,
    relation: &'static str,
    id: I,
}

impl<E, C, P, I> Target<E, C> for Referrer<'_, P, I>
where
    E: HasNode<C>,
    C: TableContext,
    P: Table,
    I: Fn(&P::Model) -> Option<i64> + Send + Sync,
{
    fn get_loaded(&self, ctx: &C) -> RelatedRow<E> {
        self.row.one_if_loaded::<E>(ctx, self.relation, &self.id)
    }

    fn load<'c>(&'c self, ctx: &'c C) -> BoxFuture<'c, Result<Option<Row<E>>, Error>> {
        Box::pin(async { Ok(self.row.one::<E>(ctx, self.relation, &self.id).await?) })
    }
}

impl<E: HasNode<C>, C: TableContext> Reference<'_, E, C> {
    async fn load<T>(
        &self,
        ctx: &async_graphql::ContextBase<'_, T>,
    ) -> Nullable<Node<NodeOf<E, C>>, C::Error> {
        let ctx = match C::of_operation(ctx) {
            Ok(ctx) => ctx,
            Err(error) => return Some(Err(error)),
        };
        match (self.target.load(ctx).await, self.required) {
            (Ok(Some(row)), _) => Some(Ok(Node(row.into()))),
            (Ok(None), Some(relation)) => Some(Err(Error::MissingRow(relation).into())),
            (Ok(None), None) => None,
            (Err(error), _) => Some(Err(error.into())),
        }
    }
}

impl<E: HasNode<C>, C: TableContext> WriteValue for Reference<'_, E, C> {
    fn write_value(&self, cx: &Context<'_>, json: &mut Vec<u8>) -> bool {
        let Ok(ctx) = C::of_operation(cx) else {
            return false;
        };
        match self.target.get_loaded(ctx) {
            RelatedRow::Loaded(row) => {
                let selections = cx.with_selection_set(&cx.item.node.selection_set);
                write_object(&selections, &NodeOf::<E, C>::from(row), json)
            }
            RelatedRow::Missing if self.required.is_none() => {
                write(json, &Value::Null);
                true
            }
            _ => false,
        }
    }
}

impl<E: HasNode<C>, C: TableContext> OutputType for Reference<'_, E, C> {
    fn type_name() -> Cow<'static, str> {
        NodeOf::<E, C>::type_name()
    }

    fn qualified_type_name() -> String {
        Self::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        NodeOf::<E, C>::create_type_info(registry);
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.load(ctx).await.resolve(ctx, field).await
    }
}

/// The key under which siblings share a list: the address of the field in the document, which is not moved while an operation
/// is executed. Siblings are dropped at the end of the operation.
pub fn relation_key(cx: &Context<'_>) -> RelationKey {
    RelationKey::numbered("list", std::ptr::from_ref(&cx.item.node).addr())
}
