//! `stockroom migrate`: applies, lists and reverts migrations.

use std::process::ExitCode;

use clap::Subcommand;

use super::output::print;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::schema;
use crate::services::Services;

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Apply all missing migrations
    Up,
    /// List the migrations; exit with 1 if any is missing
    Status,
    /// Revert the last migrations, and delete the data in their tables
    Down {
        /// The number of migrations to revert
        #[arg(default_value_t = 1)]
        steps: u32,
    },
}

pub(super) async fn run(config: Config, command: Migrate) -> Result<ExitCode> {
    let services = Services::open(config, Clock::system()).await?;
    match command {
        Migrate::Up => schema::migrate_up(&services.db).await?,
        Migrate::Down { steps } => schema::migrate_down(&services.db, steps).await?,
        Migrate::Status => {}
    }
    let migrations = schema::migrations(&services.db).await?;
    for (name, applied) in &migrations {
        print(&format!(
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
