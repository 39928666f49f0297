//! What `floe notify` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

/// `floe notify …`
#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Set up what brings events of files into a queue, and print the queue.
    SetUp(NotifySetUp),
    /// Tell what set-up would create, change and reuse, without doing it.
    Plan(NotifySetUp),
    /// List what was set up, by whomever.
    List(NotifyPlace),
    /// Delete what set-up created for a stream, and detach from what it reused.
    TearDown {
        /// The stream, as the list shows it.
        #[arg(long, value_name = "GUID")]
        stream: String,
        /// Delete what Auto Loader created for the stream as well.
        #[arg(long)]
        adopt: bool,
        /// Tell what would be done, without doing it.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: NotifyPlace,
    },
    /// Print the permissions that are needed; what they do beside their words goes to standard
    /// error.
    Policy(NotifyPolicy),
}

#[derive(Debug, Args)]
pub(crate) struct NotifySetUp {
    /// The stream that everything created is marked with.
    #[arg(long, value_name = "GUID")]
    pub(crate) stream: String,
    /// What the names of queue and topic end in.
    #[arg(long)]
    pub(crate) suffix: String,
    #[command(flatten)]
    pub(crate) place: NotifyPlace,
}

/// Where files land.
#[derive(Debug, Args)]
pub(crate) struct NotifyPlace {
    /// Whose storage it is.
    #[arg(long, value_enum)]
    pub(crate) cloud: NotifyCloud,
    /// The directory that files land in, for example s3://bucket/orders/; set-up needs it.
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// An option of file notification, for example cloudFiles.region=eu-west-1.
    #[arg(long = "option", value_name = "KEY=VALUE")]
    pub(crate) options: Vec<String>,
    /// The directory of local queues; without it `queues` in the data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) queues: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct NotifyPolicy {
    /// Whose permissions.
    #[arg(long, value_enum)]
    pub(crate) cloud: NotifyCloud,
    /// AWS: what is to be allowed.
    #[arg(long = "for", value_enum, default_value = "set-up")]
    pub(crate) allowing: Allowing,
    /// AWS: the bucket.
    #[arg(long)]
    pub(crate) bucket: Option<String>,
    /// AWS: the region, or * for all.
    #[arg(long, default_value = "*")]
    pub(crate) region: String,
    /// AWS: the account, or * for all.
    #[arg(long, default_value = "*")]
    pub(crate) account: String,
    /// AWS: the suffix of the queue, where the policy names it.
    #[arg(long)]
    pub(crate) suffix: Option<String>,
}

/// Whose storage files land in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyCloud {
    /// Amazon S3.
    Aws,
    /// Azure Blob Storage and Data Lake Storage.
    Azure,
    /// Google Cloud Storage.
    Gcp,
    /// A directory of this machine.
    Local,
}

/// What a policy of AWS allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Allowing {
    /// To set up, list and tear down.
    SetUp,
    /// To run a stream whose resources are there.
    Run,
    /// To read a queue and the bucket, and nothing else.
    Consume,
}
