//! File events: what the notifications of three clouds say, as one type.

mod decode;
pub(crate) use decode::base64;
mod error;
mod json;
mod key;
mod time;
mod version;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

pub use decode::{Decoded, MAX_BODY_BYTES, MAX_ENVELOPES, MAX_RECORDS, decode, decode_message};
pub use error::{EventError, EventFinding, EventSeverity, Place};
pub use key::{MAX_KEY_BYTES, ObjectKey};
pub use time::EventTime;
pub use version::{Sequencer, Version};

/// One thing that happened to an object or a directory.
///
/// Texts are borrowed from the message where they stand in it as they are, so that a record
/// without escapes is told without an allocation; [`FileEvent::into_owned`] cuts it loose.
///
/// ```
/// use floe_notify::{EventCloud, EventKind, decode};
///
/// let body = br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",
///     "eventTime":"2026-03-01T10:15:30.123Z","eventName":"ObjectCreated:Put",
///     "s3":{"bucket":{"name":"acme-landing"},"object":{"key":"orders/a.json","size":10,
///     "eTag":"c8e3a3027a133355210f85cfbb1acc35","sequencer":"0055AED6DCD90281E6"}}}]}"#;
/// let decoded = decode(None, body);
/// let event = &decoded.events[0];
/// assert_eq!((event.cloud, event.kind), (EventCloud::Aws, EventKind::Created));
/// assert_eq!(event.bucket.as_deref(), Some("acme-landing"));
/// assert_eq!(event.key.as_ref().unwrap().as_bytes(), b"orders/a.json");
/// assert_eq!(event.size, Some(10));
/// assert_eq!(event.time.unwrap().to_string(), "2026-03-01T10:15:30.123Z");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileEvent<'a> {
    /// The cloud that it comes from.
    pub cloud: EventCloud,
    /// The form of the message.
    pub dialect: Dialect,
    /// What happened.
    pub kind: EventKind,
    /// What happened in the cloud's own words, such as `ObjectCreated:Put`,
    /// `Microsoft.Storage.BlobCreated`, `OBJECT_FINALIZE` or `landed`.
    pub name: Cow<'a, str>,
    /// The operation that caused it, where the event tells it apart from the name: `data.api` of
    /// Azure, `detail.reason` of EventBridge, how a local file came or why to list.
    pub operation: Option<Cow<'a, str>>,
    /// The storage account; Azure only.
    pub account: Option<Cow<'a, str>>,
    /// The bucket, container or file system; empty for files of this machine, whose key is the
    /// absolute path. Always there for files; missing where the event is about none.
    pub bucket: Option<Cow<'a, str>>,
    /// The name of the object or directory. Always there when the kind is about one
    /// ([`EventKind::has_key`]).
    pub key: Option<ObjectKey<'a>>,
    /// What a renamed file or directory was called before.
    pub renamed_from: Option<Source<'a>>,
    /// Length of the object in bytes, where the event tells it; renames of clouds and removals do
    /// not.
    pub size: Option<u64>,
    /// Which content it is.
    pub version: Version<'a>,
    /// Its place among the events of the same name.
    pub sequencer: Option<Sequencer<'a>>,
    /// The other generation of an overwrite; Cloud Storage only.
    pub overwrite: Option<Overwrite>,
    /// When it happened by the cloud's clock; not the time of modification of the object.
    pub time: Option<EventTime>,
}

/// A cloud, with the stores that speak its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventCloud {
    /// S3, and stores that send its records, such as MinIO and Ceph.
    Aws,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
    /// Google Cloud Storage.
    Gcp,
    /// A directory of this machine, as the watcher of Floe tells of it.
    Local,
}

impl EventCloud {
    /// All clouds.
    pub const ALL: [Self; 4] = [Self::Aws, Self::Azure, Self::Gcp, Self::Local];

    /// The name in small letters.
    ///
    /// ```
    /// assert_eq!(floe_notify::EventCloud::Gcp.as_str(), "gcp");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for EventCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The form of a message, without its envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// A record of S3 itself.
    S3,
    /// A record of S3's form from another store.
    S3Compatible,
    /// The test event of S3.
    S3Test,
    /// What SNS tells about a subscription.
    Sns,
    /// An event of EventBridge.
    EventBridge,
    /// The Event Grid schema.
    EventGrid,
    /// CloudEvents 1.0 from Event Grid.
    CloudEvents,
    /// A Pub/Sub message with the attributes of Cloud Storage.
    PubSub,
    /// The description of an object of Cloud Storage, in the envelope of Eventarc or Cloud
    /// Functions, or in none.
    GcsObject,
    /// An event of a directory of this machine.
    Local,
}

impl Dialect {
    /// The name in small letters.
    ///
    /// ```
    /// assert_eq!(floe_notify::Dialect::EventGrid.as_str(), "event-grid");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::S3Compatible => "s3-compatible",
            Self::S3Test => "s3-test",
            Self::Sns => "sns",
            Self::EventBridge => "event-bridge",
            Self::EventGrid => "event-grid",
            Self::CloudEvents => "cloud-events",
            Self::PubSub => "pub-sub",
            Self::GcsObject => "gcs-object",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// An object is there, complete, with new content.
    Created,
    /// A file is there under a new name; its size must be asked for where the event does not tell
    /// it.
    Renamed,
    /// A directory is there under a new name; its files must be listed.
    DirectoryRenamed,
    /// Events about a directory may have been lost; its files must be listed.
    RescanNeeded,
    /// An object, one of its versions, or a directory is gone.
    Removed,
    /// The cloud tries the way to the queue; nothing happened.
    Test,
    /// Anything else: metadata, tiers, restores, a directory made, a file begun and not finished.
    Other,
}

