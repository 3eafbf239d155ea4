//! `Watched`: what an operator gets to know of an operation: its type and name, and the code of its first error. Never
//! its variables.

use std::future::Future;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;

use crate::ctx::Ctx;
use crate::services::Services;
use crate::telemetry::Record;
use crate::telemetry::traces::Span;

/// The most characters of an operation's name that are told.
const LONGEST_NAME: usize = 60;

/// An operation that is about to be executed.
pub struct Watched {
    services: Arc<Services>,
    record: Arc<Record>,
    ty: &'static str,
    span: Option<Span>,
}

impl Watched {
    /// An operation of a request, or of a WebSocket.
    pub fn new(ctx: &Ctx, ty: OperationType, name: Option<&str>) -> Self {
        let ty = match ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        // A stream is no span: it may last for days.
        let traces = ctx.services.traces.as_ref().filter(|_| ty != "subscription");
        let span = traces.and_then(|traces| {
            let request = ctx.record.span();
            if request.is_none() && ctx.record.is_of_a_request() {
                // Its request is in no trace.
                return None;
            }
            let name = name.map(|name| name.chars().take(LONGEST_NAME).collect());
            let span = traces.operation(request.map(Span::context), ty, name);
            span.is_sampled().then_some(span)
        });
        if let (Some(span), None) = (&span, ctx.record.span()) {
            ctx.record.set_span(span.clone());
        }
        Self {
            services: Arc::clone(&ctx.services),
            record: Arc::clone(&ctx.record),
            ty,
            span,
        }
    }

    /// Executes it: its statements are its own.
    pub async fn during<F: Future>(&self, executing: F) -> F::Output {
        let Some(span) = &self.span else {
            return executing.await;
        };
        let record = &self.record;
        record.set_statement_parent(Some(span.clone()));
        let output = record.scope(executing).await;
        record.set_statement_parent(None);
        output
    }

    /// It ended in a mistake of ours.
    pub fn panicked(&self) {
        self.services.metrics.panicked();
    }

    /// It is over, and its first error had this code.
    pub fn ended(&self, error: Option<&'static str>) {
        self.services.metrics.graphql_operation(self.ty, error);
        if let Some(span) = &self.span {
            if let Some(code) = error {
                span.failed(code);
            }
            span.end();
        }
    }
}
