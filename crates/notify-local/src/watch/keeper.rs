//! The thread of a watcher: from what was seen to what is in the queue.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::{Clock, Timestamp};

use super::seen::Seen;
use super::tree::{Identity, There, Tree, identity};
use super::{Shared, WatchOptions};
use crate::{How, LocalError, LocalEvent, LocalQueue, RescanReason};

/// Things that are dealt with before what they say is written, in one go.
const MAX_BATCH: usize = 1_024;

/// Files that may wait for staying the same. When a listing finds more, the others are told of at
/// once: the listing that is asked for meets them as they are anyway.
const MAX_SETTLING: usize = 1 << 17;

/// How often it is looked whether the path still leads to the directory that is watched: rarely
/// enough to cost nothing, often enough that not much lands unseen.
const CHECK: Duration = Duration::from_secs(10);

pub(super) struct Keeper {
    queue: LocalQueue,
    tree: Tree,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    options: WatchOptions,
    /// What nobody saw being closed, until it has stayed the same for long enough.
    settling: BTreeMap<PathBuf, Settling>,
    watched: Watched,
    /// When the path was last looked at.
    checked: Timestamp,
}

/// Which directory is watched under the path; another one may come to have it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    This(Identity),
    /// It was this one, and may not be any more.
    Doubtful,
    /// There is none.
    Missing,
}

/// A file that nobody saw being closed.
struct Settling {
    how: How,
    state: State,
    since: Timestamp,
}

