//! What becomes of files that are committed and were cleaned away.

use std::fmt;

/// How a file was cleaned away once it was committed.
///
/// ```
/// assert_eq!(floe_ingest::ArchiveMode::Move.to_string(), "MOVE");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArchiveMode {
    /// It was deleted.
    Delete,
    /// It was moved to another place.
    Move,
}

impl ArchiveMode {
    /// Returns the name that people see, as the option spells it.
    ///
    /// ```
    /// assert_eq!(floe_ingest::ArchiveMode::Delete.as_str(), "DELETE");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Move => "MOVE",
        }
    }
}

impl fmt::Display for ArchiveMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a file that was to be marked as archived.
///
/// ```
/// use floe_ingest::ArchiveOutcome;
/// assert_ne!(ArchiveOutcome::Now, ArchiveOutcome::Already);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveOutcome {
    /// It is marked by this.
    Now,
    /// It was marked before, and that mark stays as it is.
    Already,
    /// It waits, is in a batch that is not committed, or was only seen; it stays as it is.
    NotCommitted,
    /// Nobody knows it, or not any more.
    Unknown,
}
