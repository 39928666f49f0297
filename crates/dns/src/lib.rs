//! DNS names of container services: how they are made, and what a short one means.
//!
//! For everyone who has to name, or to find, a service the way Snowpark Container Services does:
//! an engine that answers `SHOW SERVICES`, a resolver inside a sandbox, a test. The crate resolves
//! nothing itself and has no dependency but its error type.
//!
//! | name | means |
//! |---|---|
//! | `echo-service.k3m6.svc.spcs.internal` | the service, load-balanced over its ready instances |
//! | `instances.echo-service.k3m6.svc.spcs.internal` | the addresses of all its instances |
//! | `echo-service`, `instances.echo-service` | the same, from a service of the same schema |
//! | `echo-service.k3m6`, `instances.echo-service.k3m6` | the same, from any schema |
//!
//! `k3m6` is the hash of the schema ([`SchemaHash`]), `echo-service` the name of the service as a
//! DNS label ([`label_of_object`]). The rules are those of "Snowpark Container Services: Working
//! with services", "Service-to-service communications", in Snowflake's documentation.
//!
//! ```
//! use floe_dns::{Name, SchemaHash, instances_name, label_of_object, service_name};
//!
//! let service = label_of_object("ECHO_SERVICE")?;
//! let schema = SchemaHash::parse("k3m6")?;
//! assert_eq!(service_name(&service, &schema), "echo-service.k3m6.svc.spcs.internal");
//!
//! let asked = Name::parse("instances.echo-service", Some(&schema))?;
//! assert_eq!(asked.to_string(), instances_name(&service, &schema));
//! # Ok::<(), floe_dns::DnsError>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod hash;
mod label;
mod name;

pub use error::DnsError;
pub use hash::SchemaHash;
pub use label::{DnsLabel, MAX_LABEL_BYTES, label_of_object};
pub use name::{DOMAIN, INSTANCES, Name, instances_name, schema_domain, service_name};
