//! What is written, how often, and what is deleted.

use std::sync::Arc;

use floe_notify::clock::ManualClock;
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};

use super::super::SharedLedger;
use super::faulty::Faulty;
use super::{at, file, founding, open};
use crate::{Claim, Ledger, Role};

async fn paths(store: &InMemory, folder: &str) -> Vec<String> {
    let path = Path::from(format!("state/orders/{folder}"));
    let listed = store
        .list(Some(&path))
        .map_ok(|meta| meta.location.to_string());
    listed.try_collect().await.unwrap()
}

async fn start(ledger: &SharedLedger) -> Claim {
    ledger.found(&founding(), at(0)).await.unwrap();
    ledger
        .join(&Role::new("one").unwrap(), at(0))
        .await
        .unwrap()
}

#[test]
fn what_nobody_names_any_more_is_deleted_and_the_rest_is_a_whole_ledger() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(InMemory::new());
    clock
        .run(async {
            let ledger = open(&store, &clock).await;
            let claim = start(&ledger).await;
            // What somebody who crashed has left, from before and from after all that is done
            // here; and what is not the ledger's.
            for name in [
                "segment/00000000000000000002-9-9",
                "image/00000000000000000002-9-9",
            ] {
                let path = Path::from(format!("state/orders/{name}"));
                store
                    .put(&path, PutPayload::from_static(b"left"))
                    .await
                    .unwrap();
            }
            for name in [
                "segment/99999999999999999999-9-9",
                "segment/notes",
                "image/00000000000000000002",
            ] {
                let path = Path::from(format!("state/orders/{name}"));
                store
                    .put(&path, PutPayload::from_static(b"left"))
                    .await
                    .unwrap();
            }
            for number in 0..200 {
                let files = [file(&format!("{number:040}"))];
                ledger.record(&claim, &files, None, at(0)).await.unwrap();
            }
            let (segments, images) = (paths(&store, "segment").await, paths(&store, "image").await);
            assert!(
                segments.len() < 30 && images.len() < 5,
                "{segments:?} {images:?}"
            );
            let left = |paths: &[String], name: &str| paths.iter().any(|path| path.ends_with(name));
            assert!(!left(&segments, "2-9-9") && !left(&images, "2-9-9"));
            assert!(left(&segments, "99999999999999999999-9-9") && left(&segments, "notes"));
            assert!(left(&images, "image/00000000000000000002"));
            let rows = open(&store, &clock).await.rows(None, 1_000).await.unwrap();
            assert_eq!(rows.len(), 200);
            assert_eq!(rows, ledger.rows(None, 1_000).await.unwrap());
        })
        .unwrap();
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(1, &clock));
    clock
        .run(async {
            let ledger = open(&store, &clock).await;
            let claim = start(&ledger).await;
            ledger
                .record(&claim, &[file("a")], None, at(0))
                .await
                .unwrap();
            let heads = store.heads().len();
            let old = Claim::new(Role::new("nobody").unwrap(), 1);
            ledger
                .record(&claim, &[file("a")], None, at(1))
                .await
                .unwrap();
            assert!(ledger.join(&Role::new("one").unwrap(), at(1)).await.is_ok());
            assert_eq!(store.heads().len(), heads + 1, "a claim is a change");
            assert!(
                ledger
                    .record(&old, &[file("b")], None, at(1))
                    .await
                    .unwrap_err()
                    .is_fenced()
            );
            assert!(ledger.leave(&claim).await.unwrap_err().is_fenced());
            ledger.metrics().await.unwrap();
            ledger.rows(None, 9).await.unwrap();
            ledger.found(&founding(), at(1)).await.unwrap();
            assert_eq!(store.heads().len(), heads + 1);
        })
        .unwrap();
}

#[test]
fn calls_of_one_handle_share_a_change() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(1, &clock));
    clock
        .run(async {
            let ledger = open(&store, &clock).await;
            let claim = start(&ledger).await;
            let position = store.position();
            let files: Vec<_> = (0..50).map(|n| [file(&format!("{n}"))]).collect();
            let calls = files
                .iter()
                .map(|file| ledger.record(&claim, file, None, at(0)));
            let mut numbers: Vec<_> = futures::future::join_all(calls)
                .await
                .into_iter()
                .map(|answer| answer.unwrap()[0].seq().unwrap().0)
                .collect();
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(1..=50), "each has its own answer");
            // The first one is at it before the others come.
            assert_eq!(store.position(), position + 2);
        })
        .unwrap();
}
