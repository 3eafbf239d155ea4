//! From a request to its answer, whatever way it came: which document, which operation, who may, with what variables, at
//! what cost; then the library executes it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{
    Name, ObjectType, Request, Response, Schema, SchemaBuilder, SubscriptionType, ValidationMode, Variables,
};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt as _};

use super::answer::Answer;
use super::cost::{QueryCost, weigh};
use super::document::{Chosen, Document, Rules, ValidateOnly};
use super::document_store::{Documents, Wanted};
use super::instrument::Watched;
use super::limits::EXECUTION_TIME;
use super::null_propagation::Completion;
use super::planner::{Collected, Plan, collect};
use super::refusal::{Refusal, SERVER_ERROR, TIMEOUT};
use super::schema_index::SchemaIndex;
use super::variables::{Coerced, IsOfScalar, coerce, leave_out};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::limits::Class;

/// A schema, whatever its roots.
pub trait Executes: Send + Sync {
    /// Executes a query or a mutation.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    /// Executes a subscription.
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
    /// The printed schema.
    fn sdl(&self) -> String;
}

impl<Q, M, S> Executes for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Self::execute(self, request).boxed()
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request)
    }

    fn sdl(&self) -> String {
        Self::sdl(self)
    }
}

/// The parameters of a request.
#[derive(Debug, Default)]
pub struct GraphQlRequest {
    /// Which document.
    pub wanted: Wanted,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
}

/// How the schema is used beyond its types.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// A file that names documents by their hashes.
    pub documents: Option<&'a Path>,
    /// Whether no other documents are executed.
    pub documents_only: bool,
    /// What the custom scalars take.
    pub is_of_scalar: IsOfScalar,
}

/// An operation that may be executed.
pub struct Prepared {
    /// What kind of operation it is.
    pub ty: OperationType,
    /// What it asks for.
    pub weight: QueryCost,
    request: Request,
    completion: Completion,
    watched: Watched,
}

/// A schema with all that stands before it.
pub struct Engine {
    /// Validates next to nothing, since each text was validated before.
    schema: Box<dyn Executes>,
    documents: Documents,
    is_of_scalar: IsOfScalar,
}

impl Engine {
    /// Builds the schema, twice: to validate and to execute.
    ///
    /// # Errors
    /// When the documents that the settings name can't be read or are not valid.
    pub fn new<Q, M, S>(build: impl Fn() -> SchemaBuilder<Q, M, S>, settings: Settings<'_>) -> Result<Self>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let validator = build()
            .validation_mode(ValidationMode::Strict)
            .extension(ValidateOnly)
            .finish();
        let rules = Rules::new(Box::new(validator), settings.is_of_scalar, settings.introspection)?;
        Ok(Self {
            schema: Box::new(build().validation_mode(ValidationMode::Fast).finish()),
            documents: Documents::new(rules, settings.documents, settings.documents_only)?,
            is_of_scalar: settings.is_of_scalar,
        })
    }

    /// All that can be said about a request before it is executed.
    ///
    /// # Errors
    /// Why it is not executed.
    pub async fn prepare(&self, ctx: Ctx, ask: GraphQlRequest) -> Result<Prepared, Refusal> {
        let services = Arc::clone(&ctx.services);
        let prepared = self.prepare_unwatched(ctx, ask).await;
        if let Err(refusal) = &prepared {
            services.metrics.graphql_operation("", Some(refusal.code));
        }
        prepared
    }

