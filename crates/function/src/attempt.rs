//! The decider of one batch's life: when it is sent, sent again, polled, done or given up.
//!
//! It has no clock, no socket and no randomness: [`Attempt::step`] takes what happened and the time
//! since the batch began, and answers with the next thing to do. The driver of this crate executes
//! the commands over HTTP; a simulation may execute them over anything.
//!
//! ```
//! use std::time::Duration;
//! use floe_function::attempt::{Attempt, AttemptLimits, Command, Event};
//!
//! let mut attempt = Attempt::new(AttemptLimits::default(), 1);
//! let mut now = Duration::ZERO;
//! assert!(matches!(attempt.step(Event::Started, now), Command::Pick { attempt: 0, .. }));
//! assert!(matches!(attempt.step(Event::Picked, now), Command::Send { .. }));
//! // The server was shutting down: the connection closed before an answer.
//! let Command::Wait(delay) = attempt.step(Event::Lost, now) else { panic!("no retry") };
//! assert!(delay <= Duration::from_millis(10));
//! now += delay;
//! assert!(matches!(attempt.step(Event::Waited, now), Command::Pick { attempt: 1, .. }));
//! assert!(matches!(attempt.step(Event::Picked, now), Command::Send { .. }));
//! assert_eq!(attempt.step(Event::Answered { status: 200 }, now), Command::Done);
//! ```

use std::time::Duration;

use crate::backoff::{Backoff, mix};

#[cfg(test)]
mod tests;

/// What one batch may cost, and how long it waits between its tries.
///
/// ```
/// use floe_function::attempt::AttemptLimits;
///
/// let limits = AttemptLimits::default();
/// assert_eq!(limits.retries, 3);
/// assert_eq!(limits.batch_timeout.as_secs(), 3600);
/// assert_eq!(limits.try_timeout, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptLimits {
    /// How often the batch may be sent again (MAX_BATCH_RETRIES).
    pub retries: u32,
    /// The time for everything: waiting for a target, tries, retries, polls (BATCH_TIMEOUT_SECS).
    pub batch_timeout: Duration,
    /// The time for one request and its answer; what is left of the batch's time if none is given.
    ///
    /// The original sends a batch again that was not answered within 30 s (*Troubleshooting
    /// Snowpark Container Services*), which makes slow services do everything several times.
    pub try_timeout: Option<Duration>,
    /// Delay after a connection that was refused, reset or closed before the answer was complete:
    /// short, since another instance can usually answer at once.
    pub after_lost: Backoff,
    /// Delay after 429, 5xx or a try that took too long.
    pub after_failed: Backoff,
    /// Delay before asking again for a target when no instance is ready.
    pub after_no_target: Backoff,
    /// Delay before asking for the result of a batch that was accepted with 202.
    pub before_poll: Backoff,
    /// The batch is one part of a batch that failed for good: a status that says something about
    /// its rows (5xx other than 503) is not repeated, since they are sent again in smaller parts.
    pub divisible: bool,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        let backoff = |first, growth, most| Backoff {
            first: Duration::from_millis(first),
            growth,
            most: Duration::from_millis(most),
        };
        Self {
            retries: 3,
            batch_timeout: Duration::from_secs(3600),
            try_timeout: None,
            after_lost: backoff(10, 4, 10_000),
            after_failed: backoff(250, 4, 10_000),
            after_no_target: backoff(20, 2, 500),
            before_poll: backoff(100, 2, 5_000),
            divisible: false,
        }
    }
}

