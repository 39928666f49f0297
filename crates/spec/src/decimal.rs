//! Decimal numbers, kept as they are written.

use std::fmt;

/// Longest text that is read as a number; any real one has fewer than thirty characters.
const MAX_TEXT: usize = 64;

/// A decimal number, exact because it stays the text it was written with.
///
/// ```
/// use floe_spec::Decimal;
///
/// let value = Decimal::parse("0.80").expect("a number");
/// assert_eq!((value.to_string().as_str(), value.to_f64()), ("0.80", 0.8));
/// assert!(Decimal::parse("1e400").is_none() && Decimal::parse("0x1").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Reads digits with an optional sign, fraction and exponent; none for anything else, and for
    /// what no 64-bit floating-point number comes near.
    ///
    /// ```
    /// assert_eq!(floe_spec::Decimal::parse("-1.5e3").map(|n| n.to_f64()), Some(-1500.0));
    /// assert_eq!(floe_spec::Decimal::parse(".inf"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let first = text.bytes().next()?;
        let begins = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
        if text.len() > MAX_TEXT || !begins || !text.bytes().all(plain) {
            return None;
        }
        let number: f64 = text.parse().ok()?;
        number.is_finite().then(|| Decimal(text.to_owned()))
    }

    /// The nearest 64-bit floating-point number, as metrics have them.
    ///
    /// ```
    /// assert_eq!(floe_spec::Decimal::parse("3").unwrap().to_f64(), 3.0);
    /// ```
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // Only texts that parse get here.
        self.0.parse().unwrap_or(0.0)
    }

    /// Whether the number is less than zero.
    pub(crate) fn is_negative(&self) -> bool {
        self.to_f64() < 0.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
