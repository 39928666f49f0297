//! What the table says about an option, and how its type is known to the compiler.

use std::fmt;
use std::marker::PhantomData;

use super::values::Value;
use crate::location::Cloud;

/// What the table says about an option.
///
/// ```
/// use floe_notify::options::{Kind, keys};
///
/// let info = keys::ALL.iter().find(|info| info.name == "cloudFiles.maxFilesPerTrigger").unwrap();
/// assert_eq!((info.kind, info.default), (Kind::Whole, "1000"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// The whole name, with its prefix.
    pub name: &'static str,
    /// Other names that mean the same.
    pub alias: Option<&'static str>,
    /// What its values look like.
    pub kind: Kind,
    /// What holds when it is not given: as it would be written, or in words; empty for nothing.
    pub default: &'static str,
    /// Which part of the system it is about.
    pub group: Group,
    /// When another value takes effect.
    pub change: Change,
    /// Whether its value is never printed.
    pub secret: bool,
    /// What it does.
    pub about: &'static str,
}

impl Info {
    /// Whether the default is a value, and not nothing or words.
    ///
    /// ```
    /// use floe_notify::options::keys;
    ///
    /// assert!(keys::FETCH_PARALLELISM.key().info().has_default());
    /// assert!(!keys::REGION.info().has_default());
    /// ```
    #[must_use]
    pub fn has_default(&self) -> bool {
        !self.default.is_empty() && !self.default.starts_with("the ")
    }
}

/// What the values of an option look like.
///
/// ```
/// assert_eq!(floe_notify::options::Kind::Clean.to_string(), "`OFF`, `DELETE`, `MOVE`");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Whole,
    /// A size, such as `10g`.
    Bytes,
    /// A span of time, such as `1 day`.
    Interval,
    /// A point in time.
    Moment,
    /// Any text.
    Text,
    /// Any text that is never printed.
    Secret,
    /// A format of files.
    Format,
    /// What becomes of files that were processed.
    Clean,
    /// Whether a directory is listed from where the last listing ended.
    Incremental,
    /// Rewrites of paths, as JSON.
    Rewrites,
    /// Names with commas between.
    Columns,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Boolean => "`true`, `false`",
            Kind::Whole => "whole number",
            Kind::Bytes => "size: `10g`, `512m`",
            Kind::Interval => "interval: `1 day`",
            Kind::Moment => "time: `2026-01-31 00:00:00.000000 UTC+0`",
            Kind::Text => "text",
            Kind::Secret => "text, never printed",
            Kind::Format => "`avro`, `binaryFile`, `csv`, `json`, `orc`, `parquet`, `text`, `xml`",
            Kind::Clean => "`OFF`, `DELETE`, `MOVE`",
            Kind::Incremental => "`auto`, `true`, `false`",
            Kind::Rewrites => "JSON object of texts",
            Kind::Columns => "names with commas between",
        })
    }
}

/// Which part of the system an option is about.
///
/// ```
/// use floe_notify::Cloud;
/// use floe_notify::options::Group;
///
/// assert_eq!(Group::Own(Cloud::Aws).cloud(), Some(Cloud::Aws));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Every stream.
    Common,
    /// Streams that list a directory.
    Listing,
    /// Streams that are notified, on every cloud.
    Notification,
    /// What is made when a stream sets its notifications up itself.
    Setup(Cloud),
    /// A queue that is there already.
    Own(Cloud),
    /// How to be let in to a cloud.
    Login(Cloud),
}

impl Group {
    /// The cloud that the option is about; `None` for all.
    ///
    /// ```
    /// assert_eq!(floe_notify::options::Group::Common.cloud(), None);
    /// ```
    #[must_use]
    pub fn cloud(self) -> Option<Cloud> {
        match self {
            Group::Common | Group::Listing | Group::Notification => None,
            Group::Setup(cloud) | Group::Own(cloud) | Group::Login(cloud) => Some(cloud),
        }
    }
}

