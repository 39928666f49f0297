//! The notification configuration of a bucket, and how to change it without touching what belongs
//! to somebody else.
//!
//! S3 knows no partial change: what is written replaces the whole configuration ("Put bucket
//! notification configuration", Amazon S3 API reference). So a driver reads, merges, writes and
//! reads again; the merge is here. A [`BucketConfiguration`] holds, for every entry that was read,
//! what it was read from (`P`: the SDK's own value, or raw JSON), and hands it back untouched.

mod entry;
mod error;
mod json;

pub use entry::{DestinationKind, Entry, OBJECT_CREATED};
pub use error::BucketError;
pub use json::JsonConfiguration;

use super::overlap;

/// So many entries a bucket may have ("What is Auto Loader file notification mode?": 100 per
/// bucket; S3 counts topics, queues and functions together).
pub const MAX_ENTRIES: usize = 100;

/// An entry, and what it was read from; one that is new was read from nothing.
///
/// ```
/// use floe_notify::aws::bucket::{Entry, Held};
///
/// let held = Held { entry: Entry::event_bridge(), payload: Some("as read") };
/// assert_eq!(held.payload, Some("as read"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<P> {
    /// What the entry says, as far as it matters here.
    pub entry: Entry,
    /// What it was read from; it is written back as it is. `None` for ours, which a driver writes
    /// from [`entry`](Self::entry).
    pub payload: Option<P>,
}

/// The notification configuration of a bucket.
///
/// ```
/// use floe_notify::aws::bucket::{BucketConfiguration, Change, Entry, Held};
///
/// // What a driver read: one entry, with the value that the SDK gave it.
/// let foreign = Entry::queue("audit", "arn:aws:sqs:eu-west-1:1:audit", "audit/");
/// let read = BucketConfiguration::new(vec![Held { entry: foreign, payload: Some("as read") }]);
///
/// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
/// let Change::Write(merged) = read.merge(&ours)? else { unreachable!() };
/// assert_eq!(merged.entries().len(), 2);
/// assert_eq!(merged.entries()[0].payload, Some("as read"));
/// assert!(matches!(merged.merge(&ours)?, Change::Unchanged));
///
/// let Change::Write(removed) = merged.remove(&ours) else { unreachable!() };
/// assert_eq!(removed, read);
/// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketConfiguration<P> {
    entries: Vec<Held<P>>,
}

/// What has to be done to a bucket.
///
/// ```
/// use floe_notify::aws::bucket::Change;
///
/// assert_ne!(Change::Write("everything"), Change::Unchanged);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<C> {
    /// Nothing: it is already as it should be.
    Unchanged,
    /// This configuration has to be written.
    Write(C),
}

impl<P: Clone> BucketConfiguration<P> {
    /// A configuration as it was read, in its order.
    ///
    /// ```
    /// use floe_notify::aws::bucket::BucketConfiguration;
    ///
    /// assert!(BucketConfiguration::<()>::new(Vec::new()).entries().is_empty());
    /// ```
    #[must_use]
    pub fn new(entries: Vec<Held<P>>) -> Self {
        BucketConfiguration { entries }
    }

    /// The entries, in order.
    ///
    /// ```
    /// use floe_notify::aws::bucket::BucketConfiguration;
    ///
    /// assert_eq!(BucketConfiguration::<()>::new(Vec::new()).entries(), []);
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[Held<P>] {
        &self.entries
    }

    /// The entry that already tells a destination of ours, whoever made it: the same kind and ARN,
    /// the same filter, and every event of ours among its events.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{BucketConfiguration, Entry, Held};
    ///
    /// let entry = Entry::topic("by the original", "arn:aws:sns:eu-west-1:1:orders", "orders/");
    /// let read = BucketConfiguration::new(vec![Held { entry, payload: Some(()) }]);
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
    /// assert!(read.serving(&ours).is_some());
    /// ```
    #[must_use]
    pub fn serving(&self, ours: &Entry) -> Option<&Entry> {
        self.entries
            .iter()
            .map(|held| &held.entry)
            .find(|entry| entry.serves(ours))
    }

