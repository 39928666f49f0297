//! How much a batch holds.

use super::{Options, keys};

/// The bounds of a batch: a hard one on files, a soft one on bytes.
///
/// ```
/// use floe_notify::Options;
///
/// let (options, _) = Options::parse([("cloudFiles.maxBytesPerTrigger", "10g")]);
/// let bounds = options.batch_bounds();
/// // Of files of 3 GiB, the fourth passes 10 GiB and is still in the batch.
/// assert_eq!(bounds.count([3 << 30; 100]), 4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchBounds {
    /// So many files at most.
    pub max_files: u64,
    /// Bytes after which no further file is taken.
    pub max_bytes: Option<u64>,
}

impl BatchBounds {
    /// Whether a batch that holds so much takes another file; whichever bound is reached first
    /// counts.
    ///
    /// ```
    /// use floe_notify::options::BatchBounds;
    ///
    /// let bounds = BatchBounds { max_files: 2, max_bytes: Some(100) };
    /// assert!(bounds.admits(1, 99));
    /// assert!(!bounds.admits(2, 0) && !bounds.admits(1, 100));
    /// ```
    #[must_use]
    pub fn admits(&self, files: u64, bytes: u64) -> bool {
        files < self.max_files && self.max_bytes.is_none_or(|most| bytes < most)
    }

    /// How many of the files that wait, given by their sizes in order, go into one batch.
    ///
    /// ```
    /// use floe_notify::options::BatchBounds;
    ///
    /// let bounds = BatchBounds { max_files: 1000, max_bytes: None };
    /// assert_eq!(bounds.count([u64::MAX; 3]), 3);
    /// ```
    #[must_use]
    pub fn count(&self, sizes: impl IntoIterator<Item = u64>) -> u64 {
        let (mut files, mut bytes) = (0_u64, 0_u64);
        for size in sizes {
            if !self.admits(files, bytes) {
                break;
            }
            files += 1;
            bytes = bytes.saturating_add(size);
        }
        files
    }
}

impl Options {
    /// The bounds of every batch (`cloudFiles.maxFilesPerTrigger`,
    /// `cloudFiles.maxBytesPerTrigger`).
    ///
    /// ```
    /// let bounds = floe_notify::Options::default().batch_bounds();
    /// assert_eq!((bounds.max_files, bounds.max_bytes), (1000, None));
    /// ```
    #[must_use]
    pub fn batch_bounds(&self) -> BatchBounds {
        BatchBounds {
            max_files: self.get(keys::MAX_FILES_PER_TRIGGER),
            max_bytes: self
                .find(keys::MAX_BYTES_PER_TRIGGER)
                .map(|size| size.bytes()),
        }
    }
}
