//! Growing delays with jitter, as plain arithmetic.

use std::time::Duration;

/// A delay that grows from try to try, with jitter drawn from a seed.
///
/// The n-th delay lies between one half and the whole of `first × growthⁿ`, and never above `most`.
/// The same seed gives the same delays, so a run can be repeated.
///
/// ```
/// use std::time::Duration;
/// use floe_function::Backoff;
///
/// let backoff = Backoff {
///     first: Duration::from_millis(100),
///     growth: 4,
///     most: Duration::from_secs(10),
/// };
/// let third = backoff.delay(2, 7);
/// assert!(third >= Duration::from_millis(800) && third <= Duration::from_millis(1600));
/// assert_eq!(third, backoff.delay(2, 7));
/// assert!(backoff.delay(1_000_000, 7) <= Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The delay before the first repetition, without jitter.
    pub first: Duration,
    /// The factor from one delay to the next; 0 and 1 both mean "does not grow".
    pub growth: u32,
    /// The longest delay.
    pub most: Duration,
}

impl Backoff {
    /// The delay before repetition `n` (0-based), with the jitter of `seed`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::Backoff;
    ///
    /// let steady = Backoff { first: Duration::from_secs(1), growth: 1, most: Duration::MAX };
    /// assert!(steady.delay(0, 1) >= Duration::from_millis(500));
    /// assert_ne!(steady.delay(0, 1), steady.delay(0, 2));
    /// ```
    pub fn delay(&self, n: u32, seed: u64) -> Duration {
        let factor = self.growth.max(1).saturating_pow(n);
        let whole = self.first.saturating_mul(factor).min(self.most);
        let half = whole / 2;
        half.saturating_add(part(whole.saturating_sub(half), mix(seed ^ u64::from(n))))
    }
}

/// The share `random / 2⁶⁴` of `whole`, without floating point.
fn part(whole: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    let share = (u128::from(nanos) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
}

/// The output function of SplitMix64 (Steele, Lea, Flood 2014): neighbouring inputs give unrelated
/// outputs.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_between_half_and_whole_and_below_the_longest() {
        let backoff = Backoff {
            first: Duration::from_millis(10),
            growth: 4,
            most: Duration::from_secs(1),
        };
        for seed in 0..500 {
            for n in 0..40 {
                let whole = Duration::from_millis(10)
                    .saturating_mul(4_u32.saturating_pow(n))
                    .min(Duration::from_secs(1));
                let delay = backoff.delay(n, seed);
                assert!(
                    delay >= whole / 2 && delay <= whole,
                    "{n} {seed}: {delay:?}"
                );
            }
        }
    }

    #[test]
    fn a_growth_of_zero_does_not_make_the_delay_vanish() {
        let backoff = Backoff {
            first: Duration::from_secs(2),
            growth: 0,
            most: Duration::from_secs(9),
        };
        assert!(backoff.delay(3, 1) >= Duration::from_secs(1));
    }

    #[test]
    fn an_endless_delay_does_not_overflow() {
        let backoff = Backoff {
            first: Duration::MAX,
            growth: 9,
            most: Duration::MAX,
        };
        assert!(backoff.delay(u32::MAX, u64::MAX) >= Duration::MAX / 2);
    }
}
