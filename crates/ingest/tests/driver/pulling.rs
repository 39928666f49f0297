//! Batches that are taken one by one.

use floe_ingest::{BatchId, PulledStream, Trigger};
use futures::future::join;

use crate::support::World;

#[test]
fn a_batch_that_is_not_committed_comes_again_the_same() {
    let world = World::default();
    world.put("in/a.csv");
    world.put("in/b.csv");
    let builder = world.builder().option("cloudFiles.maxFilesPerTrigger", "1");
    let stream = builder.trigger(Trigger::AvailableNow).build().unwrap();
    let PulledStream { mut batches, work } = stream.pull();
    let take = async {
        let first = batches.next_batch().await.unwrap();
        let again = batches.next_batch().await.unwrap();
        assert_eq!((first.id, &first.files), (again.id, &again.files));
        let wrong = batches.commit(BatchId(99)).await.unwrap_err();
        assert_eq!(wrong.code(), "FLOE-INGEST-0012");
        batches.commit(again.id).await.unwrap();
        let second = batches.next_batch().await.unwrap();
        assert_eq!(second.id, BatchId(2));
        batches.commit(second.id).await.unwrap();
        assert!(batches.next_batch().await.is_none());
    };
    let (summary, ()) = world.clock.run(join(work, take)).unwrap();
    assert_eq!(summary.unwrap().batches, 2);
}

#[test]
fn a_taker_that_goes_away_stops_the_stream_and_the_batch_comes_with_the_next_start() {
    let world = World::default();
    world.put("in/a.csv");
    let pull = || world.builder().build().unwrap().pull();
    let PulledStream { mut batches, work } = pull();
    let take = async {
        assert_eq!(batches.next_batch().await.unwrap().id, BatchId(1));
        drop(batches);
    };
    let (summary, ()) = world.clock.run(join(work, take)).unwrap();
    assert_eq!(summary.unwrap().batches, 0);
    let PulledStream { mut batches, work } = pull();
    let take = async {
        let batch = batches.next_batch().await.unwrap();
        batches.commit(batch.id).await.unwrap();
        batches.stopper().stop();
        assert!(batches.next_batch().await.is_none());
        batch
    };
    let (summary, batch) = world.clock.run(join(work, take)).unwrap();
    assert_eq!((summary.unwrap().batches, batch.id), (1, BatchId(1)));
}
