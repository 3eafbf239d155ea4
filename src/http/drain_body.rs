//! `DrainBody`: a request's body that is read to its end even when its handler answers without it.
//!
//! A server that refuses a request and closes the connection while the client still sends makes the client's system drop
//! the answer: the client sees a reset connection and not the 401 or 413 that was sent. So what is left of a body is
//! read and thrown away, up to a bound.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The most bytes that are read for nobody.
const MOST: usize = 16 * 1024 * 1024;
/// The longest that they are waited for.
const LONGEST: Duration = Duration::from_secs(10);

/// A body that is not left lying.
pub struct DrainBody(Option<Incoming>);

impl DrainBody {
    /// Watches over a body.
    pub fn new(body: Incoming) -> Self {
        Self(Some(body))
    }
}

impl Body for DrainBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0
            .as_ref()
            .map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for DrainBody {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        // The runtime is gone only when the program is.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LONGEST, read_for_nobody(body)));
        }
    }
}

async fn read_for_nobody(mut body: Incoming) {
    let mut left = MOST;
    while let Some(Ok(frame)) = body.frame().await {
        let read = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(read) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
