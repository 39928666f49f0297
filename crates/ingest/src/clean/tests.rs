//! Sweeps over a stream in memory, with a store that can fail, stop and be written to.

mod bucket;
mod crashes;

use std::num::NonZeroUsize;

use floe_notify::clock::{ManualClock, Timestamp};
use floe_notify::options::BatchBounds;
use floe_notify::{Location, Options, StreamId};

use super::{CleanPolicy, Cleaned, Cleaner};
use crate::memory::MemoryLedger;
use crate::{
    ArchiveMode, Claim, Discovery, FileId, Founding, Home, Ledger, Role, Sighting, StateRow,
    VersionRule,
};

use bucket::Bucket;

const PATH: &str = "s3://acme/in";

/// When files are written, discovered and committed.
const WRITTEN: Timestamp = Timestamp::from_millis(1_764_000_000_000);

const DAY: u64 = 24 * 60 * 60;

fn days(days: u64) -> Timestamp {
    WRITTEN.after(std::time::Duration::from_secs(days * DAY))
}

fn policy(options: &[(&str, &str)], path: &str) -> CleanPolicy {
    let options = options
        .iter()
        .map(|(name, value)| (format!("cloudFiles.{name}"), *value));
    let (options, findings) = Options::parse(options);
    assert!(
        findings.iter().all(|finding| !finding.is_error()),
        "{findings:?}"
    );
    CleanPolicy::new(&options, &Location::parse(path).unwrap()).unwrap()
}

fn deleting() -> CleanPolicy {
    policy(&[("cleanSource", "DELETE")], PATH)
}

fn moving() -> CleanPolicy {
    let destination = ("cleanSource.moveDestination", "s3://acme/done");
    policy(&[("cleanSource", "MOVE"), destination], PATH)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    ManualClock::default().run(future).unwrap()
}

/// A stream with a store, some of whose files are committed at [`WRITTEN`].
struct World {
    ledger: MemoryLedger,
    claim: Claim,
    bucket: Bucket,
    home: Home,
}

impl World {
    fn new(rule: VersionRule) -> Self {
        let ledger = MemoryLedger::default();
        let founding = Founding {
            stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
            path: PATH.to_owned(),
            rule,
            options: std::collections::BTreeMap::new(),
            defaults: std::collections::BTreeMap::new(),
        };
        block_on(ledger.found(&founding, WRITTEN)).unwrap();
        let claim = block_on(ledger.join(&Role::new("one").unwrap(), WRITTEN)).unwrap();
        Self {
            ledger,
            claim,
            bucket: Bucket::default(),
            home: Home::new(&Location::parse(PATH).unwrap()),
        }
    }

    /// A stream whose files `names` are there and committed.
    fn with(names: &[&str]) -> Self {
        let world = Self::new(VersionRule::KeyAlone);
        for name in names {
            world.bucket.write(name, "old", WRITTEN, "1");
        }
        world.record(names, None);
        world.commit();
        world
    }

    fn record(&self, keys: &[&str], token: Option<&str>) {
        let files: Vec<_> = keys
            .iter()
            .map(|key| Discovery {
                id: FileId::new(&self.home.path(key.as_bytes()), token).unwrap(),
                size: 3,
                created: WRITTEN,
                sighting: Sighting::Event,
            })
            .collect();
        block_on(self.ledger.record(&self.claim, &files, None, WRITTEN)).unwrap();
    }

    fn commit(&self) {
        let bounds = BatchBounds {
            max_files: 1_000,
            max_bytes: None,
        };
        let lease = std::time::Duration::from_secs(60);
        let ledger = &self.ledger;
        let next = || ledger.next_batch(&self.claim, bounds, lease, WRITTEN);
        while let Some(batch) = block_on(next()).unwrap() {
            block_on(ledger.commit(&self.claim, batch.id, WRITTEN)).unwrap();
        }
    }

    fn sweep(&self, policy: &CleanPolicy, now: Timestamp) -> Cleaned {
        let mut cleaner = Cleaner::new(policy.clone());
        let cleaned =
            block_on(cleaner.step(&self.ledger, &self.claim, &self.bucket, &self.home, now));
        let cleaned = cleaned.unwrap();
        assert!(cleaned.is_done, "one page holds the files of a test");
        cleaned
    }

    fn rows(&self) -> Vec<StateRow> {
        block_on(self.ledger.rows(None, 1_000)).unwrap()
    }

    fn marks(&self) -> Vec<(String, ArchiveMode)> {
        let rows = self.rows().into_iter();
        rows.filter_map(|row| {
            let path = String::from_utf8(row.id.path()).unwrap();
            row.archived.map(|(_, mode)| (path, mode))
        })
        .collect()
    }
}

