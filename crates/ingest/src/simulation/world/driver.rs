//! What carries the commands of a consumer out.

use std::sync::Arc;

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;

use super::super::queue::Message;
use super::{Bug, Happening, World, answer, queue_start};
use crate::stream::{
    Arrival, AskAnswer, Command, Extension, HeldId, Input, ListedPage, ReceiveFailure,
};
use crate::{
    Ask, Batch, Discovery, FileId, LedgerError, Listing, ListingProgress, News, Poison, Sighting,
};

/// Keys of one page of a listing.
const PAGE: usize = 30;

/// How long a receive waits for messages.
const WAIT_MS: u64 = 20_000;

/// How many files one call of expiry looks at.
const SWEEP: usize = 50;

impl World {
    /// What a process asked for takes place, or is lost with the process.
    pub(super) fn effect(&mut self, number: usize, command: Command) {
        let process = &self.processes[number];
        let is_away = !process.is_alive || process.paused_until > self.now;
        if is_away {
            // What is on its way already arrives, whoever sent it.
            let arrives = self.arrives.unwrap_or_else(|| self.random.percent(50));
            if !self.processes[number].is_alive && !arrives {
                return;
            }
            self.counts.zombies += 1;
        }
        let waits = matches!(command, Command::Receive { wait: true, .. });
        let Some(input) = self.carry_out(number, command) else {
            return;
        };
        self.counts.fenced += u64::from(input == Input::Fenced);
        let delay = match &input {
            Input::Received { arrivals, .. } if arrivals.is_empty() && waits => WAIT_MS,
            _ => self.latency(),
        };
        self.at(delay, Happening::Answer(number, input));
    }

    /// What is no transaction of the ledger alone is done here.
    fn carry_out(&mut self, number: usize, command: Command) -> Option<Input> {
        Some(match command {
            Command::Receive { max, .. } => self.receive(number, max),
            Command::Extend(held) => self.extend(number, held),
            Command::Acknowledge(batch) => self.acknowledge(number, &batch),
            Command::Release(batch) => {
                self.release(number, &batch);
                return None;
            }
            Command::Drop(batch) => {
                self.processes[number]
                    .held
                    .retain(|held, _| !batch.contains(held));
                return None;
            }
            Command::AskStore { ask, file } => {
                let answer = self.ask_store(&file);
                Input::Answered { ask, answer }
            }
            Command::List { listing, after } => self.list(&listing, after),
            Command::Deliver(batch) => self.deliver(&batch),
            Command::SetUpQueue if self.faults && self.random.percent(20) => Input::QueueNotReady,
            Command::SetUpQueue => {
                self.set_up_unnoticed();
                self.queue.is_there = true;
                Input::QueueReady(queue_start())
            }
            Command::FindUnknown(ids) => self.find_unknown(&ids),
            Command::NextBatch => self.next_batch(number),
            Command::Record {
                discoveries,
                progress,
            } => self.record(number, &discoveries, progress.as_ref()),
            Command::Quarantine { held, reason } => self.quarantine(number, held, reason),
            command => {
                self.inject();
                let input = self.transact(number, command);
                self.written();
                return input;
            }
        })
    }

