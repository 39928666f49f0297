//! What is there before, and what several streams share.

use super::{Bench, OTHER_SUFFIX, SUFFIX};
use crate::clock::Clock;
use crate::contract::ResourceFactory;
use crate::contract::future::join;
use crate::{Action, Origin, ResourceKind, TearDown};

/// What has the name already is reused, and does not become the stream's.
pub async fn what_was_there_before_is_reused_and_stays(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.world.put_original(SUFFIX, &bench.other).await;
    let with_original = bench.everything().await;
    let plan = bench.plan(&bench.stream, SUFFIX).await;
    let mut reused = plan.with(Action::Reuse);
    assert!(
        reused.any(|step| step.kind() == ResourceKind::Queue),
        "the queue that is there is reused: {plan}"
    );
    let id = bench.set_up(&bench.stream, SUFFIX).await;
    for (name, description) in &with_original {
        let after = bench.everything().await;
        assert_eq!(after.get(name), Some(description), "{name} is only reused");
    }
    let queue = bench.open(&id).await;
    bench.event_comes(queue.as_ref(), "reused.csv").await;
    drop(queue);
    bench.tear_down(&bench.stream, TearDown::Created).await;
    assert_eq!(
        bench.everything().await,
        with_original,
        "a tear-down deletes only what was created"
    );
}

/// Services of the original are listed as such, and deleted only on demand.
pub async fn what_the_original_made_is_deleted_only_when_adopted(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    if !bench.world.put_original(SUFFIX, &bench.other).await {
        return;
    }
    let with_original = bench.everything().await;
    let list = bench.listed(&bench.other).await;
    assert!(!list.is_empty(), "it is listed");
    let of_original = list.iter().all(|one| one.origin() == Origin::AutoLoader);
    assert!(of_original, "as what it is: {list:?}");
    let done = bench.tear_down(&bench.other, TearDown::Created).await;
    assert!(!done.changes_something(), "it was not created here: {done}");
    assert_eq!(bench.everything().await, with_original, "it stays");
    bench.tear_down(&bench.other, TearDown::Adopt).await;
    bench.is_as_before("what is adopted is deleted").await;
}

/// Every event reaches the queues of both streams.
pub async fn two_streams_on_one_path_have_a_queue_each(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    if !bench.world.shares_paths() {
        return;
    }
    let one = bench.set_up(&bench.stream, SUFFIX).await;
    let two = bench.set_up(&bench.other, OTHER_SUFFIX).await;
    assert_ne!(one, two, "each stream has its own queue");
    let (one, two) = (bench.open(&one).await, bench.open(&two).await);
    bench.event_comes(one.as_ref(), "shared.csv").await;
    bench.event_of(two.as_ref(), "shared.csv").await;
    drop((one, two));
    for stream in [&bench.stream, &bench.other, &bench.stream] {
        bench.tear_down(stream, TearDown::Created).await;
    }
    bench.is_as_before("both are gone").await;
}

/// When a stream goes, what another one needs of it stays, and goes with a later tear-down.
pub async fn what_others_use_outlives_its_stream(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    if !bench.world.shares_paths() {
        return;
    }
    let first = bench.set_up(&bench.stream, SUFFIX).await;
    let second = bench.set_up(&bench.other, OTHER_SUFFIX).await;
    let queue = bench.open(&second).await;
    bench.tear_down(&bench.stream, TearDown::Created).await;
    bench.is_deleted(&first).await;
    bench.event_comes(queue.as_ref(), "after.csv").await;
    drop(queue);
    bench.tear_down(&bench.other, TearDown::Created).await;
    bench.is_deleted(&second).await;
    let left = bench.everything().await != bench.before;
    let listed = bench.listed(&bench.stream).await;
    assert!(!left || !listed.is_empty(), "what is left is still listed");
    bench.tear_down(&bench.stream, TearDown::Created).await;
    bench.is_as_before("nobody needs anything any more").await;
}

/// Set-ups side by side do not erase each other.
pub async fn two_set_ups_at_once_both_work(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    if !bench.world.shares_paths() {
        return;
    }
    let both = join(
        bench.set_up(&bench.stream, SUFFIX),
        bench.set_up(&bench.other, OTHER_SUFFIX),
    );
    let (one, two) = both.await;
    for (stream, suffix) in [(&bench.stream, SUFFIX), (&bench.other, OTHER_SUFFIX)] {
        let plan = bench.plan(stream, suffix).await;
        assert!(
            !plan.changes_something(),
            "all of {suffix} is there: {plan}"
        );
    }
    let (one, two) = (bench.open(&one).await, bench.open(&two).await);
    bench.event_comes(one.as_ref(), "both.csv").await;
    bench.event_of(two.as_ref(), "both.csv").await;
    drop((one, two));
    let (of_one, of_two) = join(
        bench
            .manager
            .tear_down_notification_services(clock, &bench.stream, TearDown::Created),
        bench
            .manager
            .tear_down_notification_services(clock, &bench.other, TearDown::Created),
    )
    .await;
    assert!(of_one.is_ok() && of_two.is_ok(), "{of_one:?} {of_two:?}");
    for stream in [&bench.stream, &bench.other] {
        bench.tear_down(stream, TearDown::Created).await;
    }
    bench.is_as_before("both are gone").await;
}
