//! A document that has passed validation, and the validator.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned, Request};
use futures_util::FutureExt as _;

use crate::cost::{QueryCost, costs};
use crate::error::{ErrorCode, RequestError, truncate_name};
use crate::host::{Settings, Usage};
use crate::limits::{Limits, check_size};
use crate::parse::parse_document;
use crate::planner::{Plan, plan, root_keys};
use crate::schema::AnySchema;
use crate::schema_index::SchemaIndex;
use crate::validate::literals;
use crate::validate::typename::expose_directives;

/// A valid document.
#[derive(Debug)]
pub(crate) struct Document {
    pub parsed: ExecutableDocument,
    operations: HashMap<Option<Name>, Analysis>,
    /// Bytes of the text.
    pub bytes: usize,
}

/// The results that are computed once for each operation of a document.
#[derive(Debug)]
struct Analysis {
    facts: Facts,
    plan: Plan,
    root_keys: Vec<Name>,
    /// Whether the host has accepted the arguments of an operation without variables.
    are_arguments_checked: AtomicBool,
}

/// Properties of an operation that do not depend on variables.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// The cost, with the default length for lists whose length is a variable.
    pub cost: QueryCost,
    /// Whether it selects only public fields.
    pub is_public: bool,
    pub usage: Usage,
}

/// An operation of a document, chosen by a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    pub definition: &'a Positioned<OperationDefinition>,
    pub name: Option<&'a Name>,
    pub facts: Facts,
    pub plan: &'a Plan,
    are_arguments_checked: &'a AtomicBool,
}

impl Operation<'_> {
    /// Whether the host has accepted its arguments, and they do not depend on variables.
    pub fn are_arguments_checked(&self) -> bool {
        self.are_arguments_checked.load(Ordering::Relaxed)
    }

    /// Records that the host has accepted its arguments, unless they can depend on variables.
    pub fn set_arguments_checked(&self) {
        if self.definition.node.variable_definitions.is_empty() {
            self.are_arguments_checked.store(true, Ordering::Relaxed);
        }
    }
}

impl Document {
    /// The response keys of an operation's root, in the order of the response.
    pub fn root_keys(&self, operation: Option<&Name>) -> &[Name] {
        let analysis = self.operations.get(&operation.cloned());
        analysis.map_or(&[], |analysis| &analysis.root_keys)
    }

    /// Checks the costs of all operations. A list whose length is a variable counts with the default length.
    ///
    /// # Errors
    /// When an operation exceeds the limits.
    pub fn check_costs(&self, limits: &Limits) -> Result<(), RequestError> {
        self.operations
            .values()
            .try_for_each(|analysis| analysis.facts.cost.check(limits))
    }

    /// The operation with this name, or the only one.
    ///
    /// # Errors
    /// When no operation has this name, or `name` is `None` and there are several operations.
    pub fn operation(&self, name: Option<&str>) -> Result<Operation<'_>, RequestError> {
        let mut matching = self.parsed.operations.iter().filter(|(candidate, _)| {
            name.is_none_or(|name| candidate.is_some_and(|candidate| candidate == name))
        });
        let (name, definition) = match (matching.next(), matching.next(), name) {
            (Some(only), None, _) => only,
            (None, _, Some(name)) => {
                let message = format!(
                    "The document has no operation called \"{}\".",
                    truncate_name(name)
                );
                return Err(RequestError::new(ErrorCode::BadUserInput, message));
            }
            _ => {
                let message = "The document has several operations: choose one with \"operationName\".";
                return Err(RequestError::new(ErrorCode::BadUserInput, message));
            }
        };
        let analysis = self.operations.get(&name.cloned());
        let analysis = analysis.ok_or_else(RequestError::internal)?;
        Ok(Operation {
            definition,
            name,
            facts: analysis.facts,
            plan: &analysis.plan,
            are_arguments_checked: &analysis.are_arguments_checked,
        })
    }
}

/// Parses and validates documents.
pub(crate) struct Validator {
    pub index: Arc<SchemaIndex>,
    /// Has the extension `ValidateOnly`: runs async-graphql's validation, but executes nothing.
    schema: Box<dyn AnySchema>,
    settings: Settings,
}

impl Validator {
    /// `schema` must have the extension `ValidateOnly`.
    ///
    /// # Errors
    /// When the definition of the schema can't be read.
    pub fn new(schema: Box<dyn AnySchema>, settings: Settings) -> Result<Self, async_graphql::parser::Error> {
        let index = SchemaIndex::read(&schema.sdl())?;
        Ok(Self {
            index: Arc::new(index),
            schema,
            settings,
        })
    }

