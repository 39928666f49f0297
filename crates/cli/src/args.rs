//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub(crate) format: Format,
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

/// See [`Global::format`].
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
    Serve,
    /// Manage the local image store.
    #[command(subcommand)]
    Image(Image),
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
    List,
}