    /// The topic that is already told of everything below a prefix, by exactly that prefix: what a
    /// second stream on one directory subscribes its queue to, because S3 takes no second entry.
    /// Whose topic it is, its name and tags tell; one of somebody else has to allow it.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{BucketConfiguration, Entry, Held};
    ///
    /// let entry = Entry::topic("first", "arn:aws:sns:eu-west-1:1:first", "orders/");
    /// let read = BucketConfiguration::new(vec![Held { entry, payload: Some(()) }]);
    /// assert_eq!(read.topic_for("orders/"), Some("arn:aws:sns:eu-west-1:1:first"));
    /// assert_eq!(read.topic_for("orders/2026/"), None);
    /// ```
    #[must_use]
    pub fn topic_for(&self, key_prefix: &str) -> Option<&str> {
        let mut topics = self.entries.iter().map(|held| &held.entry);
        let found = topics.find(|entry| {
            let wanted = Entry::topic("", &entry.arn, key_prefix);
            entry.serves(&wanted)
        });
        found.map(|entry| entry.arn.as_str())
    }

    /// Adds our entry, or brings it up to date; all others stay as they are and where they are.
    ///
    /// An entry with our id and our destination is ours, whatever its filter was. One that serves
    /// ours under another id makes ours unnecessary.
    ///
    /// # Errors
    ///
    /// [`BucketError`], when S3 would refuse the result, or an entry with our id has another
    /// destination.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{BucketConfiguration, Entry, Held};
    ///
    /// let entry = Entry::queue("audit", "arn:aws:sqs:eu-west-1:1:audit", "");
    /// let read = BucketConfiguration::new(vec![Held { entry, payload: Some(()) }]);
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
    /// assert_eq!(read.merge(&ours).unwrap_err().code(), "FLOE-NOTIFY-0032");
    /// ```
    pub fn merge(&self, ours: &Entry) -> Result<Change<Self>, BucketError> {
        if self.serving(ours).is_some() {
            return Ok(Change::Unchanged);
        }
        let is_same = |held: &Held<P>| ours.id.is_some() && held.entry.id == ours.id;
        let place = self.entries.iter().position(is_same);
        if let Some(old) = place.and_then(|at| self.entries.get(at))
            && !old.entry.has_destination_of(ours)
        {
            return Err(BucketError::ForeignEntry {
                id: ours.name(),
                arn: old.entry.arn.clone(),
            });
        }
        let others = self
            .entries
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != place);
        let findings: Vec<_> = others
            .filter_map(|(_, held)| overlap::between(&held.entry, ours))
            .collect();
        if !findings.is_empty() {
            return Err(BucketError::Overlap {
                entry: ours.name(),
                findings,
            });
        }
        let mut entries = self.entries.clone();
        let held = Held {
            entry: ours.clone(),
            payload: None,
        };
        let is_counted = |held: &&Held<P>| held.entry.kind != DestinationKind::EventBridge;
        let full = entries.iter().filter(is_counted).count() >= MAX_ENTRIES;
        match place.and_then(|at| entries.get_mut(at)) {
            Some(old) => *old = held,
            None if full => return Err(BucketError::TooMany),
            None => entries.push(held),
        }
        Ok(Change::Write(BucketConfiguration { entries }))
    }

    /// Takes out every entry with our destination; all others stay as they are.
    ///
    /// The id and the filter do not matter: a destination that is going to be deleted must not be
    /// left in the configuration, because S3 checks every destination at every write and would
    /// refuse all later changes, also those of others.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{BucketConfiguration, Change, Entry};
    ///
    /// let read = BucketConfiguration::<()>::new(Vec::new());
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
    /// assert_eq!(read.remove(&ours), Change::Unchanged);
    /// ```
    #[must_use]
    pub fn remove(&self, ours: &Entry) -> Change<Self> {
        let mut entries = self.entries.clone();
        entries.retain(|held| !held.entry.has_destination_of(ours));
        if entries.len() == self.entries.len() {
            return Change::Unchanged;
        }
        Change::Write(BucketConfiguration { entries })
    }
}
