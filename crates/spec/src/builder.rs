//! Specifications made in code.

use crate::{ServiceSpec, wire};

/// Puts a specification together; nothing is proved until [`ServiceSpec::validate`].
///
/// ```
/// use floe_spec::{ParseOptions, ServiceSpec, VolumeSource, wire};
///
/// let spec = ServiceSpec::builder()
///     .container(wire::Container {
///         name: "main".into(),
///         image: "/db/schema/repo/app:1".into(),
///         volume_mounts: vec![wire::VolumeMount {
///             name: "scratch".into(),
///             mount_path: "/scratch".into(),
///         }],
///         ..wire::Container::default()
///     })
///     .public_endpoint("ui", 8080)
///     .volume("scratch", "memory", Some("2Gi"))
///     .role("ui_user", ["ui"])
///     .build();
/// let valid = spec.validate(&ParseOptions::default()).spec.expect("nothing is wrong");
/// assert_eq!(valid.volumes()[0].source, VolumeSource::Memory);
/// assert!(valid.endpoints()[0].public);
/// assert_eq!(valid.service_roles()[0].endpoints, ["ui"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct SpecBuilder {
    document: wire::Document,
}

impl SpecBuilder {
    /// Adds a container.
    ///
    /// ```
    /// use floe_spec::{ServiceSpec, wire};
    ///
    /// let spec = ServiceSpec::builder().container(wire::Container::default()).build();
    /// assert!(spec.text().contains(r#""image": """#));
    /// ```
    #[must_use]
    pub fn container(mut self, container: wire::Container) -> Self {
        self.document.spec.containers.push(container);
        self
    }

    /// Adds an endpoint for HTTP inside the service's network.
    ///
    /// ```
    /// let spec = floe_spec::ServiceSpec::builder().endpoint("api", 8000).build();
    /// assert!(spec.text().contains("\"port\": 8000"));
    /// ```
    #[must_use]
    pub fn endpoint(self, name: impl Into<String>, port: u16) -> Self {
        self.with_endpoint(wire::Endpoint {
            name: name.into(),
            port: Some(port.into()),
            ..wire::Endpoint::default()
        })
    }

    /// Adds an endpoint that can be reached from outside.
    ///
    /// ```
    /// let spec = floe_spec::ServiceSpec::builder().public_endpoint("ui", 8080).build();
    /// assert!(spec.text().contains("\"public\": true"));
    /// ```
    #[must_use]
    pub fn public_endpoint(self, name: impl Into<String>, port: u16) -> Self {
        self.with_endpoint(wire::Endpoint {
            name: name.into(),
            port: Some(port.into()),
            public: Some(true),
            ..wire::Endpoint::default()
        })
    }

    /// Adds an endpoint of any kind.
    ///
    /// ```
    /// use floe_spec::{ServiceSpec, wire};
    ///
    /// let workers = wire::Endpoint {
    ///     name: "workers".into(),
    ///     port_range: Some("29501-65000".into()),
    ///     protocol: Some("TCP".into()),
    ///     ..wire::Endpoint::default()
    /// };
    /// let spec = ServiceSpec::builder().with_endpoint(workers).build();
    /// assert!(spec.text().contains("29501-65000"));
    /// ```
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: wire::Endpoint) -> Self {
        self.document.spec.endpoints.push(endpoint);
        self
    }

    /// Adds a volume without further settings.
    ///
    /// ```
    /// let spec = floe_spec::ServiceSpec::builder().volume("tmp", "local", None).build();
    /// assert!(spec.text().contains("\"source\": \"local\""));
    /// ```
    #[must_use]
    pub fn volume(
        self,
        name: impl Into<String>,
        source: impl Into<String>,
        size: Option<&str>,
    ) -> Self {
        self.with_volume(wire::Volume {
            name: name.into(),
            source: source.into(),
            size: size.map(wire::Scalar::from),
            ..wire::Volume::default()
        })
    }

    /// Adds a volume of any kind.
    ///
    /// ```
    /// use floe_spec::{ServiceSpec, wire};
    ///
    /// let stage = wire::Volume {
    ///     name: "models".into(),
    ///     source: "stage".into(),
    ///     stage_config: Some(wire::StageConfig {
    ///         name: "@models".into(),
    ///         ..wire::StageConfig::default()
    ///     }),
    ///     ..wire::Volume::default()
    /// };
    /// assert!(ServiceSpec::builder().with_volume(stage).build().text().contains("@models"));
    /// ```
    #[must_use]
    pub fn with_volume(mut self, volume: wire::Volume) -> Self {
        self.document.spec.volumes.push(volume);
        self
    }

    /// Adds a service role.
    ///
    /// ```
    /// let spec = floe_spec::ServiceSpec::builder().role("reader", ["api"]).build();
    /// assert!(spec.text().contains("reader"));
    /// ```
    #[must_use]
    pub fn role<E: Into<String>>(
        mut self,
        name: impl Into<String>,
        endpoints: impl IntoIterator<Item = E>,
    ) -> Self {
        self.document.service_roles.push(wire::ServiceRole {
            name: name.into(),
            endpoints: endpoints.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// The specification as it was put together.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, ServiceSpec};
    ///
    /// let empty = ServiceSpec::builder().build();
    /// assert!(empty.validate(&ParseOptions::default()).spec.is_none());
    /// ```
    #[must_use]
    pub fn build(self) -> ServiceSpec {
        ServiceSpec::from(self.document)
    }
}
