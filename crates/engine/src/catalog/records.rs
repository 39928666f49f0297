//! What the catalog keeps on disk. These are wire types: JSON values in the
//! embedded store, read back by later versions, so fields are only ever added
//! with a default.

use serde::{Deserialize, Serialize};

/// A compute pool. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PoolRecord {
    pub(crate) name: String,
    pub(crate) min_nodes: u32,
    pub(crate) max_nodes: u32,
    pub(crate) instance_family: String,
    pub(crate) auto_suspend_secs: u64,
    pub(crate) auto_resume: bool,
    pub(crate) suspended: bool,
    pub(crate) comment: Option<String>,
    pub(crate) created_on: u64,
    pub(crate) updated_on: u64,
    pub(crate) resumed_on: Option<u64>,
}

/// A service and the newest revision of its specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceRecord {
    /// Never reused, so that processes of a dropped service of the same name
    /// are never mistaken for those of its successor.
    pub(crate) uid: u64,
    pub(crate) name: String,
    pub(crate) pool: String,
    pub(crate) min_instances: u32,
    pub(crate) max_instances: u32,
    pub(crate) min_ready_instances: u32,
    /// How many instances autoscaling wants; `None` where it has decided nothing.
    #[serde(default)]
    pub(crate) scaled_to: Option<u32>,
    pub(crate) auto_suspend_secs: u64,
    pub(crate) auto_resume: bool,
    pub(crate) comment: Option<String>,
    pub(crate) query_warehouse: Option<String>,
    #[serde(default)]
    pub(crate) external_access_integrations: Vec<String>,
    pub(crate) created_on: u64,
    pub(crate) updated_on: u64,
    pub(crate) resumed_on: Option<u64>,
    pub(crate) suspended_on: Option<u64>,
    pub(crate) suspended: bool,
    /// DROP was accepted; whoever opens the directory next finishes it.
    pub(crate) dropping: bool,
    /// An upgrade to `revision` has begun and is not finished.
    pub(crate) upgrading: bool,
    pub(crate) revision: RevisionRecord,
    /// The highest number that a revision ever had: after a way back, that of `revision` is lower.
    #[serde(default)]
    pub(crate) last_revision: u64,
}

impl ServiceRecord {
    /// How many instances there are to be unless the service is suspended.
    pub(crate) fn instances(&self) -> u32 {
        let count = self.scaled_to.unwrap_or(self.min_instances);
        // Not `clamp`, which panics on bounds that a damaged record may have.
        count.min(self.max_instances).max(self.min_instances)
    }

    /// The number of the next revision.
    pub(crate) fn next_revision(&self) -> u64 {
        self.last_revision.max(self.revision.number) + 1
    }
}

/// One revision of a specification, with its images pinned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RevisionRecord {
    pub(crate) number: u64,
    /// The specification after template expansion, as it was parsed.
    pub(crate) text: String,
    /// Canonical text, as DESCRIBE SERVICE prints it.
    pub(crate) canonical: String,
    /// Lower-case hexadecimal SHA-256 of `canonical`.
    pub(crate) digest: String,
    pub(crate) images: Vec<PinRecord>,
}

/// An image as the specification names it, and the digest it stood for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PinRecord {
    pub(crate) written: String,
    pub(crate) digest: String,
}

/// A service function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionRecord {
    pub(crate) name: String,
    pub(crate) args: Vec<ArgRecord>,
    pub(crate) returns: String,
    pub(crate) returns_not_null: bool,
    pub(crate) strict: bool,
    pub(crate) immutable: bool,
    pub(crate) service: String,
    pub(crate) endpoint: String,
    pub(crate) path: String,
    pub(crate) max_batch_rows: Option<u32>,
    pub(crate) max_batch_retries: u32,
    pub(crate) return_null_on_failure: bool,
    pub(crate) batch_timeout_secs: Option<u64>,
    /// Names of context functions, upper case.
    #[serde(default)]
    pub(crate) context_headers: Vec<String>,
    pub(crate) comment: Option<String>,
    pub(crate) created_on: u64,
}

/// A function argument: its name and SQL type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArgRecord {
    pub(crate) name: String,
    pub(crate) sql_type: String,
}

impl FunctionRecord {
    /// Where the catalog keeps it: name and argument types with their parameters.
    pub(crate) fn key(&self) -> String {
        let types = self.args.iter().map(|arg| arg.sql_type.as_str());
        let types: Vec<_> = types.collect();
        format!("{}({})", self.name, types.join(", "))
    }

    /// `MY_ECHO_UDF(VARCHAR)`: functions are told apart by the types of their arguments, without
    /// the parameters of the types.
    pub(crate) fn signature(&self) -> String {
        let types = self.args.iter().map(|arg| arg.sql_type.as_str());
        function_signature(&self.name, types)
    }
}

/// The signature of a function with these argument types.
pub(crate) fn function_signature<'a>(name: &str, types: impl Iterator<Item = &'a str>) -> String {
    let names = types.map(|text| text.split('(').next().unwrap_or(text));
    format!("{name}({})", names.collect::<Vec<_>>().join(", "))
}
