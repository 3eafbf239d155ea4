//! The commands.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::rest;

mod migrate;
mod serve;
pub mod shop;
mod telemetry;
mod user;

/// An inventory gateway: GraphQL and REST over SQLite or PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "stockroom", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the database up to date, then serve
    Serve,
    /// Bring the database up to date or back
    Migrate {
        #[command(subcommand)]
        command: migrate::Migrate,
    },
    /// Manage who can log in
    User {
        #[command(subcommand)]
        command: user::User,
    },
    /// Print the OpenAPI description of the REST API
    Openapi,
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> ExitCode {
    telemetry::start(cli.config.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::serve(cli.config).await,
            Command::Migrate { command } => migrate::run(cli.config, command).await,
            Command::User { command } => user::run(cli.config, command).await,
            Command::Openapi => print(rest::openapi::document()).map(|()| ExitCode::SUCCESS),
        }
    });
    match result {
        Ok(code) => code,
        Err(error) => fail(&explain(&error)),
    }
}

fn fail(message: &str) -> ExitCode {
    // Nothing is left to do where even this can't be written.
    let _ = writeln!(std::io::stderr(), "stockroom: {message}");
    ExitCode::FAILURE
}

/// An error in words for whoever runs the command.
fn explain(error: &Error) -> String {
    match error {
        Error::Internal(cause) => format!("{cause:?}"),
        Error::Unavailable(cause) => format!("the database is not available: {cause:?}"),
        Error::NotFound => "there is no such user".to_owned(),
        Error::Invalid(faults) => faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field, fault.message))
            .collect::<Vec<_>>()
            .join("\n"),
        other => format!("{other:?}"),
    }
}

/// The program's parts, over a database that is up to date.
async fn open_migrated(config: Config) -> Result<Arc<App>> {
    let app = App::open(config, Clock::system()).await?;
    app.db.migrate_up().await?;
    Ok(app)
}

/// Writes a line to the standard output.
fn print(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Error::internal)
}
