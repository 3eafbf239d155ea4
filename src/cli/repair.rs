//! `stockroom repair`: computes derived data anew, while the database is in use.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::open::require_current;
use super::output::{counted, print};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::row_count::{TABLES, recount};
use crate::services::Services;

/// How often a table is tried that another transaction does not release, with a pause of [`PAUSE`].
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(super) enum Repair {
    /// Count the rows of each table of which lists show the number, and store it; changes of a table wait meanwhile
    Counts,
}

pub(super) async fn run(config: Config, command: Repair) -> Result<ExitCode> {
    let services = Services::open_without_timeouts(config, Clock::system()).await?;
    require_current(&services.db).await?;
    let ctx = Ctx::system(services);
    match command {
        Repair::Counts => repair_counts(&ctx).await?,
    }
    ctx.services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn repair_counts(ctx: &Ctx) -> Result<()> {
    for table in TABLES {
        let mut attempt = 1;
        let found = loop {
            match recount(ctx, table).await {
                Err(Error::Unavailable(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                found => break found?,
            }
        };
        let rows = usize::try_from(found.counted).map_err(Error::internal)?;
        let rows = counted(rows, "rows");
        if found.kept == found.counted {
            print(&format!("ok       {table}: {rows}"))?;
        } else {
            tracing::warn!(
                table,
                kept = found.kept,
                counted = found.counted,
                "corrected a count"
            );
            print(&format!("repaired {table}: {rows}, not {}", found.kept))?;
        }
    }
    Ok(())
}