impl EventKind {
    /// Whether files may be there that were not before: created, renamed, or not told of.
    ///
    /// ```
    /// use floe_notify::EventKind;
    ///
    /// assert!(EventKind::DirectoryRenamed.brings_files());
    /// assert!(!EventKind::Removed.brings_files());
    /// ```
    #[must_use]
    pub const fn brings_files(self) -> bool {
        matches!(
            self,
            Self::Created | Self::Renamed | Self::DirectoryRenamed | Self::RescanNeeded
        )
    }

    /// Whether events of this kind always name bucket and key.
    ///
    /// ```
    /// use floe_notify::EventKind;
    ///
    /// assert!(EventKind::Removed.has_key());
    /// assert!(!EventKind::Test.has_key());
    /// ```
    #[must_use]
    pub const fn has_key(self) -> bool {
        self.brings_files() || matches!(self, Self::Removed)
    }

    /// The name in small letters.
    ///
    /// ```
    /// assert_eq!(floe_notify::EventKind::DirectoryRenamed.as_str(), "directory-renamed");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::DirectoryRenamed => "directory-renamed",
            Self::RescanNeeded => "rescan-needed",
            Self::Removed => "removed",
            Self::Test => "test",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a renamed file or directory was before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source<'a> {
    /// The container.
    pub bucket: Cow<'a, str>,
    /// The name in it.
    pub key: ObjectKey<'a>,
}

/// An overwrite of Cloud Storage is two events: one for the new content, one for the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overwrite {
    /// This event is about the new content, which took the place of this generation.
    Overwrote(u64),
    /// This event is about the old content, whose place this generation took.
    OverwrittenBy(u64),
}

impl<'a> FileEvent<'a> {
    /// An event that names nothing yet.
    fn new(cloud: EventCloud, dialect: Dialect, kind: EventKind, name: Cow<'a, str>) -> Self {
        let version = match cloud {
            EventCloud::Aws => Version::S3 {
                version_id: None,
                etag: None,
            },
            EventCloud::Azure => Version::Azure { etag: None },
            EventCloud::Gcp => Version::Gcs {
                generation: None,
                metageneration: None,
            },
            EventCloud::Local => Version::Local {
                inode: None,
                modified: None,
                size: None,
            },
        };
        Self {
            cloud,
            dialect,
            kind,
            name,
            operation: None,
            account: None,
            bucket: None,
            key: None,
            renamed_from: None,
            size: None,
            version,
            sequencer: None,
            overwrite: None,
            time: None,
        }
    }

    /// Which of two events of one object came later: `Greater` when this one did. `None` when
    /// they are about different objects, or the cloud does not say.
    ///
    /// ```
    /// use floe_notify::decode;
    /// use std::cmp::Ordering;
    ///
    /// let body = |sequencer| format!(
    ///     r#"{{"Records":[{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},
    ///     "object":{{"key":"k","sequencer":"{sequencer}"}}}}}}]}}"#
    /// );
    /// let (early, late) = (body("0055AED6DCD90281E5"), body("0055AED6DCD90281E6"));
    /// let (early, late) = (decode(None, early.as_bytes()), decode(None, late.as_bytes()));
    /// assert_eq!(late.events[0].order(&early.events[0]), Some(Ordering::Greater));
    /// ```
    #[must_use]
    pub fn order(&self, other: &FileEvent<'_>) -> Option<Ordering> {
        let same = self.cloud == other.cloud
            && self.account == other.account
            && self.bucket == other.bucket
            && self.key == other.key;
        let (this, that) = (self.sequencer.as_ref()?, other.sequencer.as_ref()?);
        if same { this.compare(that) } else { None }
    }

    /// The event as one line of JSON, without the line's end.
    ///
    /// What is not known is left out. A key that is no UTF-8 is written with `%` and every byte
    /// that belongs to no character as percent sequences, and `"keyEncoding":"percent"` beside
    /// it; any other key stands as it is.
    ///
    /// ```
    /// let body = br#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#;
    /// assert_eq!(
    ///     floe_notify::decode(None, body).events[0].to_json(),
    ///     r#"{"cloud":"aws","dialect":"s3-test","kind":"test","name":"s3:TestEvent"}"#,
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        json::line(self)
    }

    /// The same event, independent of the message.
    ///
    /// ```
    /// use floe_notify::{FileEvent, decode};
    ///
    /// let body = br#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#.to_vec();
    /// let event: FileEvent<'static> = decode(None, &body).events.remove(0).into_owned();
    /// drop(body);
    /// assert_eq!(event.bucket.as_deref(), Some("b"));
    /// ```
    #[must_use]
    pub fn into_owned(self) -> FileEvent<'static> {
        FileEvent {
            cloud: self.cloud,
            dialect: self.dialect,
            kind: self.kind,
            name: own(self.name),
            operation: self.operation.map(own),
            account: self.account.map(own),
            bucket: self.bucket.map(own),
            key: self.key.map(ObjectKey::into_owned),
            renamed_from: self.renamed_from.map(|from| Source {
                bucket: own(from.bucket),
                key: from.key.into_owned(),
            }),
            size: self.size,
            version: self.version.into_owned(),
            sequencer: self.sequencer.map(Sequencer::into_owned),
            overwrite: self.overwrite,
            time: self.time,
        }
    }
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
