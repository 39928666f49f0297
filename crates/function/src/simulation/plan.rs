//! What one simulated run is about, drawn from its seed.

use std::time::Duration;

use crate::OnBatchFailure;
use crate::backoff::mix;
use crate::endpoint::{BreakerLimits, BudgetLimits, WhenOpen};

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0);
        (self.0 >> 16) % bound
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A function, the calls that are made of it, and how much goes wrong.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) retries: u32,
    pub(super) timeout: Duration,
    pub(super) try_timeout: Option<Duration>,
    pub(super) on_failure: OnBatchFailure,
    pub(super) strict: bool,
    pub(super) not_null: bool,
    pub(super) isolation: Option<u32>,
    pub(super) budget: Option<BudgetLimits>,
    pub(super) breaker: Option<BreakerLimits>,
    /// How many of a hundred requests meet a fault that has nothing to do with their rows.
    pub(super) faults: u64,
    /// When all instances are replaced by others.
    pub(super) switch: Option<Duration>,
    /// Until when all connections are refused.
    pub(super) down: Duration,
    pub(super) calls: Vec<PlannedCall>,
}

#[derive(Debug, Clone)]
pub(super) struct PlannedCall {
    pub(super) rows: Vec<Option<String>>,
    pub(super) with_errors: bool,
    pub(super) starts: Duration,
    pub(super) dropped: Option<Duration>,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let strict = random.chance(40);
        let not_null = random.chance(30);
        let poison = random.one_of(&[0, 0, 2, 6]);
        let nulls = if strict || !not_null { 10 } else { 0 };
        let calls = 1 + random.below(4);
        let calls = (0..calls)
            .map(|_| PlannedCall::new(random, poison, nulls, not_null))
            .collect();
        let mut plan = Self {
            seed,
            retries: random.below(4) as u32,
            timeout: Duration::from_secs(random.one_of(&[1, 5, 20, 100, 600])),
            try_timeout: random.one_of(&[None, Some(Duration::from_secs(3))]),
            on_failure: random.one_of(&[OnBatchFailure::Abort, OnBatchFailure::ReturnNull]),
            strict,
            not_null,
            isolation: random.one_of(&[None, Some(5), Some(1000)]),
            budget: random.chance(30).then(|| BudgetLimits {
                percent: random.below(50) as u32,
                per_second: random.below(2) as u32,
                most: random.below(3) as u32,
            }),
            breaker: random.chance(30).then(|| BreakerLimits {
                least: 1 + random.below(4) as u32,
                probe: Duration::from_secs(5),
                when_open: random.one_of(&[WhenOpen::Wait, WhenOpen::Fail]),
                ..BreakerLimits::default()
            }),
            faults: random.one_of(&[0, 10, 40, 90]),
            switch: random
                .chance(20)
                .then(|| Duration::from_millis(random.below(3000))),
            down: Duration::from_secs(random.one_of(&[0, 0, 0, 0, 0, 0, 0, 1, 30])),
            calls,
        };
        if random.chance(20) {
            plan.calm_down();
        }
        plan
    }

    fn calm_down(&mut self) {
        self.faults = 0;
        self.down = Duration::ZERO;
        (self.switch, self.budget, self.breaker) = (None, None, None);
        self.isolation = self.isolation.map(|_| 1000);
        self.timeout = Duration::from_secs(600);
    }

    /// Whether nothing goes wrong but what is in the rows, and there is room to find those.
    pub(super) fn is_calm(&self) -> bool {
        self.faults == 0
            && self.switch.is_none()
            && self.down.is_zero()
            && self.budget.is_none()
            && self.breaker.is_none()
            && self.isolation != Some(5)
            && self.timeout >= Duration::from_secs(600)
    }
}

impl PlannedCall {
    fn new(random: &mut Random, poison: u64, nulls: u64, not_null: bool) -> Self {
        let kinds: &[_] = match not_null {
            true => &["p400", "p500", "pbad", "plarge", "pnull"],
            false => &["p400", "p500", "pbad", "plarge"],
        };
        let rows = random.one_of(&[0, 1, 2, 7, 30]);
        let rows = (0..rows)
            .map(|n| {
                if random.chance(nulls) {
                    None
                } else if random.chance(poison) {
                    Some(random.one_of(kinds).to_owned())
                } else {
                    Some(format!("{n}-{}", random.below(1000)))
                }
            })
            .collect();
        Self {
            rows,
            with_errors: random.chance(30),
            starts: Duration::from_millis(random.one_of(&[0, 0, 500, 5000])),
            dropped: random
                .chance(10)
                .then(|| Duration::from_millis(random.below(2000))),
        }
    }
}

/// Ways in which a client could be wrong: the simulation must notice each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    /// A retry has another batch id.
    ChangesIdOnRetry,
    /// Rows are taken in the order in which they come, whatever their numbers.
    TrustsTheOrder,
    /// A batch is sent twice.
    SendsTwice,
    /// One more retry than allowed.
    RetriesOnceMore,
    /// Polls go to any instance.
    PollsElsewhere,
    /// A batch takes twice its time.
    OutlivesItsTime,
    /// A good answer is taken for a failure.
    DropsAGoodAnswer,
    /// Rows that were answered become NULL with those that were not.
    NullsTheWholeBatch,
    /// The retry budget is not asked.
    IgnoresTheBudget,
    /// Parts are cut without end.
    IsolatesWithoutBound,
    /// A poisoned batch takes its other rows with it.
    DoesNotIsolate,
}

impl Bug {
    /// All of them, with a word of the promise that they break.
    pub(super) const ALL: [(Self, &str); 11] = [
        (Self::ChangesIdOnRetry, "belongs to no batch"),
        (Self::TrustsTheOrder, " is said "),
        (Self::SendsTwice, " sends"),
        (Self::RetriesOnceMore, "was sent"),
        (Self::PollsElsewhere, "which did not accept it"),
        (Self::OutlivesItsTime, "took"),
        (Self::DropsAGoodAnswer, "was answered"),
        (Self::NullsTheWholeBatch, "was answered"),
        (Self::IgnoresTheBudget, "in the budget"),
        (Self::IsolatesWithoutBound, "sends of parts"),
        (Self::DoesNotIsolate, "should have lived"),
    ];
}
