//! Accepts connections, limits their number and the time for the head of a request, and lets running requests finish on
//! shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use crate::drain_body::DrainBody;
use crate::io_timeouts::{TIMEOUTS, TimeoutStream, Timeouts};
use crate::trailing_slash::without_trailing_slash;
use crate::unread_body::{CloseOnDrop, ReadLimits, UnreadBodies};

/// Maximum number of concurrent connections; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4096;
/// File descriptors reserved for everything except client connections: databases, files, the log.
const OTHER_FILES: usize = 128;
/// Timeout for the head of a request, and for an idle connection between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum size of the head of a request in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Time for running requests to finish on shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(7);
/// Time for a new connection to send its first request on shutdown.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for an idle connection to send another request on shutdown, since the request may already be on its way.
const NEXT_REQUEST_TIMEOUT: Duration = Duration::from_millis(500);
/// Pause before accepting again after a failure, which is usually caused by a lack of file descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// What the server needs from the program that runs it.
pub trait Program: Send + Sync + 'static {
    /// A value that is held while a connection is open, such as a gauge that is decremented when it is dropped.
    type Connection: Send + 'static;

    /// Called for each accepted connection.
    fn connection_accepted(&self) -> Self::Connection;
    /// Called when the server begins to shut down. The program should end its streams and report the shutdown in readiness
    /// probes.
    fn shutdown_started(&self);
    /// Completes when all work outside of connections has ended, such as streams of upgraded connections. Awaited after all
    /// connections have ended, within the same time limit.
    fn wait_until_finished(&self) -> impl Future<Output = ()> + Send;
}

/// Serves until `stop` completes, then lets running requests finish, within a time limit.
///
/// Requests have the address of the peer as the extension [`ConnectInfo`]. A trailing slash is removed from their paths.
pub async fn serve<P: Program>(
    program: &Arc<P>,
    router: axum::Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    serve_with(program, router, listener, ReadLimits::DEFAULT, stop).await;
}

