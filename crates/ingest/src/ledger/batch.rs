//! Batches: what a sink gets at a time.

use std::fmt;

use super::FileEntry;

/// Most batches that are handed out or were, and are not committed. Consumers that fail on every
/// batch are stopped by it, and so is what the ledger keeps about open batches.
pub const MAX_OPEN_BATCHES: usize = 1024;

/// The number of a batch in its stream: 1, 2, 3 and so on; with the stream's id it is what a sink
/// is idempotent by.
///
/// ```
/// assert_eq!(floe_ingest::BatchId(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Files that are committed together or not at all.
///
/// ```
/// use floe_ingest::{Batch, BatchId, FileEntry, FileId, Seq};
/// use floe_notify::clock::Timestamp;
/// let file = FileEntry {
///     seq: Seq(1),
///     id: FileId::new(b"/in/a", None)?,
///     size: 7,
///     created: Timestamp::from_millis(1_000),
///     discovered: Timestamp::from_millis(2_000),
/// };
/// let batch = Batch { id: BatchId(1), files: vec![file], attempt: 1 };
/// assert_eq!(batch.bytes(), 7);
/// # Ok::<(), floe_ingest::IdentityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// What it holds, in the order of the log; never empty.
    pub files: Vec<FileEntry>,
    /// How often it was handed out, this time included; it is kept with the batch, and gone with
    /// it.
    pub attempt: u32,
}

impl Batch {
    /// Returns the length of all files in bytes, as they were when they were discovered.
    ///
    /// ```
    /// use floe_ingest::{Batch, BatchId};
    /// assert_eq!(Batch { id: BatchId(1), files: Vec::new(), attempt: 1 }.bytes(), 0);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }
}

/// How a commit went.
///
/// ```
/// assert_ne!(floe_ingest::CommitOutcome::Now, floe_ingest::CommitOutcome::Already);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is committed by this.
    Now,
    /// It was committed before.
    Already,
}
