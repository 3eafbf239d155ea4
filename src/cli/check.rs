//! `stockroom check`: verifies the invariants of the data. It only reads, so the database can stay in use.

use std::process::ExitCode;
use std::time::Instant;

use super::open::note_compatible;
use super::output::{explain, fail, print};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::invariant::{self, Violation};
use crate::schema::{self, SchemaStatus};
use crate::services::Services;
use database::Location;

/// The exit code if the invariants could not be verified.
const UNVERIFIED: u8 = 2;

/// Exits with 0 if all invariants hold, with 1 if one is violated, and with 2 if they could not be verified.
pub(super) async fn run(config: Config) -> ExitCode {
    verify(config).await.unwrap_or_else(|error| {
        fail(&explain(&error));
        ExitCode::from(UNVERIFIED)
    })
}

async fn verify(config: Config) -> Result<ExitCode> {
    if let Location::Sqlite(file) = &config.database_url
        && !file.exists()
    {
        // Opening it would create an empty database, in which all invariants hold.
        return Err(Error::internal(format!("{} does not exist", file.display())));
    }
    let is_file = matches!(config.database_url, Location::Sqlite(_));
    let services = match Services::open_without_timeouts(config, Clock::system()).await {
        Ok(services) => services,
        Err(error @ Error::Internal(_)) if is_file => {
            print(&format!("FAILED  the file is a database: {}", explain(&error)))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    let mut violated = 0;
    match schema::migrations(&services.db).await {
        Ok(migrations) => match SchemaStatus::of(&migrations) {
            SchemaStatus::Current => {}
            SchemaStatus::Compatible(name) => note_compatible(name),
            SchemaStatus::Outdated => {
                let message = "migrations are missing; see `stockroom migrate status`";
                return Err(Error::internal(message));
            }
            SchemaStatus::TooNew(name) => return Err(schema::too_new(name)),
        },
        // The part of the file with this table is damaged; other parts may be readable.
        Err(error @ Error::Internal(_)) if is_file => {
            violated += 1;
            print(&format!(
                "FAILED  the list of migrations can be read: {}",
                explain(&error)
            ))?;
        }
        Err(error) => return Err(error),
    }
    let ctx = Ctx::system(services);
    let started = Instant::now();
    let invariants = invariant::invariants(ctx.db().backend());
    for invariant in &invariants {
        let finding = match invariant::violation(&ctx, invariant).await {
            Ok(None) => {
                print(&format!("ok      {}", invariant.rule))?;
                continue;
            }
            Ok(Some(violation)) => describe(&violation),
            // It may be possible to verify the other invariants.
            Err(error @ Error::Internal(_)) if is_file => explain(&error),
            Err(error) => return Err(error),
        };
        violated += 1;
        print(&format!("FAILED  {}: {finding}", invariant.rule))?;
    }
    ctx.services.db.close().await;
    let seconds = started.elapsed().as_secs_f64();
    if violated == 0 {
        print(&format!(
            "all {} invariants hold ({seconds:.1} s)",
            invariants.len()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!(
        "{violated} of {} invariants are violated",
        invariants.len()
    ))?;
    Ok(ExitCode::FAILURE)
}

/// Returns the number of rows that violate an invariant, with one of them as an example.
fn describe(violation: &Violation) -> String {
    let rows = match violation.rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    match &violation.message {
        Some(message) => format!("{rows}, for example {message}"),
        None => format!("{rows}, for example id {}", violation.example),
    }
}
