//! The options of a stream: read from what users write, checked, and typed.
//!
//! [`keys`] is the one table of all options; the reader, the typed access, the checks of modes and
//! clouds and the page `docs/notification-options.md` are made from it. Names, types and defaults
//! are those of "Auto Loader options" in the documentation of Databricks.

mod bounds;
mod check;
mod key;
pub mod keys;
mod page;
mod parse;
mod restart;
mod rewrites;
mod time;
mod values;

use std::collections::BTreeMap;
use std::fmt;

pub use bounds::BatchBounds;
pub use check::Start;
pub use key::{Change, Group, Info, Key, Kind, OptionType, Setting};
pub use page::page;
pub use restart::Kept;
pub use rewrites::PathRewrites;
pub use time::{Interval, Moment};
pub use values::{ByteSize, CleanSource, FileFormat, IncrementalListing, PartitionColumns};

use crate::finding::Finding;
use crate::location::{Location, LocationError};
use crate::secret::HIDDEN;
use values::Value;

/// So many options are read; a stream has some dozens.
pub const MAX_OPTIONS: usize = 1000;
/// The longest value that is read; private keys and rewrites have a few kilobytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The options of a stream or of a resource manager.
///
/// ```
/// use floe_notify::Options;
/// use floe_notify::options::{ByteSize, keys};
///
/// let (options, findings) = Options::parse([
///     ("cloudFiles.format", "json"),
///     ("cloudFiles.useNotifications", "true"),
///     ("cloudFiles.maxBytesPerTrigger", "10g"),
///     ("multiLine", "true"),
/// ]);
/// assert!(findings.is_empty());
/// assert!(options.get(keys::USE_NOTIFICATIONS));
/// assert_eq!(options.get(keys::MAX_FILES_PER_TRIGGER), 1000);
/// assert_eq!(options.find(keys::MAX_BYTES_PER_TRIGGER), Some(ByteSize::new(10 << 30)));
/// assert_eq!(options.reader_options().get("multiLine").map(String::as_str), Some("true"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Options {
    values: BTreeMap<&'static str, Value>,
    tags: BTreeMap<String, String>,
    /// Whatever has no prefix of ours: options of the reader of files.
    others: BTreeMap<String, String>,
}

impl Options {
    /// Reads options as users write them, and tells everything that is wrong with them at once.
    ///
    /// Names are compared without regard to case. A name without prefix that is none of ours is an
    /// option of the reader of files and kept for it. Values that cannot be read are left out, so
    /// that the result is complete exactly when no finding is an error. With
    /// `cloudFiles.validateOptions=false`, unknown and inconsistent options are warnings.
    ///
    /// What can only be judged when a stream starts is told by [`check_start`](Self::check_start).
    ///
    /// ```
    /// use floe_notify::Options;
    ///
    /// let (_, findings) = Options::parse([
    ///     ("cloudFiles.maxFilesPerTrigger", "0"),
    ///     ("cloudFiles.awsAccessKey", "AKIAEXAMPLE"),
    /// ]);
    /// let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    /// assert_eq!(codes, ["FLOE-NOTIFY-0045", "FLOE-NOTIFY-0046", "FLOE-NOTIFY-0044"]);
    /// ```
    #[must_use]
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> (Self, Vec<Finding>) {
        let (options, mut findings) = parse::pairs(pairs);
        findings.extend(options.check());
        (options, findings)
    }

    /// The value of an option that has a default.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// assert!(Options::default().get(keys::INCLUDE_EXISTING_FILES));
    /// ```
    #[must_use]
    pub fn get<T: OptionType + Copy>(&self, setting: Setting<T>) -> T {
        self.find(setting.key()).unwrap_or(setting.default_value())
    }

    /// The value of an option, when it is given.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// assert_eq!(Options::default().find(keys::QUEUE_URL), None);
    /// ```
    #[must_use]
    pub fn find<T: OptionType>(&self, key: impl Into<Key<T>>) -> Option<T> {
        T::of_value(self.values.get(key.into().info().name)?)
    }

