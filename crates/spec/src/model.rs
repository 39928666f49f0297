//! A specification whose every field was checked.

use std::collections::BTreeMap;

use crate::source::Node;
use crate::{CpuQuantity, MemoryQuantity, Span};

/// A specification without errors; only [`crate::parse`] makes one.
///
/// ```
/// use floe_spec::{ParseOptions, parse};
///
/// let text = "spec:\n  containers:\n  - {name: main, image: /db/s/r/job:1}\n";
/// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
/// assert_eq!(spec.containers()[0].name, "main");
/// assert!(spec.endpoints().is_empty() && spec.volumes().is_empty());
/// assert!(!spec.capabilities().execute_as_caller);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ValidSpec {
    pub(crate) containers: Vec<Container>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) service_roles: Vec<ServiceRole>,
    pub(crate) capabilities: Capabilities,
    pub(crate) unsupported: Vec<UnsupportedField>,
    pub(crate) spans: BTreeMap<String, Span>,
    /// Known fields of `spec` that are kept as they are, in canonical order.
    pub(crate) extras: Extras,
}

/// Fields that are kept untyped, in canonical order.
pub(crate) type Extras = Vec<(&'static str, Node)>;

impl ValidSpec {
    /// The containers of one instance, at least one, in the order of the text.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i}, {name: b, image: /d/s/r/i}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let names: Vec<_> = spec.containers().iter().map(|c| c.name.as_str()).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// ```
    #[must_use]
    pub fn containers(&self) -> &[Container] {
        &self.containers
    }

    /// The endpoints, in the order of the text.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec:
    ///   containers: [{name: a, image: /d/s/r/i}]
    ///   endpoints: [{name: e, port: 80}]";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.endpoints()[0].name, "e");
    /// ```
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The volumes, in the order of the text.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, VolumeSource, parse};
    /// let text = "spec:
    ///   containers: [{name: a, image: /d/s/r/i}]
    ///   volumes: [{name: v, source: local}]";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.volumes()[0].source, VolumeSource::Local);
    /// ```
    #[must_use]
    pub fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// The service roles, in the order of the text.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "
    /// spec:
    ///   containers: [{name: a, image: /d/s/r/i}]
    ///   endpoints: [{name: e, port: 80}]
    /// serviceRoles: [{name: reader, endpoints: [e]}]";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.service_roles()[0].endpoints, ["e"]);
    /// ```
    #[must_use]
    pub fn service_roles(&self) -> &[ServiceRole] {
        &self.service_roles
    }

    /// What the service may do beyond its own rights.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "{spec: {containers: [{name: a, image: /d/s/r/i}]},
    ///   capabilities: {securityContext: {executeAsCaller: true}}}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert!(spec.capabilities().execute_as_caller);
    /// ```
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Fields that the specification may hold but that have no typed form here yet.
    ///
    /// Whoever executes the specification must refuse or announce each of them; an empty list or
    /// map is not reported. They stay in the canonical text.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i, secrets: [{envVarName: A}]}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.unsupported()[0].path, "spec.containers[0].secrets");
    /// assert_eq!(spec.unsupported()[0].name, "secrets");
    /// ```
    #[must_use]
    pub fn unsupported(&self) -> &[UnsupportedField] {
        &self.unsupported
    }

    /// Where a field of the specification stands in the text.
    ///
    /// Paths use the plural names of lists; a list item has a path too.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec:\n  container:\n  - name: a\n    image: /d/s/r/i\n";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let span = spec.span_of("spec.containers[0].image").expect("it is written");
    /// assert_eq!((span.line, &text[span.start..span.end]), (4, "/d/s/r/i"));
    /// assert_eq!(spec.span_of("spec.containers[0].command"), None);
    /// ```
    #[must_use]
    pub fn span_of(&self, path: &str) -> Option<Span> {
        self.spans.get(path).copied()
    }
}

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
    /// What the container asks for and may use; only what is written.
    pub resources: Resources,
    /// Where volumes appear in the container.
    pub volume_mounts: Vec<VolumeMount>,
    pub(crate) extras: Extras,
}

/// A request by HTTP GET that must be answered with 200.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// Port inside the instance; need not be an endpoint.
    pub port: u16,
    /// Path, beginning with `/`.
    pub path: String,
    /// Seconds between two probes; 5 unless written.
    pub period_seconds: u32,
    /// Failures in a row that count; 3 unless written.
    pub failure_threshold: u32,
}

impl Probe {
    /// Seconds between readiness probes when none are written.
    pub const DEFAULT_PERIOD_SECONDS: u32 = 5;
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
    pub(crate) extras: Extras,
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

/// A volume that containers of one instance share.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Volume {
    /// Name, unique among the volumes.
    pub name: String,
    /// What the volume is made of.
    pub source: VolumeSource,
    /// Size; always given for memory and block volumes.
    pub size: Option<MemoryQuantity>,
    pub(crate) extras: Extras,
}

/// What a volume is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VolumeSource {
    /// A directory on the node's disk that lives as long as the instance.
    Local,
    /// Memory of the node.
    Memory,
    /// A block device that outlives the instance.
    Block,
    /// A stage; with the older form `"@stage/folder"` this is the text from `@` on.
    Stage {
        /// The stage, when the source itself names it.
        path: Option<String>,
    },
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

/// A field that is known but has no typed form here yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedField {
    /// Path of the field.
    pub path: String,
    /// Where its key stands.
    pub span: Span,
    /// The field's key, such as `secrets`.
    pub name: &'static str,
}
