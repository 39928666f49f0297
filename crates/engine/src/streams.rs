//! Streams of files: where their files, events and memory are, and which of them run.

mod host;
mod local;
mod status;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use floe_datafusion::ingest::{Ledgers, StreamError as QueryStreamError};
use floe_ingest::{Ledger, Stopper};
use floe_notify::BoxFuture;

use crate::error::Diagnostic;

pub use host::{StreamHost, StreamPlace, StreamRequest};
pub use local::{LocalHost, local_queue};
pub(crate) use status::Reporter;
pub use status::{PROGRESS_FILE, status};

/// The streams of one engine.
#[derive(Debug)]
pub(crate) struct Streams {
    host: Arc<dyn StreamHost>,
    base: PathBuf,
    running: Mutex<Running>,
    /// Held while a ledger is opened: a second opening would find it in use.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Running {
    /// What stops each that runs.
    stoppers: Vec<Stopper>,
    /// Ledgers that are open here: one process has the ledger of a directory once.
    ledgers: HashMap<String, Weak<Held>>,
    is_closed: bool,
}

/// A ledger that several streams and queries of this engine use.
#[derive(Debug)]
pub(crate) struct Held(pub(crate) Arc<dyn Ledger>);

impl Streams {
    pub(crate) fn new(host: Arc<dyn StreamHost>, base: &Path) -> Self {
        Self {
            host,
            base: base.to_owned(),
            running: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn host(&self) -> &dyn StreamHost {
        &*self.host
    }

    /// A path as an absolute one; the address of a store as it is.
    pub(crate) fn absolute(&self, written: &str) -> String {
        match written.strip_prefix("file://") {
            None if written.contains("://") => written.to_owned(),
            rest => {
                let path = self.base.join(rest.unwrap_or(written));
                // An unreadable working directory leaves the path as it is.
                let path = std::path::absolute(&path).unwrap_or(path);
                path.to_string_lossy().into_owned()
            }
        }
    }

    /// The ledger of a checkpoint: the one that is open here, or a newly opened one.
    pub(crate) async fn ledger(&self, checkpoint: &str) -> Result<Arc<Held>, Diagnostic> {
        let _opening = self.opening.lock().await;
        if let Some(held) = self.open_ledger(checkpoint) {
            return Ok(held);
        }
        let ledger = self.host.ledger(checkpoint).await?;
        let held = Arc::new(Held(ledger));
        let mut running = self.running();
        running.ledgers.retain(|_, held| held.strong_count() > 0);
        let weak = Arc::downgrade(&held);
        running.ledgers.insert(checkpoint.to_owned(), weak);
        Ok(held)
    }

    fn open_ledger(&self, checkpoint: &str) -> Option<Arc<Held>> {
        self.running().ledgers.get(checkpoint)?.upgrade()
    }

    /// Notes that a stream runs; one that comes too late is stopped at once.
    pub(crate) fn begin(&self, stopper: &Stopper) {
        let mut running = self.running();
        running.stoppers.retain(|stopper| !stopper.is_stopped());
        running.stoppers.push(stopper.clone());
        if running.is_closed {
            stopper.stop();
        }
    }

    /// Stops all streams, those to come among them.
    pub(crate) fn stop(&self) -> usize {
        let mut running = self.running();
        running.is_closed = true;
        let stoppers = std::mem::take(&mut running.stoppers);
        stoppers.iter().for_each(Stopper::stop);
        stoppers.len()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the tables of a stream's state the ledgers that are open here.
#[derive(Debug)]
pub(crate) struct OpenLedgers {
    pub(crate) streams: Arc<Streams>,
    pub(crate) otherwise: Arc<dyn Ledgers>,
}

impl Ledgers for OpenLedgers {
    fn open<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, QueryStreamError>> {
        let absolute = self.streams.absolute(checkpoint);
        match self.streams.open_ledger(&absolute) {
            Some(held) => Box::pin(std::future::ready(Ok(Arc::clone(&held.0)))),
            None => self.otherwise.open(checkpoint),
        }
    }
}
