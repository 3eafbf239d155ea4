//! TLS with each `sslmode`.

use std::path::Path;
use std::process::{Command, Stdio};

use database::Failure;

use super::{number, open, settings};
use crate::server::{Server, give_to_server};

/// Creates a certificate authority, `NAME.pem`, and a certificate for `address` that it has signed, `NAME-server.pem`, with
/// its key.
fn certify(directory: &Path, name: &str, address: &str) {
    let openssl = |arguments: &str| {
        let status = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(directory)
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("openssl").success(), "{arguments}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(&format!(
        "req -x509 {key} -keyout {name}.key -out {name}.pem -subj /CN={name}"
    ));
    openssl(&format!(
        "req -x509 {key} -CA {name}.pem -CAkey {name}.key -keyout {name}-server.key -out {name}-server.pem \
         -subj /CN=server -addext subjectAltName={address} -addext basicConstraints=critical,CA:FALSE"
    ));
    give_to_server(&directory.join(format!("{name}-server.key")));
}

#[tokio::test]
async fn each_sslmode_checks_the_certificate_as_documented() {
    let mut paths = None;
    let prepare = |directory: &tempfile::TempDir| {
        certify(directory.path(), "ours", "IP:127.0.0.1");
        certify(directory.path(), "other", "IP:127.0.0.2");
        paths = Some(directory.path().to_owned());
    };
    let settings_of_server = [
        "ssl=on",
        "ssl_cert_file=../ours-server.pem",
        "ssl_key_file=../ours-server.key",
    ];
    let Some(server) = Server::start_with(&settings_of_server, prepare).await else {
        return;
    };
    let paths = paths.expect("a directory");
    let root = |name: &str| format!("&sslrootcert={}", paths.join(format!("{name}.pem")).display());
    let is_encrypted =
        "SELECT CAST(CAST(ssl AS integer) AS bigint) FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let localhost = server.url().replace("127.0.0.1", "localhost");
    for (url, mode, expected) in [
        (server.url(), "disable".to_owned(), Some(0)),
        (server.url(), "prefer".to_owned(), Some(1)),
        (server.url(), "require".to_owned(), Some(1)),
        (server.url(), format!("require{}", root("ours")), Some(1)),
        (server.url(), format!("require{}", root("other")), None),
        (server.url(), format!("verify-ca{}", root("ours")), Some(1)),
        (localhost.clone(), format!("verify-ca{}", root("ours")), Some(1)),
        (server.url(), format!("verify-ca{}", root("other")), None),
        (server.url(), format!("verify-full{}", root("ours")), Some(1)),
        (localhost, format!("verify-full{}", root("ours")), None),
        (server.url(), "verify-full".to_owned(), None),
    ] {
        let opened = open(&format!("{url}?sslmode={mode}"), settings()).await;
        match (opened, expected) {
            (Ok(db), Some(expected)) => {
                assert_eq!(number(&db, is_encrypted).await, Ok(expected), "{url} {mode}");
            }
            (Err(error), None) => assert_eq!(Failure::of(&error), Failure::Unavailable, "{url} {mode}"),
            (opened, _) => panic!("{url} {mode}: {:?}", opened.err()),
        }
    }
}
