//! `stockroom copy`: copies a whole database into an empty one, for example from SQLite to PostgreSQL.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use database::bulk::vacuum;
use database::{Database, Location, Timeouts};
use database_copy::{Comparison, Progress};
use serde_json::json;
use settings::Secret;

use super::import::cleanup::NewFiles;
use super::import::progress::Bar;
use super::import::{INTERRUPTED, cancel_on_signals, parse_source};
use super::open::create_if_empty;
use super::output::{explain, fail, print, print_json};
use crate::config::{Config, database_url};
use crate::copy;
use crate::error::{Error, Result};

#[derive(Args, Debug)]
pub(super) struct Copy {
    /// The database to copy, which is not changed: `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`. Other programs
    /// can't write to a SQLite file during the copy, so stop its server first
    #[arg(long, value_name = "URL", value_parser = parse_source)]
    from: Secret,
    /// The database to copy into, which must be empty
    #[arg(long, value_name = "URL", value_parser = parse_source)]
    to: Secret,
    /// Print counts, sums and hashes of both databases as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(mut config: Config, command: Copy) -> Result<ExitCode> {
    // Neither the arguments nor errors about them show the address, which may contain a password.
    let location = |flag: &str, url: &Secret| {
        database_url(url.text()).map_err(|reason| Error::internal(format!("{flag}: {reason}")))
    };
    let (from, to) = (location("--from", &command.from)?, location("--to", &command.to)?);
    if from == to {
        return Err(Error::internal("--from and --to are the same database"));
    }
    config.database_url = from.clone();
    let secret = config.secret_file().filter(|file| file.exists());
    config.database_url = to.clone();
    let progress = Progress::default();
    cancel_on_signals({
        let progress = progress.clone();
        move || progress.cancel()
    })?;
    let (started, new_files) = (Instant::now(), NewFiles::list(&config));
    let copied = Box::pin(copy(&from, &to, &progress)).await;
    let equal = copied
        .as_ref()
        .is_ok_and(|tables| tables.iter().all(Comparison::is_equal));
    if !equal {
        new_files.remove();
    }
    if progress.is_cancelled() && !equal {
        fail("cancelled; nothing was copied");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let tables = match copied {
        Ok(tables) => tables,
        Err(error) if command.json => {
            print_json(&json!({ "tables": [], "equal": false, "error": explain(&error) }))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    if command.json {
        print_json(&json!({ "tables": tables, "equal": equal }))?;
    } else {
        print(&comparisons(&tables))?;
        print(&if equal {
            format!(
                "Copied in {:.1} s. Both databases have the same rows.",
                started.elapsed().as_secs_f64()
            )
        } else {
            "NOT copied: the copied rows differ from the originals, which is a bug in this program. Nothing was stored.".to_owned()
        })?;
        if let Some(secret) = secret.filter(|_| equal) {
            print(&format!(
                "Tokens stay valid with the same key: set SECRET_KEY_FILE to a copy of {}.",
                secret.display()
            ))?;
        }
    }
    Ok(if equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn copy(from: &Location, to: &Location, progress: &Progress) -> Result<Vec<Comparison>> {
    if let Location::Sqlite(file) = from
        && !file.exists()
    {
        // Opening it would create an empty database.
        return Err(Error::internal(format!("{} does not exist", file.display())));
    }
    let open = async |location| Database::open(location, Timeouts::Unlimited, Arc::new(())).await;
    let source = open(from).await?;
    let target = open(to).await?;
    let bar = Bar::show({
        let progress = progress.clone();
        move || progress.status()
    });
    let copying = async {
        create_if_empty(&target).await?;
        let tables = copy::run(&source, &target, progress).await?;
        vacuum(&target).await?;
        Ok(tables)
    };
    let copied = Box::pin(copying).await;
    bar.clear();
    source.close().await;
    target.close().await;
    copied
}

/// Lists counts, sums and hashes of each table in both databases.
fn comparisons(tables: &[Comparison]) -> String {
    let mut lines = vec!["Compared".to_owned()];
    for table in tables {
        let same = if table.is_equal() { "equal" } else { "DIFFERENT" };
        lines.push(format!("  {:<17} {same}", table.table));
        for (side, summary) in [("source", &table.source), ("target", &table.target)] {
            lines.push(format!(
                "      {side}  {:>9} rows  quantity {:>14}  money {:>20}  last id {:>9}  {}",
                summary.rows,
                summary.quantity.as_deref().unwrap_or("-"),
                summary.money.as_deref().unwrap_or("-"),
                summary.last_id,
                summary.hash
            ));
        }
    }
    lines.join("\n")
}
