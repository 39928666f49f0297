//! Listings: when they are due, and page after page of the one in hand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::{
    AskAnswer, AskId, Command, FIRST_BACKOFF, HeldId, ListedPage, MAX_BACKOFF, Owner, Settings,
    Stream, Timer,
};
use crate::{
    Ask, Discovery, Listing, ListingProgress, ListingReason, ListingRequest, Marks, Sighting,
};

/// Most questions to the store at a time.
const MAX_ASKS: usize = 16;

/// So often the store is asked about a file of a message before the message is left to come
/// again. A page of a listing is asked about for as long as it takes.
const ASK_TRIES: u32 = 5;

/// So many pages are passed over at most, because everything in them is known, until it is noted
/// how far a listing has come: what is listed again after a crash.
const PAGES_UNNOTED: u32 = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct Listings {
    /// When the path is to be listed again.
    pub(super) clock: Timer,
    /// When to look for a listing that is due.
    look: Timer,
    /// One may be due that was not when the ledger was asked.
    again: bool,
    work: Option<Work>,
    asks: BTreeMap<AskId, Asked>,
    waiting: VecDeque<AskId>,
    flying: usize,
    ask_timer: Timer,
    last_ask: u64,
}

#[derive(Clone, Debug)]
struct Work {
    listing: Arc<Listing>,
    after: Option<Vec<u8>>,
    page: Vec<Discovery>,
    is_last: bool,
    stage: Stage,
    timer: Timer,
    /// When it was noted how far it has come, and the pages since.
    noted: Timestamp,
    pages: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Fetch,
    /// So many files of the page are asked about.
    Ask(usize),
    /// The ledger is to be asked which files of it are known.
    Sift,
    Sifting,
    Record,
    Recording,
    Finish,
}

#[derive(Clone, Debug)]
struct Asked {
    file: Ask,
    /// The message that tells of it; none for the page of a listing.
    held: Option<HeldId>,
    tries: u32,
}

impl Listings {
    pub(super) fn start(&mut self, marks: &Marks, settings: &Settings, now: Timestamp) {
        self.plan_clock(marks, settings, now);
    }

    fn plan_clock(&mut self, marks: &Marks, settings: &Settings, now: Timestamp) {
        let Some(every) = settings.list_every else {
            return;
        };
        let began = marks.backfill_started.unwrap_or(now);
        self.clock = Timer {
            next: began.after(every),
            ..Timer::default()
        };
    }

    pub(super) fn next(&mut self, listing: Option<Listing>, now: Timestamp, settings: &Settings) {
        let again = if self.again {
            Duration::ZERO
        } else {
            settings.look_every
        };
        self.look.done(now, again);
        self.work = listing.map(|listing| Work {
            after: listing.after.clone(),
            listing: Arc::new(listing),
            page: Vec::new(),
            is_last: false,
            stage: Stage::Fetch,
            timer: Timer::default(),
            noted: now,
            pages: 0,
        });
    }

    /// Looks for a listing at once.
    pub(super) fn look_now(&mut self, now: Timestamp) {
        self.again = true;
        self.look.next = self.look.next.min(now);
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        match &mut self.work {
            Some(work) => work.timer.failed(now),
            None => self.look.failed(now),
        }
    }

    pub(super) fn finished(&mut self, now: Timestamp) {
        self.work = None;
        self.look_now(now);
    }

    pub(super) fn page_recorded(&mut self, now: Timestamp) {
        if let Some(work) = self.work.as_mut() {
            work.timer = Timer::default();
            (work.noted, work.pages) = (now, 0);
            work.next_page();
        }
    }

    /// The ledger says which files of the page it does not know; without an answer all of them
    /// are recorded.
    pub(super) fn sifted(&mut self, unknown: &[bool]) {
        let work = self.work.as_mut();
        let Some(work) = work.filter(|work| work.stage == Stage::Sifting) else {
            return;
        };
        work.stage = Stage::Record;
        if unknown.len() == work.page.len() {
            let mut each = unknown.iter();
            work.page.retain(|_| each.next() != Some(&false));
        }
    }

    /// Gives everything up; the ledger has what is due.
    pub(super) fn stop(&mut self) {
        self.work = None;
        self.asks.clear();
        self.waiting.clear();
    }