    /// One transaction.
    fn transact(&mut self, number: usize, command: Command) -> Option<Input> {
        let (ledger, now) = (self.ledger.clone(), self.time());
        let process = &self.processes[number];
        let (claim, lease) = (process.claim.clone(), process.settings.lease);
        Some(match command {
            Command::RequestListing(request) => {
                let done = answer(ledger.request_listing(&claim, &request, now));
                self.told(
                    done,
                    |_| Input::ListingRequested,
                    Input::ListingNotRequested,
                )
            }
            Command::NextListing => {
                let next = answer(ledger.next_listing(&claim, lease, now));
                self.told(next, Input::NextListing, Input::ListingFailed)
            }
            Command::FinishListing { listing, round } => {
                let done = answer(ledger.finish_listing(&claim, listing, round, now));
                // The first one that is asked for has the number 1.
                self.existing_is_listed |= listing.0 == 1 && matches!(done, Ok(true));
                self.told(done, Input::ListingFinished, Input::ListingFailed)
            }
            Command::ReadMarks => {
                let marks = answer(ledger.marks());
                self.told(
                    marks,
                    |marks| Input::MarksRead(Box::new(marks)),
                    Input::MarksNotRead,
                )
            }
            Command::ReadMetrics => {
                let metrics = answer(ledger.metrics());
                self.told(metrics, Input::MetricsRead, Input::MetricsNotRead)
            }
            Command::Commit(batch) => {
                let done = answer(ledger.commit(&claim, batch, now));
                self.told(done, |_| Input::Committed, Input::NotCommitted)
            }
            Command::Renew(batch) => {
                let done = answer(ledger.renew(&claim, batch, lease, now));
                self.told(done, |()| Input::Renewed, Input::Renewed)
            }
            Command::ReleaseBatch(batch) => {
                let done = answer(ledger.release(&claim, batch));
                return matches!(done, Err(LedgerError::Fenced { .. })).then_some(Input::Fenced);
            }
            Command::Mark(mark) => {
                let done = answer(ledger.mark(&claim, &mark, now));
                self.told(done, |()| Input::Marked, Input::NotMarked)
            }
            Command::Expire { age } => {
                let done = answer(ledger.expire(&claim, age, SWEEP, now));
                self.told(
                    done,
                    |done| Input::Expired {
                        is_done: done.is_done,
                    },
                    Input::NotExpired,
                )
            }
            Command::Leave => {
                drop(answer(ledger.leave(&claim)));
                Input::Left
            }
            other => panic!("{other:?} is no transaction"),
        })
    }

    fn receive(&mut self, number: usize, max: usize) -> Input {
        if !self.queue.is_there {
            return Input::ReceiveFailed(ReceiveFailure::Lost);
        }
        if self.faults && self.random.percent(3) {
            return Input::ReceiveFailed(ReceiveFailure::Later);
        }
        self.expire_messages();
        let messages = self
            .queue
            .receive(max, self.now, &mut self.random, self.faults);
        self.counts.received += messages.len() as u64;
        let arrivals = messages
            .iter()
            .map(|message| self.arrive(number, message))
            .collect();
        Input::Received {
            asked: self.time(),
            arrivals,
        }
    }

    /// Messages that are too old are gone; a listing has to find what they told of.
    fn expire_messages(&mut self) {
        for message in self.queue.expire(self.now) {
            self.destroyed(&message);
        }
    }

    fn arrive(&mut self, number: usize, message: &Message) -> Arrival {
        self.counts.redelivered += u64::from(message.count > 1);
        let news = self.news(message);
        let process = &mut self.processes[number];
        process.last_held += 1;
        if let Some(there) = &mut process.there {
            there.received.insert(message.number);
        }
        let held = HeldId(process.last_held);
        process.held.insert(held, (message.number, message.receipt));
        if self.bug == Some(Bug::AcknowledgesBeforeItIsDurable) {
            self.queue.acknowledge(message.number);
        }
        Arrival {
            held,
            message: MessageId::new(message.number.to_string()),
            deadline: Timestamp::from_millis(self.now + super::super::queue::VISIBILITY_MS),
            // Not every queue counts.
            receive_count: message.number.is_multiple_of(2).then_some(message.count),
            news,
        }
    }

    fn news(&mut self, message: &Message) -> News {
        let mut news = News::default();
        for (object, version) in message.body.files.iter().copied() {
            if !self.store.objects[object].is_wanted {
                continue;
            }
            let times = self.told.entry(object).or_default();
            *times += 1;
            if self.bug == Some(Bug::LeaksItsRetries) && *times > 4 {
                news.poison = Some("it came too often".to_owned());
                continue;
            }
            if message.body.is_sparse {
                let path = self.store.id(object, version).path();
                news.asks.push(Ask {
                    path,
                    created: None,
                    sighting: Sighting::Event,
                });
            } else {
                let mut file = self.store.discovery(object, version, Sighting::Event);
                if self.bug == Some(Bug::TakesTheTimeForTheVersion) {
                    let token = format!("t{}", message.sent);
                    let path = file.id.path();
                    file.id = FileId::new(&path, Some(&token)).unwrap();
                }
                news.files.push(file);
            }
        }
        if let Some(directory) = &message.body.renamed {
            news.listings.push(directory.clone().into_bytes());
        }
        if message.body.is_poison {
            news.poison = Some("it cannot be read".to_owned());
        }
        news
    }

