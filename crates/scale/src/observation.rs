//! What the decider is told.

use std::collections::BTreeMap;

use crate::policy::{Aggregation, Metric};
use crate::types::Bounds;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The metrics were looked at; to be sent every
    /// [`EVALUATION_INTERVAL`](crate::EVALUATION_INTERVAL).
    Observed(Observation),
    /// The user set MIN_INSTANCES or MAX_INSTANCES.
    Bounds(Bounds),
    /// The user suspended the service.
    Suspend,
    /// The user, or a request with AUTO_RESUME, resumed the service.
    Resume,
}

/// One look at a service.
///
/// ```
/// use floe_scale::{Metric, Observation, Reading};
///
/// let mut seen = Observation { current: 2, running: true, ..Observation::default() };
/// seen.cpu = Reading::of([Some(0.4), Some(0.6)]);
/// seen.metrics.insert(Metric::new("queue.length"), Reading::of([Some(7.0), None]));
/// assert_eq!(seen.queries, 0);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// How many instances exist (`current_instances`).
    pub current: u32,
    /// Whether the status of the service is RUNNING.
    pub running: bool,
    /// Queries with a service function of this service that ran at any time since the previous
    /// observation; those that still run are among them.
    pub queries: u32,
    /// Cores used by each instance, all its containers together.
    pub cpu: Reading,
    /// What was read for each metric of the policies; one that is not there is missing.
    pub metrics: BTreeMap<Metric, Reading>,
}

/// The values of one metric at one moment, one per instance (or container, or endpoint), summed
/// up so that it takes the same room for any number of them.
///
/// ```
/// use floe_scale::{Aggregation, Reading};
///
/// let reading = Reading::of([Some(1.0), Some(3.0), None, Some(f64::NAN)]);
/// assert_eq!((reading.count(), reading.missing()), (2, 2));
/// assert_eq!(reading.known(Aggregation::Avg), Some(2.0));
/// assert_eq!(reading.at_least(Aggregation::Avg), Some(1.0), "what is missing counts as zero");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    count: u32,
    missing: u32,
    sum: f64,
    least: f64,
    most: f64,
}

impl Reading {
    /// Sums up values; `None`, and whatever is no finite number, is missing.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reading::of([None]).missing(), 1);
    /// ```
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut reading = Self::default();
        for value in values {
            reading.add(value, 1);
        }
        reading
    }

    /// The same value so many times.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reading::same(Some(0.5), 4).sum(), 2.0);
    /// ```
    #[must_use]
    pub fn same(value: Option<f64>, times: u32) -> Self {
        let mut reading = Self::default();
        reading.add(value, times);
        reading
    }

    /// Takes in one more value, so many times.
    ///
    /// ```
    /// let mut reading = floe_scale::Reading::default();
    /// reading.add(Some(2.0), 3);
    /// assert_eq!((reading.count(), reading.sum()), (3, 6.0));
    /// ```
    pub fn add(&mut self, value: Option<f64>, times: u32) {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            self.missing = self.missing.saturating_add(times);
            return;
        };
        if times == 0 {
            return;
        }
        let first = self.count == 0;
        self.least = if first { value } else { self.least.min(value) };
        self.most = if first { value } else { self.most.max(value) };
        self.count = self.count.saturating_add(times);
        // A sum that left the numbers would make every later comparison meaningless.
        let sum = self.sum + value * f64::from(times);
        self.sum = sum.clamp(f64::MIN, f64::MAX);
    }

    /// How many values are known.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reading::default().count(), 0);
    /// ```
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many values are missing.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reading::same(None, 2).missing(), 2);
    /// ```
    #[must_use]
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// The sum of the known values.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reading::of([Some(1.0), None, Some(2.0)]).sum(), 3.0);
    /// ```
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The known values as one; `None` when there are none.
    ///
    /// ```
    /// use floe_scale::{Aggregation, Reading};
    /// assert_eq!(Reading::of([Some(1.0), Some(4.0)]).known(Aggregation::Max), Some(4.0));
    /// ```
    #[must_use]
    pub fn known(&self, aggregation: Aggregation) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        Some(match aggregation {
            Aggregation::Min => self.least,
            Aggregation::Max => self.most,
            Aggregation::Avg => self.sum / f64::from(self.count),
        })
    }

    /// All values as one, with zero for each that is missing: what the whole comes to at least,
    /// as far as metrics are not negative. `None` when no value is known.
    ///
    /// ```
    /// use floe_scale::{Aggregation, Reading};
    /// assert_eq!(Reading::of([Some(1.0), None]).at_least(Aggregation::Min), Some(0.0));
    /// ```
    #[must_use]
    pub fn at_least(&self, aggregation: Aggregation) -> Option<f64> {
        let mut whole = *self;
        if self.missing > 0 && self.count > 0 {
            whole.add(Some(0.0), self.missing);
        }
        whole.known(aggregation)
    }
}
