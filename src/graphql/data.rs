//! `data` as the specification has it, where the library's differs: its keys come in the order in which fields were ready,
//! and the key of a field that failed and may not be null is missing.

use std::collections::HashMap;
use std::hash::BuildHasher;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, PathSegment, Positioned, ServerError, Value};

/// The fragments of a document, by name.
pub type Fragments<S> = HashMap<Name, Positioned<FragmentDefinition>, S>;

/// Puts the keys of `data`, and of the objects directly in it, into the order in which an operation asks for them. Deeper
/// ones are in order already, since their fields are resolved one after the other.
pub fn in_order<S: BuildHasher>(data: &mut Value, selections: &SelectionSet, fragments: &Fragments<S>) {
    let mut asked = IndexMap::new();
    collect(selections, fragments, &mut asked);
    sort(data, asked.keys().copied());
    let Value::Object(fields) = data else { return };
    for (key, selections) in asked {
        if let Some(value @ Value::Object(_)) = fields.get_mut(key) {
            let mut asked = IndexMap::new();
            for selection in selections {
                collect(selection, fragments, &mut asked);
            }
            sort(value, asked.keys().copied());
        }
    }
}

/// The response keys of a selection, each with what is selected below it. Types are not looked at: what does not apply to
/// an object has no key in it.
fn collect<'d, S: BuildHasher>(
    selections: &'d SelectionSet,
    fragments: &'d Fragments<S>,
    asked: &mut IndexMap<&'d Name, Vec<&'d SelectionSet>>,
) {
    for selection in &selections.items {
        match &selection.node {
            Selection::Field(field) => {
                let below = asked.entry(&field.node.response_key().node).or_default();
                below.push(&field.node.selection_set.node);
            }
            Selection::InlineFragment(fragment) => {
                collect(&fragment.node.selection_set.node, fragments, asked);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, fragments, asked);
                }
            }
        }
    }
}

fn sort<'d>(value: &mut Value, order: impl Iterator<Item = &'d Name> + Clone) {
    let Value::Object(fields) = value else { return };
    let present = order.filter(|key| fields.contains_key(*key));
    if present.clone().eq(fields.keys()) {
        return;
    }
    let keys: Vec<&Name> = present.collect();
    for (place, key) in keys.into_iter().enumerate() {
        if let Some(index) = fields.get_index_of(key) {
            fields.move_index(index, place);
        }
    }
}

/// Makes null what the specification has null where a field failed that may not be: the nearest thing above it that may
/// be. Every root field may, and little else, so it is the root field.
pub fn propagate_nulls(data: &mut Value, errors: &[ServerError]) {
    let Value::Object(fields) = data else { return };
    for error in errors {
        let Some((PathSegment::Field(root), below)) = error.path.split_first() else {
            continue;
        };
        let root = Name::new(root);
        let failed = match fields.get(&root) {
            Some(value) => is_gone(value, below),
            None => true,
        };
        if failed {
            fields.insert(root, Value::Null);
        }
    }
}

/// Whether what a path leads to is missing. A null at its end is a field that may be null.
fn is_gone(value: &Value, path: &[PathSegment]) -> bool {
    let Some((segment, below)) = path.split_first() else {
        return false;
    };
    let next = match (value, segment) {
        (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
        (Value::List(items), PathSegment::Index(index)) => items.get(*index),
        _ => None,
    };
    next.is_none_or(|next| is_gone(next, below))
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::DocumentOperations;
    use async_graphql::{PathSegment, ServerError, Value};

    use super::{in_order, propagate_nulls};

    fn value(json: &str) -> Value {
        serde_json::from_str(json).expect("JSON")
    }

    fn json(value: &Value) -> String {
        serde_json::to_string(value).expect("JSON")
    }

    #[test]
    fn keys_are_in_the_order_of_the_document() {
        let document = "{ b ...Rest a: x { d ... on T { c } } b } fragment Rest on Query { z a: x { e } }";
        let document = parse_query(document).expect("a document");
        let DocumentOperations::Single(operation) = &document.operations else {
            panic!("one operation")
        };
        let mut data = value(r#"{"a":{"c":1,"d":2,"e":3},"z":4,"b":5}"#);
        in_order(&mut data, &operation.node.selection_set.node, &document.fragments);
        assert_eq!(json(&data), r#"{"b":5,"z":4,"a":{"e":3,"d":2,"c":1}}"#);
    }

    #[test]
    fn what_may_not_be_null_takes_its_root_field_along() {
        let error = |path: &[PathSegment]| ServerError::new("failed", None).with_path(path.to_vec());
        let field = |name: &str| PathSegment::Field(name.to_owned());
        let mut data = value(r#"{"a":{"nodes":[{"x":1},{}]},"b":{"c":null},"d":{"e":1}}"#);
        let errors = [
            error(&[field("a"), field("nodes"), PathSegment::Index(1), field("x")]),
            error(&[field("b"), field("c")]),
            error(&[field("f")]),
        ];
        propagate_nulls(&mut data, &errors);
        assert_eq!(json(&data), r#"{"a":null,"b":{"c":null},"d":{"e":1},"f":null}"#);
        let mut data = value(r#"{"b":{"c":null}}"#);
        propagate_nulls(&mut data, &[error(&[field("b"), field("c"), field("x")])]);
        assert_eq!(json(&data), r#"{"b":null}"#);
    }
}
