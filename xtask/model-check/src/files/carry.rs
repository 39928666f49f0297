//! What carries the commands of a consumer out.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use floe_ingest::stream::{Arrival, Command, HeldId, Input, ListedPage};
use floe_ingest::{Batch, Claim, Discovery, FileId, Ledger, LedgerError, News, Sighting};
use floe_notify::clock::Timestamp;
use floe_notify::{BoxFuture, MessageId};

use super::state::{KEYS, Message, Slip, State, Wrong, settings};

/// Keys of one page of a listing.
const PAGE: usize = 2;

/// How long a message is its consumer's, in milliseconds.
const VISIBLE_MS: u64 = 3_600_000;

impl State {
    /// Carries a command out; what has no answer has none.
    pub(super) fn carry_out(&mut self, number: usize, command: Command) -> Option<Input> {
        Some(match command {
            Command::Receive { max, .. } => self.receive(number, max),
            Command::Acknowledge(batch) => self.acknowledge(number, &batch),
            Command::Release(batch) | Command::Drop(batch) => {
                self.give_back(number, &batch);
                return None;
            }
            Command::List { after, .. } => list(after.as_deref()),
            Command::Deliver(batch) => self.deliver(&batch),
            command => {
                let claim = self.consumers.get(number)?.claim.clone()?;
                return self.transact(&claim, command);
            }
        })
    }

    fn receive(&mut self, number: usize, max: usize) -> Input {
        let asked = self.time();
        let mut arrivals = Vec::new();
        for message in 0..self.messages.len() {
            if self.messages.get(message) == Some(&Message::Ready) && arrivals.len() < max {
                arrivals.extend(self.arrive(number, message));
            }
        }
        Input::Received { asked, arrivals }
    }

    fn arrive(&mut self, number: usize, message: usize) -> Option<Arrival> {
        let at_once = self.slip == Some(Slip::AcknowledgesAtOnce);
        let file = discovery(KEYS.get(message + 1)?, Sighting::Event)?;
        let deadline = Timestamp::from_millis(self.time().as_millis() + VISIBLE_MS);
        *self.messages.get_mut(message)? = Message::InHand;
        if at_once {
            self.done_with(message);
        }
        let consumer = self.consumers.get_mut(number)?;
        consumer.last_held += 1;
        let held = HeldId(consumer.last_held);
        consumer.held.insert(held, message);
        let news = News {
            files: vec![file],
            ..News::default()
        };
        Some(Arrival {
            held,
            message: MessageId::new(message.to_string()),
            deadline,
            receive_count: Some(1),
            news,
        })
    }

    fn acknowledge(&mut self, number: usize, batch: &[HeldId]) -> Input {
        for held in batch {
            let consumer = self.consumers.get_mut(number);
            if let Some(message) = consumer.and_then(|one| one.held.remove(held)) {
                self.done_with(message);
            }
        }
        Input::Acknowledged
    }

    /// A message is acknowledged: what it told of has to be known by now.
    fn done_with(&mut self, message: usize) {
        let id = KEYS.get(message + 1).and_then(|key| id(key));
        let ids: Vec<FileId> = id.into_iter().collect();
        let unknown = now_or_never(self.ledger.unknown(&ids));
        if unknown.is_ok_and(|unknown| unknown.contains(&true)) {
            self.wrong = self.wrong.or(Some(Wrong::Acknowledged));
        }
        if let Some(message) = self.messages.get_mut(message) {
            *message = Message::Gone;
        }
    }

    fn give_back(&mut self, number: usize, batch: &[HeldId]) {
        for held in batch {
            let consumer = self.consumers.get_mut(number);
            let message = consumer.and_then(|one| one.held.remove(held));
            if let Some(message) = message.and_then(|message| self.messages.get_mut(message))
                && *message == Message::InHand
            {
                *message = Message::Ready;
            }
        }
    }

