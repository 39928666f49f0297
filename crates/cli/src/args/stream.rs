//! What `floe stream` is told.

use std::num::NonZeroU8;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{Care, Format};

/// `floe stream …`
#[derive(Debug, Subcommand)]
pub(crate) enum Stream {
    /// Read files as they land, each once, and write what a query makes of them: until it is
    /// interrupted, or until everything that is there is done.
    Run(Box<StreamRun>),
    /// Tell how far a stream is: exit code 0, or 1 when there is none.
    Status(StreamStatus),
}

#[derive(Debug, Args)]
pub(crate) struct StreamRun {
    /// Where files land: a directory, or for example s3://bucket/orders/.
    pub(crate) path: String,
    /// The directory that the results are written to.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: String,
    /// The directory that the stream remembers things in.
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: String,
    /// What the files hold.
    #[arg(long = "input", value_enum)]
    pub(crate) input: StreamInput,
    /// What is made of each row, as in SELECT; service functions may be called.
    #[arg(long, default_value = "*", value_name = "COLUMNS")]
    pub(crate) select: String,
    /// Which rows are taken, as in WHERE.
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// What results are written as.
    #[arg(long, value_enum, default_value = "parquet")]
    pub(crate) stored_as: StreamOutput,
    /// Hear of files by notification, instead of listing the path again and again.
    #[arg(long)]
    pub(crate) notifications: bool,
    /// End when everything is done that was there at the start.
    #[arg(long)]
    pub(crate) available_now: bool,
    /// This consumer's place among several of one stream.
    #[arg(long, value_name = "NAME", conflicts_with = "consumers")]
    pub(crate) consumer: Option<String>,
    /// So many consumers in this process, which share the work.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) consumers: NonZeroU8,
    /// An option of the stream, for example maxFilesPerTrigger=100.
    #[arg(long = "option", value_name = "KEY=VALUE")]
    pub(crate) options: Vec<String>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) care: Care,
}

/// What the files of a stream hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamInput {
    Csv,
    Json,
    Parquet,
}

/// What a stream writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamOutput {
    Parquet,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct StreamStatus {
    /// The checkpoint of the stream.
    pub(crate) checkpoint: String,
    /// Go on telling, every so many seconds, until interrupted.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1")]
    pub(crate) watch: Option<u64>,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

impl StreamStatus {
    pub(crate) fn every(&self) -> Option<Duration> {
        self.watch
            .map(|seconds| Duration::from_secs(seconds.max(1)))
    }
}
