//! The cases of the contract of resource managers, one promise each.
//!
//! Every function panics when the resource manager breaks the promise that its name states.
//!
//! ```
//! use floe_notify::{clock::ManualClock, contract::{MemoryFactory, resource}};
//! let clock = ManualClock::default();
//! let case = resource::a_tear_down_leaves_the_world_as_it_was(&MemoryFactory, &clock);
//! assert_eq!(clock.run(case), Some(()));
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{ResourceFactory, ResourceWorld};
use crate::clock::Clock;
use crate::{
    Action, BoxFuture, EventQueue, NotificationService, Origin, Plan, QueueError, QueueId,
    ResourceError, ResourceKind, ResourceManager, StreamId, TearDown,
};

mod half_way;
mod sharing;

pub use half_way::*;
pub use sharing::*;

const SUFFIX: &str = "contract";
const OTHER_SUFFIX: &str = "contract-2";

/// Most times that a set-up or a tear-down is cut short in one case: far more than the calls that
/// any of them makes.
const MAX_CUTS: u32 = 200;

/// Runs every case of the contract of resource managers, one after another; see the
/// [module](super).
///
/// # Panics
/// When the resource manager breaks a promise.
pub async fn resource_manager_contract(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    for case in resource_cases(factory, clock) {
        case.await;
    }
}

/// Returns every case of the contract of resource managers, for who runs them side by side.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, resource::resource_cases}};
/// let clock = ManualClock::default();
/// let cases = resource_cases(&MemoryFactory, &clock);
/// assert!(cases.len() > 16);
/// ```
#[must_use]
pub fn resource_cases<'a>(
    factory: &'a dyn ResourceFactory,
    clock: &'a dyn Clock,
) -> Vec<BoxFuture<'a, ()>> {
    vec![
        Box::pin(a_set_up_brings_events_into_its_queue(factory, clock)),
        Box::pin(a_plan_tells_what_a_set_up_does(factory, clock)),
        Box::pin(a_repeated_set_up_changes_nothing(factory, clock)),
        Box::pin(what_is_set_up_is_listed(factory, clock)),
        Box::pin(what_others_have_stays_as_it_is(factory, clock)),
        Box::pin(a_tear_down_leaves_the_world_as_it_was(factory, clock)),
        Box::pin(a_tear_down_of_nothing_does_nothing(factory, clock)),
        Box::pin(a_bad_suffix_or_no_path_is_refused(factory, clock)),
        Box::pin(what_was_there_before_is_reused_and_stays(factory, clock)),
        Box::pin(what_the_original_made_is_deleted_only_when_adopted(
            factory, clock,
        )),
        Box::pin(two_streams_on_one_path_have_a_queue_each(factory, clock)),
        Box::pin(what_others_use_outlives_its_stream(factory, clock)),
        Box::pin(two_set_ups_at_once_both_work(factory, clock)),
        Box::pin(a_set_up_that_is_dropped_can_be_finished(factory, clock)),
        Box::pin(a_set_up_that_is_dropped_can_be_undone(factory, clock)),
        Box::pin(a_tear_down_that_is_dropped_can_be_repeated(factory, clock)),
        Box::pin(a_set_up_that_fails_can_be_finished_or_undone(
            factory, clock,
        )),
        Box::pin(a_tear_down_that_fails_can_be_repeated(factory, clock)),
    ]
}

/// A world under test.
struct Bench<'a> {
    clock: &'a dyn Clock,
    world: Box<dyn ResourceWorld>,
    manager: Arc<dyn ResourceManager>,
    stream: StreamId,
    other: StreamId,
    /// What was there before anything was set up.
    before: BTreeMap<String, String>,
}

impl<'a> Bench<'a> {
    async fn new(factory: &dyn ResourceFactory, clock: &'a dyn Clock) -> Self {
        let world = factory.world().await;
        let before = world.everything().await;
        Self {
            manager: world.manager(),
            clock,
            world,
            stream: id('a'),
            other: id('b'),
            before,
        }
    }

    async fn set_up(&self, stream: &StreamId, suffix: &str) -> QueueId {
        let manager = self.manager.as_ref();
        let set_up = manager.set_up_notification_services(self.clock, stream, suffix);
        ok(set_up.await, "set-up works")
    }

