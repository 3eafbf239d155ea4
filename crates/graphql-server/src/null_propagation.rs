//! Null propagation: a failed field becomes null, or its nearest nullable parent does if the field is non-null.
//!
//! async-graphql leaves a failed field out of its object, and returns null for an object without fields. This module
//! follows the path of each error into the data and sets the value there to null. Responses without errors skip this.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, PathSegment, Response, ServerError, Value};

use crate::document::Document;
use crate::json::expand;
use crate::planner::PLACEHOLDER;
use crate::schema_description;
use crate::schema_index::SchemaIndex;
use crate::validate::field_merging::{TypedSet, fields_by_key, response_keys};

/// Finishes the responses of an operation.
#[derive(Clone)]
pub(crate) struct Completion {
    pub index: Arc<SchemaIndex>,
    pub document: Arc<Document>,
    pub operation: Option<Name>,
    /// The description of the schema, if the operation selects introspection fields.
    pub description: Option<&'static str>,
    /// Whether the response can have [`PLACEHOLDER`] fields.
    pub has_placeholders: bool,
}

/// One step of a path, with its type from the schema.
struct Step<'a> {
    segment: &'a PathSegment,
    nullable: bool,
    /// The selection sets of the object that contains this step.
    sets: Vec<TypedSet<'a>>,
}

type Object = IndexMap<Name, Value>;

impl Completion {
    /// Removes placeholders, propagates nulls and sorts the root.
    pub fn finish_response(&self, mut response: Response) -> Response {
        if self.has_placeholders || !response.errors.is_empty() {
            expand(&mut response.data);
        }
        if self.has_placeholders {
            remove_placeholders(&mut response.data);
        }
        if !response.errors.is_empty() {
            self.nullify(&mut response.data, &response.errors);
        }
        self.sort_root(&mut response.data);
        if let Some(description) = self.description {
            let operation = self.operation.as_deref();
            schema_description::set(
                description,
                &self.index,
                &self.document,
                operation,
                &mut response.data,
            );
        }
        response
    }

    /// Sorts the root fields as in the document. async-graphql executes those of a query concurrently and returns them in
    /// order of completion.
    fn sort_root(&self, data: &mut Value) {
        let Value::Object(object) = data else { return };
        if object.len() < 2 {
            return;
        }
        let keys = self.document.root_keys(self.operation.as_ref());
        let mut expected = keys.iter();
        if !object.keys().all(|key| expected.any(|expected| expected == key)) {
            sort(object, keys);
        }
    }

    fn nullify(&self, data: &mut Value, errors: &[ServerError]) {
        let mut null_paths = HashSet::new();
        for error in errors {
            let steps = self.steps(&error.path);
            // An error without a path belongs to no field.
            if !steps.is_empty() && !self.set_null(data, &steps, &mut null_paths) {
                *data = Value::Null;
                return;
            }
        }
    }

    /// The steps of a path, up to the first one that this operation does not select.
    fn steps<'a>(&'a self, path: &'a [PathSegment]) -> Vec<Step<'a>> {
        let mut steps = Vec::with_capacity(path.len());
        let Ok(operation) = self.document.operation(self.operation.as_deref()) else {
            return steps;
        };
        let operation = &operation.definition.node;
        let root = self.index.root_name(operation.ty).unwrap_or_default();
        let mut sets: Vec<TypedSet<'a>> = vec![(root, &operation.selection_set)];
        let mut ty: Option<&Type> = None;
        for segment in path {
            match segment {
                PathSegment::Field(key) => {
                    let mut fields = fields_by_key(&self.document.parsed, &sets);
                    // Validation has checked that these fields have the same type, so the type of the first one is used.
                    let fields = fields.swap_remove(key.as_str()).unwrap_or_default();
                    let types_and_sets = fields.into_iter().filter_map(|(parent, field)| {
                        let definition = self.index.composite(parent)?.field(&field.node.name.node)?;
                        Some((
                            &definition.full_type,
                            (definition.ty.as_str(), &field.node.selection_set),
                        ))
                    });
                    let (types, inner_sets): (Vec<_>, Vec<_>) = types_and_sets.unzip();
                    ty = types.first().copied();
                    let sets = std::mem::replace(&mut sets, inner_sets);
                    steps.extend(ty.map(|ty| Step {
                        segment,
                        nullable: ty.nullable,
                        sets,
                    }));
                }
                PathSegment::Index(_) => {
                    ty = ty.and_then(|ty| match &ty.base {
                        BaseType::List(of) => Some(&**of),
                        BaseType::Named(_) => None,
                    });
                    steps.extend(ty.map(|ty| Step {
                        segment,
                        nullable: ty.nullable,
                        sets: Vec::new(),
                    }));
                }
            }
            if ty.is_none() {
                break;
            }
        }
        steps
    }

