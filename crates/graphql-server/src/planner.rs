//! The form in which an operation is executed: fragments expanded, selections with the same response key merged, skipped
//! selections removed. This is `CollectFields` and `MergeSelectionSets` of the specification, done once for each document
//! unless the result depends on variables.
//!
//! async-graphql executes two selections with the same response key one after the other, even mutations, and returns null
//! for an object with an empty selection. Most documents have no such selections and are executed as written.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, OperationType, Selection,
    SelectionSet, TypeCondition,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::error::{ErrorCode, RequestError};
use crate::limits::Limits;
use crate::schema_index::SchemaIndex;
use crate::validate::field_merging::{check_response_shapes, conflict, is_same};
use async_graphql_value::Value as Literal;

/// The response key of the placeholder field, which is added to an empty selection. Not a valid name, so it can't occur in
/// a document.
pub(crate) const PLACEHOLDER: &str = " ";

/// How an operation is executed.
#[derive(Debug)]
pub(crate) enum Plan {
    AsWritten,
    /// In this form for all values of the variables.
    Merged(MergedOperation),
    /// In a form that is computed for each request, because it depends on variables.
    ByVariables,
}

/// An operation without fragments, in which no selection set has two fields with the same response key.
#[derive(Clone, Debug)]
pub(crate) struct MergedOperation {
    pub operation: Positioned<OperationDefinition>,
    /// Whether [`PLACEHOLDER`] can be selected somewhere and must be removed from the response.
    pub has_placeholders: bool,
}

/// Decides how an operation of a valid document is executed.
///
/// # Errors
/// When selections with the same response key differ, or the expanded operation has too many fields.
pub(crate) fn plan(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
) -> Result<Plan, RequestError> {
    check_response_shapes(index, document, &operation.node)?;
    let mut collector = Collector::new(index, limits, document, None);
    let merged = collector.operation(operation)?;
    // async-graphql does not look for the field of a subscription in fragments.
    let is_in_fragment = operation.node.ty == OperationType::Subscription
        && operation
            .node
            .selection_set
            .node
            .items
            .iter()
            .any(|selection| !matches!(selection.node, Selection::Field(_)));
    let is_as_written = !collector.has_duplicates && !collector.has_placeholders && !is_in_fragment;
    Ok(match (is_as_written, collector.depends_on_variables) {
        (true, _) => Plan::AsWritten,
        (false, true) => Plan::ByVariables,
        (false, false) => Plan::Merged(merged),
    })
}

/// The merged form of an operation with these variables.
///
/// # Errors
/// As for [`plan`].
pub(crate) fn merge(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    variables: &Variables,
) -> Result<MergedOperation, RequestError> {
    Collector::new(index, limits, document, Some(variables)).operation(operation)
}

/// The response keys of the root, in the order of the response.
pub(crate) fn root_keys(
    index: &SchemaIndex,
    limits: &Limits,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<Name> {
    let root = index.root_name(operation.ty).unwrap_or_default();
    let groups = Collector::new(index, limits, document, None).groups(root, &[&operation.selection_set]);
    groups.into_keys().map(Name::new).collect()
}

/// The fields of an object with the same response key.
struct Group<'a> {
    fields: Vec<&'a Positioned<Field>>,
    /// Whether one of them is included for all values of the variables.
    is_certain: bool,
}

/// The result of `@skip` and `@include`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inclusion {
    Yes,
    No,
    /// It depends on a variable that has no value while the operation is planned.
    Undecided,
}

struct Collector<'a> {
    index: &'a SchemaIndex,
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    variables: Option<&'a Variables>,
    /// Whether a response key or a fragment occurs twice.
    has_duplicates: bool,
    /// Whether the selection depends on variables.
    depends_on_variables: bool,
    /// Whether the selection of an object can be empty.
    has_placeholders: bool,
    field_count: u64,
}

type Set<'a> = &'a Positioned<SelectionSet>;

impl<'a> Collector<'a> {
    fn new(
        index: &'a SchemaIndex,
        limits: &'a Limits,
        document: &'a ExecutableDocument,
        variables: Option<&'a Variables>,
    ) -> Self {
        Self {
            index,
            limits,
            document,
            variables,
            has_duplicates: false,
            depends_on_variables: false,
            has_placeholders: false,
            field_count: 0,
        }
    }

