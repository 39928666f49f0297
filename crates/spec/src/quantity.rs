//! Quantities of processor and memory, exact: no floating point on the way.

use std::fmt;

use crate::codes;

/// Thousandths of a processor in one processor.
const MILLIS: u128 = 1000;
/// Longest text that is read as a quantity; any real one has fewer than twenty characters.
const MAX_TEXT: usize = 64;

/// An amount of processor time, in thousandths of a virtual processor.
///
/// ```
/// use floe_spec::CpuQuantity;
///
/// let half = CpuQuantity::parse("0.5")?;
/// assert_eq!(half.millis(), 500);
/// assert_eq!(half.to_string(), "0.5");
/// assert_eq!(CpuQuantity::parse("500m")?.millis(), half.millis());
/// # Ok::<(), floe_spec::QuantityError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CpuQuantity {
    text: String,
    millis: u64,
}

impl CpuQuantity {
    /// Reads `2`, `0.5` or `500m`.
    ///
    /// # Errors
    ///
    /// [`QuantityError::Malformed`] for anything else, [`QuantityError::TooFine`] below one
    /// thousandth, [`QuantityError::TooLarge`] past 64 bits.
    ///
    /// ```
    /// use floe_spec::{CpuQuantity, QuantityError};
    ///
    /// assert!(matches!(CpuQuantity::parse("-1"), Err(QuantityError::Malformed { .. })));
    /// assert!(matches!(CpuQuantity::parse("0.0005"), Err(QuantityError::TooFine { .. })));
    /// ```
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let malformed =
            || QuantityError::malformed(text, "a number of processors such as `0.5` or `500m`");
        let (digits, scale) = match text.strip_suffix('m') {
            Some(digits) => (digits, 1),
            None => (text, MILLIS),
        };
        let decimal = Digits::parse(digits).ok_or_else(malformed)?;
        let (millis, exact) = decimal
            .times(scale)
            .ok_or_else(|| QuantityError::too_large(text))?;
        if !exact {
            return Err(QuantityError::TooFine {
                text: text.to_owned(),
            });
        }
        Ok(CpuQuantity {
            text: text.to_owned(),
            millis,
        })
    }

    /// So many thousandths, written in processors.
    ///
    /// ```
    /// use floe_spec::CpuQuantity;
    ///
    /// assert_eq!(CpuQuantity::from_millis(1500).to_string(), "1.5");
    /// assert_eq!(CpuQuantity::from_millis(2000).to_string(), "2");
    /// ```
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        CpuQuantity {
            text: thousandths(u128::from(millis)),
            millis,
        }
    }

    /// Thousandths of a virtual processor.
    ///
    /// ```
    /// assert_eq!(floe_spec::CpuQuantity::parse("2").unwrap().millis(), 2000);
    /// ```
    #[must_use]
    pub fn millis(&self) -> u64 {
        self.millis
    }
}

impl fmt::Display for CpuQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An amount of memory or storage, in bytes.
///
/// A fraction of a byte is rounded up, as `0.4Gi` needs it.
///
/// ```
/// use floe_spec::MemoryQuantity;
///
/// assert_eq!(MemoryQuantity::parse("0.5Gi")?.bytes(), 512 * 1024 * 1024);
/// assert_eq!(MemoryQuantity::parse("2G")?.bytes(), 2_000_000_000);
/// assert_eq!(MemoryQuantity::parse("0.4Gi")?.bytes(), 429_496_730);
/// # Ok::<(), floe_spec::QuantityError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemoryQuantity {
    text: String,
    bytes: u64,
}

/// The units of memory and their bytes.
const UNITS: [(&str, u128); 4] = [
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
];

/// Units that people write, and the ones that were meant.
const NEARBY_UNITS: [(&str, &str); 10] = [
    ("GiB", "Gi"),
    ("GB", "G"),
    ("MiB", "Mi"),
    ("MB", "M"),
    ("gi", "Gi"),
    ("mi", "Mi"),
    ("gb", "G"),
    ("mb", "M"),
    ("g", "G"),
    ("m", "M"),
];

