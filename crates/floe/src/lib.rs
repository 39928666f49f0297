//! Container services as a library, in the open: what Snowpark Container
//! Services does with a YAML specification, for programs that embed it.
//!
//! This crate only names its parts. Each is a crate of its own, and who uses
//! one directly gets the same types.
//!
//! | module | feature | does |
//! |---|---|---|
//! | `spec` | `spec` (default) | service specifications: parse, prove, print, digest |
//! | `template` | `template` (default) | specification templates |
//! | `dns` | `dns` (default) | names of services, instances and schemas |
//! | `rollout` | `rollout` (default) | rolling upgrades: decider and plan |
//! | `scale` | `scale` (default) | autoscaling and auto-suspend: decider and replay |
//! | `batch` | `batch` (default), `arrow` | wire format of service functions |
//! | `notify` | `notify` | file events of three clouds; traits of queues and resource managers |
//! | `notify_aws` | `aws` | what brings events of S3 into a queue, and the queue |
//! | `notify_azure` | `azure` | the same for Azure Storage |
//! | `notify_gcp` | `gcp` | the same for Cloud Storage |
//! | `notify_local` | `local` | the same for a directory |
//! | `ingest` | `ingest` | the exactly-once file stream |
//! | `function` | `function` | client and server side of service functions |
//! | `runtime`, `image` | `runtime` | what runs instances; image store |
//! | `runtime_process` | `runtime-process` | instances as local processes |
//! | `sql`, `engine`, `datafusion` | `sql` | statements and the engine that executes them |
//!
//! The default features have neither tokio nor TLS.
//!
//! ```
//! # #[cfg(feature = "template")] {
//! use floe::template::{Variables, expand};
//! let text = "name: {{ name | default('echo') }}";
//! assert_eq!(expand(text, &Variables::default()).unwrap().text, "name: echo");
//! # }
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "batch")]
pub use floe_batch as batch;
#[cfg(feature = "sql")]
pub use floe_datafusion as datafusion;
#[cfg(feature = "dns")]
pub use floe_dns as dns;
#[cfg(feature = "sql")]
pub use floe_engine as engine;
#[cfg(feature = "function")]
pub use floe_function as function;
#[cfg(feature = "runtime")]
pub use floe_image as image;
#[cfg(feature = "ingest")]
pub use floe_ingest as ingest;
#[cfg(feature = "notify")]
pub use floe_notify as notify;
#[cfg(feature = "aws")]
pub use floe_notify_aws as notify_aws;
#[cfg(feature = "azure")]
pub use floe_notify_azure as notify_azure;
#[cfg(feature = "gcp")]
pub use floe_notify_gcp as notify_gcp;
#[cfg(feature = "local")]
pub use floe_notify_local as notify_local;
#[cfg(feature = "rollout")]
pub use floe_rollout as rollout;
#[cfg(feature = "runtime")]
pub use floe_runtime as runtime;
#[cfg(feature = "runtime-process")]
pub use floe_runtime_process as runtime_process;
#[cfg(feature = "scale")]
pub use floe_scale as scale;
#[cfg(feature = "spec")]
pub use floe_spec as spec;
#[cfg(feature = "sql")]
pub use floe_sql as sql;
#[cfg(feature = "template")]
pub use floe_template as template;

/// The README, whose examples are tests.
#[cfg(all(doctest, feature = "spec", feature = "template", feature = "batch"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
