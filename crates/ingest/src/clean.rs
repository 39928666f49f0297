//! The cleaner: deletes or moves files that were committed long enough ago.

mod error;
mod policy;
mod sweep;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use floe_notify::clock::Timestamp;

use crate::{ArchiveMode, Claim, FileId, FileSource, Home, Ledger, LedgerError, SourceError};

pub use error::CleanError;
pub use policy::CleanPolicy;

/// Files of one step, unless [`Cleaner::with_page`] says otherwise.
const PAGE: usize = 500;

/// Goes through the files of a stream, again and again, and cleans away what is due.
///
/// It has no timer: the caller calls [`step`](Self::step) from time to time, and pauses as long as
/// it likes once a [sweep is over](Cleaned::is_done).
///
/// # Guarantees
/// - Only what is committed is touched, and only when the retention has passed since.
/// - What was written again after it was discovered is left alone: where the identity has a token,
///   the store's has to be the same; where it has none, length and time of modification must not
///   speak of a later write. What cannot be told is left alone.
/// - A file is marked in the ledger after it is gone, never before. Whatever fails, or is cut off
///   anywhere, is done by a later sweep.
/// - Several cleaners of one stream do no harm to one another.
///
/// # Caveats
/// Stores have no deletion that depends on the content: a file that is written again in the moment
/// between the question about it and its deletion is deleted. Between a file's time and the time
/// of its discovery lies an hour at least ([`AGE_MARGIN`](crate::AGE_MARGIN)) before the one is
/// held against the other, unless both are of this machine; a store whose clock is further behind
/// has rewritten files of the same length taken for old.
///
/// ```
/// use floe_ingest::memory::MemoryLedger;
/// use floe_ingest::{CleanPolicy, Cleaner};
/// use floe_notify::{Location, Options};
/// let path = Location::parse("s3://acme/orders")?;
/// let policy = CleanPolicy::new(&Options::default(), &path)?;
/// assert_eq!(policy.mode(), None, "nothing is cleaned away unless somebody wants it");
/// let cleaner = Cleaner::new(policy);
/// assert!(format!("{cleaner:?}").starts_with("Cleaner"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cleaner {
    policy: CleanPolicy,
    page: usize,
    /// The last file of the page before; none where a sweep begins.
    after: Option<FileId>,
}

/// What one step of a [`Cleaner`] did.
///
/// ```
/// use floe_ingest::Cleaned;
/// assert!(!Cleaned::default().is_done);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Cleaned {
    /// Files that were looked at.
    pub seen: usize,
    /// Files that were deleted.
    pub deleted: usize,
    /// Files that were moved.
    pub moved: usize,
    /// Files that were due and not there any more; they are marked, too.
    pub gone: usize,
    /// Files that were due and left alone, because they were written again, or because it cannot
    /// be told that they were not.
    pub changed: usize,
    /// Files that were due and left alone, because they lie outside the path of the stream, or
    /// would be moved to where they are found again.
    pub outside: usize,
    /// Files that the store did not give up; the next sweep tries again.
    pub failed: usize,
    /// What the store said to the first of them.
    pub failure: Option<SourceError>,
    /// The sweep is over: all files were looked at since it began.
    pub is_done: bool,
}

