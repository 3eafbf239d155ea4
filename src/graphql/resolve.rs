//! Objects and lists that resolve on the spot, one field and one item after the other.
//!
//! The library puts each field of each object on the heap as a future of its own, and the items of a list into a queue of
//! futures. Nothing here waits side by side: the relations of rows are loaded for all siblings at once, by the first of
//! them that asks. So a page of fifty products is a loop, which takes a fraction of the time.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container_serial;
use async_graphql::{ContainerType, ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures_util::future::BoxFuture;

/// An object of the schema.
pub struct Node<T>(pub T);

/// A list of objects of the schema.
pub struct Items<T>(pub Vec<T>);

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: ContainerType> OutputType for Node<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve(ctx, &self.0).await
    }
}

impl<T: ContainerType> OutputType for Items<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let mut values = Vec::with_capacity(self.0.len());
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            values.push(
                resolve(&ctx, item)
                    .await
                    .map_err(|error| ctx.set_error_path(error))?,
            );
        }
        Ok(Value::List(values))
    }
}

/// Resolves what is selected of an object. On the heap, since objects are within objects.
fn resolve<'a, T: ContainerType>(
    ctx: &'a ContextSelectionSet<'_>,
    object: &'a T,
) -> BoxFuture<'a, ServerResult<Value>> {
    Box::pin(async move {
        let selections = &ctx.item.node.items;
        // Documents are executed with their fragments resolved, but for what depends on variables.
        if !selections.iter().all(|selection| is_plain(&selection.node)) {
            return resolve_container_serial(ctx, object).await;
        }
        let mut fields = IndexMap::with_capacity(selections.len());
        for selection in selections {
            let Selection::Field(field) = &selection.node else {
                continue;
            };
            let key = field.node.response_key().node.clone();
            if field.node.name.node == "__typename" {
                fields.insert(key, Value::String(object.introspection_type_name().into_owned()));
                continue;
            }
            match object.resolve_field(&ctx.with_field(field)).await {
                Ok(value) => {
                    fields.insert(key, value.unwrap_or_default());
                }
                Err(error) => ctx.add_error(error),
            }
        }
        Ok(if fields.is_empty() {
            Value::Null
        } else {
            Value::Object(fields)
        })
    })
}

fn is_plain(selection: &Selection) -> bool {
    matches!(selection, Selection::Field(field) if field.node.directives.is_empty())
}