#[test]
fn what_is_committed_is_deleted_once_its_retention_has_passed() {
    let world = World::with(&["in/a", "in/b/c"]);
    world.bucket.write("in/waiting", "old", WRITTEN, "1");
    world.record(&["in/waiting"], None);
    let before = days(30).as_millis() - 1;
    let early = world.sweep(&deleting(), Timestamp::from_millis(before));
    assert_eq!((early.seen, early.deleted), (3, 0), "not before its time");
    assert_eq!(
        world.bucket.asked(),
        0,
        "the store is not asked about it either"
    );
    let cleaned = world.sweep(&deleting(), days(30));
    assert_eq!((cleaned.deleted, cleaned.moved), (2, 0));
    assert_eq!(world.bucket.keys(), ["in/waiting"]);
    let marks = [
        ("/in/a", ArchiveMode::Delete),
        ("/in/b/c", ArchiveMode::Delete),
    ];
    assert_eq!(
        world.marks(),
        marks.map(|(path, mode)| (path.to_owned(), mode))
    );
    world.bucket.write("in/a", "new", days(31), "2");
    let again = world.sweep(&deleting(), days(99));
    assert_eq!(again.deleted, 0, "who is marked is left alone for ever");
    assert_eq!(world.bucket.keys(), ["in/a", "in/waiting"]);
}

#[test]
fn what_is_moved_keeps_its_path_below_the_directory() {
    let world = World::with(&["in/2026/11/a.csv", "in/a.csv"]);
    let cleaned = world.sweep(&moving(), days(30));
    assert_eq!((cleaned.moved, cleaned.deleted), (2, 0));
    assert_eq!(world.bucket.keys(), ["done/2026/11/a.csv", "done/a.csv"]);
    assert!(
        world
            .marks()
            .iter()
            .all(|(_, mode)| *mode == ArchiveMode::Move)
    );
}

#[test]
fn nothing_is_touched_when_it_is_off() {
    let world = World::with(&["in/a"]);
    let off = policy(&[], PATH);
    let cleaned = world.sweep(&off, days(3_000));
    assert_eq!((cleaned.seen, cleaned.deleted, cleaned.moved), (0, 0, 0));
    assert_eq!((world.bucket.asked(), world.marks().len()), (0, 0));
    assert_eq!(off.moved(b"in/a"), None);
}

#[test]
fn what_was_written_again_is_left_alone_and_counted() {
    let names = ["in/late", "in/longer", "in/same", "in/soon"];
    let world = World::with(&names);
    world.bucket.write("in/late", "NEW", days(3), "2");
    world.bucket.write("in/longer", "longer", WRITTEN, "2");
    let soon = Timestamp::from_millis(WRITTEN.as_millis() + 1);
    world.bucket.write("in/soon", "NEW", soon, "2");
    let cleaned = world.sweep(&deleting(), days(30));
    assert_eq!((cleaned.deleted, cleaned.changed), (1, 3));
    assert_eq!(world.bucket.keys(), ["in/late", "in/longer", "in/soon"]);
    assert_eq!(world.marks().len(), 1);
}

#[test]
fn where_the_identity_has_a_token_the_token_decides() {
    let world = World::new(VersionRule::EntityTag);
    let keys = ["in/changed", "in/same", "in/silent"];
    for key in keys {
        world.bucket.write(key, "old", days(2), "0f3e");
    }
    world.record(&keys, Some("0f3e"));
    world.commit();
    world.bucket.write("in/changed", "old", WRITTEN, "77aa");
    world.bucket.hide_tag("in/silent");
    let cleaned = world.sweep(&deleting(), days(30));
    assert_eq!((cleaned.deleted, cleaned.changed), (1, 2));
    assert_eq!(world.bucket.keys(), ["in/changed", "in/silent"]);
}

#[test]
fn the_clock_of_this_machine_judges_its_own_files_to_the_millisecond() {
    let path = "/srv/in";
    let mut world = World::new(VersionRule::KeyAlone);
    world.home = Home::new(&Location::parse(path).unwrap());
    world.bucket.be_local();
    // Moved in with its old time: discovered after the move, and written before it.
    let moved_in = Timestamp::from_millis(WRITTEN.as_millis() - 1);
    for (key, at) in [
        ("/srv/in/a", moved_in),
        ("/srv/in/b", WRITTEN),
        ("/srv/in/c", days(1)),
        ("/srv/in/../../etc/d", WRITTEN),
    ] {
        world.bucket.write(key, "old", at, "1");
        world.record(&[key], None);
    }
    world.commit();
    let done = ("cleanSource.moveDestination", "/srv/done");
    let moving = policy(&[("cleanSource", "MOVE"), done], path);
    let cleaned = world.sweep(&moving, days(30));
    assert_eq!((cleaned.moved, cleaned.changed, cleaned.outside), (2, 1, 1));
    let expected = [
        "/srv/done/a",
        "/srv/done/b",
        "/srv/in/../../etc/d",
        "/srv/in/c",
    ];
    assert_eq!(
        world.bucket.keys(),
        expected,
        "no name leads out of the directory"
    );
}