/// What changes when somebody writes into a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Keeper {
    pub(super) fn new(
        queue: LocalQueue,
        tree: Tree,
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
        options: WatchOptions,
    ) -> Self {
        Self {
            watched: tree.identity().map_or(Watched::Missing, Watched::This),
            checked: clock.now(),
            queue,
            tree,
            shared,
            clock,
            options,
            settling: BTreeMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let started = vec![self.rescan(RescanReason::Started)];
        self.send(started).await;
        while !self.shared.is_stopped() {
            // What is put in after this line is not missed below.
            let heard = self.shared.inbox.bell().rung();
            let seen = self.shared.inbox.take(MAX_BATCH);
            let is_idle = seen.is_empty();
            let mut events = Events::default();
            for one in seen {
                self.tell(one, &mut events);
            }
            self.settle(&mut events);
            self.check(&mut events);
            self.send(events.list).await;
            if is_idle && !self.shared.is_stopped() {
                let sleep = self.clock.sleep(self.pause());
                self.shared.inbox.bell().wait(heard, sleep).await;
            }
        }
    }

    /// How long there is nothing to do, unless something is seen.
    fn pause(&self) -> Duration {
        let mut pause = self.check_after();
        if let Some(first) = self.settling.values().map(|one| one.since).min() {
            let until = first.after(self.options.settle);
            pause = pause.min(until.since(self.clock.now()));
        }
        pause
    }

    fn tell(&mut self, seen: Seen, events: &mut Events) {
        match seen {
            Seen::Closed(path) => {
                self.settling.remove(&path);
                events.extend(self.landed(path, How::Written));
            }
            Seen::MovedTo(path) => match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => self.cover(&path, events),
                _ => events.extend(self.landed(path, How::MovedIn)),
            },
            Seen::Folder(path) => self.cover(&path, events),
            Seen::File(path) => self.file(path, events),
            Seen::Opened(path) => {
                // Its closing tells of it.
                let is_linked = |one: &Settling| one.how == How::Linked;
                if self.settling.get(&path).is_some_and(is_linked) {
                    self.settling.remove(&path);
                }
            }
            Seen::Gone(path) if path == self.tree.root() => self.doubt(),
            Seen::Gone(_) => {}
            Seen::Lost => {
                events.push(self.rescan(RescanReason::Overflow));
                let root = self.tree.root().to_owned();
                self.cover(&root, events);
            }
            Seen::Limit => events.push(self.rescan(RescanReason::WatchLimit)),
        }
    }

    /// A file was made, or got a name. One that has another name, too, is told of at once: it is
    /// not closed again.
    ///
    /// One that had no name before looks like one that is just being made, but for the opening
    /// that does not follow.
    fn file(&mut self, path: PathBuf, events: &mut Events) {
        let Ok(metadata) = path.symlink_metadata() else {
            return;
        };
        if !metadata.is_file() {
            return;
        }
        if metadata.nlink() > 1 {
            events.push(self.landed_as(path, How::Linked, &metadata));
        } else {
            self.let_settle(path, How::Linked, &metadata, events);
        }
    }

    fn let_settle(&mut self, path: PathBuf, how: How, metadata: &Metadata, events: &mut Events) {
        if self.settling.len() >= MAX_SETTLING {
            // One that is just being made is told of when it is closed.
            if how == How::Found {
                events.push(self.landed_as(path, how, metadata));
            }
            return;
        }
        let settling = Settling {
            how,
            state: State::of(metadata),
            since: self.clock.now(),
        };
        self.settling.entry(path).or_insert(settling);
    }

    /// Watches a directory and tells of what is in it, when that has stayed the same for a while.
    fn cover(&mut self, folder: &Path, events: &mut Events) {
        let mut there = Vec::new();
        let covered = self.tree.cover(folder, &mut there);
        let closed = self.tree.take_closed();
        if covered.is_err() {
            events.push(self.rescan(RescanReason::WatchLimit));
        }
        // Only when all is watched anew it is known that nothing is amiss any more.
        let problem = covered.err().or(closed);
        if problem.is_some() || folder == self.tree.root() {
            *self.shared.problem() = problem;
        }
        for There { path, metadata } in there {
            self.let_settle(path, How::Found, &metadata, events);
        }
    }

    /// Tells of what has not changed for long enough.
    fn settle(&mut self, events: &mut Events) {
        let now = self.clock.now();
        let is_due = |one: &Settling| one.since.after(self.options.settle) <= now;
        let due = self.settling.iter().filter(|(_, one)| is_due(one));
        let due: Vec<PathBuf> = due.map(|(path, _)| path.clone()).collect();
        for path in due {
            let Some(before) = self.settling.remove(&path) else {
                continue;
            };
            let Ok(metadata) = path.symlink_metadata() else {
                self.missed();
                continue;
            };
            if State::of(&metadata) == before.state {
                events.push(self.landed_as(path, before.how, &metadata));
            } else {
                self.let_settle(path, before.how, &metadata, events);
            }
        }
    }

    /// Has the directory looked for, watched and listed anew now, not when its time comes.
    fn doubt(&mut self) {
        if let Watched::This(_) = self.watched {
            self.watched = Watched::Doubtful;
        }
    }

    /// A file is not where it was: it is gone or has another name by now, or all of the directory
    /// is elsewhere.
    fn missed(&mut self) {
        let found = identity(self.tree.root()).map(Watched::This);
        if found != Some(self.watched) {
            self.doubt();
        }
    }

    /// Looks whether the path still leads to the directory that is watched.
    ///
    /// The kernel tells nothing when a directory above it is renamed, or something is mounted over
    /// it.
    fn check(&mut self, events: &mut Events) {
        let now = self.clock.now();
        if now.since(self.checked) < self.check_after() {
            return;
        }
        self.checked = now;
        let root = self.tree.root().to_owned();
        match (self.watched, identity(&root)) {
            (Watched::This(known), Some(found)) if known == found => {}
            (Watched::Missing, None) => {}
            (_, Some(found)) => {
                self.watched = Watched::This(found);
                events.push(self.rescan(RescanReason::WatchLost));
                self.cover(&root, events);
            }
            (_, None) => {
                self.watched = Watched::Missing;
                events.push(self.rescan(RescanReason::WatchLost));
                let reason = "it was removed or renamed; as soon as it is there again, it is \
                              watched again";
                *self.shared.problem() = Some(LocalError::Unwatchable {
                    path: root,
                    reason: reason.to_owned(),
                });
            }
        }
    }

    fn check_after(&self) -> Duration {
        match self.watched {
            Watched::This(_) => CHECK,
            Watched::Doubtful => Duration::ZERO,
            Watched::Missing => self.options.retry,
        }
    }

    /// Writes events into the queue; tries again until that succeeds, or the watcher is stopped.
    async fn send(&self, events: Vec<LocalEvent>) {
        let mut failed = false;
        for batch in events.chunks(MAX_BATCH) {
            let messages: Vec<_> = batch.iter().map(LocalEvent::to_message).collect();
            while let Err(error) = self.queue.send(self.clock.as_ref(), messages.clone()).await {
                *self.shared.problem() = Some(error);
                failed = true;
                if self.shared.is_stopped() {
                    // The next start asks for a listing.
                    return;
                }
                self.wait_to_retry().await;
            }
        }
        if failed {
            *self.shared.problem() = None;
        }
    }

    /// Waits for a while, whatever is seen meanwhile, or until the watcher is stopped.
    async fn wait_to_retry(&self) {
        let until = self.clock.now().after(self.options.retry);
        while !self.shared.is_stopped() {
            let heard = self.shared.inbox.bell().rung();
            let left = until.since(self.clock.now());
            if left.is_zero() {
                return;
            }
            let sleep = self.clock.sleep(left);
            self.shared.inbox.bell().wait(heard, sleep).await;
        }
    }

    fn landed(&mut self, path: PathBuf, how: How) -> Option<LocalEvent> {
        let Ok(metadata) = path.symlink_metadata() else {
            self.missed();
            return None;
        };
        let is_file = metadata.is_file();
        is_file.then(|| self.landed_as(path, how, &metadata))
    }

    fn landed_as(&self, path: PathBuf, how: How, metadata: &Metadata) -> LocalEvent {
        LocalEvent::Landed {
            path,
            how,
            size: metadata.size(),
            modified: modified(metadata),
            inode: metadata.ino(),
            seen: self.clock.now(),
        }
    }

    fn rescan(&self, reason: RescanReason) -> LocalEvent {
        LocalEvent::RescanNeeded {
            directory: self.tree.root().to_owned(),
            reason,
            seen: self.clock.now(),
        }
    }
}

