//! Reads mutated databases for a given time: `cargo run -p django-source --example fuzz -- [--seconds N] [--seed N] [--case N]`.
//!
//! Each case takes one of the databases of `tests/cases`, changes its schema and rows by SQL, its bytes, and the files
//! beside it, and then checks it and reads its rows. The result has to be an error or valid rows, without a
//! panic, within [`MAX_TIME`] and [`MAX_MEMORY`], and without changing a byte of the source. The number of a case and
//! the seed determine the mutations: `--seed S --case N` repeats one. If a case fails, the databases are kept and the exit
//! code is 1.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program for tests: a panic is a failure"
)]

mod bytes;
mod files;
mod rebuild;
mod schema;
mod values;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/collected.rs"]
mod collected;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use django_source::{CheckResult, Options, Progress, Source};

use self::collected::Collected;

/// The time limit for one file.
const MAX_TIME: Duration = Duration::from_secs(30);
/// The limit of the process's memory at any time, in KiB.
const MAX_MEMORY: u64 = 512 << 10;

/// The number of panics on any thread.
static PANICS: AtomicU64 = AtomicU64::new(0);

const FLAGS: [&str; 5] = [
    "--stock=zero",
    "--price=abs",
    "--serie=suffix",
    "--dangling=skip",
    "--unreadable=skip",
];

fn argument(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let index = arguments.iter().position(|argument| argument == name)?;
    let value = arguments.get(index + 1).and_then(|value| value.parse().ok());
    Some(value.unwrap_or_else(|| panic!("{name} takes a number")))
}

fn main() -> ExitCode {
    let seconds = argument("--seconds").unwrap_or(60);
    let seed = argument("--seed").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let only_case = argument("--case");
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        default_hook(panic);
    }));
    let temporary = tempfile::tempdir().expect("a folder");
    let originals = originals(temporary.path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    println!("seed {seed}, {seconds} seconds");
    let start = Instant::now();
    let mut totals = Totals::default();
    let mut number = only_case.unwrap_or(0);
    let mut last_report = Instant::now();
    loop {
        let rng = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let folder = temporary.path().join("case");
        if let Err(reason) = case(rng, &originals, &folder, &runtime, &mut totals) {
            println!("FAILED: seed {seed}, case {number}: {reason}");
            println!("the files are in {}", temporary.keep().display());
            return ExitCode::FAILURE;
        }
        number += 1;
        totals.cases += 1;
        if last_report.elapsed() > Duration::from_secs(600) {
            last_report = Instant::now();
            println!("{}", totals.line(start.elapsed()));
        }
        if only_case.is_some() || start.elapsed() > Duration::from_secs(seconds) {
            break;
        }
    }
    println!("{}", totals.line(start.elapsed()));
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Totals {
    cases: u64,
    errors: u64,
    refused: u64,
    stopped: u64,
    read: u64,
    rows: u64,
    longest: Duration,
    /// The largest peak of memory while a file was read, in KiB.
    memory: u64,
}

impl Totals {
    fn line(&self, elapsed: Duration) -> String {
        format!(
            "{} cases in {} s, {} panics: {} errors, {} refused, {} stopped, {} read with {} rows; longest {} ms, peak memory {} MiB",
            self.cases,
            elapsed.as_secs(),
            PANICS.load(Ordering::Relaxed),
            self.errors,
            self.refused,
            self.stopped,
            self.read,
            self.rows,
            self.longest.as_millis(),
            self.memory >> 10,
        )
    }
}

/// The bytes of the databases that are mutated.
fn originals(folder: &Path) -> Vec<Vec<u8>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/make.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(folder.join("cases"))
        .output();
    assert!(output.expect("python3 runs make.py").status.success());
    let mut files: Vec<_> = std::fs::read_dir(folder.join("cases"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "sqlite3"))
        .collect();
    files.sort();
    assert!(files.len() >= 12);
    files
        .iter()
        .map(|file| std::fs::read(file).expect("the file"))
        .collect()
}

