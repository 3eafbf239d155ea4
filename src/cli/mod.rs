//! The command line.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::output::{explain, fail};
use crate::config::Config;

mod backup;
mod check;
mod demo;
mod export;
mod load;
mod log;
mod migrate;
mod open;
mod output;
mod seed;
mod serve;
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
    /// Verify the invariants of the data, such as that stock and ledger agree, while it is in use; exit with 1 if one is
    /// violated, with 2 if they could not be verified
    Check,
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

/// Settings whose values are not shown in error messages.
const SECRET_SETTINGS: [&str; 6] = [
    "--secret-key",
    "--database-url",
    "--redis-url",
    "--otel-exporter-otlp-",
    "--webhook-secret",
    "--webhook-url",
];

/// Parses flags and environment variables, and exits if they are invalid.
pub fn parse() -> Cli {
    let command = Cli::command().mut_args(|setting| {
        // Shells and compose files set a variable to the empty string to unset it.
        let empty = setting
            .get_env()
            .is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()));
        if empty { setting.env(None::<&str>) } else { setting }
    });
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.unwrap_or_else(|mut error| {
        let named = error.get(ContextKind::InvalidArg).map(ToString::to_string);
        if named.is_some_and(|named| SECRET_SETTINGS.iter().any(|secret| named.starts_with(secret))) {
            let hidden = ContextValue::String("(not shown)".to_owned());
            error.insert(ContextKind::InvalidValue, hidden);
        }
        error.exit()
    })
}

/// Runs a command and returns its exit code.
pub fn run(cli: Cli) -> ExitCode {
    // The demo prints a page of its own.
    let quiet = matches!(cli.command, Command::Demo);
    log::start(cli.config.log_format, quiet);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
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
            Command::Check => Ok(check::run(cli.config).await),
            Command::Backup(backup) => backup::run(&cli.config, backup).await,
            Command::Schema => export::schema(),
            Command::EnvExample => export::env_example(),
            Command::Openapi => export::openapi(),
        }
    });
    match result {
        Ok(code) => code,
        Err(error) => fail(&explain(&error)),
    }
}
