//! What can go wrong, in the user's words, and how it points at the user's text.

use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;

/// Everything the engine itself refuses or fails at. The crates below have
/// their own errors; [`Diagnostic`] carries either.
///
/// ```
/// let error = floe_engine::EngineError::Held { path: "./.floe".into(), pid: Some(41) };
/// assert_eq!(error.code(), "FLOE-ENGINE-0001");
/// assert!(error.to_string().contains("process 41"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Another process holds the data directory.
    #[error(
        "the data directory {} is held by {}; stop it, or use another directory (--data-dir)",
        path.display(),
        holder(*pid)
    )]
    Held {
        /// The data directory.
        path: PathBuf,
        /// The holder, when its pid could be read.
        pid: Option<u32>,
    },
    /// The data directory can not be created, read or written.
    #[error("the data directory {} can not be used: {source}", path.display())]
    DataDir {
        /// The data directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The catalog file is damaged or is none.
    #[error("the catalog {} can not be read: {message}", path.display())]
    CatalogUnreadable {
        /// The catalog file.
        path: PathBuf,
        /// What the store said.
        message: String,
    },
    /// The catalog was written by a newer version.
    #[error(
        "the catalog {} has format {found}, which is newer than this version of Floe understands",
        path.display()
    )]
    CatalogFormat {
        /// The catalog file.
        path: PathBuf,
        /// The format found.
        found: u64,
    },
    /// A change could not be made durable; nothing was done.
    #[error("the catalog could not be written, and nothing was changed: {message}")]
    Catalog {
        /// What the store said.
        message: String,
    },
    /// CREATE of something that exists.
    #[error("Object '{name}' already exists.")]
    AlreadyExists {
        /// The object's name.
        name: String,
    },
    /// A name that stands for nothing.
    #[error("{kind} '{name}' does not exist or not authorized.")]
    NotFound {
        /// `Service`, `Compute pool`, …
        kind: &'static str,
        /// The name, as it was resolved.
        name: String,
    },
    /// A database or schema that this version does not have.
    #[error("Schema '{name}' does not exist; this version has the schema FLOE.PUBLIC alone")]
    NoSuchSchema {
        /// The schema as it was written.
        name: String,
    },
    /// DROP of a pool with services.
    #[error(
        "compute pool {pool} has {} ({}); drop them first, or run \
         ALTER COMPUTE POOL {pool} STOP ALL",
        plural(services.len(), "service"),
        services.join(", ")
    )]
    PoolInUse {
        /// The pool.
        pool: String,
        /// Services in it.
        services: Vec<String>,
    },
    /// A property outside its range or in conflict with another.
    #[error("{message}")]
    Property {
        /// What is wrong and what is allowed.
        message: String,
    },
    /// Something the original has and this version does not.
    #[error("{what} is not supported yet")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// An unknown instance family.
    #[error(
        "instance family '{name}' is not known; the families are: {}",
        family_names()
    )]
    InstanceFamily {
        /// The name as written.
        name: String,
    },
    /// The directory of a checkpoint can not be made.
    #[error("the checkpoint {} can not be made: {source}", path.display())]
    Checkpoint {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A store that this program does not reach.
    #[error(
        "{place} is not reached by this program: it was built for directories of this machine; \
         build it with the cloud as a feature, for example `cargo build --release -p floe-cli \
         --features aws`"
    )]
    NotReached {
        /// The path or the checkpoint.
        place: String,
    },
    /// A checkpoint in which no stream was ever started.
    #[error(
        "there is no stream in {checkpoint}; start one, or look for a typing error in its name"
    )]
    NoStream {
        /// The checkpoint.
        checkpoint: String,
    },
    /// The directory that a stream is to read.
    #[error("the directory {} can not be read: {source}", path.display())]
    StreamPath {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// COPY of something that is no stream.
    #[error(
        "COPY takes a stream of files: COPY (SELECT … FROM STREAM read_files('path', format => \
         'json', checkpoint => 'directory')) TO 'directory'"
    )]
    CopyWithoutStream,
    /// Options of a stream that do not go together here.
    #[error("{what}")]
    StreamNeeds {
        /// What it needs.
        what: &'static str,
    },
    /// The engine is going away.
    #[error("the engine is shutting down")]
    ShuttingDown,
    /// An upgrade that the service's volumes do not allow.
    #[error("service {service} cannot be upgraded so: {reason}")]
    UpgradeRefused {
        /// The service.
        service: String,
        /// Why, and what to do.
        reason: String,
    },
    /// An instance that fits on no node of the pool.
    #[error(
        "an instance of service {service} asks for {asked}, more than a node of compute pool \
         {pool} ({family}: {offered}) has"
    )]
    Placement {
        /// The service.
        service: String,
        /// The pool.
        pool: String,
        /// The pool's instance family.
        family: String,
        /// CPU and memory asked for.
        asked: String,
        /// CPU and memory of one node.
        offered: String,
    },
    /// A function whose endpoint is missing or does not speak HTTP.
    #[error(
        "endpoint '{endpoint}' of service {service} can not carry a service function: {reason}"
    )]
    Endpoint {
        /// The service.
        service: String,
        /// The endpoint as written.
        endpoint: String,
        /// Why not, and which endpoints there are.
        reason: String,
    },
    /// `SYSTEM$WAIT_FOR_SERVICES` ran out of time.
    #[error("services were not ready after {seconds} s: {state}")]
    WaitTimedOut {
        /// The time given.
        seconds: u64,
        /// What each service was doing.
        state: String,
    },
    /// An unknown system function, or wrong arguments for one.
    #[error("{message}")]
    SystemFunction {
        /// What is wrong, and the right form.
        message: String,
    },
    /// A service function that does not exist with these argument types.
    #[error("function '{signature}' does not exist")]
    NoSuchFunction {
        /// Name and argument types.
        signature: String,
    },
    /// A specification file on a stage.
    #[error("the specification is on a stage ({stage}), and this version has no stages")]
    Stage {
        /// The stage as written.
        stage: String,
    },
    /// A replay of a specification that says nothing about scaling.
    #[error(
        "there is no rule to scale by: the specification has no `autoScalingPolicies` and no CPU \
         request"
    )]
    NoScalingRules,
}

