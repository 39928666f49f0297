//! The names that cross the traits: of queues and of streams.

use std::fmt;

/// Most bytes of the name of a queue: an address of 80 bytes of name at most, with room to spare.
pub const MAX_QUEUE_ID_BYTES: usize = 2_048;

/// A name that is refused before anybody is asked about it.
///
/// ```
/// let error = floe_notify::QueueId::new("").unwrap_err();
/// assert_eq!(error.code(), "FLOE-NOTIFY-0062");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// A stream id is no GUID.
    #[error(
        "'{text}' is not the id of a stream: write a GUID such as \
         0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10, as the list of notification services shows it"
    )]
    Stream {
        /// What was given.
        text: String,
    },
    /// The name of a queue is empty, too long, or holds blanks.
    #[error(
        "'{text}' cannot name a queue: use what set-up returned, an address or a name without \
         blanks, at most {MAX_QUEUE_ID_BYTES} bytes"
    )]
    Queue {
        /// What was given.
        text: String,
    },
}

impl IdError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let error = floe_notify::StreamId::parse("me").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0061");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stream { .. } => "FLOE-NOTIFY-0061",
            Self::Queue { .. } => "FLOE-NOTIFY-0062",
        }
    }
}

/// What a consumer opens: the address of an SQS queue, the name of an Azure queue, the name of a
/// Pub/Sub subscription, or the directory of a local queue.
///
/// ```
/// use floe_notify::QueueId;
/// let id = QueueId::new("https://sqs.us-east-2.amazonaws.com/1/databricks-auto-ingest-Trades")?;
/// assert!(id.as_str().ends_with("Trades"));
/// assert!(QueueId::new("a queue").is_err());
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(String);

impl QueueId {
    /// Checks the name of a queue.
    ///
    /// # Errors
    /// [`IdError::Queue`] for a name that is empty, longer than [`MAX_QUEUE_ID_BYTES`], or holds
    /// control characters or blanks at its ends or, but for local paths, inside.
    ///
    /// ```
    /// use floe_notify::QueueId;
    /// assert!(QueueId::new("").is_err());
    /// assert!(QueueId::new("/var/my queues/orders").is_ok(), "paths may hold blanks");
    /// ```
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        let is_path = text.starts_with('/');
        let is_good = !text.is_empty()
            && text.len() <= MAX_QUEUE_ID_BYTES
            && text.trim() == text
            && !text.contains(|c: char| c.is_control() || !is_path && c.is_whitespace());
        if is_good {
            Ok(Self(text))
        } else {
            Err(IdError::Queue { text })
        }
    }

    /// Takes over a name that the crate made itself.
    pub(crate) fn from_valid(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the name as it was given.
    ///
    /// ```
    /// assert_eq!(floe_notify::QueueId::new("q")?.as_str(), "q");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The GUID of one stream, in lower case; it marks the resources that were created for it.
///
/// Whoever creates a stream chooses the GUID and keeps it with the stream's state; this crate
/// makes none, because it has no source of randomness.
///
/// ```
/// use floe_notify::StreamId;
/// let id = StreamId::parse("0F4C3A52-8D1B-4F7E-9A63-2C5B1E7D9F10")?;
/// assert_eq!(id.to_string(), "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10");
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(String);

impl StreamId {
    /// Checks the form of RFC 9562, section 4: five groups of 8, 4, 4, 4 and 12 hexadecimal
    /// digits.
    ///
    /// # Errors
    /// [`IdError::Stream`] for anything else.
    ///
    /// ```
    /// assert!(floe_notify::StreamId::parse("0f4c3a52").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, IdError> {
        const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
        let groups: Vec<&str> = text.split('-').collect();
        let is_group = |(group, length): (&&str, usize)| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if groups.len() == GROUPS.len() && groups.iter().zip(GROUPS).all(is_group) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(IdError::Stream {
                text: text.to_owned(),
            })
        }
    }

    /// Returns the GUID with its hyphens.
    ///
    /// ```
    /// let id = floe_notify::StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
    /// assert_eq!(id.as_str().len(), 36);
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
