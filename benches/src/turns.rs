//! The runner: contenders take turns, ratios are taken within each round.

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

/// How many rounds there are and how long each turn is.
///
/// ```
/// use floe_benches::turns::Turns;
///
/// assert!(Turns::QUICK.rounds < Turns::FULL.rounds);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// How many turns each contender has; odd, so that a median is one of them.
    pub rounds: usize,
    /// The least CPU time of a turn.
    pub turn: Duration,
}

impl Turns {
    /// For figures to quote: 15 rounds of turns of at least 5 ms.
    pub const FULL: Self = Self {
        rounds: 15,
        turn: Duration::from_millis(5),
    };

    /// To see that everything works: 3 rounds of turns of at least 3 ms.
    pub const QUICK: Self = Self {
        rounds: 3,
        turn: Duration::from_millis(3),
    };

    /// Lets all contenders take their turns and returns one outcome for each,
    /// in their order; ratios are against the first one.
    ///
    /// `clock` tells the CPU time used so far. Who begins changes from round to
    /// round, so that nobody always runs on the caches of the same neighbour.
    ///
    /// ```
    /// use floe_benches::turns::{Contender, Turns, thread_time};
    ///
    /// let mut contenders = [
    ///     Contender::new("short", || (0..100).map(std::hint::black_box).sum::<usize>()),
    ///     Contender::new("long", || (0..10_000).map(std::hint::black_box).sum::<usize>()),
    /// ];
    /// let outcomes = Turns::QUICK.run(&mut contenders, &thread_time);
    /// assert!(outcomes[1].ratio > 10.0, "{outcomes:?}");
    /// ```
    pub fn run(
        self,
        contenders: &mut [Contender<'_>],
        clock: &dyn Fn() -> Duration,
    ) -> Vec<Outcome> {
        let runs: Vec<u64> = contenders
            .iter_mut()
            .map(|contender| self.calibrate(contender, clock))
            .collect();
        let mut times = vec![Vec::with_capacity(self.rounds); contenders.len()];
        for round in 0..self.rounds {
            for turn in 0..contenders.len() {
                let who = (round + turn) % contenders.len();
                let time = contenders[who].take_turn(runs[who], clock);
                times[who].push(time.as_secs_f64() / runs[who] as f64);
            }
        }
        let outcome = |(who, contender): (usize, &Contender<'_>)| Outcome {
            name: contender.name,
            run: Duration::from_secs_f64(median(times[who].iter().copied())),
            ratio: median(
                times[who]
                    .iter()
                    .zip(&times[0])
                    .map(|(time, first)| time / first),
            ),
        };
        contenders.iter().enumerate().map(outcome).collect()
    }

    /// Finds how many runs make a turn, which also warms the contender up.
    fn calibrate(self, contender: &mut Contender<'_>, clock: &dyn Fn() -> Duration) -> u64 {
        /// Enough for work of a nanosecond; a clock that stands still ends here.
        const MOST_RUNS: u64 = 1 << 24;
        let mut runs = 1;
        while contender.take_turn(runs, clock) < self.turn && runs < MOST_RUNS {
            runs *= 2;
        }
        runs
    }
}

/// Something to be measured, by name.
///
/// ```
/// use floe_benches::turns::Contender;
///
/// let contender = Contender::new("count", || 3);
/// assert_eq!(contender.name(), "count");
/// ```
pub struct Contender<'a> {
    name: &'static str,
    work: Box<dyn FnMut() -> usize + 'a>,
}

impl<'a> Contender<'a> {
    /// Makes a contender whose `work` is one run; what it returns is kept from
    /// being optimised away.
    ///
    /// ```
    /// use floe_benches::turns::Contender;
    ///
    /// let body = vec![1_u8; 64];
    /// assert_eq!(Contender::new("memcpy", || body.clone().len()).name(), "memcpy");
    /// ```
    pub fn new(name: &'static str, work: impl FnMut() -> usize + 'a) -> Self {
        Self {
            name,
            work: Box::new(work),
        }
    }