/// Like [`serve`], with other limits on unread responses.
pub async fn serve_with<P: Program>(
    program: &Arc<P>,
    router: axum::Router,
    listener: TcpListener,
    limits: ReadLimits,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let max_connections = max_connections(rlimit::Resource::NOFILE.get_soft().ok());
    let server = Server {
        router,
        program: Arc::clone(program),
        slots: Arc::new(Semaphore::new(max_connections)),
        builder: builder(limits),
        limits,
        shutdown: watch::Sender::new(false),
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = server.accept(&listener) => match accepted {
                Ok(connection) => server.spawn(connection),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            },
            () = &mut stop => break,
        }
    }
    program.shutdown_started();
    server.accept_queued(listener);
    server.shutdown.send_replace(true);
    // Every connection holds a slot until it ends.
    let all_slots = server
        .slots
        .acquire_many(u32::try_from(max_connections).unwrap_or(u32::MAX));
    let finished = async {
        let all_slots = all_slots.await;
        // Upgraded connections no longer hold a slot.
        program.wait_until_finished().await;
        all_slots
    };
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Returns the maximum number of connections for a limit of open files.
fn max_connections(files: Option<u64>) -> usize {
    let files = files.map_or(MAX_CONNECTIONS, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    // With a very low limit, use half of the files.
    files
        .saturating_sub(OTHER_FILES)
        .max(files / 2)
        .clamp(1, MAX_CONNECTIONS)
}

fn builder(limits: ReadLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Some clients compare header names case-sensitively.
        .title_case_headers(true)
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_concurrent_streams(limits.streams);
    builder
}

struct Server<P> {
    router: axum::Router,
    program: Arc<P>,
    slots: Arc<Semaphore>,
    builder: Builder<TokioExecutor>,
    limits: ReadLimits,
    /// Set to true on shutdown.
    shutdown: watch::Sender<bool>,
}

type AcceptedConnection = (OwnedSemaphorePermit, TcpStream, SocketAddr);

impl<P: Program> Server<P> {
    /// Accepts the next connection once a slot is free.
    async fn accept(&self, listener: &TcpListener) -> io::Result<AcceptedConnection> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let (stream, peer) = listener.accept().await?;
        Ok((slot.map_err(io::Error::other)?, stream, peer))
    }

    /// Serves the connections in the kernel's queue and closes the listener.
    ///
    /// Connections left in the queue would be reset. The queue is read without the runtime, since the runtime may not have
    /// been notified of the latest connections.
    fn accept_queued(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, peer)) = listener.accept() {
            let stream = stream
                .set_nonblocking(true)
                .and_then(|()| TcpStream::from_std(stream));
            match (Arc::clone(&self.slots).try_acquire_owned(), stream) {
                (Ok(slot), Ok(stream)) => self.spawn((slot, stream, peer)),
                (Err(_), _) => return,
                (_, Err(error)) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
    }

    fn spawn(&self, (slot, stream, peer): AcceptedConnection) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was closed right after it was accepted");
        }
        let requests = Arc::<Requests>::default();
        let (router, counted_requests) = (self.router.clone(), Arc::clone(&requests));
        let (limits, unread_bodies) = (self.limits, Arc::<UnreadBodies>::default());
        let bodies = Arc::clone(&unread_bodies);
        let mut shutdown = self.shutdown.subscribe();
        let stopping = shutdown.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let running = counted_requests.start();
            let (router, bodies, stopping) = (router.clone(), Arc::clone(&bodies), stopping.clone());
            async move {
                let _running = running;
                // With HTTP/1, a connection has one response at a time, and the write timeout closes it.
                if request.version() != Version::HTTP_2 {
                    let mut response = respond(router, peer, request).await?;
                    if *stopping.borrow() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                        // Makes the client send its next request over another connection.
                        let close = HeaderValue::from_static("close");
                        response.headers_mut().insert(header::CONNECTION, close);
                    }
                    return Ok::<_, Infallible>(response);
                }
                if !bodies.wait_until_below(limits.unread_bytes).await {
                    // The connection has ended, so this response is not sent.
                    return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
                }
                let response = respond(router, peer, request).await?;
                Ok(response.map(|body| bodies.add(body)))
            }
        });
        let timeouts = Timeouts {
            stalled_write: limits.stall_timeout,
            ..TIMEOUTS
        };
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(TimeoutStream::new(stream, timeouts)), service)
            .into_owned();
        let shutdown = async move {
            // Fails only if the sender was dropped, which also means shutdown.
            let _ = shutdown.wait_for(|shutdown| *shutdown).await;
        };
        let guard = self.program.connection_accepted();
        tokio::spawn(async move {
            let _held = (slot, guard);
            let mut connection = pin!(connection);
            let _close_on_drop = CloseOnDrop(Arc::clone(&unread_bodies));
            tokio::select! {
                result = connection.as_mut() => return log_end(result),
                () = unread_bodies.wait_until_stalled(limits.stall_timeout) => {
                    return tracing::debug!("a connection was closed because the client does not read a response");
                }
                () = shutdown => {}
            }
            // hyper's graceful shutdown closes an idle connection at once, even if it has a request that was not read.
            tokio::select! {
                result = connection.as_mut() => return log_end(result),
                () = requests.wait_for_last_request() => {}
            }
            connection.as_mut().graceful_shutdown();
            log_end(connection.await);
        });
    }
}

/// The requests of one connection.
#[derive(Default)]
struct Requests {
    /// Whether there has been a request.
    any: AtomicBool,
    running: AtomicUsize,
    started: Notify,
}

impl Requests {
    /// Counts a request as running until the returned value is dropped.
    fn start(self: &Arc<Self>) -> RunningRequest {
        self.any.store(true, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        self.started.notify_waiters();
        RunningRequest(Arc::clone(self))
    }

    /// Waits on shutdown until a request is running, or until the time for another request is over.
    async fn wait_for_last_request(&self) {
        let mut next = pin!(self.started.notified());
        next.as_mut().enable();
        if self.running.load(Ordering::Relaxed) > 0 {
            return;
        }
        let time = if self.any.load(Ordering::Relaxed) {
            NEXT_REQUEST_TIMEOUT
        } else {
            FIRST_REQUEST_TIMEOUT
        };
        // The connection is closed in either case; a running request is finished first.
        let _ = tokio::time::timeout(time, next).await;
    }
}

struct RunningRequest(Arc<Requests>);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn log_end<E: std::fmt::Display>(result: Result<(), E>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn respond(
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
        // axum adds the header to every response of a method fallback, even to a 404, after all layers have run.
        response.headers_mut().remove(header::ALLOW);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_limited_by_open_files() {
        for (files, expected) in [
            (None, MAX_CONNECTIONS - OTHER_FILES),
            (Some(u64::MAX), MAX_CONNECTIONS),
            (Some(1_048_576), MAX_CONNECTIONS),
            (Some(1024), 1024 - OTHER_FILES),
            (Some(64), 32),
            (Some(0), 1),
        ] {
            assert_eq!(max_connections(files), expected, "{files:?}");
        }
    }
}
