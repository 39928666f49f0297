//! The system calls that Rust's standard library has no safe form of: what a child does between
//! fork and exec, and a thread's change of network namespace.
#![expect(
    unsafe_code,
    reason = "code between fork and exec, and unshare, have no safe form"
)]

use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Highest descriptor that the fallback closes one by one, on kernels without `close_range`.
const FALLBACK_DESCRIPTORS: libc::c_int = 65_536;

/// What a child does with the signals that ask a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deafness {
    /// Every signal has its default action, whatever the embedding program has set.
    Hears,
    /// SIGTERM, SIGINT, SIGHUP and SIGQUIT are ignored from the first instruction on.
    IgnoresRequests,
}

/// How many clock ticks `/proc` counts a second.
pub(crate) fn ticks_per_second() -> u64 {
    // SAFETY: `sysconf` reads a constant of the system and touches no memory of ours.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    // Linux has shown 100 to every program since 2.6; 0 and -1 are what it never answers.
    u64::try_from(ticks)
        .ok()
        .filter(|ticks| *ticks > 0)
        .unwrap_or(100)
}

/// Prepares a child: default signals, no inherited descriptor but its stdio, and the network
/// namespace `namespace` when one is given.
///
/// The caller keeps the namespace's descriptor open until the child has been spawned.
pub(crate) fn prepare(command: &mut Command, namespace: Option<RawFd>, deafness: Deafness) {
    let set_up = move || {
        if let Some(namespace) = namespace {
            enter(namespace)?;
        }
        close_on_exec();
        set_signals(deafness);
        Ok(())
    };
    // SAFETY: the closure runs in the child between fork and exec, where only async-signal-safe
    // code is sound. It takes no lock and allocates nothing: it calls setns, close_range, fcntl
    // and signal, which are plain system calls, and makes io::Error values from errno only.
    unsafe { command.pre_exec(set_up) };
}

/// Moves the calling thread, and no other, into a new network namespace.
pub(crate) fn unshare_network() -> io::Result<()> {
    // SAFETY: CLONE_NEWNET takes no memory from the caller and does not touch what threads of a
    // process share in Rust's eyes (memory, descriptors, current directory).
    match unsafe { libc::unshare(libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Lets tokio wait until a descriptor is readable, which a pidfd is when its process has ended.
pub(crate) fn wait_readable(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd is open for as long as it lives and always returns the same number; it
    // moves into the AsyncFd, which nobody here takes it out of or hands out mutably.
    let registered = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
    registered.map_err(io::Error::from)
}

fn enter(namespace: RawFd) -> io::Result<()> {
    // SAFETY: setns reads its two integers only; a bad descriptor is an error, not undefined.
    match unsafe { libc::setns(namespace, libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Marks every descriptor above stdio close-on-exec.
///
/// Rust opens all of its own that way, but the embedding program may hold others. They are
/// marked and not closed, because the standard library reports a failed exec through one.
fn close_on_exec() {
    let (first, last, flags) = (3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
    // SAFETY: the call reads its three integers only, and marks descriptors of this child, whose
    // table is a copy of the parent's.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) } == 0 {
        return;
    }
    for descriptor in 3..FALLBACK_DESCRIPTORS {
        // SAFETY: F_SETFD reads its integers only; a descriptor that is not open is an error
        // that means nothing here.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

fn set_signals(deafness: Deafness) {
    // 1 to 31 are the standard signals; the real-time ones above have no use in a shell.
    for signal in 1..=31 {
        // SAFETY: SIG_DFL runs no code of ours; SIGKILL and SIGSTOP refuse it with an error.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    if deafness == Deafness::IgnoresRequests {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            // SAFETY: SIG_IGN runs no code of ours.
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
    }
}
