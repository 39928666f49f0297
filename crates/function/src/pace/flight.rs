//! How many batches should be in flight.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// Bounds on the number of batches in flight.
///
/// ```
/// use floe_function::pace::FlightLimits;
///
/// let limits = FlightLimits::default();
/// assert_eq!((limits.first, limits.most), (4, 64));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlightLimits {
    /// Batches in flight before anything is known.
    pub first: usize,
    /// The most batches in flight.
    pub most: usize,
}

impl Default for FlightLimits {
    fn default() -> Self {
        Self { first: 4, most: 64 }
    }
}

/// Answers that are looked at together, at least: one alone says little.
const ROUND: usize = 4;
/// Throughput follows the number in flight when it changes by this part of the number's change, as
/// logarithms. Half way between a service with room, which follows wholly, and a full one.
const FOLLOWS: f64 = 0.5;
/// The steps: upwards until throughput first does not follow, …
const START: f64 = 2.0;
/// … then upwards and downwards.
const UP: f64 = 1.25;
const DOWN: f64 = 0.8;
/// After so many rounds at the upper bound a smaller number is tried: were it never left, nobody
/// would see that a service has become smaller.
const REST: u32 = 8;
/// What a refusal makes of the number.
const REFUSED: f64 = 0.5;

/// The decider of how many batches are in flight.
///
/// It tries a number for one round of answers, compares rows per second with the round before
/// (batches in flight, divided by the time of a row: Little's law, so no clock is needed), and goes
/// on in the direction that pays: up while throughput follows, down while it does not suffer, since
/// more in flight then only wait in line. Answers 429 and 503 halve the number. Where the service
/// has room for C batches at once it moves between 0.8 and 1.25 C.
///
/// ```
/// use std::time::Duration;
/// use floe_function::pace::Flight;
///
/// // A service that works on 20 batches at once, and lets others wait.
/// let mut flight = Flight::default();
/// for _ in 0..500 {
///     let now = flight.batches();
///     let waiting = (now as f64 / 20.0).max(1.0);
///     flight.answered(now, 100, Duration::from_millis(50).mul_f64(waiting));
/// }
/// assert!((14..=32).contains(&flight.batches()), "{}", flight.batches());
/// flight.refused();
/// assert!(flight.batches() <= 16);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Flight {
    limits: FlightLimits,
    batches: f64,
    /// Number in flight and rows per second of the round before this one.
    before: Option<(f64, f64)>,
    /// The step upwards: large until throughput first does not follow.
    up: f64,
    round: Round,
    /// Rounds at the upper bound since it was left last.
    rested: u32,
    /// Refusals that were on their way when the number was halved, and do not halve it again.
    excused: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Round {
    answers: usize,
    rows: f64,
    seconds: f64,
}

impl Default for Flight {
    fn default() -> Self {
        Self::new(FlightLimits::default())
    }
}

impl Flight {
    /// A decider that has seen nothing.
    ///
    /// ```
    /// use floe_function::pace::{Flight, FlightLimits};
    ///
    /// let flight = Flight::new(FlightLimits { first: 100, most: 10 });
    /// assert_eq!(flight.batches(), 10);
    /// ```
    #[must_use]
    pub fn new(limits: FlightLimits) -> Self {
        let most = limits.most.max(1) as f64;
        Self {
            batches: (limits.first as f64).clamp(1.0, most),
            before: None,
            up: START,
            round: Round::default(),
            rested: 0,
            excused: 0,
            limits,
        }
    }

    /// How many batches may be in flight now, one at least.
    ///
    /// ```
    /// assert_eq!(floe_function::pace::Flight::default().batches(), 4);
    /// ```
    #[must_use]
    pub fn batches(&self) -> usize {
        (self.batches as usize).clamp(1, self.limits.most.max(1))
    }

    /// Takes note of a batch of so many rows that was answered after this time, when so many
    /// batches were in flight, itself among them.
    ///
    /// Answers of a time when less than half of the allowed batches were in flight are left out:
    /// what held them back was not this number.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::pace::Flight;
    ///
    /// let mut flight = Flight::default();
    /// for _ in 0..100 {
    ///     flight.answered(1, 1000, Duration::from_millis(10));
    /// }
    /// assert_eq!(flight.batches(), 4, "one at a time says nothing about five");
    /// ```
    pub fn answered(&mut self, in_flight: usize, rows: usize, time: Duration) {
        self.excused = self.excused.saturating_sub(1);
        if rows == 0 || in_flight.saturating_mul(2) < self.batches() {
            return;
        }
        self.round.answers += 1;
        self.round.rows += rows as f64;
        self.round.seconds += time.as_secs_f64();
        if self.round.answers >= self.batches().max(ROUND) {
            self.end_round();
        }
    }

    /// Takes note of an answer 429 or 503: the service has too much to do.
    ///
    /// ```
    /// let mut flight = floe_function::pace::Flight::default();
    /// flight.refused();
    /// assert_eq!(flight.batches(), 2);
    /// // The other batches that were in flight then are refused for the same reason.
    /// flight.refused();
    /// assert_eq!(flight.batches(), 2);
    /// ```
    pub fn refused(&mut self) {
        if self.excused > 0 {
            self.excused -= 1;
            return;
        }
        self.excused = self.batches().saturating_sub(1);
        self.turn_to(self.batches * REFUSED);
        // Nothing to compare the next round with: it was another service then. It ends with a step
        // upwards, so that the number grows slowly until the next refusal.
        self.before = None;
        self.up = UP;
    }

    fn end_round(&mut self) {
        let now = self.batches as usize as f64;
        let speed = now * self.round.rows / self.round.seconds.max(f64::MIN_POSITIVE);
        let upwards = match self.before {
            None => true,
            Some((then, _)) if then == now => {
                self.rested = (self.rested + 1) % REST;
                self.rested != 0
            }
            Some((then, speed_then)) => {
                // Upwards, throughput must grow to go on; downwards, it must not fall.
                (speed / speed_then).ln() / (now / then).ln() >= FOLLOWS
            }
        };
        if !upwards {
            self.up = UP;
        }
        self.before = Some((now, speed));
        let next = if upwards { now * self.up } else { now * DOWN };
        // Small numbers change by one at least.
        self.turn_to(match upwards {
            true => next.max(now + 1.0),
            false => next.min(now - 1.0),
        });
    }

    fn turn_to(&mut self, batches: f64) {
        self.batches = batches.clamp(1.0, self.limits.most.max(1) as f64);
        self.round = Round::default();
    }
}
