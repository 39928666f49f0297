//! The part of a DNS name that stands for a schema.

use std::fmt;

use crate::error::DnsError;

/// The fewest characters of a hash.
const MIN_LEN: usize = 4;

/// The most characters of a hash.
const MAX_LEN: usize = 8;

/// Characters after the first one.
const LETTERS_AND_DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The hash of one life of a schema: 4 to 8 lower-case letters and digits, a letter first.
///
/// It belongs to the *incarnation*: renaming a schema or undropping it keeps the hash, dropping
/// it and creating one of the same name changes it.
///
/// ```
/// use floe_dns::SchemaHash;
///
/// assert_eq!(SchemaHash::parse("k3m6")?.as_str(), "k3m6");
/// assert_ne!(SchemaHash::derive(1), SchemaHash::derive(2));
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaHash(String);

impl SchemaHash {
    /// The hash of the schema with this incarnation number: 8 characters, the same on every
    /// machine, and in every version of this crate.
    ///
    /// Incarnations below 26 · 36⁷ ≈ 2 · 10¹² never share a hash.
    ///
    /// ```
    /// use floe_dns::SchemaHash;
    /// assert_eq!(SchemaHash::derive(7), SchemaHash::derive(7));
    /// assert_eq!(SchemaHash::derive(7).as_str().len(), 8);
    /// ```
    #[must_use]
    pub fn derive(incarnation: u64) -> Self {
        let mut rest = scatter(incarnation % SPACE);
        let mut text = String::with_capacity(MAX_LEN);
        for at in 0..MAX_LEN {
            let choices = if at == 0 { 26 } else { 36 };
            let pick = usize::try_from(rest % choices).unwrap_or_default();
            rest /= choices;
            let letter = LETTERS_AND_DIGITS.get(pick).copied().unwrap_or(b'a');
            text.push(char::from(letter));
        }
        Self(text)
    }

    /// Checks a hash; upper case is folded, because DNS does not tell it from lower case.
    ///
    /// # Errors
    ///
    /// [`DnsError::InvalidHash`].
    ///
    /// ```
    /// use floe_dns::SchemaHash;
    /// assert!(SchemaHash::parse("K3M6").is_ok());
    /// assert!(SchemaHash::parse("3km6").is_err(), "a digit comes first");
    /// assert!(SchemaHash::parse("k3m").is_err(), "it is too short");
    /// ```
    pub fn parse(text: &str) -> Result<Self, DnsError> {
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let starts = text.starts_with(|first: char| first.is_ascii_alphabetic());
        if !is_word || !starts || !(MIN_LEN..=MAX_LEN).contains(&text.len()) {
            return Err(DnsError::InvalidHash {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The hash.
    ///
    /// ```
    /// assert_eq!(floe_dns::SchemaHash::parse("k3m6")?.as_str(), "k3m6");
    /// # Ok::<(), floe_dns::DnsError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How many hashes of full length there are: 26 · 36⁷.
const SPACE: u64 = 26 * 36_u64.pow(7);

/// A permutation of the numbers below [`SPACE`], so that neighbours look nothing alike and no two
/// meet: a Feistel network. Each round adds to one half of the number something that depends on
/// the other half alone, which can be undone.
fn scatter(number: u64) -> u64 {
    const LOW: u64 = 36_u64.pow(4);
    const HIGH: u64 = SPACE / LOW;
    /// Four rounds make a Feistel network with good rounds as good as chance (Luby, Rackoff).
    const ROUNDS: u64 = 4;
    let (mut high, mut low) = (number / LOW, number % LOW);
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            low = (low + mix(high, round) % LOW) % LOW;
        } else {
            high = (high + mix(low, round) % HIGH) % HIGH;
        }
    }
    high * LOW + low
}

/// The output function of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators"), at a place of its own for each round.
fn mix(half: u64, round: u64) -> u64 {
    let z = half.wrapping_add((round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
