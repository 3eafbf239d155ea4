//! Stockroom as the host of the GraphQL service: login, rate limits, metrics and traces of operations, shutdown.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use ::entity::{brand, category, delivery, product, supplier, webhook_endpoint};
use async_graphql::parser::types::OperationType;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response};
use graphql_server::{
    ErrorCode, Host, KeyedAction, KeyedMutation, Observation, RequestError, SelectedField, Usage,
};
use graphql_tables::ArgumentChecks;
use request_telemetry::{Record, Span};

use super::analytics::Analytics;
use super::kit::NodeOf;
use super::label::{BrandLists, CategoryLists, SupplierLists};
use super::movement;
use super::product::ProductLists;
use super::query::RootLists;
use super::subscription::Subscription;
use super::webhook_endpoint::WebhookEndpointLists;
use crate::auth::session::Session;
use crate::ctx::Ctx;
use crate::error::{Error, LoginError, Result};
use crate::http::bearer::bearer;
use crate::http::pages;
use crate::http::stored_response::{mark_replayed, replay, restore, to_stored};
use crate::idempotency::key::{Fingerprint, Key};
use crate::idempotency::{self, BeginResult, FinishResult};
use crate::limits::Class;
use crate::origin;
use crate::services::Services;

/// The maximum length of an operation's name in a trace, in characters.
const MAX_NAME: usize = 60;

/// Connects the GraphQL service to the program.
pub(crate) struct StockroomHost {
    services: Arc<Services>,
    checks: ArgumentChecks<Ctx>,
}

impl StockroomHost {
    pub(crate) fn new(services: Arc<Services>) -> Self {
        let checks = ArgumentChecks::default()
            .with_type("Query", RootLists::CHECKS)
            .with::<Analytics>(Analytics::CHECKS)
            .with::<NodeOf<brand::Entity>>(BrandLists::CHECKS)
            .with::<NodeOf<category::Entity>>(CategoryLists::CHECKS)
            .with::<NodeOf<supplier::Entity>>(SupplierLists::CHECKS)
            .with::<NodeOf<product::Entity>>(ProductLists::CHECKS)
            .with::<NodeOf<product::Entity>>(movement::CHECKS)
            .with::<NodeOf<webhook_endpoint::Entity>>(WebhookEndpointLists::CHECKS)
            .with::<NodeOf<delivery::Entity>>(super::delivery::CHECKS)
            .with_type("Subscription", Subscription::CHECKS);
        Self { services, checks }
    }
}

impl Host for StockroomHost {
    type Session = Session;
    type Context = Ctx;
    type Observation = OperationObservation;

    fn session(&self, client: IpAddr, authorization: Option<&[u8]>) -> Result<Session, RequestError> {
        let token = authorization.map(token).transpose()?.flatten();
        Ok(Session::new(Arc::clone(&self.services), client, token))
    }

    async fn begin(&self, session: &Session) -> Result<Ctx, RequestError> {
        Ok(session.ctx().await?)
    }

    async fn wait_for_expiry(&self, session: &Session) {
        session.wait_for_expiry().await;
    }

    fn authorize(&self, ctx: &Ctx) -> Result<(), RequestError> {
        ctx.actor()?;
        Ok(())
    }

    fn check_arguments(&self, ctx: &Ctx, field: SelectedField<'_>) -> Result<(), RequestError> {
        self.checks.check(ctx, field)
    }

    async fn admit(&self, ctx: &Ctx, usage: Usage) -> Result<(), RequestError> {
        ctx.check_rate_limit(Class::Authentication, usage.public_mutations)
            .await?;
        ctx.check_rate_limit(Class::Write, usage.mutations).await?;
        ctx.check_rate_limit(Class::Read, usage.reads).await?;
        Ok(())
    }

    async fn begin_keyed(
        &self,
        ctx: Ctx,
        mutation: KeyedMutation<'_>,
    ) -> Result<KeyedAction<Ctx>, RequestError> {
        let Some(key) = Key::parse(mutation.keys.iter().map(HeaderValue::as_bytes))? else {
            return Ok(KeyedAction::Execute(ctx));
        };
        let fingerprint = Fingerprint::new("POST", mutation.path, mutation.body);
        Ok(match idempotency::begin(&ctx, key, fingerprint).await? {
            BeginResult::Execute(ctx) => KeyedAction::Execute(ctx),
            BeginResult::Replay(response) => KeyedAction::Replay(replay(response)?),
        })
    }

