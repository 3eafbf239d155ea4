//! The server: accepts connections, bounds how many there are and how long each may take to ask, and lets what runs
//! finish before it leaves. (axum's own server has no time limit for a request's head.)

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::unread::Unread;
use super::{router, without_trailing_slash};
use crate::app::App;
use crate::error::{Error, Result};

/// Connections at the same time; the next ones wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// How long a request's head may take to arrive, and how long a connection may rest between requests.
const HEAD: Duration = Duration::from_secs(30);
/// The most bytes of a request's head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long what runs may take to finish once the program is told to stop.
const LEAVING: Duration = Duration::from_secs(8);
/// How long to wait before accepting again when the system has no more files to give.
const OUT_OF_FILES: Duration = Duration::from_millis(50);

/// Serves until `stop` is there, then finishes what runs.
///
/// # Errors
/// When the router can't be reached; nothing that a client does.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let router = router(Arc::clone(&app))?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
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
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(OUT_OF_FILES).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection has gone at once");
        }
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    app.stop();
    app.streams.close();
    let leaving = async { tokio::join!(graceful.shutdown(), app.streams.wait()) };
    if tokio::time::timeout(LEAVING, leaving).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    // It has been finishing since the program was told to stop, beside the requests.
    if let Some(webhooks) = app.webhooks.as_ref().filter(|_| app.is_stopping()) {
        webhooks.ended().await;
    }
    app.db.close().await;
    Ok(())
}

async fn answer(
    router: axum::Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(|body| Body::new(Unread::new(body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(uri) = without_trailing_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    router.oneshot(request).await
}