    fn extend(&mut self, number: usize, held: HeldId) -> Input {
        let failed = self.faults && self.random.percent(10);
        let delivery = self.processes[number].held.get(&held).copied();
        let now = self.now;
        let extension = match delivery {
            _ if failed => Extension::Failed,
            Some((message, receipt)) => match self.queue.extend(message, receipt, now) {
                Some(until) => Extension::Until(until),
                None => Extension::Gone,
            },
            None => Extension::Gone,
        };
        self.counts.extended += u64::from(matches!(extension, Extension::Until(_)));
        Input::Extended { held, extension }
    }

    /// Acknowledges, and sees that nothing is acknowledged that is not durable.
    fn acknowledge(&mut self, number: usize, batch: &[HeldId]) -> Input {
        for held in batch {
            let Some((message, _)) = self.processes[number].held.remove(held) else {
                continue;
            };
            let Some(body) = self.queue.find(message).map(|message| message.body.clone()) else {
                continue;
            };
            let told = body.files.iter().filter(|_| !body.is_sparse);
            let wanted = told.filter(|(object, _)| self.store.objects[*object].is_wanted);
            let ids: Vec<_> = wanted
                .map(|(object, version)| self.store.id(*object, *version))
                .collect();
            self.must_be_known(message, &ids);
            let is_lost = self.faults && self.random.percent(5);
            if !is_lost {
                self.queue.acknowledge(message);
            }
        }
        Input::Acknowledged
    }

    /// What is acknowledged is known, or too old to be told from what was known.
    fn must_be_known(&mut self, message: usize, ids: &[FileId]) {
        let unknown = answer(self.ledger.unknown(ids)).unwrap_or_default();
        let has_horizon = answer(self.ledger.marks()).is_ok_and(|marks| marks.horizon.is_some());
        let by_time = self.bug == Some(Bug::TakesTheTimeForTheVersion);
        if !has_horizon && !by_time && unknown.contains(&true) {
            self.break_with(format!(
                "message {message} is acknowledged and {ids:?} is not durable"
            ));
        }
    }

    fn release(&mut self, number: usize, batch: &[HeldId]) {
        let now = self.now;
        for held in batch {
            let Some((message, receipt)) = self.processes[number].held.remove(held) else {
                continue;
            };
            let message = self.queue.find(message);
            if let Some(message) = message.filter(|message| message.receipt == receipt) {
                message.visible = now;
            }
        }
    }

    fn ask_store(&mut self, ask: &Ask) -> AskAnswer {
        self.counts.asks += 1;
        if self.faults && self.random.percent(20) {
            return AskAnswer::Failed;
        }
        match self.store.find(&ask.path) {
            Some(object) if self.store.objects[object].version > 0 => {
                let version = self.store.objects[object].version;
                AskAnswer::Found(self.store.discovery(object, version, ask.sighting))
            }
            _ => AskAnswer::Missing,
        }
    }

    fn list(&mut self, listing: &Arc<Listing>, after: Option<Vec<u8>>) -> Input {
        if self.faults && self.random.percent(5) {
            return Input::ListingFailed;
        }
        self.counts.pages += 1;
        let page = self
            .store
            .list(&listing.prefix, after.as_deref(), self.time(), PAGE);
        let last = page
            .last()
            .map(|object| self.store.objects[*object].key.clone().into_bytes());
        let is_last = page.len() < PAGE;
        let (mut files, mut asks) = (Vec::new(), Vec::new());
        for object in page
            .into_iter()
            .filter(|object| self.store.objects[*object].is_wanted)
        {
            let version = self.store.objects[object].version;
            if self.random.percent(3) {
                let path = self.store.id(object, version).path();
                asks.push(Ask {
                    path,
                    created: None,
                    sighting: Sighting::Listing,
                });
            } else {
                files.push(self.store.discovery(object, version, Sighting::Listing));
            }
        }
        Input::Listed(ListedPage {
            files,
            asks,
            last,
            is_last,
        })
    }

