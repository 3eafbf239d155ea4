//! A PostgreSQL server for a single test, with settings that would affect other tests, and a pooler in front of it.

use std::fs::{Permissions, write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The time limit for the start of a program.
const START_TIMEOUT: Duration = Duration::from_secs(60);

pub struct Server {
    pub directory: TempDir,
    pub port: u16,
    processes: Vec<Child>,
}

impl Server {
    /// Starts a server with these settings. `None` if no PostgreSQL is configured for tests.
    pub async fn start(settings: &[&str]) -> Option<Self> {
        Self::start_with(settings, |_| {}).await
    }

    /// Like [`start`](Self::start); `prepare` adds files to the server's directory.
    pub async fn start_with(settings: &[&str], prepare: impl FnOnce(&TempDir)) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "not a setting of a program")]
        if std::env::var("STOCKROOM_TEST_POSTGRES").is_err() {
            eprintln!("SKIPPED on PostgreSQL: STOCKROOM_TEST_POSTGRES is not set");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).expect("permissions");
        let data = directory.path().join("data");
        std::fs::create_dir(&data).expect("a directory");
        give_to_server(&data);
        let mut initdb = as_server(programs().join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", "postgres", "--auth", "trust", "--no-sync"])
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8"])
            .stdout(Stdio::null());
        assert!(initdb.status().expect("initdb").success());
        prepare(&directory);
        let port = free_port();
        let mut postgres = as_server(programs().join("postgres"));
        postgres
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
            ]);
        for setting in settings {
            postgres.args(["-c", setting]);
        }
        let mut server = Self {
            directory,
            port,
            processes: Vec::new(),
        };
        server.launch(postgres, port).await;
        Some(server)
    }

    /// Starts pgbouncer in front of the server, and returns its port.
    pub async fn start_pooler(&mut self, mode: &str) -> u16 {
        let port = free_port();
        let file = self.directory.path().join(format!("{mode}.ini"));
        let settings = format!(
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n\
             pool_mode = {mode}\ndefault_pool_size = 4\nmax_client_conn = 100\n\
             [databases]\npostgres = host=127.0.0.1 port={} user=postgres\n",
            self.port
        );
        write(&file, settings).expect("a file");
        give_to_server(&file);
        let mut pgbouncer = as_server(PathBuf::from("pgbouncer"));
        pgbouncer.arg(&file);
        self.launch(pgbouncer, port).await;
        port
    }

    async fn launch(&mut self, mut command: Command, port: u16) {
        let log = std::fs::File::create(self.directory.path().join(format!("{port}.log"))).expect("a file");
        let errors = log.try_clone().expect("a file");
        self.processes.push(
            command
                .stdout(log)
                .stderr(errors)
                .spawn()
                .expect("the program starts"),
        );
        let begin = Instant::now();
        loop {
            let ready = Command::new(programs().join("pg_isready"))
                .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string()])
                .output();
            if ready.expect("pg_isready").status.success() {
                return;
            }
            assert!(begin.elapsed() < START_TIMEOUT, "the program does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The pooler is stopped first.
        for mut process in self.processes.drain(..).rev() {
            let ended = Command::new("kill")
                .args(["-INT", &process.id().to_string()])
                .status();
            ended.expect("kill");
            process.wait().expect("a child");
        }
    }
}

/// A command that does not run as root, since PostgreSQL and pgbouncer refuse that.
fn as_server(program: PathBuf) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
        // The process ends with the test, even if the test is killed.
        command.args(["--pdeathsig", "INT"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// Makes the server's user the owner of a file.
pub fn give_to_server(path: &std::path::Path) {
    if is_root() {
        assert!(
            Command::new("chown")
                .arg("postgres")
                .arg(path)
                .status()
                .expect("chown")
                .success()
        );
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// The directory of the newest installed version. Debian does not add these directories to `PATH`.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    newest.expect("PostgreSQL is installed").1
}

/// A free port.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
