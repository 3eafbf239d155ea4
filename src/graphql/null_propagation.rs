//! Data in which fields have failed, as the specification has it: a field that has failed is null, and where it may not be
//! null, so is what it belongs to, up to the nearest that may.
//!
//! The library leaves a failed field out of its object, and an object out of which everything is left is null. Here the
//! path of each error is followed into the data. Nothing of this happens where nothing fails.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, PathSegment, Response, ServerError, Value};

use super::document::Document;
use super::field_merging::{Set, by_key};
use super::planner::NOTHING;
use super::schema_index::SchemaIndex;

/// What it takes to complete the answers of an operation.
#[derive(Clone)]
pub struct Completion {
    /// The schema.
    pub shape: Arc<SchemaIndex>,
    /// The document that was asked for.
    pub document: Arc<Document>,
    /// The name of the operation, if it has one.
    pub operation: Option<Name>,
    /// Whether [`NOTHING`] may have been selected of an object.
    pub is_hollow: bool,
}

/// One step of a path, and what is known of it.
struct Step<'a> {
    at: &'a PathSegment,
    nullable: bool,
    /// The keys of the object that this is a key of, in their order.
    keys: Vec<&'a str>,
}

type Object = IndexMap<Name, Value>;

impl Completion {
    /// What the library made of the operation, completed.
    pub fn complete(&self, mut response: Response) -> Response {
        if self.is_hollow {
            hollow_out(&mut response.data);
        }
        if !response.errors.is_empty() {
            self.nullify(&mut response.data, &response.errors);
        }
        self.put_in_order(&mut response.data);
        response
    }

    /// The fields of the root of a query are executed side by side, and stand in the order in which they were done.
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
            // An error of no field leaves the data as it is.
            if !steps.is_empty() && !set_null(data, &steps, &mut nulled) {
                *data = Value::Null;
                return;
            }
        }
    }

    /// What the schema says of a path, as far as the path is one of this operation.
    fn steps<'a>(&'a self, path: &'a [PathSegment]) -> Vec<Step<'a>> {
        let mut steps = Vec::with_capacity(path.len());
        let Ok(operation) = self.document.operation(self.operation.as_deref()) else {
            return steps;
        };
        let operation = &operation.operation.node;
        let root = self.shape.root_name(operation.ty).unwrap_or_default();
        let mut sets: Vec<Set<'a>> = vec![(root, &operation.selection_set)];
        let mut ty: Option<&Type> = None;
        for at in path {
            match at {
                PathSegment::Field(key) => {
                    let mut found = by_key(&self.document.parsed, &sets);
                    let keys: Vec<&str> = found.keys().copied().collect();
                    // They look alike, whatever type they are of.
                    let known = found.swap_remove(key.as_str()).unwrap_or_default();
                    let known = known.into_iter().filter_map(|(of, field)| {
                        let known = self.shape.composite(of)?.field(&field.node.name.node)?;
                        Some((&known.whole, (known.ty.as_str(), &field.node.selection_set)))
                    });
                    let (types, inside): (Vec<_>, Vec<_>) = known.unzip();
                    ty = types.first().copied();
                    sets = inside;
                    steps.extend(ty.map(|ty| Step {
                        at,
                        nullable: ty.nullable,
                        keys,
                    }));
                }
                PathSegment::Index(_) => {
                    ty = ty.and_then(|ty| match &ty.base {
                        BaseType::List(of) => Some(&**of),
                        BaseType::Named(_) => None,
                    });
                    steps.extend(ty.map(|ty| Step {
                        at,
                        nullable: ty.nullable,
                        keys: Vec::new(),
                    }));
                }
            }
            if ty.is_none() {
                break;
            }
        }
        steps
    }
}

/// Where a path leads in the data.
enum Way {
    /// To a value.
    There,
    /// To nothing, from this step on.
    Missing(usize),
    /// Into what has been made null.
    Nulled,
}

/// Makes the last of these steps null, or the last that may be; false when none may. `nulled` holds the places where this
/// has been done.
fn set_null(data: &mut Value, mut steps: &[Step<'_>], nulled: &mut HashSet<String>) -> bool {
    loop {
        let Some(last) = steps.iter().rposition(|step| step.nullable) else {
            return false;
        };
        steps = steps.get(..=last).unwrap_or_default();
        match way(data, steps, nulled) {
            Way::Nulled => return true,
            // What was left out is what has failed, with all that it was to have.
            Way::Missing(index) if index < last => steps = steps.get(..=index).unwrap_or_default(),
            Way::There | Way::Missing(_) => break,
        }
    }
    let (mut place, mut value) = (String::new(), data);
    for step in steps {
        let next = match step.at {
            PathSegment::Field(key) => {
                // An object of which every field has failed is null by now, and yet an object.
                if *value == Value::Null {
                    *value = Value::Object(Object::new());
                }
                let Value::Object(object) = value else { return true };
                if !object.contains_key(key.as_str()) {
                    object.insert(Name::new(key), Value::Null);
                    order(object, &step.keys);
                }
                object.get_mut(key.as_str())
            }
            PathSegment::Index(at) => match value {
                Value::List(items) => items.get_mut(*at),
                _ => None,
            },
        };
        let Some(next) = next else { return true };
        go(&mut place, step.at);
        value = next;
    }
    *value = Value::Null;
    nulled.insert(place);
    true
}

fn way(data: &Value, steps: &[Step<'_>], nulled: &HashSet<String>) -> Way {
    let (mut place, mut value) = (String::new(), data);
    for (index, step) in steps.iter().enumerate() {
        if nulled.contains(&place) {
            return Way::Nulled;
        }
        let next = match (step.at, value) {
            (PathSegment::Field(key), Value::Object(object)) => object.get(key.as_str()),
            (PathSegment::Index(at), Value::List(items)) => items.get(*at),
            _ => None,
        };
        let Some(next) = next else {
            return Way::Missing(index);
        };
        go(&mut place, step.at);
        value = next;
    }
    Way::There
}

/// No key has a dot in it.
fn go(place: &mut String, to: &PathSegment) {
    place.push('.');
    match to {
        PathSegment::Field(key) => place.push_str(key),
        PathSegment::Index(at) => place.push_str(&at.to_string()),
    }
}

fn order(object: &mut Object, keys: &[impl AsRef<str>]) {
    let place = |name: &Name| keys.iter().position(|key| key.as_ref() == name.as_str());
    object.sort_by(|one, _, other, _| place(one).cmp(&place(other)));
}

/// Takes what stands for nothing out of objects.
fn hollow_out(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| key != NOTHING);
            object.values_mut().for_each(hollow_out);
        }
        Value::List(items) => items.iter_mut().for_each(hollow_out),
        _ => {}
    }
}