    async fn plan(&self, stream: &StreamId, suffix: &str) -> Plan {
        let plan = self.manager.plan_set_up(self.clock, stream, suffix).await;
        ok(plan, "a set-up can be planned")
    }

    async fn tear_down(&self, stream: &StreamId, scope: TearDown) -> Plan {
        let manager = self.manager.as_ref();
        let planned = manager.plan_tear_down(self.clock, stream, scope).await;
        let planned = ok(planned, "a tear-down can be planned");
        let done = manager.tear_down_notification_services(self.clock, stream, scope);
        let done = ok(done.await, "tear-down works");
        assert_eq!(planned, done, "the plan tells what a tear-down does");
        done
    }

    async fn list(&self) -> Vec<NotificationService> {
        let list = self.manager.list_notification_services(self.clock).await;
        ok(list, "services can be listed")
    }

    async fn listed(&self, stream: &StreamId) -> Vec<NotificationService> {
        let mut list = self.list().await;
        list.retain(|service| service.stream() == Some(stream));
        list
    }

    async fn everything(&self) -> BTreeMap<String, String> {
        self.world.everything().await
    }

    async fn is_as_before(&self, why: &str) {
        assert_eq!(self.everything().await, self.before, "{why}");
    }

    async fn open(&self, id: &QueueId) -> Arc<dyn EventQueue> {
        ok(self.world.open(id).await, "the queue can be opened")
    }

    /// Lets a file land and waits for its event.
    async fn event_comes(&self, queue: &dyn EventQueue, file: &str) {
        self.world.land(self.clock, file).await;
        self.event_of(queue, file).await;
    }

    async fn event_of(&self, queue: &dyn EventQueue, file: &str) {
        let end = self.clock.now().after(self.world.patience());
        while self.clock.now() < end {
            let received = queue.receive(self.clock, 10, Duration::from_secs(1)).await;
            let received = ok(received, "events can be received");
            let receipts: Vec<_> = received.iter().map(|one| one.receipt().clone()).collect();
            let results = queue.acknowledge(&receipts).await;
            assert!(
                results.iter().all(Result::is_ok),
                "acknowledged: {results:?}"
            );
            let names_it = |one: &crate::Delivery| {
                String::from_utf8_lossy(one.message().body()).contains(file)
            };
            if received.iter().any(names_it) {
                return;
            }
        }
        let came: Result<(), &str> = Err("it never came");
        ok(came, &format!("the event of {file} comes"));
    }

    async fn is_deleted(&self, id: &QueueId) {
        let gone = match self.world.open(id).await {
            Ok(queue) => queue.approximate_size().await.err(),
            Err(error) => Some(error),
        };
        assert!(
            matches!(gone, Some(QueueError::NoSuchQueue { .. })),
            "the queue is gone: {gone:?}"
        );
    }
}

/// A result without which a case cannot go on.
#[expect(
    clippy::panic,
    reason = "a broken promise panics with the promise in words"
)]
fn ok<T, E: std::fmt::Debug>(result: Result<T, E>, why: &str) -> T {
    result.unwrap_or_else(|error| panic!("{why}, but: {error:?}"))
}

fn id(digit: char) -> StreamId {
    let digits = |count: usize| digit.to_string().repeat(count);
    let text = format!("{}-0000-4000-8000-{}", digits(8), digits(12));
    ok(StreamId::parse(&text), "this is a GUID")
}

/// A file that lands after the set-up has an event in the queue that it returned.
pub async fn a_set_up_brings_events_into_its_queue(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let id = bench.set_up(&bench.stream, SUFFIX).await;
    let queue = bench.open(&id).await;
    bench.event_comes(queue.as_ref(), "first.csv").await;
    bench.event_comes(queue.as_ref(), "second.csv").await;
}

/// Planning changes nothing, names what will be created, and finds nothing to do afterwards.
pub async fn a_plan_tells_what_a_set_up_does(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let plan = bench.plan(&bench.stream, SUFFIX).await;
    bench.is_as_before("a plan changes nothing").await;
    let mut created = plan.with(Action::Create);
    assert!(
        created.any(|step| step.kind() == ResourceKind::Queue),
        "the plan names the queue: {plan}"
    );
    bench.set_up(&bench.stream, SUFFIX).await;
    let after = bench.plan(&bench.stream, SUFFIX).await;
    assert!(!after.changes_something(), "all is there now: {after}");
    assert_eq!(
        after.steps().len(),
        plan.steps().len(),
        "the plan names the same resources, before:\n{plan}after:\n{after}"
    );
}

