//! Several handles, each with several callers, under a store that fails: what they were told is
//! compared with one ledger in memory that is fed in the order of the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floe_notify::clock::{Clock, ManualClock};
use futures::future::{Either, join_all, select};
use object_store::memory::InMemory;
use object_store::path::Path;

use super::super::SharedLedger;
use super::super::format::{Frame, Head, decode_segment};
use super::super::store::Store;
use super::deeds::{Deed, What, role};
use super::faulty::Faulty;
use super::{Dice, TIGHT, at, founding};
use crate::memory::MemoryLedger;
use crate::memory::replica::wire::Reader;
use crate::memory::replica::{Replica, replay};
use crate::{Claim, Ledger, Marks, Metrics, Poison, StateRow};

const SEEDS: u64 = 240;
const HANDLES: u64 = 3;
const CALLERS: u64 = 2;
const CALLS: u64 = 16;

/// A call, and what became of it.
#[derive(Debug)]
struct Call {
    deed: Deed,
    /// Where the head was when it was made.
    start: u64,
    /// Where it was when it was answered, and the answer; none when it was not.
    end: Option<(u64, Option<String>)>,
    is_found: bool,
}

/// What all callers of one life share.
struct Life {
    store: Arc<Faulty>,
    clock: Arc<ManualClock>,
    calls: Mutex<Vec<Call>>,
    dice: Mutex<Dice>,
    crashes: bool,
}

impl Life {
    fn roll(&self, most: u64) -> u64 {
        self.dice.lock().unwrap().below(most)
    }

    async fn open(&self) -> SharedLedger {
        loop {
            let clock = Arc::<ManualClock>::clone(&self.clock);
            let store = Arc::<Faulty>::clone(&self.store);
            match SharedLedger::open_with(store, "p", clock, TIGHT).await {
                Ok(ledger) => return ledger,
                Err(error) => assert!(
                    floe_notify::DriverError::is_retryable(&error),
                    "nothing is wrong but the connection: {error}"
                ),
            }
        }
    }

    /// Makes a call and notes it. It may be given up at any moment.
    async fn call(&self, ledger: &SharedLedger, deed: Deed) -> Option<String> {
        let (place, deed) = {
            let mut calls = self.calls.lock().unwrap();
            let mut deed = deed;
            deed.number = calls.len() as u64;
            calls.push(Call {
                deed: deed.clone(),
                start: self.store.position(),
                end: None,
                is_found: false,
            });
            (calls.len() - 1, deed)
        };
        let patience = match self.crashes && self.roll(10) == 0 {
            true => Duration::from_millis(self.roll(120)),
            false => Duration::from_secs(10_000),
        };
        let run = std::pin::pin!(deed.run(ledger));
        match select(run, self.clock.sleep(patience)).await {
            Either::Left((answer, _)) => {
                let end = (self.store.position(), answer.clone());
                self.calls.lock().unwrap()[place].end = Some(end);
                answer
            }
            Either::Right(_) => None,
        }
    }

    async fn caller(&self, number: u64, ledger: SharedLedger) {
        let mut ledger = ledger;
        let mut claim = Claim::new(role(number % 4), 0);
        for _ in 0..CALLS {
            let mut deed = {
                let mut dice = self.dice.lock().unwrap();
                Deed::any(&mut dice, 0, &claim)
            };
            if claim.epoch() == 0 {
                deed.what = What::Join;
            }
            if self.roll(12) == 0 {
                // What it answers is not compared; that others are answered the same is.
                drop(ledger.compact().await);
            }
            let answer = self.call(&ledger, deed.clone()).await;
            if let (What::Join, Some(text)) = (&deed.what, &answer) {
                let epoch = text.rsplit("epoch: ").next().unwrap();
                let epoch = epoch.trim_end_matches(" }").parse().unwrap_or(0);
                claim = Claim::new(claim.role().clone(), epoch);
            } else if answer.is_some_and(|text| text.contains("has taken the role")) {
                claim = Claim::new(claim.role().clone(), 0);
            }
            if self.crashes && self.roll(20) == 0 {
                drop(ledger);
                ledger = self.open().await;
            }
            self.clock.sleep(Duration::from_millis(self.roll(40))).await;
        }
    }
}

