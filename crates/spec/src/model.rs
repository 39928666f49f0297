//! A specification whose every field was checked.

mod container;
mod endpoint;
mod scaling;
mod volume;
mod words;

use crate::Span;

pub use container::{
    Container, NodeCapacity, Probe, ResourceList, Resources, SecretKey, SecretSource, SecretTarget,
    SecretUse, SessionTokenConfig, VolumeMount,
};
pub use endpoint::{
    Capabilities, CorsSettings, Endpoint, LogLevel, MetricGroup, Observability, Port, Protocol,
    ServiceRole,
};
pub use scaling::{
    Adjustment, Aggregation, MetricCondition, Scaling, ScalingPolicies, ScalingStep,
};
pub use volume::{
    BlockConfig, CacheTime, Encryption, Retention, StageConfig, Volume, VolumeSource,
};

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
    pub(crate) observability: Observability,
    pub(crate) scaling: ScalingPolicies,
    /// The field of the preview that does nothing, as it is written.
    pub(crate) allow_internet_egress: Option<bool>,
    pub(crate) spans: Spans,
}

/// Places of fields, in the order of their paths.
pub(crate) type Spans = Vec<(String, Span)>;

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

    /// What the platform writes to the event table.
    ///
    /// ```
    /// # use floe_spec::{LogLevel, ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i}],
    ///   logExporters: {eventTableConfig: {logLevel: ERROR}}}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert_eq!(spec.observability().log_level, Some(LogLevel::Error));
    /// ```
    #[must_use]
    pub fn observability(&self) -> &Observability {
        &self.observability
    }

    /// When the number of instances changes by itself.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// assert!(spec.scaling().is_empty());
    /// ```
    #[must_use]
    pub fn scaling(&self) -> &ScalingPolicies {
        &self.scaling
    }

    /// The same with the resources of every container filled in as they are derived on a node of
    /// this capacity, as DESCRIBE SERVICE shows them.
    ///
    /// ```
    /// # use floe_spec::{NodeCapacity, ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let node = NodeCapacity { millicpu: 1000, bytes: 6 << 30 };
    /// let derived = spec.derived(&node).canonical_text(&|_| None);
    /// assert!(derived.contains("      limits:\n        memory: \"6Gi\"\n        cpu: \"1\"\n"));
    /// ```
    #[must_use]
    pub fn derived(&self, node: &NodeCapacity) -> ValidSpec {
        let mut spec = self.clone();
        for container in &mut spec.containers {
            container.resources = container.resources.derived(node);
        }
        spec
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
        let at = self
            .spans
            .binary_search_by(|(known, _)| known.as_str().cmp(path));
        self.spans.get(at.ok()?).map(|(_, span)| *span)
    }

    /// All fields and list items that are written, in the order of their paths.
    ///
    /// ```
    /// # use floe_spec::{ParseOptions, parse};
    /// let text = "spec: {containers: [{name: a, image: /d/s/r/i}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let paths: Vec<_> = spec.written().map(|(path, _)| path).collect();
    /// assert_eq!(
    ///     paths,
    ///     [
    ///         "spec",
    ///         "spec.containers",
    ///         "spec.containers[0]",
    ///         "spec.containers[0].image",
    ///         "spec.containers[0].name",
    ///     ],
    /// );
    /// ```
    pub fn written(&self) -> impl Iterator<Item = (&str, Span)> {
        self.spans.iter().map(|(path, span)| (path.as_str(), *span))
    }
}
