//! `TimeoutStream`: a connection with bounds on how long its client may take.
//!
//! hyper bounds how long a request's head takes, and the faces how long its body does. What is left is here: a client
//! that sends nothing at all (until 24 bytes are there hyper only guesses at the version of HTTP, without a time limit),
//! one that does not read its answer, and one that still sends when its connection is closed, which would make its system
//! drop the answer on the way.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a client may take for what.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// The first bytes of a connection.
    pub beginning: Duration,
    /// Taking anything of what is sent.
    pub stalled: Duration,
    /// Closing a connection that is closed on our side.
    pub parting: Duration,
}

/// The bounds of every connection.
pub const BOUNDS: Bounds = Bounds {
    beginning: Duration::from_secs(30),
    stalled: Duration::from_secs(30),
    parting: Duration::from_secs(1),
};

/// How many bytes make a beginning: the preface of HTTP/2. Every whole request is longer.
const FIRST_BYTES: usize = 24;
/// The most that is read meanwhile, for nobody.
const MOST: usize = 1024 * 1024;

/// A connection whose client is waited for, but not for ever.
pub struct TimeoutStream<S> {
    stream: S,
    bounds: Bounds,
    read: usize,
    beginning: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    parting: Option<Parting>,
}

/// Our side is closed.
struct Parting {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl<S> TimeoutStream<S> {
    /// Bounds a connection that has just been accepted.
    pub fn new(stream: S, bounds: Bounds) -> Self {
        Self {
            stream,
            bounds,
            read: 0,
            beginning: Box::pin(tokio::time::sleep(bounds.beginning)),
            stalled: None,
            parting: None,
        }
    }

    /// What came of an attempt to write, unless nothing has come of it for too long.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let longest = self.bounds.stalled;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(too_slow("the client does not read")))
    }
}

fn too_slow(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
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
                self.read = self.read.saturating_add(buffer.filled().len() - before);
                Poll::Ready(result)
            }
            Poll::Pending if self.read < FIRST_BYTES => {
                ready!(self.beginning.as_mut().poll(cx));
                Poll::Ready(Err(too_slow("the client sends nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimeoutStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bounded(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.bounded(cx, flushed)
    }

    /// Closes our side, and reads on until the client has closed theirs: what lies unread when a socket is given up makes
    /// the system send a reset, which overtakes the answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.parting.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let parting = this.parting.get_or_insert_with(|| Parting {
            until: Box::pin(tokio::time::sleep(this.bounds.parting)),
            left: MOST,
        });
        let mut nobody = [0; 4096];
        loop {
            if parting.until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut nobody);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => match parting.left.checked_sub(buffer.filled().len()) {
                    Some(left) if left < parting.left => parting.left = left,
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

    /// A client, and the server's side with these bounds.
    fn connection(
        beginning: Duration,
        stalled: Duration,
        parting: Duration,
    ) -> (DuplexStream, TimeoutStream<DuplexStream>) {
        let (client, server) = duplex(PIPE);
        let bounds = Bounds {
            beginning,
            stalled,
            parting,
        };
        (client, TimeoutStream::new(server, bounds))
    }

    #[tokio::test]
    async fn silence_ends_a_connection() {
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
    async fn who_has_begun_may_rest() {
        let (mut client, mut server) = connection(SHORT, SHORT, SHORT);
        client.write_all(&[b'x'; FIRST_BYTES]).await.unwrap();
        server.read_exact(&mut [0; FIRST_BYTES]).await.unwrap();
        let resting = tokio::time::timeout(SHORT * 3, server.read_u8()).await;
        assert!(resting.is_err());
    }

    #[tokio::test]
    async fn who_does_not_read_is_given_up() {
        let begin = Instant::now();
        let (mut client, mut server) = connection(LONG, SHORT, LONG);
        let error = server.write_all(&[0; 2 * PIPE]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= SHORT);
        client.read_exact(&mut [0; PIPE]).await.unwrap();
    }

    #[tokio::test]
    async fn each_byte_that_is_taken_gives_new_time() {
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
    async fn a_closed_connection_reads_on_for_a_moment() {
        let (mut client, mut server) = connection(LONG, LONG, LONG);
        let parting = tokio::spawn(async move { server.shutdown().await });
        client.write_all(&[0; 20 * PIPE]).await.unwrap();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        drop(client);
        parting.await.unwrap().unwrap();

        let begin = Instant::now();
        let (client, mut server) = connection(LONG, LONG, SHORT);
        server.shutdown().await.unwrap();
        assert!((SHORT..LONG).contains(&begin.elapsed()));
        drop(client);
    }
}
