//! A PostgreSQL server for a single test, which the test can stop, freeze and overload.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::support::command::run;
use crate::support::test_database::PASSWORD;

/// The time limit of a start or stop.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The server; stopped on drop.
pub struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<&'static str>,
    server: Option<Child>,
}

impl Cluster {
    /// Starts a server with these settings, a migrated database and a superuser `admin`; `None` if
    /// `STOCKROOM_TEST_POSTGRES` is not set.
    pub async fn start(settings: &[&'static str]) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
        if std::env::var("STOCKROOM_TEST_POSTGRES").is_err() {
            println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
            return None;
        }
        let mut cluster = Self {
            directory: tempfile::tempdir().expect("a directory"),
            programs: programs(),
            port: free_port(),
            settings: settings.to_vec(),
            server: None,
        };
        cluster.initialise();
        cluster.restart().await;
        cluster
            .execute("CREATE ROLE shop LOGIN; CREATE DATABASE shop OWNER shop")
            .await;
        let created = run(
            &cluster.url(),
            &["user", "create", "admin", "--superuser", "--password-stdin"],
            PASSWORD,
        );
        assert!(created.status.success(), "{created:?}");
        Some(cluster)
    }

    /// The URL of the database, for a role without special privileges.
    pub fn url(&self) -> String {
        format!("postgres://shop@127.0.0.1:{}/shop", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn initialise(&self) {
        let data = self.data();
        std::fs::create_dir(&data).expect("a directory");
        // The user that PostgreSQL runs as needs access to the data directory.
        std::fs::set_permissions(self.directory.path(), Permissions::from_mode(0o711)).expect("a directory");
        if is_root() {
            run_successfully(Command::new("chown").arg("postgres").arg(&data));
        }
        let mut initdb = self.program("initdb");
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args([
                "--username",
                "postgres",
                "--auth",
                "trust",
                "--no-sync",
                "--encoding",
                "UTF8",
            ])
            .args(["--locale", "C.UTF-8"]);
        run_successfully(&mut initdb);
    }

    /// A command of PostgreSQL, run as another user if necessary, since it refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
            // The server is stopped even if the test process is killed.
            command.args(["--pdeathsig", "INT"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// Starts the server again.
    pub async fn restart(&mut self) {
        let mut postgres = self.program("postgres");
        postgres
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for setting in &self.settings {
            postgres.args(["-c", setting]);
        }
        self.server = Some(postgres.spawn().expect("the process starts"));
        let begin = Instant::now();
        loop {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
                .output();
            if ready.expect("pg_isready").status.success() {
                return;
            }
            assert!(begin.elapsed() < TIMEOUT, "PostgreSQL does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the server immediately, like a crash.
    pub fn crash(&mut self) {
        if let Some(mut server) = self.server.take() {
            signal("QUIT", server.id());
            server.wait().expect("a child");
        }
    }

    /// Stops every process of the server with SIGSTOP: connections are accepted but get no response.
    pub fn freeze(&self) {
        for process in self.processes() {
            signal("STOP", process);
        }
    }

    /// Resumes every process of the server with SIGCONT.
    pub fn resume(&self) {
        for process in self.processes() {
            signal("CONT", process);
        }
    }

    /// The server and its children.
    fn processes(&self) -> Vec<u32> {
        let server = self.server.as_ref().expect("a server").id();
        let mut processes = vec![server];
        for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
            let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // The parent is the second field after the name, which is in parentheses.
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
            if parent == Some(server) {
                processes.push(process);
            }
        }
        processes
    }

    /// Connects as `role` to `database`.
    pub async fn connect(&self, role: &str, database: &str) -> Result<Client, tokio_postgres::Error> {
        let url = format!(
            "postgres://{role}@127.0.0.1:{}/{database}?connect_timeout=2",
            self.port
        );
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }

    /// Executes statements as the superuser.
    pub async fn execute(&self, sql: &str) {
        let admin = self
            .connect("postgres", "postgres")
            .await
            .expect("PostgreSQL responds");
        for statement in sql.split("; ") {
            admin.batch_execute(statement).await.expect(statement);
        }
    }

    /// The number in the column `number` of a query's result.
    pub async fn number(&self, sql: &str) -> i64 {
        let admin = self
            .connect("postgres", "shop")
            .await
            .expect("PostgreSQL responds");
        admin.query_one(sql, &[]).await.expect(sql).get("number")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.resume();
        }
        self.crash();
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// The directory of PostgreSQL's programs. Debian installs them outside of PATH, in one directory for each version; the
/// newest is used.
fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    versions.sort();
    match versions.pop() {
        Some((_, programs)) => programs,
        None => {
            let found = Command::new("sh")
                .args(["-c", "command -v initdb"])
                .output()
                .expect("a shell");
            let found = String::from_utf8(found.stdout).expect("a path");
            let initdb = Path::new(found.trim())
                .canonicalize()
                .expect("PostgreSQL is installed");
            initdb.parent().expect("a directory").to_owned()
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn signal(name: &str, process: u32) {
    // The process may have exited.
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .stderr(Stdio::null())
        .status();
}

fn run_successfully(command: &mut Command) -> Output {
    let output = command.output().expect("the process starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
