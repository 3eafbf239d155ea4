//! `stockroom health`: checks that the server on this machine responds, for container health checks.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use http_server::probe::probe;

use super::output::print;
use crate::config::Config;
use crate::error::{Error, Result};

/// The maximum time to wait for the response.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Args, Debug)]
pub(super) struct Health {
    /// Check that the server can serve requests (`/readyz`), not only that its process responds (`/livez`)
    #[arg(long)]
    ready: bool,
}

pub(super) async fn run(config: &Config, health: &Health) -> Result<ExitCode> {
    let path = if health.ready { "/readyz" } else { "/livez" };
    let address = config.bind;
    let response = tokio::time::timeout(TIMEOUT, probe(address, path)).await;
    let (status, body) = response
        .map_err(|_| Error::internal(format!("{address} did not respond in time")))?
        .map_err(|error| Error::internal(format!("{address} does not respond: {error}")))?;
    print(&format!("{path} {status} {body}"))?;
    Ok(if status == 200 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
