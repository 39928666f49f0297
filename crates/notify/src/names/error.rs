//! Why a resource cannot be named like this.

use crate::codes;
use crate::location::Cloud;

/// A name that a cloud does not take for a queue, topic or subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A part of the name is empty.
    #[error("the resource {part} is empty; give at least one letter or digit")]
    Empty {
        /// `prefix` or `suffix`.
        part: &'static str,
    },
    /// A part holds characters that the cloud does not take.
    #[error("the resource {part} '{text}' holds {wrong}; {cloud} takes {allowed}")]
    Characters {
        /// Whose rule it is.
        cloud: Cloud,
        /// `prefix` or `suffix`.
        part: &'static str,
        /// The part as it was given.
        text: String,
        /// All characters that do not fit, each once.
        wrong: String,
        /// What fits, in words.
        allowed: &'static str,
    },
    /// The whole name is too long or too short.
    #[error(
        "the resource name '{name}' has {length} characters; {cloud} takes {least} to {most}, \
         which leaves {room} for the suffix"
    )]
    Length {
        /// Whose rule it is.
        cloud: Cloud,
        /// The whole name.
        name: String,
        /// Its characters.
        length: usize,
        /// The least that are allowed.
        least: usize,
        /// The most that are allowed.
        most: usize,
        /// The most that a suffix may have behind this prefix.
        room: usize,
    },
    /// The whole name breaks a rule about its shape.
    #[error("the resource name '{name}' {rule}, which {cloud} does not take")]
    Shape {
        /// Whose rule it is.
        cloud: Cloud,
        /// The whole name.
        name: String,
        /// What the name does.
        rule: &'static str,
    },
}

impl NameError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName};
    ///
    /// let error = ResourceName::new(Cloud::Aws, None, "").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0023");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => codes::EMPTY_NAME,
            Self::Characters { .. } | Self::Shape { .. } => codes::NAME_CHARACTERS,
            Self::Length { .. } => codes::NAME_LENGTH,
        }
    }
}
