//! Why a name cannot be a DNS name.

use crate::label::MAX_LABEL_BYTES;
use crate::name::DOMAIN;

/// A name that is no DNS name of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// A label, or the name of an object turned into one, breaks the rules of RFC 1035.
    #[error(
        "'{name}' cannot be a DNS name: {reason}; it must start with a letter, end with a letter \
         or digit, and hold only letters, digits and {separator}, at most {MAX_LABEL_BYTES} in all"
    )]
    InvalidLabel {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// What the name may use between words: an underscore in objects, a hyphen in labels.
        separator: &'static str,
    },
    /// A schema hash is not 4 to 8 letters and digits that start with a letter.
    #[error(
        "'{text}' is not the hash of a schema: 4 to 8 lower-case letters and digits, a letter first"
    )]
    InvalidHash {
        /// What was given.
        text: String,
    },
    /// A query has none of the forms of a service's name.
    #[error(
        "'{query}' is not the name of a service; write service, service.hash or \
         service.hash.{DOMAIN}, each with 'instances.' in front to get all instances"
    )]
    UnknownForm {
        /// What was asked for.
        query: String,
    },
    /// A name without a schema hash was asked for from outside any schema.
    #[error(
        "'{query}' names no schema; a short name only works from a service of the same schema, \
         write {query}.hash.{DOMAIN}"
    )]
    NoSchema {
        /// What was asked for.
        query: String,
    },
}

impl DnsError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let error = floe_dns::label_of_object("_HIDDEN").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-DNS-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidLabel { .. } => "FLOE-DNS-0001",
            Self::InvalidHash { .. } => "FLOE-DNS-0002",
            Self::UnknownForm { .. } => "FLOE-DNS-0003",
            Self::NoSchema { .. } => "FLOE-DNS-0004",
        }
    }
}
