//! The engine: checks a request and passes it to async-graphql for execution.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Name, ObjectType, Request, SchemaBuilder, SubscriptionType, ValidationMode, Variables};
use futures_util::FutureExt as _;
use futures_util::stream::{BoxStream, StreamExt as _};

use crate::cost::{QueryCost, cost};
use crate::document::{Document, Operation};
use crate::document_store::{DocumentRef, DocumentStore, SetupError};
use crate::error::{ErrorCode, RequestError};
use crate::host::{Host, Observation as _, Settings, Usage};
use crate::limits::Limits;
use crate::null_propagation::Completion;
use crate::planner::{MergedOperation, Plan, merge};
use crate::response::GraphQlResponse;
use crate::schema::{AnySchema, ValidateOnly};
use crate::schema_index::SchemaIndex;
use crate::validate::arguments;
use crate::validate::variables::{CoercedVariables, coerce, omit_absent};

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub struct GraphQlRequest {
    /// The document.
    pub document: DocumentRef,
    /// The name of the operation to execute; required if the document has several.
    pub operation_name: Option<String>,
    /// The values of variables.
    pub variables: Variables,
}

/// An operation that has passed all checks.
pub struct Prepared<H: Host> {
    /// The type of the operation.
    pub ty: OperationType,
    /// Its cost.
    pub cost: QueryCost,
    /// The number of fields that it selects from its root.
    pub(crate) usage: Usage,
    /// The context that resolvers get.
    pub(crate) context: H::Context,
    request: Request,
    completion: Completion,
    observation: H::Observation,
}

/// A schema, the documents that have been checked against it, and the host. Clones share all of these.
pub struct Engine<H: Host> {
    inner: Arc<Inner<H>>,
}

struct Inner<H> {
    host: H,
    /// Built with async-graphql's fast validation mode, since documents are fully validated when they enter the store, and
    /// with federation, without which async-graphql searches all types for entities before it resolves a field of the root.
    schema: Box<dyn AnySchema>,
    /// The same without federation, whose types introspection would show.
    introspection_schema: Box<dyn AnySchema>,
    documents: DocumentStore,
    settings: Settings,
}

