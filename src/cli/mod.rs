//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use request_telemetry::{flush_log, flush_log_on_park, start_log};

use self::output::{explain, fail};
use crate::config::Config;

mod backup;
mod check;
mod copy;
mod demo;
mod export;
mod health;
mod import;
mod load;
mod migrate;
mod open;
mod output;
mod repair;
mod seed;
mod serve;
mod settings;
mod user;

pub use settings::parse;

/// An inventory gateway: GraphQL and REST over SQLite or PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "stockroom", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: Config,
    /// The value of `RUST_LOG`.
    #[arg(skip)]
    log_filter: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Apply missing migrations, then serve
    Serve,
    /// Serve sample data, with users, from a temporary database
    Demo,
    /// Apply, list or revert migrations
    Migrate {
        #[command(subcommand)]
        command: migrate::Migrate,
    },
    /// Manage users
    User {
        #[command(subcommand)]
        command: user::User,
    },
    /// Add sample data to the database
    Seed(seed::Seed),
    /// Import a Django installation: `check` reports what would happen, `run` does it
    Import {
        #[command(subcommand)]
        command: import::Import,
    },
    /// Copy a whole Stockroom database into an empty one, from SQLite to PostgreSQL or the other way around
    Copy(copy::Copy),
    /// Verify the invariants of the data, such as that stock and ledger agree; the database can stay in use. Exits with 1 if
    /// an invariant is violated, with 2 if they could not be verified
    Check,
    /// Recompute derived data that `check` has found to be wrong; the database can stay in use
    Repair {
        #[command(subcommand)]
        command: repair::Repair,
    },
    /// Check that the server at the address of `BIND` responds; exit with 1 if it does not
    Health(health::Health),
    /// Copy a SQLite database to a file while it is in use
    Backup(backup::Backup),
    /// Print the GraphQL schema
    Schema,
    /// Print the OpenAPI description of the REST API
    Openapi,
    /// Print `.env.example`
    #[command(hide = true)]
    EnvExample,
}

/// Runs a command and returns its exit code.
pub fn run(cli: Cli) -> ExitCode {
    // The demo prints its own overview.
    let quiet = matches!(cli.command, Command::Demo);
    start_log(cli.config.log_format.into(), quiet, cli.log_filter.as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_park(flush_log_on_park)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::serve(cli.config).await,
            Command::Demo => demo::run(cli.config).await,
            Command::Migrate { command } => migrate::run(cli.config, command).await,
            Command::User { command } => user::run(cli.config, command).await,
            Command::Seed(seed) => seed::run(cli.config, seed).await,
            Command::Import { command } => Box::pin(import::run(cli.config, command)).await,
            Command::Copy(copy) => Box::pin(copy::run(cli.config, copy)).await,
            Command::Check => Ok(check::run(cli.config).await),
            Command::Repair { command } => repair::run(cli.config, command).await,
            Command::Health(health) => health::run(&cli.config, &health).await,
            Command::Backup(backup) => backup::run(&cli.config, backup).await,
            Command::Schema => export::schema(),
            Command::EnvExample => export::env_example(),
            Command::Openapi => export::openapi(),
        }
    });
    let code = match result {
        Ok(code) => code,
        Err(error) => fail(&explain(&error)),
    };
    // Requests that end with the runtime are logged, too.
    drop(runtime);
    flush_log();
    code
}
