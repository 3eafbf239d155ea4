//! Wrappers for objects and lists whose fields and items are resolved one after the other, in a loop, and for objects whose
//! fields are resolved concurrently.
//!
//! async-graphql allocates a future for each field of each object, and runs the items of a list concurrently. Where most
//! fields are plain values, and relations are loaded for all siblings at once, there is nothing to run concurrently, and
//! a loop takes a fraction of the time. Where fields run concurrently, async-graphql returns them in the order in which
//! they complete, instead of that of the document.

use std::borrow::Cow;

use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container_serial;
use async_graphql::{ContainerType, ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures_util::future::{BoxFuture, join_all};

use crate::json::{raw_json, separate, write, write_key};

/// An object whose fields are resolved in sequence.
pub struct Node<T>(pub T);

/// An object whose fields are resolved concurrently, unless they are selected in fragments.
pub struct Concurrent<T>(pub T);

/// A list whose items are resolved in sequence.
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

impl<T: ContainerType> OutputType for Concurrent<T> {
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
        let selections = &ctx.item.node.items;
        if !selections.iter().all(|selection| is_plain(&selection.node)) {
            return resolve_container_serial(ctx, &self.0).await;
        }
        let fields = selections.iter().filter_map(|selection| match &selection.node {
            Selection::Field(field) => Some(field),
            _ => None,
        });
        let values = join_all(fields.clone().map(|field| field_value(ctx, &self.0, field))).await;
        let mut json = vec![b'{'];
        for (index, (field, value)) in fields.zip(values).enumerate() {
            separate(&mut json, index);
            write_key(&mut json, &field.node.response_key().node);
            write(&mut json, &value);
        }
        json.push(b'}');
        Ok(raw_json(json))
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
        let mut json = vec![b'['];
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            let value = resolve(&ctx, item)
                .await
                .map_err(|error| ctx.set_error_path(error))?;
            separate(&mut json, index);
            write(&mut json, &value);
        }
        json.push(b']');
        Ok(raw_json(json))
    }
}

/// Resolves a selection set. Boxed, since it recurses.
fn resolve<'a, T: ContainerType>(
    ctx: &'a ContextSelectionSet<'_>,
    object: &'a T,
) -> BoxFuture<'a, ServerResult<Value>> {
    Box::pin(async move {
        let selections = &ctx.item.node.items;
        // The planner has expanded fragments, unless the document is executed as written.
        if !selections.iter().all(|selection| is_plain(&selection.node)) {
            return resolve_container_serial(ctx, object).await;
        }
        let mut json = vec![b'{'];
        let mut count = 0;
        for selection in selections {
            let Selection::Field(field) = &selection.node else {
                continue;
            };
            let value = field_value(ctx, object, field).await;
            separate(&mut json, count);
            write_key(&mut json, &field.node.response_key().node);
            write(&mut json, &value);
            count += 1;
        }
        if count == 0 {
            return Ok(Value::Null);
        }
        json.push(b'}');
        Ok(raw_json(json))
    })
}

/// The value of a field. It is null after an error, which null propagation expects at its place.
async fn field_value<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    field: &Positioned<Field>,
) -> Value {
    if field.node.name.node == "__typename" {
        return Value::String(object.introspection_type_name().into_owned());
    }
    match object.resolve_field(&ctx.with_field(field)).await {
        Ok(value) => value.unwrap_or_default(),
        Err(error) => {
            ctx.add_error(error);
            Value::Null
        }
    }
}

fn is_plain(selection: &Selection) -> bool {
    matches!(selection, Selection::Field(field) if field.node.directives.is_empty())
}