    /// Sets the value at the last nullable step to null, and adds its path to `null_paths`. Returns false if no step is
    /// nullable.
    fn set_null(&self, data: &mut Value, mut steps: &[Step<'_>], null_paths: &mut HashSet<String>) -> bool {
        loop {
            let Some(last) = steps.iter().rposition(|step| step.nullable) else {
                return false;
            };
            steps = steps.get(..=last).unwrap_or_default();
            match target(data, steps, null_paths) {
                Target::WithinNull => return true,
                // async-graphql has dropped a parent of the value, so the null is propagated from there.
                Target::Missing(index) if index < last => steps = steps.get(..=index).unwrap_or_default(),
                Target::Value | Target::Missing(_) => break,
            }
        }
        let (mut path, mut value) = (String::new(), data);
        for step in steps {
            let next = match step.segment {
                PathSegment::Field(key) => {
                    // async-graphql returns null for an object whose fields have all failed.
                    if *value == Value::Null {
                        *value = Value::Object(Object::new());
                    }
                    let Value::Object(object) = value else { return true };
                    if !object.contains_key(key.as_str()) {
                        object.insert(Name::new(key), Value::Null);
                        sort(object, &self.keys(object, &step.sets));
                    }
                    object.get_mut(key.as_str())
                }
                PathSegment::Index(index) => match value {
                    Value::List(items) => items.get_mut(*index),
                    _ => None,
                },
            };
            let Some(next) = next else { return true };
            push_segment(&mut path, step.segment);
            value = next;
        }
        *value = Value::Null;
        null_paths.insert(path);
        true
    }

    /// The response keys of an object with these selection sets, in the order of the document. If the type is an interface
    /// or a union, the object is taken to have the first possible type with its keys.
    fn keys<'a>(&'a self, object: &Object, sets: &[TypedSet<'a>]) -> Vec<&'a str> {
        let Some((ty, _)) = sets.first() else {
            return Vec::new();
        };
        let response_keys = |name: &str| response_keys(&self.index, &self.document.parsed, name, sets);
        let possible = self.index.possible_objects(ty).unwrap_or_default();
        let mut possible = possible.iter().map(|name| response_keys(name));
        let has_keys = |keys: &IndexSet<&str>| {
            object
                .keys()
                .all(|key| key == PLACEHOLDER || keys.contains(key.as_str()))
        };
        let keys = possible.find(has_keys).unwrap_or_else(|| response_keys(ty));
        keys.into_iter().collect()
    }
}

/// What the data contains at a path.
enum Target {
    Value,
    /// The data has no value for the step with this index.
    Missing(usize),
    /// The path leads into a value that has been set to null.
    WithinNull,
}

fn target(data: &Value, steps: &[Step<'_>], null_paths: &HashSet<String>) -> Target {
    let (mut path, mut value) = (String::new(), data);
    for (index, step) in steps.iter().enumerate() {
        if null_paths.contains(&path) {
            return Target::WithinNull;
        }
        let next = match (step.segment, value) {
            (PathSegment::Field(key), Value::Object(object)) => object.get(key.as_str()),
            (PathSegment::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        };
        let Some(next) = next else {
            return Target::Missing(index);
        };
        push_segment(&mut path, step.segment);
        value = next;
    }
    Target::Value
}

/// Appends a segment to the text of a path, which is unambiguous because response keys contain no dots.
fn push_segment(path: &mut String, segment: &PathSegment) {
    path.push('.');
    match segment {
        PathSegment::Field(key) => path.push_str(key),
        PathSegment::Index(index) => path.push_str(&index.to_string()),
    }
}

fn sort(object: &mut Object, keys: &[impl AsRef<str>]) {
    let position = |name: &Name| keys.iter().position(|key| key.as_ref() == name.as_str());
    object.sort_by(|one, _, other, _| position(one).cmp(&position(other)));
}

fn remove_placeholders(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| key != PLACEHOLDER);
            object.values_mut().for_each(remove_placeholders);
        }
        Value::List(items) => items.iter_mut().for_each(remove_placeholders),
        _ => {}
    }
}
