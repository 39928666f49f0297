//! What runs in one instance.

use crate::{CpuQuantity, MemoryQuantity};

/// One container of an instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Container {
    /// Name, unique in the specification.
    pub name: String,
    /// Image reference, as written.
    pub image: String,
    /// What replaces the image's entry point.
    pub command: Option<Vec<String>>,
    /// What replaces the image's arguments.
    pub args: Option<Vec<String>>,
    /// Environment variables in the order of the text; values keep the text as written.
    pub env: Vec<(String, String)>,
    /// When the container counts as ready; without it, as soon as it runs.
    pub readiness_probe: Option<Probe>,
    /// When the container is restarted although it runs.
    pub liveness_probe: Option<Probe>,
    /// What the container asks for and may use; only what is written.
    pub resources: Resources,
    /// Where volumes appear in the container.
    pub volume_mounts: Vec<VolumeMount>,
    /// Whether the container gets a session token; true unless written.
    pub mount_session_token: bool,
    /// Where and how the session token appears.
    pub session_token: Option<SessionTokenConfig>,
    /// Secrets that the container gets.
    pub secrets: Vec<SecretUse>,
}

/// A request by HTTP GET that must be answered with 200.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// Port inside the instance; need not be an endpoint.
    pub port: u16,
    /// Path, beginning with `/`.
    pub path: String,
    /// Seconds between two probes; 5 (readiness) or 10 (liveness) unless written.
    pub period_seconds: u32,
    /// Failures in a row that count; 3 unless written.
    pub failure_threshold: u32,
}

impl Probe {
    /// Seconds between readiness probes when none are written.
    pub const DEFAULT_PERIOD_SECONDS: u32 = 5;
    /// Seconds between liveness probes when none are written.
    pub const DEFAULT_LIVENESS_PERIOD_SECONDS: u32 = 10;
    /// Failures in a row that count when none are written.
    pub const DEFAULT_FAILURE_THRESHOLD: u32 = 3;
}

/// What a container asks for and may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Resources {
    /// What must be free on a node.
    pub requests: ResourceList,
    /// What the container may use at most.
    pub limits: ResourceList,
}

impl Resources {
    /// Whether nothing is written.
    ///
    /// ```
    /// assert!(floe_spec::Resources::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }

    /// Accelerators that the container sees: those it both requests and has as its limit.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i, resources:
    ///   {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.containers()[0].resources.gpus(), 1);
    /// ```
    #[must_use]
    pub fn gpus(&self) -> u32 {
        match (self.requests.gpu, self.limits.gpu) {
            (Some(request), Some(limit)) => request.min(limit),
            _ => 0,
        }
    }

    /// The same with everything filled in that is derived on a node of this capacity.
    ///
    /// What is not requested is the greater of half a processor or half a GiB and the limit that
    /// is written. A limit that is not written is the capacity of the node, and none exceeds it.
    /// Processors and memory are looked at independently (*Service specification reference*,
    /// `containers.resources`).
    ///
    /// ```
    /// use floe_spec::{NodeCapacity, Resources};
    ///
    /// let node = NodeCapacity { millicpu: 1000, bytes: 6 << 30 };
    /// let all = Resources::default().derived(&node);
    /// let texts = [all.requests.cpu, all.limits.cpu].map(|cpu| cpu.unwrap().to_string());
    /// assert_eq!(texts, ["0.5", "1"]);
    /// let memory = [all.requests.memory, all.limits.memory];
    /// assert_eq!(memory.map(|memory| memory.unwrap().to_string()), ["0.5Gi", "6Gi"]);
    /// ```
    #[must_use]
    pub fn derived(&self, node: &NodeCapacity) -> Resources {
        let (requests, limits) = (&self.requests, &self.limits);
        let least_cpu = CpuQuantity::from_millis(LEAST_MILLICPU.min(node.millicpu));
        let least_memory = MemoryQuantity::from_bytes(LEAST_BYTES.min(node.bytes));
        // A limit above the capacity counts as the capacity.
        let cpu = limits
            .cpu
            .clone()
            .map(|cpu| match cpu.millis() > node.millicpu {
                true => CpuQuantity::from_millis(node.millicpu),
                false => cpu,
            });
        let memory = limits
            .memory
            .clone()
            .map(|memory| match memory.bytes() > node.bytes {
                true => MemoryQuantity::from_bytes(node.bytes),
                false => memory,
            });
        let cpu_request = cpu.clone().filter(|cpu| cpu.millis() > LEAST_MILLICPU);
        let memory_request = memory.clone().filter(|memory| memory.bytes() > LEAST_BYTES);
        Resources {
            requests: ResourceList {
                cpu: requests.cpu.clone().or(cpu_request).or(Some(least_cpu)),
                memory: requests
                    .memory
                    .clone()
                    .or(memory_request)
                    .or(Some(least_memory)),
                gpu: requests.gpu,
            },
            limits: ResourceList {
                cpu: cpu.or_else(|| Some(CpuQuantity::from_millis(node.millicpu))),
                memory: memory.or_else(|| Some(MemoryQuantity::from_bytes(node.bytes))),
                gpu: limits.gpu,
            },
        }
    }
}