/// The same stream and suffix give the same queue, and nothing changes.
pub async fn a_repeated_set_up_changes_nothing(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let id = bench.set_up(&bench.stream, SUFFIX).await;
    let after = bench.everything().await;
    assert_ne!(after, bench.before, "a set-up makes something");
    assert_eq!(
        bench.set_up(&bench.stream, SUFFIX).await,
        id,
        "the same queue"
    );
    assert_eq!(bench.everything().await, after, "nothing new");
}

/// The list names stream, path and queue, and whoever lists needs no path.
pub async fn what_is_set_up_is_listed(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let list = bench.list().await;
    assert!(list.is_empty(), "what is not ours is not listed: {list:?}");
    let id = bench.set_up(&bench.stream, SUFFIX).await;
    let list = bench.list().await;
    assert_eq!(list.len(), 1, "one service: {list:?}");
    let service = &list[0];
    assert_eq!(service.origin(), Origin::Floe);
    assert_eq!(service.stream(), Some(&bench.stream));
    assert_eq!(service.queue(), Some(&id));
    assert!(service.path().is_some(), "the path is known: {service:?}");
    let by_lister = bench.world.lister().list_notification_services(clock).await;
    assert_eq!(by_lister.ok(), Some(list), "a path is not needed");
}

/// Resources of others are the same after a set-up, and after a tear-down.
pub async fn what_others_have_stays_as_it_is(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    assert!(
        !bench.before.is_empty(),
        "the world has resources of others"
    );
    bench.set_up(&bench.stream, SUFFIX).await;
    let after = bench.everything().await;
    for (name, description) in &bench.before {
        assert_eq!(after.get(name), Some(description), "{name} is not ours");
    }
}

/// What was set up is gone, everything else is as it was, and the queue cannot be used.
pub async fn a_tear_down_leaves_the_world_as_it_was(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let id = bench.set_up(&bench.stream, SUFFIX).await;
    let done = bench.tear_down(&bench.stream, TearDown::Created).await;
    let mut deleted = done.with(Action::Delete);
    assert!(
        deleted.any(|step| step.kind() == ResourceKind::Queue),
        "the queue is deleted: {done}"
    );
    bench.is_as_before("a tear-down undoes a set-up").await;
    bench.is_deleted(&id).await;
    assert!(bench.list().await.is_empty(), "nothing is listed");
}

/// A stream that nothing was set up for, or not any more, is fine.
pub async fn a_tear_down_of_nothing_does_nothing(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.set_up(&bench.stream, SUFFIX).await;
    let after = bench.everything().await;
    for scope in [TearDown::Created, TearDown::Adopt] {
        let done = bench.tear_down(&bench.other, scope).await;
        assert!(done.steps().is_empty(), "nothing is theirs: {done}");
    }
    assert_eq!(bench.everything().await, after, "nothing changes");
    bench.tear_down(&bench.stream, TearDown::Created).await;
    let done = bench.tear_down(&bench.stream, TearDown::Created).await;
    assert!(done.steps().is_empty(), "nothing is left: {done}");
}

/// What cannot be set up is refused before anything is made.
pub async fn a_bad_suffix_or_no_path_is_refused(factory: &dyn ResourceFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    for suffix in ["", bench.world.bad_suffix()] {
        let manager = bench.manager.as_ref();
        let plan = manager.plan_set_up(clock, &bench.stream, suffix).await;
        let set_up = manager.set_up_notification_services(clock, &bench.stream, suffix);
        for error in [plan.err(), set_up.await.err()] {
            assert!(
                matches!(error, Some(ResourceError::UnsuitableSuffix { .. })),
                "'{suffix}' is refused: {error:?}"
            );
        }
    }
    let lister = bench.world.lister();
    let set_up = lister.set_up_notification_services(clock, &bench.stream, SUFFIX);
    let error = set_up.await.err();
    assert!(
        matches!(error, Some(ResourceError::NoPath)),
        "no path: {error:?}"
    );
    bench.is_as_before("nothing is made").await;
}
