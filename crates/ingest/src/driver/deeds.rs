//! What each command of the decider does, and how its answer is told.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{Delivery, EventQueue, QueueError, Receipt, StreamId};

use super::{FileStream, StreamError, StreamEvent, queue_start};
use crate::stream::Settings;
use crate::stream::{AskAnswer, Command, Extension, HeldId, Input, ListedPage, ReceiveFailure};
use crate::{
    Ask, Batch, Claim, Cleaned, Cleaner, Discovery, LedgerError, Listing, ListingProgress, Poison,
    Reader, Sighting, Sink,
};

/// How long a receive waits for messages: the longest that SQS allows.
const RECEIVE_WAIT: Duration = Duration::from_secs(20);

/// How long it waits when the answer is wanted soon: SQS asks all of its servers only when it may
/// wait at all ("Amazon SQS short and long polling").
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// Files of one page of a listing.
const PAGE_FILES: usize = 5_000;

/// Files that one call of expiry looks at.
const EXPIRE_FILES: usize = 10_000;

/// What all deeds of one run share.
pub(super) struct Tools<'a> {
    pub(super) stream: &'a FileStream,
    pub(super) sink: &'a dyn Sink,
    pub(super) id: StreamId,
    pub(super) claim: Claim,
    pub(super) reader: Reader,
    pub(super) settings: Settings,
}

/// What came of a deed.
pub(super) struct Outcome {
    pub(super) input: Option<Input>,
    pub(super) effect: Effect,
}

/// What came of a deed beside the input.
pub(super) enum Effect {
    None,
    Told(StreamEvent),
    /// It did not work, and the decider will ask again.
    Retry {
        what: &'static str,
        error: StreamError,
    },
    /// The stream has to end.
    End(StreamError),
    Arrived {
        asked: Timestamp,
        deliveries: Vec<Delivery>,
    },
    Renewed(HeldId, Delivery),
    Queue(Arc<dyn EventQueue>),
    /// The ledger has the batch.
    Committed,
    /// The cleaner has done a step.
    Cleaned(Cleaner, Result<Cleaned, StreamError>),
}

impl Outcome {
    pub(super) const fn of(input: Input) -> Self {
        Self {
            input: Some(input),
            effect: Effect::None,
        }
    }

    const fn told(input: Input, event: StreamEvent) -> Self {
        Self {
            input: Some(input),
            effect: Effect::Told(event),
        }
    }

    /// It did not work: for now, or for good.
    fn failed(input: Input, what: &'static str, error: impl Into<StreamError>) -> Self {
        let error = error.into();
        let effect = match error.is_retryable() {
            true => Effect::Retry { what, error },
            false => Effect::End(error),
        };
        Self {
            input: Some(input),
            effect,
        }
    }

    /// The answer of the ledger.
    fn ledger<T>(
        answer: Result<T, LedgerError>,
        what: &'static str,
        done: impl FnOnce(T) -> Self,
        failed: Input,
    ) -> Self {
        match answer {
            Ok(value) => done(value),
            Err(error) if error.is_fenced() => Self {
                input: Some(Input::Fenced),
                effect: Effect::End(error.into()),
            },
            // There is room again once somebody has looked after what is kept.
            Err(error @ LedgerError::TooMany { .. }) => Self {
                input: Some(failed),
                effect: Effect::Retry {
                    what,
                    error: error.into(),
                },
            },
            Err(error) => Self::failed(failed, what, error),
        }
    }
}

// === impl Tools: the queue ===

