//! What a watcher sees, and what it says when it may have missed something.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use floe_notify::EventQueue;
use floe_notify::clock::Clock;
use floe_notify_local::{
    How, LocalError, LocalEvent, LocalQueue, RescanReason, SystemClock, WatchOptions, Watcher,
};
use tempfile::TempDir;

use crate::common::{FastClock, acknowledge, block_on, open};

/// How long the tests wait for something that should happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    landing: TempDir,
    folder: TempDir,
    queue: LocalQueue,
    watcher: Option<Watcher>,
}

impl Bench {
    /// A watcher whose first event was received.
    fn new() -> Self {
        let (landing, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let queue = open(folder.path());
        let mut bench = Self {
            landing,
            folder,
            queue,
            watcher: None,
        };
        bench.start();
        bench
    }

    fn start(&mut self) {
        let options = WatchOptions::default();
        let path = self.landing.path();
        let watcher = Watcher::start(&self.queue, path, Arc::new(FastClock), options);
        self.watcher = Some(watcher.unwrap());
        let first = self.next();
        assert_eq!(reason(&first), Some(RescanReason::Started));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.landing.path().join(name)
    }

    fn next(&self) -> LocalEvent {
        let received = block_on(self.queue.receive(&SystemClock, 1, PATIENCE)).unwrap();
        acknowledge(&self.queue, &received);
        assert_eq!(received.len(), 1, "no event has come");
        LocalEvent::parse(received[0].message().body()).unwrap()
    }

    /// Everything up to the event of a file that is written now.
    fn all(&self) -> Vec<LocalEvent> {
        let marker = self.path("marker of the end");
        fs::write(&marker, "").unwrap();
        let mut events = Vec::new();
        loop {
            let event = self.next();
            if path(&event) == Some(&marker) {
                fs::remove_file(marker).unwrap();
                return events;
            }
            events.push(event);
        }
    }

    /// Everything, as name and what told of it.
    fn told(&self) -> Vec<(String, How)> {
        let events = self.all();
        let landed = events.iter().filter_map(|event| match event {
            LocalEvent::Landed { path, how, .. } => Some((path, *how)),
            _ => None,
        });
        let names = landed.map(|(path, how)| {
            let name = path.strip_prefix(self.landing.path()).unwrap();
            (name.to_str().unwrap().to_owned(), how)
        });
        names.collect()
    }

    /// Receives until all these files were told of; what else was told is returned.
    fn until_all(&self, mut missing: BTreeSet<PathBuf>) -> Vec<LocalEvent> {
        let mut others = Vec::new();
        while !missing.is_empty() {
            let received = block_on(self.queue.receive(&SystemClock, 1_000, PATIENCE)).unwrap();
            assert!(
                !received.is_empty(),
                "{} files were not told of",
                missing.len()
            );
            acknowledge(&self.queue, &received);
            for delivery in received {
                let event = LocalEvent::parse(delivery.message().body()).unwrap();
                match path(&event) {
                    Some(path) => drop(missing.remove(path)),
                    None => others.push(event),
                }
            }
        }
        others
    }
}

pub(crate) fn path(event: &LocalEvent) -> Option<&PathBuf> {
    match event {
        LocalEvent::Landed { path, .. } => Some(path),
        _ => None,
    }
}

pub(crate) fn reason(event: &LocalEvent) -> Option<RescanReason> {
    match event {
        LocalEvent::RescanNeeded { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[test]
fn a_file_that_is_written_is_told_of_when_it_is_closed() {
    let bench = Bench::new();
    let mut file = File::create(bench.path("a.csv")).unwrap();
    file.write_all(b"1,2").unwrap();
    file.sync_all().unwrap();
    // Longer than a file that nobody saw being made would have to stay the same.
    block_on(FastClock.sleep(Duration::from_secs(6)));
    assert_eq!(bench.told(), [], "it may get more");
    file.write_all(b",3").unwrap();
    drop(file);
    let event = bench.next();
    let LocalEvent::Landed {
        path,
        how,
        size,
        modified,
        inode,
        seen,
    } = event
    else {
        panic!("{event:?}");
    };
    assert_eq!((path, how, size), (bench.path("a.csv"), How::Written, 5));
    let age = SystemClock.now().since(modified);
    assert!(
        age < PATIENCE && seen > modified,
        "its own time, in milliseconds"
    );
    assert!(inode > 0);
}

#[test]
fn every_way_that_a_file_comes_to_a_name_is_told_of() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(bench.path(name), "x").unwrap();
    let told = |name: &str, how| vec![(name.to_owned(), how)];

    write("plain");
    assert_eq!(bench.told(), told("plain", How::Written));
    write("plain");
    assert_eq!(bench.told(), told("plain", How::Written), "overwritten");
    let mut file = OpenOptions::new()
        .append(true)
        .open(bench.path("plain"))
        .unwrap();
    file.write_all(b"y").unwrap();
    drop(file);
    assert_eq!(bench.told(), told("plain", How::Written), "appended to");
    File::create(bench.path("empty")).unwrap();
    assert_eq!(bench.told(), told("empty", How::Written));
    fs::copy(bench.path("plain"), bench.path("copy")).unwrap();
    assert_eq!(bench.told(), told("copy", How::Written));

    fs::write(outside.path().join("from outside"), "x").unwrap();
    fs::rename(outside.path().join("from outside"), bench.path("moved in")).unwrap();
    assert_eq!(bench.told(), told("moved in", How::MovedIn));
    write(".temporary");
    fs::rename(bench.path(".temporary"), bench.path("renamed")).unwrap();
    let both = [
        told(".temporary", How::Written),
        told("renamed", How::MovedIn),
    ]
    .concat();
    let seen = bench.told();
    // The temporary name may be gone before anybody looks.
    assert!(seen == both || seen == both[1..], "{seen:?}");
    write("new version");
    assert_eq!(bench.told().len(), 1);
    fs::rename(bench.path("new version"), bench.path("plain")).unwrap();
    assert_eq!(
        bench.told(),
        told("plain", How::MovedIn),
        "over an existing file"
    );
    fs::write(outside.path().join("linked"), "x").unwrap();
    if fs::hard_link(outside.path().join("linked"), bench.path("link")).is_ok() {
        assert_eq!(bench.told(), told("link", How::Linked));
    }
}

#[test]
fn a_file_that_gets_its_name_when_it_is_whole_is_told_of() {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
    use std::os::fd::AsRawFd as _;
    let bench = Bench::new();
    let flags = OFlags::TMPFILE | OFlags::WRONLY;
    let Ok(file) = open(bench.landing.path(), flags, Mode::RUSR) else {
        // Not every file system has files without names.
        return;
    };
    let mut file = File::from(file);
    file.write_all(b"whole").unwrap();
    let number = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(
        CWD,
        number,
        CWD,
        bench.path("named"),
        AtFlags::SYMLINK_FOLLOW,
    )
    .unwrap();
    drop(file);
    let event = bench.next();
    assert_eq!(path(&event), Some(&bench.path("named")));
    assert!(
        matches!(
            event,
            LocalEvent::Landed {
                how: How::Linked,
                size: 5,
                ..
            }
        ),
        "{event:?}"
    );
}

#[test]
fn what_is_no_new_content_is_not_told_of() {
    let bench = Bench::new();
    fs::write(bench.path("a"), "abc").unwrap();
    fs::create_dir(bench.path("folder")).unwrap();
    assert_eq!(bench.told().len(), 1);
    std::os::unix::fs::symlink(bench.path("a"), bench.path("symbolic")).unwrap();
    fs::read(bench.path("a")).unwrap();
    let file = File::open(bench.path("a")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    drop(file);
    rustix::fs::chmod(bench.path("a"), rustix::fs::Mode::RUSR).unwrap();
    fs::rename(bench.path("a"), bench.folder.path().join("moved out")).unwrap();
    fs::remove_file(bench.path("symbolic")).unwrap();
    fs::remove_dir(bench.path("folder")).unwrap();
    assert_eq!(bench.told(), []);
}

#[test]
fn names_may_be_any_bytes() {
    let bench = Bench::new();
    let odd = OsString::from_vec(b"\xFF %2F\n\xC3\xA9".to_vec());
    fs::write(bench.landing.path().join(&odd), "x").unwrap();
    assert_eq!(path(&bench.next()), Some(&bench.landing.path().join(odd)));
}

#[test]
fn files_in_directories_that_have_just_been_made_are_told_of() {
    let bench = Bench::new();
    let mut files = BTreeSet::new();
    for number in 0..500 {
        let folder = bench.path(&format!("day/{number}/deep"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("file"), "x").unwrap();
        files.insert(folder.join("file"));
    }
    let others = bench.until_all(files);
    assert_eq!(others, [], "nothing was lost");
}

#[test]
fn a_directory_that_is_moved_in_is_told_of_file_by_file_and_watched() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("ready");
    fs::create_dir_all(folder.join("sub")).unwrap();
    let names: Vec<String> = (0..20).map(|number| format!("sub/{number}")).collect();
    names
        .iter()
        .for_each(|name| fs::write(folder.join(name), "x").unwrap());
    fs::rename(&folder, bench.path("2026")).unwrap();
    let expected = names.iter().map(|name| bench.path("2026").join(name));
    assert_eq!(bench.until_all(expected.collect()), []);
    fs::write(bench.path("2026/sub/later"), "x").unwrap();
    assert_eq!(bench.told(), [("2026/sub/later".to_owned(), How::Written)]);
}

#[test]
fn a_directory_that_is_renamed_is_told_of_under_its_new_name() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("old/sub")).unwrap();
    // Until the directory is watched for certain.
    fs::write(bench.path("old/sub/a"), "x").unwrap();
    bench.until_all([bench.path("old/sub/a")].into());
    fs::rename(bench.path("old"), bench.path("new")).unwrap();
    bench.until_all([bench.path("new/sub/a")].into());
    fs::write(bench.path("new/sub/b"), "x").unwrap();
    assert_eq!(bench.told(), [("new/sub/b".to_owned(), How::Written)]);
    // And one that takes the old name.
    fs::create_dir_all(bench.path("old/sub")).unwrap();
    fs::write(bench.path("old/sub/c"), "x").unwrap();
    fs::write(bench.path("new/sub/d"), "x").unwrap();
    bench.until_all([bench.path("old/sub/c"), bench.path("new/sub/d")].into());
}

#[test]
fn a_file_that_a_listing_finds_is_told_of_when_it_stays_the_same() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("busy");
    fs::create_dir(&folder).unwrap();
    let mut file = File::create(folder.join("growing")).unwrap();
    fs::write(folder.join("whole"), "x").unwrap();
    fs::rename(&folder, bench.path("busy")).unwrap();
    // Longer than a found file has to stay the same.
    let end = FastClock.now().after(Duration::from_secs(8));
    while FastClock.now() < end {
        file.write_all(b"more").unwrap();
        block_on(FastClock.sleep(Duration::from_millis(200)));
    }
    assert_eq!(bench.told(), [("busy/whole".to_owned(), How::Found)]);
    drop(file);
    assert_eq!(bench.told(), [("busy/growing".to_owned(), How::Written)]);
}

#[test]
fn nobody_watched_before_so_the_first_event_asks_for_a_listing() {
    let mut bench = Bench::new();
    bench.watcher = None;
    fs::write(bench.path("unseen"), "x").unwrap();
    bench.start();
    assert_eq!(bench.told(), [], "the listing is up to the stream");
}

#[test]
fn a_directory_that_is_removed_and_comes_back_is_watched_again() {
    let bench = Bench::new();
    fs::remove_dir(bench.landing.path()).unwrap();
    assert_eq!(reason(&bench.next()), Some(RescanReason::WatchLost));
    let watcher = bench.watcher.as_ref().unwrap();
    let problem = watcher.problem().unwrap();
    assert!(
        matches!(problem, LocalError::Unwatchable { .. }),
        "{problem}"
    );
    fs::create_dir(bench.landing.path()).unwrap();
    fs::write(bench.path("early"), "x").unwrap();
    let others = bench.until_all([bench.path("early")].into());
    let reasons: Vec<_> = others.iter().filter_map(reason).collect();
    assert_eq!(reasons, [RescanReason::WatchLost]);
    fs::write(bench.path("later"), "x").unwrap();
    bench.until_all([bench.path("later")].into());
    assert!(watcher.problem().is_none());
}

#[test]
fn what_lands_while_the_directory_is_elsewhere_for_a_moment_is_told_of() {
    let outer = tempfile::tempdir().unwrap();
    let landing = outer.path().join("above/in");
    fs::create_dir_all(&landing).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let options = WatchOptions::default();
    let _watcher = Watcher::start(&queue, &landing, Arc::new(FastClock), options).unwrap();
    // The directory itself, and one above it, of which the kernel tells nothing.
    for (number, moved) in [landing.clone(), outer.path().join("above")]
        .iter()
        .enumerate()
    {
        let away = moved.with_extension("away");
        let file = format!("file {number}");
        fs::rename(moved, &away).unwrap();
        let inside = if number == 0 {
            away.clone()
        } else {
            away.join("in")
        };
        fs::write(inside.join(&file), "x").unwrap();
        // Long enough for the watcher to look in vain.
        block_on(SystemClock.sleep(Duration::from_millis(100)));
        fs::rename(&away, moved).unwrap();
        let mut is_told = false;
        while !is_told {
            let received = block_on(queue.receive(&SystemClock, 9, PATIENCE)).unwrap();
            assert!(!received.is_empty(), "{file} is not told of");
            acknowledge(&queue, &received);
            let events = received
                .iter()
                .map(|one| LocalEvent::parse(one.message().body()));
            is_told = events
                .flatten()
                .any(|event| path(&event) == Some(&landing.join(&file)));
        }
    }
}

#[test]
fn another_directory_under_the_same_path_is_noticed() {
    let outer = tempfile::tempdir().unwrap();
    let landing = outer.path().join("mounted/in");
    fs::create_dir_all(&landing).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let options = WatchOptions::default();
    let watcher = Watcher::start(&queue, &landing, Arc::new(FastClock), options).unwrap();
    assert_eq!(watcher.path(), landing.canonicalize().unwrap());
    // The kernel tells nothing of what happens above.
    fs::rename(outer.path().join("mounted"), outer.path().join("away")).unwrap();
    fs::create_dir_all(&landing).unwrap();
    fs::write(landing.join("in the new one"), "x").unwrap();
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let received = block_on(queue.receive(&SystemClock, 1, PATIENCE)).unwrap();
        assert_eq!(received.len(), 1, "after {seen:?}");
        seen.push(LocalEvent::parse(received[0].message().body()).unwrap());
    }
    assert_eq!(reason(&seen[1]), Some(RescanReason::WatchLost));
    assert_eq!(path(&seen[2]), Some(&landing.join("in the new one")));
}

#[test]
fn a_watcher_that_cannot_write_says_so_and_stops_when_it_is_told_to() {
    let bench = Bench::new();
    fs::remove_dir_all(bench.folder.path()).unwrap();
    fs::write(bench.path("a"), "x").unwrap();
    let end = SystemClock.now().after(PATIENCE);
    let watcher = bench.watcher.as_ref().unwrap();
    while watcher.problem().is_none() {
        assert!(SystemClock.now() < end, "it says nothing");
        block_on(SystemClock.sleep(Duration::from_millis(10)));
    }
    assert!(matches!(watcher.problem(), Some(LocalError::Gone { .. })));
    // Dropping it here does not wait for the queue to come back.
}
