//! Settings and secrets: their sources, and that secrets are never printed.

use std::process::Stdio;

use std::path::Path;

use serde_json::json;
use stockroom::clock::Clock;

use crate::accounts::jwt;
use crate::support::gateway::SECRET_KEY;
use crate::support::program::{Program, command};
use crate::support::test_database::PASSWORD;

/// Settings that `--help` must list.
const SETTINGS: [&str; 14] = [
    "DATABASE_URL",
    "DATABASE_POOL_SIZE",
    "DATABASE_PREPARED_STATEMENTS",
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
fn help_lists_settings_and_prints_no_secret() {
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
    // The default address is that of the documented examples.
    assert!(help.contains("[default: 127.0.0.1:8000]"), "{help}");
    assert!(!help.contains(SECRET_KEY) && !help.contains("hunter2"), "{help}");
}

#[test]
fn invalid_settings_are_rejected() {
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
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.contains(&name.to_lowercase().replace('_', "-")),
            "{name}: {message}"
        );
        assert!(!message.contains("panicked"), "{message}");
        if ["SECRET_KEY", "WEBHOOK_SECRET", "WEBHOOK_URL"].contains(&name) {
            assert!(!message.contains(value), "{message}");
        }
    }
}

#[tokio::test]
async fn sqlite_keeps_a_generated_secret() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stock.db");
    let url = format!("sqlite://{}", file.display());
    let run_without_key = |arguments: &[&str]| {
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
    run_without_key(&["migrate", "up"]);
    let secret_file = directory.path().join("stock.db.secret");
    let secret = std::fs::read_to_string(&secret_file).unwrap();
    assert!(secret.trim().len() >= 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for private in [&secret_file, &file] {
            let mode = std::fs::metadata(private).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", private.display());
        }
    }
    run_without_key(&["migrate", "up"]);
    assert_eq!(std::fs::read_to_string(&secret_file).unwrap(), secret);
    // A secret that is too short is not used.
    std::fs::write(&secret_file, "short").unwrap();
    let mut command = command(&url);
    let output = command
        .env_remove("SECRET_KEY")
        .args(["migrate", "up"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn the_environment_takes_precedence_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let settings =
        "PUBLIC_URL=https://from-file.example\nSECRET_KEY=a secret from a file, of more than 32 bytes\n";
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
    let from_environment = [("PUBLIC_URL", "https://from-environment.example")];
    assert_eq!(
        index(&from_environment).await,
        json!("https://from-environment.example/api/v1/brands/")
    );
}

/// Runs a command with settings only from `.env`, at the most verbose log level.
fn with_env_file(directory: &Path, lines: &str, arguments: &[&str]) -> (Option<i32>, String) {
    std::fs::write(directory.join(".env"), lines).unwrap();
    let output = command("")
        .env_clear()
        .env("RUST_LOG", "trace")
        .current_dir(directory)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

#[tokio::test]
async fn keys_in_the_file_are_taken_literally() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("stock.db").display());
    let created = command(&url)
        .args(["user", "create", "root", "--superuser", "--password-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write as _;
            child.stdin.take().unwrap().write_all(PASSWORD.as_bytes())?;
            child.wait()
        });
    assert!(created.unwrap().success());
    for key in [
        "0123456789-0123456789-012345678$ab-0123456789",
        "#begins-with-a-hash-and-is-longer-than-32-bytes",
        "'in-single-quotes-and-longer-than-32-bytes-$x'",
        "\"in-double-quotes-and-longer-than-32-bytes\\n\"",
        "k=ey=with=${HOME}=and=`equals`=and=\\slashes\\=",
        "a key with spaces # and what looks like a comment",
    ] {
        std::fs::write(directory.path().join(".env"), format!("SECRET_KEY = {key} \r\n")).unwrap();
        let program = Program::serve_in(directory.path(), &url, &[]).await;
        let now = Clock::system().now().timestamp();
        let claims = json!({
            "token_type": "access", "exp": now + 600, "iat": now, "jti": "0123456789abcdef0123456789abcdef", "user_id": 1,
        });
        let body = json!({ "token": jwt::hs256(&claims, key) });
        program
            .anon()
            .post("authentication/token/verify/", body)
            .await
            .expect(200);
    }
}

#[test]
fn white_space_and_spellings_of_booleans_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let url = "DATABASE_URL = sqlite://stock.db ";
    for line in [
        "TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1 ,::1,",
        "ALLOWED_HOSTS= a.example , .b.example",
        "CORS_ALLOWED_ORIGINS= https://a.example , https://b.example",
        "WEBHOOK_EVENTS= outflow.created , inflow.created",
        "WEBHOOK_RETRY_SCHEDULE= 5 , 300",
        "BIND= 127.0.0.1:8000 ",
        "ACCESS_TOKEN_LIFETIME= 60 ",
        "LOG_FORMAT= json ",
        "RATE_LIMIT_ENABLED=True",
        "ROTATE_REFRESH_TOKENS=YES",
        "GRAPHQL_INTROSPECTION=Off",
        "WEBHOOK_ALLOW_PRIVATE=1",
        "WEBHOOK_ENABLED=no",
        "GRAPHQL_DOCUMENTS_ONLY=0",
    ] {
        let (code, printed) = with_env_file(directory.path(), &format!("{url}\n{line}"), &["migrate", "up"]);
        assert_eq!(code, Some(0), "{line}: {printed}");
    }
    // Flags are parsed in the same way.
    let flags = [
        "--trusted-proxies",
        "10.0.0.0/8, 127.0.0.1",
        "--rate-limit-enabled",
        " On ",
    ];
    let (code, printed) = with_env_file(directory.path(), url, &[&["migrate", "up"], &flags[..]].concat());
    assert_eq!(code, Some(0), "{printed}");
    let (code, printed) = with_env_file(directory.path(), "RATE_LIMIT_ENABLED=perhaps", &["migrate", "up"]);
    assert_eq!(code, Some(2), "{printed}");
}