/// What is written in one go, each thing once.
#[derive(Default)]
struct Events {
    list: Vec<LocalEvent>,
    /// Where each file was told of last.
    files: BTreeMap<PathBuf, usize>,
}

impl Events {
    fn push(&mut self, event: LocalEvent) {
        let known = match &event {
            LocalEvent::Landed { path, .. } => {
                self.files.get(path).and_then(|at| self.list.get(*at))
            }
            LocalEvent::RescanNeeded { .. } => {
                self.list.iter().find(|known| says_the_same(known, &event))
            }
        };
        if known.is_some_and(|known| says_the_same(known, &event)) {
            return;
        }
        if let LocalEvent::Landed { path, .. } = &event {
            self.files.insert(path.clone(), self.list.len());
        }
        self.list.push(event);
    }

    fn extend(&mut self, event: Option<LocalEvent>) {
        if let Some(event) = event {
            self.push(event);
        }
    }
}

/// Whether two events differ at most in the time at which something was seen.
fn says_the_same(a: &LocalEvent, b: &LocalEvent) -> bool {
    let timeless = |event: &LocalEvent| {
        let mut event = event.clone();
        match &mut event {
            LocalEvent::Landed { seen, .. } | LocalEvent::RescanNeeded { seen, .. } => {
                *seen = Timestamp::default();
            }
        }
        event
    };
    timeless(a) == timeless(b)
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size(),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Milliseconds, as the file system has them; what is older than 1970 counts as that.
fn modified(metadata: &Metadata) -> Timestamp {
    let millis = metadata.mtime() * 1_000 + metadata.mtime_nsec() / 1_000_000;
    Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())
}