impl EngineError {
    /// The stable code; `floe explain CODE` prints its page.
    ///
    /// ```
    /// let error = floe_engine::EngineError::NoSuchSchema { name: "OTHER".into() };
    /// assert_eq!(error.code(), "FLOE-ENGINE-0008");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "FLOE-ENGINE-0001",
            Self::DataDir { .. } => "FLOE-ENGINE-0002",
            Self::CatalogUnreadable { .. } => "FLOE-ENGINE-0003",
            Self::CatalogFormat { .. } => "FLOE-ENGINE-0004",
            Self::Catalog { .. } => "FLOE-ENGINE-0005",
            Self::AlreadyExists { .. } => "FLOE-ENGINE-0006",
            Self::NotFound { .. } => "FLOE-ENGINE-0007",
            Self::NoSuchSchema { .. } => "FLOE-ENGINE-0008",
            Self::PoolInUse { .. } => "FLOE-ENGINE-0009",
            Self::Property { .. } => "FLOE-ENGINE-0010",
            Self::Unsupported { .. } => "FLOE-ENGINE-0011",
            Self::InstanceFamily { .. } => "FLOE-ENGINE-0012",
            Self::Placement { .. } => "FLOE-ENGINE-0013",
            Self::Endpoint { .. } => "FLOE-ENGINE-0014",
            Self::WaitTimedOut { .. } => "FLOE-ENGINE-0015",
            Self::SystemFunction { .. } => "FLOE-ENGINE-0016",
            Self::NoSuchFunction { .. } => "FLOE-ENGINE-0018",
            Self::Stage { .. } => "FLOE-ENGINE-0019",
            Self::Checkpoint { .. } => "FLOE-ENGINE-0026",
            Self::NotReached { .. } => "FLOE-ENGINE-0027",
            Self::NoStream { .. } => "FLOE-ENGINE-0028",
            Self::StreamPath { .. } => "FLOE-ENGINE-0029",
            Self::CopyWithoutStream => "FLOE-ENGINE-0030",
            Self::ShuttingDown => "FLOE-ENGINE-0031",
            Self::StreamNeeds { .. } => "FLOE-ENGINE-0032",
            Self::NoScalingRules => "FLOE-ENGINE-0022",
            Self::UpgradeRefused { .. } => "FLOE-ENGINE-0024",
        }
    }
}

/// How bad a [`Diagnostic`] is.
///
/// ```
/// assert_ne!(floe_engine::Severity::Error, floe_engine::Severity::Warning);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The statement was not carried out.
    Error,
    /// The statement was carried out; the user should know this.
    Warning,
}

/// One thing to tell the user, with the place in the user's own text.
///
/// ```
/// use floe_engine::{Diagnostic, EngineError};
/// let error = EngineError::NoSuchSchema { name: "OTHER".into() };
/// let diagnostic = Diagnostic::from(&error).at(0..6);
/// assert_eq!(diagnostic.span, Some(0..6));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Byte range in the text of the script, where there is one.
    pub span: Option<Range<usize>>,
    /// Further facts, such as the position inside a template.
    pub notes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error with a code of any crate.
    ///
    /// ```
    /// let diagnostic = floe_engine::Diagnostic::error("FLOE-SQL-0001", "no");
    /// assert_eq!(diagnostic.to_string(), "error[FLOE-SQL-0001]: no");
    /// ```
    #[must_use]
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity: Severity::Error,
            message: message.into(),
            span: None,
            notes: Vec::new(),
            hint: None,
        }
    }

    /// The same with a place in the script (bytes).
    ///
    /// ```
    /// assert_eq!(floe_engine::Diagnostic::error("X", "y").at(1..2).span, Some(1..2));
    /// ```
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// The same with a hint.
    ///
    /// ```
    /// let diagnostic = floe_engine::Diagnostic::error("X", "y").hint("z");
    /// assert_eq!(diagnostic.hint.as_deref(), Some("z"));
    /// ```
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{kind}[{}]: {}", self.code, self.message)
    }
}

impl From<&EngineError> for Diagnostic {
    fn from(error: &EngineError) -> Self {
        Self::error(error.code(), error.to_string())
    }
}

/// A statement that was not carried out: at least one error, all that were found.
///
/// ```
/// use floe_engine::{Diagnostic, Failure};
/// let failure = Failure::from(Diagnostic::error("FLOE-SQL-0001", "no"));
/// assert_eq!(failure.to_string(), "error[FLOE-SQL-0001]: no");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Failure {
    /// What was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// The same, with a place (bytes of the script) for diagnostics that have none.
    ///
    /// ```
    /// use floe_engine::{Diagnostic, Failure};
    /// let failure = Failure::from(Diagnostic::error("X", "y")).at(1..2);
    /// assert_eq!(failure.diagnostics[0].span, Some(1..2));
    /// ```
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        for diagnostic in &mut self.diagnostics {
            diagnostic.span.get_or_insert(span.clone());
        }
        self
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Diagnostic::from(&error).into()
    }
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

fn family_names() -> String {
    crate::families::FAMILIES
        .iter()
        .map(|family| family.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// `1 service`, `2 services`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("{count} {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
