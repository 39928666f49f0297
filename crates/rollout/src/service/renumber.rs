//! The same service in other numbers, for tools that look at all of its states.

use super::Service;
use crate::types::{Millis, Phase};

impl Service {
    /// The same service with other attempt numbers and at another time: it decides alike.
    ///
    /// Attempts count up and time goes on for ever, so that two states which differ in nothing
    /// that matters are never equal. A model checker makes them equal with it: moments that
    /// nothing is counted from any more become `now`. `attempt` must be strictly increasing. What
    /// is longer ago than `now` is cut down to it; `now` has to be at least ten minutes and every
    /// length of time in the policy.
    ///
    /// ```
    /// use floe_rollout::{Command, Event, InstanceCount, InstanceId, Millis, Policy};
    /// use floe_rollout::{Revision, Service};
    ///
    /// let one = InstanceCount::new(1)?;
    /// let run = |first: u64, start: u64| {
    ///     let mut service = Service::continuing(Policy::default(), first);
    ///     let commands = service.decide(Event::target(Revision(1), one), Millis(start));
    ///     assert_eq!(commands.len(), 1);
    ///     service
    /// };
    /// let (early, late) = (run(1, 0), run(70, 5_000));
    /// assert_ne!(early, late);
    /// let now = Millis(600_000);
    /// assert_eq!(early.renumbered(|n| n, now), late.renumbered(|n| n - 69, now));
    /// # Ok::<(), floe_rollout::RolloutError>(())
    /// ```
    #[must_use]
    pub fn renumbered(&self, attempt: impl Fn(u64) -> u64, now: Millis) -> Self {
        let mut service = self.clone();
        let time = |at: Millis| {
            let age = self.now.0.saturating_sub(at.0);
            let ahead = at.0.saturating_sub(self.now.0);
            Millis(now.0.saturating_sub(age).saturating_add(ahead))
        };
        for entry in service.instances.values_mut() {
            entry.shown.attempt = attempt(entry.shown.attempt);
            entry.shown.ready_since = entry.shown.ready_since.map(time);
            entry.terminating_since = match entry.shown.phase {
                Phase::Terminating => time(entry.terminating_since),
                _ => now,
            };
        }
        for setback in service.setbacks.values_mut() {
            setback.not_before = time(setback.not_before).max(now);
        }
        if service.restart_before > 0 {
            service.restart_before = attempt(service.restart_before);
        }
        service.next_attempt = attempt(service.next_attempt);
        service.progress = match service.stalls_at() {
            Some(_) => time(service.progress),
            None => now,
        };
        service.now = now;
        service.reindex();
        service
    }
}
