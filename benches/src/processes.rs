//! A server that is measured from outside: its processes, the CPU time that they have used, and
//! the core that they run on.
//!
//! All of it is read from `/proc`, so that servers in any language are measured in one way.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use std::{fs, io};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The length of a clock tick in `/proc/PID/stat` (proc(5)): `USER_HZ` is 100 on the architectures
/// that Floe is built for, whatever the kernel's own clock does.
pub const TICK: Duration = Duration::from_millis(10);

/// A process with all that came from it, as they were when they were looked for.
///
/// ```
/// use floe_benches::processes::Processes;
///
/// let this = Processes::of(std::process::id())?;
/// assert!(this.ids().contains(&std::process::id()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processes {
    ids: BTreeSet<u32>,
}

impl Processes {
    /// Looks for the process `root`, its children, and theirs.
    ///
    /// # Errors
    ///
    /// When `/proc` cannot be read, or there is no such process.
    ///
    /// ```
    /// // No process has the number 0.
    /// assert!(floe_benches::processes::Processes::of(0).is_err());
    /// ```
    pub fn of(root: u32) -> io::Result<Self> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc")? {
            // A process that ended in between is none of ours.
            all.extend(Stat::read(&entry?.path()).ok());
        }
        let ids = family(root, &all);
        if ids.is_empty() {
            let message = format!("there is no process {root}");
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        Ok(Self { ids })
    }

    /// The numbers of the processes.
    ///
    /// See [`Processes`] for an example.
    pub fn ids(&self) -> &BTreeSet<u32> {
        &self.ids
    }

    /// The CPU time that they have used in user mode and in the kernel, together with those of
    /// their children that have ended and were waited for; exact to about a [`TICK`] each.
    ///
    /// # Errors
    ///
    /// When one of them has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_benches::processes::Processes;
    ///
    /// let this = Processes::of(std::process::id())?;
    /// let before = this.cpu_time()?;
    /// while this.cpu_time()? == before {}
    /// assert!(this.cpu_time()? - before >= Duration::from_millis(10));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn cpu_time(&self) -> io::Result<Duration> {
        let mut ticks = 0;
        for id in &self.ids {
            ticks += Stat::read(Path::new(&format!("/proc/{id}")))?.ticks;
        }
        Ok(TICK * ticks)
    }

    /// Lets all their threads run on one core only; threads started later inherit that.
    ///
    /// # Errors
    ///
    /// When they have ended, belong to somebody else, or must not run on that core.
    ///
    /// ```
    /// use floe_benches::processes::{Processes, cores};
    ///
    /// let core = cores()?[0];
    /// Processes::of(std::process::id())?.pin(core)?;
    /// assert_eq!(cores()?, [core]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pin(&self, core: usize) -> io::Result<()> {
        for id in &self.ids {
            for task in fs::read_dir(format!("/proc/{id}/task"))? {
                let name = task?.file_name();
                let thread = name.to_str().and_then(|name| name.parse().ok());
                if let Some(thread) = thread.and_then(Pid::from_raw) {
                    sched_setaffinity(Some(thread), &only(core))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the numbers of the cores that this thread may run on.
///
/// # Errors
///
/// When the system does not tell.
///
/// ```
/// assert!(!floe_benches::processes::cores()?.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn cores() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect())
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}

/// Returns how busy the machine has been for the last minute, as `/proc/loadavg` says it.
///
/// ```
/// let load: f64 = floe_benches::processes::load().parse().unwrap();
/// assert!(load >= 0.0);
/// ```
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// What `/proc/PID/stat` says, as far as it is needed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    id: u32,
    parent: u32,
    /// User and system time, with that of children that were waited for.
    ticks: u32,
}

impl Stat {
    fn read(folder: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join("stat"))?;
        text.parse()
            .map_err(|()| io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

impl FromStr for Stat {
    type Err = ();

    /// The second field is the program's name in parentheses; it may hold blanks and parentheses
    /// itself, and no field after it does.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, rest) = text.split_once(" (").ok_or(())?;
        let (_, rest) = rest.rsplit_once(") ").ok_or(())?;
        // From here on the first field is number 3 of proc(5).
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| {
            let field = fields.get(number - 3).ok_or(())?;
            field.parse::<u32>().map_err(|_| ())
        };
        Ok(Self {
            id: id.parse().map_err(|_| ())?,
            parent: field(4)?,
            ticks: field(14)? + field(15)? + field(16)? + field(17)?,
        })
    }
}

/// The process `root` and all that came from it.
fn family(root: u32, all: &[Stat]) -> BTreeSet<u32> {
    let mut family: BTreeSet<u32> = all
        .iter()
        .map(|process| process.id)
        .filter(|id| *id == root)
        .collect();
    // Each pass finds one more generation, and there are no more of them than processes.
    for _ in all {
        let children = all
            .iter()
            .filter(|process| family.contains(&process.parent))
            .map(|process| process.id);
        let before = family.len();
        family = family.iter().copied().chain(children).collect();
        if family.len() == before {
            break;
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name_of_a_program() {
        let rest = "S 41 42 42 0 -1 4194304 4231 9 0 0 120 34 5 6 20 0 9 0 1000 1 2";
        for name in ["gunicorn", "tmux: server", "a) S 1 (b"] {
            let stat = format!("4242 ({name}) {rest}\n").parse();
            let expected = Stat {
                id: 4242,
                parent: 41,
                ticks: 120 + 34 + 5 + 6,
            };
            assert_eq!(stat, Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_stat_is_refused() {
        for text in [
            "",
            "1 (a)",
            "1 (a) S 0 1",
            "x (a) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        ] {
            assert_eq!(text.parse::<Stat>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_family_is_found_in_any_order() {
        let process = |id, parent| Stat {
            id,
            parent,
            ticks: 0,
        };
        let all = [
            process(9, 7),
            process(7, 5),
            process(5, 1),
            process(6, 1),
            process(8, 6),
            process(1, 0),
        ];
        assert_eq!(family(5, &all), BTreeSet::from([5, 7, 9]));
        assert_eq!(family(8, &all), BTreeSet::from([8]));
        assert!(family(4, &all).is_empty());
    }

    #[test]
    fn children_are_measured_with_their_parent() {
        // The child says a word once it runs, and ends with its standard input.
        let script = "sh -c 'echo started; read -r _'; exit";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::piped());
        let mut shell = shell.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 8];
        io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut said).unwrap();
        let found = Processes::of(shell.id()).unwrap();
        assert!(found.ids().contains(&shell.id()), "{found:?}");
        assert_eq!(found.ids().len(), 2, "{found:?}");
        assert!(found.cpu_time().is_ok());
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(found.cpu_time().is_err(), "it has ended");
    }
}