impl MemoryQuantity {
    /// Reads a number with one of the units `M`, `Mi`, `G` and `Gi`.
    ///
    /// # Errors
    ///
    /// [`QuantityError::Unit`] for no or another unit, [`QuantityError::Malformed`] when the
    /// number cannot be read, [`QuantityError::TooLarge`] past 64 bits.
    ///
    /// ```
    /// use floe_spec::MemoryQuantity;
    ///
    /// let error = MemoryQuantity::parse("2GB").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-SPEC-0020");
    /// assert_eq!(error.hint().as_deref(), Some("did you mean `2G`?"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        for (unit, scale) in UNITS {
            let Some(digits) = text.strip_suffix(unit) else {
                continue;
            };
            let Some(decimal) = Digits::parse(digits) else {
                break;
            };
            let (whole, exact) = decimal
                .times(scale)
                .ok_or_else(|| QuantityError::too_large(text))?;
            let bytes = whole
                .checked_add(u64::from(!exact))
                .ok_or_else(|| QuantityError::too_large(text))?;
            return Ok(MemoryQuantity {
                text: text.to_owned(),
                bytes,
            });
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if Digits::parse(digits).is_some() {
            return Err(QuantityError::Unit {
                text: shorten(text),
            });
        }
        Err(QuantityError::malformed(
            text,
            "a number with a unit, such as `512Mi` or `2G`",
        ))
    }

    /// So many bytes, written in `Gi` where three decimals are enough, in `Mi` otherwise.
    ///
    /// ```
    /// use floe_spec::MemoryQuantity;
    ///
    /// assert_eq!(MemoryQuantity::from_bytes(6 << 30).to_string(), "6Gi");
    /// assert_eq!(MemoryQuantity::from_bytes(1 << 29).to_string(), "0.5Gi");
    /// let odd = MemoryQuantity::from_bytes(1);
    /// assert_eq!(MemoryQuantity::parse(&odd.to_string()), Ok(odd));
    /// ```
    #[must_use]
    pub fn from_bytes(bytes: u64) -> Self {
        let amount = u128::from(bytes);
        let gibibytes = amount * MILLIS;
        let text = if gibibytes.is_multiple_of(1 << 30) {
            format!("{}Gi", thousandths(gibibytes >> 30))
        } else {
            // A byte is 5^20 / 10^20 of a `Mi`, so twenty decimals are exact.
            let fraction = (amount & ((1 << 20) - 1)) * 5_u128.pow(20);
            let decimals = format!("{fraction:020}");
            let decimals = decimals.trim_end_matches('0');
            let point = if decimals.is_empty() { "" } else { "." };
            format!("{}{point}{decimals}Mi", amount >> 20)
        };
        MemoryQuantity { text, bytes }
    }

    /// Bytes, rounded up.
    ///
    /// ```
    /// assert_eq!(floe_spec::MemoryQuantity::parse("1Mi").unwrap().bytes(), 1_048_576);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The whole number before `Gi`, when the quantity is written so.
    pub(crate) fn whole_gibibytes(&self) -> Option<u64> {
        self.text.strip_suffix("Gi")?.parse().ok()
    }
}

impl fmt::Display for MemoryQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is not a number at all.
    #[error("`{text}` is not {expected}")]
    Malformed {
        /// The text, shortened.
        text: String,
        /// What would be read.
        expected: &'static str,
    },
    /// Processors are counted in thousandths; this is finer.
    #[error("`{text}` is finer than a thousandth of a processor; write at least `1m`")]
    TooFine {
        /// The text.
        text: String,
    },
    /// The quantity does not fit 64 bits.
    #[error("`{text}` is larger than any machine")]
    TooLarge {
        /// The text, shortened.
        text: String,
    },
    /// A memory quantity without a unit, or with one that memory does not take.
    #[error("`{text}` needs one of the units `M`, `Mi`, `G` and `Gi`")]
    Unit {
        /// The text, shortened.
        text: String,
    },
}

impl QuantityError {
    fn malformed(text: &str, expected: &'static str) -> Self {
        QuantityError::Malformed {
            text: shorten(text),
            expected,
        }
    }

    fn too_large(text: &str) -> Self {
        QuantityError::TooLarge {
            text: shorten(text),
        }
    }

