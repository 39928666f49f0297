//! Objects that are gone, cut off, changed, somebody else's, newer or older.

use std::sync::Arc;

use bytes::Bytes;
use floe_notify::clock::ManualClock;
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};

use super::super::format::{Head, Kind, begin, decode_segment, encode_segment, seal, unseal};
use super::super::{SharedError, SharedLedger};
use super::{Dice, TIGHT, at, file, founding, open};
use crate::memory::replica::wire::Reader;
use crate::memory::replica::{Replica, replay};
use crate::{Ledger, Role};

async fn filled(store: &Arc<InMemory>, clock: &Arc<ManualClock>) -> SharedLedger {
    let ledger = open(store, clock).await;
    ledger.found(&founding(), at(0)).await.unwrap();
    let claim = ledger
        .join(&Role::new("one").unwrap(), at(0))
        .await
        .unwrap();
    for number in 0..60 {
        let files = [file(&format!("{number:040}"))];
        ledger.record(&claim, &files, None, at(0)).await.unwrap();
    }
    ledger
}

async fn objects(store: &InMemory) -> Vec<(Path, Bytes)> {
    let listed = store.list(None).map_ok(|meta| meta.location);
    let paths: Vec<Path> = listed.try_collect().await.unwrap();
    let mut objects = Vec::new();
    for path in paths {
        let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
        objects.push((path, bytes));
    }
    objects
}

async fn copy(objects: &[(Path, Bytes)]) -> Arc<InMemory> {
    let store = InMemory::new();
    for (path, bytes) in objects {
        store
            .put(path, PutPayload::from_bytes(bytes.clone()))
            .await
            .unwrap();
    }
    Arc::new(store)
}

async fn reopen(
    store: Arc<InMemory>,
    clock: &Arc<ManualClock>,
) -> Result<SharedLedger, SharedError> {
    SharedLedger::open_with(
        store,
        "state/orders",
        Arc::<ManualClock>::clone(clock),
        TIGHT,
    )
    .await
}

#[test]
fn an_object_that_is_gone_is_never_an_empty_ledger() {
    let clock = Arc::new(ManualClock::default());
    clock
        .run(async {
            let store = Arc::new(InMemory::new());
            filled(&store, &clock).await;
            let objects = objects(&store).await;
            let mut codes = std::collections::BTreeSet::new();
            for (gone, _) in &objects {
                let store = copy(&objects).await;
                store.delete(gone).await.unwrap();
                match reopen(store, &clock).await {
                    // Nothing is read of a text for people, nor of what the image has in it.
                    Ok(ledger) => {
                        assert_eq!(ledger.metrics().await.unwrap().files_known, 60, "{gone}");
                    }
                    Err(error) => {
                        codes.insert((gone.filename() == Some("head"), error.code()));
                    }
                }
            }
            let expected = [(false, "FLOE-INGEST-0051"), (true, "FLOE-INGEST-0056")];
            assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
        })
        .unwrap();
}

#[test]
fn a_head_that_is_gone_or_older_stops_who_knows_better() {
    let clock = Arc::new(ManualClock::default());
    clock
        .run(async {
            let store = Arc::new(InMemory::new());
            let ledger = filled(&store, &clock).await;
            let path = Path::from("state/orders/head");
            let old = store.get(&path).await.unwrap().bytes().await.unwrap();
            ledger
                .join(&Role::new("two").unwrap(), at(0))
                .await
                .unwrap();
            store.put(&path, PutPayload::from_bytes(old)).await.unwrap();
            let error = ledger
                .join(&Role::new("two").unwrap(), at(0))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0056", "{error}");
            store.delete(&path).await.unwrap();
            let error = ledger.metrics().await.unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0056", "{error}");
            assert!(!error.is_retryable());
        })
        .unwrap();
}