    /// Returns its name.
    ///
    /// ```
    /// assert_eq!(floe_benches::turns::Contender::new("a", || 0).name(), "a");
    /// ```
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn take_turn(&mut self, runs: u64, clock: &dyn Fn() -> Duration) -> Duration {
        let begin = clock();
        for _ in 0..runs {
            black_box((self.work)());
        }
        clock() - begin
    }
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How a contender did.
///
/// ```
/// use std::time::Duration;
/// use floe_benches::turns::Outcome;
///
/// let outcome = Outcome { name: "a", run: Duration::from_micros(20), ratio: 2.0 };
/// assert_eq!(outcome.run.as_micros(), 20);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The contender's name.
    pub name: &'static str,
    /// Median CPU time of one run.
    pub run: Duration,
    /// Median over the rounds of its time divided by the first contender's.
    pub ratio: f64,
}

/// Returns the CPU time that this thread has used.
///
/// ```
/// use floe_benches::turns::thread_time;
///
/// let before = thread_time();
/// let sum: u64 = (0..1_000_000).map(std::hint::black_box).sum();
/// assert!(thread_time() > before, "{sum}");
/// ```
pub fn thread_time() -> Duration {
    read(rustix::time::ClockId::ThreadCPUTime)
}

/// Returns the CPU time that all threads of this process have used.
///
/// ```
/// use floe_benches::turns::{process_time, thread_time};
///
/// let of_this_thread = thread_time();
/// assert!(process_time() >= of_this_thread);
/// ```
pub fn process_time() -> Duration {
    read(rustix::time::ClockId::ProcessCPUTime)
}

/// Returns the time that has passed, from some moment on.
///
/// ```
/// use floe_benches::turns::wall_time;
///
/// let before = wall_time();
/// assert!(wall_time() >= before);
/// ```
pub fn wall_time() -> Duration {
    read(rustix::time::ClockId::Monotonic)
}

fn read(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// The middle value; the lower of two.
///
/// ```
/// assert_eq!(floe_benches::turns::median([3.0, 1.0, 2.0].into_iter()), 2.0);
/// ```
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[test]
    fn the_median_is_the_middle_value_in_any_order() {
        assert_eq!(median([5.0, 1.0, 3.0].into_iter()), 3.0);
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), 2.0);
        assert!(median([].into_iter()).is_nan());
    }

    #[test]
    fn a_slow_round_does_not_change_the_ratio() {
        // Everything takes ten times as long in every second round: the clock
        // is moved by the work, and the pace is set by the rounds seen so far.
        let now = Cell::new(Duration::ZERO);
        let turns = Cell::new(0_u32);
        let tick = |micros: u64| {
            let (now, turns) = (&now, &turns);
            move || {
                turns.set(turns.get() + 1);
                let pace = if turns.get() % 97 < 20 { 10 } else { 1 };
                now.set(now.get() + Duration::from_micros(micros * pace));
                0
            }
        };
        let mut contenders = [
            Contender::new("a", tick(3000)),
            Contender::new("b", tick(9000)),
        ];
        let outcomes = Turns {
            rounds: 101,
            turn: Duration::from_millis(3),
        }
        .run(&mut contenders, &|| now.get());
        assert_eq!(outcomes[0].ratio, 1.0);
        assert!((outcomes[1].ratio - 3.0).abs() < 1e-9, "{outcomes:?}");
    }

    #[test]
    fn contenders_take_turns_and_who_begins_changes() {
        let order = RefCell::new(Vec::new());
        let now = Cell::new(Duration::ZERO);
        let work = |name: char| {
            let (order, now) = (&order, &now);
            move || {
                order.borrow_mut().push(name);
                now.set(now.get() + Duration::from_millis(3));
                0
            }
        };
        let mut contenders = [
            Contender::new("a", work('a')),
            Contender::new("b", work('b')),
        ];
        Turns::QUICK.run(&mut contenders, &|| now.get());
        drop(contenders);
        // One run each to calibrate, then three rounds.
        assert_eq!(String::from_iter(order.into_inner()), "ababbaab");
    }

    #[test]
    fn a_clock_that_stands_still_does_not_hang_the_runner() {
        let mut contenders = [Contender::new("a", || 0)];
        let turns = Turns {
            rounds: 1,
            turn: Duration::from_millis(3),
        };
        assert_eq!(turns.run(&mut contenders, &|| Duration::ZERO).len(), 1);
    }
}
