//! Randomness as an argument.

/// A small generator whose numbers depend on its seed alone (SplitMix64, from Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", 2014); not for secrets.
///
/// ```
/// use floe_notify::memory::Random;
/// let (mut a, mut b) = (Random::new(7), Random::new(7));
/// assert_eq!(a.next(), b.next());
/// assert_ne!(Random::new(7).next(), Random::new(8).next());
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Makes a generator of its seed.
    ///
    /// ```
    /// // The first number of SplitMix64 from the seed 0.
    /// assert_eq!(floe_notify::memory::Random::new(0).next(), 0xE220_A839_7B1D_CDAF);
    /// ```
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number; all 64 bits are equally good.
    ///
    /// ```
    /// let mut random = floe_notify::memory::Random::new(1);
    /// assert_ne!(random.next(), random.next());
    /// ```
    pub const fn next(&mut self) -> u64 {
        // The constants are the ones of the paper: the golden ratio, and two mixers.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to, and without, `end`; 0 when `end` is 0.
    ///
    /// ```
    /// let mut random = floe_notify::memory::Random::new(3);
    /// assert!((0..100).all(|_| random.below(6) < 6));
    /// assert_eq!(random.below(0), 0);
    /// ```
    pub const fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is below 2^-40 for every bound that simulations use.
        match self.next().checked_rem(end) {
            Some(number) => number,
            None => 0,
        }
    }

    /// Returns true `per_mille` times in a thousand.
    ///
    /// ```
    /// let mut random = floe_notify::memory::Random::new(4);
    /// assert!((0..100).all(|_| random.hits(1_000) && !random.hits(0)));
    /// ```
    pub const fn hits(&mut self, per_mille: u16) -> bool {
        self.below(1_000) < per_mille as u64
    }
}
