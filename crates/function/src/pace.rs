//! How many rows a batch should have when MAX_BATCH_ROWS is not set, and how many batches should be
//! in flight, decided from how long batches took.
//!
//! A batch costs a fixed time and a time per row. Both are estimated from the batches seen last, by
//! least squares of relative errors in which older batches count less and less; every fourth batch
//! is half as large as the others, since costs can be told apart only while sizes differ. Batches
//! grow as long as the fixed part is a tenth of their time or more, and never past what can be
//! answered in ten seconds. They get smaller only when they take longer than a second and hardly
//! any of it is fixed: what is too large costs little, what is too small wastes what it costs.
//!
//! There is no clock and no randomness here: the same batches lead to the same sizes.
//!
//! ```
//! use std::time::Duration;
//! use floe_function::pace::Pace;
//!
//! // 200 ms for a batch and 100 µs for each of its rows: the default size wastes two thirds.
//! let mut pace = Pace::default();
//! assert_eq!(pace.rows(), 1000);
//! for _ in 0..30 {
//!     let rows = pace.rows();
//!     pace.answered(rows, Duration::from_micros(200_000 + 100 * rows as u64));
//! }
//! assert!(pace.rows() > 4000, "{}", pace.rows());
//! ```

use std::time::Duration;

mod flight;
#[cfg(test)]
mod tests;

pub use flight::{Flight, FlightLimits};

/// Bounds on the sizes that are chosen.
///
/// ```
/// use floe_function::pace::PaceLimits;
///
/// let limits = PaceLimits::default();
/// assert_eq!((limits.first, limits.most), (1000, 10_000));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PaceLimits {
    /// Rows of the first batches, before anything is known.
    pub first: usize,
    /// Rows of the largest batch.
    pub most: usize,
    /// Batches grow while the fixed part takes more than this share of their time.
    pub overhead: f64,
    /// Batches that take less than this are not made smaller: nothing would be gained.
    pub shortest: Duration,
    /// The time that a batch should take at most.
    pub longest: Duration,
}

impl Default for PaceLimits {
    fn default() -> Self {
        Self {
            first: 1000,
            most: 10_000,
            overhead: 0.1,
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(10),
        }
    }
}

/// How much a batch still counts when the next one is answered: after twenty more, under 4 %.
const MEMORY: f64 = 0.85;
/// How far sizes must differ before two costs can be told apart (1 less the squared cosine between
/// "one a batch" and "one a row"): batches that differ by a tenth reach it.
const SPREAD: f64 = 1e-3;
/// Every batch of this number in a row is smaller than the others, …
const DITHER_EVERY: u8 = 4;
/// … by this factor.
const DITHER: f64 = 0.5;
/// The most that a size grows from one batch to the next.
const GROWTH: f64 = 2.0;
/// The most that a size shrinks because the fixed part hardly matters.
const SHRINK: f64 = 0.9;
/// That is when it takes less than this part of [`PaceLimits::overhead`].
const HARDLY: f64 = 0.2;
/// The size aimed at when batches grow: here the fixed part takes half of its share.
const AIM: f64 = 0.5;
/// How much of the longest time is planned with, so that noise does not lead past it.
const RESERVE: f64 = 0.9;
/// When the fixed part alone is this share of a batch, fewer rows make no quicker batches.
const MOSTLY_FIXED: f64 = 0.5;
/// A batch that took this many times longer or shorter than estimated is a surprise, and two of
/// them in a row say that the service is another one now: what was learned before is forgotten.
const SURPRISE: f64 = 3.0;
/// Shorter times are not believed: ten microseconds.
const SHORTEST: f64 = 1e-5;

/// The decider of batch sizes. See the [module](self) for an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    limits: PaceLimits,
    rows: f64,
    /// Counts the batches between two smaller ones.
    turn: u8,
    sums: Sums,
    /// Whether the last batch was a surprise.
    surprised: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new(PaceLimits::default())
    }
}

impl Pace {
    /// A decider that has seen nothing.
    ///
    /// ```
    /// use floe_function::pace::{Pace, PaceLimits};
    ///
    /// let limits = PaceLimits { first: 10, ..PaceLimits::default() };
    /// assert_eq!(Pace::new(limits).rows(), 10);
    /// ```
    #[must_use]
    pub fn new(limits: PaceLimits) -> Self {
        Self {
            rows: limits.first as f64,
            turn: 0,
            sums: Sums::default(),
            surprised: false,
            limits,
        }
    }

