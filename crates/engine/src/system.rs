//! The one source of randomness. Everything else takes it as an argument.

use std::fmt;
use std::sync::Mutex;

/// Where the engine takes random bits from.
///
/// ```
/// use floe_engine::system::{Entropy, SeededEntropy};
/// let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
pub trait Entropy: Send + Sync + fmt::Debug {
    /// 64 random bits.
    fn next_u64(&self) -> u64;

    /// A fresh identifier in the form of a UUID, as queries carry it.
    fn uuid(&self) -> String {
        let bits = (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes())
            .into_uuid()
            .hyphenated()
            .to_string()
    }
}

/// The operating system's random source.
///
/// ```
/// use floe_engine::system::{Entropy, SystemEntropy};
/// assert_ne!(SystemEntropy.uuid(), SystemEntropy.uuid());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one source of randomness"
    )]
    fn next_u64(&self) -> u64 {
        uuid::Uuid::new_v4().as_u64_pair().1 ^ uuid::Uuid::new_v4().as_u64_pair().0.rotate_left(29)
    }
}

/// A reproducible source for tests and simulations (splitmix64).
///
/// ```
/// use floe_engine::system::{Entropy, SeededEntropy};
/// let entropy = SeededEntropy::new(1);
/// assert_ne!(entropy.next_u64(), entropy.next_u64());
/// ```
#[derive(Debug)]
pub struct SeededEntropy {
    state: Mutex<u64>,
}

impl SeededEntropy {
    /// A source whose whole sequence follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(seed),
        }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        // A poisoned lock still holds a valid counter.
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
