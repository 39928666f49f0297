//! What can go wrong when instances are local processes.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use floe_runtime::DriverError;

/// Why the process runtime did not do what it was asked.
///
/// ```
/// use floe_runtime::DriverError;
/// use floe_runtime_process::ProcessError;
/// let error = ProcessError::PortTaken { ip: "127.64.0.1".parse().unwrap(), port: 8000 };
/// assert_eq!(error.code(), "FLOE-PROCESS-0003");
/// assert!(error.to_string().contains("127.64.0.1:8000"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// `ProcessRuntime::new` was called outside a tokio runtime.
    #[error("a process runtime must be made inside a tokio runtime with its I/O and time enabled")]
    NoTokio,
    /// Network namespaces were demanded, but cannot be made here.
    #[error(
        "network namespaces cannot be made here ({source}); run as root, or choose the loopback \
         network"
    )]
    NoNamespaces {
        /// What the trial met.
        source: Box<Self>,
    },
    /// A port that the instance needs is taken on its address.
    #[error(
        "port {port} is taken on {ip}:{port}. A server that binds 0.0.0.0 takes its port on every \
         loopback address: let servers bind the address in FLOE_INSTANCE_IP or SERVER_HOST, or \
         run with network namespaces"
    )]
    PortTaken {
        /// The instance's address.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
    /// A port that the instance needs cannot be bound, although it may be free.
    #[error("port {port} cannot be bound on {ip}: {source}; ports below 1024 need root")]
    PortRefused {
        /// The instance's address.
        ip: IpAddr,
        /// The port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// No address is free for another instance.
    #[error("no free address was found for the instance after {tried} tries; stop some instances")]
    NoAddress {
        /// How many addresses were tried.
        tried: u32,
    },
    /// The network of the instance could not be made or removed.
    #[error("the network of the instance failed while {step}: {source}")]
    Network {
        /// What was being done.
        step: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// The holder, a small shell that guards the instance's processes, could not be started.
    #[error("the process that holds the instance together could not be started: {source}")]
    Holder {
        /// What the operating system says.
        source: io::Error,
    },
    /// Processes of the instance outlived SIGKILL.
    #[error(
        "processes {pids:?} did not end within {seconds} s of SIGKILL; they hang in the kernel, \
         often on a dead disk or network file system. Stop the instance again when they are gone"
    )]
    Survivors {
        /// Their ids.
        pids: Vec<i32>,
        /// How long the runtime waited, in seconds.
        seconds: u64,
    },
    /// The output of a container could not be read.
    #[error("the output in {} could not be read: {source}", path.display())]
    Logs {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The state directory cannot be used.
    #[error("the directory {} cannot be used: {source}", path.display())]
    StateDir {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The owner is not usable as a mark.
    #[error("the owner `{owner}` cannot mark processes: use 1 to 64 characters")]
    Owner {
        /// What was given.
        owner: String,
    },
}

impl DriverError for ProcessError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTokio => "FLOE-PROCESS-0001",
            Self::NoNamespaces { .. } => "FLOE-PROCESS-0002",
            Self::PortTaken { .. } => "FLOE-PROCESS-0003",
            Self::PortRefused { .. } => "FLOE-PROCESS-0004",
            Self::NoAddress { .. } => "FLOE-PROCESS-0005",
            Self::Network { .. } => "FLOE-PROCESS-0006",
            Self::Holder { .. } => "FLOE-PROCESS-0007",
            Self::Survivors { .. } => "FLOE-PROCESS-0008",
            Self::Logs { .. } => "FLOE-PROCESS-0009",
            Self::StateDir { .. } => "FLOE-PROCESS-0010",
            Self::Owner { .. } => "FLOE-PROCESS-0011",
        }
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::PortTaken { .. }
            | Self::NoAddress { .. }
            | Self::Network { .. }
            | Self::Holder { .. }
            | Self::Survivors { .. }
            | Self::Logs { .. } => true,
            Self::NoTokio
            | Self::NoNamespaces { .. }
            | Self::PortRefused { .. }
            | Self::StateDir { .. }
            | Self::Owner { .. } => false,
        }
    }
}

/// An error that several concurrent stops report.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SharedError(pub(crate) Arc<ProcessError>);

impl DriverError for SharedError {
    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn is_retryable(&self) -> bool {
        self.0.is_retryable()
    }
}
