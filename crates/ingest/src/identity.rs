//! Which sightings are of the same file: one spelling for what events and listings write in
//! theirs.

mod error;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;

use floe_notify::{Cloud, EventCloud, FileEvent, Location, Store};

pub use error::IdentityError;
pub use token::{EntityTags, VersionRule};

/// Most bytes of a version token. S3's version ids have at most 1,024 bytes ("Working with
/// version IDs"); all others are far shorter.
pub const MAX_TOKEN_BYTES: usize = 1024;

/// Most bytes of an identity: the longest key with every byte escaped, the longest names of
/// container and account in front, a token behind.
pub const MAX_ID_BYTES: usize = 2 * floe_notify::MAX_KEY_BYTES + 512 + 2 + MAX_TOKEN_BYTES;

/// What stands for a zero byte of a path.
const ESCAPED_ZERO: [u8; 2] = [0x00, 0xFF];

/// What stands between the path and the token; less than any escaped byte, so that the order of
/// identities is that of paths first.
const BEFORE_TOKEN: [u8; 2] = [0x00, 0x01];

/// What a ledger knows a file by: its path and, when overwrites count, which content it has.
///
/// Two sightings are of the same file exactly when their identities are the same bytes. The order
/// of identities is that of the bytes of their paths, which is the order in which stores list
/// keys; of one path the one without a token comes first.
///
/// A path in the stream's own container is `/` and the key. Any other is a URI such as
/// `s3://bucket/key`, with the key as it is.
///
/// ```
/// use floe_ingest::FileId;
///
/// let (a, b) = (FileId::new(b"/in/a", None)?, FileId::new(b"/in/a", Some("7"))?);
/// assert!(a < b && b < FileId::new(b"/in/a.csv", None)?);
/// assert_eq!((b.path().as_slice(), b.token()), (b"/in/a".as_slice(), Some("7")));
/// assert_eq!(FileId::from_bytes(b.as_bytes())?, b);
/// # Ok::<(), floe_ingest::IdentityError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(Box<[u8]>);

impl FileId {
    /// Makes an identity of a path, as [`Home`] writes it, and a normalised token.
    ///
    /// # Errors
    /// [`IdentityError::Empty`] without a path, [`IdentityError::TooLong`] beyond
    /// [`MAX_ID_BYTES`] or [`MAX_TOKEN_BYTES`].
    ///
    /// ```
    /// assert!(floe_ingest::FileId::new(b"", None).is_err());
    /// ```
    pub fn new(path: &[u8], token: Option<&str>) -> Result<Self, IdentityError> {
        if path.is_empty() {
            return Err(IdentityError::Empty);
        }
        let mut bytes = Vec::with_capacity(path.len() + token.map_or(0, |token| token.len() + 2));
        for byte in path {
            if *byte == 0 {
                bytes.extend(ESCAPED_ZERO);
            } else {
                bytes.push(*byte);
            }
        }
        if let Some(token) = token {
            bytes.extend(BEFORE_TOKEN);
            bytes.extend(token.as_bytes());
        }
        let token_bytes = token.map_or(0, str::len);
        if bytes.len() > MAX_ID_BYTES || token_bytes > MAX_TOKEN_BYTES {
            return Err(IdentityError::TooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes.into_boxed_slice()))
    }

    /// Makes the identity of the file that an event tells of.
    ///
    /// # Errors
    /// [`IdentityError::NoKey`] for an event about no file, [`IdentityError::NoToken`] when the
    /// event does not tell what `rule` needs, so that the store has to be asked; otherwise as
    /// [`FileId::new`].
    ///
    /// ```
    /// use floe_ingest::{FileId, Home, VersionRule};
    /// use floe_notify::{Location, decode};
    /// let body = br#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}"#;
    /// let home = Home::new(&Location::parse("s3://acme")?);
    /// let decoded = decode(None, body);
    /// assert!(FileId::of_event(&home, VersionRule::KeyAlone, &decoded.events[0]).is_err());
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    pub fn of_event(
        home: &Home,
        rule: VersionRule,
        event: &FileEvent<'_>,
    ) -> Result<Self, IdentityError> {
        let path = home.path_of_event(event).ok_or(IdentityError::NoKey)?;
        Self::with_rule(&path, rule, &EntityTags::of_event(&event.version))
    }

    /// Makes the identity of an object that a listing of the stream's own container shows, or
    /// that the store was asked about.
    ///
    /// # Errors
    /// As [`FileId::of_event`].
    ///
    /// ```
    /// use floe_ingest::{EntityTags, FileId, Home, IdentityError, VersionRule};
    /// use floe_notify::Location;
    /// let home = Home::new(&Location::parse("gs://acme/in")?);
    /// let tags = EntityTags { etag: Some("\"x\""), ..EntityTags::default() };
    /// let answer = FileId::of_listing(&home, VersionRule::Generation, b"in/a", &tags);
    /// assert_eq!(answer, Err(IdentityError::NoToken));
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    pub fn of_listing(
        home: &Home,
        rule: VersionRule,
        key: &[u8],
        tags: &EntityTags<'_>,
    ) -> Result<Self, IdentityError> {
        Self::with_rule(&home.path(key), rule, tags)
    }

