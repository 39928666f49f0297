//! What happens to services while statements run.

use std::fmt;

/// One change, for people who watch. Displays as one line.
///
/// ```
/// let event = floe_engine::ServiceEvent::Upgraded { service: "ECHO_SERVICE".into() };
/// assert_eq!(event.to_string(), "ECHO_SERVICE: Service has been upgraded");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceEvent {
    /// A rolling upgrade has begun.
    Upgrading {
        /// The service.
        service: String,
    },
    /// Every instance runs the newest specification and is ready.
    Upgraded {
        /// The service.
        service: String,
    },
    /// An instance changed its status.
    Instance {
        /// The service.
        service: String,
        /// The instance's number.
        instance: u32,
        /// `PENDING`, `READY`, `FAILED` or `TERMINATING`.
        status: &'static str,
        /// Digest of the specification that the instance runs (64 hexadecimal digits).
        spec_digest: String,
    },
}

impl fmt::Display for ServiceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upgrading { service } => write!(f, "{service}: Service is upgrading"),
            Self::Upgraded { service } => write!(f, "{service}: Service has been upgraded"),
            Self::Instance {
                service,
                instance,
                status,
                spec_digest,
            } => {
                let short: String = spec_digest.chars().take(8).collect();
                write!(f, "{service}/{instance}: {status} (spec {short})")
            }
        }
    }
}