    /// Gives an option a value. Run [`check`](Self::check) when all are given.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// let mut options = Options::default();
    /// options.set(keys::MAX_FILES_PER_TRIGGER, 500);
    /// assert_eq!(options.get(keys::MAX_FILES_PER_TRIGGER), 500);
    /// ```
    pub fn set<T: OptionType>(&mut self, key: impl Into<Key<T>>, value: T) -> &mut Self {
        self.values
            .insert(key.into().info().name, value.into_value());
        self
    }

    /// Gives the created resources a tag (`cloudFiles.resourceTag.<key>`).
    ///
    /// ```
    /// let mut options = floe_notify::Options::default();
    /// options.set_tag("team", "sales");
    /// assert_eq!(options.tags().get("team").map(String::as_str), Some("sales"));
    /// ```
    pub fn set_tag(&mut self, key: &str, value: &str) -> &mut Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The tags for the created resources, without those that the system sets.
    ///
    /// ```
    /// let (options, _) = floe_notify::Options::parse([("cloudFiles.resourceTag.Team", "sales")]);
    /// assert_eq!(options.tags().get("Team").map(String::as_str), Some("sales"));
    /// ```
    #[must_use]
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// The options of the reader of files, as they were given.
    ///
    /// ```
    /// let (options, _) = floe_notify::Options::parse([("header", "true")]);
    /// assert!(options.reader_options().contains_key("header"));
    /// ```
    #[must_use]
    pub fn reader_options(&self) -> &BTreeMap<String, String> {
        &self.others
    }

    /// The directory that is watched, when the option `path` gives it.
    ///
    /// # Errors
    ///
    /// [`LocationError`], which [`check`](Self::check) tells, too.
    ///
    /// ```
    /// let (options, _) = floe_notify::Options::parse([("path", "s3://acme/orders")]);
    /// assert_eq!(options.location()?.map(|path| path.key_prefix()).as_deref(), Some("orders/"));
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    pub fn location(&self) -> Result<Option<Location>, LocationError> {
        self.find(keys::PATH)
            .map(|path| Location::parse(&path))
            .transpose()
    }

    /// The name or URL of a queue that is there already (`cloudFiles.queueUrl`,
    /// `cloudFiles.queueName`, `cloudFiles.subscription`); with it nothing is ever set up.
    ///
    /// ```
    /// let (options, _) = floe_notify::Options::parse([
    ///     ("cloudFiles.useNotifications", "true"),
    ///     ("cloudFiles.queueName", "databricks-orders"),
    /// ]);
    /// assert_eq!(options.own_queue().as_deref(), Some("databricks-orders"));
    /// ```
    #[must_use]
    pub fn own_queue(&self) -> Option<String> {
        [keys::QUEUE_URL, keys::QUEUE_NAME, keys::SUBSCRIPTION]
            .into_iter()
            .find_map(|key| self.find(key))
    }

    /// Whether an option is given, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The options that are given, as pairs of name and text in the order of their names. Secrets
    /// and the options of the reader, which may hold some, are left out.
    ///
    /// ```
    /// let (options, _) = floe_notify::Options::parse([
    ///     ("cloudFiles.useNotifications", "true"),
    ///     ("cloudFiles.connectionString", "AccountKey=c2VjcmV0"),
    ///     ("cloudFiles.backfillInterval", "interval 24 hours"),
    /// ]);
    /// let pairs = options.to_pairs();
    /// assert_eq!(pairs["cloudFiles.backfillInterval"], "1 day");
    /// assert!(!pairs.contains_key("cloudFiles.connectionString"));
    /// ```
    #[must_use]
    pub fn to_pairs(&self) -> BTreeMap<String, String> {
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| (format!("{}{key}", keys::TAG_START), value.clone()));
        let open = keys::ALL.iter().filter(|info| !info.secret);
        let given = open.filter_map(|info| Some((info.name, self.values.get(info.name)?)));
        given
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .chain(tags)
            .collect()
    }
}

/// Names with their values; secrets and the options of the reader, which may hold some, are `***`.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in &self.values {
            map.entry(name, &format_args!("{value}"));
        }
        for (key, value) in &self.tags {
            map.entry(
                &format_args!("{}{key}", keys::TAG_START),
                &format_args!("{value}"),
            );
        }
        for name in self.others.keys() {
            map.entry(&format_args!("{name}"), &format_args!("{HIDDEN}"));
        }
        map.finish()
    }
}
