//! Why a store cannot be opened.

/// Why no store was made of a path and options.
///
/// ```
/// let error = floe_ingest::OpenError::Unsupported { option: "cloudFiles.roleArn" };
/// assert_eq!(error.code(), "FLOE-INGEST-0038");
/// assert!(error.to_string().starts_with("cloudFiles.roleArn"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The program knows no such store.
    #[error("{path} is in no store that this program was built for; what it needs is {feature}")]
    NotBuilt {
        /// The path of the stream.
        path: String,
        /// What is missing.
        feature: &'static str,
    },
    /// An option is missing, or its value is none that it can have.
    #[error("{option}: {reason}")]
    BadOption {
        /// The name of the option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The login or the address is none, be it of the options or of the machine.
    #[error(
        "the store cannot be opened with this login and address: {reason}; correct the options \
         or what the machine keeps"
    )]
    Refused {
        /// What is wrong with it.
        reason: String,
    },
    /// With this login files cannot be read.
    #[error(
        "{option} logs in to queues, but not to files; give the machine's own login access to \
         them, or run the program with the login that it stands for"
    )]
    Unsupported {
        /// The name of the option.
        option: &'static str,
    },
}

impl OpenError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let reason = "no base64".to_owned();
    /// assert_eq!(floe_ingest::OpenError::Refused { reason }.code(), "FLOE-INGEST-0037");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotBuilt { .. } => "FLOE-INGEST-0036",
            Self::BadOption { .. } | Self::Refused { .. } => "FLOE-INGEST-0037",
            Self::Unsupported { .. } => "FLOE-INGEST-0038",
        }
    }
}

impl floe_notify::DriverError for OpenError {
    fn code(&self) -> &'static str {
        self.code()
    }
}
