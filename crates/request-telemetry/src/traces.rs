//! Traces, exported over OTLP: a span for each request, with children for its GraphQL operation and each SQL statement, and
//! a span for each request to another server.
//!
//! Attributes follow OpenTelemetry's semantic conventions. Routes and statements are recorded as templates with
//! placeholders, without paths, query strings, variables or values.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::otlp_client::{OtlpClient, OtlpError};

/// Timeout of an export.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout of the last export at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// The endpoint of the exporter, and the name under which it sends spans.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The complete address, such as `http://localhost:4318/v1/traces`.
    pub endpoint: String,
    pub service_name: String,
    pub service_version: &'static str,
    /// The name of the instrumentation.
    pub tracer: &'static str,
}

/// The exporter of a program's spans. The SDK's queue is bounded; further spans are dropped.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts the exporter. The SDK reads headers, sampling, and the sizes of queue and batch from its standard environment
    /// variables.
    ///
    /// # Errors
    /// When the endpoint or one of the variables can't be parsed, TLS can't be configured, or there is no runtime.
    pub fn new(settings: Settings) -> Result<Self, OtlpError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(OtlpClient::new(EXPORT_TIMEOUT)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(settings.endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(OtlpError::new)?;
        let resource = Resource::builder()
            .with_service_name(settings.service_name)
            .with_attribute(KeyValue::new("service.version", settings.service_version))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer(settings.tracer);
        Ok(Self { provider, tracer })
    }

    /// Begins the span of a request, in the trace of its `traceparent` header if there is one.
    pub fn request(&self, headers: &HeaderMap, method: &'static str, route: &str) -> Span {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        let name = match route {
            "" => method.to_owned(),
            route => format!("{method} {route}"),
        };
        let attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
        ];
        self.begin(name, SpanKind::Server, &parent, attributes)
    }

    /// Begins the span of a GraphQL operation, as a child of its request's span if there is one.
    pub fn operation(&self, parent: Option<&Context>, ty: &'static str, name: Option<String>) -> Span {
        let mut attributes = vec![KeyValue::new("graphql.operation.type", ty)];
        let title = match name {
            Some(name) => {
                let title = format!("{ty} {name}");
                attributes.push(KeyValue::new("graphql.operation.name", name));
                title
            }
            None => ty.to_owned(),
        };
        let kind = match parent {
            Some(_) => SpanKind::Internal,
            None => SpanKind::Server,
        };
        self.begin(title, kind, parent.unwrap_or(&Context::new()), attributes)
    }

    /// Begins the span of a `POST` request to another server, in a new trace.
    pub fn post(&self, host: &str, attributes: impl IntoIterator<Item = (&'static str, String)>) -> Span {
        let mut all = vec![
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("server.address", host.to_owned()),
        ];
        all.extend(
            attributes
                .into_iter()
                .map(|(name, value)| KeyValue::new(name, value)),
        );
        self.begin("POST".to_owned(), SpanKind::Client, &Context::new(), all)
    }

    fn begin(&self, name: String, kind: SpanKind, parent: &Context, attributes: Vec<KeyValue>) -> Span {
        Span::begin(&self.tracer, name.into(), kind, parent, attributes)
    }

    /// Exports the queued spans and stops the exporter, within a time limit.
    pub async fn finish(&self) {
        let provider = self.provider.clone();
        // The call blocks until the SDK's thread has ended.
        let finishing = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT));
        match finishing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "some traces were not exported"),
            Err(error) => tracing::warn!(%error, "some traces were not exported"),
        }
    }
}

/// A span. It ends with [`end`](Self::end), or when its last clone is dropped.
#[derive(Clone)]
pub struct Span {
    tracer: SdkTracer,
    context: Context,
}

impl Span {
    fn begin(
        tracer: &SdkTracer,
        name: Cow<'static, str>,
        kind: SpanKind,
        parent: &Context,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let span = tracer
            .span_builder(name)
            .with_kind(kind)
            .with_attributes(attributes)
            .start_with_context(tracer, parent);
        Self {
            tracer: tracer.clone(),
            context: parent.with_span(span),
        }
    }

