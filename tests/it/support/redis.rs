//! Redis for a test, and a TCP proxy to it that can be cut.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// An empty database on the Redis server that `STOCKROOM_TEST_REDIS` names.
pub struct Redis {
    pub url: String,
    pub address: SocketAddr,
    database: u32,
}

impl Redis {
    /// Clears a database and returns it; `None` if `STOCKROOM_TEST_REDIS` is not set, which is an error with `CI=true`.
    pub async fn empty() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
        let (url, ci) = (std::env::var("STOCKROOM_TEST_REDIS"), std::env::var("CI"));
        let Ok(url) = url else {
            assert_ne!(
                ci.as_deref(),
                Ok("true"),
                "CI=true requires STOCKROOM_TEST_REDIS (scripts/test sets it)"
            );
            println!("SKIPPED: STOCKROOM_TEST_REDIS is not set");
            return None;
        };
        let address = url.trim_start_matches("redis://").trim_end_matches('/');
        let address = address.parse().expect("redis://ADDRESS:PORT");
        // Redis has 16 databases by default.
        let database = NEXT.fetch_add(1, Ordering::Relaxed) % 16;
        let url = format!("redis://{address}/{database}");
        let client = ::redis::Client::open(&*url).expect("a URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("Redis responds");
        ::redis::cmd("FLUSHDB")
            .exec_async(&mut connection)
            .await
            .expect("FLUSHDB succeeds");
        Some(Self {
            url,
            address,
            database,
        })
    }

    /// The URL of the same database through another address.
    pub fn through(&self, address: SocketAddr) -> String {
        format!("redis://{address}/{}", self.database)
    }
}

/// A TCP proxy that can cut its connections to a server.
pub struct Proxy {
    pub address: SocketAddr,
    forwarding: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy to `server`, at the address `at` or on a free port.
    pub async fn to(server: SocketAddr, at: Option<SocketAddr>) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(at.unwrap_or(any)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let forwarding = tokio::spawn(async move {
            // The set is dropped with the task, which closes every connection.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut server = TcpStream::connect(server).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Self { address, forwarding }
    }

    /// Closes the listener and every connection.
    pub async fn cut(self) {
        self.forwarding.abort();
        assert!(self.forwarding.await.is_err_and(|ended| ended.is_cancelled()));
    }
}

/// A separate Redis server that accepts only TLS.
pub struct TlsRedis {
    pub url: String,
    /// The file with the certificate of its authority.
    pub authority: PathBuf,
    server: Child,
    _directory: tempfile::TempDir,
}

impl TlsRedis {
    /// Starts the server; `None` if [`Redis::empty`] returns `None`.
    pub async fn start() -> Option<Self> {
        Redis::empty().await?;
        let directory = tempfile::tempdir().expect("a directory");
        certify(directory.path());
        let any = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = any.local_addr().expect("an address").port();
        drop(any);
        let mut server = Command::new("redis-server")
            .args([
                "--port",
                "0",
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--tls-auth-clients",
                "no",
            ])
            .args(["--tls-port", &port.to_string()])
            .args(["--tls-cert-file", "server.pem", "--tls-key-file", "server.key"])
            .args(["--tls-ca-cert-file", "authority.pem"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server starts");
        let log = BufReader::new(server.stdout.take().expect("stdout"));
        let mut lines = log.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("Ready to accept connections")));
        Some(Self {
            url: format!("rediss://127.0.0.1:{port}"),
            authority: directory.path().join("authority.pem"),
            server,
            _directory: directory,
        })
    }
}

impl Drop for TlsRedis {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Creates a certificate authority, and a certificate for 127.0.0.1 that it has signed.
fn certify(directory: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    for arguments in [
        format!("req -x509 {key} -keyout authority.key -out authority.pem -subj /CN=authority"),
        format!(
            "req -x509 {key} -CA authority.pem -CAkey authority.key -keyout server.key -out server.pem \
             -subj /CN=server -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        ),
    ] {
        let status = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(directory)
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("openssl").success(), "{arguments}");
    }
}