/// What happened to the batch.
///
/// ```
/// use floe_function::attempt::Event;
///
/// assert_ne!(Event::NoTarget { retryable: true }, Event::NoTarget { retryable: false });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The batch is encoded and its time starts.
    Started,
    /// A target was found.
    Picked,
    /// No target was found; `retryable` when one may come (not ready yet, upgrade under way).
    NoTarget {
        /// Whether asking again later makes sense.
        retryable: bool,
    },
    /// A circuit breaker holds the batch back (an extension).
    Held {
        /// How long at least.
        at_least: Duration,
    },
    /// A circuit breaker is open, and batches fail meanwhile (an extension).
    CircuitOpen,
    /// A retry that was decided is not covered by the retry budget (an extension).
    BudgetSpent,
    /// A complete answer with this HTTP status came, to a request or to a poll.
    Answered {
        /// The HTTP status.
        status: u16,
    },
    /// A complete answer that says how long to wait (`Retry-After`): before the batch is sent again
    /// after 429 or 5xx, before the result is asked for after 202.
    AnsweredLater {
        /// The HTTP status.
        status: u16,
        /// How long to wait at least.
        after: Duration,
    },
    /// The connection was refused, reset or closed before the answer was complete.
    Lost,
    /// The time of the last command (`within`) passed.
    TimedOut,
    /// The wait of the last command is over.
    Waited,
}

/// What to do next.
///
/// ```
/// use std::time::Duration;
/// use floe_function::attempt::{Attempt, AttemptLimits, Command, Event};
///
/// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
/// let command = attempt.step(Event::Started, Duration::ZERO);
/// assert_eq!(command, Command::Pick { attempt: 0, within: Duration::from_secs(3600) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Find a target, then report [`Event::Picked`] or [`Event::NoTarget`].
    Pick {
        /// How often the batch has been sent before: 0 for the first send.
        attempt: u32,
        /// The time the search may take.
        within: Duration,
    },
    /// Send the batch to the picked target and read the answer.
    Send {
        /// The time from the first byte sent to the last byte read.
        within: Duration,
    },
    /// Ask the target that accepted the batch for the result.
    Poll {
        /// The time from the first byte sent to the last byte read.
        within: Duration,
    },
    /// Wait, then report [`Event::Waited`].
    Wait(Duration),
    /// The last answer is the result; what it says remains to be proved.
    Done,
    /// Give the batch up.
    Fail(Failure),
}

/// Why a batch was given up.
///
/// ```
/// use std::time::Duration;
/// use floe_function::attempt::{Attempt, AttemptLimits, Command, Event, Failure};
///
/// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
/// let command = attempt.step(Event::Answered { status: 404 }, Duration::ZERO);
/// assert_eq!(command, Command::Fail(Failure::Refused { status: 404 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The service answered with a status that is not worth repeating.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The last allowed retry failed too.
    RetriesExhausted,
    /// The time of the whole batch is over.
    TimedOut,
    /// There is no target and none will come.
    NoTarget,
    /// A circuit breaker is open.
    CircuitOpen,
    /// The retry budget of the endpoint is used up.
    BudgetSpent,
}

/// The state of one batch. See the [module](self) for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    limits: AttemptLimits,
    seed: u64,
    sends: u32,
    /// Retries are counted when they are decided, sends when they happen: between the two the
    /// batch may wait for a target.
    retries: u32,
    polls: u32,
    target_waits: u32,
    /// Polls since the batch was accepted last, which set the delay of the next one.
    polls_of_this_send: u32,
    /// Waits for a target since the last send, which set the delay of the next one.
    target_waits_of_this_send: u32,
    holds: u32,
    /// Times that the batch was held back since the last send, which set the delay of the next one.
    holds_of_this_send: u32,
    /// What follows the wait that is under way.
    next: Next,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Pick,
    Poll,
}

impl Attempt {
    /// A batch that has not started; `seed` decides the jitter of its delays.
    ///
    /// ```
    /// use floe_function::attempt::{Attempt, AttemptLimits};
    ///
    /// let attempt = Attempt::new(AttemptLimits::default(), 1);
    /// assert_eq!((attempt.sends(), attempt.polls()), (0, 0));
    /// ```
    pub fn new(limits: AttemptLimits, seed: u64) -> Self {
        Self {
            limits,
            seed: mix(seed),
            sends: 0,
            retries: 0,
            polls: 0,
            target_waits: 0,
            polls_of_this_send: 0,
            target_waits_of_this_send: 0,
            holds: 0,
            holds_of_this_send: 0,
            next: Next::Pick,
        }
    }