#[test]
fn what_lies_elsewhere_is_left_alone() {
    let world = World::with(&["in/a", "in2/b", "other/c"]);
    let elsewhere = FileId::new(b"s3://other/in/d", None).unwrap();
    let file = Discovery {
        id: elsewhere,
        size: 3,
        created: WRITTEN,
        sighting: Sighting::Event,
    };
    block_on(world.ledger.record(&world.claim, &[file], None, WRITTEN)).unwrap();
    world.commit();
    world.bucket.write("s3://other/in/d", "old", WRITTEN, "1");
    let cleaned = world.sweep(&deleting(), days(30));
    assert_eq!((cleaned.deleted, cleaned.outside), (1, 3));
    assert_eq!(world.bucket.keys(), ["in2/b", "other/c", "s3://other/in/d"]);
}

#[test]
fn nothing_is_moved_to_where_it_would_be_found_again() {
    let world = World::with(&["in/in/a", "in/b"]);
    let above = ("cleanSource.moveDestination", "s3://acme");
    let moving = policy(&[("cleanSource", "MOVE"), above], PATH);
    let cleaned = world.sweep(&moving, days(30));
    assert_eq!((cleaned.moved, cleaned.outside), (1, 1));
    assert_eq!(world.bucket.keys(), ["b", "in/in/a"]);
}

#[test]
fn what_somebody_else_took_away_is_marked() {
    let world = World::with(&["in/a", "in/b"]);
    world.bucket.delete("in/a");
    let cleaned = world.sweep(&moving(), days(30));
    assert_eq!((cleaned.moved, cleaned.gone), (1, 1));
    assert_eq!(world.marks().len(), 2);
}

#[test]
fn a_sweep_goes_page_by_page_and_begins_again() {
    let names: Vec<_> = (0..10).map(|number| format!("in/{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let world = World::with(&names);
    let page = NonZeroUsize::new(4).unwrap();
    let mut cleaner = Cleaner::new(deleting()).with_page(page);
    let mut step = |now| {
        let (ledger, claim) = (&world.ledger, &world.claim);
        let step = cleaner.step(ledger, claim, &world.bucket, &world.home, now);
        let cleaned = block_on(step).unwrap();
        (cleaned.seen, cleaned.deleted, cleaned.is_done)
    };
    assert_eq!(step(days(1)), (4, 0, false));
    assert_eq!(step(days(30)), (4, 4, false));
    assert_eq!(step(days(30)), (2, 2, true));
    assert_eq!(step(days(30)), (4, 4, false), "the first page, again");
    assert_eq!(world.bucket.keys(), [""; 0]);
}

#[test]
fn options_that_would_do_harm_are_refused() {
    let refusal = |options: &[(&str, &str)], path: &str| {
        let options = options
            .iter()
            .map(|(name, value)| (format!("cloudFiles.{name}"), *value));
        let (options, _) = Options::parse(options);
        let path = Location::parse(path).unwrap();
        CleanPolicy::new(&options, &path).unwrap_err().code()
    };
    let moving = |destination| {
        let options = [
            ("cleanSource", "MOVE"),
            ("cleanSource.moveDestination", destination),
        ];
        refusal(&options, PATH)
    };
    for inside in ["s3://acme/in", "s3://acme/in/", "s3://acme/in/done"] {
        assert_eq!(moving(inside), "FLOE-INGEST-0060", "{inside}");
    }
    assert_eq!(
        refusal(&[("cleanSource", "MOVE")], PATH),
        "FLOE-INGEST-0061"
    );
    for other in ["s3://other/done", "gs://acme/done", "/srv/done"] {
        assert_eq!(moving(other), "FLOE-INGEST-0062", "{other}");
    }
    for bad in ["nonsense", "s3://acme/done/*"] {
        assert_eq!(moving(bad), "FLOE-INGEST-0063", "{bad}");
    }
    let soon = ("cleanSource.retentionDuration", "7 days");
    let delete = ("cleanSource", "DELETE");
    assert_eq!(refusal(&[delete, soon], PATH), "FLOE-INGEST-0064");
}
