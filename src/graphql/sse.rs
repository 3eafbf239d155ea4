//! Server-sent events: the protocol of `graphql-sse`, distinct connections mode. Each answer is a `next` event; `complete`
//! follows the last. A stream that is broken off, because its login or the program ends, ends without it, so that the
//! client comes back and is told why, or served.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::mpsc;

use super::answer::Answer;
use crate::auth::session::Session;
use crate::services::Services;

/// Events that wait for a slow reader.
const QUEUE: usize = 16;
/// How long one waits for it before the stream is broken off.
pub const SLOWEST: Duration = Duration::from_secs(10);
/// How often something is sent that means nothing, so that whoever is between does not take the stream for dead.
const SIGN_OF_LIFE: Duration = Duration::from_secs(12);

/// Answers with a stream of answers.
pub fn respond(
    services: &Arc<Services>,
    session: Session,
    answers: impl Stream<Item = Answer> + Send + 'static,
) -> Response {
    let (events, body) = mpsc::channel(QUEUE);
    let stopped = Arc::clone(services);
    services.tasks.spawn(async move {
        let answers = std::pin::pin!(answers);
        tokio::select! {
            () = send(&stopped, events, &session, answers) => {}
            () = session.ended() => {}
            () = stopped.stopped() => {}
        }
    });
    let body = stream::unfold(body, async |mut body| {
        let event: Bytes = body.recv().await?;
        Some((Ok::<_, Infallible>(event), body))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather what they pass on.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

async fn send(
    services: &Services,
    events: mpsc::Sender<Bytes>,
    session: &Session,
    mut answers: std::pin::Pin<&mut (impl Stream<Item = Answer> + Send)>,
) {
    // The head of the response is on its way with this.
    let mut event = Bytes::from_static(b":\n\n");
    loop {
        let sent = tokio::time::timeout(SLOWEST, events.send(event)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
        event = tokio::select! {
            answer = answers.next() => match answer {
                Some(answer) => {
                    // Whoever has been shut out since is told nothing more.
                    if session.ctx().await.is_err() {
                        return;
                    }
                    format!("event: next\ndata: {}\n\n", answer.to_json()).into()
                }
                // What ends with the program is not complete: whoever listens has to come again.
                None if services.is_stopping() => return,
                None => {
                    let complete = Bytes::from_static(b"event: complete\ndata:\n\n");
                    // It does not matter whether anybody hears the last word.
                    let _ = tokio::time::timeout(SLOWEST, events.send(complete)).await;
                    return;
                }
            },
            () = tokio::time::sleep(SIGN_OF_LIFE) => Bytes::from_static(b":\n\n"),
            () = events.closed() => return,
        };
    }
}