impl<H: Host> Clone for Engine<H> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<H: Host> Engine<H> {
    /// Builds the schema three times: to validate documents, to execute them, and for introspection.
    ///
    /// # Errors
    /// When the schema definition or the file of trusted documents can't be read, or a trusted document is not valid.
    pub fn new<Q, M, S>(
        host: H,
        build: impl Fn() -> SchemaBuilder<Q, M, S>,
        settings: Settings,
    ) -> Result<Self, SetupError>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let validator = build()
            .validation_mode(ValidationMode::Strict)
            .extension(ValidateOnly)
            .finish();
        let fast = || build().validation_mode(ValidationMode::Fast);
        let inner = Inner {
            host,
            schema: Box::new(fast().enable_federation().finish()),
            introspection_schema: Box::new(fast().finish()),
            documents: DocumentStore::new(Box::new(validator), &settings)?,
            settings,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.inner.host
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Checks a request: the document, the login, the variables, the cost, the arguments and the rate limits, in this order.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn prepare(
        &self,
        context: H::Context,
        request: GraphQlRequest,
    ) -> Result<Prepared<H>, RequestError> {
        self.prepare_with(context, request, Request::new("")).await
    }

    /// Like [`prepare`](Self::prepare), but passes the data and the extensions of `base` to resolvers.
    pub(crate) async fn prepare_with(
        &self,
        context: H::Context,
        request: GraphQlRequest,
        base: Request,
    ) -> Result<Prepared<H>, RequestError> {
        let prepared = self.check(context, request, base).await;
        if let Err(error) = &prepared {
            self.host().request_rejected(error.code);
        }
        prepared
    }

    async fn check(
        &self,
        context: H::Context,
        request: GraphQlRequest,
        base: Request,
    ) -> Result<Prepared<H>, RequestError> {
        let Inner {
            host,
            documents,
            settings,
            ..
        } = &*self.inner;
        let document = documents.find(request.document)?;
        let operation = document.operation(request.operation_name.as_deref())?;
        if !operation.facts.is_public {
            host.authorize(&context)?;
        }
        let definition = &operation.definition.node;
        let (index, limits) = (documents.index(), &settings.limits);
        let coerced = coerce(
            index,
            limits,
            settings.scalar_check,
            &definition.variable_definitions,
            request.variables,
        )?;
        let cost = if operation.facts.cost.depends_on_variables {
            cost(index, limits, &document.parsed, definition, &coerced.values)?
        } else {
            operation.facts.cost
        };
        cost.check(limits)?;
        // An operation without variables has the same arguments each time, so they are checked only once.
        if !operation.are_arguments_checked() {
            arguments::check(index, &document.parsed, definition, &coerced.values, &|field| {
                host.check_arguments(&context, field)
            })?;
            operation.set_arguments_checked();
        }
        host.admit(&context, operation.facts.usage).await?;
        let (executable, has_placeholders) = executable(index, limits, &document, operation, &coerced)?;
        let observation = host.observe(&context, definition.ty, operation.name.map(Name::as_str));
        let mut request = base;
        request.set_parsed_query(executable);
        request.variables = coerced.values;
        Ok(Prepared {
            ty: definition.ty,
            cost,
            usage: operation.facts.usage,
            context,
            request,
            completion: Completion {
                index: Arc::clone(index),
                operation: operation.name.cloned(),
                description: Some(settings.description).filter(|_| operation.facts.cost.introspection > 0),
                has_placeholders,
                document,
            },
            observation,
        })
    }

    /// Executes a query or a mutation, within [`Limits::execution_time`].
    pub async fn execute(&self, prepared: Prepared<H>) -> GraphQlResponse {
        let Prepared {
            ty,
            cost,
            context,
            request,
            completion,
            observation,
            ..
        } = prepared;
        let request = request.data(context);
        let time = self.settings().limits.execution_time;
        let schema = if cost.introspection > 0 {
            &self.inner.introspection_schema
        } else {
            &self.inner.schema
        };
        let execution = observation.run(schema.execute(request));
        let result = tokio::time::timeout(time, AssertUnwindSafe(execution).catch_unwind()).await;
        let response = match result {
            Ok(Ok(response)) => GraphQlResponse::from_execution(completion.finish_response(response)),
            Ok(Err(_)) => {
                tracing::error!("a resolver panicked");
                observation.resolver_panicked();
                RequestError::internal().into()
            }
            Err(_) => {
                let mut message = format!("Execution took longer than {} seconds.", time.as_secs());
                if ty == OperationType::Mutation {
                    message.push_str(" The mutation may have taken effect.");
                }
                RequestError::new(ErrorCode::Timeout, message).into()
            }
        };
        observation.operation_ended(response.error_type());
        response
    }

    /// Executes a subscription: a response for each event.
    pub fn subscribe(&self, prepared: Prepared<H>) -> BoxStream<'static, GraphQlResponse> {
        prepared.observation.operation_ended(None);
        let request = prepared.request.data(prepared.context);
        let events = AssertUnwindSafe(self.inner.schema.stream(request)).catch_unwind();
        let completion = prepared.completion;
        let responses = events.map(move |event| match event {
            Ok(response) => GraphQlResponse::from_execution(completion.finish_response(response)),
            Err(_) => {
                tracing::error!("a resolver panicked on an event of a subscription");
                RequestError::internal().into()
            }
        });
        responses.boxed()
    }
}

/// The document that async-graphql executes: one operation, without the uses of variables that have no value; and whether
/// it selects placeholders, which must be removed from the response.
fn executable(
    index: &SchemaIndex,
    limits: &Limits,
    document: &Document,
    operation: Operation<'_>,
    coerced: &CoercedVariables,
) -> Result<(ExecutableDocument, bool), RequestError> {
    let mut fragments = HashMap::new();
    let MergedOperation {
        operation: mut definition,
        has_placeholders,
    } = match operation.plan {
        Plan::AsWritten => {
            fragments.clone_from(&document.parsed.fragments);
            MergedOperation {
                operation: operation.definition.clone(),
                has_placeholders: false,
            }
        }
        Plan::Merged(merged) => merged.clone(),
        Plan::ByVariables => merge(
            index,
            limits,
            &document.parsed,
            operation.definition,
            &coerced.values,
        )?,
    };
    if !coerced.absent.is_empty() {
        omit_absent(&mut definition.node.selection_set.node, &coerced.absent);
        for fragment in fragments.values_mut() {
            omit_absent(&mut fragment.node.selection_set.node, &coerced.absent);
        }
    }
    let executable = ExecutableDocument {
        operations: DocumentOperations::Single(definition),
        fragments,
    };
    Ok((executable, has_placeholders))
}
