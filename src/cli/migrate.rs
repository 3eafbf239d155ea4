//! `stockroom migrate`: applies, lists and reverts migrations.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Subcommand;
use database::migrations::{Migration, State};

use super::output::print;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::schema::{self, SchemaStatus};
use crate::services::Services;

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Apply all missing migrations
    Up,
    /// List the migrations; exit with 1 if any is missing, or if a newer version has applied one that is not compatible with this version
    Status,
    /// Revert the last migrations, and delete the data in their tables
    Down {
        /// The number of migrations to revert
        #[arg(default_value_t = 1)]
        steps: u32,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(config: Config, command: Migrate) -> Result<ExitCode> {
    let services = Services::open(config, Clock::system()).await?;
    match command {
        Migrate::Up => schema::migrate_up(&services.db).await?,
        Migrate::Down { steps, yes } => {
            if !yes {
                confirm(&services, steps).await?;
            }
            schema::migrate_down(&services.db, steps).await?;
        }
        Migrate::Status => {}
    }
    let migrations = schema::migrations(&services.db).await?;
    for Migration { name, state } in &migrations {
        print(&match state {
            State::Applied => format!("applied  {name}"),
            State::Missing => format!("missing  {name}"),
            State::Compatible => {
                format!("newer    {name} (applied by a newer version; this one is compatible)")
            }
            State::Unknown => {
                format!("unknown  {name} (applied by a newer version; this one can't use the database)")
            }
        })?;
    }
    services.db.close().await;
    let status = SchemaStatus::of(&migrations);
    let is_usable = matches!(status, SchemaStatus::Current | SchemaStatus::Compatible(_));
    Ok(if is_usable || matches!(command, Migrate::Down { .. }) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Asks whether to revert migrations, because the data in their tables is lost.
///
/// # Errors
/// Fails if the answer is not `yes`, or standard input is not a terminal.
async fn confirm(services: &Services, steps: u32) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        let message = "this deletes the data in the tables of the reverted migrations; confirm it with --yes";
        return Err(Error::internal(message));
    }
    let migrations = schema::migrations(&services.db).await?;
    let steps = usize::try_from(steps).unwrap_or(usize::MAX);
    print("This reverts the following migrations and deletes the data in their tables:")?;
    for migration in migrations
        .iter()
        .rev()
        .filter(|migration| migration.state == State::Applied)
        .take(steps)
    {
        print(&format!("  {}", migration.name))?;
    }
    print("Type yes to continue:")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Error::internal)?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err(Error::internal("cancelled; nothing was reverted"))
    }
}
