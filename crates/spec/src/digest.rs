//! The digest that tells whether two specifications mean the same.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

/// Hexadecimal digits of a SHA-256.
const HEX_DIGITS: usize = 64;

/// SHA-256 of a canonical specification, as 64 lower-case hexadecimal digits.
///
/// ```
/// use floe_spec::{SpecDigest, spec_digest};
///
/// let digest = spec_digest("---\nspec:\n");
/// assert_eq!(SpecDigest::parse(digest.as_str()), Ok(digest));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecDigest(String);

impl SpecDigest {
    /// Reads a digest that was written before.
    ///
    /// # Errors
    ///
    /// [`DigestError::Malformed`] unless the text is 64 lower-case hexadecimal digits.
    ///
    /// ```
    /// use floe_spec::SpecDigest;
    ///
    /// assert!(SpecDigest::parse(&"0a".repeat(32)).is_ok());
    /// assert_eq!(SpecDigest::parse("0A").unwrap_err().code(), "FLOE-SPEC-0040");
    /// ```
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == HEX_DIGITS && text.bytes().all(hex) {
            Ok(SpecDigest(text.to_owned()))
        } else {
            Err(DigestError::Malformed {
                text: text.chars().take(HEX_DIGITS).collect(),
            })
        }
    }

    /// The 64 digits.
    ///
    /// ```
    /// assert_eq!(floe_spec::spec_digest("").as_str().len(), 64);
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpecDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The text is not 64 lower-case hexadecimal digits.
    #[error("`{text}` is not a digest: it must be 64 lower-case hexadecimal digits")]
    Malformed {
        /// The text, cut to the length of a digest.
        text: String,
    },
}

impl DigestError {
    /// The stable code of this error.
    ///
    /// ```
    /// let error = floe_spec::SpecDigest::parse("").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-SPEC-0040");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            DigestError::Malformed { .. } => "FLOE-SPEC-0040",
        }
    }
}

/// The SHA-256 of a canonical text, see [`crate::ValidSpec::canonical_text`].
///
/// ```
/// use floe_spec::{ParseOptions, parse, spec_digest};
///
/// let spec = |image: &str| {
///     let text = format!("spec: {{containers: [{{name: a, image: {image}}}]}}");
///     parse(&text, &ParseOptions::default()).spec.expect("valid")
/// };
/// let digest = |image| spec_digest(&spec(image).canonical_text(&|_| None));
/// assert_eq!(digest("/d/s/r/i:1"), digest("'/d/s/r/i:1'"));
/// assert_ne!(digest("/d/s/r/i:1"), digest("/d/s/r/i:2"));
/// ```
#[must_use]
pub fn spec_digest(text: &str) -> SpecDigest {
    let mut hex = String::with_capacity(HEX_DIGITS);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    SpecDigest(hex)
}
