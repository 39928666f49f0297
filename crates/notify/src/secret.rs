//! Text that is never printed.

use std::fmt;

/// What is printed in place of a secret.
pub const HIDDEN: &str = "***";

/// A text that prints as `***`, so that it cannot slip into a log or a message.
///
/// ```
/// use floe_notify::Secret;
///
/// let secret = Secret::new("hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "*** ***");
/// assert_eq!(secret.reveal(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    ///
    /// ```
    /// assert_eq!(floe_notify::Secret::new("hunter2").to_string(), "***");
    /// ```
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the one place that sends it.
    ///
    /// ```
    /// assert_eq!(floe_notify::Secret::new("hunter2").reveal(), "hunter2");
    /// ```
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}
