//! `stockroom migrate`: brings the database up to date, tells how it stands, or takes migrations back.

use std::process::ExitCode;

use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::schema;
use crate::services::Services;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Apply the migrations that are missing
    Up,
    /// List the migrations; exit with 1 when some are missing
    Status,
    /// Take the last migrations back, with the data that they hold
    Down {
        /// How many
        #[arg(default_value_t = 1)]
        steps: u32,
    },
}

/// Runs the command.
pub async fn run(config: Config, command: Migrate) -> Result<ExitCode> {
    let services = Services::open(config, Clock::system()).await?;
    match command {
        Migrate::Up => schema::migrate_up(&services.db).await?,
        Migrate::Down { steps } => schema::migrate_down(&services.db, steps).await?,
        Migrate::Status => {}
    }
    let migrations = schema::migrations(&services.db).await?;
    for (name, applied) in &migrations {
        super::print(&format!(
            "{:8} {name}",
            if *applied { "applied" } else { "missing" }
        ))?;
    }
    services.db.close().await;
    let complete = matches!(command, Migrate::Down { .. }) || migrations.iter().all(|(_, applied)| *applied);
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
