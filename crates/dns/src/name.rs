//! Names of services and instances, full and short.

use std::fmt;

use crate::error::DnsError;
use crate::hash::SchemaHash;
use crate::label::DnsLabel;

/// What every full name of a service ends with.
pub const DOMAIN: &str = "svc.spcs.internal";

/// The label in front of a service that asks for its instances.
pub const INSTANCES: &str = "instances";

/// The domain of a schema, as `SYSTEM$GET_SERVICE_DNS_DOMAIN` answers it.
///
/// ```
/// use floe_dns::{SchemaHash, schema_domain};
/// assert_eq!(schema_domain(&SchemaHash::parse("k3m6")?), "k3m6.svc.spcs.internal");
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
#[must_use]
pub fn schema_domain(schema: &SchemaHash) -> String {
    format!("{schema}.{DOMAIN}")
}

/// The full name of a service, which stands for its load-balanced address.
///
/// ```
/// use floe_dns::{DnsLabel, SchemaHash, service_name};
/// let name = service_name(&DnsLabel::parse("echo-service")?, &SchemaHash::parse("k3m6")?);
/// assert_eq!(name, "echo-service.k3m6.svc.spcs.internal");
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
#[must_use]
pub fn service_name(service: &DnsLabel, schema: &SchemaHash) -> String {
    format!("{service}.{schema}.{DOMAIN}")
}

/// The full name that stands for the addresses of all instances of a service, in no order. It is
/// meant for DNS look-ups; a URL needs one address.
///
/// ```
/// use floe_dns::{DnsLabel, SchemaHash, instances_name};
/// let name = instances_name(&DnsLabel::parse("echo-service")?, &SchemaHash::parse("k3m6")?);
/// assert_eq!(name, "instances.echo-service.k3m6.svc.spcs.internal");
/// # Ok::<(), floe_dns::DnsError>(())
/// ```
#[must_use]
pub fn instances_name(service: &DnsLabel, schema: &SchemaHash) -> String {
    format!("{INSTANCES}.{service}.{schema}.{DOMAIN}")
}

/// What a name asks for. Its [`Display`](fmt::Display) is the full name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// The load-balanced address of a service.
    Service {
        /// The service.
        service: DnsLabel,
        /// Its schema.
        schema: SchemaHash,
    },
    /// The addresses of all instances of a service.
    Instances {
        /// The service.
        service: DnsLabel,
        /// Its schema.
        schema: SchemaHash,
    },
}

impl Name {
    /// Reads a full or short name, as asked for by a service of the schema `from`, or from
    /// outside of any schema. Case does not matter, and a dot at the end is accepted.
    ///
    /// `instances.x` is read as the instances of service `x`; a service that is itself called
    /// `instances` is found by `instances` and `instances.<hash>.svc.spcs.internal`, and by
    /// nothing shorter from another schema.
    ///
    /// # Errors
    ///
    /// [`DnsError::UnknownForm`] for anything else, [`DnsError::NoSchema`] for a name without a
    /// schema when `from` is none, [`DnsError::InvalidLabel`] and [`DnsError::InvalidHash`] for
    /// names whose parts are wrong.
    ///
    /// ```
    /// use floe_dns::{Name, SchemaHash};
    ///
    /// let (here, there) = (SchemaHash::parse("k3m6")?, SchemaHash::parse("a1b2")?);
    /// let full = |query| Name::parse(query, Some(&here)).map(|name| name.to_string());
    /// assert_eq!(full("echo")?, "echo.k3m6.svc.spcs.internal");
    /// assert_eq!(full("echo.a1b2")?, "echo.a1b2.svc.spcs.internal");
    /// assert_eq!(full("instances.echo")?, "instances.echo.k3m6.svc.spcs.internal");
    ///
    /// let name = Name::parse("echo.a1b2.svc.spcs.internal", None)?;
    /// assert_eq!(name.schema(), &there);
    /// # Ok::<(), floe_dns::DnsError>(())
    /// ```
    pub fn parse(query: &str, from: Option<&SchemaHash>) -> Result<Self, DnsError> {
        let unknown = || DnsError::UnknownForm {
            query: query.to_owned(),
        };
        let folded = query
            .strip_suffix('.')
            .unwrap_or(query)
            .to_ascii_lowercase();
        let relative = folded
            .strip_suffix(DOMAIN)
            .and_then(|rest| rest.strip_suffix('.'));
        let is_full = relative.is_some();
        let parts: Vec<&str> = relative.unwrap_or(&folded).split('.').take(4).collect();
        let here = || {
            from.cloned().ok_or_else(|| DnsError::NoSchema {
                query: folded.clone(),
            })
        };
        let (instances, service, schema) = match parts[..] {
            [service] if !is_full => (false, service, here()?),
            // Only a short name is in doubt here: in a full one, the schema's hash comes last.
            [INSTANCES, service] if !is_full => (true, service, here()?),
            [service, hash] => (false, service, SchemaHash::parse(hash)?),
            [INSTANCES, service, hash] => (true, service, SchemaHash::parse(hash)?),
            _ => return Err(unknown()),
        };
        let service = DnsLabel::parse(service)?;
        Ok(match instances {
            true => Self::Instances { service, schema },
            false => Self::Service { service, schema },
        })
    }

    /// The service it is about.
    ///
    /// ```
    /// let name = floe_dns::Name::parse("echo.k3m6", None)?;
    /// assert_eq!(name.service().as_str(), "echo");
    /// # Ok::<(), floe_dns::DnsError>(())
    /// ```
    #[must_use]
    pub fn service(&self) -> &DnsLabel {
        match self {
            Self::Service { service, .. } | Self::Instances { service, .. } => service,
        }
    }

    /// The schema the service lives in.
    ///
    /// ```
    /// let name = floe_dns::Name::parse("echo.k3m6", None)?;
    /// assert_eq!(name.schema().as_str(), "k3m6");
    /// # Ok::<(), floe_dns::DnsError>(())
    /// ```
    #[must_use]
    pub fn schema(&self) -> &SchemaHash {
        match self {
            Self::Service { schema, .. } | Self::Instances { schema, .. } => schema,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Service { service, schema } => service_name(service, schema),
            Self::Instances { service, schema } => instances_name(service, schema),
        })
    }
}
