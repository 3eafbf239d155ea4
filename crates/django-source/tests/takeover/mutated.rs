//! Files with bytes changed at random: an error or a report, never a panic, and soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::collected::Collected;
use crate::databases::{check, path};

/// What is done to a file.
#[derive(Clone, Debug)]
enum Change {
    Byte(prop::sample::Index, u8),
    Fill(prop::sample::Index, u16, u8),
    Cut(prop::sample::Index),
    /// A page written over another.
    Page(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        8 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (place(), any::<u16>(), any::<u8>()).prop_map(|(at, length, byte)| Change::Fill(at, length % 4096, byte)),
        1 => place().prop_map(Change::Cut),
        2 => (place(), place()).prop_map(|(from, to)| Change::Page(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    const PAGE: usize = 4096;
    if bytes.len() < PAGE {
        return;
    }
    match change {
        Change::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Change::Fill(at, length, byte) => {
            let at = at.index(bytes.len());
            let end = (at + usize::from(*length)).min(bytes.len());
            bytes[at..end].fill(*byte);
        }
        Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Change::Page(from, to) => {
            let pages = bytes.len() / PAGE;
            let (from, to) = (from.index(pages) * PAGE, to.index(pages) * PAGE);
            let page = bytes[from..from + PAGE].to_vec();
            bytes[to..to + PAGE].copy_from_slice(&page);
        }
    }
}

/// `DJANGO_SOURCE_MUTATIONS` asks for more than the 150 that are tried otherwise.
#[test]
fn mutated_files_are_refused_or_read() {
    let count = std::env::var("DJANGO_SOURCE_MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(150);
    let config = Config {
        cases: count,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = if count == 150 {
        TestRng::deterministic_rng(RngAlgorithm::ChaCha)
    } else {
        TestRng::from_seed(
            RngAlgorithm::ChaCha,
            &std::array::from_fn::<u8, 32, _>(|_| rand_byte()),
        )
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let originals: Vec<Vec<u8>> = [
        "01_documented",
        "06_extra_and_missing_columns",
        "10_permissions",
        "08_bad_values",
    ]
    .iter()
    .map(|case| std::fs::read(path(case)).expect("the file can be read"))
    .collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mutated.sqlite3");
    let strategy = (0..originals.len(), prop::collection::vec(change(), 1..8));
    let flags = [
        "--stock=zero",
        "--price=abs",
        "--serie=suffix",
        "--dangling=skip",
        "--unreadable=skip",
    ];
    let outcome = runner.run(&strategy, |(original, changes)| {
        let mut bytes = originals[original].clone();
        for change in &changes {
            apply(&mut bytes, change);
        }
        std::fs::write(&file, &bytes).expect("the file can be written");
        let begun = Instant::now();
        let address = file.display().to_string();
        let result = runtime.block_on(async {
            let plan = check(&address, &flags).await?;
            Collected::of(plan).await
        });
        prop_assert!(begun.elapsed() < Duration::from_secs(30));
        match result {
            Err(error) => prop_assert!(!error.to_string().is_empty()),
            Ok(rows) => {
                rows.stock();
                prop_assert!(rows.summaries.is_empty() || rows.summaries == rows.digests());
            }
        }
        prop_assert!(
            std::fs::read(&file).expect("the file can be read") == bytes,
            "the file was changed"
        );
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn rand_byte() -> u8 {
    use std::hash::{BuildHasher, Hasher};
    let hash = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    hash.to_le_bytes()[0]
}
