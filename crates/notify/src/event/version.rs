//! Which content an event is about, and which of two events of one name came later.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::own;

/// What tells one content of an object from another of the same name.
///
/// ```
/// use floe_notify::Version;
///
/// let version = Version::Gcs { generation: Some(7), metageneration: Some(1) };
/// assert_eq!(version.token().as_deref(), Some("7"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version<'a> {
    /// S3 and stores like it.
    S3 {
        /// The version, in a bucket that keeps versions.
        version_id: Option<Cow<'a, str>>,
        /// The entity tag without quotes; with `-N` at the end for N parts.
        etag: Option<Cow<'a, str>>,
    },
    /// Azure Blob Storage.
    Azure {
        /// The entity tag without quotes; renames have none.
        etag: Option<Cow<'a, str>>,
    },
    /// Cloud Storage.
    Gcs {
        /// The generation of the content.
        generation: Option<u64>,
        /// The generation of its metadata; only a payload tells it.
        metageneration: Option<u64>,
    },
    /// A file of this machine.
    Local {
        /// Its number within its file system; another file of the same name has another one.
        inode: Option<u64>,
        /// When it was last modified, in milliseconds since 1970-01-01T00:00:00Z.
        modified: Option<u64>,
        /// Its length in bytes.
        size: Option<u64>,
    },
}

impl Version<'_> {
    /// One text that changes with the content: the version where there is one, the entity tag
    /// otherwise; of local files inode, time of modification and size, when all are told. `None`
    /// when the event does not tell.
    ///
    /// ```
    /// use floe_notify::Version;
    ///
    /// let version = Version::S3 { version_id: None, etag: Some("0f3e-2".into()) };
    /// assert_eq!(version.token().as_deref(), Some("0f3e-2"));
    /// assert_eq!(Version::Azure { etag: None }.token(), None);
    /// ```
    #[must_use]
    pub fn token(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::S3 { version_id, etag } => version_id.as_deref().or(etag.as_deref()),
            Self::Azure { etag } => etag.as_deref(),
            Self::Gcs { generation, .. } => {
                return generation.map(|number| Cow::Owned(number.to_string()));
            }
            Self::Local {
                inode,
                modified,
                size,
            } => {
                let (inode, modified, size) = ((*inode)?, (*modified)?, (*size)?);
                return Some(Cow::Owned(format!("{inode}-{modified}-{size}")));
            }
        }
        .map(Cow::Borrowed)
    }

    /// The same version, independent of the message.
    ///
    /// ```
    /// use floe_notify::Version;
    ///
    /// let message = String::from("0x8D4");
    /// let version = Version::Azure { etag: Some(message.as_str().into()) }.into_owned();
    /// drop(message);
    /// assert_eq!(version.token().as_deref(), Some("0x8D4"));
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Version<'static> {
        match self {
            Self::S3 { version_id, etag } => Version::S3 {
                version_id: version_id.map(own),
                etag: etag.map(own),
            },
            Self::Azure { etag } => Version::Azure {
                etag: etag.map(own),
            },
            Self::Gcs {
                generation,
                metageneration,
            } => Version::Gcs {
                generation,
                metageneration,
            },
            Self::Local {
                inode,
                modified,
                size,
            } => Version::Local {
                inode,
                modified,
                size,
            },
        }
    }
}

/// What orders events of one name, by the rule of the cloud; it says nothing across names.
///
/// ```
/// use floe_notify::Sequencer;
/// use std::cmp::Ordering;
///
/// let s3 = |text: &'static str| Sequencer::S3(text.into());
/// assert_eq!(s3("0A").compare(&s3("0A01")), Some(Ordering::Less));
/// assert_eq!(s3("FF").compare(&s3("0100")), Some(Ordering::Greater));
/// assert_eq!(s3("FF").compare(&Sequencer::Azure("FF".into())), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sequencer<'a> {
    /// Hexadecimal digits: the shorter one is padded with zeros on its right, then the greater
    /// text is the later event ("Event message structure" of the S3 User Guide).
    S3(Cow<'a, str>),
    /// Any text: compared as it is ("Azure Blob Storage as an Event Grid source").
    Azure(Cow<'a, str>),
    /// Numbers: the generation, then the metageneration.
    Gcs {
        /// The generation of the content.
        generation: u64,
        /// The generation of its metadata, where the event tells it.
        metageneration: Option<u64>,
    },
}

impl Sequencer<'_> {
    /// Which of two events of the *same name* came later: `Greater` when this one did. `None`
    /// when nobody can know.
    ///
    /// ```
    /// use floe_notify::Sequencer;
    /// use std::cmp::Ordering;
    ///
    /// let gcs = |generation| Sequencer::Gcs { generation, metageneration: None };
    /// assert_eq!(gcs(10).compare(&gcs(9)), Some(Ordering::Greater));
    /// ```
    #[must_use]
    pub fn compare(&self, other: &Sequencer<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::S3(this), Sequencer::S3(that)) => Some(padded(this, that)),
            (Self::Azure(this), Sequencer::Azure(that)) => Some(this.as_ref().cmp(that.as_ref())),
            (
                Self::Gcs {
                    generation: this,
                    metageneration: this_meta,
                },
                Sequencer::Gcs {
                    generation: that,
                    metageneration: that_meta,
                },
            ) => match (this.cmp(that), this_meta, that_meta) {
                (Ordering::Equal, Some(this), Some(that)) => Some(this.cmp(that)),
                (Ordering::Equal, None, None) => Some(Ordering::Equal),
                (Ordering::Equal, ..) => None,
                (order, ..) => Some(order),
            },
            _ => None,
        }
    }

    /// The same sequencer, independent of the message.
    ///
    /// ```
    /// use floe_notify::Sequencer;
    ///
    /// let message = String::from("0055AED6DCD90281E5");
    /// let sequencer = Sequencer::S3(message.as_str().into()).into_owned();
    /// drop(message);
    /// assert_eq!(sequencer, Sequencer::S3("0055AED6DCD90281E5".into()));
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Sequencer<'static> {
        match self {
            Self::S3(text) => Sequencer::S3(own(text)),
            Self::Azure(text) => Sequencer::Azure(own(text)),
            Self::Gcs {
                generation,
                metageneration,
            } => Sequencer::Gcs {
                generation,
                metageneration,
            },
        }
    }
}

/// Compares with zeros on the right of the shorter one. Records have capital letters, events of
/// EventBridge small ones, for the same number.
fn padded(this: &str, that: &str) -> Ordering {
    let length = this.len().max(that.len());
    padded_digits(this, length).cmp(padded_digits(that, length))
}

fn padded_digits(text: &str, length: usize) -> impl Iterator<Item = u8> {
    let digits = text.bytes().map(|byte| byte.to_ascii_uppercase());
    digits.chain(std::iter::repeat(b'0')).take(length)
}