#[test]
fn secrets_are_not_printed_in_any_form() {
    let directory = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("DATABASE_URL", "postgres://u:hunter2#x@127.0.0.1:1/d"),
        ("DATABASE_URL", "postgres://u:/ab?cd=hunter2@h/d"),
        ("DATABASE_URL", "postgres://u:1/hunter2@127.0.0.1/d"),
        ("DATABASE_URL", "postgres://u:1#hunter2@127.0.0.1/d"),
        ("DATABASE_URL", "postgres://u:p@127.0.0.1:1/d?sslmode=hunter2"),
        ("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:99999/d"),
        ("DATABASE_URL", "mysql://u:hunter2@127.0.0.1:1/d"),
        ("DATABASE_URL", "'postgres://u:hunter2@127.0.0.1:1/d'"),
        ("PUBLIC_URL", "https://ann:hunter2@stock.example"),
        ("PUBLIC_URL", "https://:hunter2@stock.example"),
        ("PUBLIC_URL", "https://stock.example/?token=hunter2"),
        ("REDIS_URL", "http://:hunter2@127.0.0.1"),
        ("CORS_ALLOWED_ORIGINS", "https://ann:hunter2@stock.example"),
        ("WEBHOOK_URL", "https://ann:hunter2@127.0.0.1:99999"),
        ("WEBHOOK_SECRET", "hunter2"),
        ("SECRET_KEY", "hunter2"),
        ("BIND", "hunter2"),
        ("LOG_FORMAT", "hunter2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://ann:hunter2@127.0.0.1"),
    ] {
        let (code, printed) = with_env_file(
            directory.path(),
            &format!("{name}={value}"),
            &["migrate", "status"],
        );
        assert_eq!(code, Some(2), "{name}={value}: {printed}");
        assert!(printed.contains(name), "{name}={value}: {printed}");
        assert!(!printed.contains("hunter2"), "{name}={value}: {printed}");
    }
    // A well-formed URL of a server that cannot be reached.
    let lines =
        "DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/d\nSECRET_KEY=hunter2-hunter2-hunter2-hunter2-x";
    let (code, printed) = with_env_file(directory.path(), lines, &["migrate", "status"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
    // A line that is not an assignment.
    let (code, printed) = with_env_file(directory.path(), "hunter2", &["migrate", "status"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains(".env, line 1") && !printed.contains("hunter2"),
        "{printed}"
    );
}

#[test]
fn guessable_keys_are_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let up = |lines: &str| with_env_file(directory.path(), lines, &["migrate", "up"]);
    let published = "SECRET_KEY=django-insecure-6y)0a$g4x!k#2m^z9q&c1v*b7n8";
    for (line, reason) in [
        (published, "published"),
        (&format!("SECRET_KEY={}", "a".repeat(36)), "different characters"),
        (&format!("SECRET_KEY={}", "ab".repeat(18)), "different characters"),
        ("SECRET_KEY=short", "32 bytes or more"),
    ] {
        let (code, printed) = up(line);
        assert_eq!(code, Some(2), "{line}: {printed}");
        assert!(
            printed.contains("SECRET_KEY") && printed.contains(reason),
            "{line}: {printed}"
        );
    }
    let output = command("sqlite://never.db")
        .env("SECRET_KEY", " ".repeat(36))
        .args(["migrate", "up"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let (code, printed) = up(&format!("{published}\nALLOW_KNOWN_SECRET=yes"));
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn secrets_are_read_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let url = file("url", "sqlite://from-a-file.db\n");
    let key = file("key", " a key in a file, longer than 32 bytes\n");
    let weak = file("weak", "short");
    let up = |lines: &str| with_env_file(directory.path(), lines, &["migrate", "up"]);
    let (code, printed) = up(&format!("DATABASE_URL_FILE={url}\nSECRET_KEY_FILE={key}"));
    assert_eq!(code, Some(0), "{printed}");
    assert!(directory.path().join("from-a-file.db").exists());
    // With an explicit key, none is generated.
    assert!(!directory.path().join("from-a-file.db.secret").exists());
    for (lines, reason) in [
        (format!("SECRET_KEY_FILE={weak}"), "32 bytes or more"),
        ("SECRET_KEY_FILE=missing".to_owned(), "can't be read"),
        (
            format!("SECRET_KEY_FILE={key}\nSECRET_KEY={SECRET_KEY}"),
            "both set",
        ),
        (
            format!("DATABASE_URL_FILE={url}\nDATABASE_URL=sqlite://a.db"),
            "both set",
        ),
    ] {
        let (code, printed) = up(&lines);
        assert_eq!(code, Some(2), "{lines}: {printed}");
        assert!(
            printed.contains(reason) && printed.contains("_FILE"),
            "{lines}: {printed}"
        );
    }
}