impl Cleaner {
    /// A cleaner that begins its first sweep.
    ///
    /// ```
    /// use floe_ingest::{CleanPolicy, Cleaner};
    /// use floe_notify::{Location, Options};
    /// let policy = CleanPolicy::new(&Options::default(), &Location::parse("/srv/in")?)?;
    /// assert!(format!("{:?}", Cleaner::new(policy)).contains("after: None"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn new(policy: CleanPolicy) -> Self {
        Self {
            policy,
            page: PAGE,
            after: None,
        }
    }

    /// Looks at so many files in one step, at most [`MAX_PAGE`](crate::MAX_PAGE).
    ///
    /// ```
    /// use floe_ingest::{CleanPolicy, Cleaner};
    /// use floe_notify::{Location, Options};
    /// let policy = CleanPolicy::new(&Options::default(), &Location::parse("/srv/in")?)?;
    /// let cleaner = Cleaner::new(policy).with_page(std::num::NonZeroUsize::MIN);
    /// assert!(format!("{cleaner:?}").contains("page: 1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_page(self, files: NonZeroUsize) -> Self {
        let page = files.get().min(crate::MAX_PAGE);
        Self { page, ..self }
    }

    /// Looks at the next page of files, deletes or moves what is due, and marks it.
    ///
    /// With the mode OFF it does nothing and says that the sweep is over.
    ///
    /// # Errors
    /// Those of [`Ledger::rows`], [`Ledger::marks`] and [`Ledger::archive`]; the next step looks at
    /// the same page again. What the store refuses is no error, but counted.
    ///
    /// # Cancel safety
    /// A step that is dropped may have cleaned files away without marking them; a later step finds
    /// them gone and marks them.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use floe_ingest::{FileSource, ListedObjects, Object, SourceError};
    /// # use floe_notify::BoxFuture;
    /// # #[derive(Debug)]
    /// # struct Nothing;
    /// # impl FileSource for Nothing {
    /// #     fn list<'a>(&'a self, _: &'a [u8], _: Option<&'a [u8]>, _: usize)
    /// #         -> BoxFuture<'a, Result<ListedObjects, SourceError>>
    /// #     { Box::pin(async { Ok(ListedObjects::default()) }) }
    /// #     fn head<'a>(&'a self, _: &'a [u8])
    /// #         -> BoxFuture<'a, Result<Option<Object>, SourceError>>
    /// #     { Box::pin(async { Ok(None) }) }
    /// #     fn read<'a>(&'a self, _: &'a [u8], _: Option<std::ops::Range<u64>>)
    /// #         -> BoxFuture<'a, Result<Bytes, SourceError>>
    /// #     { Box::pin(async { Ok(Bytes::new()) }) }
    /// #     fn remove<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>>
    /// #     { Box::pin(async { Ok(false) }) }
    /// #     fn rename<'a>(&'a self, _: &'a [u8], _: &'a [u8])
    /// #         -> BoxFuture<'a, Result<bool, SourceError>>
    /// #     { Box::pin(async { Ok(false) }) }
    /// # }
    /// # let source = Nothing;
    /// use floe_ingest::memory::MemoryLedger;
    /// use floe_ingest::{CleanPolicy, Cleaner, Founding, Home, Ledger, Role, VersionRule};
    /// use floe_notify::clock::{Clock, ManualClock};
    /// use floe_notify::{Location, Options, StreamId};
    /// let (options, _) = Options::parse([
    ///     ("cloudFiles.cleanSource", "MOVE"),
    ///     ("cloudFiles.cleanSource.moveDestination", "s3://acme/done"),
    /// ]);
    /// let path = Location::parse("s3://acme/orders")?;
    /// let mut cleaner = Cleaner::new(CleanPolicy::new(&options, &path)?);
    /// let founding = Founding {
    ///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
    ///     path: path.to_string(),
    ///     rule: VersionRule::KeyAlone,
    ///     options: options.keep().given,
    ///     defaults: options.keep().defaults,
    /// };
    /// let (ledger, home) = (MemoryLedger::default(), Home::new(&path));
    /// let clock = ManualClock::default();
    /// let now = clock.now();
    /// let cleaned = clock.run(async {
    ///     ledger.found(&founding, now).await?;
    ///     let claim = ledger.join(&Role::new("cleaner")?, now).await?;
    ///     cleaner.step(&ledger, &claim, &source, &home, now).await
    /// }).unwrap()?;
    /// assert!(cleaned.is_done && cleaned.moved == 0, "no file is known yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn step(
        &mut self,
        ledger: &dyn Ledger,
        claim: &Claim,
        source: &dyn FileSource,
        home: &Home,
        now: Timestamp,
    ) -> Result<Cleaned, LedgerError> {
        let Some(mode) = self.policy.mode() else {
            return Ok(Cleaned {
                is_done: true,
                ..Cleaned::default()
            });
        };
        let rows = ledger.rows(self.after.as_ref(), self.page).await?;
        let mut cleaned = Cleaned {
            seen: rows.len(),
            is_done: rows.len() < self.page,
            ..Cleaned::default()
        };
        let last = rows.last().map(|row| row.id.clone());
        let due: Vec<_> = rows
            .into_iter()
            .filter(|row| self.policy.is_due(row, now))
            .collect();
        if !due.is_empty() {
            let rule = ledger.marks().await?.founding.rule;
            let sweep = sweep::Sweep {
                policy: &self.policy,
                mode,
                source,
                home,
                rule,
            };
            let away = sweep.clean(due, &mut cleaned).await;
            if !away.is_empty() {
                ledger.archive(claim, &away, mode, now).await?;
            }
        }
        self.after = last.filter(|_| !cleaned.is_done);
        Ok(cleaned)
    }
}

impl Cleaned {
    fn count_away(&mut self, mode: ArchiveMode) {
        match mode {
            ArchiveMode::Delete => self.deleted += 1,
            ArchiveMode::Move => self.moved += 1,
        }
    }

    fn count_failed(&mut self, failure: SourceError) {
        self.failed += 1;
        self.failure.get_or_insert(failure);
    }
}
