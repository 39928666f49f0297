//! Time, counts and directions.

use std::fmt;
use std::time::Duration;

use crate::error::ScaleError;

/// The most instances that one service may have; the bound that upgrades have, too.
pub const MAX_INSTANCES: u32 = 10_000;

/// A moment in milliseconds on any clock that the caller keeps using; only differences count.
///
/// ```
/// use floe_scale::Millis;
/// use std::time::Duration;
///
/// assert_eq!(Millis::secs(2), Millis(2_000));
/// assert_eq!(Millis(1_000).plus(Duration::from_secs(2)), Millis(3_000));
/// assert_eq!(Millis(3_000).since(Millis(1_000)), Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub u64);

impl Millis {
    /// The moment so many seconds after the clock's beginning.
    ///
    /// ```
    /// assert_eq!(floe_scale::Millis::secs(30).0, 30_000);
    /// ```
    #[must_use]
    pub fn secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// The moment `span` later, at most the end of the clock.
    ///
    /// ```
    /// use floe_scale::Millis;
    /// assert_eq!(Millis(u64::MAX).plus(std::time::Duration::from_secs(1)), Millis(u64::MAX));
    /// ```
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(span))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    ///
    /// ```
    /// use floe_scale::Millis;
    /// assert!(Millis(1).since(Millis(5)).is_zero());
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// MIN_INSTANCES and MAX_INSTANCES of a service.
///
/// Public source: *CREATE SERVICE* of the Snowflake documentation; the bound above is ours.
///
/// ```
/// use floe_scale::Bounds;
///
/// let bounds = Bounds::new(2, 4)?;
/// assert_eq!((bounds.min(), bounds.max()), (2, 4));
/// assert_eq!((bounds.clamp(1), bounds.clamp(9)), (2, 4));
/// assert_eq!(Bounds::new(3, 2).unwrap_err().code(), "FLOE-SCALE-0001");
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    min: u32,
    max: u32,
}

impl Bounds {
    /// Checks both numbers: at least 1, in order, at most [`MAX_INSTANCES`].
    ///
    /// # Errors
    ///
    /// [`ScaleError::BadBounds`] or [`ScaleError::TooManyInstances`].
    ///
    /// ```
    /// use floe_scale::Bounds;
    /// assert!(Bounds::new(1, 1).is_ok());
    /// assert!(Bounds::new(0, 1).is_err() && Bounds::new(1, 10_001).is_err());
    /// ```
    pub fn new(min: u32, max: u32) -> Result<Self, ScaleError> {
        if min == 0 || min > max {
            return Err(ScaleError::BadBounds { min, max });
        }
        if max > MAX_INSTANCES {
            return Err(ScaleError::TooManyInstances { count: max });
        }
        Ok(Self { min, max })
    }

    /// MIN_INSTANCES.
    ///
    /// ```
    /// assert_eq!(floe_scale::Bounds::new(2, 4)?.min(), 2);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn min(self) -> u32 {
        self.min
    }

    /// MAX_INSTANCES.
    ///
    /// ```
    /// assert_eq!(floe_scale::Bounds::new(2, 4)?.max(), 4);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn max(self) -> u32 {
        self.max
    }

    /// The number within the bounds that is nearest to `count`.
    ///
    /// ```
    /// assert_eq!(floe_scale::Bounds::new(2, 4)?.clamp(3), 3);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn clamp(self, count: u32) -> u32 {
        count.clamp(self.min, self.max)
    }

    /// Whether there is anything to choose: MAX_INSTANCES is greater than MIN_INSTANCES.
    ///
    /// ```
    /// assert!(!floe_scale::Bounds::new(2, 2)?.leave_a_choice());
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn leave_a_choice(self) -> bool {
        self.max > self.min
    }
}

/// Whether instances are added or removed; a suspension removes them.
///
/// ```
/// assert_eq!(floe_scale::Direction::Up.to_string(), "up");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// More instances.
    Up,
    /// Fewer instances.
    Down,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}
