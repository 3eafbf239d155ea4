//! Protection of stored data: reverting migrations, an outdated schema, files that are corrupt or can't be written, and
//! SIGHUP.

use std::fs::{OpenOptions, Permissions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::import::installation::Installation;
use crate::support::api::Api;
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::{Gateway, run as run_test};
use crate::support::program::{Program, command};
use crate::support::test_database::Database;

on_both_databases![
    reverting_asks_for_confirmation,
    an_outdated_schema_is_not_changed,
    sighup_shuts_down_cleanly,
    commands_on_users_are_logged,
];

/// The number of missing migrations in the output of `migrate status`.
fn missing(status: &str) -> usize {
    status.lines().filter(|line| line.starts_with("missing")).count()
}

async fn reverting_asks_for_confirmation(gateway: Gateway) {
    let database = gateway.stop().await;
    let url = database.url();
    let printed = run_err(&url, &["migrate", "down", "99"], "yes\n");
    assert!(printed.contains("confirm it with --yes"), "{printed}");
    assert_eq!(missing(&run_ok(&url, &["migrate", "status"], "")), 0);
    assert_eq!(missing(&run_ok(&url, &["migrate", "down", "2", "--yes"], "")), 2);
}

async fn an_outdated_schema_is_not_changed(gateway: Gateway) {
    let database = gateway.stop().await;
    let url = database.url();
    run_ok(&url, &["migrate", "down", "--yes"], "");
    let installation = Installation::of("01_documented", Database::Sqlite)
        .await
        .expect("SQLite needs no server");
    let directory = tempfile::tempdir().expect("a directory");
    let other = format!("sqlite://{}", directory.path().join("other.db").display());
    run_ok(
        &other,
        &["user", "create", "ann", "--password-stdin"],
        "a password",
    );
    for command in [
        &["user", "list"][..],
        &["user", "create", "ann", "--password-stdin"],
        &["seed", "--products", "1"],
        &["import", "run", &installation.address()],
        &["copy", "--from", &other, "--to", &url],
    ] {
        let printed = run_err(&url, command, "a password");
        assert!(printed.contains("stockroom migrate up"), "{printed}");
        assert_eq!(
            missing(&run_err(&url, &["migrate", "status"], "")),
            1,
            "{command:?}"
        );
    }
    installation.remove().await;
    // In a database without tables, the command creates them.
    let all = run_err(&url, &["migrate", "status"], "")
        .lines()
        .count()
        .to_string();
    run_ok(&url, &["migrate", "down", &all, "--yes"], "");
    run_ok(&url, &["user", "create", "ann", "--password-stdin"], "a password");
    assert_eq!(missing(&run_ok(&url, &["migrate", "status"], "")), 0);
}

async fn sighup_shuts_down_cleanly(gateway: Gateway) {
    let database = gateway.stop().await;
    let mut program = Program::serve(&database.url(), &[]).await;
    program.user("admin").await.get("brands/").await.expect(200);
    program.hang_up();
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
    run_ok(&database.url(), &["check"], "");
}

async fn commands_on_users_are_logged(gateway: Gateway) {
    let url = gateway.database_url();
    for (arguments, line) in [
        (
            &["user", "create", "zoe", "--password-stdin"][..],
            "created a user",
        ),
        (
            &["user", "password", "zoe", "--password-stdin"],
            "changed the password of a user",
        ),
        (&["user", "deactivate", "zoe"], "deactivated a user"),
        (&["user", "activate", "zoe"], "activated a user"),
    ] {
        let output = run(&url, arguments, "a password");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(log.contains(line) && log.contains("zoe"), "{arguments:?}: {log}");
        // Standard error is not a terminal here.
        assert!(!log.contains('\x1b'), "{log}");
        assert!(
            !log.contains("a password\n") || line.contains("password"),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_fails_on_a_corrupt_file() {
    run_test(Database::Sqlite, Api::Rest, corrupt_the_file).await;
}

async fn corrupt_the_file(gateway: Gateway) {
    gateway.root.product("Tea", 5).await;
    let database = gateway.stop().await;
    let url = database.url();
    run_ok(&url, &["check"], "");
    let path = url.trim_start_matches("sqlite://");
    let page: u32 = {
        let file = Connection::open(path).expect("the file");
        let sql = "SELECT rootpage FROM sqlite_master WHERE name = 'product'";
        file.query_row(sql, [], |row| row.get(0)).expect("a page")
    };
    let damage = |from: u64, to: u64| {
        let mut file = OpenOptions::new().write(true).open(path).expect("the file");
        file.seek(SeekFrom::Start(from)).expect("a position");
        let bytes = vec![0xa5; usize::try_from(to - from).expect("a length")];
        file.write_all(&bytes).expect("the bytes are written");
    };
    // Damages a page of the products table: the other tables are still readable.
    let end = u64::from(page) * 4096;
    damage(end - 4096, end);
    let output = run(&url, &["check"], "");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(report.contains("FAILED  the file is intact"), "{report}");
    // The other invariants are still checked.
    assert!(
        report.contains("ok      the values of each brand are within their limits"),
        "{report}"
    );
    // Damages the header, so that nothing is readable.
    damage(0, 100);
    let output = run(&url, &["check"], "");
    let report = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(report.starts_with("FAILED  the file is a database"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unwritable_files_are_refused() {
    run_test(Database::Sqlite, Api::Rest, serve_unwritable_files).await;
}

async fn serve_unwritable_files(gateway: Gateway) {
    let database = gateway.stop().await;
    let url = database.url();
    let file = Path::new(url.trim_start_matches("sqlite://"));
    let log = file.with_extension("db-wal");
    let directory = file.parent().expect("a directory");
    let serve_with_mode = |path: &Path, mode: u32| {
        let before = std::fs::metadata(path).expect("a file").permissions();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
        let output = without_privileges(&command(&url)).arg("serve").output();
        std::fs::set_permissions(path, before).expect("permissions");
        let output = output.expect("the process exits");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains("can't be written"), "{printed}");
        assert!(!printed.to_lowercase().contains("sqlite 1"), "{printed}");
        printed
    };
    assert!(serve_with_mode(file, 0o400).contains("test.db: Permission denied"));
    assert!(serve_with_mode(directory, 0o500).contains("Permission denied"));
    std::fs::write(&log, "").expect("a file");
    assert!(serve_with_mode(&log, 0o400).contains("test.db-wal: Permission denied"));
    // Nothing was changed or left behind.
    let program = Program::serve(&url, &[]).await;
    program.anon().get("/readyz").await.expect(200);
    let names: Vec<String> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(!names.iter().any(|name| name.contains("probe")), "{names:?}");
}

/// The same command without root's privilege to ignore permissions.
fn without_privileges(original: &Command) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(original.get_program())
        .env_clear()
        .envs(
            original
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("BIND", "127.0.0.1:0")
        .current_dir(std::env::temp_dir());
    command
}
