//! What an engine has to be told about the world to run streams.

use std::fmt::Debug;
use std::sync::Arc;

use floe_ingest::{FileSource, Ledger, Observer, QueueProvider};
use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, Location, Options};
use sha2::{Digest as _, Sha256};

use crate::error::Diagnostic;

/// Where the files, the events and the memory of streams are.
///
/// An engine by itself reaches directories of its machine ([`LocalHost`](super::LocalHost));
/// a program that was built with clouds gives it a host that knows those, too.
pub trait StreamHost: Send + Sync + Debug {
    /// Opens, or makes, what a stream remembers things in: a directory, or the address of a store.
    ///
    /// # Errors
    /// What kept it from being opened.
    fn ledger<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, Diagnostic>>;

    /// Opens the store that a stream's files lie in, and what leads to its queue if it uses
    /// notifications.
    ///
    /// # Errors
    /// A store that this host does not know, or that refuses.
    fn place<'a>(
        &'a self,
        request: StreamRequest<'a>,
    ) -> BoxFuture<'a, Result<StreamPlace, Diagnostic>>;

    /// The time that streams go by.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Who is told what happens in a stream of this checkpoint; nobody, unless the host says
    /// otherwise.
    fn observer(&self, checkpoint: &str) -> Option<Arc<dyn Observer>> {
        let _ = checkpoint;
        None
    }
}

/// What a stream asks its host for.
///
/// ```
/// use floe_engine::streams::StreamRequest;
/// use floe_notify::{Location, Options};
/// let location = Location::parse("/srv/in")?;
/// let options = Options::default();
/// let checkpoint = "/srv/state";
/// let request = StreamRequest { location: &location, options: &options, pairs: &[], checkpoint };
/// let other = StreamRequest { checkpoint: "/srv/other/state", ..request };
/// assert!(request.suffix().starts_with("state-") && request.suffix() != other.suffix());
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[derive(Clone, Copy)]
pub struct StreamRequest<'a> {
    /// The path that is read, absolute and without symbolic links.
    pub location: &'a Location,
    /// How its files are found.
    pub options: &'a Options,
    /// The same by name, as they were written, with the logins of clouds among them.
    pub pairs: &'a [(String, String)],
    /// The checkpoint, absolute.
    pub checkpoint: &'a str,
}

impl Debug for StreamRequest<'_> {
    /// Without the options as they were written, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamRequest")
            .field("location", &self.location)
            .field("options", &self.options)
            .field("checkpoint", &self.checkpoint)
            .finish_non_exhaustive()
    }
}

impl StreamRequest<'_> {
    /// Returns what the names of the resources of this stream end with: the name of its
    /// checkpoint, in characters that every cloud takes, and digits that tell it from others of
    /// the same name.
    #[must_use]
    pub fn suffix(&self) -> String {
        /// With the digits, what all clouds take.
        const LONGEST: usize = 24;
        let name = self.checkpoint.trim_end_matches('/').rsplit('/').next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let taken = name.chars().map(|char| match char {
            'a'..='z' | '0'..='9' => char,
            _ => '-',
        });
        let name: String = taken.take(LONGEST).collect();
        let name = match name.trim_matches('-') {
            "" => "stream",
            name => name,
        };
        let digest = Sha256::digest(self.checkpoint.trim_end_matches('/').as_bytes());
        let digits = digest.iter().take(4).map(|byte| format!("{byte:02x}"));
        // Some clouds take no two hyphens one after another.
        let parts = name.split('-').filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(str::to_owned).chain([digits.collect()]).collect();
        parts.join("-")
    }
}

/// What a host answers.
#[derive(Clone, Debug)]
pub struct StreamPlace {
    /// The store.
    pub source: Arc<dyn FileSource>,
    /// What leads to the queue.
    pub provider: Option<Arc<dyn QueueProvider>>,
}
