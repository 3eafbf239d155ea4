//! Selections with the same response key, wherever they are found of one parent: they have to look alike, so that a client
//! can tell what is there without knowing of which object it is. `SameResponseShape` of the specification.
//!
//! The library compares within one selection set alone, and not across fragments on different types.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned};

use super::problem::BAD_USER_INPUT;
use super::refusal::Refusal;
use super::schema_index::{Named, SchemaIndex};

/// A selection, and the name of the type that it is selected from.
pub type Selected<'a> = (&'a str, &'a Positioned<Field>);
/// Selections, and the name of the type that they are selected from.
pub type Set<'a> = (&'a str, &'a Positioned<SelectionSet>);

/// Makes sure that all selections of an operation with the same key and the same parent look alike.
///
/// # Errors
/// The first that does not look like its namesake.
pub fn look_alike(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), Refusal> {
    let Some(root) = shape.root_name(operation.ty) else {
        return Ok(());
    };
    within(shape, document, &[(root, &operation.selection_set)])
}

fn within(shape: &SchemaIndex, document: &ExecutableDocument, sets: &[Set<'_>]) -> Result<(), Refusal> {
    for fields in by_key(document, sets).into_values() {
        let (mut first, mut inside) = (None, Vec::new());
        for (of, field) in fields {
            let Some(known) = shape.composite(of).and_then(|of| of.field(&field.node.name.node)) else {
                continue;
            };
            if !is_alike(shape, first.get_or_insert(&known.whole), &known.whole) {
                return Err(conflict(field));
            }
            if !field.node.selection_set.node.items.is_empty() {
                inside.push((known.ty.as_str(), &field.node.selection_set));
            }
        }
        if !inside.is_empty() {
            within(shape, document, &inside)?;
        }
    }
    Ok(())
}

fn is_alike(shape: &SchemaIndex, one: &Type, other: &Type) -> bool {
    let bases = match (&one.base, &other.base) {
        (BaseType::List(one), BaseType::List(other)) => is_alike(shape, one, other),
        (BaseType::Named(one), BaseType::Named(other)) => {
            let is_composite = |name: &Name| matches!(shape.named(name), Some(Named::Composite(_)));
            one == other || (is_composite(one) && is_composite(other))
        }
        _ => false,
    };
    bases && one.nullable == other.nullable
}

/// All that these sets select by its key, of whatever type, in the order in which the keys first appear.
pub fn by_key<'a>(
    document: &'a ExecutableDocument,
    sets: &[Set<'a>],
) -> IndexMap<&'a str, Vec<Selected<'a>>> {
    let (mut found, mut spread) = (IndexMap::new(), HashSet::new());
    for set in sets {
        gather(document, *set, &mut spread, &mut found);
    }
    found
}

fn gather<'a>(
    document: &'a ExecutableDocument,
    (of, set): Set<'a>,
    spread: &mut HashSet<&'a str>,
    found: &mut IndexMap<&'a str, Vec<Selected<'a>>>,
) {
    for selection in &set.node.items {
        match &selection.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                found.entry(key).or_default().push((of, field));
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref();
                let of = on.map_or(of, |on| on.node.on.node.as_str());
                gather(document, (of, &fragment.node.selection_set), spread, found);
            }
            Selection::FragmentSpread(one) => {
                let name = one.node.fragment_name.node.as_str();
                if let Some(fragment) = document.fragments.get(name)
                    && spread.insert(name)
                {
                    let of = fragment.node.type_condition.node.on.node.as_str();
                    gather(document, (of, &fragment.node.selection_set), spread, found);
                }
            }
        }
    }
}

/// The refusal of a selection that is not what another with its key is.
pub fn conflict(field: &Positioned<Field>) -> Refusal {
    let key: String = field.node.response_key().node.chars().take(60).collect();
    let message =
        format!("Two selections are called \"{key}\" and are not the same: give one of them another alias.");
    Refusal::at(BAD_USER_INPUT, message, Some(field.pos))
}
