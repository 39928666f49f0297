//! Service specifications: YAML or JSON text to a typed model, with every finding at once.
//!
//! For whoever writes, checks or executes the specification of a container service. The text is
//! read once; every problem in it is reported with a stable code, the path of the field, the
//! position in the text and, where one is known, the way out. A [`ValidSpec`] exists only when
//! nothing is wrong, so what holds one need not check again.
//!
//! This crate is pure: no files, no clock, no network. The YAML parser is private to it.
//!
//! ```
//! use floe_spec::{ParseOptions, Port, parse};
//!
//! let text = "\
//! spec:
//!   containers:
//!   - name: echo
//!     image: /tutorial_db/data_schema/tutorial_repository/echo:latest
//!     env:
//!       SERVER_PORT: 8000
//!   endpoints:
//!   - name: echoendpoint
//!     port: 8000
//!     public: true
//! ";
//! let spec = parse(text, &ParseOptions::default()).spec.expect("the text is valid");
//! assert_eq!(spec.containers()[0].env, [("SERVER_PORT".to_owned(), "8000".to_owned())]);
//! assert_eq!(spec.endpoints()[0].port, Port::Single(8000));
//!
//! let parsed = parse("spec:\n  contaners: []\n", &ParseOptions::default());
//! assert_eq!(parsed.findings[0].hint.as_deref(), Some("did you mean `containers`?"));
//! ```
//!
//! The rules are those of the page *Snowpark Container Services: service specification
//! reference* of the Snowflake documentation.

#![forbid(unsafe_code)]

mod builder;
mod canonical;
pub mod codes;
mod decimal;
mod diff;
mod digest;
mod fields;
mod finding;
mod keys;
pub mod limits;
mod model;
mod parse;
mod position;
mod quantity;
pub mod render;
mod schema;
mod service_spec;
mod source;
pub mod wire;

pub use builder::SpecBuilder;
pub use decimal::Decimal;
pub use diff::{Change, ChangeKind, Effect, SpecDiff, diff};
pub use digest::{DigestError, SpecDigest, spec_digest};
pub use fields::{Field, fields};
pub use finding::{Finding, Severity, Span};
pub use model::*;
pub use parse::{Context, ParseOptions, Parsed, parse};
pub use quantity::{CpuQuantity, MemoryQuantity, QuantityError};
pub use schema::json_schema;
pub use service_spec::ServiceSpec;