/// Processors of a container that neither requests nor limits them: half a one.
const LEAST_MILLICPU: u64 = 500;
/// Memory of a container that neither requests nor limits it: half a GiB.
const LEAST_BYTES: u64 = 1 << 29;

/// What a node of a compute pool has for containers.
///
/// ```
/// let node = floe_spec::NodeCapacity { millicpu: 3000, bytes: 13 << 30 };
/// assert_eq!(node.bytes / (1 << 30), 13);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeCapacity {
    /// Thousandths of a virtual processor.
    pub millicpu: u64,
    /// Bytes of memory.
    pub bytes: u64,
}

/// One side of [`Resources`]; none where nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ResourceList {
    /// Processors.
    pub cpu: Option<CpuQuantity>,
    /// Memory.
    pub memory: Option<MemoryQuantity>,
    /// Accelerators (`nvidia.com/gpu`).
    pub gpu: Option<u32>,
}

impl ResourceList {
    /// Whether nothing is written.
    ///
    /// ```
    /// assert!(floe_spec::ResourceList::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none() && self.gpu.is_none()
    }
}

/// A volume made visible in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VolumeMount {
    /// Name of a volume of the specification.
    pub name: String,
    /// Absolute directory in the container.
    pub mount_path: String,
}

/// Where and how the session token of a container appears; at least one field is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionTokenConfig {
    /// The directory of the file `token`.
    pub path: Option<String>,
    /// The file's mode, four octal digits.
    pub permission: Option<String>,
    /// Whether a `connections.toml` is generated, too; false unless written.
    pub mount_connection_config: bool,
}

impl SessionTokenConfig {
    /// The directory of the token when none is written.
    pub const DEFAULT_PATH: &str = "/snowflake/session";
    /// The mode of the token's file when none is written.
    pub const DEFAULT_PERMISSION: &str = "0644";

    /// The file that holds the token.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i,
    ///   sessionTokenConfig: {path: /opt/token, permission: '0400'}}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let config = spec.containers()[0].session_token.as_ref().expect("written");
    /// assert_eq!(config.token_file(), "/opt/token/token");
    /// assert_eq!(config.mode(), 0o400);
    /// ```
    #[must_use]
    pub fn token_file(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Self::DEFAULT_PATH);
        format!("{path}/token")
    }

    /// The mode of the token's file.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i,
    ///   sessionTokenConfig: {mountConnectionConfig: true}}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let config = spec.containers()[0].session_token.as_ref().expect("written");
    /// assert_eq!((config.mode(), config.mount_connection_config), (0o644, true));
    /// ```
    #[must_use]
    pub fn mode(&self) -> u32 {
        let permission = self.permission.as_deref();
        // Only proved texts get here; the documented default stands for anything else.
        u32::from_str_radix(permission.unwrap_or(Self::DEFAULT_PERMISSION), 8).unwrap_or(0o644)
    }
}

/// A secret and how a container gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretUse {
    /// Which secret.
    pub secret: SecretSource,
    /// Where it appears.
    pub target: SecretTarget,
}

/// Which secret is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// The name of a secret, which may be qualified with database and schema.
    Object(String),
    /// A reference that a native application declares.
    Reference(String),
}

/// Where a secret appears in a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretTarget {
    /// In a variable; it keeps the value it had when the service was created.
    Env {
        /// Name of the variable.
        name: String,
        /// Which part of the secret.
        key: Option<SecretKey>,
    },
    /// As files in a directory, refreshed when the secret changes.
    Directory(String),
    /// Nothing is written, as deployed specifications have it.
    Unstated,
}

/// A part of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKey {
    /// The user name of a password secret.
    Username,
    /// The password of a password secret.
    Password,
    /// The text of a generic secret.
    SecretString,
    /// The token of an OAuth secret.
    AccessToken,
}
