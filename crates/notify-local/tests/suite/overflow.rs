//! Watchers that are stopped for too long, or killed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use floe_notify::EventQueue;
use floe_notify::clock::Clock;
use floe_notify_local::{
    LocalEvent, LocalQueue, QueueOptions, RescanReason, SystemClock, WatchOptions, Watcher,
};

use crate::common::{FastClock, Lines, asked, block_on, child, open, receive, say};
use crate::watching::{PATIENCE, path, reason};

/// Not a test of its own: what the stopped process of the next one does.
#[test]
fn a_process_of_its_own_watches() {
    let Some(folder) = asked() else { return };
    let queue = open(&folder.join("queue"));
    let options = WatchOptions::default();
    let landing = folder.join("landing");
    let _watcher = Watcher::start(&queue, &landing, Arc::new(FastClock), options).unwrap();
    say("watching");
    // Until the parent has seen enough.
    while !folder.join("enough").exists() {
        block_on(SystemClock.sleep(Duration::from_millis(20)));
    }
}

#[test]
fn more_than_the_kernel_holds_is_found_by_a_listing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["queue", "landing"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let name = "overflow::a_process_of_its_own_watches";
    let mut process = child(name, folder.path()).spawn().unwrap();
    let mut lines = Lines::of(&mut process);
    assert_eq!(lines.next().as_deref(), Some("watching"));
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    // Creating, opening and closing a file makes three events at least.
    let count = limit.trim().parse::<usize>().unwrap() / 2;
    signal(process.id(), "STOP");
    let landing = folder.path().join("landing");
    let files: BTreeSet<PathBuf> = (0..count)
        .map(|number| landing.join(number.to_string()))
        .collect();
    files
        .iter()
        .for_each(|file| drop(File::create(file).unwrap()));
    signal(process.id(), "CONT");
    // A file that lands after the overflow, by which its end is known.
    let last = landing.join("last");
    let (told, reasons) = gather(folder.path(), &mut process, files.len(), &last);
    assert!(reasons.contains(&RescanReason::Overflow), "{reasons:?}");
    let missing = files.difference(&told).count();
    assert_eq!(missing, 0, "of {count} files");
}

/// Lets the child work until its queue no longer grows, then reads what it wrote.
fn gather(
    folder: &Path,
    process: &mut Child,
    least: usize,
    last: &Path,
) -> (BTreeSet<PathBuf>, Vec<RescanReason>) {
    let queue = folder.join("queue");
    let bytes = || -> u64 {
        let entries = fs::read_dir(&queue).unwrap().map(Result::unwrap);
        entries.map(|entry| entry.metadata().unwrap().len()).sum()
    };
    let end = SystemClock.now().after(PATIENCE);
    let (mut before, mut quiet) = (0, 0);
    while quiet < 10 {
        assert!(SystemClock.now() < end, "it never comes to an end");
        block_on(SystemClock.sleep(Duration::from_millis(100)));
        let now = bytes();
        // An event takes a hundred bytes at least.
        let is_quiet = now == before && now > least as u64 * 100;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        before = now;
    }
    fs::write(last, "x").unwrap();
    fs::write(folder.join("enough"), "").unwrap();
    process.wait().unwrap();
    let queue = LocalQueue::open(&queue, QueueOptions::default()).unwrap();
    let events = receive(&queue);
    let events = events
        .iter()
        .map(|one| LocalEvent::parse(one.message().body()).unwrap());
    let (told, others): (Vec<_>, Vec<_>) = events.partition(|event| path(event).is_some());
    let told = told.iter().filter_map(path).cloned().collect();
    (told, others.iter().filter_map(reason).collect())
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn what_a_killed_watcher_had_written_is_there_and_the_next_one_asks_for_a_listing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["queue", "landing"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let landing = folder.path().join("landing");
    let mut process = child("overflow::a_process_of_its_own_watches", folder.path())
        .spawn()
        .unwrap();
    let mut lines = Lines::of(&mut process);
    assert_eq!(lines.next().as_deref(), Some("watching"));
    let segment = folder.path().join(format!("queue/{:020}.log", 1));
    let mut number = 0;
    // Somewhere in the middle of its work.
    while fs::metadata(&segment).map_or(0, |metadata| metadata.len()) < 10_000 {
        fs::write(landing.join(number.to_string()), "x").unwrap();
        number += 1;
    }
    process.kill().unwrap();
    process.wait().unwrap();

    let queue = open(&folder.path().join("queue"));
    let before = receive(&queue);
    assert!(before.len() > 10, "{} events in 10 kB", before.len());
    for one in &before {
        LocalEvent::parse(one.message().body()).unwrap();
    }
    let options = WatchOptions::default();
    let watcher = Watcher::start(&queue, &landing, Arc::new(FastClock), options).unwrap();
    let next = block_on(queue.receive(&SystemClock, 1, PATIENCE)).unwrap();
    let event = LocalEvent::parse(next[0].message().body()).unwrap();
    assert_eq!(reason(&event), Some(RescanReason::Started));
    drop(watcher);
}