    fn with_rule(
        path: &[u8],
        rule: VersionRule,
        tags: &EntityTags<'_>,
    ) -> Result<Self, IdentityError> {
        match rule {
            VersionRule::KeyAlone => Self::new(path, None),
            _ => {
                let token = rule.token(tags).ok_or(IdentityError::NoToken)?;
                Self::new(path, Some(&token))
            }
        }
    }

    /// Takes back what [`FileId::as_bytes`] gave; ledgers call this.
    ///
    /// # Errors
    /// [`IdentityError::Damaged`] for bytes that no identity has.
    ///
    /// ```
    /// assert!(floe_ingest::FileId::from_bytes(b"/a\x00b").is_err());
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdentityError> {
        let parts = Parts::of(bytes).filter(|parts| !parts.path.is_empty());
        match parts {
            Some(_) if bytes.len() <= MAX_ID_BYTES => Ok(Self(bytes.into())),
            _ => Err(IdentityError::Damaged),
        }
    }

    /// Returns the bytes that identify the file; they sort as identities do.
    ///
    /// ```
    /// assert_eq!(floe_ingest::FileId::new(b"/a", Some("7"))?.as_bytes(), b"/a\x00\x017");
    /// # Ok::<(), floe_ingest::IdentityError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path without escapes.
    ///
    /// ```
    /// assert_eq!(floe_ingest::FileId::new(b"/a\0b", None)?.path(), b"/a\0b");
    /// # Ok::<(), floe_ingest::IdentityError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> Vec<u8> {
        let path = Parts::of(&self.0).map_or(&*self.0, |parts| parts.path);
        let mut bytes = Vec::with_capacity(path.len());
        let mut rest = path;
        while let Some((byte, after)) = rest.split_first() {
            bytes.push(*byte);
            // Behind a zero byte stands the second half of its escape.
            rest = if *byte == 0 {
                after.get(1..).unwrap_or_default()
            } else {
                after
            };
        }
        bytes
    }

    /// Returns which content of the path it is; `None` when the path alone counts.
    ///
    /// ```
    /// assert_eq!(floe_ingest::FileId::new(b"/a", Some("0x8D4"))?.token(), Some("0x8D4"));
    /// # Ok::<(), floe_ingest::IdentityError>(())
    /// ```
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        Parts::of(&self.0)?.token
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path().escape_ascii())?;
        match self.token() {
            Some(token) => write!(f, " at {token}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// The two parts of the bytes of an identity; the path is still escaped.
struct Parts<'a> {
    path: &'a [u8],
    token: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// `None` for bytes that were not made by [`FileId::new`].
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == 0) {
            let zero = at + found;
            match bytes.get(zero..zero + 2)? {
                pair if pair == ESCAPED_ZERO => at = zero + 2,
                pair if pair == BEFORE_TOKEN => {
                    let token = std::str::from_utf8(bytes.get(zero + 2..)?).ok()?;
                    let path = bytes.get(..zero)?;
                    let token = Some(token).filter(|token| token.len() <= MAX_TOKEN_BYTES)?;
                    return Some(Self {
                        path,
                        token: Some(token),
                    });
                }
                _ => return None,
            }
        }
        Some(Self {
            path: bytes,
            token: None,
        })
    }
}

/// The container that a stream's path lies in; keys in it are written short.
///
/// It is fixed with the first start: in another container the same key is another file.
///
/// ```
/// use floe_ingest::Home;
/// use floe_notify::Location;
/// let home = Home::new(&Location::parse("s3://acme/orders")?);
/// assert_eq!(home.path(b"orders/a.csv"), b"/orders/a.csv");
/// assert_eq!(Home::anywhere().path(b"orders/a.csv"), b"/orders/a.csv");
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(Option<Store>);

