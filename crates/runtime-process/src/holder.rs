//! The holder: the process that leads an instance's group and outlives the runtime's process.
//!
//! It is a shell that ignores requests to end and reads from a pipe that only the runtime's
//! process has the other end of. When that process ends, even by SIGKILL, the read returns and
//! the shell ends the instance. Until it is reaped its id, and with it the group's, cannot be
//! given to anybody else.

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::unix::AsyncFd;

use crate::ProcessError;
use crate::container::DEFAULT_PATH;
use crate::marker::{HOLDER_VARIABLE, Marker};
use crate::sys::{self, Deafness};

/// `$1` is the environment entry that marks the instance's processes, `$2` says whether the
/// instance has a network namespace of its own. The rounds are bounded because a process that
/// hangs in the kernel never goes away.
const SCRIPT: &str = r#"
if [ "/proc/$PPID/ns/net" -ef /proc/self/ns/net ]; then set -- "$1" shared; fi
while read -r line; do :; done
round=0
while [ "$round" -lt 100 ]; do
  round=$((round + 1))
  found=
  for path in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
    pid=${path#/proc/}
    kill -KILL "${pid%/environ}" 2>/dev/null && found=1
  done
  if [ "$2" = own ]; then
    for path in /proc/[0-9]*; do
      if [ "${path#/proc/}" != "$$" ] && [ "$path/ns/net" -ef /proc/self/ns/net ]; then
        kill -KILL "${path#/proc/}" 2>/dev/null && found=1
      fi
    done
  fi
  [ -n "$found" ] || break
done
kill -KILL 0
"#;

/// A running holder. Dropping it ends the instance's processes, without waiting for it.
#[derive(Debug)]
pub(crate) struct Holder {
    child: Option<Child>,
    lifeline: Option<ChildStdin>,
    exit: AsyncFd<OwnedFd>,
    group: Pid,
}

impl Holder {
    /// Starts a holder, inside `namespace` when one is given.
    pub(crate) fn spawn(marker: &Marker, namespace: Option<RawFd>) -> Result<Self, ProcessError> {
        Self::try_spawn(marker, namespace).map_err(|source| ProcessError::Holder { source })
    }

    fn try_spawn(marker: &Marker, namespace: Option<RawFd>) -> io::Result<Self> {
        let scope = if namespace.is_some() { "own" } else { "shared" };
        let mut command = Command::new("/bin/sh");
        command
            // By way of the environment, so that a list of processes stays readable.
            .args([
                "-c",
                "eval \"$FLOE_SCRIPT\"",
                "floe-holder",
                &marker.entry_prefix(),
                scope,
            ])
            .env_clear()
            .env("FLOE_SCRIPT", SCRIPT)
            .env("PATH", DEFAULT_PATH)
            .env(HOLDER_VARIABLE, marker.value())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        sys::prepare(&mut command, namespace, Deafness::IgnoresRequests);
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        match Self::watch(&child) {
            Ok((group, exit)) => Ok(Self {
                child: Some(child),
                lifeline,
                exit,
                group,
            }),
            Err(error) => {
                drop(lifeline);
                child.wait()?;
                Err(error)
            }
        }
    }

    fn watch(child: &Child) -> io::Result<(Pid, AsyncFd<OwnedFd>)> {
        let group = Pid::from_child(child);
        let handle = pidfd_open(group, PidfdFlags::NONBLOCK)?;
        Ok((group, sys::wait_readable(handle)?))
    }

    /// The process group that containers join.
    pub(crate) fn group(&self) -> i32 {
        self.group.as_raw_pid()
    }

    /// Sends a signal to every process of the group; the holder itself hears only SIGKILL.
    pub(crate) fn signal_group(&self, signal: Signal) {
        // The unreaped holder keeps the group's id ours, so the only failure is an empty group.
        let _ = kill_process_group(self.group, signal);
    }

    /// Returns when the holder has ended; it is not reaped by this. Cancel safe.
    pub(crate) async fn ended(&self) {
        // A pidfd becomes readable when its process ends. An error of the readiness machinery
        // means that the tokio runtime is going away, and this task with it.
        if self.exit.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the end of a holder that was killed, and gives its id back.
    pub(crate) async fn reap(&mut self) {
        self.ended().await;
        if let Some(mut child) = self.child.take() {
            // It has ended, so this returns at once.
            let _ = child.wait();
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // The shell sees the end of its input and ends everything, itself included.
        drop(self.lifeline.take());
        if let Some(mut child) = self.child.take() {
            // Reaped aside, because a drop must not wait. Without a thread it stays a zombie
            // until this process ends, which harms nobody.
            let name = "floe-reaper".to_owned();
            let _ = std::thread::Builder::new()
                .name(name)
                .spawn(move || child.wait());
        }
    }
}