    /// Asks the store about a file.
    pub(super) fn ask(&mut self, file: Ask, held: Option<HeldId>) {
        self.last_ask += 1;
        let id = AskId(self.last_ask);
        self.asks.insert(
            id,
            Asked {
                file,
                held,
                tries: 0,
            },
        );
        self.waiting.push_back(id);
    }

    pub(super) fn ask_store(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        while self.flying < MAX_ASKS && self.ask_timer.is_due(now) {
            let Some(id) = self.waiting.pop_front() else {
                return;
            };
            let Some(asked) = self.asks.get_mut(&id) else {
                continue;
            };
            asked.tries += 1;
            self.flying += 1;
            commands.push(Command::AskStore {
                ask: id,
                file: asked.file.clone(),
            });
        }
    }

    /// Whether no listing is in hand and nothing is asked about.
    pub(super) fn is_empty(&self) -> bool {
        self.work.is_none() && self.asks.is_empty()
    }

    pub(super) fn wakeup(&self, settings: &Settings) -> Option<Timestamp> {
        let work = match &self.work {
            Some(work) if matches!(work.stage, Stage::Fetch | Stage::Finish) => work.timer.wakeup(),
            Some(_) => None,
            None => self.look.wakeup(),
        };
        let clock = settings.list_every.and_then(|_| self.clock.wakeup());
        let asks = self.waiting.front().and_then(|_| self.ask_timer.wakeup());
        [work, clock, asks].into_iter().flatten().min()
    }

    /// Reads the marks when it is time for a backfill. A start reads them, too, so not before it is
    /// over.
    pub(super) fn look_at_clock(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        commands: &mut Vec<Command>,
    ) {
        if settings.list_every.is_some() && self.clock.is_due(now) {
            self.clock.ask();
            commands.push(Command::ReadMarks);
        }
    }

    pub(super) fn go_on(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let Some(work) = &mut self.work else {
            if self.look.is_due(now) {
                self.look.ask();
                self.again = false;
                commands.push(Command::NextListing);
            }
            return;
        };
        if !work.timer.is_due(now) {
            return;
        }
        match work.stage {
            Stage::Fetch => {
                let (listing, after) = (Arc::clone(&work.listing), work.after.clone());
                commands.push(Command::List { listing, after });
            }
            Stage::Finish => {
                let (listing, round) = (work.listing.id, work.listing.round);
                commands.push(Command::FinishListing { listing, round });
            }
            Stage::Ask(_) | Stage::Sift | Stage::Sifting | Stage::Record | Stage::Recording => {
                return;
            }
        }
        work.timer.ask();
    }

    /// The page, once everything in it is told; a page of which nothing is new is passed over.
    pub(super) fn take_page(
        &mut self,
        settings: &Settings,
        now: Timestamp,
        commands: &mut Vec<Command>,
    ) -> Option<(Vec<Discovery>, Option<ListingProgress>)> {
        let work = self.work.as_mut()?;
        if work.stage == Stage::Ask(0) {
            work.stage = work.full();
        }
        if work.stage == Stage::Sift {
            work.stage = Stage::Sifting;
            let ids = work.page.iter().map(|file| file.id.clone()).collect();
            commands.push(Command::FindUnknown(ids));
        }
        if work.stage != Stage::Record {
            return None;
        }
        work.pages += 1;
        let is_time = now.since(work.noted) >= settings.lease / 4;
        let is_due = work.pages >= PAGES_UNNOTED || is_time;
        if work.page.is_empty() && (work.is_last || !is_due) {
            work.next_page();
            return None;
        }
        work.stage = Stage::Recording;
        let progress = work.after.clone().map(|after| ListingProgress {
            listing: work.listing.id,
            round: work.listing.round,
            after,
            lease: settings.lease,
        });
        Some((std::mem::take(&mut work.page), progress))
    }
}

impl Work {
    /// What comes after a page of which everything is told.
    fn full(&self) -> Stage {
        let is_known = matches!(
            self.listing.reason,
            ListingReason::Backfill | ListingReason::Fallback
        );
        // What is listed for the first time is mostly new, and recorded without a question.
        if is_known && !self.page.is_empty() {
            Stage::Sift
        } else {
            Stage::Record
        }
    }

    fn next_page(&mut self) {
        self.stage = if self.is_last {
            Stage::Finish
        } else {
            Stage::Fetch
        };
    }
}