fn case(
    mut rng: fastrand::Rng,
    originals: &[Vec<u8>],
    folder: &Path,
    runtime: &tokio::runtime::Runtime,
    totals: &mut Totals,
) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir(folder).expect("a folder");
    let file = folder.join("source.sqlite3");
    std::fs::write(&file, &originals[rng.usize(..originals.len())]).expect("the file is written");
    files::mutate(&mut rng, &file);
    let before = contents(folder);
    reset_peak();
    let (panics, start) = (PANICS.load(Ordering::Relaxed), Instant::now());
    let mut options = Options::new(chrono::DateTime::from_timestamp_nanos(1_790_000_000_000_000_000));
    let flags = rng.u8(..4) > 0;
    for flag in FLAGS.iter().filter(|_| flags) {
        options.set(flag).expect("a known flag");
    }
    let address = file.display().to_string();
    let reading = async move {
        let plan = Source::open(&address)
            .await?
            .check(options, Progress::default())
            .await?;
        let (check_result, counts) = (plan.report().result, plan.report().target.clone());
        serde_json::to_string(plan.report()).expect("the report is JSON");
        // The rows are read whatever the result of the check, because a caller might not check it.
        Ok::<_, django_source::Error>((check_result, counts, Collected::of(plan).await?))
    };
    let result = runtime.block_on(runtime.spawn(with_time_limit(reading)));
    let elapsed = start.elapsed();
    totals.longest = totals.longest.max(elapsed);
    match result {
        Err(panic) => return Err(format!("a panic: {panic}")),
        Ok(None) => return Err(format!("still running after {MAX_TIME:?}")),
        Ok(Some(Err(error))) => {
            totals.errors += 1;
            if error.to_string().is_empty() {
                return Err("an error without a message".to_owned());
            }
        }
        Ok(Some(Ok((check_result, counts, rows)))) => {
            match check_result {
                CheckResult::Refuse => totals.refused += 1,
                CheckResult::Stop => totals.stopped += 1,
                CheckResult::Import => totals.read += 1,
            }
            if check_result == CheckResult::Import {
                totals.rows += check_rules(&counts, &rows)?;
            }
        }
    }
    if PANICS.load(Ordering::Relaxed) > panics {
        return Err("a panic on another thread".to_owned());
    }
    let peak = peak_memory();
    totals.memory = totals.memory.max(peak);
    if peak > MAX_MEMORY {
        return Err(format!("{} MiB of memory", peak >> 10));
    }
    if contents(folder) != before {
        return Err("the source's folder was changed".to_owned());
    }
    Ok(())
}

async fn with_time_limit<T>(reading: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(MAX_TIME, reading).await.ok()
}

/// Checks rows that would be imported, and returns their number.
fn check_rules(
    counts: &std::collections::BTreeMap<&'static str, u64>,
    rows: &Collected,
) -> Result<u64, String> {
    let stock = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rows.stock()));
    if stock.is_err() {
        return Err("the ledger does not add up".to_owned());
    }
    if rows.summaries != rows.digests() {
        return Err("the summaries don't match the rows".to_owned());
    }
    for summary in &rows.summaries {
        if counts
            .get(summary.table)
            .is_some_and(|rows| *rows != summary.rows)
        {
            return Err(format!(
                "{} rows of {}, but the report has {counts:?}",
                summary.rows, summary.table
            ));
        }
    }
    for product in &rows.products {
        let title = product.title.chars().count();
        if !(1..=500).contains(&title) || product.title.contains('\0') || product.quantity < 0 {
            return Err(format!("product {} breaks the rules", product.id));
        }
    }
    Ok(rows.summaries.iter().map(|summary| summary.rows).sum())
}

/// The names and bytes of all files in a folder.
fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), std::fs::read(&path).expect("the file")))
        .collect();
    files.sort();
    files
}

/// Resets the peak of the process's memory, if the system supports it.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The peak of the process's memory since [`reset_peak`], in KiB; 0 if the system does not report it.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