impl Home {
    /// Takes the container of a path.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// use floe_notify::Location;
    /// let blob = Location::parse("wasbs://landing@acme.blob.core.windows.net/in")?;
    /// let lake = Location::parse("abfss://landing@acme.dfs.core.windows.net/in")?;
    /// assert!(Home::new(&blob).is_same(&Home::new(&lake)), "two doors to one container");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn new(location: &Location) -> Self {
        Self(Some(location.store().clone()))
    }

    /// A stream that takes files of any container from the queue that it was given.
    ///
    /// ```
    /// use floe_ingest::{FileId, Home, VersionRule};
    /// use floe_notify::decode;
    /// let body = br#"{"Records": [{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
    ///     "s3": {"bucket": {"name": "b"}, "object": {"key": "k", "size": 7}}}]}"#;
    /// let decoded = decode(None, body);
    /// let id = FileId::of_event(&Home::anywhere(), VersionRule::KeyAlone, &decoded.events[0])?;
    /// assert_eq!(id.path(), b"s3://b/k");
    /// # Ok::<(), floe_ingest::IdentityError>(())
    /// ```
    #[must_use]
    pub const fn anywhere() -> Self {
        Self(None)
    }

    /// Whether keys of both are of the same container.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// assert!(Home::anywhere().is_same(&Home::anywhere()));
    /// ```
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(this), Some(that)) => names(this) == names(that),
            (this, that) => this.is_none() && that.is_none(),
        }
    }

    /// Writes the path of a key in this container. Keys of a local directory are absolute paths
    /// and stay as they are.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// use floe_notify::Location;
    /// let home = Home::new(&Location::parse("/srv/in")?);
    /// assert_eq!(home.path(b"/srv/in/a"), b"/srv/in/a");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn path(&self, key: &[u8]) -> Vec<u8> {
        if self.0 == Some(Store::Local) {
            return key.to_vec();
        }
        [b"/".as_slice(), key].concat()
    }

    /// Takes back the key of a path in this container; `None` for one in another.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// use floe_notify::Location;
    /// let home = Home::new(&Location::parse("s3://acme/orders")?);
    /// assert_eq!(home.key_of(b"/orders/a.csv"), Some(b"orders/a.csv".as_slice()));
    /// assert_eq!(home.key_of(b"s3://other/a.csv"), None);
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn key_of<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        match &self.0 {
            Some(Store::Local) => Some(path).filter(|path| path.starts_with(b"/")),
            Some(_) => path.strip_prefix(b"/"),
            None => None,
        }
    }

    /// Writes the path of the object that an event is about; `None` when it is about none.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// use floe_notify::{Location, decode};
    /// let body = br#"{"Records": [{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
    ///     "s3": {"bucket": {"name": "other"}, "object": {"key": "k", "size": 7}}}]}"#;
    /// let home = Home::new(&Location::parse("s3://acme/orders")?);
    /// let decoded = decode(None, body);
    /// assert_eq!(home.path_of_event(&decoded.events[0]).unwrap(), b"s3://other/k");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn path_of_event(&self, event: &FileEvent<'_>) -> Option<Vec<u8>> {
        let key = event.key.as_ref().filter(|_| event.kind.has_key())?;
        let bucket = event.bucket.as_deref()?;
        let account = event.account.as_deref();
        if self.holds(event.cloud, account, bucket) {
            return Some(self.path(key.as_bytes()));
        }
        let scheme = match event.cloud {
            EventCloud::Aws => "s3",
            EventCloud::Azure => "azure",
            EventCloud::Gcp => "gs",
            // Its key is an absolute path, which names the file by itself.
            EventCloud::Local => return Some([b"file://", key.as_bytes()].concat()),
        };
        let account = account
            .map(|account| format!("{account}/"))
            .unwrap_or_default();
        let front = format!("{scheme}://{account}{bucket}/");
        Some([front.as_bytes(), key.as_bytes()].concat())
    }

    /// Whether the stream takes files of the container that an event is about: those of its own
    /// container, or any if it has none.
    ///
    /// ```
    /// use floe_ingest::Home;
    /// use floe_notify::{Location, decode};
    /// let body = br#"{"Records": [{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
    ///     "s3": {"bucket": {"name": "other"}, "object": {"key": "k", "size": 7}}}]}"#;
    /// let decoded = decode(None, body);
    /// let home = Home::new(&Location::parse("s3://acme/orders")?);
    /// assert!(!home.takes(&decoded.events[0]) && Home::anywhere().takes(&decoded.events[0]));
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn takes(&self, event: &FileEvent<'_>) -> bool {
        let (account, bucket) = (event.account.as_deref(), event.bucket.as_deref());
        self.0.is_none() || bucket.is_some_and(|bucket| self.holds(event.cloud, account, bucket))
    }

    fn holds(&self, cloud: EventCloud, account: Option<&str>, bucket: &str) -> bool {
        let Some(store) = &self.0 else { return false };
        let (own_cloud, own_account, own_bucket) = names(store);
        let own_cloud = match own_cloud {
            Cloud::Aws => EventCloud::Aws,
            Cloud::Azure => EventCloud::Azure,
            Cloud::Gcp => EventCloud::Gcp,
            Cloud::Local => EventCloud::Local,
        };
        // An event that names no account came through the container's own subscription.
        let same_account = account.is_none_or(|account| Some(account) == own_account);
        own_cloud == cloud && same_account && own_bucket == bucket
    }
}

/// Cloud, account and container of a store, without the door that it is reached by.
fn names(store: &Store) -> (Cloud, Option<&str>, &str) {
    match store {
        Store::S3 { bucket } => (Cloud::Aws, None, bucket),
        Store::Gcs { bucket } => (Cloud::Gcp, None, bucket),
        Store::Azure {
            account, container, ..
        } => (Cloud::Azure, Some(account), container),
        _ => (Cloud::Local, None, ""),
    }
}
