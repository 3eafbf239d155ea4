//! `Document`: a text that may be executed, and what it had to pass to become one.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Name, Pos, Positioned, Request, ServerError, ValidationResult};
use futures_util::FutureExt as _;

use super::cost::{QueryCost, weigh_all};
use super::engine::Executes;
use super::guard::{Unreadable, scan};
use super::limits::{MAX_DOCUMENT_BYTES, MAX_NESTING, MAX_TOKENS, count};
use super::literals::fit;
use super::planner::{Plan, plan, root_keys};
use super::problem::BAD_USER_INPUT;
use super::refusal::{LIMIT_EXCEEDED, Refusal, SERVER_ERROR};
use super::schema_index::SchemaIndex;
use super::variables::IsOfScalar;
use crate::error::{Error, Result};

/// The fields of the roots that need no login.
const PUBLIC: [&str; 5] = ["viewer", "login", "refreshToken", "verifyToken", "logout"];

/// A document that may be executed.
#[derive(Debug)]
pub struct Document {
    /// As the parser gives it.
    pub parsed: ExecutableDocument,
    operations: HashMap<Option<Name>, Known>,
    /// How long its text was.
    pub bytes: usize,
}

/// All that is found out once about an operation.
#[derive(Debug)]
struct Known {
    facts: Facts,
    plan: Plan,
    root_keys: Vec<Name>,
}

/// What is known of an operation before its variables are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// What it asks for, as far as its variables don't say.
    pub weight: QueryCost,
    /// Whether it needs no login.
    pub is_public: bool,
    /// What the rate limits count it as.
    pub counts: Counts,
}

/// What the rate limits count an operation as: what runs, however it is wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Logins and the like.
    pub authentications: u32,
    /// Mutations.
    pub writes: u32,
    /// A query or a subscription is one, unless it asks for nothing but the schema.
    pub reads: u32,
}

impl Counts {
    fn of(ty: OperationType, roots: &[&Positioned<Field>]) -> Self {
        let (mut counts, mut keys) = (Self::default(), HashSet::new());
        // What has the same key is executed once.
        for field in roots
            .iter()
            .filter(|field| keys.insert(&field.node.response_key().node))
        {
            let name = field.node.name.node.as_str();
            match ty {
                _ if name.starts_with("__") => {}
                OperationType::Mutation if PUBLIC.contains(&name) => counts.authentications += 1,
                OperationType::Mutation => counts.writes += 1,
                OperationType::Query | OperationType::Subscription => counts.reads = 1,
            }
        }
        counts
    }
}

/// An operation that was chosen from a document.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The operation.
    pub operation: &'a Positioned<OperationDefinition>,
    /// Its name, if it has one.
    pub name: Option<&'a Name>,
    /// What is known of it.
    pub facts: Facts,
    /// How it is executed.
    pub plan: &'a Plan,
}

impl Document {
    /// The keys of the root of an operation, in the order in which an answer has them.
    pub fn root_keys(&self, operation: Option<&Name>) -> &[Name] {
        let known = self.operations.get(&operation.cloned());
        known.map_or(&[], |known| &known.root_keys)
    }

    /// Checks what its operations ask for, as far as their variables don't say.
    ///
    /// # Errors
    /// When one asks for more than the limits allow.
    pub fn check_weights(&self) -> Result<(), Refusal> {
        let mut weights = self.operations.values().map(|known| known.facts.weight);
        weights.try_for_each(QueryCost::check)
    }

    /// The operation of this name, or the only one.
    ///
    /// # Errors
    /// When there is none of this name, or several and no name.
    pub fn operation(&self, name: Option<&str>) -> Result<Chosen<'_>, Refusal> {
        let mut matching = self
            .parsed
            .operations
            .iter()
            .filter(|(known, _)| name.is_none_or(|name| known.is_some_and(|known| known == name)));
        let chosen = match (matching.next(), matching.next(), name) {
            (Some(only), None, _) => only,
            (None, _, Some(name)) => {
                let name: String = name.chars().take(60).collect();
                let message = format!("The document has no operation called \"{name}\".");
                return Err(Refusal::new(BAD_USER_INPUT, message));
            }
            _ => {
                let message = "The document has several operations: say which by \"operationName\".";
                return Err(Refusal::new(BAD_USER_INPUT, message));
            }
        };
        let known = self.operations.get(&chosen.0.cloned());
        let known = known.ok_or_else(|| Refusal::new(SERVER_ERROR, "Something went wrong on our side."))?;
        Ok(Chosen {
            operation: chosen.1,
            name: chosen.0,
            facts: known.facts,
            plan: &known.plan,
        })
    }
}

/// What a text has to pass to become a document.
pub struct Rules {
    /// The schema as it was printed.
    pub shape: Arc<SchemaIndex>,
    /// Validates all it can and executes nothing: see [`ValidateOnly`].
    validator: Box<dyn Executes>,
    is_of_scalar: IsOfScalar,
    introspection: bool,
}

impl Rules {
    /// The rules of a schema that was built with [`ValidateOnly`].
    ///
    /// # Errors
    /// When the schema can't be printed and read again.
    pub fn new(validator: Box<dyn Executes>, is_of_scalar: IsOfScalar, introspection: bool) -> Result<Self> {
        let shape = SchemaIndex::read(&validator.sdl()).map_err(Error::internal)?;
        Ok(Self {
            shape: Arc::new(shape),
            validator,
            is_of_scalar,
            introspection,
        })
    }

