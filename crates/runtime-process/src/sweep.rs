//! Finds and ends the processes of an instance wherever they went.
//!
//! Three things give a process away: its process group, the mark in its environment (which a
//! daemonised grandchild still carries) and its network namespace (which even a process with a
//! cleaned environment shares). Signals go through pidfds, so that a process id that was
//! reused in between is never hit.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Most bytes of one process's environment that are read; Linux caps a single exec at 6 MiB.
const ENVIRON_LIMIT: u64 = 8 * 1024 * 1024;

/// Time between two looks while processes are ending.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// Names a network namespace: device and inode of its file in /proc.
pub(crate) type NamespaceId = (u64, u64);

/// Whose processes are meant. A process that fits one of the fields is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// An environment entry begins with one of these.
    pub(crate) prefixes: Vec<String>,
    /// An environment entry is exactly this.
    pub(crate) entry: Option<String>,
    /// The process group.
    pub(crate) group: Option<i32>,
    /// The network namespace; never the runtime's own.
    pub(crate) namespace: Option<NamespaceId>,
    /// This process is never meant.
    pub(crate) spared: Option<i32>,
}

/// A process that was found, held so that its id cannot change hands.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) pid: i32,
    handle: OwnedFd,
}

impl Found {
    pub(crate) fn signal(&self, signal: Signal) {
        // The only failure is that it has ended, which is what signals here are for.
        let _ = pidfd_send_signal(&self.handle, signal);
    }
}

/// Returns every living process that is meant; zombies hold nothing and do not count.
pub(crate) fn find(wanted: &Wanted) -> Vec<Found> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = rustix::process::getpid().as_raw_pid();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|&pid| pid != own && Some(pid) != wanted.spared)
        .filter_map(|pid| hold(pid, wanted))
        .collect()
}

fn hold(pid: i32, wanted: &Wanted) -> Option<Found> {
    if !is_meant(pid, wanted) {
        return None;
    }
    let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    // The id may have changed hands before the handle was taken: look again.
    is_meant(pid, wanted).then_some(Found { pid, handle })
}

/// True for a living process that is meant.
fn is_meant(pid: i32, wanted: &Wanted) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let Some((state, group)) = state_and_group(&stat) else {
        return false;
    };
    let living = !matches!(state, 'Z' | 'X');
    let meant = || {
        wanted.group == Some(group)
            || has_entry(pid, wanted)
            || wanted
                .namespace
                .is_some_and(|id| namespace_of(pid) == Some(id))
    };
    living && meant()
}

/// Reads state and process group from `/proc/PID/stat`; the name before them may hold anything.
fn state_and_group(stat: &str) -> Option<(char, i32)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let group = fields.nth(1)?.parse().ok()?;
    Some((state, group))
}

fn has_entry(pid: i32, wanted: &Wanted) -> bool {
    if wanted.prefixes.is_empty() && wanted.entry.is_none() {
        return false;
    }
    let mut environment = Vec::new();
    let Ok(file) = fs::File::open(format!("/proc/{pid}/environ")) else {
        return false;
    };
    if file
        .take(ENVIRON_LIMIT)
        .read_to_end(&mut environment)
        .is_err()
    {
        return false;
    }
    environment.split(|&byte| byte == 0).any(|entry| {
        wanted
            .entry
            .as_ref()
            .is_some_and(|exact| entry == exact.as_bytes())
            || wanted
                .prefixes
                .iter()
                .any(|prefix| entry.starts_with(prefix.as_bytes()))
    })
}

fn namespace_of(pid: i32) -> Option<NamespaceId> {
    let data = fs::metadata(format!("/proc/{pid}/ns/net")).ok()?;
    Some((data.dev(), data.ino()))
}

/// Kills what is meant until nothing of it lives, and returns the ids of what outlived `limit`.
///
/// Blocks; what forks while it is being killed is found by the next look.
pub(crate) fn kill_all(wanted: &Wanted, limit: Duration) -> Vec<i32> {
    let looks = limit.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        let found = find(wanted);
        if found.is_empty() {
            return Vec::new();
        }
        found
            .iter()
            .for_each(|process| process.signal(Signal::KILL));
        std::thread::sleep(LOOK);
    }
    find(wanted)
        .into_iter()
        .map(|process| process.pid)
        .collect()
}

/// Kills everything that an earlier life of an owner left, and returns what outlived `limit`.
///
/// `marks` are the beginnings of the environment entries of its containers' processes and of
/// its holders. Holders whose runtime is gone are ending their instances already, more
/// thoroughly than marks can, so they get the time to finish. Blocks.
pub(crate) fn kill_owner(marks: [String; 2], limit: Duration) -> Vec<i32> {
    let [marked, holders] = marks.map(|mark| Wanted {
        prefixes: vec![mark],
        ..Wanted::default()
    });
    let survivors = kill_all(&marked, limit);
    if !survivors.is_empty() {
        return survivors;
    }
    let looks = limit.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        if find(&holders).is_empty() {
            break;
        }
        std::thread::sleep(LOOK);
    }
    // A holder that is still there hangs on a pipe that leaked; a holder leads its group.
    for holder in find(&holders) {
        kill_all(
            &Wanted {
                group: Some(holder.pid),
                ..Wanted::default()
            },
            limit,
        );
    }
    kill_all(&holders, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_group_survive_a_name_with_parentheses() {
        let stat = "4242 (a) b (c) S 1 77 77 0 -1";
        assert_eq!(state_and_group(stat), Some(('S', 77)));
        assert_eq!(state_and_group("4242 (cut"), None);
    }

    #[test]
    fn only_what_carries_the_mark_is_found_and_killed() {
        let spawn = |mark: &str| {
            let mut command = std::process::Command::new("sleep");
            command
                .arg("600")
                .env("FLOE_SWEEP_TEST", mark)
                .spawn()
                .unwrap()
        };
        let unique = format!("{}", std::process::id());
        let (mut meant, mut other) = (spawn(&format!("{unique}/1/")), spawn(&unique));
        let wanted = Wanted {
            prefixes: vec![format!("FLOE_SWEEP_TEST={unique}/")],
            ..Wanted::default()
        };
        let pids = || {
            find(&wanted)
                .into_iter()
                .map(|found| found.pid)
                .collect::<Vec<_>>()
        };
        // Between fork and exec a child still shows its parent's environment.
        while pids().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(pids(), [meant.id().cast_signed()]);
        assert_eq!(
            kill_all(&wanted, Duration::from_secs(20)),
            Vec::<i32>::new()
        );
        assert!(!meant.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none(), "the other one lives");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