/// The log as all heads together say; what was in it once stays as it is.
fn log(store: &Faulty, heads: &[Head]) -> BTreeMap<u64, Frame> {
    let clock = Arc::new(ManualClock::default());
    let names = Store::new(Arc::new(InMemory::new()), Path::from("p"), clock);
    let mut log = BTreeMap::new();
    let mut note = |number: u64, frame: &Frame| {
        let before = log.insert(number, frame.clone());
        assert!(
            before.is_none_or(|before| before == *frame),
            "the log never changes"
        );
    };
    for head in heads {
        for segment in &head.segments {
            let path = names.path("segment", &segment.named);
            let frames = decode_segment("segment", &store.object(&path)).unwrap();
            let numbers = segment.named.position..;
            numbers
                .zip(&frames)
                .for_each(|(number, frame)| note(number, frame));
        }
        let numbers = head.before_frames() + 1..;
        numbers
            .zip(&head.frames)
            .for_each(|(number, frame)| note(number, frame));
    }
    log
}

/// The actions of a frame, each by itself.
fn actions(frame: &Frame) -> Vec<Vec<u8>> {
    let (mut scratch, mut reader) = (Replica::default(), Reader(&frame.actions));
    let mut actions = Vec::new();
    while !reader.0.is_empty() {
        let before = reader.0;
        replay(&mut reader, &mut scratch).unwrap();
        actions.push(before[..before.len() - reader.0.len()].to_vec());
    }
    actions
}

fn answer_of(deed: &Deed, ledger: &MemoryLedger) -> Option<String> {
    ManualClock::default().run(deed.run(ledger)).unwrap()
}

/// Feeds one ledger in memory in the order of the log, and holds every answer against it.
fn compare(seed: u64, calls: &mut [Call], log: &BTreeMap<u64, Frame>) -> Vec<MemoryLedger> {
    let model = MemoryLedger::default();
    let mut states = vec![model.copy()];
    for (number, frame) in log {
        for bytes in actions(frame) {
            let is_it = |call: &Call| {
                let ends = match &call.end {
                    Some((end, Some(_))) => *end,
                    _ => u64::MAX,
                };
                let is_then = call.start < *number && *number <= ends;
                !call.is_found && is_then && call.deed.bytes().as_ref() == Some(&bytes)
            };
            let any = calls.iter().find(|call| is_it(call));
            let any = any.unwrap_or_else(|| panic!("seed {seed}: {number} was asked for"));
            let answer = answer_of(&any.deed, &model);
            // Two callers may have asked for the same; then either may be the one.
            let told = |call: &&mut Call| match &call.end {
                Some((_, Some(told))) => is_it(call) && Some(told) == answer.as_ref(),
                _ => false,
            };
            let mut place = calls.iter_mut().find(told);
            if place.is_none() {
                let lost = |call: &&mut Call| !matches!(call.end, Some((_, Some(_))));
                place = calls.iter_mut().find(|call| lost(call) && is_it(call));
            }
            let what = format!("seed {seed}: {number} answers {answer:?}");
            place
                .unwrap_or_else(|| panic!("{what}, and nobody was told so"))
                .is_found = true;
        }
        states.push(model.copy());
    }
    for call in calls.iter().filter(|call| !call.is_found) {
        let Some((end, Some(told))) = &call.end else {
            continue;
        };
        let mut between = states[call.start as usize..=*end as usize].iter();
        let is_so =
            between.any(|state| answer_of(&call.deed, &state.copy()).as_ref() == Some(told));
        assert!(
            is_so,
            "seed {seed}: {call:?} was so at no moment of the call"
        );
    }
    states
}

