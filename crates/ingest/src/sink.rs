//! Where batches go: what a stream needs of whoever takes its files.

mod error;

use std::fmt::Debug;

use floe_notify::{BoxFuture, StreamId};

use crate::{Batch, BatchId};

pub use error::SinkError;

/// Takes batches, each once however often it comes.
///
/// # Expected flow
/// A stream delivers one batch at a time; several consumers of one stream deliver several at a
/// time, and may deliver one batch twice at the same time. The stream notes a batch as committed
/// after [`deliver`](Self::deliver) has answered.
///
/// # Guarantees of the caller
/// A batch of a stream has the same files in the same order whenever it comes, whoever brings it.
///
/// ```
/// use floe_ingest::{Batch, BatchId, Sink, SinkError};
/// use floe_notify::{BoxFuture, StreamId};
/// use std::collections::BTreeMap;
/// use std::sync::Mutex;
///
/// /// Counts files; what it has counted already it does not count again.
/// #[derive(Debug, Default)]
/// struct Counts(Mutex<BTreeMap<(StreamId, BatchId), usize>>);
///
/// impl Sink for Counts {
///     fn deliver<'a>(
///         &'a self,
///         stream: &'a StreamId,
///         batch: &'a Batch,
///     ) -> BoxFuture<'a, Result<(), SinkError>> {
///         Box::pin(async move {
///             let mut counts = self.0.lock().unwrap();
///             counts.insert((stream.clone(), batch.id), batch.files.len());
///             Ok(())
///         })
///     }
/// }
///
/// let counts = Counts::default();
/// let sink: &dyn Sink = &counts;
/// assert!(format!("{sink:?}").contains("Counts"));
/// ```
pub trait Sink: Send + Sync + Debug {
    /// Makes what is in a batch durable, at once and as a whole.
    ///
    /// # Guarantees
    /// - Ok means durable: after any crash the content of the files is in the sink.
    /// - What is delivered a second time, at the same time or later, changes nothing.
    /// - After an error the sink has the whole batch or nothing of it.
    ///
    /// # Errors
    /// [`SinkError`]. After one that is [retryable](SinkError::is_retryable) the stream delivers
    /// the batch again after a while; after another one it ends with that error, and the batch
    /// comes again with the next start.
    ///
    /// # Cancel safety
    /// The whole batch or nothing of it is in the sink when the future is dropped.
    fn deliver<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: &'a Batch,
    ) -> BoxFuture<'a, Result<(), SinkError>>;

    /// The ledger has a batch, too, and no consumer will deliver it again, but for one that is
    /// delivering it now.
    fn committed(&self, stream: &StreamId, batch: BatchId) {
        let _ = (stream, batch);
    }
}
