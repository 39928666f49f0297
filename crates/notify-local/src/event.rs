//! What a watcher writes into its queue, and how it is read.

use std::path::PathBuf;

use floe_notify::clock::Timestamp;
use floe_notify::{EventCloud, FileEvent, Message, decode};
use serde::{Deserialize, Serialize};

use crate::{LocalError, uri};

/// The attribute that tells this form from others.
const FORM: (&str, &str) = ("form", "floe-local-1");

/// Something that happened in a watched directory.
///
/// Written as JSON whose fields are stable; fields that are not known are ignored.
///
/// ```
/// use floe_notify::{Message, clock::Timestamp};
/// use floe_notify_local::{How, LocalEvent};
/// let event = LocalEvent::Landed {
///     path: "/in/a b.csv".into(),
///     how: How::Written,
///     size: 7,
///     modified: Timestamp::from_millis(1_000),
///     inode: 42,
///     seen: Timestamp::from_millis(1_500),
/// };
/// let message = event.to_message();
/// let text = String::from_utf8_lossy(message.body());
/// assert!(text.contains(r#""uri":"file:///in/a%20b.csv""#));
/// assert_eq!(LocalEvent::parse(message.body())?, event);
/// # Ok::<(), floe_notify_local::LocalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalEvent {
    /// A file is there, and as far as can be seen it is complete.
    Landed {
        /// Where, as an absolute path.
        path: PathBuf,
        /// What told of it.
        how: How,
        /// Its length in bytes when it was seen.
        size: u64,
        /// When it was last modified, as its file system says.
        modified: Timestamp,
        /// Its number within its file system; another file of the same name has another one.
        inode: u64,
        /// When the watcher saw it.
        seen: Timestamp,
    },
    /// Events may have been lost: the directory has to be listed.
    RescanNeeded {
        /// The directory below which files may be that no event tells of.
        directory: PathBuf,
        /// Why.
        reason: RescanReason,
        /// When the watcher noticed.
        seen: Timestamp,
    },
}

/// What told of a file.
///
/// ```
/// use floe_notify_local::How;
/// assert_ne!(How::Written, How::MovedIn);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum How {
    /// Somebody wrote it and closed it.
    Written,
    /// It was renamed or moved to this name.
    MovedIn,
    /// It got this name as a hard link to a file that is elsewhere, too, or that had no name.
    Linked,
    /// A listing found it, in a directory that is new or after events were lost.
    Found,
}

/// Why a directory has to be listed.
///
/// ```
/// use floe_notify_local::RescanReason;
/// assert_ne!(RescanReason::Started, RescanReason::Overflow);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RescanReason {
    /// The watcher has started; nobody watched before.
    Started,
    /// More happened at once than the kernel or the watcher could hold.
    Overflow,
    /// Some directories are not watched, because the kernel watches no more for this user.
    WatchLimit,
    /// The directory itself was removed, renamed or unmounted.
    WatchLost,
    /// A part of the queue could not be read.
    QueueDamaged,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Wire {
    #[serde(rename_all = "camelCase")]
    Landed {
        uri: String,
        how: How,
        size: u64,
        modified_ms: u64,
        inode: u64,
        seen_ms: u64,
    },
    #[serde(rename_all = "camelCase")]
    RescanNeeded {
        uri: String,
        reason: RescanReason,
        seen_ms: u64,
    },
}

impl LocalEvent {
    /// Returns the message that a queue carries.
    ///
    /// ```
    /// use floe_notify_local::{LocalEvent, RescanReason};
    /// let event = LocalEvent::RescanNeeded {
    ///     directory: "/in".into(),
    ///     reason: RescanReason::Overflow,
    ///     seen: Default::default(),
    /// };
    /// assert_eq!(event.to_message().attributes()["form"], "floe-local-1");
    /// ```
    #[must_use]
    pub fn to_message(&self) -> Message {
        let wire = match self {
            Self::Landed {
                path,
                how,
                size,
                modified,
                inode,
                seen,
            } => Wire::Landed {
                uri: uri::of_path(path),
                how: *how,
                size: *size,
                modified_ms: modified.as_millis(),
                inode: *inode,
                seen_ms: seen.as_millis(),
            },
            Self::RescanNeeded {
                directory,
                reason,
                seen,
            } => Wire::RescanNeeded {
                uri: uri::of_path(directory),
                reason: *reason,
                seen_ms: seen.as_millis(),
            },
        };
        // Strings and numbers can always be written as JSON.
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        Message::new(body).with_attribute(FORM.0, FORM.1)
    }

    /// Returns the event that a message of it is decoded into, in the form that all clouds share:
    /// none when the path is longer than [`MAX_KEY_BYTES`](floe_notify::MAX_KEY_BYTES).
    ///
    /// Queues need not call it: [`floe_notify::decode`] knows the messages of a watcher.
    ///
    /// ```
    /// use floe_notify::EventKind;
    /// use floe_notify_local::{LocalEvent, RescanReason};
    /// let event = LocalEvent::RescanNeeded {
    ///     directory: "/in".into(),
    ///     reason: RescanReason::Overflow,
    ///     seen: Default::default(),
    /// };
    /// let event = event.to_file_event().unwrap();
    /// assert_eq!(event.kind, EventKind::RescanNeeded);
    /// assert_eq!(event.key.unwrap().as_bytes(), b"/in");
    /// ```
    #[must_use]
    pub fn to_file_event(&self) -> Option<FileEvent<'static>> {
        let message = self.to_message();
        let decoded = decode(Some(EventCloud::Local), message.body()).into_owned();
        decoded.events.into_iter().next()
    }

    /// Reads the body of a message.
    ///
    /// # Errors
    /// [`LocalError::BadEvent`] for what no watcher wrote.
    ///
    /// ```
    /// use floe_notify::DriverError;
    /// let error = floe_notify_local::LocalEvent::parse(b"{}").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-LOCAL-0010");
    /// ```
    pub fn parse(body: &[u8]) -> Result<Self, LocalError> {
        let bad = |reason: String| LocalError::BadEvent { reason };
        let wire: Wire = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
        let path = |uri: String| {
            let path = uri::to_path(&uri);
            path.ok_or_else(|| bad(format!("'{uri}' is not the URI of a local file")))
        };
        Ok(match wire {
            Wire::Landed {
                uri,
                how,
                size,
                modified_ms,
                inode,
                seen_ms,
            } => Self::Landed {
                path: path(uri)?,
                how,
                size,
                modified: Timestamp::from_millis(modified_ms),
                inode,
                seen: Timestamp::from_millis(seen_ms),
            },
            Wire::RescanNeeded {
                uri,
                reason,
                seen_ms,
            } => Self::RescanNeeded {
                directory: path(uri)?,
                reason,
                seen: Timestamp::from_millis(seen_ms),
            },
        })
    }
}