impl Tools<'_> {
    pub(super) async fn receive(
        &self,
        queue: Option<Arc<dyn EventQueue>>,
        max: usize,
        may_wait: bool,
    ) -> Outcome {
        let wait = if may_wait { RECEIVE_WAIT } else { SHORT_WAIT };
        let clock = &*self.stream.clock;
        let asked = clock.now();
        let later = Input::ReceiveFailed(ReceiveFailure::Later);
        let Some(queue) = queue else {
            return Outcome::of(later);
        };
        match queue.receive(clock, max, wait).await {
            Ok(deliveries) => Outcome {
                input: None,
                effect: Effect::Arrived { asked, deliveries },
            },
            Err(QueueError::NoSuchQueue { .. }) => Outcome::told(
                Input::ReceiveFailed(ReceiveFailure::Lost),
                StreamEvent::QueueLost,
            ),
            Err(error) => Outcome::failed(later, "receiving messages", error),
        }
    }

    pub(super) async fn extend(
        &self,
        queue: Option<Arc<dyn EventQueue>>,
        held: HeldId,
        mut delivery: Delivery,
    ) -> Outcome {
        let told = |extension| Input::Extended { held, extension };
        let Some(queue) = queue else {
            return Outcome::of(told(Extension::Failed));
        };
        let clock = &*self.stream.clock;
        let time = queue.properties().visibility();
        match queue.extend(clock, &mut delivery, time).await {
            Ok(()) => Outcome {
                input: Some(told(Extension::Until(delivery.deadline()))),
                effect: Effect::Renewed(held, delivery),
            },
            Err(error) if error.is_gone() => Outcome::of(told(Extension::Gone)),
            // The message comes again if it cannot be held: nothing is lost by going on.
            Err(error) => Outcome {
                input: Some(told(Extension::Failed)),
                effect: Effect::Retry {
                    what: "holding a message",
                    error: error.into(),
                },
            },
        }
    }

    pub(super) async fn acknowledge(
        &self,
        queue: Option<Arc<dyn EventQueue>>,
        receipts: Vec<Receipt>,
    ) -> Outcome {
        let Some(queue) = queue else {
            return Outcome::of(Input::Acknowledged);
        };
        let answers = queue.acknowledge(&receipts).await;
        let failed = answers.into_iter().filter_map(Result::err);
        match failed.into_iter().find(|error| !error.is_gone()) {
            None => Outcome::told(
                Input::Acknowledged,
                StreamEvent::Acknowledged {
                    messages: receipts.len(),
                },
            ),
            // They come again, and are known.
            Some(error) => Outcome {
                input: Some(Input::Acknowledged),
                effect: Effect::Retry {
                    what: "acknowledging messages",
                    error: error.into(),
                },
            },
        }
    }

    pub(super) async fn quarantine(
        &self,
        held: HeldId,
        delivery: Option<Delivery>,
        reason: String,
    ) -> Outcome {
        let failed = Input::NotQuarantined { held };
        let Some(one) = delivery else {
            return Outcome::of(failed);
        };
        let (message, now) = (one.id().clone(), self.stream.clock.now());
        let count = one.receive_count();
        let poison = Poison::new(message.clone(), one.message(), reason.clone(), count, now);
        let answer = self.stream.ledger.quarantine(&self.claim, &poison).await;
        let done = |()| {
            let event = StreamEvent::Quarantined { message, reason };
            Outcome::told(Input::Quarantined { held }, event)
        };
        Outcome::ledger(answer, "putting a message aside", done, failed)
    }

    async fn set_up(&self) -> Outcome {
        let Some(provider) = &self.stream.provider else {
            return Outcome::of(Input::QueueNotReady);
        };
        match provider.set_up(&*self.stream.clock, &self.id).await {
            Ok(queue) => Outcome {
                input: Some(Input::QueueReady(queue_start(&*queue))),
                effect: Effect::Queue(queue),
            },
            Err(error) => Outcome::failed(Input::QueueNotReady, "setting the queue up", error),
        }
    }
}

// === impl Tools: the store and the sink ===

