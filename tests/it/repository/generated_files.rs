//! Generated files of the repository are up to date. `scripts/export` regenerates them.

use std::path::Path;
use std::process::Command;

/// Asserts that a file at the root equals the output of a command.
#[track_caller]
fn assert_up_to_date(file: &str, subcommand: &str) {
    let stored =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
    let output = Command::new(env!("CARGO_BIN_EXE_stockroom"))
        .arg(subcommand)
        .env_clear()
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.is_empty());
    // The number of the first different line is more readable than two long texts.
    let differing = stored
        .lines()
        .zip(printed.lines())
        .position(|(stored, printed)| stored != printed);
    assert_eq!(
        differing,
        None,
        "{file} is stale from line {:?} on: run scripts/export",
        differing.map(|line| line + 1)
    );
    assert_eq!(
        stored.lines().count(),
        printed.lines().count(),
        "{file} is stale: run scripts/export"
    );
}

#[test]
fn the_schema_is_up_to_date() {
    assert_up_to_date("schema.graphql", "schema");
}

#[test]
fn the_openapi_description_is_up_to_date() {
    assert_up_to_date("openapi.json", "openapi");
}

#[test]
fn the_example_of_settings_is_up_to_date() {
    assert_up_to_date(".env.example", "env-example");
}
