//! What a check has to say: findings, their level and code.

use std::fmt;

/// How much a finding matters.
///
/// ```
/// use floe_notify::Level;
///
/// assert!(Level::Error < Level::Warning);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What was checked cannot be used.
    Error,
    /// It can be used, but something in it has no effect or is doubtful.
    Warning,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Error => "error",
            Level::Warning => "warning",
        })
    }
}

/// One thing that is wrong or doubtful.
///
/// The text form is one line; the hint is kept apart, so that a caller may lay it out.
///
/// ```
/// use floe_notify::Options;
///
/// let (_, findings) = Options::parse([("cloudFiles.formt", "json")]);
/// assert_eq!(
///     findings[0].to_string(),
///     "error[FLOE-NOTIFY-0040] cloudFiles.formt: there is no such option",
/// );
/// assert_eq!(findings[0].hint.as_deref(), Some("did you mean `cloudFiles.format`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, one of [`crate::codes`]; each has a page in `docs/errors`.
    pub code: &'static str,
    /// Whether what was checked can be used all the same.
    pub level: Level,
    /// What the finding is about: the name of an option, of an entry, of a statement.
    pub subject: String,
    /// What is wrong, in one sentence without a full stop. It never holds a secret.
    pub message: String,
    /// What to do about it, when that is known.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that forbids the use of what was checked.
    ///
    /// ```
    /// use floe_notify::{Finding, codes};
    ///
    /// let finding = Finding::error(codes::UNKNOWN_OPTION, "cloudFiles.x", "there is none");
    /// assert!(finding.is_error());
    /// ```
    #[must_use]
    pub fn error(code: &'static str, subject: &str, message: impl Into<String>) -> Self {
        Finding {
            code,
            level: Level::Error,
            subject: subject.to_owned(),
            message: message.into(),
            hint: None,
        }
    }

    /// A finding about something that can be used all the same.
    ///
    /// ```
    /// use floe_notify::{Finding, codes};
    ///
    /// let finding = Finding::warning(codes::POLICY_QUIRK, "DatabricksAutoLoaderUse", "it is odd");
    /// assert!(!finding.is_error());
    /// ```
    #[must_use]
    pub fn warning(code: &'static str, subject: &str, message: impl Into<String>) -> Self {
        Finding {
            level: Level::Warning,
            ..Finding::error(code, subject, message)
        }
    }

    /// The same finding with what to do about it.
    ///
    /// ```
    /// use floe_notify::{Finding, codes};
    ///
    /// let finding = Finding::error(codes::UNKNOWN_OPTION, "x", "y").with_hint("write z");
    /// assert_eq!(finding.hint.as_deref(), Some("write z"));
    /// ```
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether this finding forbids the use of what was checked.
    ///
    /// ```
    /// let (_, findings) = floe_notify::Options::parse([("cloudFiles.format", "excel")]);
    /// assert!(findings[0].is_error());
    /// ```
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}[{}] {}: {}",
            self.level, self.code, self.subject, self.message
        )
    }
}