    /// The stable code of this error.
    ///
    /// ```
    /// assert_eq!(floe_spec::CpuQuantity::parse("").unwrap_err().code(), "FLOE-SPEC-0019");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            QuantityError::Malformed { .. }
            | QuantityError::TooFine { .. }
            | QuantityError::TooLarge { .. } => codes::BAD_QUANTITY,
            QuantityError::Unit { .. } => codes::MEMORY_UNIT,
        }
    }

    /// The quantity that was probably meant.
    ///
    /// ```
    /// let error = floe_spec::MemoryQuantity::parse("512mb").unwrap_err();
    /// assert_eq!(error.hint().as_deref(), Some("did you mean `512M`?"));
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let QuantityError::Unit { text } = self else {
            return None;
        };
        NEARBY_UNITS.iter().find_map(|(written, meant)| {
            let digits = text.strip_suffix(written)?;
            Digits::parse(digits).map(|_| format!("did you mean `{digits}{meant}`?"))
        })
    }
}

/// A decimal number without sign and exponent.
struct Digits<'t> {
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Digits<'t> {
    fn parse(text: &'t str) -> Option<Digits<'t>> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > MAX_TEXT || whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        Some(Digits { whole, fraction })
    }

    /// The whole part of the product, and whether nothing was cut off; none past 64 bits.
    fn times(&self, scale: u128) -> Option<(u64, bool)> {
        let digit = |byte: u8| u128::from(byte - b'0');
        let whole = self.whole.bytes().try_fold(0_u128, |number, byte| {
            number.checked_mul(10)?.checked_add(digit(byte))
        })?;
        // From the last place to the first: each step divides by ten, so nothing grows beyond the
        // scale, and what is cut off on the way is a part of one at the end, too.
        let (fraction, exact) =
            self.fraction
                .bytes()
                .rev()
                .fold((0_u128, true), |(carried, exact), byte| {
                    let sum = carried + digit(byte) * scale;
                    (sum / 10, exact && sum.is_multiple_of(10))
                });
        let product = whole.checked_mul(scale)?.checked_add(fraction)?;
        Some((u64::try_from(product).ok()?, exact))
    }
}

/// A number of thousandths as a decimal number without needless zeros.
fn thousandths(number: u128) -> String {
    let decimals = format!("{:03}", number % MILLIS);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{}{point}{decimals}", number / MILLIS)
}

fn shorten(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read_exactly() {
        for (text, millis) in [
            ("1", 1000),
            ("0.05", 50),
            ("1.0", 1000),
            ("0", 0),
            ("1500m", 1500),
            ("0.125", 125),
            ("2.50", 2500),
        ] {
            assert_eq!(
                CpuQuantity::parse(text).map(|cpu| cpu.millis()),
                Ok(millis),
                "{text}"
            );
        }
        for text in [
            "", ".", "1.", ".5", "+1", "-1", "1e3", "0x1", "1 ", "m", "1.5.2", "١",
        ] {
            assert!(
                matches!(
                    CpuQuantity::parse(text),
                    Err(QuantityError::Malformed { .. })
                ),
                "{text}"
            );
        }
        assert!(CpuQuantity::parse("0.5m").is_err());
        assert!(matches!(
            CpuQuantity::parse(&"9".repeat(40)),
            Err(QuantityError::TooLarge { .. })
        ));
        assert!(CpuQuantity::parse(&"9".repeat(10_000)).is_err());
    }

    #[test]
    fn memory_is_read_exactly_and_needs_a_unit() {
        for (text, bytes) in [
            ("128M", 128_000_000),
            ("10Gi", 10 << 30),
            ("0Gi", 0),
            ("0.1G", 100_000_000),
            ("0.0000000001Gi", 1),
            ("16383Gi", 16383 << 30),
        ] {
            assert_eq!(
                MemoryQuantity::parse(text).map(|memory| memory.bytes()),
                Ok(bytes),
                "{text}"
            );
        }
        for text in ["1024", "1Ki", "1k", "1Ti", "1GB", "1gi"] {
            assert!(
                matches!(MemoryQuantity::parse(text), Err(QuantityError::Unit { .. })),
                "{text}"
            );
        }
        for text in ["", "Gi", "x", "-1Gi", "1.Gi", "1 Gi", "é"] {
            assert!(
                matches!(
                    MemoryQuantity::parse(text),
                    Err(QuantityError::Malformed { .. })
                ),
                "{text}"
            );
        }
        assert!(matches!(
            MemoryQuantity::parse("99999999999Gi"),
            Err(QuantityError::TooLarge { .. })
        ));
    }
}
