//! Why a sighting has no identity.

/// Why no identity can be made of a sighting.
///
/// ```
/// use floe_ingest::{FileId, IdentityError};
/// let error = FileId::new(b"", None).unwrap_err();
/// assert_eq!((error.clone(), error.code()), (IdentityError::Empty, "FLOE-INGEST-0001"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The path is empty.
    #[error("a file without a name cannot be told from others; leave it out")]
    Empty,
    /// The path or the token is longer than any store allows.
    #[error(
        "the name and version of this file take {bytes} bytes, more than any store allows; the \
         event or listing is damaged"
    )]
    TooLong {
        /// What it would take.
        bytes: usize,
    },
    /// The event is about no file.
    #[error("this event is about no file")]
    NoKey,
    /// The sighting does not tell which content of the file it is of. This is expected of renames
    /// and of listings without versions: ask the store about the file.
    #[error("it is not told which version of the file this is; ask the store for the file's head")]
    NoToken,
    /// The bytes are those of no identity.
    #[error("these bytes identify no file; the ledger that they come from is damaged")]
    Damaged,
}

impl IdentityError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// assert_eq!(floe_ingest::IdentityError::NoToken.code(), "FLOE-INGEST-0004");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "FLOE-INGEST-0001",
            Self::TooLong { .. } => "FLOE-INGEST-0002",
            Self::NoKey => "FLOE-INGEST-0003",
            Self::NoToken => "FLOE-INGEST-0004",
            Self::Damaged => "FLOE-INGEST-0005",
        }
    }
}
