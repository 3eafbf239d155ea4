//! Server-sent events: the protocol of `graphql-sse`, distinct connections mode. Each response is a `next` event, and
//! `complete` follows the last. If a stream ends because its login is no longer valid or the program shuts down, `complete`
//! is not sent, so that the client reconnects.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::host::Host;
use crate::response::GraphQlResponse;
use crate::service::Service;

/// Maximum number of events queued for a slow reader.
const QUEUE_CAPACITY: usize = 16;
/// Time between comments on an idle stream, which keep proxies from closing it.
const KEEP_ALIVE: Duration = Duration::from_secs(12);
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");

/// Streams responses as events.
pub(crate) fn respond<H: Host>(
    service: &Arc<Service<H>>,
    session: H::Session,
    responses: impl Stream<Item = GraphQlResponse> + Send + 'static,
) -> Response {
    let (events, body) = mpsc::channel(QUEUE_CAPACITY);
    let task = Arc::clone(service);
    service.host().spawn(async move {
        let (host, responses) = (task.host(), pin!(responses));
        tokio::select! {
            () = send(&task, events, &session, responses) => {}
            () = host.wait_for_expiry(&session) => {}
            () = host.wait_for_shutdown() => {}
        }
    });
    let body = stream::unfold(body, async |mut body| {
        let event: Bytes = body.recv().await?;
        Some((Ok::<_, Infallible>(event), body))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // Keeps nginx from buffering the stream.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

async fn send<H: Host>(
    service: &Service<H>,
    events: mpsc::Sender<Bytes>,
    session: &H::Session,
    mut responses: Pin<&mut (impl Stream<Item = GraphQlResponse> + Send)>,
) {
    let (host, write_time) = (service.host(), service.engine.settings().limits.write_time);
    // The first comment makes the server send the head of the response.
    let mut event = COMMENT;
    loop {
        if !matches!(timeout(write_time, events.send(event)).await, Ok(Ok(()))) {
            return;
        }
        event = tokio::select! {
            response = responses.next() => match response {
                Some(response) => {
                    // A login that was revoked since the last event ends the stream. So does an event that could not be
                    // resolved: without `complete`, the client reconnects and resumes after the last event it received.
                    if response.is_incomplete() || service.begin(session).await.is_err() {
                        return;
                    }
                    format!("event: next\ndata: {}\n\n", response.to_json()).into()
                }
                None if host.is_stopping() => return,
                None => {
                    // Fails if the client has disconnected.
                    let _ = timeout(write_time, events.send(COMPLETE)).await;
                    return;
                }
            },
            () = sleep(KEEP_ALIVE) => COMMENT,
            () = events.closed() => return,
        };
    }
}
