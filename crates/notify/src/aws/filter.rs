//! The filter of a notification: which keys it is about.

/// Which end of a key a rule is about.
///
/// ```
/// use floe_notify::aws::FilterSide;
///
/// assert_eq!(FilterSide::parse("prefix"), Some(FilterSide::Prefix));
/// assert_eq!(FilterSide::Prefix.as_str(), "Prefix");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilterSide {
    /// What the key begins with.
    Prefix,
    /// What the key ends with.
    Suffix,
}

impl FilterSide {
    /// Reads the name of a rule; case does not matter to S3.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::FilterSide::parse("infix"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [FilterSide::Prefix, FilterSide::Suffix]
            .into_iter()
            .find(|side| side.as_str().eq_ignore_ascii_case(name))
    }

    /// The name as S3 writes it.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::FilterSide::Suffix.as_str(), "Suffix");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FilterSide::Prefix => "Prefix",
            FilterSide::Suffix => "Suffix",
        }
    }
}

/// One rule of a filter, with its value as the configuration writes it: encoded.
///
/// ```
/// use floe_notify::aws::FilterRule;
///
/// let rule = FilterRule::prefix("daily orders/day=1/");
/// assert_eq!(rule.value(), "daily+orders/day%3D1/");
/// assert_eq!(rule.decoded(), b"daily orders/day=1/");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterRule {
    side: FilterSide,
    value: String,
}

impl FilterRule {
    /// The rule for keys that begin with a text.
    ///
    /// ```
    /// use floe_notify::aws::{FilterRule, FilterSide};
    ///
    /// assert_eq!(FilterRule::prefix("orders/").side(), FilterSide::Prefix);
    /// ```
    #[must_use]
    pub fn prefix(key: &str) -> Self {
        FilterRule {
            side: FilterSide::Prefix,
            value: encode(key),
        }
    }

    /// The rule for keys that end with a text.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::FilterRule::suffix(".json").value(), ".json");
    /// ```
    #[must_use]
    pub fn suffix(key: &str) -> Self {
        FilterRule {
            side: FilterSide::Suffix,
            value: encode(key),
        }
    }

    /// A rule as a configuration writes it.
    ///
    /// ```
    /// use floe_notify::aws::{FilterRule, FilterSide};
    ///
    /// let rule = FilterRule::of_configuration(FilterSide::Prefix, "a+b/");
    /// assert_eq!(rule.decoded(), b"a b/");
    /// ```
    #[must_use]
    pub fn of_configuration(side: FilterSide, value: &str) -> Self {
        FilterRule {
            side,
            value: value.to_owned(),
        }
    }

    /// Which end of a key the rule is about.
    ///
    /// ```
    /// use floe_notify::aws::{FilterRule, FilterSide};
    ///
    /// assert_eq!(FilterRule::suffix(".csv").side(), FilterSide::Suffix);
    /// ```
    #[must_use]
    pub fn side(&self) -> FilterSide {
        self.side
    }

    /// The value as the configuration writes it.
    ///
    /// ```
    /// assert_eq!(floe_notify::aws::FilterRule::prefix("a b").value(), "a+b");
    /// ```
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The bytes of keys that the value stands for.
    ///
    /// A `%` that begins no escape stands for itself.
    ///
    /// ```
    /// use floe_notify::aws::{FilterRule, FilterSide};
    ///
    /// let rule = FilterRule::of_configuration(FilterSide::Prefix, "100%/%C3%A9");
    /// assert_eq!(rule.decoded(), "100%/é".as_bytes());
    /// ```
    #[must_use]
    pub fn decoded(&self) -> Vec<u8> {
        decode(&self.value)
    }
}

/// A space becomes `+`, what is special is percent-encoded ("Configuring event notifications using
/// object key name filtering"); the set is the one that S3 leaves alone in keys of its events.
fn encode(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'/' | b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(value: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'+' => out.push(b' '),
            b'%' => match escape(behind) {
                Some((byte, behind)) => {
                    out.push(byte);
                    rest = behind;
                }
                None => out.push(b'%'),
            },
            _ => out.push(first),
        }
    }
    out
}

/// The byte that two hexadecimal digits stand for, and what follows them.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, behind) = text.split_first_chunk::<2>()?;
    let value = |digit: u8| char::from(digit).to_digit(16);
    let [high, low] = digits;
    let byte = u8::try_from(value(*high)? * 16 + value(*low)?).ok()?;
    Some((byte, behind))
}
