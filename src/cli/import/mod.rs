//! `stockroom import`: imports a Django installation.

pub(super) mod cleanup;
pub(super) mod progress;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Subcommand};
use database::bulk::vacuum;
use django_source::{CheckResult, Options, Plan, Source};
use serde_json::json;
use settings::Secret;

use self::cleanup::NewFiles;
use self::progress::Bar;
use super::open::create_if_empty;
use super::output::{explain, fail, print, print_json};
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::import::{self, Comparison, ImportProgress};
use crate::services::Services;

/// The exit code if the source can't be read or imported, or an option is invalid.
const UNREADABLE: u8 = 2;
/// The exit code after Ctrl-C or SIGTERM: 128 plus the number of SIGINT, as in shells.
pub(super) const INTERRUPTED: u8 = 130;

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Report what would be imported, what must be decided and what would be left out; writes nothing. Exits with 0 if
    /// an import can run, with 1 if something must be decided, with 2 if the source can't be read or imported
    Check(Arguments),
    /// Check the source, then store its rows in the database of `DATABASE_URL`, which must be empty, in one transaction. Exits with 0
    /// if the stored rows equal those of the source, with 1 if nothing was stored, with 2 if the source can't be read or imported
    Run(Arguments),
}

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The Django installation's database, which is only read: a SQLite file or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(value_parser = parse_source)]
    source: Secret,
    /// Replace stock that is negative or too large with 0
    #[arg(long, value_parser = ["zero"])]
    stock: Option<String>,
    /// Remove the sign of a negative price, or set the price to 0
    #[arg(long, value_parser = ["abs", "zero"])]
    price: Option<String>,
    /// Keep a repeated serial number for the first product; remove it from the later ones, or append their ids to it
    #[arg(long, value_parser = ["null-later", "suffix"])]
    serie: Option<String>,
    /// Leave out rows that refer to missing rows
    #[arg(long, value_parser = ["skip"])]
    dangling: Option<String>,
    /// Leave out rows with a value that can't be read or is out of range
    #[arg(long, value_parser = ["skip"])]
    unreadable: Option<String>,
    /// The time zone of times without an offset, such as `America/Sao_Paulo`; UTC by default
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// The role of a table or column that is not detected: `TABLE=product`, `TABLE.COLUMN=selling_price`
    #[arg(long, value_name = "TABLE.COLUMN=ROLE")]
    map: Vec<String>,
    /// The one company to import: `COLUMN=ID`, or `schema=NAME` on PostgreSQL
    #[arg(long, value_name = "COLUMN=ID")]
    tenant: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "clap's signature of a value parser")]
pub(super) fn parse_source(text: &str) -> std::result::Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

impl Arguments {
    fn options(&self) -> django_source::Result<Options> {
        let mut options = Options::new(Clock::system().now());
        let single = [
            ("stock", &self.stock),
            ("price", &self.price),
            ("serie", &self.serie),
            ("dangling", &self.dangling),
            ("unreadable", &self.unreadable),
            ("timezone", &self.timezone),
            ("tenant", &self.tenant),
        ];
        for (flag, value) in single {
            if let Some(value) = value {
                options.set(&format!("--{flag}={value}"))?;
            }
        }
        for map in &self.map {
            options.set(&format!("--map={map}"))?;
        }
        Ok(options)
    }
}

pub(super) async fn run(config: Config, command: Import) -> Result<ExitCode> {
    let progress = ImportProgress::default();
    cancel_on_signals({
        let progress = progress.clone();
        move || progress.cancel()
    })?;
    let result = match command {
        Import::Check(arguments) => Box::pin(check_only(&arguments, &progress)).await,
        Import::Run(arguments) => Box::pin(check_and_store(config, &arguments, &progress)).await,
    };
    if progress.is_cancelled() && result.as_ref().map_or(true, |code| *code != ExitCode::SUCCESS) {
        fail("cancelled; nothing was stored");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    result
}

/// Calls `cancel` on Ctrl-C and on SIGTERM. The import or copy then fails, and its transaction is rolled back.
pub(super) fn cancel_on_signals(cancel: impl FnOnce() + Send + 'static) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        cancel();
    });
    Ok(())
}

/// Checks the source and returns the plan of the import. If the source can't be read, prints the error and returns the exit
/// code.
async fn check(arguments: &Arguments, progress: &ImportProgress) -> std::result::Result<Plan, ExitCode> {
    let bar = Bar::show({
        let progress = progress.clone();
        move || progress.status()
    });
    let checking = async {
        let options = arguments.options()?;
        let source = Source::open(arguments.source.text()).await?;
        source.check(options, progress.source()).await
    };
    let plan = Box::pin(checking).await;
    bar.clear();
    plan.map_err(|error| {
        fail(&error.to_string());
        ExitCode::from(UNREADABLE)
    })
}

async fn check_only(arguments: &Arguments, progress: &ImportProgress) -> Result<ExitCode> {
    let plan = match check(arguments, progress).await {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    if arguments.json {
        print_json(&json!(plan.report()))?;
    } else {
        print(&report::report(plan.report()))?;
    }
    Ok(exit_code(plan.report().result))
}

fn exit_code(result: CheckResult) -> ExitCode {
    match result {
        CheckResult::Import => ExitCode::SUCCESS,
        CheckResult::Stop => ExitCode::FAILURE,
        CheckResult::Refuse => ExitCode::from(UNREADABLE),
    }
}

async fn check_and_store(
    config: Config,
    arguments: &Arguments,
    progress: &ImportProgress,
) -> Result<ExitCode> {
    let plan = match check(arguments, progress).await {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let report = plan.report().clone();
    if !arguments.json {
        print(&report::report(&report))?;
    }
    if report.result != CheckResult::Import {
        if arguments.json {
            print_json(&json!({ "report": report, "tables": [], "equal": false }))?;
        }
        return Ok(exit_code(report.result));
    }
    let started = Instant::now();
    let new_files = NewFiles::list(&config);
    let stored = Box::pin(store(config, plan, progress)).await;
    let equal = stored
        .as_ref()
        .is_ok_and(|tables| tables.iter().all(Comparison::is_equal));
    if !equal {
        new_files.remove();
    }
    let tables = match stored {
        Ok(tables) => tables,
        Err(error) if arguments.json => {
            let error = explain(&error);
            print_json(&json!({ "report": report, "tables": [], "equal": false, "error": error }))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    if arguments.json {
        print_json(&json!({ "report": report, "tables": tables, "equal": equal }))?;
    } else {
        print(&report::comparisons(&tables))?;
        print(&if equal {
            format!(
                "Imported in {:.1} s. The stored rows equal those of the source.",
                started.elapsed().as_secs_f64()
            )
        } else {
            "NOT imported: the rows differ from those of the source, which is a bug in this program. Nothing was stored.".to_owned()
        })?;
    }
    Ok(if equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn store(config: Config, plan: Plan, progress: &ImportProgress) -> Result<Vec<Comparison>> {
    let services = Services::open_without_timeouts(config, Clock::system()).await?;
    let bar = Bar::show({
        let progress = progress.clone();
        move || progress.status()
    });
    let storing = async {
        create_if_empty(&services.db).await?;
        // The transaction checks this again. This check fails early, before any row of the source is read.
        import::require_empty(&services.db).await?;
        let ctx = Ctx::system(services.clone());
        let tables = import::run(&ctx, plan, progress.clone()).await?;
        vacuum(&services.db).await?;
        Ok(tables)
    };
    let stored = storing.await;
    bar.clear();
    services.db.close().await;
    stored
}
