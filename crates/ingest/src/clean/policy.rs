//! What is cleaned away, when, and whereto.

use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::{CleanSource, Interval, keys};
use floe_notify::{Location, Options};

use super::CleanError;
use crate::{ArchiveMode, Home, LogState, StateRow};

/// Files are deleted after more than so long, whatever the options say.
const LEAST_BEFORE_DELETE: Interval = Interval::from_days(7);

/// What becomes of the committed files of a stream.
///
/// ```
/// use floe_ingest::{ArchiveMode, CleanPolicy};
/// use floe_notify::{Location, Options};
/// let (options, findings) = Options::parse([("cloudFiles.cleanSource", "DELETE")]);
/// assert!(findings.is_empty());
/// let policy = CleanPolicy::new(&options, &Location::parse("gs://acme/orders")?)?;
/// assert_eq!(policy.mode(), Some(ArchiveMode::Delete));
/// assert_eq!(policy.retention().as_secs(), 30 * 24 * 60 * 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanPolicy {
    mode: Option<ArchiveMode>,
    retention: Duration,
    /// What the keys of the stream's files begin with.
    source: Vec<u8>,
    /// What the keys of moved files begin with.
    destination: Vec<u8>,
    is_local: bool,
}

impl CleanPolicy {
    /// Takes the policy of a stream over `path` from its options.
    ///
    /// # Errors
    /// [`CleanError::NoDestination`], [`CleanError::BadDestination`],
    /// [`CleanError::OtherStore`] and [`CleanError::Inside`] when files are to be moved;
    /// [`CleanError::TooSoon`] when they are to be deleted.
    ///
    /// ```
    /// use floe_ingest::CleanPolicy;
    /// use floe_notify::{Location, Options};
    /// let (options, _) = Options::parse([
    ///     ("cloudFiles.cleanSource", "MOVE"),
    ///     ("cloudFiles.cleanSource.moveDestination", "s3://acme/orders/done"),
    /// ]);
    /// let refused = CleanPolicy::new(&options, &Location::parse("s3://acme/orders")?);
    /// assert_eq!(refused.unwrap_err().code(), "FLOE-INGEST-0060");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    pub fn new(options: &Options, path: &Location) -> Result<Self, CleanError> {
        let retention = options.get(keys::CLEAN_SOURCE_RETENTION);
        let (mode, destination) = match options.get(keys::CLEAN_SOURCE) {
            CleanSource::Off => (None, String::new()),
            CleanSource::Delete if retention <= LEAST_BEFORE_DELETE => {
                return Err(CleanError::TooSoon {
                    least: LEAST_BEFORE_DELETE,
                    given: retention,
                });
            }
            CleanSource::Delete => (Some(ArchiveMode::Delete), String::new()),
            CleanSource::Move => (Some(ArchiveMode::Move), destination(options, path)?),
        };
        Ok(Self {
            mode,
            retention: retention.duration(),
            source: path.key_prefix().into_bytes(),
            destination: destination.into_bytes(),
            is_local: path.store() == &floe_notify::Store::Local,
        })
    }

    /// Returns how files are cleaned away; `None` when they stay.
    ///
    /// ```
    /// use floe_ingest::CleanPolicy;
    /// use floe_notify::{Location, Options};
    /// let policy = CleanPolicy::new(&Options::default(), &Location::parse("/srv/in")?)?;
    /// assert_eq!(policy.mode(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn mode(&self) -> Option<ArchiveMode> {
        self.mode
    }

    /// Returns how long files stay once they are committed.
    ///
    /// ```
    /// use floe_ingest::CleanPolicy;
    /// use floe_notify::{Location, Options};
    /// let policy = CleanPolicy::new(&Options::default(), &Location::parse("/srv/in")?)?;
    /// assert_eq!(policy.retention().as_secs(), 2_592_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn retention(&self) -> Duration {
        self.retention
    }

    /// Returns the key that a file is moved to; `None` for one that does not lie below the path of
    /// the stream, or that would be found again where it is moved to, and when nothing is moved.
    ///
    /// ```
    /// use floe_ingest::CleanPolicy;
    /// use floe_notify::{Location, Options};
    /// let (options, _) = Options::parse([
    ///     ("cloudFiles.cleanSource", "MOVE"),
    ///     ("cloudFiles.cleanSource.moveDestination", "s3://acme/done"),
    /// ]);
    /// let policy = CleanPolicy::new(&options, &Location::parse("s3://acme/orders")?)?;
    /// assert_eq!(policy.moved(b"orders/2026/a.csv"), Some(b"done/2026/a.csv".to_vec()));
    /// assert_eq!(policy.moved(b"orders2/a.csv"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn moved(&self, key: &[u8]) -> Option<Vec<u8>> {
        let below = key.strip_prefix(self.source.as_slice())?;
        let moved = [self.destination.as_slice(), below].concat();
        let is_move = self.mode == Some(ArchiveMode::Move);
        Some(moved).filter(|moved| is_move && !self.holds(moved))
    }

    /// Whether a key lies below the path of the stream.
    pub(super) fn holds(&self, key: &[u8]) -> bool {
        let Some(below) = key.strip_prefix(self.source.as_slice()) else {
            return false;
        };
        // In a directory of this machine such a name leads out of it.
        let mut parts = below.split(|byte| *byte == b'/');
        !(self.is_local && parts.any(|part| part == b".."))
    }

    /// Whether a file is committed, was not cleaned away yet, and has stayed long enough.
    pub(super) fn is_due(&self, row: &StateRow, now: Timestamp) -> bool {
        let is_committed = matches!(row.state, LogState::Committed(_));
        let due = row.committed.map(|at| at.after(self.retention));
        is_committed && row.archived.is_none() && due.is_some_and(|due| due <= now)
    }
}

/// What the keys of moved files begin with.
fn destination(options: &Options, path: &Location) -> Result<String, CleanError> {
    let written = options.find(keys::CLEAN_SOURCE_MOVE_DESTINATION);
    let written = written.ok_or(CleanError::NoDestination)?;
    let bad = |reason: String| CleanError::BadDestination {
        destination: written.clone(),
        reason,
    };
    let destination = Location::parse(&written).map_err(|error| bad(error.to_string()))?;
    if destination.has_glob() {
        return Err(bad("it holds a pattern instead of a name".to_owned()));
    }
    if !Home::new(&destination).is_same(&Home::new(path)) {
        return Err(CleanError::OtherStore {
            destination: written,
            path: path.to_string(),
        });
    }
    let prefix = destination.key_prefix();
    if path.watches(&prefix) {
        return Err(CleanError::Inside {
            destination: written,
            path: path.to_string(),
        });
    }
    Ok(prefix)
}
