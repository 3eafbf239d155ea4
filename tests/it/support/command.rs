//! Commands of the program, run to completion.

use std::io::Write as _;
use std::process::{Output, Stdio};

use super::program::command;

/// Runs a command to completion.
pub fn run(database_url: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = command(database_url)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts");
    let mut stdin = child.stdin.take().expect("stdin");
    // A command that does not read its input may have exited.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the process exits")
}

/// Runs a command that must succeed; returns its standard output.
#[track_caller]
pub fn run_ok(database_url: &str, arguments: &[&str], input: &str) -> String {
    let output = run(database_url, arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("a text")
}

/// Runs a command that must fail with exit code 1; returns its output.
#[track_caller]
pub fn run_err(database_url: &str, arguments: &[&str], input: &str) -> String {
    let output = run(database_url, arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    let printed = [output.stdout, output.stderr].concat();
    String::from_utf8(printed).expect("a text")
}
