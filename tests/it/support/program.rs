//! The program as a process, for tests of its log, its signals and its exit.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::actors::Actor;
use crate::support::gateway::SECRET_KEY;
use crate::support::test_database::PASSWORD;

/// The time limit of every step.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running `stockroom serve` on its own port unless `BIND` is set, logging as JSON.
pub struct Program {
    pub address: SocketAddr,
    child: Child,
    lines: UnboundedReceiver<String>,
    http: reqwest::Client,
}

/// A command of the program on this database; it inherits no environment.
pub fn command(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockroom"));
    command
        .env_clear()
        .env("DATABASE_URL", database_url)
        .env("SECRET_KEY", SECRET_KEY)
        .env("LOG_FORMAT", "json")
        .current_dir(std::env::temp_dir());
    command
}

impl Program {
    /// Starts the program with these settings and waits until it serves.
    pub async fn serve(database_url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start(command(database_url).envs(settings.iter().copied())).await
    }

    /// Like [`Program::serve`], in a directory with a `.env` file for the other settings.
    pub async fn serve_in(directory: &Path, database_url: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = command(database_url);
        Self::start(
            command
                .env_remove("SECRET_KEY")
                .current_dir(directory)
                .envs(settings.iter().copied()),
        )
        .await
    }

    /// Like [`Program::serve`], with a limit on the size of files in bytes until [`Program::lift_size_limit`]. Writes
    /// beyond the limit fail as on a full disk.
    pub async fn serve_with_size_limit(database_url: &str, bytes: u64, settings: &[(&str, &str)]) -> Self {
        // Exceeding the limit raises SIGXFSZ, which would end the program and does not occur on a full disk.
        let script = r#"trap "" XFSZ; exec /usr/bin/prlimit --fsize="$1:unlimited" "$0" "$2""#;
        let base = command(database_url);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script, env!("CARGO_BIN_EXE_stockroom"), &bytes.to_string()])
            .env_clear()
            .envs(base.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(std::env::temp_dir());
        Self::start(command.envs(settings.iter().copied())).await
    }

    /// Lifts the limit on the size of files.
    pub fn lift_size_limit(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("/usr/bin/prlimit")
            .args(["--pid", &pid, "--fsize=unlimited:unlimited"])
            .status();
        assert!(status.expect("prlimit").success());
    }

    async fn start(command: &mut Command) -> Self {
        if !command.get_envs().any(|(name, _)| name == "BIND") {
            command.env("BIND", "127.0.0.1:0");
        }
        let mut child = command
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let log = BufReader::new(child.stderr.take().expect("stderr"));
        let (sender, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut program = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            child,
            lines,
            http: reqwest::Client::new(),
        };
        let serving = program.line(|line| line["message"] == "serving").await;
        program.address = serving["address"]
            .as_str()
            .and_then(|address| address.parse().ok())
            .expect("an address");
        program
    }

    /// The next line of the log that matches.
    pub async fn line(&mut self, matches: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = tokio::time::timeout(TIMEOUT, self.lines.recv())
                .await
                .expect("the line is logged in time")
                .expect("the line is logged before the program exits");
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
            if matches(&line) {
                return line;
            }
        }
    }

    /// The remaining log of a program that has exited.
    pub async fn remaining_log(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) = tokio::time::timeout(TIMEOUT, self.lines.recv())
            .await
            .expect("the log ends in time")
        {
            rest.push(line);
        }
        rest
    }

    /// A client without a login.
    pub fn anon(&self) -> Actor {
        Actor::new(&self.http, self.address, None, "anon")
    }

    /// A user who has logged in.
    pub async fn user(&self, name: &str) -> Actor {
        let tokens = self
            .anon()
            .post(
                "authentication/token/",
                json!({ "username": name, "password": PASSWORD }),
            )
            .await
            .expect(200);
        let access = tokens["access"].as_str().expect("a token").to_owned();
        Actor::new(&self.http, self.address, Some(access), "user")
    }

    /// The resident memory of the process in bytes.
    pub fn memory(&self) -> usize {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).expect("statistics");
        let resident = pages
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<usize>().ok());
        resident.expect("a number") * 4096
    }

    /// The soft limit on open files of the process.
    pub fn open_file_limit(&self) -> u64 {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("limits");
        let soft = limits.lines().find_map(|line| {
            line.strip_prefix("Max open files")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        });
        soft.expect("a limit")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child");
    }

    /// Waits until the process exits, and returns its status.
    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "the process does not exit"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