    async fn finish_keyed(
        &self,
        ctx: &Ctx,
        response: Response<String>,
        is_complete: bool,
    ) -> Result<Response<String>, RequestError> {
        let (parts, body) = response.into_parts();
        let stored = to_stored(&parts, body.as_bytes()).filter(|_| is_complete);
        let mut response = Response::from_parts(parts, body);
        match idempotency::finish(ctx, stored.as_ref()).await? {
            FinishResult::Rendered => {}
            FinishResult::RenderedAgain => mark_replayed(&mut response),
            FinishResult::Replay(stored) => response = replay(stored)?,
            FinishResult::Stored(stored) => response = restore(stored)?,
        }
        Ok(response)
    }

    fn observe(&self, ctx: &Ctx, ty: OperationType, name: Option<&str>) -> OperationObservation {
        OperationObservation::new(ctx, ty, name)
    }

    fn request_rejected(&self, code: ErrorCode) {
        self.services
            .metrics
            .count_graphql_operation("", Some(code.as_str()));
    }

    fn client(&self, head: &Parts) -> IpAddr {
        origin::client(head, &self.services.config)
    }

    /// Allows pages of the server itself and of the origins that CORS allows.
    fn allows_origin(&self, head: &Parts, origin: &str) -> bool {
        let config = &self.services.config;
        let is_listed = |allowed: &String| allowed == "*" || allowed == origin;
        let host = |origin: &str| {
            origin
                .split_once("://")
                .map(|(_, host)| host.split('/').next().unwrap_or_default().to_ascii_lowercase())
        };
        // Only hosts are compared, because a proxy that terminates TLS does not always forward the scheme.
        config.cors_allowed_origins.iter().any(is_listed)
            || host(origin) == host(&origin::public(head, config))
    }

    fn is_stopping(&self) -> bool {
        self.services.is_stopping()
    }

    async fn wait_for_shutdown(&self) {
        self.services.wait_for_shutdown().await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.services.tasks.spawn(task);
    }

    fn page(&self, head: &Parts) -> Option<axum::response::Response> {
        Some(pages::graphiql(&origin::public(head, &self.services.config)))
    }
}

/// The token in an `Authorization` header. A header with non-ASCII bytes is a bad token.
fn token(authorization: &[u8]) -> Result<Option<&str>> {
    let text = std::str::from_utf8(authorization)
        .ok()
        .filter(|text| text.is_ascii());
    let token = text.ok_or(LoginError::BadToken).and_then(bearer);
    token.map_err(Error::Unauthenticated)
}

/// Metrics and the span of one operation: its type, its name and the code of its first error, never its variables.
pub(crate) struct OperationObservation {
    services: Arc<Services>,
    record: Arc<Record>,
    ty: &'static str,
    span: Option<Span>,
}

impl OperationObservation {
    fn new(ctx: &Ctx, ty: OperationType, name: Option<&str>) -> Self {
        let ty = match ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        // A subscription can last for days, so it has no span.
        let traces = ctx.services.traces.as_ref().filter(|_| ty != "subscription");
        let span = traces.and_then(|traces| {
            let request = ctx.record.span();
            if request.is_none() && ctx.record.belongs_to_request() {
                // The request is not sampled.
                return None;
            }
            let name = name.map(|name| name.chars().take(MAX_NAME).collect());
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
}

impl Observation for OperationObservation {
    /// Statements during the execution are children of the operation's span.
    async fn run<F: Future + Send>(&self, execution: F) -> F::Output {
        let Some(span) = &self.span else {
            return execution.await;
        };
        let record = &self.record;
        record.set_statement_parent(Some(span.clone()));
        let output = record.scope(execution).await;
        record.set_statement_parent(None);
        output
    }

    fn resolver_panicked(&self) {
        self.services.metrics.count_panic();
    }

    fn operation_ended(&self, error: Option<&'static str>) {
        self.services.metrics.count_graphql_operation(self.ty, error);
        if let Some(span) = &self.span {
            if let Some(code) = error {
                span.mark_failed(code);
            }
            span.end();
        }
    }
}
