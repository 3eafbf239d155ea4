//! Visits the fields of an operation with the types that they are selected on, each fragment once.

use std::collections::HashSet;

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};

use crate::schema_index::{Field as KnownField, SchemaIndex};

/// What is done with the fields and directives of an operation.
pub(super) trait Visitor<'a> {
    /// Whether the visit ends.
    fn is_full(&self) -> bool;

    /// Visits the directives of a selection. Returns whether the selection is visited too.
    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> bool;

    /// Visits a field. `known` is `None` for a field that its type does not have.
    fn field(&mut self, parent: &'a str, field: &'a Positioned<Field>, known: Option<&'a KnownField>);
}

pub(super) struct Walk<'a, V> {
    pub(super) index: &'a SchemaIndex,
    pub(super) document: &'a ExecutableDocument,
    pub(super) visitor: V,
    /// Fragments that have been visited.
    spread: HashSet<&'a str>,
}

impl<'a, V: Visitor<'a>> Walk<'a, V> {
    pub(super) fn new(index: &'a SchemaIndex, document: &'a ExecutableDocument, visitor: V) -> Self {
        Self {
            index,
            document,
            visitor,
            spread: HashSet::new(),
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
                    let known = self.index.composite(parent);
                    let known = known.and_then(|parent| parent.field(&field.node.name.node));
                    self.visitor.field(parent, field, known);
                    if let Some(known) = known {
                        self.selections(&known.ty, &field.node.selection_set.node);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let ty = on.map_or(parent, |on| on.node.on.node.as_str());
                    self.selections(ty, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(one) => {
                    let name = one.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        let ty = fragment.node.type_condition.node.on.node.as_str();
                        self.selections(ty, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
