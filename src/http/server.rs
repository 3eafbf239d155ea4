//! The server: accepts connections, bounds how many there are and how long each may take to ask, and lets what runs
//! finish before it leaves. (axum's own server has no time limit for a request's head.)

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use super::drain_body::DrainBody;
use super::io_timeouts::{BOUNDS, TimeoutStream};
use super::{router, without_trailing_slash};
use crate::error::Result;
use crate::services::Services;

/// Connections at the same time, at most; the next ones wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// Open files that are not connections of clients: the database, webhooks, the log.
const OTHER_FILES: usize = 128;
/// How long a request's head may take to arrive, and how long a connection may rest between requests.
const HEAD: Duration = Duration::from_secs(30);
/// The most bytes of a request's head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long what runs may take to finish once the program is told to stop.
const LEAVING: Duration = Duration::from_secs(7);
/// How long a connection that has just begun is waited for to ask, then.
const FIRST_REQUEST: Duration = Duration::from_secs(2);
/// How long the database may take to close.
const CLOSING: Duration = Duration::from_secs(1);
/// How long to wait before accepting again when the system has no more files to give.
const OUT_OF_FILES: Duration = Duration::from_millis(50);

/// Serves until `stop` is there, then finishes what runs.
///
/// # Errors
/// When the database does not close; nothing that a client does.
pub async fn serve(
    services: Arc<Services>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let connections = connections(rlimit::Resource::NOFILE.get_soft().ok());
    let server = Server {
        router: router(Arc::clone(&services))?,
        services: Arc::clone(&services),
        places: Arc::new(Semaphore::new(connections)),
        builder: builder(),
        leaving: watch::Sender::new(false),
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = server.accept(&listener) => match accepted {
                Ok(connection) => server.begin(connection),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(OUT_OF_FILES).await;
                }
            },
            () = &mut stop => break,
        }
    }
    services.stop();
    server.begin_the_last(listener);
    server.leaving.send_replace(true);
    // A connection that has ended has given its place back.
    let everyone = server
        .places
        .acquire_many(u32::try_from(connections).unwrap_or(u32::MAX));
    let left = async {
        let everyone = everyone.await;
        // WebSockets no longer hold a place, and the webhook worker never does.
        services.tasks.close();
        services.tasks.wait().await;
        everyone
    };
    if tokio::time::timeout(LEAVING, left).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    let finish = async {
        if let Some(traces) = &services.traces {
            traces.finish().await;
        }
    };
    let close = tokio::time::timeout(CLOSING, services.db.close());
    if futures_util::future::join(close, finish).await.0.is_err() {
        tracing::warn!("the database did not close in time");
    }
    Ok(())
}

/// How many connections there is room for where so many files may be open.
fn connections(files: Option<u64>) -> usize {
    let files = files.map_or(CONNECTIONS, |files| usize::try_from(files).unwrap_or(usize::MAX));
    // With very few files, half of them.
    files
        .saturating_sub(OTHER_FILES)
        .max(files / 2)
        .clamp(1, CONNECTIONS)
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD)
        .max_concurrent_streams(256);
    builder
}

struct Server {
    router: axum::Router,
    services: Arc<Services>,
    places: Arc<Semaphore>,
    builder: Builder<TokioExecutor>,
    /// Tells the connections to come to an end.
    leaving: watch::Sender<bool>,
}

type Accepted = (OwnedSemaphorePermit, TcpStream, SocketAddr);

impl Server {
    /// The next connection, once there is a place for it.
    async fn accept(&self, listener: &TcpListener) -> io::Result<Accepted> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (stream, peer) = listener.accept().await?;
        Ok((place.map_err(io::Error::other)?, stream, peer))
    }

    /// Serves those, too, that the system has accepted for us, and listens no more. The system itself is asked until it has
    /// no more: what the runtime knows of a listener is older, and who is left there would be reset.
    fn begin_the_last(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, peer)) = listener.accept() {
            let stream = stream
                .set_nonblocking(true)
                .and_then(|()| TcpStream::from_std(stream));
            match (Arc::clone(&self.places).try_acquire_owned(), stream) {
                (Ok(place), Ok(stream)) => self.begin((place, stream, peer)),
                (Err(_), _) => return,
                (_, Err(error)) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
    }

    fn begin(&self, (place, stream, peer): Accepted) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection has gone at once");
        }
        let asked = Arc::<Notify>::default();
        let (router, asks) = (self.router.clone(), Arc::clone(&asked));
        let service = service_fn(move |request| {
            asks.notify_one();
            answer(router.clone(), peer, request)
        });
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(TimeoutStream::new(stream, BOUNDS)), service)
            .into_owned();
        let mut leaving = self.leaving.subscribe();
        let told_to_leave = async move {
            // The sender goes only when everybody has left.
            let _ = leaving.wait_for(|leaving| *leaving).await;
        };
        let counted = self.services.metrics.connected();
        tokio::spawn(async move {
            let _place = (place, counted);
            let mut connection = pin!(connection);
            tokio::select! {
                ended = connection.as_mut() => return note(ended),
                () = told_to_leave => {}
            }
            // Told to end before its first request has been read, a connection would drop it.
            tokio::select! {
                ended = connection.as_mut() => return note(ended),
                _ = tokio::time::timeout(FIRST_REQUEST, asked.notified()) => {}
            }
            connection.as_mut().graceful_shutdown();
            note(connection.await);
        });
    }
}

fn note<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    router: axum::Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(|body| Body::new(DrainBody::new(body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(uri) = without_trailing_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    let mut response = router.oneshot(request).await?;
    if response.status() == StatusCode::NOT_FOUND {
        // The router adds it to whatever a route answers to a method that it has not, around all its layers.
        response.headers_mut().remove(header::ALLOW);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_connections_than_files() {
        for (files, expected) in [
            (None, CONNECTIONS - OTHER_FILES),
            (Some(u64::MAX), CONNECTIONS),
            (Some(1_048_576), CONNECTIONS),
            (Some(1024), 1024 - OTHER_FILES),
            (Some(64), 32),
            (Some(0), 1),
        ] {
            assert_eq!(connections(files), expected, "{files:?}");
        }
    }
}
