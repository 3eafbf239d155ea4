//! Files with randomly changed bytes or values: reading them returns an error or a report, within a time limit and without a
//! panic.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusqlite::types::Value as Stored;

use crate::collected::Collected;
use crate::databases::{check, path};

/// A change of a file.
#[derive(Clone, Debug)]
enum Change {
    Byte(prop::sample::Index, u8),
    Fill(prop::sample::Index, u16, u8),
    Cut(prop::sample::Index),
    /// Overwrites a page with another one.
    Page(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (index(), any::<u16>(), any::<u8>()).prop_map(|(at, length, byte)| Change::Fill(at, length % 4096, byte)),
        1 => index().prop_map(Change::Cut),
        2 => (index(), index()).prop_map(|(from, to)| Change::Page(from, to)),
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

/// Runs 150 cases with a fixed seed, or the number of cases in `DJANGO_SOURCE_MUTATIONS` with a random seed.
fn runner() -> TestRunner {
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
    TestRunner::new_with_rng(config, rng)
}

#[test]
fn mutated_files_are_refused_or_read() {
    let mut runner = runner();
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
        let start = Instant::now();
        let address = file.display().to_string();
        let result = runtime.block_on(async {
            let plan = check(&address, &flags).await?;
            Collected::of(plan).await
        });
        prop_assert!(start.elapsed() < Duration::from_secs(30));
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

/// Values of any type, some of them at the limits of valid values.
fn value() -> impl Strategy<Value = Stored> {
    let limits = [
        0,
        1,
        -1,
        2_147_483_647,
        2_147_483_648,
        -2_147_483_648,
        i64::MAX,
        i64::MIN,
        999_999_999_999_999_999,
    ];
    let texts = [
        "",
        " ",
        "0",
        "1e3",
        "-0.005",
        "2024-05-06",
        "2024-05-06 10:00:00+14:00",
        "9999-12-31 23:59:59-12:00",
        "\0",
    ];
    prop_oneof![
        Just(Stored::Null),
        prop::sample::select(limits.to_vec()).prop_map(Stored::Integer),
        any::<i64>().prop_map(Stored::Integer),
        any::<f64>().prop_map(Stored::Real),
        (-1e6..1e6).prop_map(Stored::Real),
        prop::sample::select(texts.to_vec()).prop_map(|text| Stored::Text(text.to_owned())),
        any::<String>().prop_map(Stored::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Stored::Blob),
    ]
}

/// Stores a value in a column of some rows. Rows that would violate uniqueness are left unchanged.
fn store(
    sqlite: &rusqlite::Connection,
    columns: &[(String, String)],
    index: prop::sample::Index,
    value: &Stored,
    divisor: u8,
) {
    let (table, column) = index.get(columns);
    let sql = format!(
        "UPDATE OR IGNORE \"{table}\" SET \"{column}\" = ?1 WHERE rowid % {} = 0",
        divisor % 3 + 1
    );
    // Fails for a value other than a whole number in the column of the ids.
    let _ = sqlite.execute(&sql, [value]);
}

#[test]
fn values_of_any_type_are_findings_or_valid_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("source.sqlite3");
    std::fs::copy(path("06_extra_and_missing_columns"), &file).expect("a copy");
    let list_columns =
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'
        AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'django%'";
    let sqlite = rusqlite::Connection::open(&file).expect("the file opens");
    sqlite
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(replace(sql, 'NOT NULL', ''), 'UNIQUE', '')
                 WHERE type = 'table' AND name NOT LIKE 'django%';
             DELETE FROM sqlite_schema WHERE type = 'index' AND tbl_name NOT LIKE 'django%';
             PRAGMA writable_schema = RESET; PRAGMA foreign_keys = OFF; VACUUM",
        )
        .expect("the constraints are removed");
    let mut statement = sqlite.prepare(list_columns).expect("a statement");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    let columns: Vec<(String, String)> = rows.collect::<Result<_, _>>().expect("texts");
    drop(statement);
    drop(sqlite);
    let original = std::fs::read(&file).expect("the file can be read");

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let flags = [
        "--stock=zero",
        "--price=zero",
        "--serie=suffix",
        "--dangling=skip",
        "--unreadable=skip",
    ];
    let strategy = prop::collection::vec((any::<prop::sample::Index>(), value(), any::<u8>()), 1..12);
    let outcome = runner().run(&strategy, |changes| {
        std::fs::write(&file, &original).expect("the file can be written");
        let sqlite = rusqlite::Connection::open(&file).expect("the file opens");
        sqlite
            .execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")
            .expect("settings");
        for (index, value, divisor) in &changes {
            store(&sqlite, &columns, *index, value, *divisor);
        }
        drop(sqlite);
        let address = file.display().to_string();
        let (counts, rows) = runtime.block_on(async {
            let plan = check(&address, &flags).await.expect("the source can be read");
            prop_assert_ne!(plan.report().result, django_source::CheckResult::Stop);
            let counts = plan.report().target.clone();
            Ok((counts, Collected::of(plan).await.expect("the rows can be read")))
        })?;
        rows.stock();
        prop_assert_eq!(&rows.summaries, &rows.digests());
        for (table, summary) in rows.summaries.iter().map(|summary| (summary.table, summary.rows)) {
            let expected = counts.get(table).copied().unwrap_or(summary);
            prop_assert_eq!(expected, summary, "{}", table);
        }
        for product in &rows.products {
            prop_assert!(product.cost_price.scale() == 2 && !product.cost_price.is_sign_negative());
            prop_assert!(
                !product.title.is_empty()
                    && product.title.chars().count() <= 500
                    && !product.title.contains('\0')
            );
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
