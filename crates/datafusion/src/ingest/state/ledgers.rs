//! Where ledgers come from.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_ingest::floe_notify::BoxFuture;
use floe_ingest::{EmbeddedLedger, Ledger, LedgerError};
use tokio::task::spawn_blocking;

use crate::ingest::error::StreamError;

/// Opens the ledgers of streams, to be read.
///
/// Whoever runs streams gives out the ledgers that they hold; others come from their files.
pub trait Ledgers: Debug + Send + Sync {
    /// Returns the ledger of a checkpoint, as the user wrote it.
    ///
    /// # Guarantees
    /// Nothing is made: where no stream is, there is none afterwards.
    ///
    /// # Errors
    /// [`StreamError::NoStream`], [`StreamError::Ledger`].
    fn open<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, StreamError>>;
}

/// Opens embedded ledgers that no running stream holds.
///
/// It must be asked in a Tokio runtime.
///
/// ```
/// use std::path::Path;
/// use floe_datafusion::ingest::{EmbeddedLedgers, Ledgers};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let ledgers = EmbeddedLedgers::new(Path::new("/srv"));
/// assert_eq!(ledgers.open("none").await.unwrap_err().code(), "FLOE-QUERY-0026");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedLedgers {
    base: PathBuf,
}

impl EmbeddedLedgers {
    /// Relative checkpoints start from `base`.
    ///
    /// ```
    /// use floe_datafusion::ingest::EmbeddedLedgers;
    /// let ledgers = EmbeddedLedgers::new(std::path::Path::new("/srv"));
    /// assert!(format!("{ledgers:?}").contains("/srv"));
    /// ```
    #[must_use]
    pub fn new(base: &Path) -> Self {
        Self {
            base: base.to_owned(),
        }
    }
}

impl Ledgers for EmbeddedLedgers {
    fn open<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, StreamError>> {
        let written = checkpoint.strip_prefix("file://").unwrap_or(checkpoint);
        let directory = self.base.join(written);
        let work = move || {
            // Opening would make one.
            match directory.join(EmbeddedLedger::FILE).exists() {
                true => EmbeddedLedger::open(&directory).map(Some),
                false => Ok(None),
            }
        };
        Box::pin(async move {
            let opened = spawn_blocking(work).await;
            match opened {
                Ok(Ok(Some(ledger))) => Ok(Arc::new(ledger) as Arc<dyn Ledger>),
                Ok(Err(error)) => Err(StreamError::Ledger {
                    checkpoint: checkpoint.to_owned(),
                    error: LedgerError::driver(error),
                }),
                // The runtime is shutting down, or there is none.
                Ok(Ok(None)) | Err(_) => Err(StreamError::NoStream {
                    checkpoint: checkpoint.to_owned(),
                }),
            }
        })
    }
}