impl Stream {
    pub(super) fn listed(&mut self, page: ListedPage) {
        let Some(work) = self.listings.work.as_mut() else {
            return;
        };
        let sighting = match work.listing.reason {
            ListingReason::Existing => Sighting::Existing,
            _ => Sighting::Listing,
        };
        let as_seen = |file: Discovery| Discovery { sighting, ..file };
        work.timer = Timer::default();
        work.page = page.files.into_iter().map(as_seen).collect();
        work.is_last = page.is_last;
        // A page without keys would be asked for again and again.
        work.is_last |= page.last.is_none();
        work.after = page.last.or(work.after.take());
        work.stage = match page.asks.len() {
            0 => work.full(),
            count => Stage::Ask(count),
        };
        for ask in page.asks {
            self.listings.ask(Ask { sighting, ..ask }, None);
        }
    }

    pub(super) fn answered(&mut self, id: AskId, answer: AskAnswer) {
        self.listings.flying = self.listings.flying.saturating_sub(1);
        let Some(asked) = self.listings.asks.get(&id) else {
            return;
        };
        let (held, tries, sighting) = (asked.held, asked.tries, asked.file.sighting);
        if answer == AskAnswer::Failed {
            self.listings.ask_timer.failed(self.now);
            match held {
                Some(held) if tries >= ASK_TRIES => {
                    self.listings.asks.remove(&id);
                    self.give_up_on(held, "the store does not answer about a file in it");
                }
                _ => self.listings.waiting.push_back(id),
            }
            return;
        }
        self.listings.ask_timer = Timer::default();
        self.listings.asks.remove(&id);
        let found = match answer {
            AskAnswer::Found(file) => Some(Discovery { sighting, ..file }),
            AskAnswer::Missing | AskAnswer::Failed => None,
        };
        match (held, found) {
            (Some(held), Some(file)) => self.records.add(file, held),
            (Some(held), None) => self.hands.one_done(held),
            (None, found) => {
                let Some(work) = self.listings.work.as_mut() else {
                    return;
                };
                work.page.extend(found);
                if let Stage::Ask(left) = &mut work.stage {
                    *left = left.saturating_sub(1);
                }
            }
        }
    }

    pub(super) fn marks_read(&mut self, marks: &Marks) {
        let Some(every) = self.settings.list_every else {
            return;
        };
        let (began, ended) = (marks.backfill_started, marks.backfill_finished);
        let is_under_way = began.is_some() && ended < began;
        // Before the first listing is asked for, a backfill would take what is old for new.
        let is_due = began.is_some_and(|began| self.now.since(began) >= every);
        let clock = &mut self.listings.clock;
        if is_under_way || (is_due && self.requesting.is_some()) {
            clock.done(self.now, every.clamp(FIRST_BACKOFF, MAX_BACKOFF));
        } else if is_due {
            self.requesting = Some(Owner::Clock);
        } else {
            self.listings.plan_clock(marks, &self.settings, self.now);
        }
    }

    /// Asks for the listing that it is time for, if [`Stream::marks_read`] found so.
    pub(super) fn request_backfill(&mut self, commands: &mut Vec<Command>) {
        if self.requesting == Some(Owner::Clock) {
            self.requesting = Some(Owner::ClockAsked);
            let prefix = self.settings.prefix.clone();
            let reason = ListingReason::Backfill;
            commands.push(Command::RequestListing(ListingRequest { reason, prefix }));
        }
    }

    pub(super) fn listing_requested(&mut self) {
        self.listings.look_now(self.now);
        self.requests = Timer::default();
        match self.requesting.take() {
            Some(Owner::Start) => self.start.step_done(),
            Some(Owner::Message(held)) => self.hands.requested(held),
            Some(Owner::Clock | Owner::ClockAsked) => {
                let every = self.settings.list_every.unwrap_or(MAX_BACKOFF);
                self.listings.clock.done(self.now, every);
            }
            None => {}
        }
    }

    pub(super) fn listing_not_requested(&mut self) {
        match self.requesting.take() {
            Some(Owner::Start) => self.start.failed(self.now),
            Some(Owner::Message(_)) => self.requests.failed(self.now),
            Some(Owner::Clock | Owner::ClockAsked) => self.listings.clock.failed(self.now),
            None => {}
        }
    }
}