    /// The sink takes a batch once under its number.
    fn deliver(&mut self, batch: &Arc<Batch>) -> Input {
        let mut files: Vec<FileId> = batch.files.iter().map(|file| file.id.clone()).collect();
        match self.slip {
            Some(Slip::CutsABatchAnew) if batch.attempt > 1 => drop(files.pop()),
            Some(Slip::DropsABatch) if batch.attempt > 1 => return Input::Delivered,
            _ => {}
        }
        if let Some(before) = self.sink.get(&batch.id.0) {
            if *before != files {
                self.wrong = self.wrong.or(Some(Wrong::OtherBatch));
            }
            return Input::Delivered;
        }
        let mut there = self.sink.values().flatten();
        if there.any(|id| files.contains(id)) {
            self.wrong = self.wrong.or(Some(Wrong::TwoBatches));
        }
        self.sink.insert(batch.id.0, files);
        Input::Delivered
    }

    fn transact(&mut self, claim: &Claim, command: Command) -> Option<Input> {
        let (ledger, now, settings) = (self.ledger.clone(), self.time(), settings());
        let done = match command {
            Command::Record {
                discoveries,
                progress,
            } => {
                let done = ledger.record(claim, &discoveries, progress.as_ref(), now);
                now_or_never(done).map(|_| Input::Recorded)
            }
            Command::RequestListing(request) => {
                let done = ledger.request_listing(claim, &request, now);
                now_or_never(done).map(|_| Input::ListingRequested)
            }
            Command::NextListing => {
                let next = ledger.next_listing(claim, settings.lease, now);
                now_or_never(next).map(Input::NextListing)
            }
            Command::FinishListing { listing, round } => {
                let done = ledger.finish_listing(claim, listing, round, now);
                now_or_never(done).map(Input::ListingFinished)
            }
            Command::FindUnknown(ids) => {
                now_or_never(ledger.unknown(&ids)).map(Input::UnknownFound)
            }
            Command::ReadMarks => {
                now_or_never(ledger.marks()).map(|marks| Input::MarksRead(Box::new(marks)))
            }
            Command::ReadMetrics => now_or_never(ledger.metrics()).map(Input::MetricsRead),
            Command::NextBatch => {
                let next = ledger.next_batch(claim, settings.bounds, settings.lease, now);
                now_or_never(next).map(|batch| Input::NextBatch(batch.map(Arc::new)))
            }
            Command::Commit(batch) => {
                now_or_never(ledger.commit(claim, batch, now)).map(|_| Input::Committed)
            }
            Command::ReleaseBatch(batch) => {
                return refused(now_or_never(ledger.release(claim, batch))).err();
            }
            Command::Mark(mark) => {
                now_or_never(ledger.mark(claim, &mark, now)).map(|()| Input::Marked)
            }
            Command::Leave => now_or_never(ledger.leave(claim)).map(|()| Input::Left),
            _ => {
                self.wrong = Some(Wrong::Refused);
                return None;
            }
        };
        match done {
            Ok(input) => Some(input),
            Err(LedgerError::Fenced { .. }) => Some(Input::Fenced),
            Err(_) => {
                self.wrong = Some(Wrong::Refused);
                None
            }
        }
    }
}

fn refused(done: Result<(), LedgerError>) -> Result<(), Input> {
    match done {
        Err(LedgerError::Fenced { .. }) => Err(Input::Fenced),
        _ => Ok(()),
    }
}

fn list(after: Option<&[u8]>) -> Input {
    let behind = |key: &&&str| after.is_none_or(|after| key.as_bytes() > after);
    let keys: Vec<&&str> = KEYS.iter().filter(behind).take(PAGE).collect();
    let files = keys
        .iter()
        .filter_map(|key| discovery(key, Sighting::Listing));
    Input::Listed(ListedPage {
        files: files.collect(),
        asks: Vec::new(),
        last: keys.last().map(|key| key.as_bytes().to_vec()),
        is_last: keys.len() < PAGE,
    })
}

fn id(key: &str) -> Option<FileId> {
    FileId::new(format!("/{key}").as_bytes(), None).ok()
}

fn discovery(key: &str, sighting: Sighting) -> Option<Discovery> {
    Some(Discovery {
        id: id(key)?,
        size: 1,
        created: Timestamp::from_millis(1),
        sighting,
    })
}

/// The answer of a ledger that answers at once, as the one in memory does.
pub(super) fn now_or_never<T>(
    mut answer: BoxFuture<'_, Result<T, LedgerError>>,
) -> Result<T, LedgerError> {
    let mut context = Context::from_waker(Waker::noop());
    match answer.as_mut().poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("a ledger in memory answers at once"),
    }
}
