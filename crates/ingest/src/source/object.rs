//! Files as a store tells of them.

use floe_notify::clock::Timestamp;

use crate::EntityTags;

/// What a store tells of one file.
///
/// ```
/// use floe_ingest::{Object, VersionRule};
/// use floe_notify::clock::Timestamp;
/// let mut object = Object::new(b"in/a.csv", 7, Timestamp::from_millis(1_000));
/// object.etag = Some("\"0f3e\"".to_owned());
/// assert_eq!(VersionRule::EntityTag.token(&object.tags()).as_deref(), Some("0f3e"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// The key.
    pub key: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// When it was last written; of a local file the later of the times of modification and of
    /// status change, so that a copy that kept its old time is not old.
    pub modified: Timestamp,
    /// The entity tag, as the store spells it.
    pub etag: Option<String>,
    /// The version, as the store spells it.
    pub version: Option<String>,
    /// Inode, milliseconds of the last modification since the Unix epoch, bytes: of local files.
    pub stat: Option<(u64, u64, u64)>,
}

impl Object {
    /// An object of which only the least is known.
    ///
    /// ```
    /// use floe_ingest::Object;
    /// use floe_notify::clock::Timestamp;
    /// assert_eq!(Object::new(b"k", 0, Timestamp::default()).etag, None);
    /// ```
    #[must_use]
    pub fn new(key: impl Into<Vec<u8>>, size: u64, modified: Timestamp) -> Self {
        Self {
            key: key.into(),
            size,
            modified,
            etag: None,
            version: None,
            stat: None,
        }
    }

    /// Returns what tells its content from another one of the same key.
    ///
    /// ```
    /// use floe_ingest::{EntityTags, Object};
    /// use floe_notify::clock::Timestamp;
    /// let object = Object::new(b"k", 0, Timestamp::default());
    /// assert_eq!(object.tags(), EntityTags::default());
    /// ```
    #[must_use]
    pub fn tags(&self) -> EntityTags<'_> {
        EntityTags {
            etag: self.etag.as_deref(),
            version: self.version.as_deref(),
            stat: self.stat,
            ..EntityTags::default()
        }
    }
}

/// A page of a listing.
///
/// ```
/// assert!(!floe_ingest::ListedObjects::default().is_last);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedObjects {
    /// Files, in the order of the bytes of their keys.
    pub objects: Vec<Object>,
    /// Nothing comes after them.
    pub is_last: bool,
}
