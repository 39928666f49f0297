//! How the service is reached, and by whom.

/// A named port, or range of ports, of the service.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Name, unique among the endpoints.
    pub name: String,
    /// Where the service listens.
    pub port: Port,
    /// Whether it can be reached from outside.
    pub public: bool,
    /// What is spoken there.
    pub protocol: Protocol,
    /// What browsers of other origins may do.
    pub cors: Option<CorsSettings>,
}

/// One port, or an inclusive range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// One port, 1 to 65535.
    Single(u16),
    /// First and last port; the first is not greater than the last.
    Range(u16, u16),
}

/// What an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// HTTP, the default.
    #[default]
    Http,
    /// Any protocol over TCP.
    Tcp,
}

/// What browsers of other origins may do (the Fetch standard, section CORS protocol).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsSettings {
    /// Origins, each a scheme and host with an optional port.
    pub allow_origin: Vec<String>,
    /// Methods.
    pub allow_methods: Option<Vec<String>>,
    /// Request headers.
    pub allow_headers: Option<Vec<String>>,
    /// Response headers that a script may read.
    pub expose_headers: Option<Vec<String>>,
}

/// A role that may use some endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceRole {
    /// Name, unique among the roles.
    pub name: String,
    /// Names of endpoints of the specification.
    pub endpoints: Vec<String>,
}

/// What a service may do beyond its own rights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// Ingress requests carry a token of the calling user.
    pub execute_as_caller: bool,
    /// The service may use credentials of its own.
    pub enable_custom_credentials: bool,
}

/// What the platform writes to the event table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Observability {
    /// Which output of containers is kept; `INFO` unless written.
    pub log_level: Option<LogLevel>,
    /// Groups of platform metrics that are kept; none unless written.
    pub metric_groups: Vec<MetricGroup>,
}

/// Which output of containers is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogLevel {
    /// Standard output and standard error, the default.
    #[default]
    Info,
    /// Standard error only.
    Error,
    /// Nothing.
    None,
}

/// A group of platform metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricGroup {
    /// Use of processors and memory.
    System,
    /// Their limits and requests.
    SystemLimits,
    /// States and restarts of containers.
    Status,
    /// Traffic.
    Network,
    /// Volumes.
    Storage,
}