    fn operation(
        &mut self,
        operation: &'a Positioned<OperationDefinition>,
    ) -> Result<MergedOperation, RequestError> {
        let node = &operation.node;
        let root = self.index.root_name(node.ty).unwrap_or_default();
        let mut items = self.fields(root, &[&node.selection_set])?;
        if node.ty == OperationType::Subscription {
            // A subscription with an empty selection produces no response, so it needs no placeholder.
            items.retain(|item| !matches!(&item.node, Selection::Field(field) if field.node.response_key().node == PLACEHOLDER));
        }
        let merged = OperationDefinition {
            ty: node.ty,
            variable_definitions: node.variable_definitions.clone(),
            directives: node.directives.clone(),
            selection_set: Positioned::new(SelectionSet { items }, node.selection_set.pos),
        };
        Ok(MergedOperation {
            operation: Positioned::new(merged, operation.pos),
            has_placeholders: self.has_placeholders,
        })
    }

    /// The merged selections of these sets, whose parent is an object, an interface or a union.
    fn selections(&mut self, ty: &str, sets: &[Set<'a>]) -> Result<Vec<Positioned<Selection>>, RequestError> {
        let index = self.index;
        let Some(objects) = index
            .possible_objects(ty)
            .filter(|_| self.has_conditions(ty, sets))
        else {
            return self.fields(ty, sets);
        };
        // The selected fields depend on the object type, so there is one inline fragment for each.
        let pos = sets.first().map(|set| set.pos).unwrap_or_default();
        let fragment_on = |object: &String| {
            let on = TypeCondition {
                on: Positioned::new(Name::new(object), pos),
            };
            let fragment = InlineFragment {
                type_condition: Some(Positioned::new(on, pos)),
                directives: Vec::new(),
                selection_set: Positioned::new(
                    SelectionSet {
                        items: self.fields(object, sets)?,
                    },
                    pos,
                ),
            };
            Ok(Positioned::new(
                Selection::InlineFragment(Positioned::new(fragment, pos)),
                pos,
            ))
        };
        objects.iter().map(fragment_on).collect()
    }

    /// Whether these sets have fragments with another type condition.
    fn has_conditions(&self, ty: &str, sets: &[Set<'a>]) -> bool {
        sets.iter().any(|set| {
            set.node.items.iter().any(|selection| match &selection.node {
                Selection::Field(_) => false,
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    on.is_some_and(|on| on.node.on.node != ty)
                        || self.has_conditions(ty, &[&fragment.node.selection_set])
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.is_some_and(|fragment| {
                        fragment.node.type_condition.node.on.node != ty
                            || self.has_conditions(ty, &[&fragment.node.selection_set])
                    })
                }
            })
        })
    }

    /// The merged selections of these sets, whose parent is an object.
    fn fields(&mut self, object: &str, sets: &[Set<'a>]) -> Result<Vec<Positioned<Selection>>, RequestError> {
        let groups = self.groups(object, sets);
        if !groups.values().any(|group| group.is_certain) {
            self.has_placeholders = true;
        }
        if groups.is_empty() {
            let pos = sets.first().map(|set| set.pos).unwrap_or_default();
            let field = Field {
                alias: Some(Positioned::new(Name::new(PLACEHOLDER), pos)),
                name: Positioned::new(Name::new("__typename"), pos),
                arguments: Vec::new(),
                directives: Vec::new(),
                selection_set: Positioned::default(),
            };
            return Ok(vec![Positioned::new(
                Selection::Field(Positioned::new(field, pos)),
                pos,
            )]);
        }
        groups
            .into_values()
            .map(|group| self.merge_fields(object, &group.fields))
            .collect()
    }

    fn merge_fields(
        &mut self,
        object: &str,
        fields: &[&'a Positioned<Field>],
    ) -> Result<Positioned<Selection>, RequestError> {
        let Some((first, others)) = fields.split_first() else {
            return Err(RequestError::new(
                ErrorCode::BadUserInput,
                "The document is not valid.",
            ));
        };
        self.field_count += 1;
        let limit = self.limits.document_fields;
        if self.field_count > limit {
            let message = format!("With fragments expanded, the operation has more than {limit} fields.");
            return Err(RequestError::new(ErrorCode::LimitExceeded, message));
        }
        self.has_duplicates |= !others.is_empty();
        if let Some(other) = others.iter().find(|other| !is_same(&first.node, &other.node)) {
            return Err(conflict(other));
        }
        let sets: Vec<Set<'a>> = fields
            .iter()
            .map(|field| &field.node.selection_set)
            .filter(|set| !set.node.items.is_empty())
            .collect();
        let items = if sets.is_empty() {
            Vec::new()
        } else {
            let index = self.index;
            let definition = index
                .composite(object)
                .and_then(|parent| parent.field(&first.node.name.node));
            self.selections(definition.map_or("", |definition| &definition.ty), &sets)?
        };
        let is_condition =
            |directive: &Positioned<Directive>| matches!(&*directive.node.name.node, "skip" | "include");
        let field = Field {
            alias: first.node.alias.clone(),
            name: first.node.name.clone(),
            arguments: first.node.arguments.clone(),
            directives: first
                .node
                .directives
                .iter()
                .filter(|directive| !is_condition(directive))
                .cloned()
                .collect(),
            selection_set: Positioned::new(SelectionSet { items }, first.node.selection_set.pos),
        };
        Ok(Positioned::new(
            Selection::Field(Positioned::new(field, first.pos)),
            first.pos,
        ))
    }

    /// `CollectFields`: the fields of an object by response key, in the order in which the keys first appear.
    fn groups(&mut self, object: &str, sets: &[Set<'a>]) -> IndexMap<&'a str, Group<'a>> {
        let (mut groups, mut visited) = (IndexMap::new(), HashSet::new());
        for set in sets {
            self.collect_into(object, set, true, &mut visited, &mut groups);
        }
        groups
    }

    /// Adds the fields of a set to `groups`. If `is_certain`, the set is included for all values of the variables.
    fn collect_into(
        &mut self,
        object: &str,
        set: Set<'a>,
        is_certain: bool,
        visited: &mut HashSet<&'a str>,
        groups: &mut IndexMap<&'a str, Group<'a>>,
    ) {
        for selection in &set.node.items {
            let inclusion = self.inclusion(selection.node.directives());
            if inclusion == Inclusion::No {
                continue;
            }
            let is_certain = is_certain && inclusion == Inclusion::Yes;
            match &selection.node {
                Selection::Field(field) => {
                    let group = groups.entry(field.node.response_key().node.as_str());
                    let group = group.or_insert_with(|| Group {
                        fields: Vec::new(),
                        is_certain: false,
                    });
                    group.fields.push(field);
                    group.is_certain |= is_certain;
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    if on.is_none_or(|on| self.index.is_subtype(object, &on.node.on.node)) {
                        self.collect_into(object, &fragment.node.selection_set, is_certain, visited, groups);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    if visited.contains(name) {
                        self.has_duplicates = true;
                        continue;
                    }
                    if is_certain {
                        visited.insert(name);
                    }
                    if self
                        .index
                        .is_subtype(object, &fragment.node.type_condition.node.on.node)
                    {
                        self.collect_into(object, &fragment.node.selection_set, is_certain, visited, groups);
                    }
                }
            }
        }
    }

    fn inclusion(&mut self, directives: &[Positioned<Directive>]) -> Inclusion {
        let mut inclusion = Inclusion::Yes;
        for directive in directives {
            let including_value = match &*directive.node.name.node {
                "skip" => false,
                "include" => true,
                _ => continue,
            };
            let condition = match directive.node.get_argument("if").map(|condition| &condition.node) {
                Some(Literal::Boolean(condition)) => *condition,
                Some(Literal::Variable(name)) => match self.variables {
                    Some(variables) => variables.get(name) == Some(&Value::Boolean(true)),
                    None => {
                        self.depends_on_variables = true;
                        inclusion = Inclusion::Undecided;
                        continue;
                    }
                },
                _ => false,
            };
            if condition != including_value {
                return Inclusion::No;
            }
        }
        inclusion
    }
}
