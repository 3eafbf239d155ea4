//! Null propagation: a failed field becomes null, or its nearest nullable parent if the field is non-null.
//!
//! async-graphql leaves a failed field out of its object, and returns null for an object without fields. This module
//! follows the path of each error into the data and sets the null. Responses without errors skip this.

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
use crate::validate::field_merging::{TypedSet, by_key, keys_of};

/// Completes the responses of an operation.
#[derive(Clone)]
pub(crate) struct Completion {
    pub index: Arc<SchemaIndex>,
    pub document: Arc<Document>,
    pub operation: Option<Name>,
    /// The description of the schema, if the operation may select it.
    pub description: Option<&'static str>,
    /// Whether [`PLACEHOLDER`] may have been selected.
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
    pub fn complete(&self, mut response: Response) -> Response {
        if self.has_placeholders || !response.errors.is_empty() {
            expand(&mut response.data);
        }
        if self.has_placeholders {
            remove_placeholders(&mut response.data);
        }
        if !response.errors.is_empty() {
            self.nullify(&mut response.data, &response.errors);
        }
        self.put_in_order(&mut response.data);
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
    fn put_in_order(&self, data: &mut Value) {
        let Value::Object(object) = data else { return };
        if object.len() < 2 {
            return;
        }
        let keys = self.document.root_keys(self.operation.as_ref());
        let mut wanted = keys.iter();
        if !object.keys().all(|key| wanted.any(|wanted| wanted == key)) {
            order(object, keys);
        }
    }

    fn nullify(&self, data: &mut Value, errors: &[ServerError]) {
        let mut nulled = HashSet::new();
        for error in errors {
            let steps = self.steps(&error.path);
            // An error without a path belongs to no field.
            if !steps.is_empty() && !self.set_null(data, &steps, &mut nulled) {
                *data = Value::Null;
                return;
            }
        }
    }

    /// The steps of a path, as far as it exists in this operation.
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
                    let mut found = by_key(&self.document.parsed, &sets);
                    // Validation has checked that these fields have the same type, so the type of the first one is used.
                    let known = found.swap_remove(key.as_str()).unwrap_or_default();
                    let known = known.into_iter().filter_map(|(parent, field)| {
                        let known = self.index.composite(parent)?.field(&field.node.name.node)?;
                        Some((&known.full_type, (known.ty.as_str(), &field.node.selection_set)))
                    });
                    let (types, inside): (Vec<_>, Vec<_>) = known.unzip();
                    ty = types.first().copied();
                    let sets = std::mem::replace(&mut sets, inside);
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

    /// Sets the value at the last nullable step to null. Returns false if no step is nullable. `nulled` collects the paths of
    /// the values that have been set to null.
    fn set_null(&self, data: &mut Value, mut steps: &[Step<'_>], nulled: &mut HashSet<String>) -> bool {
        loop {
            let Some(last) = steps.iter().rposition(|step| step.nullable) else {
                return false;
            };
            steps = steps.get(..=last).unwrap_or_default();
            match target(data, steps, nulled) {
                Target::Nulled => return true,
                // The parent itself is missing because async-graphql dropped it: propagate from there.
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
                        order(object, &self.keys(object, &step.sets));
                    }
                    object.get_mut(key.as_str())
                }
                PathSegment::Index(at) => match value {
                    Value::List(items) => items.get_mut(*at),
                    _ => None,
                },
            };
            let Some(next) = next else { return true };
            push(&mut path, step.segment);
            value = next;
        }
        *value = Value::Null;
        nulled.insert(path);
        true
    }

    /// The response keys of an object with these selection sets, in the order of the document. The type of an interface or a
    /// union is the first one that has the object's keys.
    fn keys<'a>(&'a self, object: &Object, sets: &[TypedSet<'a>]) -> Vec<&'a str> {
        let Some((ty, _)) = sets.first() else {
            return Vec::new();
        };
        let keys_of = |name: &str| keys_of(&self.index, &self.document.parsed, name, sets);
        let possible = self.index.possible_objects(ty).unwrap_or_default();
        let mut possible = possible.iter().map(|name| keys_of(name));
        let has_keys = |keys: &IndexSet<&str>| {
            object
                .keys()
                .all(|key| key == PLACEHOLDER || keys.contains(key.as_str()))
        };
        let keys = possible.find(has_keys).unwrap_or_else(|| keys_of(ty));
        keys.into_iter().collect()
    }
}

/// What the data contains at a path.
enum Target {
    Value,
    /// The data has no value for the step with this index.
    Missing(usize),
    /// The path leads into a value that has been set to null.
    Nulled,
}

fn target(data: &Value, steps: &[Step<'_>], nulled: &HashSet<String>) -> Target {
    let (mut path, mut value) = (String::new(), data);
    for (index, step) in steps.iter().enumerate() {
        if nulled.contains(&path) {
            return Target::Nulled;
        }
        let next = match (step.segment, value) {
            (PathSegment::Field(key), Value::Object(object)) => object.get(key.as_str()),
            (PathSegment::Index(at), Value::List(items)) => items.get(*at),
            _ => None,
        };
        let Some(next) = next else {
            return Target::Missing(index);
        };
        push(&mut path, step.segment);
        value = next;
    }
    Target::Value
}

/// Appends a step to the text of a path, which is unambiguous because response keys contain no dots.
fn push(path: &mut String, segment: &PathSegment) {
    path.push('.');
    match segment {
        PathSegment::Field(key) => path.push_str(key),
        PathSegment::Index(at) => path.push_str(&at.to_string()),
    }
}

fn order(object: &mut Object, keys: &[impl AsRef<str>]) {
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