    async fn prepare_unwatched(&self, ctx: Ctx, ask: GraphQlRequest) -> Result<Prepared, Refusal> {
        let document = self.documents.find(ask.wanted)?;
        let chosen = document.operation(ask.operation_name.as_deref())?;
        if !chosen.facts.is_public {
            ctx.actor()?;
        }
        let operation = &chosen.operation.node;
        let shape = self.documents.shape();
        let coerced = coerce(
            shape,
            self.is_of_scalar,
            &operation.variable_definitions,
            ask.variables,
        )?;
        let weight = if chosen.facts.weight.varies {
            weigh(shape, &document.parsed, operation, &coerced.values)?
        } else {
            chosen.facts.weight
        };
        weight.check()?;
        let counts = chosen.facts.counts;
        ctx.check_rate_limit(Class::Authentication, counts.authentications)
            .await?;
        ctx.check_rate_limit(Class::Write, counts.writes).await?;
        ctx.check_rate_limit(Class::Read, counts.reads).await?;
        let (executable, is_hollow) = executable(shape, &document, chosen, &coerced)?;
        let watched = Watched::new(&ctx, operation.ty, chosen.name.map(Name::as_str));
        let mut request = Request::new("").data(ctx);
        request.set_parsed_query(executable);
        request.variables = coerced.values;
        Ok(Prepared {
            ty: operation.ty,
            weight,
            request,
            completion: Completion {
                shape: Arc::clone(shape),
                operation: chosen.name.cloned(),
                is_hollow,
                document,
            },
            watched,
        })
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, prepared: Prepared) -> Answer {
        let Prepared {
            ty,
            request,
            completion,
            watched,
            ..
        } = prepared;
        let executed = AssertUnwindSafe(watched.during(self.schema.execute(request))).catch_unwind();
        let answer = match tokio::time::timeout(EXECUTION_TIME, executed).await {
            Ok(Ok(response)) => Answer::executed(completion.complete(response)),
            Ok(Err(_)) => {
                tracing::error!("executing an operation panicked");
                watched.panicked();
                Refusal::new(SERVER_ERROR, "Something went wrong on our side.").into()
            }
            Err(_) => {
                let mut message = format!("It took longer than {} seconds.", EXECUTION_TIME.as_secs());
                if ty == OperationType::Mutation {
                    message.push_str(" What it was to change may have been changed all the same.");
                }
                Refusal::new(TIMEOUT, message).into()
            }
        };
        watched.ended(answer.error_code());
        answer
    }

    /// Executes a subscription: an answer for each event.
    ///
    /// # Errors
    /// When it is no subscription.
    pub fn subscribe(&self, prepared: Prepared) -> BoxStream<'static, Answer> {
        prepared.watched.ended(None);
        let events = AssertUnwindSafe(self.schema.stream(prepared.request)).catch_unwind();
        let completion = prepared.completion;
        let answers = events.map(move |event| match event {
            Ok(response) => Answer::executed(completion.complete(response)),
            Err(_) => {
                tracing::error!("an event of a subscription panicked");
                Refusal::new(SERVER_ERROR, "Something went wrong on our side.").into()
            }
        });
        answers.boxed()
    }
}

/// The copy of a document that is executed: one operation, without the variables that were left out. And whether it may
/// select nothing of an object.
fn executable(
    shape: &SchemaIndex,
    document: &Document,
    chosen: Chosen<'_>,
    coerced: &Coerced,
) -> Result<(ExecutableDocument, bool), Refusal> {
    let mut fragments = HashMap::new();
    let Collected {
        mut operation,
        is_hollow,
    } = match chosen.plan {
        Plan::AsWritten => {
            fragments.clone_from(&document.parsed.fragments);
            Collected {
                operation: chosen.operation.clone(),
                is_hollow: false,
            }
        }
        Plan::Collected(collected) => collected.clone(),
        Plan::ByVariables => collect(shape, &document.parsed, chosen.operation, &coerced.values)?,
    };
    if !coerced.absent.is_empty() {
        leave_out(&mut operation.node.selection_set.node, &coerced.absent);
        for fragment in fragments.values_mut() {
            leave_out(&mut fragment.node.selection_set.node, &coerced.absent);
        }
    }
    let executable = ExecutableDocument {
        operations: DocumentOperations::Single(operation),
        fragments,
    };
    Ok((executable, is_hollow))
}
