//! Batches one by one, for whoever would rather take than be given.

use std::future::Future;

use floe_notify::{BoxFuture, DriverError, StreamId};
use futures::channel::{mpsc, oneshot};
use futures::{SinkExt as _, StreamExt as _};

use super::{FileStream, Stopper, StreamError, Summary};
use crate::{Batch, BatchId, LedgerError, Sink, SinkError};

/// A stream whose batches are taken one by one: its two ends.
///
/// ```
/// use std::sync::Arc;
/// use floe_ingest::memory::{MemoryLedger, MemorySource};
/// use floe_ingest::{FileStream, PulledStream, Trigger};
/// use floe_notify::{StreamId, clock::ManualClock};
///
/// let clock = Arc::new(ManualClock::default());
/// let source = Arc::new(MemorySource::default());
/// source.put(b"in/a.csv", "1,2\n", &*clock);
/// let stream = FileStream::builder("s3://landing/in")
///     .ledger(Arc::new(MemoryLedger::default()))
///     .source(source)
///     .clock(clock.clone())
///     .stream(StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?)
///     .trigger(Trigger::AvailableNow)
///     .build()?;
/// let PulledStream { mut batches, work } = stream.pull();
/// let take = async {
///     let mut keys = Vec::new();
///     while let Some(batch) = batches.next_batch().await {
///         // Here its files are read, and what is in them is made durable under `batch.id`.
///         keys.extend(batch.files.iter().map(|file| file.id.path()));
///         batches.commit(batch.id).await?;
///     }
///     Ok::<_, floe_ingest::StreamError>(keys)
/// };
/// // Where there is an async runtime, `work` is a task of its own.
/// let (summary, keys) = clock.run(futures::future::join(work, take)).unwrap();
/// assert_eq!(keys?, [b"/in/a.csv"]);
/// assert_eq!(summary?.batches, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PulledStream<W> {
    /// Where batches come.
    pub batches: Batches,
    /// Everything else that a stream does; batches come as long as somebody awaits it.
    pub work: W,
}

/// Where the batches of a [`PulledStream`] come.
///
/// Dropping it stops the stream.
#[derive(Debug)]
pub struct Batches {
    offers: mpsc::Receiver<Offer>,
    /// What was taken and is neither committed nor given back.
    open: Option<(BatchId, oneshot::Sender<Verdict>)>,
    stopper: Stopper,
}

/// A batch on its way to whoever takes it.
#[derive(Debug)]
struct Offer {
    batch: Batch,
    verdict: oneshot::Sender<Verdict>,
}

/// What became of a batch.
#[derive(Debug)]
struct Verdict {
    /// Told once the ledger has it.
    done: oneshot::Sender<()>,
}

impl FileStream {
    /// Splits the stream in two: what takes batches, and what does the rest.
    ///
    /// # Assumptions
    /// Between [`next_batch`](Batches::next_batch) and [`commit`](Batches::commit) the caller makes
    /// durable what is in the batch, so that the same batch again, by its id, changes nothing.
    pub fn pull(
        self,
    ) -> PulledStream<impl Future<Output = Result<Summary, StreamError>> + Send + 'static> {
        // One batch at a time: the next one is formed when this one is committed.
        let (sender, offers) = mpsc::channel(0);
        let stopper = self.stopper();
        let batches = Batches {
            offers,
            open: None,
            stopper,
        };
        let work = async move {
            let taker = Taker {
                offers: sender,
                waiting: std::sync::Mutex::default(),
            };
            self.run(&taker).await
        };
        PulledStream { batches, work }
    }
}

impl Batches {
    /// Waits for the next batch; `None` when the stream has ended.
    ///
    /// A batch that was taken before and not committed is given back, and comes again.
    ///
    /// # Cancel safety
    /// Safe: a batch that nobody took comes again.
    pub async fn next_batch(&mut self) -> Option<Batch> {
        self.open = None;
        let Offer { batch, verdict } = self.offers.next().await?;
        self.open = Some((batch.id, verdict));
        Some(batch)
    }

    /// Says that what is in the batch is durable, and waits until the ledger has noted it.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchBatch`] for a batch that is not the one that was taken last, and
    /// [`StreamError::Sink`] when the stream ended before the ledger had it: the batch comes again
    /// with the next start.
    pub async fn commit(&mut self, batch: BatchId) -> Result<(), StreamError> {
        let Some((_, verdict)) = self.open.take_if(|(open, _)| *open == batch) else {
            return Err(LedgerError::NoSuchBatch { batch }.into());
        };
        let ended = || StreamError::Sink(SinkError::new(Ended));
        let (done, noted) = oneshot::channel();
        verdict.send(Verdict { done }).map_err(|_| ended())?;
        noted.await.map_err(|_| ended())
    }

    /// Returns what stops the stream.
    ///
    /// ```
    /// # use floe_ingest::{FileStream, memory::{MemoryLedger, MemorySource}};
    /// # use floe_notify::{StreamId, clock::ManualClock};
    /// # use std::sync::Arc;
    /// # let stream = FileStream::builder("s3://landing/in")
    /// #     .ledger(Arc::new(MemoryLedger::default()))
    /// #     .source(Arc::new(MemorySource::default()))
    /// #     .clock(Arc::new(ManualClock::default()))
    /// #     .stream(StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?)
    /// #     .build()?;
    /// let pulled = stream.pull();
    /// pulled.batches.stopper().stop();
    /// assert!(pulled.batches.stopper().is_stopped());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// The stream ended, or the batch was given back, before it was committed.
#[derive(Debug, thiserror::Error)]
#[error("the batch was given back, or the stream has ended; the batch comes again")]
struct Ended;

impl DriverError for Ended {
    fn code(&self) -> &'static str {
        "FLOE-INGEST-0043"
    }

    fn is_retryable(&self) -> bool {
        true
    }
}

/// The sink that hands batches to a [`Batches`].
#[derive(Debug)]
struct Taker {
    offers: mpsc::Sender<Offer>,
    /// Who waits for the ledger to have a batch.
    waiting: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

impl Taker {
    fn wait(&self, done: Option<oneshot::Sender<()>>) -> Option<oneshot::Sender<()>> {
        let mut waiting = self
            .waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut *waiting, done)
    }
}

impl Sink for Taker {
    fn deliver<'a>(
        &'a self,
        _stream: &'a StreamId,
        batch: &'a Batch,
    ) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move {
            let ended = || SinkError::new(Ended);
            let (verdict, said) = oneshot::channel();
            let offer = Offer {
                batch: batch.clone(),
                verdict,
            };
            let mut offers = self.offers.clone();
            offers.send(offer).await.map_err(|_| ended())?;
            let Verdict { done } = said.await.map_err(|_| ended())?;
            drop(self.wait(Some(done)));
            Ok(())
        })
    }

    fn committed(&self, _stream: &StreamId, _batch: BatchId) {
        if let Some(done) = self.wait(None) {
            // Nobody waits for it where the other end is gone.
            let _ = done.send(());
        }
    }
}