#[test]
fn objects_that_are_cut_off_or_changed_are_refused_with_a_code() {
    let clock = Arc::new(ManualClock::default());
    clock
        .run(async {
            let store = Arc::new(InMemory::new());
            filled(&store, &clock).await;
            let objects = objects(&store).await;
            let mut dice = Dice(1);
            let mut refused = 0;
            for _ in 0..300 {
                let mut objects = objects.clone();
                let place = dice.below(objects.len() as u64) as usize;
                let (path, bytes) = &mut objects[place];
                if path.filename() == Some("about.txt") {
                    continue;
                }
                let mut changed = bytes.to_vec();
                let at = dice.below(changed.len() as u64) as usize;
                match dice.below(3) {
                    0 => changed.truncate(at),
                    1 => changed[at] ^= 1 << dice.below(8),
                    _ => changed.push(0),
                }
                *bytes = changed.into();
                match reopen(copy(&objects).await, &clock).await {
                    // It is an object that the image makes superfluous.
                    Ok(ledger) => assert_eq!(ledger.metrics().await.unwrap().files_known, 60),
                    Err(error) => {
                        assert_eq!(error.code(), "FLOE-INGEST-0051", "{error}");
                        refused += 1;
                    }
                }
            }
            assert!(refused > 100, "{refused}");
        })
        .unwrap();
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let mut out = b"floehead".to_vec();
    out.push(9);
    let error = Head::decode("head", &seal(out)).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0052");
    assert!(error.to_string().contains("format 9"), "{error}");
}

#[test]
fn bytes_with_a_good_checksum_and_anything_in_them_are_no_reason_to_panic() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(InMemory::new());
    let objects = clock.run(async {
        filled(&store, &clock).await;
        objects(&store).await
    });
    let mut dice = Dice(5);
    let (mut good, mut bad) = (0, 0);
    for (path, bytes) in objects.unwrap() {
        let kind = match path.as_ref() {
            path if path.contains("segment") => Kind::Segment,
            path if path.contains("image") => Kind::Image,
            path if path.ends_with("head") => Kind::Head,
            _ => continue,
        };
        let start = begin(kind).len();
        for _ in 0..3_000 {
            let mut body = bytes[start..bytes.len() - 4].to_vec();
            for _ in 0..=dice.below(3) {
                let at = dice.below(body.len() as u64) as usize;
                match dice.below(4) {
                    0 => body[at] = 0xFF,
                    1 => body[at] = dice.roll() as u8,
                    2 => drop(body.splice(at..at, [0xFF; 9])),
                    _ => body.truncate(at.max(1)),
                }
            }
            let sealed = seal([begin(kind), body].concat());
            match read(kind, &sealed) {
                true => good += 1,
                false => bad += 1,
            }
        }
    }
    assert!(good > 100 && bad > 1_000, "{good} {bad}");
}

/// Reads an object and everything in it.
fn read(kind: Kind, bytes: &Bytes) -> bool {
    let frames = match kind {
        Kind::Head => Head::decode("head", bytes).map(|head| head.frames),
        Kind::Segment => decode_segment("segment", bytes),
        Kind::Image => {
            let mut reader = unseal(kind, "image", bytes).unwrap();
            return Replica::read_image(&mut reader).is_ok();
        }
    };
    let Ok(frames) = frames else { return false };
    let mut replica = Replica::default();
    frames.iter().all(|frame| {
        let mut reader = Reader(&frame.actions);
        while !reader.0.is_empty() {
            if replay(&mut reader, &mut replica).is_err() {
                return false;
            }
        }
        true
    })
}

#[test]
fn an_empty_object_and_an_empty_segment_are_read_as_what_they_are() {
    for kind in [Kind::Head, Kind::Segment, Kind::Image] {
        assert!(unseal(kind, "it", &[]).is_err());
        assert!(unseal(kind, "it", &[0; 12]).is_err());
    }
    assert!(
        decode_segment("it", &encode_segment(&[]))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        Head::decode("it", &Head::default().encode()).unwrap(),
        Head::default()
    );
}