impl Tools<'_> {
    async fn list(&self, listing: &Listing, after: Option<&[u8]>) -> Outcome {
        let source = &self.stream.source;
        let page = match source.list(&listing.prefix, after, PAGE_FILES).await {
            Ok(page) => page,
            Err(error) => return Outcome::failed(Input::ListingFailed, "listing", error),
        };
        let mut listed = ListedPage {
            files: Vec::with_capacity(page.objects.len()),
            asks: Vec::new(),
            last: page.objects.last().map(|object| object.key.clone()),
            is_last: page.is_last,
        };
        let mut effect = Effect::None;
        for object in &page.objects {
            // What the listing is for, and so what its files are, the decider knows.
            match self.reader.sight(object, Sighting::Listing) {
                Ok(Some(Ok(file))) => listed.files.push(file),
                Ok(Some(Err(ask))) => listed.asks.push(ask),
                Ok(None) => {}
                Err(error) => {
                    let key = String::from_utf8_lossy(&object.key).into_owned();
                    let reason = error.to_string();
                    effect = Effect::Told(StreamEvent::PassedOver { key, reason });
                }
            }
        }
        Outcome {
            input: Some(Input::Listed(listed)),
            effect,
        }
    }

    async fn ask_store(&self, ask: &Ask) -> (AskAnswer, Effect) {
        let Some(key) = self.reader.home.key_of(&ask.path) else {
            return (AskAnswer::Missing, Effect::None);
        };
        let failed = |error: StreamError| match error.is_retryable() {
            true => Effect::Retry {
                what: "asking about a file",
                error,
            },
            false => Effect::End(error),
        };
        let object = match self.stream.source.head(key).await {
            Ok(Some(object)) => object,
            Ok(None) => return (AskAnswer::Missing, Effect::None),
            Err(error) => return (AskAnswer::Failed, failed(error.into())),
        };
        match self.reader.answer(ask, &object) {
            Ok(file) => (AskAnswer::Found(file), Effect::None),
            Err(_) => (AskAnswer::Failed, Effect::None),
        }
    }

    pub(super) async fn deliver(&self, batch: &Batch) -> Outcome {
        match self.sink.deliver(&self.id, batch).await {
            Ok(()) => Outcome::of(Input::Delivered),
            Err(error) => Outcome::failed(Input::NotDelivered, "delivering a batch", error),
        }
    }
}

// === impl Tools: the ledger ===