    /// Parses and checks a document, cheapest checks first.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(&self, text: &str) -> Result<Document, RequestError> {
        let (index, limits) = (&*self.index, &self.settings.limits);
        let parsed = parse_document(text, limits)?;
        check_size(index, limits, &parsed)?;
        let costs = costs(index, limits, &parsed)?;
        let mut facts = HashMap::new();
        for (name, operation) in parsed.operations.iter() {
            let roots = root_fields(&parsed, &operation.node);
            self.check_roots(&operation.node, &roots)?;
            let name = name.cloned();
            let cost = costs.get(&name).copied().unwrap_or_default();
            facts.insert(name, self.facts(operation.node.ty, cost, &roots));
        }
        literals::check(index, self.settings.scalar_check, &parsed)?;
        self.validate(&parsed)?;
        let mut operations = HashMap::new();
        for (name, operation) in parsed.operations.iter() {
            let name = name.cloned();
            let analysis = Analysis {
                facts: facts.get(&name).copied().unwrap_or_default(),
                plan: plan(index, limits, &parsed, operation)?,
                root_keys: root_keys(index, limits, &parsed, &operation.node),
                are_arguments_checked: AtomicBool::new(false),
            };
            operations.insert(name, analysis);
        }
        Ok(Document {
            parsed,
            operations,
            bytes: text.len(),
        })
    }

    fn facts(&self, ty: OperationType, cost: QueryCost, roots: &[&Positioned<Field>]) -> Facts {
        let is_public = |name: &str| self.settings.public_fields.contains(&name);
        let (mut usage, mut keys) = (Usage::default(), HashSet::new());
        for field in roots {
            let name = field.node.name.node.as_str();
            // Fields with the same response key are executed once.
            if name.starts_with("__") || !keys.insert(&field.node.response_key().node) {
                continue;
            }
            match ty {
                OperationType::Mutation if is_public(name) => usage.public_mutations += 1,
                OperationType::Mutation => usage.mutations += 1,
                OperationType::Query | OperationType::Subscription => usage.reads = 1,
            }
        }
        Facts {
            cost,
            is_public: ty != OperationType::Subscription
                && roots.iter().all(|field| {
                    let name = field.node.name.node.as_str();
                    name.starts_with("__") || is_public(name)
                }),
            usage,
        }
    }

    fn check_roots(
        &self,
        operation: &OperationDefinition,
        roots: &[&Positioned<Field>],
    ) -> Result<(), RequestError> {
        let keys = roots.iter().map(|field| &field.node.response_key().node);
        if operation.ty == OperationType::Subscription && keys.collect::<HashSet<_>>().len() > 1 {
            let message = "A subscription selects exactly one field of its root.";
            let position = Some(operation.selection_set.pos);
            return Err(RequestError::at(ErrorCode::BadUserInput, message, position));
        }
        let introspection = roots
            .iter()
            .find(|field| matches!(field.node.name.node.as_str(), "__schema" | "__type"));
        match introspection {
            Some(field) if !self.settings.introspection => {
                let message = "Schema introspection is switched off.";
                Err(RequestError::at(
                    ErrorCode::BadUserInput,
                    message,
                    Some(field.pos),
                ))
            }
            _ => Ok(()),
        }
    }

    fn validate(&self, parsed: &ExecutableDocument) -> Result<(), RequestError> {
        let mut request = Request::new("");
        let mut parsed = parsed.clone();
        expose_directives(&mut parsed)?;
        request.set_parsed_query(parsed);
        // Validation awaits nothing, so the future is ready at once. Panics are caught because async-graphql's validation
        // has had bugs that index out of bounds.
        let result = AssertUnwindSafe(self.schema.execute(request))
            .catch_unwind()
            .now_or_never();
        match result {
            Some(Ok(response)) if response.errors.is_empty() => Ok(()),
            Some(Ok(response)) => Err(RequestError::from_errors(
                ErrorCode::BadUserInput,
                response.errors,
            )),
            Some(Err(_)) | None => Err(RequestError::new(
                ErrorCode::BadUserInput,
                "The document is not valid.",
            )),
        }
    }
}

/// The fields that an operation selects from its root, directly or through fragments.
fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Positioned<Field>> {
    let mut fields = Vec::new();
    let (mut sets, mut visited) = (vec![&operation.selection_set], HashSet::new());
    while let Some(set) = sets.pop() {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => fields.push(field),
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && visited.insert(name)
                    {
                        sets.push(&fragment.node.selection_set);
                    }
                }
            }
        }
    }
    fields
}
