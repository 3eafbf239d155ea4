//! Checks that selections with the same parent and response key have types of the same shape, so that a client can read
//! the response without knowing the object's type. This is `SameResponseShape` of the specification.
//!
//! async-graphql compares only within one selection set, and not across fragments on different types.

use std::collections::HashSet;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned};

use crate::error::{ErrorCode, RequestError, truncate_name};
use crate::schema_index::{NamedType, SchemaIndex};
use async_graphql_value::Value as Literal;

/// A field and the name of its parent type.
pub(crate) type TypedField<'a> = (&'a str, &'a Positioned<Field>);
/// A selection set and the name of its parent type.
pub(crate) type TypedSet<'a> = (&'a str, &'a Positioned<SelectionSet>);

/// Compares all selections of an operation that have the same parent and response key.
///
/// # Errors
/// The first selection whose type differs from that of an earlier one.
pub(crate) fn check_response_shapes(
    index: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), RequestError> {
    let Some(root) = index.root_name(operation.ty) else {
        return Ok(());
    };
    check_sets(index, document, &[(root, &operation.selection_set)])
}

fn check_sets(
    index: &SchemaIndex,
    document: &ExecutableDocument,
    sets: &[TypedSet<'_>],
) -> Result<(), RequestError> {
    for fields in fields_by_key(document, sets).into_values() {
        let (mut first, mut inner_sets) = (None, Vec::new());
        for (parent, field) in fields {
            let Some(definition) = index
                .composite(parent)
                .and_then(|parent| parent.field(&field.node.name.node))
            else {
                continue;
            };
            let ty = &definition.full_type;
            if !has_same_shape(index, first.get_or_insert(ty), ty) {
                return Err(conflict(field));
            }
            if !field.node.selection_set.node.items.is_empty() {
                inner_sets.push((definition.ty.as_str(), &field.node.selection_set));
            }
        }
        if !inner_sets.is_empty() {
            check_sets(index, document, &inner_sets)?;
        }
    }
    Ok(())
}

fn has_same_shape(index: &SchemaIndex, one: &Type, other: &Type) -> bool {
    let bases_match = match (&one.base, &other.base) {
        (BaseType::List(one), BaseType::List(other)) => has_same_shape(index, one, other),
        (BaseType::Named(one), BaseType::Named(other)) => {
            let is_composite = |name: &Name| matches!(index.named_type(name), Some(NamedType::Composite(_)));
            one == other || (is_composite(one) && is_composite(other))
        }
        _ => false,
    };
    bases_match && one.nullable == other.nullable
}

/// The fields of these sets by response key, in the order in which the keys first appear. Type conditions are ignored.
pub(crate) fn fields_by_key<'a>(
    document: &'a ExecutableDocument,
    sets: &[TypedSet<'a>],
) -> IndexMap<&'a str, Vec<TypedField<'a>>> {
    let (mut fields, mut visited_fragments) = (IndexMap::new(), HashSet::new());
    for set in sets {
        collect_fields(document, *set, &mut visited_fragments, &mut fields);
    }
    fields
}

/// The response keys of an object of this type, in the order in which they first appear.
pub(crate) fn response_keys<'a>(
    index: &SchemaIndex,
    document: &'a ExecutableDocument,
    object: &str,
    sets: &[TypedSet<'a>],
) -> IndexSet<&'a str> {
    let mut keys = IndexSet::new();
    let mut visited_fragments = HashSet::new();
    let mut stack: Vec<&Positioned<Selection>> =
        sets.iter().flat_map(|(_, set)| &set.node.items).rev().collect();
    while let Some(selection) = stack.pop() {
        let (on, set) = match &selection.node {
            Selection::Field(field) => {
                keys.insert(field.node.response_key().node.as_str());
                continue;
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref();
                (on.map(|on| &on.node.on.node), &fragment.node.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match document.fragments.get(name) {
                    Some(fragment) if visited_fragments.insert(name) => (
                        Some(&fragment.node.type_condition.node.on.node),
                        &fragment.node.selection_set,
                    ),
                    _ => continue,
                }
            }
        };
        if on.is_none_or(|on| index.is_subtype(object, on)) {
            stack.extend(set.node.items.iter().rev());
        }
    }
    keys
}

fn collect_fields<'a>(
    document: &'a ExecutableDocument,
    (parent, set): TypedSet<'a>,
    visited_fragments: &mut HashSet<&'a str>,
    fields: &mut IndexMap<&'a str, Vec<TypedField<'a>>>,
) {
    for selection in &set.node.items {
        match &selection.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                fields.entry(key).or_default().push((parent, field));
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref();
                let ty = on.map_or(parent, |on| on.node.on.node.as_str());
                collect_fields(
                    document,
                    (ty, &fragment.node.selection_set),
                    visited_fragments,
                    fields,
                );
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                if let Some(fragment) = document.fragments.get(name)
                    && visited_fragments.insert(name)
                {
                    let ty = fragment.node.type_condition.node.on.node.as_str();
                    collect_fields(
                        document,
                        (ty, &fragment.node.selection_set),
                        visited_fragments,
                        fields,
                    );
                }
            }
        }
    }
}

/// The error for a selection that differs from another with the same response key.
pub(crate) fn conflict(field: &Positioned<Field>) -> RequestError {
    let key = truncate_name(&field.node.response_key().node);
    let message =
        format!("Two selections are called \"{key}\" and are not the same: give one of them another alias.");
    RequestError::at(ErrorCode::BadUserInput, message, Some(field.pos))
}

/// Whether two selections have the same field and arguments, in any order.
pub(crate) fn is_same(one: &Field, other: &Field) -> bool {
    let has = |of: &Field, name: &Positioned<Name>, value: &Positioned<Literal>| {
        of.get_argument(&name.node)
            .is_some_and(|other| other.node == value.node)
    };
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| has(other, name, value))
}
