//! Files that an older version wrote, byte by byte.

use floe_notify::clock::Timestamp;
use redb::{Database, TableDefinition};

use super::block_on;
use super::disk::SimDisk;
use super::work::founding;
use crate::ledger::embedded::block::{Entry, Known, Walk, pack};
use crate::ledger::embedded::disk::{Disk as _, Watched};
use crate::ledger::embedded::store::Store;
use crate::{ArchiveMode, ArchiveOutcome, EmbeddedLedger, FileId, Ledger, LogState, Role};

type Table<K> = TableDefinition<'static, K, &'static [u8]>;

const META: Table<&str> = TableDefinition::new("meta");
const KNOWN: Table<&[u8]> = TableDefinition::new("known");
const DONE: Table<u64> = TableDefinition::new("done");

/// A block of format 1: `/a` and `/ab`, number 1 and 2, found at 1,000, written at 998, 7 bytes;
/// and `/b`, only seen.
const BLOCK: [u8; 23] = [
    0, 2, b'/', b'a', 2, 0xD0, 0x0F, 3, 7, // the first, against nothing
    2, 1, b'b', 2, 0, 3, 7, // adds a letter and a number
    1, 1, b'b', 3, 0, 3, 7, // the number falls from 2 to 0
];

fn known(seq: u64) -> Known {
    Known {
        seq,
        size: 7,
        created: 998,
        discovered: 1_000,
        archived: None,
    }
}

fn entry(id: &[u8], known: Known) -> Entry {
    let id = id.to_vec();
    Entry { id, known }
}

#[test]
fn blocks_without_marks_are_written_as_they_always_were() {
    let files = [(b"/a".as_slice(), 1), (b"/ab", 2), (b"/b", 0)];
    let entries: Vec<_> = files.map(|(id, seq)| entry(id, known(seq))).into();
    let blocks = pack(&[], &entries, usize::MAX);
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].bytes, BLOCK);
    let read = Walk::new(&[], BLOCK.to_vec()).entries().unwrap();
    assert_eq!(read, entries);
}

#[test]
fn a_mark_takes_two_bytes_beside_another_one_of_its_time() {
    let archived = |at, mode| Known {
        archived: Some((at, mode)),
        ..known(1)
    };
    let marks = [1_010, 1_010, 1_010, u64::MAX, 0].into_iter();
    let entries: Vec<_> = marks
        .zip(b'a'..)
        .map(|(at, letter)| entry(&[b'/', letter], archived(at, ArchiveMode::Delete)))
        .chain([entry(b"/z", archived(0, ArchiveMode::Move))])
        .collect();
    let bytes = |entries: &[Entry]| {
        let blocks = pack(&[], entries, usize::MAX);
        let read = Walk::new(&[], blocks[0].bytes.clone()).entries().unwrap();
        assert_eq!(read, entries);
        blocks[0].bytes.len()
    };
    let plain = entry(b"/c", known(1));
    let with = bytes(&entries[..3]);
    let without = bytes(&[entries[0].clone(), entries[1].clone(), plain]);
    assert_eq!(with, without + 2);
    bytes(&entries);
}

#[test]
fn a_mark_that_cannot_be_is_damage() {
    for bytes in [[0, 0].as_slice(), &[3, 0], &[1, 0], &[2, 0, 0x80]] {
        let block = [BLOCK.as_slice(), bytes].concat();
        assert!(Walk::new(&[], block).entries().is_err(), "{bytes:?}");
    }
}

/// Writes what the first version wrote: a stream with three files, two of them committed.
fn old() -> SimDisk {
    let disk = SimDisk::empty();
    Store::create(&disk).unwrap();
    let ledger = EmbeddedLedger::start(Box::new(disk.clone()), None).unwrap();
    block_on(ledger.found(&founding(), Timestamp::from_millis(900))).unwrap();
    drop(ledger);
    let database = open(&disk);
    let write = database.begin_write().unwrap();
    // Counters: the last number, batched, the last batch, epoch, listing, known; then nothing.
    let head: &[u8] = &[2, 2, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
    let mut meta = write.open_table(META).unwrap();
    meta.insert("format", [1].as_slice()).unwrap();
    meta.insert("head", head).unwrap();
    drop(meta);
    let mut known = write.open_table(KNOWN).unwrap();
    known.insert([].as_slice(), BLOCK.as_slice()).unwrap();
    drop(known);
    // A batch from number 1 on: its id, two files, none forgotten, handed out at 5, committed at 6.
    let batch: &[u8] = &[1, 2, 0, 5, 2];
    write.open_table(DONE).unwrap().insert(1, batch).unwrap();
    write.commit().unwrap();
    disk
}

fn open(disk: &SimDisk) -> Database {
    let watched = Watched {
        inner: disk.open().unwrap(),
        unconfirmed: std::sync::Arc::default(),
    };
    Database::builder().create_with_backend(watched).unwrap()
}

fn format(disk: &SimDisk) -> Vec<u8> {
    use redb::ReadableDatabase as _;
    let database = open(disk);
    let read = database.begin_read().unwrap();
    let meta = read.open_table(META).unwrap();
    meta.get("format").unwrap().unwrap().value().to_vec()
}

#[test]
fn a_file_of_the_first_version_is_read_and_takes_marks() {
    let disk = old();
    let ledger = EmbeddedLedger::start(Box::new(disk.clone()), None).unwrap();
    let rows = block_on(ledger.rows(None, 10)).unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.id.path()).collect();
    assert_eq!(names, [b"/a".as_slice(), b"/ab", b"/b"]);
    assert!(
        rows.iter()
            .all(|row| row.archived.is_none() && row.size == 7)
    );
    assert_eq!(rows[1].committed, Some(Timestamp::from_millis(6)));
    assert_eq!(rows[2].state, LogState::Seen);
    let now = Timestamp::from_millis(2_000);
    let claim = block_on(ledger.join(&Role::new("one").unwrap(), now)).unwrap();
    drop(ledger);
    assert_eq!(
        format(&disk),
        [1],
        "the version that wrote it can still read it"
    );

    let ledger = EmbeddedLedger::start(Box::new(disk.clone()), None).unwrap();
    let ids = ["/ab", "/b"].map(|name| FileId::new(name.as_bytes(), None).unwrap());
    let mode = ArchiveMode::Move;
    let outcomes = block_on(ledger.archive(&claim, &ids, mode, now)).unwrap();
    assert_eq!(
        outcomes,
        [ArchiveOutcome::Now, ArchiveOutcome::NotCommitted]
    );
    drop(ledger);
    assert_eq!(
        format(&disk),
        [2],
        "an older version would misread the mark"
    );
    let ledger = EmbeddedLedger::start(Box::new(disk), None).unwrap();
    let rows = block_on(ledger.rows(None, 10)).unwrap();
    let marks: Vec<_> = rows.iter().map(|row| row.archived).collect();
    assert_eq!(marks, [None, Some((now, mode)), None]);
}
