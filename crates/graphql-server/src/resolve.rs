//! Wrappers for objects and lists: [`Node`] and [`Items`] resolve their fields and items in sequence, in a loop, and
//! [`Concurrent`] resolves its fields concurrently.
//!
//! async-graphql allocates a future for each field of each object, and runs the items of a list concurrently. If most
//! fields are plain values, and relations are loaded for all siblings at once, there is nothing to run concurrently, and
//! a loop takes a fraction of the time. Fields that an object can write without waiting ([`WriteFields`]) need no future.
//! async-graphql returns fields that run concurrently in the order in which they complete; [`Concurrent`] returns them in
//! the order of the document.

use std::borrow::Cow;

use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container_serial;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
};
use futures_util::future::{BoxFuture, join_all};

use crate::json::{raw_json, separate, write_key};

pub use crate::json::{WriteValue, write, write_text};

/// An object type that can write some of its fields without waiting.
pub trait WriteFields: ContainerType {
    /// Appends the value of the field `cx.item` as JSON and returns true, or leaves `json` as it is and returns false if
    /// the field must be resolved.
    fn write_field(&self, _cx: &Context<'_>, _json: &mut Vec<u8>) -> bool {
        false
    }
}

/// Appends an object as JSON if all selected fields can be written without waiting. Otherwise returns false and leaves
/// `json` as it is.
pub fn write_object<T: WriteFields>(ctx: &ContextSelectionSet<'_>, object: &T, json: &mut Vec<u8>) -> bool {
    let start = json.len();
    let mut object = Writer::new(ctx, object, json);
    let complete = is_expanded(ctx) && object.write(json).is_none();
    if complete {
        object.end(json);
    } else {
        json.truncate(start);
    }
    complete
}

/// Appends the list of objects that the field `cx.item` selects from, if all selected fields can be written without waiting.
/// Otherwise returns false and leaves `json` as it is.
pub fn write_items<T: WriteFields>(
    cx: &Context<'_>,
    items: impl IntoIterator<Item = T>,
    json: &mut Vec<u8>,
) -> bool {
    let selections = cx.with_selection_set(&cx.item.node.selection_set);
    let start = json.len();
    json.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        separate(json, index);
        if !write_object(&selections, &item, json) {
            json.truncate(start);
            return false;
        }
    }
    json.push(b']');
    true
}

/// An object whose fields are resolved in sequence.
pub struct Node<T>(pub T);

/// An object whose fields are resolved concurrently, unless a selection is a fragment or has directives.
pub struct Concurrent<T>(pub T);

/// A list whose items are resolved in sequence.
pub struct Items<T>(pub Vec<T>);

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: WriteFields> OutputType for Node<T> {
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
        let mut json = Vec::new();
        resolve(ctx, &self.0, &mut json).await?;
        Ok(raw_json(json))
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
        if !is_expanded(ctx) {
            return resolve_container_serial(ctx, &self.0).await;
        }
        let fields = ctx
            .item
            .node
            .items
            .iter()
            .filter_map(|selection| match &selection.node {
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

/// The value of a field, null after an error.
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

impl<T: WriteFields> OutputType for Items<T> {
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
            separate(&mut json, index);
            let ctx = ctx.with_index(index);
            if let Err(error) = resolve(&ctx, item, &mut json).await {
                return Err(ctx.set_error_path(error));
            }
        }
        json.push(b']');
        Ok(raw_json(json))
    }
}

/// Appends an object as JSON.
async fn resolve<T: WriteFields>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    json: &mut Vec<u8>,
) -> ServerResult<()> {
    if !is_expanded(ctx) {
        let value = boxed(resolve_container_serial(ctx, object)).await?;
        write(json, &value);
        return Ok(());
    }
    let mut writer = Writer::new(ctx, object, json);
    while let Some(field) = writer.write(json) {
        // Boxed, since resolving recurses.
        match boxed(object.resolve_field(&ctx.with_field(field))).await {
            Ok(value) => writer.push(&field.node, &value.unwrap_or_default(), json),
            // Null propagation expects a null in place of a failed field.
            Err(error) => {
                ctx.add_error(error);
                writer.push(&field.node, &Value::Null, json);
            }
        }
    }
    writer.end(json);
    Ok(())
}

fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// Whether the selections consist of fields without directives. The planner has expanded fragments, unless the document is
/// executed as written.
fn is_expanded(ctx: &ContextSelectionSet<'_>) -> bool {
    ctx.item.node.items.iter().all(
        |selection| matches!(&selection.node, Selection::Field(field) if field.node.directives.is_empty()),
    )
}

/// Writes the fields of an object, in the order of their selection.
struct Writer<'a, T> {
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
    selections: std::slice::Iter<'a, Positioned<Selection>>,
    start: usize,
    count: usize,
}

impl<'a, T: WriteFields> Writer<'a, T> {
    fn new(ctx: &'a ContextSelectionSet<'a>, object: &'a T, json: &mut Vec<u8>) -> Self {
        let start = json.len();
        json.push(b'{');
        Self {
            ctx,
            object,
            selections: ctx.item.node.items.iter(),
            start,
            count: 0,
        }
    }

    /// Writes fields up to the first one that has to be resolved, which it returns.
    fn write(&mut self, json: &mut Vec<u8>) -> Option<&'a Positioned<Field>> {
        for selection in self.selections.by_ref() {
            let Selection::Field(field) = &selection.node else {
                continue;
            };
            let start = json.len();
            separate(json, self.count);
            write_key(json, &field.node.response_key().node);
            if field.node.name.node == "__typename" {
                write(
                    json,
                    &Value::String(self.object.introspection_type_name().into_owned()),
                );
            } else if !self.object.write_field(&self.ctx.with_field(field), json) {
                json.truncate(start);
                return Some(field);
            }
            self.count += 1;
        }
        None
    }

    /// Writes the value of a field that has been resolved.
    fn push(&mut self, field: &Field, value: &Value, json: &mut Vec<u8>) {
        separate(json, self.count);
        write_key(json, &field.response_key().node);
        write(json, value);
        self.count += 1;
    }

    /// Ends the object. An object without fields is null.
    fn end(self, json: &mut Vec<u8>) {
        if self.count == 0 {
            json.truncate(self.start);
            json.extend_from_slice(b"null");
        } else {
            json.push(b'}');
        }
    }
}
