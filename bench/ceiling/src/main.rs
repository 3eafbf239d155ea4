//! A server that answers only the requests of `bench/cases.py`, as fast as possible: one fixed SQL statement for most
//! requests, and JSON written by hand. It checks the access token, but has no permissions, no ledger and no validation.
//!
//! `bench/run` measures this server and the program on the same machine and the same database, and compares their speed.

mod json;
mod postgres;
mod requests;
mod sqlite;
mod store;
mod token;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;

use self::requests::App;
use self::store::Store;
use self::token::Verifier;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The allocator of the program. Requests make many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Settings {
    /// A database that the program has created and filled.
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// The key that the program signs tokens with.
    #[arg(long, env = "SECRET_KEY", hide_env_values = true)]
    secret_key: String,
    #[arg(long, env = "BIND")]
    bind: SocketAddr,
}

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ceiling: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = match settings.database_url.strip_prefix("sqlite://") {
            Some(path) => Store::sqlite(Path::new(path))?,
            None => Store::postgres(&settings.database_url).await?,
        };
        let app = App::new(store, Verifier::new(&settings.secret_key)?).await?;
        let listener = TcpListener::bind(settings.bind).await?;
        eprintln!("ceiling: listening on {}", listener.local_addr()?);
        // Fails only for a connection that has ended.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        Ok(axum::serve(listener, requests::router(Arc::new(app))).await?)
    })
}
