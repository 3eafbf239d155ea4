//! Settings and secrets: where they come from, and that secrets never print.

use std::process::Stdio;

use serde_json::json;

use crate::support::gateway::SECRET_KEY;
use crate::support::program::{Program, command};

/// The settings that the contract names, as far as they exist.
const SETTINGS: [&str; 12] = [
    "DATABASE_URL",
    "BIND",
    "SECRET_KEY",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
    "ACCESS_TOKEN_LIFETIME",
    "REFRESH_TOKEN_LIFETIME",
    "ROTATE_REFRESH_TOKENS",
    "LOW_STOCK_THRESHOLD",
    "GRAPHQL_INTROSPECTION",
    "LOG_FORMAT",
];

#[test]
fn help_lists_every_setting_and_prints_no_secret() {
    let output = command("postgres://stock:hunter2@db.example/stock")
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for setting in SETTINGS {
        assert!(help.contains(&format!("[env: {setting}")), "{setting}");
        let flag = format!("--{}", setting.to_lowercase().replace('_', "-"));
        assert!(help.contains(&flag), "{flag}");
    }
    // Where the document's examples expect it.
    assert!(help.contains("[default: 127.0.0.1:8000]"), "{help}");
    assert!(!help.contains(SECRET_KEY) && !help.contains("hunter2"), "{help}");
}

#[test]
fn settings_that_cannot_be_read_are_refused() {
    for (name, value) in [
        ("DATABASE_URL", "mysql://localhost/x"),
        ("BIND", "everywhere"),
        ("WEBHOOK_SECRET", "whsec_this is not Base64"),
        ("WEBHOOK_URL", "https://hooks.example:99999/a-token"),
        ("SECRET_KEY", "shorter than 32 bytes"),
        ("PUBLIC_URL", "stock.example.com"),
        ("PUBLIC_URL", "ftp://stock.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("ACCESS_TOKEN_LIFETIME", "0"),
        ("REFRESH_TOKEN_LIFETIME", "a week"),
        ("ROTATE_REFRESH_TOKENS", "perhaps"),
        ("LOW_STOCK_THRESHOLD", "-1"),
        ("LOG_FORMAT", "xml"),
    ] {
        let output = command("sqlite://never.db")
            .env(name, value)
            .args(["migrate", "status"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}={value}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(&name.to_lowercase().replace('_', "-")),
            "{name}: {said}"
        );
        assert!(!said.contains("panicked"), "{said}");
        if ["SECRET_KEY", "WEBHOOK_SECRET", "WEBHOOK_URL"].contains(&name) {
            assert!(!said.contains(value), "{said}");
        }
    }
}

#[tokio::test]
async fn sqlite_keeps_a_generated_secret() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stock.db");
    let url = format!("sqlite://{}", file.display());
    let without = |arguments: &[&str]| {
        let mut command = command(&url);
        command
            .env_remove("SECRET_KEY")
            .args(arguments)
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    without(&["migrate", "up"]);
    let kept = directory.path().join("stock.db.secret");
    let secret = std::fs::read_to_string(&kept).unwrap();
    assert!(secret.trim().len() >= 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for kept in [&kept, &file] {
            let mode = std::fs::metadata(kept).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", kept.display());
        }
    }
    without(&["migrate", "up"]);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), secret);
    // One that is too short is not taken for one.
    std::fs::write(&kept, "short").unwrap();
    let mut command = command(&url);
    let output = command
        .env_remove("SECRET_KEY")
        .args(["migrate", "up"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_file_flags_and_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let settings =
        "PUBLIC_URL=https://from-file.example\nSECRET_KEY='a secret from a file, of more than 32 bytes'\n";
    std::fs::write(directory.path().join(".env"), settings).unwrap();
    let url = format!("sqlite://{}", directory.path().join("stock.db").display());
    let index = async |settings: &[(&str, &str)]| {
        let program = Program::serve_in(directory.path(), &url, settings).await;
        program.anon().get("").await.expect(200)["brands"].clone()
    };
    assert_eq!(
        index(&[]).await,
        json!("https://from-file.example/api/v1/brands/")
    );
    // The environment comes before the file.
    let from_environment = [("PUBLIC_URL", "https://from-environment.example")];
    assert_eq!(
        index(&from_environment).await,
        json!("https://from-environment.example/api/v1/brands/")
    );
}
