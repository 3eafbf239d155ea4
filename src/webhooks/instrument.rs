//! Observes delivery attempts: a counter for each result, and a span if traces are exported.

use std::future::Future;

use url::Url;
use webhook_sender::{AttemptResult, SignedMessage};

use crate::services::Services;

/// Observes an attempt. The span has only the host of the URL, because the rest may contain a secret.
pub async fn instrument(
    services: &Services,
    url: &str,
    event: &'static str,
    message: &SignedMessage,
    attempt: impl Future<Output = AttemptResult>,
) -> AttemptResult {
    let span = services.traces.as_ref().map(|traces| {
        let url = url.parse::<Url>().ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let attributes = [
            ("stockroom.webhook.event", event.to_owned()),
            ("stockroom.webhook.id", message.id.clone()),
        ];
        traces.post(host, attributes)
    });
    let result = attempt.await;
    let succeeded = matches!(&result, AttemptResult::Response { status, .. } if status.is_success());
    services.metrics.count_webhook_attempt(succeeded);
    if let Some(span) = span {
        match &result {
            AttemptResult::Response { status, .. } => span.record_response(*status, !succeeded),
            AttemptResult::NoResponse(_) => span.mark_failed("unanswered"),
        }
        span.end();
    }
    result
}
