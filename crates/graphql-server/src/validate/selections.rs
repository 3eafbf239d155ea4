//! Visits the fields of an operation, with the types from which they are selected. Each fragment is visited once.

use std::collections::HashSet;

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};

use crate::schema_index::{Field as FieldDefinition, SchemaIndex};

/// Receives the fields and directives of an operation from a [`Walk`].
pub(super) trait Visitor<'a> {
    /// Whether the walk can end.
    fn is_full(&self) -> bool;

    /// Visits the directives of a selection. Returns whether to visit the selection.
    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> bool;

    /// Visits a field. `definition` is `None` for a field that its type does not have.
    fn field(
        &mut self,
        parent: &'a str,
        field: &'a Positioned<Field>,
        definition: Option<&'a FieldDefinition>,
    );
}

pub(super) struct Walk<'a, V> {
    pub(super) index: &'a SchemaIndex,
    pub(super) document: &'a ExecutableDocument,
    pub(super) visitor: V,
    /// Fragments that have been visited.
    visited_fragments: HashSet<&'a str>,
}

impl<'a, V: Visitor<'a>> Walk<'a, V> {
    pub(super) fn new(index: &'a SchemaIndex, document: &'a ExecutableDocument, visitor: V) -> Self {
        Self {
            index,
            document,
            visitor,
            visited_fragments: HashSet::new(),
        }
    }

    /// Visits a selection set on the type `parent`. Recurses no deeper than
    /// [`Limits::selection_sets`](crate::Limits::selection_sets), which `cost` has checked.
    pub(super) fn selections(&mut self, parent: &'a str, set: &'a SelectionSet) {
        for selection in &set.items {
            if self.visitor.is_full() {
                return;
            }
            if !self.visitor.directives(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let ty = self.index.composite(parent);
                    let definition = ty.and_then(|ty| ty.field(&field.node.name.node));
                    self.visitor.field(parent, field, definition);
                    if let Some(definition) = definition {
                        self.selections(&definition.ty, &field.node.selection_set.node);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let ty = on.map_or(parent, |on| on.node.on.node.as_str());
                    self.selections(ty, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.visited_fragments.insert(name)
                    {
                        let ty = fragment.node.type_condition.node.on.node.as_str();
                        self.selections(ty, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