/// When another value of an option takes effect.
///
/// ```
/// use floe_notify::options::{Change, keys};
///
/// assert_eq!(keys::INCLUDE_EXISTING_FILES.key().info().change, Change::FirstStart);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// At the next start of the stream.
    NextStart,
    /// Never: what holds at the first start holds for the life of the stream.
    FirstStart,
    /// Never, and the stream does not start with another one.
    Fixed,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::NextStart => "at the next start",
            Change::FirstStart => "no effect after the first start",
            Change::Fixed => "refused after the first start",
        })
    }
}

/// An option by its name and the type of its values.
///
/// ```
/// use floe_notify::Options;
/// use floe_notify::options::{Key, keys};
///
/// let key: Key<String> = keys::REGION;
/// let mut options = Options::default();
/// options.set(key, "eu-west-1".to_owned());
/// assert_eq!(options.find(key).as_deref(), Some("eu-west-1"));
/// ```
pub struct Key<T> {
    info: Info,
    of: PhantomData<fn() -> T>,
}

// Derives would ask for a `T` that is `Copy`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.info.name).finish()
    }
}

impl<T> Key<T> {
    /// What the table says about the option.
    ///
    /// ```
    /// use floe_notify::options::keys;
    ///
    /// assert_eq!(keys::QUEUE_URL.info().name, "cloudFiles.queueUrl");
    /// ```
    #[must_use]
    pub const fn info(&self) -> &Info {
        &self.info
    }
}

impl<T: OptionType> Key<T> {
    pub(super) const fn new(name: &'static str, about: &'static str, group: Group) -> Self {
        let info = Info {
            name,
            alias: None,
            kind: T::KIND,
            default: "",
            group,
            change: Change::NextStart,
            secret: matches!(T::KIND, Kind::Secret),
            about,
        };
        Key {
            info,
            of: PhantomData,
        }
    }

    pub(super) const fn default_words(mut self, words: &'static str) -> Self {
        self.info.default = words;
        self
    }

    pub(super) const fn alias(mut self, name: &'static str) -> Self {
        self.info.alias = Some(name);
        self
    }

    pub(super) const fn change(mut self, change: Change) -> Self {
        self.info.change = change;
        self
    }

    pub(super) const fn or(mut self, written: &'static str, default: T) -> Setting<T>
    where
        T: Copy,
    {
        self.info.default = written;
        Setting { key: self, default }
    }
}

/// An option that has a default.
///
/// ```
/// use floe_notify::Options;
/// use floe_notify::options::{Setting, keys};
///
/// let setting: Setting<bool> = keys::USE_NOTIFICATIONS;
/// assert!(!Options::default().get(setting));
/// ```
pub struct Setting<T> {
    key: Key<T>,
    default: T,
}

impl<T: Copy> Clone for Setting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy> Copy for Setting<T> {}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Setting").field(&self.key.info.name).finish()
    }
}

impl<T: Copy> Setting<T> {
    /// The option without its default.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// assert_eq!(Options::default().find(keys::MAX_FILES_PER_TRIGGER.key()), None);
    /// ```
    #[must_use]
    pub const fn key(&self) -> Key<T> {
        self.key
    }

    /// The default.
    ///
    /// ```
    /// assert_eq!(floe_notify::options::keys::MAX_FILES_PER_TRIGGER.default_value(), 1000);
    /// ```
    #[must_use]
    pub const fn default_value(&self) -> T {
        self.default
    }

    pub(super) const fn info(&self) -> &Info {
        &self.key.info
    }
}

impl<T: Copy> From<Setting<T>> for Key<T> {
    fn from(setting: Setting<T>) -> Self {
        setting.key
    }
}

/// A type that values of options have; there are no others than those of this crate.
///
/// ```
/// use floe_notify::options::{ByteSize, Kind, OptionType};
///
/// assert_eq!(ByteSize::KIND, Kind::Bytes);
/// ```
pub trait OptionType: Sized + sealed::Sealed {
    /// What the values look like.
    const KIND: Kind;

    #[doc(hidden)]
    fn of_value(value: &Value) -> Option<Self>;

    #[doc(hidden)]
    fn into_value(self) -> Value;
}

pub(super) mod sealed {
    /// Keeps [`super::OptionType`] to this crate.
    pub trait Sealed {}
}