    /// Checks a text, in the order of what each step costs.
    ///
    /// # Errors
    /// The first step that it does not pass.
    pub fn check(&self, text: &str) -> Result<Document, Refusal> {
        if text.len() > MAX_DOCUMENT_BYTES {
            let message = format!("The document has more than {MAX_DOCUMENT_BYTES} bytes.");
            return Err(Refusal::new(LIMIT_EXCEEDED, message));
        }
        scan(text, MAX_TOKENS, MAX_NESTING).map_err(unreadable)?;
        let parsed = parse_query(text).map_err(|error| unparsable(&error))?;
        count(&self.shape, &parsed)?;
        let weights = weigh_all(&self.shape, &parsed)?;
        let mut facts = HashMap::new();
        for (name, operation) in parsed.operations.iter() {
            let roots = root_fields(&parsed, &operation.node);
            self.check_roots(&operation.node, &roots)?;
            let is_public = operation.node.ty != OperationType::Subscription
                && roots.iter().all(|field| {
                    let name = field.node.name.node.as_str();
                    name.starts_with("__") || PUBLIC.contains(&name)
                });
            let name = name.cloned();
            let weight = weights.get(&name).copied().unwrap_or_default();
            let counts = Counts::of(operation.node.ty, &roots);
            facts.insert(
                name,
                Facts {
                    weight,
                    is_public,
                    counts,
                },
            );
        }
        fit(&self.shape, self.is_of_scalar, &parsed)?;
        self.validate(&parsed)?;
        let mut operations = HashMap::new();
        for (name, operation) in parsed.operations.iter() {
            let name = name.cloned();
            let known = Known {
                facts: facts.get(&name).copied().unwrap_or_default(),
                plan: plan(&self.shape, &parsed, operation)?,
                root_keys: root_keys(&self.shape, &parsed, &operation.node),
            };
            operations.insert(name, known);
        }
        Ok(Document {
            parsed,
            operations,
            bytes: text.len(),
        })
    }

    fn check_roots(
        &self,
        operation: &OperationDefinition,
        roots: &[&Positioned<Field>],
    ) -> Result<(), Refusal> {
        let is_single = |roots: &[&Positioned<Field>]| {
            let keys = roots.iter().map(|field| &field.node.response_key().node);
            keys.collect::<HashSet<_>>().len() < 2
        };
        if operation.ty == OperationType::Subscription && !is_single(roots) {
            let message = "A subscription selects exactly one field of its root.";
            return Err(Refusal::at(
                BAD_USER_INPUT,
                message,
                Some(operation.selection_set.pos),
            ));
        }
        let asked = roots
            .iter()
            .find(|field| matches!(field.node.name.node.as_str(), "__schema" | "__type"));
        match asked {
            Some(field) if !self.introspection => {
                let message = "The schema can't be asked for: introspection is switched off.";
                Err(Refusal::at(BAD_USER_INPUT, message, Some(field.pos)))
            }
            _ => Ok(()),
        }
    }

    fn validate(&self, parsed: &ExecutableDocument) -> Result<(), Refusal> {
        let mut request = Request::new("");
        request.set_parsed_query(parsed.clone());
        // Validation waits for nothing. It has indexed past its tables before, so a panic is expected of it.
        let validated = AssertUnwindSafe(self.validator.execute(request))
            .catch_unwind()
            .now_or_never();
        match validated {
            Some(Ok(response)) if response.errors.is_empty() => Ok(()),
            Some(Ok(response)) => Err(Refusal::all(BAD_USER_INPUT, response.errors)),
            Some(Err(_)) | None => Err(Refusal::new(BAD_USER_INPUT, "The document is not valid.")),
        }
    }
}

/// The fields that an operation selects from its root, fragments written out.
pub fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a Positioned<Field>> {
    let mut fields = Vec::new();
    let (mut sets, mut seen) = (vec![&operation.selection_set], HashSet::new());
    while let Some(set) = sets.pop() {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => fields.push(field),
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && seen.insert(name)
                    {
                        sets.push(&fragment.node.selection_set);
                    }
                }
            }
        }
    }
    fields
}

fn unreadable(why: Unreadable) -> Refusal {
    match why {
        Unreadable::Tokens => Refusal::new(
            LIMIT_EXCEEDED,
            format!("The document has more than {MAX_TOKENS} tokens."),
        ),
        Unreadable::Nesting => {
            let message = format!("The document has brackets nested more than {MAX_NESTING} deep.");
            Refusal::new(LIMIT_EXCEEDED, message)
        }
        Unreadable::Twice(pos) => syntax("an input object has this field twice", Some(pos)),
        Unreadable::OpenString(pos) => syntax("a string that begins here does not end", Some(pos)),
    }
}

/// In our own words: the parser's quote what was sent, without bound.
fn unparsable(error: &parser::Error) -> Refusal {
    let pos = error.positions().next();
    match error {
        parser::Error::MultipleOperations { .. } => {
            syntax("an operation without a name must be the only one", pos)
        }
        parser::Error::OperationDuplicated { .. } => syntax("two operations have the same name", pos),
        parser::Error::FragmentDuplicated { .. } => syntax("two fragments have the same name", pos),
        parser::Error::MissingOperation => syntax("there is no operation", pos),
        _ => syntax("this is not GraphQL", pos),
    }
}

fn syntax(what: &str, pos: Option<Pos>) -> Refusal {
    let place = pos.map_or_else(String::new, |pos| {
        format!(" in line {}, column {}", pos.line, pos.column)
    });
    Refusal::at(BAD_USER_INPUT, format!("Syntax error{place}: {what}."), pos)
}

/// Makes a schema one that validates and then stops: what it answers has no errors if the document is valid.
pub struct ValidateOnly;

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for ValidateOnly {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        Err(Vec::new())
    }
}