/// How much of what may happen did happen.
#[derive(Debug, Default)]
struct Seen {
    calls: usize,
    frames: usize,
    shared: usize,
    unanswered: usize,
    images: usize,
    segments: usize,
    faults: u64,
}

/// Everything that a ledger shows.
async fn whole(ledger: &dyn Ledger) -> (Vec<StateRow>, Metrics, Marks, Vec<Poison>) {
    (
        ledger.rows(None, 1_000).await.unwrap(),
        ledger.metrics().await.unwrap(),
        ledger.marks().await.unwrap(),
        ledger.quarantined(None, 1_000).await.unwrap(),
    )
}

impl Life {
    /// Everything that happens to it.
    async fn pass(&self, seed: u64) -> (Vec<StateRow>, Metrics, Marks, Vec<Poison>) {
        let first = self.open().await;
        let start = Deed {
            number: 0,
            claim: Claim::new(role(0), 0),
            what: What::Found,
        };
        while self.call(&first, start.clone()).await.is_none() {}
        self.store.set([0, 5, 12, 25][seed as usize % 4]).await;
        let mut callers = Vec::new();
        for handle in 0..HANDLES {
            let ledger = self.open().await;
            for caller in 0..CALLERS {
                callers.push(self.caller(handle * CALLERS + caller, ledger.clone()));
            }
        }
        join_all(callers).await;
        self.store.set(0).await;
        let last = self.open().await;
        assert!(!last.found(&founding(), at(0)).await.unwrap().created);
        let (old, new) = (whole(&first).await, whole(&last).await);
        let what = "who was there all the time and who is new agree";
        assert_eq!(old, new, "seed {seed}: {what}");
        new
    }
}

fn live(seed: u64, seen: &mut Seen) {
    let clock = Arc::new(ManualClock::new(at(0)));
    let store = Arc::new(Faulty::new(seed, &clock));
    let life = Life {
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        calls: Mutex::default(),
        dice: Mutex::new(Dice(seed ^ 0xF10E)),
        crashes: !seed.is_multiple_of(3),
    };
    let end = clock.run(life.pass(seed)).unwrap();
    let heads = store.heads();
    let (log, last) = (log(&store, &heads), heads.last().unwrap());
    let has_no_gap = log.keys().copied().eq(1..=last.position);
    assert!(has_no_gap, "seed {seed}: the log has no gaps");
    let mut calls = life.calls.into_inner().unwrap();
    let states = compare(seed, &mut calls, &log);
    let model = states.last().unwrap();
    let model = ManualClock::default().run(whole(model)).unwrap();
    assert_eq!(end, model, "seed {seed}: the end is the same");
    seen.add(&calls, &log, last);
    seen.faults += store.faults();
}

impl Seen {
    fn add(&mut self, calls: &[Call], log: &BTreeMap<u64, Frame>, last: &Head) {
        let is_unanswered = |call: &&Call| {
            let answer = call.end.as_ref().and_then(|(_, answer)| answer.as_ref());
            call.is_found && answer.is_none()
        };
        let shared = log.values().filter(|frame| actions(frame).len() > 1);
        self.calls += calls.len();
        self.frames += log.len();
        self.shared += shared.count();
        self.unanswered += calls.iter().filter(is_unanswered).count();
        self.images += usize::from(last.image.is_some());
        self.segments += usize::from(!last.segments.is_empty());
    }
}

#[test]
fn every_answer_is_that_of_one_ledger_in_the_order_of_the_log() {
    let mut seen = Seen::default();
    (0..SEEDS).for_each(|seed| live(seed, &mut seen));
    println!("{seen:?}");
    let counts = [
        seen.frames,
        seen.shared,
        seen.unanswered,
        seen.images,
        seen.segments,
    ];
    assert!(counts.into_iter().all(|count| count > 50), "{seen:?}");
    assert!(seen.faults > 1_000, "{seen:?}");
}