impl Tools<'_> {
    /// Cleans away a page of what is due, after a while.
    pub(super) async fn clean(&self, mut cleaner: Cleaner, wait: Duration) -> Outcome {
        let stream = self.stream;
        stream.clock.sleep(wait).await;
        let (ledger, source) = (&*stream.ledger, &*stream.source);
        let (home, now) = (&self.reader.home, stream.clock.now());
        let cleaned = cleaner.step(ledger, &self.claim, source, home, now).await;
        Outcome {
            input: None,
            effect: Effect::Cleaned(cleaner, cleaned.map_err(StreamError::from)),
        }
    }

    /// What is neither of the queue nor of the sink.
    pub(super) async fn carry_out(&self, command: Command) -> Outcome {
        match command {
            Command::SetUpQueue => self.set_up().await,
            Command::List { listing, after } => self.list(&listing, after.as_deref()).await,
            Command::AskStore { ask, file } => {
                let (answer, effect) = self.ask_store(&file).await;
                Outcome {
                    input: Some(Input::Answered { ask, answer }),
                    effect,
                }
            }
            Command::Record {
                discoveries,
                progress,
            } => self.record(&discoveries, progress.as_ref()).await,
            Command::NextListing
            | Command::RequestListing(_)
            | Command::FinishListing { .. }
            | Command::ReadMarks
            | Command::ReadMetrics
            | Command::FindUnknown(_)
            | Command::Mark(_)
            | Command::Expire { .. } => self.keep_books(command).await,
            command => self.keep_batches(command).await,
        }
    }

    async fn record(
        &self,
        discoveries: &[Discovery],
        progress: Option<&ListingProgress>,
    ) -> Outcome {
        let (ledger, now) = (&self.stream.ledger, self.stream.clock.now());
        let answer = ledger.record(&self.claim, discoveries, progress, now).await;
        let done = |recorded: Vec<crate::Recorded>| {
            let new = recorded.iter().filter(|one| one.seq().is_some()).count();
            let others = recorded.len() - new;
            Outcome::told(Input::Recorded, StreamEvent::Recorded { new, others })
        };
        Outcome::ledger(answer, "recording files", done, Input::NotRecorded)
    }

    async fn keep_books(&self, command: Command) -> Outcome {
        let (ledger, now) = (&self.stream.ledger, self.stream.clock.now());
        let (claim, lease) = (&self.claim, self.settings.lease);
        match command {
            Command::RequestListing(request) => {
                let answer = ledger.request_listing(claim, &request, now).await;
                let done = |_| Outcome::of(Input::ListingRequested);
                let failed = Input::ListingNotRequested;
                Outcome::ledger(answer, "noting a listing", done, failed)
            }
            Command::NextListing => {
                let answer = ledger.next_listing(claim, lease, now).await;
                let done = |next| Outcome::of(Input::NextListing(next));
                Outcome::ledger(answer, "taking a listing", done, Input::ListingFailed)
            }
            Command::FinishListing { listing, round } => {
                let answer = ledger.finish_listing(claim, listing, round, now).await;
                let done = |is_done| {
                    let input = Input::ListingFinished(is_done);
                    Outcome::told(input, StreamEvent::Listed { listing })
                };
                Outcome::ledger(answer, "finishing a listing", done, Input::ListingFailed)
            }
            Command::Mark(mark) => {
                let answer = ledger.mark(claim, &mark, now).await;
                let done = |()| Outcome::of(Input::Marked);
                Outcome::ledger(answer, "changing a mark", done, Input::NotMarked)
            }
            Command::Expire { age } => {
                let answer = ledger.expire(claim, age, EXPIRE_FILES, now).await;
                let done = |expired: crate::Expired| {
                    let is_done = expired.is_done;
                    Outcome::of(Input::Expired { is_done })
                };
                Outcome::ledger(answer, "forgetting old files", done, Input::NotExpired)
            }
            Command::FindUnknown(ids) => {
                let done = |unknown| Outcome::of(Input::UnknownFound(unknown));
                let answer = ledger.unknown(&ids).await;
                let failed = Input::UnknownFound(Vec::new());
                Outcome::ledger(answer, "looking files up", done, failed)
            }
            Command::ReadMetrics => {
                let done = |metrics| Outcome::of(Input::MetricsRead(metrics));
                let answer = ledger.metrics().await;
                Outcome::ledger(answer, "asking what is left", done, Input::MetricsNotRead)
            }
            _ => {
                let done = |marks| Outcome::of(Input::MarksRead(Box::new(marks)));
                let answer = ledger.marks().await;
                Outcome::ledger(answer, "reading the marks", done, Input::MarksNotRead)
            }
        }
    }

    async fn keep_batches(&self, command: Command) -> Outcome {
        let (ledger, now) = (&self.stream.ledger, self.stream.clock.now());
        let (claim, lease) = (&self.claim, self.settings.lease);
        match command {
            Command::NextBatch => {
                let answer = ledger.next_batch(claim, self.settings.bounds, lease, now);
                let done =
                    |batch: Option<Batch>| Outcome::of(Input::NextBatch(batch.map(Arc::new)));
                Outcome::ledger(answer.await, "taking a batch", done, Input::NoBatch)
            }
            Command::Commit(batch) => {
                let answer = ledger.commit(claim, batch, now).await;
                let done = |_| Outcome {
                    input: Some(Input::Committed),
                    effect: Effect::Committed,
                };
                Outcome::ledger(answer, "committing a batch", done, Input::NotCommitted)
            }
            Command::Renew(batch) => {
                let answer = match ledger.renew(claim, batch, lease, now).await {
                    // Somebody else works on it, too; the sink takes it once.
                    Err(LedgerError::NotHeld { .. }) => Ok(()),
                    answer => answer,
                };
                let done = |()| Outcome::of(Input::Renewed);
                Outcome::ledger(answer, "holding a batch", done, Input::Renewed)
            }
            Command::ReleaseBatch(batch) => {
                // Who cannot give it back lets its lease run out.
                let answer = ledger.release(claim, batch).await;
                let fenced = answer.is_err_and(|error| error.is_fenced());
                Outcome {
                    input: fenced.then_some(Input::Fenced),
                    effect: Effect::None,
                }
            }
            _ => {
                // A role that is not left is free when somebody joins it again.
                drop(ledger.leave(claim).await);
                Outcome::of(Input::Left)
            }
        }
    }
}
