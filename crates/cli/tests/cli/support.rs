//! Running `floe` in a directory of its own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How often something that happens "eventually" is looked for, and how long
/// is waited between: 90 s in all, for busy machines.
const LOOKS: u32 = 4500;
const BETWEEN: Duration = Duration::from_millis(20);

/// A data directory and the command that works on it.
pub(crate) struct Floe {
    dir: TempDir,
    pub(crate) network: &'static str,
}

/// What one run printed.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Floe {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            network: "auto",
        }
    }

    pub(crate) fn loopback() -> Self {
        Self {
            network: "loopback",
            ..Self::new()
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A file in a place of this test's own.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_floe"));
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.data_dir())
            .args(["--network", self.network])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn args(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Runs SQL and answers what was printed, tables as CSV.
    pub(crate) fn sql(&self, sql: &str) -> Ran {
        self.args(&["run", "--format", "csv", "-e", sql])
    }

    /// Runs SQL that must succeed.
    pub(crate) fn ok(&self, sql: &str) -> Ran {
        let ran = self.sql(sql);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    pub(crate) fn start(&self, args: &[&str]) -> Running {
        Running(self.command(args).spawn().unwrap())
    }

    /// The log of a container, of all its attempts.
    pub(crate) fn log(&self, service: &str, instance: u32) -> String {
        let logs = self.data_dir().join("runtime/logs");
        let mut text = String::new();
        for entry in std::fs::read_dir(logs).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(&format!("{service}."))
            {
                let dir = entry.path().join(instance.to_string());
                let mut files: Vec<_> = std::fs::read_dir(dir)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|entry| entry.path())
                    .collect();
                // The rotated file (`….1`) is the older one.
                files.sort();
                files.reverse();
                for file in files {
                    text.push_str(&std::fs::read_to_string(file).unwrap_or_default());
                }
            }
        }
        text
    }

    /// Processes that belong to this data directory, by pid.
    pub(crate) fn processes(&self) -> BTreeMap<u32, String> {
        let marker = self
            .data_dir()
            .canonicalize()
            .unwrap_or_else(|_| self.data_dir());
        let marker = marker.display().to_string();
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let exe = std::fs::read_link(entry.path().join("exe")).unwrap_or_default();
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let of_image = exe.display().to_string().starts_with(&marker);
            let zombie = command.is_empty();
            if of_image && !zombie {
                found.insert(pid, command);
            }
        }
        found
    }

    pub(crate) fn assert_nothing_left(&self) {
        eventually("no process is left", || self.processes().is_empty());
    }
}

/// A `floe` that does not outlive its test, whatever becomes of the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its standard error, line by line; to be taken once.
    pub(crate) fn stderr_lines(&mut self) -> Lines<BufReader<ChildStderr>> {
        BufReader::new(self.0.stderr.take().unwrap()).lines()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for its end; answers the exit code, or `None` after a signal.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that the run failed and said each of these.
    pub(crate) fn fails_with(&self, texts: &[&str]) -> &Self {
        assert_eq!(self.code, Some(1), "{}\n{}", self.stdout, self.stderr);
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no '{text}' in:\n{}",
                self.stderr
            );
        }
        self
    }
}

/// Waits until `holds`, with patience and without guessing how long it takes.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if holds() {
            return;
        }
        std::thread::park_timeout(BETWEEN);
    }
    panic!("it did not happen: {what}");
}

pub(crate) const POOL: &str =
    "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_S;";

/// A specification of the echo service with extra environment lines.
pub(crate) fn spec(image: &str, env: &[(&str, &str)]) -> String {
    let mut text = format!(
        "spec:\n  containers:\n  - name: echo\n    image: /floe/samples/images/echo:{image}\n    \
         env:\n      CHARACTER_NAME: Bob\n"
    );
    for (name, value) in env {
        text.push_str(&format!("      {name}: \"{value}\"\n"));
    }
    text.push_str(
        "    readinessProbe:\n      port: 8000\n      path: /healthcheck\n  endpoints:\n  - name: \
         echoendpoint\n    port: 8000\n    public: true\n",
    );
    text
}

/// Creates the echo service and waits for both instances; from then on one is enough.
pub(crate) fn echo_service(env: &[(&str, &str)]) -> String {
    format!(
        "{POOL} CREATE SERVICE echo IN COMPUTE POOL p MIN_INSTANCES=2 \
         FROM SPECIFICATION $${}$$; {FUNCTION} CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo'); \
         ALTER SERVICE echo SET MIN_READY_INSTANCES=1;",
        spec("v1", env)
    )
}

pub(crate) const FUNCTION: &str = "CREATE OR REPLACE FUNCTION say(text VARCHAR) RETURNS VARCHAR \
     SERVICE=echo ENDPOINT=echoendpoint MAX_BATCH_ROWS=20 AS '/echo';";
