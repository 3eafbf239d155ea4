//! Limits on responses that a client does not read. With HTTP/2, a client can delay the bodies of many streams by flow
//! control while it keeps the connection alive. These bodies would fill the memory.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The limits for a client that does not read its responses.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// The time for a client to accept the next part of a response. Its connection is closed after that.
    pub stall_timeout: Duration,
    /// The maximum number of bytes waiting to be sent on one HTTP/2 connection. Further requests on the connection wait.
    pub unread_bytes: u64,
    /// The maximum number of concurrent requests on one HTTP/2 connection.
    pub streams: u32,
}

impl ReadLimits {
    pub const DEFAULT: Self = Self {
        stall_timeout: Duration::from_secs(30),
        unread_bytes: 1024 * 1024,
        streams: 100,
    };
}

/// The maximum size in bytes of one part of a body. The HTTP/2 implementation keeps a part until the client accepts it.
const MAX_PART: usize = 16 * 1024;

/// The response bodies of one HTTP/2 connection.
#[derive(Default)]
pub(crate) struct UnreadBodies {
    state: Mutex<State>,
    /// Notified when the number of unread bytes decreases or the connection ends.
    progress: Notify,
}

#[derive(Default)]
struct State {
    next_id: u64,
    /// For each body that waits for the client, the time at which it began to wait.
    waiting: HashMap<u64, Instant>,
    /// The number of unread bytes of all bodies.
    bytes: u64,
    is_closed: bool,
}

impl UnreadBodies {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until fewer bytes than this are unread. Returns false if the connection has ended.
    pub(crate) async fn wait_until_below(&self, bytes: u64) -> bool {
        loop {
            let mut progress = std::pin::pin!(self.progress.notified());
            // Registered before the number is read, so that a change after that is not missed.
            progress.as_mut().enable();
            let (unread_bytes, is_closed) = {
                let state = self.state();
                (state.bytes, state.is_closed)
            };
            if is_closed || unread_bytes < bytes {
                return !is_closed;
            }
            progress.await;
        }
    }

    /// Completes when a body has waited for the client for at least `limit` and at most twice as long.
    pub(crate) async fn wait_until_stalled(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit).await;
            let is_stalled = |since: &Instant| since.elapsed() >= limit;
            if self.state().waiting.values().any(is_stalled) {
                return;
            }
        }
    }

    /// Adds the body of a response, and returns it wrapped so that its unread bytes are counted.
    pub(crate) fn add(self: &Arc<Self>, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let bytes = body.size_hint().lower();
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        state.waiting.insert(id, Instant::now());
        state.bytes = state.bytes.saturating_add(bytes);
        drop(state);
        Body::new(UnreadBody {
            bodies: Arc::clone(self),
            id,
            body,
            rest: Bytes::new(),
            unread_bytes: bytes,
            last_part: 0,
        })
    }
}

/// Ends the waiting requests of a connection when it is dropped.
pub(crate) struct CloseOnDrop(pub(crate) Arc<UnreadBodies>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.progress.notify_waiters();
    }
}

/// A body that reports when it waits for the client.
struct UnreadBody {
    bodies: Arc<UnreadBodies>,
    id: u64,
    body: Body,
    /// The rest of the last frame.
    rest: Bytes,
    /// The number of bytes that count as unread.
    unread_bytes: u64,
    /// The size of the part that was returned last. It has been sent when the next part is polled.
    last_part: u64,
}

impl UnreadBody {
    fn next_part(&mut self) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let part = self.rest.split_to(self.rest.len().min(MAX_PART));
        self.last_part = u64::try_from(part.len()).unwrap_or(u64::MAX);
        let mut state = self.bodies.state();
        state.waiting.insert(self.id, Instant::now());
        // The size of a streamed body is not known in advance, so its parts are counted here.
        let uncounted = self.last_part.saturating_sub(self.unread_bytes);
        state.bytes = state.bytes.saturating_add(uncounted);
        self.unread_bytes += uncounted;
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}

impl HttpBody for UnreadBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let mut state = this.bodies.state();
        state.waiting.remove(&this.id);
        let sent_bytes = std::mem::take(&mut this.last_part).min(this.unread_bytes);
        state.bytes = state.bytes.saturating_sub(sent_bytes);
        this.unread_bytes -= sent_bytes;
        drop(state);
        if sent_bytes > 0 {
            this.bodies.progress.notify_waiters();
        }
        if !this.rest.is_empty() {
            return this.next_part();
        }
        match std::task::ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    this.rest = data;
                    this.next_part()
                }
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            end_or_error => Poll::Ready(end_or_error),
        }
    }

    /// The end is reported as a separate frame, which is polled once the client has accepted everything before it.
    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let inner = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

impl Drop for UnreadBody {
    fn drop(&mut self) {
        let mut state = self.bodies.state();
        state.waiting.remove(&self.id);
        state.bytes = state.bytes.saturating_sub(self.unread_bytes);
        drop(state);
        self.bodies.progress.notify_waiters();
    }
}