    /// Rows of the next batch, one at least.
    ///
    /// ```
    /// assert_eq!(floe_function::pace::Pace::default().rows(), 1000);
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        let smaller = self.turn + 1 == DITHER_EVERY;
        let share = if smaller { DITHER } else { 1.0 };
        // A float that is too large for an integer becomes the largest one.
        ((self.rows * share).round() as usize).clamp(1, self.limits.most.max(1))
    }

    /// Takes note of a batch of so many rows that was answered after this time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::pace::Pace;
    ///
    /// // A second for every row: nobody should wait for a thousand of them.
    /// let mut pace = Pace::default();
    /// pace.answered(1000, Duration::from_secs(1000));
    /// assert_eq!(pace.rows(), 9);
    /// ```
    pub fn answered(&mut self, rows: usize, time: Duration) {
        if rows == 0 {
            return;
        }
        self.turn = (self.turn + 1) % DITHER_EVERY;
        let (rows, seconds) = (rows as f64, time.as_secs_f64().max(SHORTEST));
        self.learn(rows, seconds);
        let overhead = self.limits.overhead.clamp(0.001, 1.0);
        let costs = self.sums.costs();
        let share = costs.and_then(|costs| costs.fixed_share(self.rows));
        let slow = seconds > self.limits.shortest.as_secs_f64();
        let wanted = match share {
            // Costs that cannot be told apart yet: other sizes will tell.
            None => self.rows * GROWTH,
            Some(share) if share >= overhead => {
                self.rows * (share / (overhead * AIM)).clamp(1.0, GROWTH)
            }
            Some(share) if share < overhead * HARDLY && slow => {
                self.rows.min(rows.max(self.rows) * SHRINK)
            }
            Some(_) => self.rows,
        };
        // Batches in flight were cut before the last decision; what they tell reaches no further
        // than twice their own size.
        let wanted = wanted.min((rows * GROWTH).max(self.rows));
        let longest = self.limits.longest.as_secs_f64();
        let bound = match share {
            Some(share) if share >= MOSTLY_FIXED && seconds <= longest => f64::INFINITY,
            Some(share) if share >= MOSTLY_FIXED => self.rows,
            Some(_) | None => rows * RESERVE * longest / seconds,
        };
        self.rows = wanted.min(bound).clamp(1.0, self.limits.most.max(1) as f64);
    }

    fn learn(&mut self, rows: f64, seconds: f64) {
        let expected = self.sums.costs().map(|costs| costs.of(rows));
        let surprised = expected
            .is_some_and(|expected| seconds > expected * SURPRISE || seconds * SURPRISE < expected);
        if surprised && self.surprised {
            self.sums = Sums::default();
        }
        self.surprised = surprised;
        self.sums.add(rows, seconds);
    }
}

/// Sums over the batches seen, the older the lighter, of what fits `fixed / t + per_row × n / t` to
/// one: relative errors count, so that a quick batch tells as much as a slow one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Sums {
    fixed: f64,
    rows: f64,
    fixed_fixed: f64,
    fixed_rows: f64,
    rows_rows: f64,
}

impl Sums {
    fn add(&mut self, rows: f64, seconds: f64) {
        let (one, rows) = (1.0 / seconds, rows / seconds);
        for (sum, more) in [
            (&mut self.fixed, one),
            (&mut self.rows, rows),
            (&mut self.fixed_fixed, one * one),
            (&mut self.fixed_rows, one * rows),
            (&mut self.rows_rows, rows * rows),
        ] {
            *sum = *sum * MEMORY + more;
        }
    }

    /// None when sizes do not differ enough to tell.
    fn costs(&self) -> Option<Costs> {
        let squares = self.fixed_fixed * self.rows_rows;
        let spread = squares - self.fixed_rows * self.fixed_rows;
        if spread <= SPREAD * squares {
            return None;
        }
        let fixed = (self.fixed * self.rows_rows - self.rows * self.fixed_rows) / spread;
        let per_row = (self.rows * self.fixed_fixed - self.fixed * self.fixed_rows) / spread;
        Some(Costs {
            fixed: fixed.max(0.0),
            per_row: per_row.max(0.0),
        })
    }
}

/// Seconds of a batch, and of a row in it.
#[derive(Debug, Clone, Copy)]
struct Costs {
    fixed: f64,
    per_row: f64,
}

impl Costs {
    fn of(&self, rows: f64) -> f64 {
        self.fixed + self.per_row * rows
    }

    /// The share of its time that the fixed part takes of a batch of so many rows.
    fn fixed_share(&self, rows: f64) -> Option<f64> {
        let share = self.fixed / self.of(rows);
        share.is_finite().then_some(share)
    }
}
