//! `stockroom repair`: recomputes derived data while the database is in use.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::open::require_current;
use super::output::{print, with_unit};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::row_count::{TABLES, recount};
use crate::services::Services;

/// The maximum number of attempts to lock a table that other transactions are using.
const ATTEMPTS: u32 = 20;
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(super) enum Repair {
    /// Count the rows of each table whose total is shown by lists, and store the counts; writes to a table wait while its rows
    /// are counted
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
        let result = loop {
            match recount(ctx, table).await {
                Err(Error::Unavailable(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                other => break other?,
            }
        };
        let rows = usize::try_from(result.counted).map_err(Error::internal)?;
        let rows = with_unit(rows, "rows");
        if result.stored == result.counted {
            print(&format!("ok       {table}: {rows}"))?;
        } else {
            tracing::warn!(
                table,
                stored = result.stored,
                counted = result.counted,
                "corrected the row count of a table"
            );
            print(&format!("repaired {table}: {rows}, not {}", result.stored))?;
        }
    }
    Ok(())
}
