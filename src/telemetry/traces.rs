//! Traces by OTLP, when an endpoint is configured: a span for each request, below it one for the operation of GraphQL
//! and one for each statement, and one for each try of a webhook.
//!
//! Attributes have the names of OpenTelemetry's semantic conventions. A span holds routes and statements as they are
//! written in the program, with placeholders: no path or query as they were sent, no variables, no values.
//!
//! While it is switched off, a request and a statement cost a look at an absent option each.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
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

use super::otlp_client::Courier;
use crate::config::Config;
use crate::error::{Error, Result};

/// How long an export may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last of them is waited for when the program ends.
const FINISHING: Duration = Duration::from_secs(1);

/// What the spans of one gateway go through: a queue that the SDK bounds, and drops from when it is full.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// What the settings ask for, if they ask for traces at all. The SDK reads the standard variables for the rest:
    /// headers, sampling, sizes of queue and batch.
    ///
    /// # Errors
    /// When the endpoint or one of the variables can't be read, or TLS has no working settings.
    pub fn new(config: &Config) -> Result<Option<Self>> {
        let endpoint = match (
            &config.otel_exporter_otlp_traces_endpoint,
            &config.otel_exporter_otlp_endpoint,
        ) {
            (Some(whole), _) => whole.text().to_owned(),
            (None, Some(base)) => format!("{}/v1/traces", base.text().trim_end_matches('/')),
            (None, None) => return Ok(None),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Courier::new(PATIENCE)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .map_err(Error::internal)?;
        let resource = Resource::builder()
            .with_service_name(config.otel_service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("stockroom");
        Ok(Some(Self { provider, tracer }))
    }

    /// A request that has come, as a part of the trace that its `traceparent` names, if it has one.
    pub fn request(&self, headers: &HeaderMap, method: &'static str, route: &str) -> Span {
        let above = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        let name = match route {
            "" => method.to_owned(),
            route => format!("{method} {route}"),
        };
        let attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
        ];
        self.begin(name, SpanKind::Server, &above, attributes)
    }

    /// An operation of GraphQL, below the request that it is part of, if it is part of one.
    pub fn operation(&self, above: Option<&Context>, ty: &'static str, name: Option<String>) -> Span {
        let mut attributes = vec![KeyValue::new("graphql.operation.type", ty)];
        let title = match name {
            Some(name) => {
                let title = format!("{ty} {name}");
                attributes.push(KeyValue::new("graphql.operation.name", name));
                title
            }
            None => ty.to_owned(),
        };
        let kind = match above {
            Some(_) => SpanKind::Internal,
            None => SpanKind::Server,
        };
        self.begin(title, kind, above.unwrap_or(&Context::new()), attributes)
    }

    /// A try to deliver a webhook.
    pub fn webhook(&self, host: &str, event: &'static str, message_id: &str) -> Span {
        let attributes = vec![
            KeyValue::new("http.request.method", "POST"),
            KeyValue::new("server.address", host.to_owned()),
            KeyValue::new("stockroom.webhook.event", event),
            KeyValue::new("stockroom.webhook.id", message_id.to_owned()),
        ];
        self.begin("POST".to_owned(), SpanKind::Client, &Context::new(), attributes)
    }

    fn begin(&self, name: String, kind: SpanKind, above: &Context, attributes: Vec<KeyValue>) -> Span {
        Span::begin(&self.tracer, name.into(), kind, above, attributes)
    }

    /// Sends what has not been sent yet, within a bounded time.
    pub async fn finish(&self) {
        let provider = self.provider.clone();
        // It waits for the SDK's own thread.
        let finishing = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FINISHING));
        match finishing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "some traces were not sent"),
            Err(error) => tracing::warn!(%error, "some traces were not sent"),
        }
    }
}

/// Something that takes time; it ends when this is dropped.
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
        above: &Context,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let span = tracer
            .span_builder(name)
            .with_kind(kind)
            .with_attributes(attributes)
            .start_with_context(tracer, above);
        Self {
            tracer: tracer.clone(),
            context: above.with_span(span),
        }
    }

    /// A statement that is sent to the database now, below this.
    pub fn statement(&self, system: &'static str, sql: &str) -> Statement {
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
            sql.chars().take(LONGEST_TEXT).collect::<String>(),
        ));
        Statement(span)
    }

    /// Whether anybody will see it.
    pub fn is_seen(&self) -> bool {
        self.context.span().span_context().is_sampled()
    }

    /// What is below it hangs here.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The number of its trace, as the log writes it.
    pub fn trace_id(&self) -> String {
        self.context.span().span_context().trace_id().to_string()
    }

    /// Notes something of it.
    pub fn note(&self, name: &'static str, value: impl Into<Value>) {
        self.context.span().set_attribute(KeyValue::new(name, value));
    }

    /// Records a response's status, and whether it counts as a failure of this span.
    pub fn response(&self, status: StatusCode, is_failure: bool) {
        self.note("http.response.status_code", i64::from(status.as_u16()));
        if is_failure {
            self.failed(status.as_str().to_owned());
        }
    }

    /// Notes that it failed, by a word of few values.
    pub fn failed(&self, kind: impl Into<Value>) {
        self.note("error.type", kind);
        self.context.span().set_status(Status::error(""));
    }

    /// It is over.
    pub fn end(&self) {
        self.context.span().end();
    }
}

/// A statement under way.
pub struct Statement(opentelemetry_sdk::trace::Span);

impl Statement {
    /// It is over.
    pub fn ended<T, E>(&mut self, result: &Result<T, E>) {
        if result.is_err() {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// The most characters of a statement that are told.
const LONGEST_TEXT: usize = 2_000;

/// What a statement does to which table first: `SELECT product`.
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
        // A query in parentheses has a table of its own.
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
    fn a_summary_names_verb_and_table() {
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