    /// Begins the span of an SQL statement as a child of this one.
    pub fn statement(&self, system: &'static str, sql: &str) -> DbSpan {
        let summary = summary(sql);
        let mut span = self
            .tracer
            .span_builder(summary.clone())
            .with_kind(SpanKind::Client)
            .start_with_context(&self.tracer, &self.context);
        span.set_attribute(KeyValue::new("db.system.name", system));
        span.set_attribute(KeyValue::new("db.query.summary", summary));
        span.set_attribute(KeyValue::new(
            "db.query.text",
            sql.chars().take(MAX_QUERY_TEXT).collect::<String>(),
        ));
        DbSpan(span)
    }

    /// Whether the span is exported.
    pub fn is_sampled(&self) -> bool {
        self.context.span().span_context().is_sampled()
    }

    /// The context that makes this span a parent.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The trace's id in hexadecimal.
    pub fn trace_id(&self) -> String {
        self.context.span().span_context().trace_id().to_string()
    }

    pub fn set_attribute(&self, name: &'static str, value: impl Into<Value>) {
        self.context.span().set_attribute(KeyValue::new(name, value));
    }

    /// Records the status of a response. `is_failure` marks the span as failed.
    pub fn record_response(&self, status: StatusCode, is_failure: bool) {
        self.set_attribute("http.response.status_code", i64::from(status.as_u16()));
        if is_failure {
            self.mark_failed(status.as_str().to_owned());
        }
    }

    /// Marks the span as failed, with the kind of failure, which must be from a bounded set of values.
    pub fn mark_failed(&self, kind: impl Into<Value>) {
        self.set_attribute("error.type", kind);
        self.context.span().set_status(Status::error(""));
    }

    pub fn end(&self) {
        self.context.span().end();
    }
}

/// The span of an SQL statement.
pub struct DbSpan(opentelemetry_sdk::trace::Span);

impl DbSpan {
    /// Ends the span with the statement's result.
    pub fn end<T, E>(&mut self, result: &Result<T, E>) {
        if result.is_err() {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// Maximum number of characters of a statement that are recorded.
const MAX_QUERY_TEXT: usize = 2_000;

/// The verb and the first table of a statement, such as `SELECT product`.
fn summary(sql: &str) -> String {
    let mut words = sql.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let is_before_table = |word: &str| {
        ["FROM", "INTO", "UPDATE"]
            .iter()
            .any(|keyword| keyword.eq_ignore_ascii_case(word))
    };
    let table = if verb == "UPDATE" {
        words.next()
    } else {
        // Instead of a table there can be a subquery, whose table comes later.
        let is_table = |table: &&str| !table.starts_with('(');
        std::iter::from_fn(|| {
            words.find(|word| is_before_table(word))?;
            words.next()
        })
        .find(is_table)
    };
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let table = table.map(|table| table.trim_matches(['"', ',', ';', ')']));
    match table {
        Some(table) if !table.is_empty() && table.chars().all(letter) => format!("{verb} {table}"),
        _ => verb,
    }
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_summary_has_verb_and_table() {
        for (sql, expected) in [
            (
                r#"SELECT "product"."id" FROM "product" WHERE "id" = $1"#,
                "SELECT product",
            ),
            (r#"UPDATE "product" SET "quantity" = ?"#, "UPDATE product"),
            (r#"INSERT INTO "brand" ("name") VALUES (?)"#, "INSERT brand"),
            ("delete from outflow where id = 1", "DELETE outflow"),
            ("PRAGMA optimize", "PRAGMA"),
            ("SELECT 1", "SELECT"),
            ("SELECT * FROM (SELECT 1)", "SELECT"),
            (
                r#"SELECT COUNT(*) FROM (SELECT "id" FROM "brand")"#,
                "SELECT brand",
            ),
            ("", ""),
        ] {
            assert_eq!(summary(sql), expected, "{sql}");
        }
    }
}
