//! nginx and HAProxy with the configurations of `docs/operations.md`, in front of gateways.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

/// The time limit of a start.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Haproxy,
}

impl Kind {
    /// The name of the program, of its Debian package, and of its language in the documentation.
    const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        }
    }

    /// The documented `SHUTDOWN_NOTICE`.
    pub const fn notice(self) -> &'static str {
        match self {
            Self::Nginx => "1",
            Self::Haproxy => "3",
        }
    }

    /// Whether the program is installed. Panics if it is not and `CI=true`.
    pub fn is_installed(self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
        let ci = std::env::var("CI");
        let is_installed = self.path().is_some();
        assert!(
            is_installed || ci.as_deref() != Ok("true"),
            "CI=true requires {}",
            self.name()
        );
        if !is_installed {
            println!("SKIPPED: {} is not installed", self.name());
        }
        is_installed
    }

    fn path(self) -> Option<PathBuf> {
        let folders = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];
        let paths = folders.map(|folder| Path::new(folder).join(self.name()));
        paths.into_iter().find(|path| path.exists())
    }

    /// The documented configuration, listening at this address.
    fn configuration(self, address: SocketAddr, gateways: [SocketAddr; 2], is_below_path: bool) -> String {
        let documented = documented(self.name());
        let [whole, prefix] = &*documented else {
            panic!("{} has {} examples", self.name(), documented.len())
        };
        let mut text = whole.clone();
        let mut replace = |old: &str, new: &str| {
            assert_eq!(text.matches(old).count(), 1, "{old} in {text}");
            text = text.replace(old, new);
        };
        replace("10.0.0.1:8000", &gateways[0].to_string());
        replace("10.0.0.2:8000", &gateways[1].to_string());
        match self {
            Self::Nginx => replace("listen 80;", &format!("listen {address};")),
            Self::Haproxy => replace("bind :80", &format!("bind {address}")),
        }
        if is_below_path {
            match self {
                Self::Nginx => replace("    location / {\n        proxy_pass http://stockroom;\n", prefix),
                Self::Haproxy => replace(
                    "    default_backend stockroom\n",
                    &format!("{prefix}    default_backend stockroom\n"),
                ),
            }
        }
        text
    }

    /// The whole configuration file: the documented part, and what the package of a distribution adds.
    fn file(self, configuration: &str) -> String {
        match self {
            Self::Nginx => format!(
                "daemon off; worker_processes 2; pid nginx.pid; error_log error.log;\n{}events {{}}\n\
                 http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;\n\
                 uwsgi_temp_path u; scgi_temp_path s;\n{configuration}}}\n",
                if is_root() { "user root;\n" } else { "" }
            ),
            Self::Haproxy => configuration.to_owned(),
        }
    }
}

/// The examples of the documentation in this language.
fn documented(language: &str) -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let page = fs::read_to_string(page).expect("a page");
    let fence = format!("```{language}\n");
    let blocks = page.split(&*fence).skip(1);
    blocks
        .map(|block| block.split("```").next().expect("a block").to_owned())
        .collect()
}

/// A running proxy; stopped on drop.
pub struct Proxy {
    pub address: SocketAddr,
    child: Child,
    directory: TempDir,
}

impl Proxy {
    /// Starts a proxy in front of two gateways.
    pub async fn start(
        kind: Kind,
        address: SocketAddr,
        gateways: [SocketAddr; 2],
        is_below_path: bool,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("proxy.conf");
        let configuration = kind.configuration(address, gateways, is_below_path);
        fs::write(&file, kind.file(&configuration)).expect("a file");
        let log = fs::File::create(directory.path().join("error.log")).expect("a file");
        // The proxy is stopped even if the test process is killed.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM"])
            .arg(kind.path().expect("a program"));
        match kind {
            Kind::Nginx => command
                .arg("-p")
                .arg(directory.path())
                .args(["-e", "error.log"])
                .arg("-c"),
            Kind::Haproxy => command.args(["-db", "-f"]),
        };
        let child = command
            .arg(&file)
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut proxy = Self {
            address,
            child,
            directory,
        };
        let begin = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            let status = proxy.child.try_wait().expect("a child");
            assert!(
                status.is_none() && begin.elapsed() < TIMEOUT,
                "{status:?}: {}",
                proxy.log()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        proxy
    }

    /// The errors logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("error.log")).expect("a log")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // SIGTERM stops both programs fast, with their workers.
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }
}

/// An address on this machine with a free port.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address")
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}