    fn record(
        &mut self,
        number: usize,
        files: &[Discovery],
        progress: Option<&ListingProgress>,
    ) -> Input {
        let claim = self.processes[number].claim.clone();
        let mut files = files.to_vec();
        match self.bug {
            Some(Bug::KeepsACacheOfItsOwn) => {
                let cache = &mut self.processes[number].cache;
                files.retain(|file| !cache.contains(&file.id));
                cache.extend(files.iter().map(|file| file.id.clone()));
            }
            Some(Bug::MovesOnWithoutThePage)
                if progress.is_some() && self.faults && self.random.percent(10) =>
            {
                files.clear();
            }
            _ => {}
        }
        self.inject();
        let now = self.time();
        let done = answer(self.ledger.record(&claim, &files, progress, now));
        self.written();
        self.told(done, |_| Input::Recorded, Input::NotRecorded)
    }

    fn find_unknown(&mut self, ids: &[FileId]) -> Input {
        let fails = self.faults && self.random.percent(3);
        let unknown = answer(self.ledger.unknown(ids));
        let unknown = unknown.ok().filter(|_| !fails).unwrap_or_default();
        let known = unknown.iter().all(|unknown| !unknown);
        self.counts.known_pages += u64::from(known && !unknown.is_empty());
        Input::UnknownFound(unknown)
    }

    fn quarantine(&mut self, number: usize, held: HeldId, reason: String) -> Input {
        let Some((message, _)) = self.processes[number].held.get(&held) else {
            return Input::NotQuarantined { held };
        };
        let poison = Poison {
            message: MessageId::new(message.to_string()),
            body: b"?".to_vec(),
            length: 1,
            attributes: std::collections::BTreeMap::new(),
            reason,
            receive_count: None,
            at: self.time(),
        };
        self.inject();
        let claim = self.processes[number].claim.clone();
        let done = answer(self.ledger.quarantine(&claim, &poison));
        self.written();
        self.told(
            done,
            |()| Input::Quarantined { held },
            Input::NotQuarantined { held },
        )
    }

    fn next_batch(&mut self, number: usize) -> Input {
        let process = &self.processes[number];
        let (claim, settings) = (process.claim.clone(), process.settings.clone());
        self.inject();
        let now = self.time();
        let next = self
            .ledger
            .next_batch(&claim, settings.bounds, settings.lease, now);
        let next = answer(next);
        self.written();
        let next = match next {
            Ok(Some(batch)) => Ok(self.spoil(number, batch)),
            next => next,
        };
        self.told(
            next,
            |batch| Input::NextBatch(batch.map(Arc::new)),
            Input::NoBatch,
        )
    }

    /// What a driver with a mistake makes of a batch.
    fn spoil(&mut self, number: usize, mut batch: Batch) -> Option<Batch> {
        let claim = self.processes[number].claim.clone();
        match self.bug {
            Some(Bug::PassesOverAHeldBatch) if batch.attempt > 1 => {
                let now = self.time();
                drop(answer(self.ledger.commit(&claim, batch.id, now)));
                None
            }
            Some(Bug::CutsABatchAnew) if batch.attempt > 1 => {
                batch.files.pop();
                Some(batch)
            }
            Some(Bug::HoldsBackTheShortBatch)
                if (batch.files.len() as u64) < self.settings.bounds.max_files =>
            {
                drop(answer(self.ledger.release(&claim, batch.id)));
                None
            }
            _ => Some(batch),
        }
    }

    fn deliver(&mut self, batch: &Arc<Batch>) -> Input {
        let fails = self.faults && self.random.percent(6);
        self.counts.sink_faults += u64::from(fails);
        let swallows = self.bug == Some(Bug::SwallowsAFailure);
        if fails && self.random.percent(50) {
            return if swallows {
                Input::Delivered
            } else {
                Input::NotDelivered
            };
        }
        if let Err(broken) = self.sink.commit(batch, &self.store) {
            self.break_with(broken);
        }
        if fails {
            Input::NotDelivered
        } else {
            Input::Delivered
        }
    }

    /// What a decider is told of a transaction.
    fn told<T>(
        &mut self,
        answer: Result<T, LedgerError>,
        good: impl FnOnce(T) -> Input,
        failed: Input,
    ) -> Input {
        match answer {
            Ok(value) => return good(value),
            Err(LedgerError::Fenced { .. }) => return Input::Fenced,
            Err(LedgerError::Driver { .. } | LedgerError::NotHeld { .. }) => {}
            Err(error) => {
                self.break_with(format!(
                    "a consumer that does nothing wrong is told: {error}"
                ));
            }
        }
        failed
    }
}
