//! `TimeoutStream`: a connection with timeouts for a slow client.
//!
//! hyper limits the time for the head of a request, and the APIs limit the time for its body. This module handles the
//! other cases:
//!
//! - A client that sends nothing. hyper detects the version of HTTP from the first 24 bytes, without a timeout.
//! - A client that does not read the response.
//! - A client that is still sending when the server closes the connection, which would make the client's kernel discard the
//!   response.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The timeouts of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Timeouts {
    /// Until the first [`FIRST_BYTES`] of a connection have arrived.
    pub(crate) first_bytes: Duration,
    /// While the client accepts no byte of a response.
    pub(crate) stalled_write: Duration,
    /// Until the client has closed the connection after the server has closed its side.
    pub(crate) close: Duration,
}

pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    first_bytes: Duration::from_secs(30),
    stalled_write: Duration::from_secs(30),
    close: Duration::from_secs(1),
};

/// Length of the HTTP/2 preface in bytes. Every complete request is longer.
const FIRST_BYTES: usize = 24;
/// Maximum number of bytes to discard after the server has closed its side.
const MAX_DISCARDED: usize = 1024 * 1024;

pub(crate) struct TimeoutStream<S> {
    stream: S,
    timeouts: Timeouts,
    bytes_read: usize,
    first_bytes: Pin<Box<Sleep>>,
    /// Set while a write is pending.
    stalled_write: Option<Pin<Box<Sleep>>>,
    /// Set once the server has closed its side.
    closing: Option<Closing>,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl<S> TimeoutStream<S> {
    /// Wraps a connection that was just accepted.
    pub(crate) fn new(stream: S, timeouts: Timeouts) -> Self {
        Self {
            stream,
            timeouts,
            bytes_read: 0,
            first_bytes: Box::pin(tokio::time::sleep(timeouts.first_bytes)),
            stalled_write: None,
            closing: None,
        }
    }

    /// Returns the result of a write, or an error if writes have been pending for too long.
    fn check_write<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled_write = None;
            return result;
        }
        let timeout = self.timeouts.stalled_write;
        let deadline = self
            .stalled_write
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(timed_out("the client does not read the response")))
    }
}

fn timed_out(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, message)
}

impl<S: AsyncRead + Unpin> AsyncRead for TimeoutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(result) => {
                self.bytes_read = self.bytes_read.saturating_add(buffer.filled().len() - before);
                Poll::Ready(result)
            }
            Poll::Pending if self.bytes_read < FIRST_BYTES => {
                ready!(self.first_bytes.as_mut().poll(cx));
                Poll::Ready(Err(timed_out(
                    "the client does not send the first bytes of a request",
                )))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimeoutStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check_write(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.check_write(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.check_write(cx, result)
    }

    /// Closes the server's side, then reads until the client has closed its side. Closing a socket with unread bytes would
    /// make the kernel send a reset, which can arrive before the response.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let closing = this.closing.get_or_insert_with(|| Closing {
            deadline: Box::pin(tokio::time::sleep(this.timeouts.close)),
            bytes_left: MAX_DISCARDED,
        });
        let mut discarded = [0; 4096];
        loop {
            if closing.deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut discarded);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => match closing.bytes_left.checked_sub(buffer.filled().len()) {
                    Some(left) if left < closing.bytes_left => closing.bytes_left = left,
                    _ => return Poll::Ready(Ok(())),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const PIPE: usize = 1024;
    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(60);

    /// The client's side of a connection, and the server's side with these timeouts.
    fn connection(
        first_bytes: Duration,
        stalled_write: Duration,
        close: Duration,
    ) -> (DuplexStream, TimeoutStream<DuplexStream>) {
        let (client, server) = duplex(PIPE);
        let timeouts = Timeouts {
            first_bytes,
            stalled_write,
            close,
        };
        (client, TimeoutStream::new(server, timeouts))
    }

    #[tokio::test]
    async fn a_silent_connection_times_out() {
        for sent in [&b""[..], b"PRI * HTTP/2.0"] {
            let begin = Instant::now();
            let (mut client, mut server) = connection(SHORT, LONG, LONG);
            client.write_all(sent).await.unwrap();
            let mut read = Vec::new();
            let error = server.read_to_end(&mut read).await.unwrap_err();
            assert_eq!((error.kind(), &*read), (io::ErrorKind::TimedOut, sent));
            assert!(begin.elapsed() >= SHORT);
        }
    }

    #[tokio::test]
    async fn an_active_connection_can_be_idle() {
        let (mut client, mut server) = connection(SHORT, SHORT, SHORT);
        client.write_all(&[b'x'; FIRST_BYTES]).await.unwrap();
        server.read_exact(&mut [0; FIRST_BYTES]).await.unwrap();
        let idle = tokio::time::timeout(SHORT * 3, server.read_u8()).await;
        assert!(idle.is_err());
    }

    #[tokio::test]
    async fn a_stalled_write_fails() {
        let begin = Instant::now();
        let (mut client, mut server) = connection(LONG, SHORT, LONG);
        let error = server.write_all(&[0; 2 * PIPE]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= SHORT);
        client.read_exact(&mut [0; PIPE]).await.unwrap();
    }

    #[tokio::test]
    async fn progress_restarts_the_write_timeout() {
        let (mut client, mut server) = connection(LONG, SHORT * 10, LONG);
        let reading = tokio::spawn(async move {
            for _ in 0..15 {
                tokio::time::sleep(SHORT).await;
                client.read_exact(&mut [0; PIPE]).await.unwrap();
            }
        });
        server.write_all(&[0; 15 * PIPE]).await.unwrap();
        reading.await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_connection_is_drained() {
        let (mut client, mut server) = connection(LONG, LONG, LONG);
        let closing = tokio::spawn(async move { server.shutdown().await });
        client.write_all(&[0; 20 * PIPE]).await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        drop(client);
        closing.await.unwrap().unwrap();

        let begin = Instant::now();
        let (client, mut server) = connection(LONG, LONG, SHORT);
        server.shutdown().await.unwrap();
        assert!((SHORT..LONG).contains(&begin.elapsed()));
        drop(client);
    }
}
