//! What an operator gets to know of a try: a figure, and a span where traces are wanted.

use std::future::Future;

use url::Url;

use super::client::{AttemptResult, Message};
use crate::app::App;

/// Watches a try: of the address, its host alone is told.
pub async fn watched(
    app: &App,
    url: &str,
    event: &'static str,
    message: &Message,
    sending: impl Future<Output = AttemptResult>,
) -> AttemptResult {
    let span = app.traces.as_ref().map(|traces| {
        let url = url.parse::<Url>().ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        traces.webhook(host, event, &message.id)
    });
    let tried = sending.await;
    let is_taken = matches!(&tried, AttemptResult::Answered { status, .. } if status.is_success());
    app.metrics.tried(is_taken);
    if let Some(span) = span {
        match &tried {
            AttemptResult::Answered { status, .. } => span.answered(*status, !is_taken),
            AttemptResult::Unanswered(_) => span.failed("unanswered"),
        }
        span.end();
    }
    tried
}
