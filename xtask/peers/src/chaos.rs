//! A stream of files whose consumers are killed again and again: real processes, real files, and
//! what came out counted by its content.

mod bucket;
mod directory;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How long the last consumers have to bring everything to its end.
const LAST_TIME: Duration = Duration::from_secs(900);

/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The shortest and the longest life of a consumer, in milliseconds.
const LIFE: (u64, u64) = (80, 900);

/// What is done to a stream.
///
/// ```
/// use floe_peers::chaos::Chaos;
/// let chaos = Chaos::new("/nonexistent/floe", 3, 1, 1);
/// assert!(chaos.in_a_directory().unwrap_err().contains("/nonexistent/floe"));
/// ```
#[derive(Clone, Debug)]
pub struct Chaos {
    floe: PathBuf,
    files: u64,
    kills: u64,
    consumers: u8,
    seed: u64,
}

/// What came of it.
///
/// ```
/// let report = floe_peers::chaos::Report::default();
/// assert!(report.is_exact());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Files that landed.
    pub landed: u64,
    /// Consumers that were killed.
    pub kills: u64,
    /// Consumers that ended by themselves before the end, which none should.
    pub ended: Vec<String>,
    /// Files that are not in the sink.
    pub lost: Vec<String>,
    /// Files that are in the sink more than once.
    pub repeated: Vec<String>,
    /// What is in the sink and never landed.
    pub foreign: Vec<String>,
}

impl Report {
    /// Whether every file came once, and nothing else did.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.lost.is_empty() && self.repeated.is_empty() && self.foreign.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files landed, {} consumers were killed: {} lost, {} repeated, {} foreign",
            self.landed,
            self.kills,
            self.lost.len(),
            self.repeated.len(),
            self.foreign.len()
        )?;
        for (what, names) in [
            ("lost", &self.lost),
            ("repeated", &self.repeated),
            ("foreign", &self.foreign),
            ("ended by itself", &self.ended),
        ] {
            for name in names.iter().take(10) {
                write!(f, "\n  {what}: {name}")?;
            }
        }
        Ok(())
    }
}

impl Chaos {
    /// So many files, kills and consumers of the program `floe`; the same seed is the same choice
    /// of moments and modes, though not the same run.
    #[must_use]
    pub fn new(floe: impl Into<PathBuf>, files: u64, kills: u64, consumers: u8) -> Self {
        Self {
            floe: floe.into(),
            files,
            kills,
            consumers: consumers.max(1),
            seed: 1,
        }
    }

    /// Chooses other moments.
    ///
    /// ```
    /// let chaos = floe_peers::chaos::Chaos::new("floe", 1, 1, 1).with_seed(7);
    /// assert!(format!("{chaos:?}").contains("seed: 7"));
    /// ```
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn random(&self) -> Random {
        Random(self.seed)
    }

    /// A command that runs the stream, with a data directory of its own.
    fn command(&self, data: &Path, path: &str, out: &Path, checkpoint: &str) -> Command {
        let mut command = Command::new(&self.floe);
        command.arg("--data-dir").arg(data);
        command.args(["stream", "run", path, "--checkpoint", checkpoint]);
        command.arg("--to").arg(out);
        command.args(["--input", "json", "--stored-as", "json"]);
        command.args(["--option", "schema=id STRING"]);
        command.args(["--option", "maxFilesPerTrigger=37"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// How many files land before each kill, so that all have landed with the last one.
    fn share(&self, turn: u64) -> u64 {
        let until = |turn: u64| self.files.saturating_mul(turn) / self.kills.max(1);
        until(turn + 1) - until(turn)
    }
}

/// A consumer at work.
struct Consumer {
    child: Child,
    log: PathBuf,
}

impl Consumer {
    fn start(mut command: Command, log: PathBuf) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", log.display());
        let file = std::fs::File::create(&log).map_err(told)?;
        command.stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        match command.spawn() {
            Ok(child) => Ok(Self { child, log }),
            Err(error) => Err(format!("{program}: {error}")),
        }
    }

    /// Kills it, unless it has ended by itself: then its last words are returned.
    fn kill(&mut self) -> Result<Option<String>, String> {
        let told = |error: std::io::Error| error.to_string();
        if let Some(status) = self.child.try_wait().map_err(told)? {
            return Ok(Some(format!("{status}: {}", self.words())));
        }
        self.child.kill().map_err(told)?;
        self.child.wait().map_err(told)?;
        Ok(None)
    }

    /// Waits until it has ended well.
    fn finish(&mut self) -> Result<(), String> {
        let looks = LAST_TIME.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("{status}: {}", self.words())),
                Ok(None) => std::thread::sleep(LOOK_EVERY),
                Err(error) => return Err(error.to_string()),
            }
        }
        // It is stuck, and its words say where.
        let _ = self.child.kill();
        Err(format!("it did not come to its end: {}", self.words()))
    }

    fn words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        // What it did is of no interest where it says what is wrong.
        let wrong = log.lines().position(|line| line.starts_with("error"));
        let lines = log.lines().skip(wrong.unwrap_or_default());
        lines.take(8).collect::<Vec<_>>().join("\n    ")
    }
}

/// Counts what is in the sink, by its content.
fn count(out: &Path, landed: u64, report: &mut Report) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", out.display());
    let mut seen: BTreeMap<String, u64> = (0..landed).map(|number| (name(number), 0)).collect();
    for entry in std::fs::read_dir(out).map_err(told)? {
        let entry = entry.map_err(told)?;
        // What a killed consumer had begun is hidden.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).map_err(told)?;
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
            match seen.get_mut(id) {
                Some(times) => *times += 1,
                None => report.foreign.push(line.to_owned()),
            }
        }
    }
    for (id, times) in seen {
        match times {
            0 => report.lost.push(id),
            1 => {}
            times => report.repeated.push(format!("{id}, {times} times")),
        }
    }
    Ok(())
}

/// The name of a file, which is its content, too.
fn name(number: u64) -> String {
    format!("{number:08}")
}

fn content(number: u64) -> String {
    format!("{{\"id\":\"{}\"}}\n", name(number))
}

/// Splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn life(&mut self) -> Duration {
        Duration::from_millis(LIFE.0 + self.below(LIFE.1 - LIFE.0))
    }
}
