//! How much of the log becomes a batch.

use std::time::Duration;

use floe_notify::options::BatchBounds;

/// Most files of one batch, whatever the options say: what a consumer holds in memory at a time.
pub const MAX_BATCH_FILES: u64 = 100_000;

/// Files are remembered for this much longer than they count as young, so that clocks that differ
/// by less never bring a file back.
pub const AGE_MARGIN: Duration = Duration::from_secs(3_600);

/// Says how many of the files that wait, given by their sizes in the order of the log, make the
/// next batch.
///
/// At most `bounds.max_files` and at most [`MAX_BATCH_FILES`]; once the files have
/// `bounds.max_bytes` no further one is taken, so that the last may pass that bound and a single
/// large file is a batch by itself. At least one, if any waits. Fewer than the bounds allow are a
/// batch, too: nothing waits for more to come.
///
/// ```
/// use floe_ingest::form;
/// use floe_notify::options::BatchBounds;
/// let bounds = BatchBounds { max_files: 2, max_bytes: Some(10) };
/// assert_eq!(form(bounds, [3, 3, 3]), 2);
/// assert_eq!(form(bounds, [99, 1]), 1);
/// assert_eq!(form(bounds, [1]), 1);
/// assert_eq!(form(bounds, []), 0);
/// ```
#[must_use]
pub fn form(bounds: BatchBounds, sizes: impl IntoIterator<Item = u64>) -> u64 {
    let bounds = BatchBounds {
        max_files: bounds.max_files.clamp(1, MAX_BATCH_FILES),
        // Bounds of nothing would let nothing through for ever.
        max_bytes: bounds.max_bytes.map(|bytes| bytes.max(1)),
    };
    bounds.count(sizes)
}