    /// Takes what happened at `now` (the time since [`Event::Started`]) and decides what is next.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Command, Event, Failure};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits { retries: 0, ..Default::default() }, 1);
    /// attempt.step(Event::Started, Duration::ZERO);
    /// attempt.step(Event::Picked, Duration::ZERO);
    /// let command = attempt.step(Event::Lost, Duration::from_secs(1));
    /// assert_eq!(command, Command::Fail(Failure::RetriesExhausted));
    /// ```
    pub fn step(&mut self, event: Event, now: Duration) -> Command {
        let remaining = self.limits.batch_timeout.saturating_sub(now);
        match event {
            Event::Answered { status } => self.answered(status, Duration::ZERO, remaining),
            Event::AnsweredLater { status, after } => self.answered(status, after, remaining),
            Event::NoTarget { retryable: false } => Command::Fail(Failure::NoTarget),
            Event::CircuitOpen => Command::Fail(Failure::CircuitOpen),
            Event::BudgetSpent => Command::Fail(Failure::BudgetSpent),
            // Whatever else happened: a batch without time left does nothing more.
            Event::Started
            | Event::Picked
            | Event::NoTarget { retryable: true }
            | Event::Held { .. }
            | Event::Lost
            | Event::TimedOut
            | Event::Waited
                if remaining.is_zero() =>
            {
                Command::Fail(Failure::TimedOut)
            }
            Event::Started => self.pick(remaining),
            Event::Picked => self.send(remaining),
            Event::NoTarget { retryable: true } => self.wait_for_target(remaining),
            Event::Held { at_least } => later(self.hold(remaining), at_least, remaining),
            Event::Lost => self.retry(self.limits.after_lost, remaining),
            Event::TimedOut => self.retry(self.limits.after_failed, remaining),
            Event::Waited => match self.next {
                Next::Pick => self.pick(remaining),
                Next::Poll => self.poll(remaining),
            },
        }
    }

    /// Whether the target stays in use during a [`Command::Wait`]; when not, its lease is to be
    /// given back before the wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// attempt.step(Event::Answered { status: 202 }, Duration::ZERO);
    /// assert!(attempt.keeps_target(), "the polls go to the instance that accepted");
    /// attempt.step(Event::Lost, Duration::ZERO);
    /// assert!(!attempt.keeps_target());
    /// ```
    pub fn keeps_target(&self) -> bool {
        self.next == Next::Poll
    }

    /// How often the batch was sent.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// attempt.step(Event::Picked, Duration::ZERO);
    /// assert_eq!(attempt.sends(), 1);
    /// ```
    pub fn sends(&self) -> u32 {
        self.sends
    }

    /// How many of the retries were used.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// attempt.step(Event::Lost, Duration::ZERO);
    /// assert_eq!(attempt.retries(), 1);
    /// ```
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// How often a result was asked for after a 202.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// attempt.step(Event::Answered { status: 202 }, Duration::ZERO);
    /// attempt.step(Event::Waited, Duration::from_secs(1));
    /// assert_eq!(attempt.polls(), 1);
    /// ```
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// How often the batch waited because no target was ready.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// attempt.step(Event::NoTarget { retryable: true }, Duration::ZERO);
    /// assert_eq!(attempt.target_waits(), 1);
    /// ```
    pub fn target_waits(&self) -> u32 {
        self.target_waits
    }

    /// How often a circuit breaker held the batch back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::attempt::{Attempt, AttemptLimits, Command, Event};
    ///
    /// let mut attempt = Attempt::new(AttemptLimits::default(), 1);
    /// let at_least = Duration::from_secs(1);
    /// let command = attempt.step(Event::Held { at_least }, Duration::ZERO);
    /// assert_eq!((command, attempt.holds()), (Command::Wait(at_least), 1));
    /// ```
    pub fn holds(&self) -> u32 {
        self.holds
    }

