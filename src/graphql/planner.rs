//! The operation that is executed: fragments written out, selections with the same response key made one, what is skipped
//! left out. `CollectFields` and `MergeSelectionSets` of the specification, done once for a document where its variables
//! have no say.
//!
//! The library executes two selections with the same key one after the other, a mutation too, and takes an object of which
//! nothing is selected for null. Most documents have neither, and are executed as they are written.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, OperationType, Selection,
    SelectionSet, TypeCondition,
};
use async_graphql::{Name, Positioned, Value, Variables};

use super::Input;
use super::field_merging::{conflict, look_alike};
use super::limits::MAX_FIELDS_TOGETHER;
use super::problem::BAD_USER_INPUT;
use super::refusal::{LIMIT_EXCEEDED, Refusal};
use super::schema_index::SchemaIndex;

/// The key of what is selected where nothing is: no document can have it.
pub const NOTHING: &str = " ";

/// How an operation is executed.
#[derive(Debug)]
pub enum Plan {
    /// As it is written.
    AsWritten,
    /// In this form.
    Collected(Collected),
    /// In a form that follows from the variables of a request.
    ByVariables,
}

/// An operation without fragments, in which no object has two selections with the same key.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The operation.
    pub operation: Positioned<OperationDefinition>,
    /// Whether an object may have [`NOTHING`] selected, which has to be taken out of the answer.
    pub is_hollow: bool,
}

/// Decides how an operation of a valid document is executed.
///
/// # Errors
/// When selections have the same key and are not the same, or when writing it out makes too much of it.
pub fn plan(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
) -> Result<Plan, Refusal> {
    let mut collector = Collector::new(shape, document, None);
    look_alike(shape, document, &operation.node)?;
    let collected = collector.operation(operation)?;
    // The library looks for a subscription's field outside of fragments alone.
    let is_scattered = operation.node.ty == OperationType::Subscription
        && operation
            .node
            .selection_set
            .node
            .items
            .iter()
            .any(|selection| !matches!(selection.node, Selection::Field(_)));
    let is_as_written = !collector.repeats && !collector.is_hollow && !is_scattered;
    Ok(match (is_as_written, collector.varies) {
        (true, _) => Plan::AsWritten,
        (false, true) => Plan::ByVariables,
        (false, false) => Plan::Collected(collected),
    })
}

/// The form of an operation that follows from these variables.
///
/// # Errors
/// As for [`plan`], which has found them before.
pub fn collect(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    variables: &Variables,
) -> Result<Collected, Refusal> {
    Collector::new(shape, document, Some(variables)).operation(operation)
}

/// The keys of the root, in the order in which an answer has them.
pub fn root_keys(
    shape: &SchemaIndex,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<Name> {
    let root = shape.root_name(operation.ty).unwrap_or_default();
    let groups = Collector::new(shape, document, None).groups(root, &[&operation.selection_set]);
    groups.into_keys().map(Name::new).collect()
}

/// The selections of one object that have the same key.
struct Group<'a> {
    fields: Vec<&'a Positioned<Field>>,
    /// Whether one of them is there whatever the variables are.
    always: bool,
}

/// Whether a selection is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Included {
    Yes,
    No,
    /// A variable that is not known yet says so.
    Perhaps,
}

struct Collector<'a> {
    shape: &'a SchemaIndex,
    document: &'a ExecutableDocument,
    variables: Option<&'a Variables>,
    /// Whether anything is selected twice.
    repeats: bool,
    /// Whether variables decide what is selected.
    varies: bool,
    /// Whether there may be nothing selected of an object.
    is_hollow: bool,
    /// How many fields have been written.
    written: u64,
}

type Set<'a> = &'a Positioned<SelectionSet>;

impl<'a> Collector<'a> {
    fn new(
        shape: &'a SchemaIndex,
        document: &'a ExecutableDocument,
        variables: Option<&'a Variables>,
    ) -> Self {
        Self {
            shape,
            document,
            variables,
            repeats: false,
            varies: false,
            is_hollow: false,
            written: 0,
        }
    }

    fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) -> Result<Collected, Refusal> {
        let node = &operation.node;
        let root = self.shape.root_name(node.ty).unwrap_or_default();
        let mut items = self.fields(root, &[&node.selection_set])?;
        if node.ty == OperationType::Subscription {
            // A stream of nothing has no event in which to say so.
            items.retain(|item| !matches!(&item.node, Selection::Field(field) if field.node.response_key().node == NOTHING));
        }
        let collected = OperationDefinition {
            ty: node.ty,
            variable_definitions: node.variable_definitions.clone(),
            directives: node.directives.clone(),
            selection_set: Positioned::new(SelectionSet { items }, node.selection_set.pos),
        };
        Ok(Collected {
            operation: Positioned::new(collected, operation.pos),
            is_hollow: self.is_hollow,
        })
    }

    /// What these sets select of a type together.
    fn selections(&mut self, of: &str, sets: &[Set<'a>]) -> Result<Vec<Positioned<Selection>>, Refusal> {
        let shape = self.shape;
        let Some(objects) = shape.objects(of).filter(|_| self.asks_for_types(of, sets)) else {
            return self.fields(of, sets);
        };
        // What is selected of an interface depends on the object: each is written out for itself.
        let pos = sets.first().map(|set| set.pos).unwrap_or_default();
        let of_object = |object: &String| {
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
        objects.iter().map(of_object).collect()
    }

    /// Whether there are fragments in these sets that some objects of a type don't have.
    fn asks_for_types(&self, of: &str, sets: &[Set<'a>]) -> bool {
        sets.iter().any(|set| {
            set.node.items.iter().any(|selection| match &selection.node {
                Selection::Field(_) => false,
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    on.is_some_and(|on| on.node.on.node != of)
                        || self.asks_for_types(of, &[&fragment.node.selection_set])
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.is_some_and(|fragment| {
                        fragment.node.type_condition.node.on.node != of
                            || self.asks_for_types(of, &[&fragment.node.selection_set])
                    })
                }
            })
        })
    }

    /// What these sets select of an object together.
    fn fields(&mut self, object: &str, sets: &[Set<'a>]) -> Result<Vec<Positioned<Selection>>, Refusal> {
        let groups = self.groups(object, sets);
        if !groups.values().any(|group| group.always) {
            self.is_hollow = true;
        }
        if groups.is_empty() {
            let pos = sets.first().map(|set| set.pos).unwrap_or_default();
            let field = Field {
                alias: Some(Positioned::new(Name::new(NOTHING), pos)),
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
            .map(|group| self.field(object, &group.fields))
            .collect()
    }

    /// The one field that selections with the same key are.
    fn field(
        &mut self,
        object: &str,
        same: &[&'a Positioned<Field>],
    ) -> Result<Positioned<Selection>, Refusal> {
        let Some((first, others)) = same.split_first() else {
            return Err(Refusal::new(BAD_USER_INPUT, "The document is not valid."));
        };
        self.written += 1;
        if self.written > MAX_FIELDS_TOGETHER {
            let message = format!("Written out, the operation has more than {MAX_FIELDS_TOGETHER} fields.");
            return Err(Refusal::new(LIMIT_EXCEEDED, message));
        }
        self.repeats |= !others.is_empty();
        if let Some(other) = others.iter().find(|other| !is_same(&first.node, &other.node)) {
            return Err(conflict(other));
        }
        let sets: Vec<Set<'a>> = same
            .iter()
            .map(|field| &field.node.selection_set)
            .filter(|set| !set.node.items.is_empty())
            .collect();
        let items = if sets.is_empty() {
            Vec::new()
        } else {
            let shape = self.shape;
            let known = shape
                .composite(object)
                .and_then(|of| of.field(&first.node.name.node));
            self.selections(known.map_or("", |known| &known.ty), &sets)?
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
                .filter(|one| !is_condition(one))
                .cloned()
                .collect(),
            selection_set: Positioned::new(SelectionSet { items }, first.node.selection_set.pos),
        };
        Ok(Positioned::new(
            Selection::Field(Positioned::new(field, first.pos)),
            first.pos,
        ))
    }

    /// `CollectFields`: the selections of an object by their keys, in the order in which these first appear.
    fn groups(&mut self, object: &str, sets: &[Set<'a>]) -> IndexMap<&'a str, Group<'a>> {
        let (mut groups, mut spread) = (IndexMap::new(), HashSet::new());
        for set in sets {
            self.group(object, set, true, &mut spread, &mut groups);
        }
        groups
    }

    fn group(
        &mut self,
        object: &str,
        set: Set<'a>,
        always: bool,
        spread: &mut HashSet<&'a str>,
        groups: &mut IndexMap<&'a str, Group<'a>>,
    ) {
        for selection in &set.node.items {
            let included = self.included(selection.node.directives());
            if included == Included::No {
                continue;
            }
            let always = always && included == Included::Yes;
            match &selection.node {
                Selection::Field(field) => {
                    let group = groups.entry(field.node.response_key().node.as_str());
                    let group = group.or_insert_with(|| Group {
                        fields: Vec::new(),
                        always: false,
                    });
                    group.fields.push(field);
                    group.always |= always;
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    if on.is_none_or(|on| self.shape.is_of(object, &on.node.on.node)) {
                        self.group(object, &fragment.node.selection_set, always, spread, groups);
                    }
                }
                Selection::FragmentSpread(one) => {
                    let name = one.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    if spread.contains(name) {
                        self.repeats = true;
                        continue;
                    }
                    if always {
                        spread.insert(name);
                    }
                    if self
                        .shape
                        .is_of(object, &fragment.node.type_condition.node.on.node)
                    {
                        self.group(object, &fragment.node.selection_set, always, spread, groups);
                    }
                }
            }
        }
    }

    fn included(&mut self, directives: &[Positioned<Directive>]) -> Included {
        let mut included = Included::Yes;
        for directive in directives {
            let wanted = match &*directive.node.name.node {
                "skip" => false,
                "include" => true,
                _ => continue,
            };
            let condition = match directive.node.get_argument("if").map(|condition| &condition.node) {
                Some(Input::Boolean(condition)) => *condition,
                Some(Input::Variable(name)) => match self.variables {
                    Some(variables) => variables.get(name) == Some(&Value::Boolean(true)),
                    None => {
                        self.varies = true;
                        included = Included::Perhaps;
                        continue;
                    }
                },
                _ => false,
            };
            if condition != wanted {
                return Included::No;
            }
        }
        included
    }
}

/// Whether two selections ask for the same field with the same arguments, in any order.
fn is_same(one: &Field, other: &Field) -> bool {
    let has = |of: &Field, name: &Positioned<Name>, value: &Positioned<Input>| {
        of.get_argument(&name.node)
            .is_some_and(|other| other.node == value.node)
    };
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| has(other, name, value))
}
