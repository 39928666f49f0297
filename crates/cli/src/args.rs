//! The command line.

mod notify;
mod stream;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use floe_engine::rollout::Policy;

pub(crate) use notify::{Allowing, Notify, NotifyCloud, NotifyPlace, NotifyPolicy, NotifySetUp};
pub(crate) use stream::{Stream, StreamInput, StreamOutput, StreamRun, StreamStatus};

/// Container services on this machine: SQL in, running services out.
#[derive(Debug, Parser)]
#[command(name = "floe", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Directory that holds the catalog, images and logs.
    #[arg(long, global = true, env = "FLOE_DATA_DIR", default_value = "./.floe")]
    pub(crate) data_dir: PathBuf,
    /// How instances get their network.
    #[arg(
        long,
        global = true,
        env = "FLOE_NETWORK",
        value_enum,
        default_value = "auto"
    )]
    pub(crate) network: Network,
}

/// See [`Global::network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// Network namespaces where permitted, loopback addresses otherwise.
    Auto,
    /// A network namespace and address for every instance (needs the right to make them).
    Namespace,
    /// A loopback address for every instance.
    Loopback,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people.
    Table,
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// One JSON object a row.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Execute SQL: a file, statements given with -e, or a prompt.
    Run(Run),
    /// Hold the data directory and keep its services running until interrupted.
    Serve(Serve),
    /// Manage the local image store.
    #[command(subcommand)]
    Image(Image),
    /// Check, compare and print service specifications.
    #[command(subcommand)]
    Spec(Spec),
    /// List the variables of specification templates, and expand them.
    #[command(subcommand)]
    Template(Template),
    /// Tell what an upgrade would do, before it does it: exit code 0 with a plan, 1 when the
    /// upgrade is refused or a specification is wrong, 2 when a file cannot be read or written,
    /// or an option is wrong.
    Plan(Plan),
    /// Set up, list and tear down what tells of new files: exit code 0 when done, 1 when the cloud
    /// refuses, 2 when an option is wrong.
    #[command(subcommand)]
    Notify(Notify),
    /// Read files as they land, each exactly once.
    #[command(subcommand)]
    Stream(Stream),
    /// Try out when a service would be scaled.
    #[command(subcommand)]
    Autoscale(Autoscale),
    /// Read the messages that clouds send about files.
    #[command(subcommand)]
    Events(Events),
    /// Explain an error code.
    Explain {
        /// For example FLOE-SPEC-0004.
        code: String,
    },
    /// The sample service; it runs inside the sample images.
    #[command(hide = true)]
    SampleEcho,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A file of SQL statements.
    #[arg(conflicts_with = "execute")]
    pub(crate) file: Option<PathBuf>,
    /// SQL statements; may be given several times.
    #[arg(short, long, value_name = "SQL")]
    pub(crate) execute: Vec<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) care: Care,
    /// Execute all statements at the same time, instead of one after another.
    #[arg(skip)]
    pub(crate) at_once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) care: Care,
}

/// How the engine upgrades services.
#[derive(Debug, Clone, Args)]
pub(crate) struct Care {
    #[command(flatten)]
    pub(crate) upgrades: Upgrades,
    #[command(flatten)]
    pub(crate) stalls: Stalls,
}

