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
    /// An upgrade proved no instance for the progress deadline.
    Stalled {
        /// The service.
        service: String,
    },
    /// A stalled upgrade is rolled back.
    RollingBack {
        /// The service.
        service: String,
        /// Digest of the specification that is given up (64 hexadecimal digits).
        from_digest: String,
        /// Digest of the specification that all instances ran before.
        to_digest: String,
    },
    /// Autoscaling changed the number of instances.
    Scaling {
        /// The service.
        service: String,
        /// How many there were to be.
        from: u32,
        /// How many there are to be.
        to: u32,
        /// Why, in words.
        reason: String,
    },
    /// A rule suspended the service.
    Suspending {
        /// The service.
        service: String,
        /// Why, in words.
        reason: String,
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
            Self::Stalled { service } => {
                write!(f, "{service}: the upgrade makes no progress")
            }
            Self::RollingBack {
                service,
                from_digest,
                to_digest,
            } => {
                let (from, to) = (short(from_digest), short(to_digest));
                write!(f, "{service}: rolling back from spec {from} to spec {to}")
            }
            Self::Scaling {
                service,
                from,
                to,
                reason,
            } => write!(f, "{service}: scaling from {from} to {to}: {reason}"),
            Self::Suspending { service, reason } => {
                write!(f, "{service}: suspending: {reason}")
            }
            Self::Instance {
                service,
                instance,
                status,
                spec_digest,
            } => {
                let spec = short(spec_digest);
                write!(f, "{service}/{instance}: {status} (spec {spec})")
            }
        }
    }
}

/// The first digits of a digest, which are enough for people.
fn short(digest: &str) -> &str {
    digest.get(..8).unwrap_or(digest)
}
