//! One part of a DNS name.

use std::fmt;

use crate::error::DnsError;

/// The longest label, by RFC 1035, section 2.3.4.
pub const MAX_LABEL_BYTES: usize = 63;

/// A label by RFC 1035, section 2.3.1, in lower case: a letter first, a letter or digit last, and
/// only letters, digits and hyphens, at most 63.
///
/// ```
/// use floe_dns::DnsLabel;
///
/// assert_eq!(DnsLabel::parse("Echo-Service")?.as_str(), "echo-service");
/// assert!(DnsLabel::parse("echo_service").is_err());
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsLabel(String);

impl DnsLabel {
    /// Checks a label; upper case is folded, because DNS does not tell it from lower case.
    ///
    /// # Errors
    ///
    /// [`DnsError::InvalidLabel`] with what is wrong.
    ///
    /// ```
    /// let error = floe_dns::DnsLabel::parse("-echo").unwrap_err();
    /// assert!(error.to_string().contains("it starts with '-'"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, DnsError> {
        check(text, text.to_ascii_lowercase(), "hyphens")
    }

    /// The label.
    ///
    /// ```
    /// assert_eq!(floe_dns::DnsLabel::parse("echo")?.as_str(), "echo");
    /// # Ok::<(), floe_dns::DnsError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DnsLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The label of a service or another object: its name in lower case, with `-` for every `_`.
///
/// Not every identifier has one: `$`, an underscore at either end, or more than 63 characters
/// make an object that cannot have a DNS name, and creating it as a service fails. Two different
/// names never share a label, because identifiers hold no hyphens.
///
/// # Errors
///
/// [`DnsError::InvalidLabel`] with what is wrong.
///
/// ```
/// use floe_dns::label_of_object;
///
/// assert_eq!(label_of_object("ECHO_SERVICE")?.as_str(), "echo-service");
/// assert!(label_of_object("ECHO$SERVICE").is_err());
/// assert!(label_of_object("ECHO_").is_err());
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
pub fn label_of_object(name: &str) -> Result<DnsLabel, DnsError> {
    if name.contains('-') {
        // A hyphen of the name itself would let "A-B" and "A_B" answer to one DNS name.
        return Err(invalid(name, "it holds '-'".to_owned(), "underscores"));
    }
    check(
        name,
        name.to_ascii_lowercase().replace('_', "-"),
        "underscores",
    )
}

fn check(written: &str, label: String, separator: &'static str) -> Result<DnsLabel, DnsError> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bad = written.chars().find(|c| {
        let separates = if separator == "hyphens" {
            *c == '-'
        } else {
            *c == '_'
        };
        !c.is_ascii_alphanumeric() && !separates
    });
    let reason = match (written.chars().next(), written.chars().next_back(), bad) {
        (None, ..) | (_, None, _) => Some("it is empty".to_owned()),
        (.., Some(bad)) => Some(format!("it holds '{}'", bad.escape_debug())),
        (Some(first), ..) if !first.is_ascii_alphabetic() => {
            Some(format!("it starts with '{first}'"))
        }
        (_, Some(last), _) if !is_word(last.to_ascii_lowercase()) => {
            Some(format!("it ends with '{last}'"))
        }
        _ if label.len() > MAX_LABEL_BYTES => Some(format!("it has {} characters", label.len())),
        _ => None,
    };
    match reason {
        Some(reason) => Err(invalid(written, reason, separator)),
        None => Ok(DnsLabel(label)),
    }
}

fn invalid(name: &str, reason: String, separator: &'static str) -> DnsError {
    DnsError::InvalidLabel {
        name: name.to_owned(),
        reason,
        separator,
    }
}