    /// The limits it was made with.
    ///
    /// ```
    /// use floe_function::attempt::{Attempt, AttemptLimits};
    ///
    /// let limits = AttemptLimits { retries: 7, ..Default::default() };
    /// assert_eq!(Attempt::new(limits.clone(), 1).limits(), &limits);
    /// ```
    pub fn limits(&self) -> &AttemptLimits {
        &self.limits
    }

    fn answered(&mut self, status: u16, after: Duration, remaining: Duration) -> Command {
        match status {
            // An answer that is here is not thrown away because the time ended meanwhile.
            200 => Command::Done,
            202 => later(self.wait_to_poll(remaining), after, remaining),
            500..=502 | 504..=599 if self.limits.divisible => {
                Command::Fail(Failure::Refused { status })
            }
            429 | 500..=599 if remaining.is_zero() => Command::Fail(Failure::TimedOut),
            // Whoever accepted the batch has forgotten it, so it is sent again.
            404 | 410 if self.polls_of_this_send > 0 && !remaining.is_zero() => {
                self.retry(self.limits.after_failed, remaining)
            }
            429 | 500..=599 => {
                let retry = self.retry(self.limits.after_failed, remaining);
                later(retry, after, remaining)
            }
            status => Command::Fail(Failure::Refused { status }),
        }
    }

    fn pick(&self, remaining: Duration) -> Command {
        Command::Pick {
            attempt: self.sends,
            within: remaining,
        }
    }

    fn send(&mut self, remaining: Duration) -> Command {
        self.sends = self.sends.saturating_add(1);
        self.polls_of_this_send = 0;
        self.target_waits_of_this_send = 0;
        self.holds_of_this_send = 0;
        Command::Send {
            within: self.limits.try_timeout.unwrap_or(remaining).min(remaining),
        }
    }

    fn poll(&mut self, remaining: Duration) -> Command {
        self.polls = self.polls.saturating_add(1);
        self.polls_of_this_send = self.polls_of_this_send.saturating_add(1);
        Command::Poll {
            within: self.limits.try_timeout.unwrap_or(remaining).min(remaining),
        }
    }

    fn wait_to_poll(&mut self, remaining: Duration) -> Command {
        if remaining.is_zero() {
            return Command::Fail(Failure::TimedOut);
        }
        self.next = Next::Poll;
        self.wait(self.limits.before_poll, self.polls_of_this_send, remaining)
    }

    fn wait_for_target(&mut self, remaining: Duration) -> Command {
        let waited = self.target_waits_of_this_send;
        self.target_waits = self.target_waits.saturating_add(1);
        self.target_waits_of_this_send = waited.saturating_add(1);
        self.next = Next::Pick;
        self.wait(self.limits.after_no_target, waited, remaining)
    }

    fn hold(&mut self, remaining: Duration) -> Command {
        let held = self.holds_of_this_send;
        self.holds = self.holds.saturating_add(1);
        self.holds_of_this_send = held.saturating_add(1);
        self.next = Next::Pick;
        self.wait(self.limits.after_no_target, held, remaining)
    }

    /// A failed poll ends here too: the batch is sent again under the same id, since nobody can
    /// tell whether the work behind the poll still exists.
    fn retry(&mut self, backoff: Backoff, remaining: Duration) -> Command {
        self.next = Next::Pick;
        if self.retries >= self.limits.retries {
            return Command::Fail(Failure::RetriesExhausted);
        }
        self.retries = self.retries.saturating_add(1);
        self.wait(backoff, self.retries.saturating_sub(1), remaining)
    }

    /// Never waits past the end of the batch, so that the timeout means what it says.
    fn wait(&self, backoff: Backoff, n: u32, remaining: Duration) -> Command {
        Command::Wait(backoff.delay(n, self.seed).min(remaining))
    }
}

/// A wait that is as long as the service asked for, and never past the end of the batch.
fn later(command: Command, after: Duration, remaining: Duration) -> Command {
    match command {
        Command::Wait(delay) => Command::Wait(delay.max(after).min(remaining)),
        other => other,
    }
}