impl Care {
    pub(crate) fn policy(&self) -> Policy {
        let deadline = u64::from(self.stalls.progress_deadline_secs);
        Policy {
            progress_deadline: (deadline > 0).then(|| Duration::from_secs(deadline)),
            auto_rollback: self.stalls.auto_rollback,
            ..self.upgrades.policy()
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// Import an OCI image layout directory under an image path.
    Import {
        /// Directory with `oci-layout`, `index.json` and `blobs/`.
        dir: PathBuf,
        /// For example /floe/samples/images/echo:v1.
        reference: String,
    },
    /// List the images in the store.
    List {
        /// How the list is printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

/// `floe spec …`; `-` reads standard input wherever a file is named.
#[derive(Debug, Subcommand)]
pub(crate) enum Spec {
    /// Tell everything that is wrong with specifications: exit code 0 without errors, 1 with, 2
    /// when a file cannot be read.
    Check {
        /// Files with a specification in YAML or JSON.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How findings are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Findings,
        #[command(flatten)]
        options: SpecOptions,
        #[command(flatten)]
        using: Using,
    },
    /// Print the canonical text, as DESCRIBE SERVICE shows it.
    Canonical {
        file: PathBuf,
        #[command(flatten)]
        options: SpecOptions,
    },
    /// Print the digest of the canonical text (SHA-256).
    Digest {
        file: PathBuf,
        #[command(flatten)]
        options: SpecOptions,
    },
    /// Tell what changes from one specification to another: exit code 0 when nothing does, 1 when
    /// something does, 2 when one of them is no specification.
    Diff {
        before: PathBuf,
        after: PathBuf,
        /// How changes are printed.
        #[arg(long, value_enum, default_value = "text")]
        format: Listing,
        #[command(flatten)]
        options: SpecOptions,
    },
    /// Print the JSON Schema of specifications, for editors.
    Schema,
}

/// How specifications are read.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SpecOptions {
    /// Unknown keys are warnings instead of errors.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// The specification is for a job, not for a long-running service.
    #[arg(long)]
    pub(crate) job: bool,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// Drawn at the text, for people.
    Text,
    /// A JSON array with one object a file.
    Json,
    /// Workflow commands that GitHub shows as annotations.
    Github,
}

/// How anything else is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// Lines for people.
    Text,
    /// JSON.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The specification that runs now, in YAML or JSON; `-` reads standard input.
    pub(crate) before: PathBuf,
    /// The specification to upgrade to; `-` reads standard input, here or for the one before.
    pub(crate) after: PathBuf,
    /// How many instances run now.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) instances: u32,
    /// How many there are to be; without it as many as now.
    #[arg(long, value_name = "N")]
    pub(crate) to_instances: Option<u32>,
    /// Instances that are not READY now, by number.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) not_ready: Vec<u32>,
    /// MIN_READY_INSTANCES; without it the number of instances now, as in CREATE SERVICE.
    #[arg(long, value_name = "N")]
    pub(crate) min_ready: Option<u32>,
    /// A function that calls the service, and the endpoint that it calls.
    #[arg(long = "caller", value_name = "FUNCTION=ENDPOINT")]
    pub(crate) callers: Vec<String>,
    #[command(flatten)]
    pub(crate) upgrades: Upgrades,
    /// Unknown keys of the specifications are warnings instead of errors.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// How the plan is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Log,
    /// A file that the timeline is drawn to, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// How careful upgrades are. The original has none of these; the defaults are what it does.
#[derive(Debug, Clone, Args)]
pub(crate) struct Upgrades {
    /// How many instances an upgrade may have down at one moment.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) max_unavailable: NonZeroU32,
    /// Refuse upgrades that take a ready service below MIN_READY_INSTANCES.
    #[arg(long)]
    pub(crate) keep_ready: bool,
    /// How long a new instance must stay READY before the upgrade goes on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_ready_secs: u32,
}

impl Upgrades {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            max_unavailable: self.max_unavailable,
            keep_ready: self.keep_ready,
            min_ready_time: Duration::from_secs(u64::from(self.min_ready_secs)),
            ..Policy::default()
        }
    }
}

/// What becomes of upgrades that do not come forward.
#[derive(Debug, Clone, Args)]
pub(crate) struct Stalls {
    /// An upgrade that proves no instance for so long makes no progress; 0 is for ever.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) progress_deadline_secs: u32,
    /// Roll an upgrade that makes no progress back to what all instances ran before.
    #[arg(long, requires = "progress_deadline_secs")]
    pub(crate) auto_rollback: bool,
}

/// `floe autoscale …`
#[derive(Debug, Subcommand)]
pub(crate) enum Autoscale {
    /// Play recorded metrics against the policies and CPU requests of a specification, and tell
    /// each decision with its reason: exit code 0 when played, 1 when the trace or the
    /// specification is wrong or has no rules, 2 when a file cannot be read or written, or an
    /// option is wrong.
    Replay(Replay),
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Metrics and events over time in CSV; `-` reads standard input, here or for --spec.
    pub(crate) trace: PathBuf,
    /// The specification of the service, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,
    /// MIN_INSTANCES.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) min: u32,
    /// MAX_INSTANCES; without it that of MIN_INSTANCES, as in CREATE SERVICE.
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u32>,
    /// AUTO_SUSPEND_SECS; 0 is never.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) auto_suspend_secs: u32,
    /// AUTO_RESUME: a query resumes a suspended service.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = ArgAction::Set)]
    pub(crate) auto_resume: bool,
    /// Seconds from asking for an instance until it is there.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) start_delay_secs: u32,
    /// Unknown keys of the specification are warnings instead of errors.
    #[arg(long)]
    pub(crate) lenient: bool,
    /// How decisions are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Log,
    /// A file that the picture is written to, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// How decisions are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// A table for people; decisions that keep the number for one reason are one row.
    Table,
    /// One JSON object a decision.
    Json,
}

/// `floe events …`; `-` reads standard input wherever a file is named.
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Tell what messages say, one JSON object an event; what is wrong or doubtful goes to
    /// standard error: exit code 0 without errors, 1 with, 2 when a file cannot be read.
    Decode {
        /// Files with the body of one message each, as the queue delivered it.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Whose messages they are; events of another cloud are errors.
        #[arg(long, value_enum, default_value = "auto")]
        cloud: Cloud,
    },
}

/// Whose messages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cloud {
    /// Told by the message itself.
    Auto,
    /// S3 and stores that send its records.
    Aws,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
    /// Google Cloud Storage.
    Gcp,
    /// The watcher of a directory of this machine.
    Local,
}

/// `floe template …`; `-` reads standard input wherever a file is named.
#[derive(Debug, Subcommand)]
pub(crate) enum Template {
    /// List the variables of a template with their defaults and places.
    Variables {
        file: PathBuf,
        /// How the list is printed.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Print a template with its variables filled in.
    Expand {
        file: PathBuf,
        #[command(flatten)]
        using: Using,
    },
}

/// Values of variables, typed as in the USING clause.
#[derive(Debug, Args)]
pub(crate) struct Using {
    /// A variable and its value; a number, true, false, '…', $$…$$, or any other text.
    #[arg(long = "using", value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// A file with a USING clause: (key => value, …).
    #[arg(long = "using-file", value_name = "FILE")]
    pub(crate) clause: Option<PathBuf>,
}
