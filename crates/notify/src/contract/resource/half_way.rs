//! Set-ups and tear-downs that are cut short at every point.

use super::{Bench, MAX_CUTS, SUFFIX};
use crate::clock::Clock;
use crate::contract::ResourceFactory;
use crate::contract::future::poll_times;
use crate::{ResourceError, TearDown};

/// However far it came, the same set-up run again brings events into the queue.
pub async fn a_set_up_that_is_dropped_can_be_finished(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    for polls in 1..MAX_CUTS {
        let bench = Bench::new(factory, clock).await;
        let manager = bench.manager.as_ref();
        let set_up = manager.set_up_notification_services(clock, &bench.stream, SUFFIX);
        let finished = poll_times(set_up, polls).await;
        bench.can_be_finished().await;
        if finished {
            return;
        }
    }
}

/// However far it came, a tear-down leaves nothing of it.
pub async fn a_set_up_that_is_dropped_can_be_undone(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    for polls in 1..MAX_CUTS {
        let bench = Bench::new(factory, clock).await;
        let manager = bench.manager.as_ref();
        let set_up = manager.set_up_notification_services(clock, &bench.stream, SUFFIX);
        let finished = poll_times(set_up, polls).await;
        bench.can_be_undone().await;
        if finished {
            return;
        }
    }
}

/// However far it came, the same tear-down run again leaves nothing.
pub async fn a_tear_down_that_is_dropped_can_be_repeated(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    for polls in 1..MAX_CUTS {
        let bench = Bench::new(factory, clock).await;
        bench.set_up(&bench.stream, SUFFIX).await;
        let manager = bench.manager.as_ref();
        let scope = TearDown::Created;
        let tear_down = manager.tear_down_notification_services(clock, &bench.stream, scope);
        let finished = poll_times(tear_down, polls).await;
        bench.can_be_undone().await;
        if finished {
            return;
        }
    }
}

/// Whichever call fails, the error says that a retry may help, and it does.
pub async fn a_set_up_that_fails_can_be_finished_or_undone(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    for calls in 0..MAX_CUTS {
        for finish in [true, false] {
            let bench = Bench::new(factory, clock).await;
            if !bench.world.fail_after(Some(calls)) {
                return;
            }
            let manager = bench.manager.as_ref();
            let set_up = manager.set_up_notification_services(clock, &bench.stream, SUFFIX);
            let result = set_up.await;
            bench.world.fail_after(None);
            if finish {
                bench.can_be_finished().await;
            } else {
                bench.can_be_undone().await;
            }
            match result {
                Ok(_) if !finish => return,
                Ok(_) => {}
                Err(error) => assert!(error.is_retryable(), "a retry may help: {error:?}"),
            }
        }
    }
}

/// Whichever call fails, the same tear-down run again leaves nothing.
pub async fn a_tear_down_that_fails_can_be_repeated(
    factory: &dyn ResourceFactory,
    clock: &dyn Clock,
) {
    for calls in 0..MAX_CUTS {
        let bench = Bench::new(factory, clock).await;
        bench.set_up(&bench.stream, SUFFIX).await;
        if !bench.world.fail_after(Some(calls)) {
            return;
        }
        let manager = bench.manager.as_ref();
        let scope = TearDown::Created;
        let result = manager
            .tear_down_notification_services(clock, &bench.stream, scope)
            .await;
        bench.world.fail_after(None);
        bench.can_be_undone().await;
        if result.is_ok() {
            return;
        }
        let retryable = result.as_ref().is_err_and(ResourceError::is_retryable);
        assert!(retryable, "a retry may help: {result:?}");
    }
}

impl Bench<'_> {
    async fn can_be_finished(&self) {
        let id = self.set_up(&self.stream, SUFFIX).await;
        let queue = self.open(&id).await;
        self.event_comes(queue.as_ref(), "finished.csv").await;
        drop(queue);
        self.can_be_undone().await;
    }

    async fn can_be_undone(&self) {
        if self.everything().await != self.before {
            let listed = self.listed(&self.stream).await;
            assert!(!listed.is_empty(), "what was created is listed");
        }
        self.tear_down(&self.stream, TearDown::Created).await;
        self.is_as_before("nothing is left").await;
    }
}
