//! `stockroom check`: verifies what must always hold of the data, and changes nothing. It only reads, so others work on.

use std::process::ExitCode;
use std::time::Instant;

use database::Location;

use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::invariant::{self, Violation};
use crate::schema;
use crate::services::Services;

/// Nothing is known to be wrong, but it could not be verified.
const UNVERIFIED: u8 = 2;

/// Runs the command: 0 when all is well, 1 when something is wrong, 2 when that could not be found out.
pub async fn run(config: Config) -> ExitCode {
    verify(config).await.unwrap_or_else(|error| {
        super::fail(&super::explain(&error));
        ExitCode::from(UNVERIFIED)
    })
}

async fn verify(config: Config) -> Result<ExitCode> {
    if let Location::Sqlite(file) = &config.database_url
        && !file.exists()
    {
        // Opening it would make it, and an empty one has nothing wrong.
        return Err(Error::internal(format!("there is no {}", file.display())));
    }
    let services = Services::open_unhurried(config, Clock::system()).await?;
    if !schema::is_current(&services.db).await? {
        return Err(Error::internal(
            "migrations are missing (see `stockroom migrate status`)",
        ));
    }
    let ctx = Ctx::system(services);
    let started = Instant::now();
    let rules = invariant::rules(ctx.db().backend());
    let mut broken = 0;
    for rule in &rules {
        match invariant::violation(&ctx, rule).await? {
            None => super::print(&format!("ok     {}", rule.says))?,
            Some(violation) => {
                broken += 1;
                super::print(&format!("WRONG  {}: {}", rule.says, extent(&violation)))?;
            }
        }
    }
    ctx.services.db.close().await;
    let seconds = started.elapsed().as_secs_f64();
    if broken == 0 {
        super::print(&format!(
            "nothing wrong: all {} hold ({seconds:.1} s)",
            rules.len()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    super::print(&format!("{broken} of {} wrong", rules.len()))?;
    Ok(ExitCode::FAILURE)
}

/// How many rows, and one of them.
fn extent(violation: &Violation) -> String {
    let rows = match violation.rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    match &violation.words {
        Some(words) => format!("{rows}, such as: {words}"),
        None => format!("{rows}, such as id {}", violation.example),
    }
}
