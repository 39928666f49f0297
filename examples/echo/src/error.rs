//! Why the service does not run.

use std::io;
use std::net::SocketAddr;

/// Why the service could not start or go on.
///
/// ```
/// use floe_sample_echo::Options;
///
/// let error = Options::from_env(&|name| (name == "SERVER_PORT").then(|| "http".to_owned()))
///     .unwrap_err();
/// assert_eq!(error.code(), "FLOE-ECHO-0001");
/// let message = error.to_string();
/// assert!(message.starts_with("SERVER_PORT is `http`: expected a port from 0 to 65535"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EchoError {
    /// A variable of the environment has a value that means nothing. Expected: users write them.
    #[error("{name} is `{value}`: expected {expected}; correct it in the `env` of the container")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another SERVER_HOST or SERVER_PORT")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The operating system does not let the service wait for signals.
    #[error("cannot wait for SIGTERM and SIGINT: {source}")]
    Signals {
        /// What the operating system says.
        source: io::Error,
    },
    /// Accepting connections failed for good.
    #[error("the service stopped: {source}")]
    Serve {
        /// What the operating system says.
        source: io::Error,
    },
    /// The threads of the service could not be started.
    #[error("cannot start the threads of the service: {source}")]
    Runtime {
        /// What the operating system says.
        source: io::Error,
    },
}

impl EchoError {
    /// The stable code of the error, which has a page in `docs/errors`.
    ///
    /// ```
    /// use floe_sample_echo::EchoError;
    ///
    /// let error = EchoError::Serve { source: std::io::ErrorKind::OutOfMemory.into() };
    /// assert_eq!(error.code(), "FLOE-ECHO-0004");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Variable { .. } => "FLOE-ECHO-0001",
            Self::Listen { .. } => "FLOE-ECHO-0002",
            Self::Signals { .. } => "FLOE-ECHO-0003",
            Self::Serve { .. } => "FLOE-ECHO-0004",
            Self::Runtime { .. } => "FLOE-ECHO-0005",
        }
    }
}
