//! The decider: the state of one service's autoscaling, and what to do about it next.

mod choose;
mod look;

use std::time::Duration;

use crate::decision::{Decision, Reason};
use crate::invariant::{self, View};
use crate::observation::{Event, Observation};
use crate::rules::{CPU_WINDOW, Condition, MAX_EVALUATION_GAP, Rules};
use crate::types::{Bounds, Direction, Millis};
use crate::window::Window;
use look::Sighting;

/// Autoscaling and auto-suspend of one service.
///
/// Feed it with [`Autoscaler::decide`] every
/// [`EVALUATION_INTERVAL`](crate::EVALUATION_INTERVAL) and see to it that there are
/// [`Autoscaler::target`] instances.
///
/// Public source of the rules: *Scaling services* of the Snowflake documentation.
///
/// ```
/// use floe_scale::{Autoscaler, Bounds, Event, Kind, Millis, Observation, Reading};
/// use floe_scale::{Rules, Settings};
///
/// let settings = Settings { cpu_request: Some(1.0), ..Settings::default() };
/// let mut scaler = Autoscaler::new(Rules::new(&settings)?, Bounds::new(1, 3)?);
/// let busy = Event::Observed(Observation {
///     current: 1,
///     running: true,
///     cpu: Reading::of([Some(0.95)]),
///     ..Observation::default()
/// });
/// for seconds in (0..300).step_by(30) {
///     assert_eq!(scaler.decide(&busy, Millis::secs(seconds)).kind(), Kind::Keep);
/// }
/// let decision = scaler.decide(&busy, Millis::secs(300));
/// assert_eq!(
///     decision.to_string(),
///     "scale up 1 → 2: CPU is at 95 % of the request, above 80 % throughout 300 s",
/// );
/// assert_eq!(scaler.target(), 2);
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Autoscaler {
    rules: Rules,
    bounds: Bounds,
    /// How many instances there are to be unless the service is suspended; within the bounds.
    count: u32,
    suspended: bool,
    up: Vec<Watch>,
    down: Vec<Watch>,
    suspend: Vec<Watch>,
    cpu_up: Watch,
    cpu_down: Watch,
    /// Since when no query has used the service while it was RUNNING.
    idle: Option<Millis>,
    /// The last evaluation, or a later moment from which on evaluations count.
    evaluated: Option<Millis>,
    /// Instances that existed at the last evaluation.
    current: u32,
    last_change: Option<Millis>,
    last_turn: Option<Turn>,
    /// The latest moment that the decider was told; its time never runs backwards.
    now: Millis,
}

/// A condition's window, and what was seen last.
#[derive(Debug, Clone)]
struct Watch {
    window: Window,
    seen: Sighting,
}

impl Watch {
    fn new(period: Duration) -> Self {
        Self {
            window: Window::new(period),
            seen: Sighting::default(),
        }
    }

    fn all(conditions: Option<&Vec<Condition>>) -> Vec<Self> {
        let conditions = conditions.into_iter().flatten();
        conditions.map(|c| Self::new(c.window)).collect()
    }
}

/// The last change that autoscaling made by itself.
///
/// ```
/// use floe_scale::{Direction, Millis, Turn};
/// let turn = Turn { at: Millis::secs(300), direction: Direction::Up };
/// assert_eq!(turn.direction, Direction::Up);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn {
    /// When.
    pub at: Millis,
    /// Which way.
    pub direction: Direction,
}

/// What a decider must remember when its process ends; the windows begin anew.
///
/// ```
/// use floe_scale::{Autoscaler, Bounds, Past, Rules};
///
/// let past = Past { count: 3, ..Past::default() };
/// let scaler = Autoscaler::continuing(Rules::default(), Bounds::new(1, 4)?, past);
/// assert_eq!((scaler.target(), scaler.past()), (3, past));
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Past {
    /// How many instances there are to be unless the service is suspended.
    pub count: u32,
    /// Whether the service is suspended.
    pub suspended: bool,
    /// When the number of instances changed last, whoever changed it.
    pub last_change: Option<Millis>,
}

impl Autoscaler {
    /// The decider of a new service, which begins with MIN_INSTANCES.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// assert_eq!(Autoscaler::new(Rules::default(), Bounds::new(2, 4)?).target(), 2);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn new(rules: Rules, bounds: Bounds) -> Self {
        let count = bounds.min();
        let past = Past {
            count,
            ..Past::default()
        };
        Self::continuing(rules, bounds, past)
    }

    /// The decider of a service whose controller restarted: no two changes come closer to each
    /// other because of that. Its clock goes on, too.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Past, Rules};
    /// let past = Past { count: 9, suspended: true, ..Past::default() };
    /// let scaler = Autoscaler::continuing(Rules::default(), Bounds::new(1, 4)?, past);
    /// assert_eq!(scaler.past().count, 4, "the bounds may have changed meanwhile");
    /// assert_eq!(scaler.target(), 0);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn continuing(rules: Rules, bounds: Bounds, past: Past) -> Self {
        Self {
            up: Watch::all(rules.up.as_ref()),
            down: Watch::all(rules.down.as_ref()),
            suspend: Watch::all(rules.suspend.as_ref()),
            cpu_up: Watch::new(CPU_WINDOW),
            cpu_down: Watch::new(CPU_WINDOW),
            rules,
            bounds,
            count: bounds.clamp(past.count),
            suspended: past.suspended,
            idle: None,
            evaluated: None,
            current: 0,
            last_change: past.last_change,
            // Windows that begin empty put a whole period between any earlier change and the next.
            last_turn: None,
            now: past.last_change.unwrap_or_default(),
        }
    }

    /// Takes in one event and answers how many instances there are to be from now on, and why.
    ///
    /// Deterministic: the same service told the same things decides the same. Time that runs
    /// backwards is taken as standing still.
    ///
    /// # Panics
    ///
    /// When the decision breaks a rule of [`invariant`]: a bug in this crate.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Event, Kind, Millis, Rules};
    ///
    /// let mut scaler = Autoscaler::new(Rules::default(), Bounds::new(2, 4)?);
    /// assert_eq!(scaler.decide(&Event::Suspend, Millis(0)).kind(), Kind::Suspend);
    /// let decision = scaler.decide(&Event::Resume, Millis(1));
    /// assert_eq!((decision.before, decision.after), (0, 2));
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    pub fn decide(&mut self, event: &Event, now: Millis) -> Decision {
        self.now = self.now.max(now);
        if let Event::Observed(observation) = event {
            self.take_in(observation);
        }
        let before = self.view();
        let reason = match event {
            Event::Observed(_) => self.step(),
            Event::Bounds(bounds) => self.set_bounds(*bounds),
            Event::Suspend => self.set_suspended(true),
            Event::Resume => self.set_suspended(false),
        };
        let after = self.view();
        let decision = Decision {
            at: self.now,
            before: before.target,
            after: after.target,
            reason,
        };
        let verdict = invariant::check(&before, &decision, &after);
        assert!(
            verdict.is_ok(),
            "{verdict:?} after {event:?}: {decision:?} from {before:?}"
        );
        decision
    }

    /// Replaces the rules, when the specification or AUTO_SUSPEND_SECS changes. All windows begin
    /// anew.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules, Settings};
    ///
    /// let mut scaler = Autoscaler::new(Rules::default(), Bounds::new(1, 4)?);
    /// let settings = Settings { cpu_request: Some(0.5), ..Settings::default() };
    /// scaler.set_rules(Rules::new(&settings)?);
    /// assert!(scaler.rules().follows_cpu());
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    pub fn set_rules(&mut self, rules: Rules) {
        let (now, last_turn) = (self.now, self.last_turn);
        *self = Self::continuing(rules, self.bounds, self.past());
        (self.now, self.last_turn) = (now, last_turn);
    }

    /// Says that there are to be `count` instances as of `now`: a decision that could only now be
    /// put on record, or a number that somebody else wrote there. The windows begin anew, and the
    /// cooldown counts from `now`; how long the service has been idle is kept.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Millis, Rules};
    ///
    /// let mut scaler = Autoscaler::new(Rules::default(), Bounds::new(1, 4)?);
    /// scaler.set_count(9, Millis::secs(60));
    /// assert_eq!(scaler.target(), 4, "it stays within the bounds");
    /// assert_eq!(scaler.past().last_change, Some(Millis::secs(60)));
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    pub fn set_count(&mut self, count: u32, now: Millis) {
        self.now = self.now.max(now);
        self.count = self.bounds.clamp(count);
        let idle = self.idle;
        self.begin_anew();
        self.idle = idle;
        self.last_change = Some(self.now);
    }

    /// The rules.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// let scaler = Autoscaler::new(Rules::default(), Bounds::new(1, 4)?);
    /// assert_eq!(scaler.rules(), &Rules::default());
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// MIN_INSTANCES and MAX_INSTANCES.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// let scaler = Autoscaler::new(Rules::default(), Bounds::new(1, 4)?);
    /// assert_eq!(scaler.bounds().max(), 4);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// How many instances there are to be now (`target_instances`); 0 while suspended.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// assert_eq!(Autoscaler::new(Rules::default(), Bounds::new(1, 4)?).target(), 1);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> u32 {
        if self.suspended { 0 } else { self.count }
    }

    /// What the next process needs to go on; see [`Autoscaler::continuing`].
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// let scaler = Autoscaler::new(Rules::default(), Bounds::new(2, 4)?);
    /// assert_eq!(scaler.past().count, 2);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn past(&self) -> Past {
        Past {
            count: self.count,
            suspended: self.suspended,
            last_change: self.last_change,
        }
    }

    /// The state as the predicates of [`invariant`] see it.
    ///
    /// ```
    /// use floe_scale::{Autoscaler, Bounds, Rules};
    /// let scaler = Autoscaler::new(Rules::default(), Bounds::new(2, 4)?);
    /// assert_eq!(scaler.view().target, 2);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> View {
        View {
            now: self.now,
            bounds: self.bounds,
            target: self.target(),
            suspended: self.suspended,
            current: self.current,
            last_change: self.last_change,
            last_turn: self.last_turn,
        }
    }

    // === what the user does ===

    fn set_bounds(&mut self, bounds: Bounds) -> Reason {
        self.bounds = bounds;
        let count = bounds.clamp(self.count);
        if count != self.count {
            self.count = count;
            // The windows speak of another number of instances.
            self.begin_anew();
            if !self.suspended {
                self.last_change = Some(self.now);
            }
        }
        Reason::Bounds(bounds)
    }

    fn set_suspended(&mut self, suspend: bool) -> Reason {
        match (self.suspended, suspend) {
            (true, true) => return Reason::Suspended,
            (false, false) => return Reason::NotSuspended,
            (false, true) => {}
            // Its windows are empty: nothing says how many it needs now.
            (true, false) => self.count = self.bounds.min(),
        }
        self.suspended = suspend;
        self.last_change = Some(self.now);
        self.begin_anew();
        if suspend {
            Reason::AskedToSuspend
        } else {
            Reason::AskedToResume
        }
    }

    /// Forgets all that was seen; what comes counts from this moment on.
    fn begin_anew(&mut self) {
        let policies = [&mut self.up, &mut self.down, &mut self.suspend];
        for watch in policies.into_iter().flatten() {
            watch.window.restart();
        }
        self.cpu_up.window.restart();
        self.cpu_down.window.restart();
        self.idle = None;
        self.evaluated = Some(self.now);
    }

    // === what is seen ===

    /// Records one evaluation in every window.
    fn take_in(&mut self, seen: &Observation) {
        self.current = seen.current;
        if self.suspended {
            return;
        }
        let now = self.now;
        let gap = |last: &Millis| now.since(*last) <= MAX_EVALUATION_GAP;
        let from = self.evaluated.filter(gap);
        self.evaluated = Some(now);
        let policies = [
            (&self.rules.up, &mut self.up, Direction::Up),
            (&self.rules.down, &mut self.down, Direction::Down),
            (&self.rules.suspend, &mut self.suspend, Direction::Down),
        ];
        for (conditions, watches, direction) in policies {
            for (condition, watch) in conditions.iter().flatten().zip(watches) {
                watch.seen = look::at_metric(condition, direction, seen);
                watch.window.record(now, from, watch.seen.vote);
            }
        }
        if let Some(cpu) = &self.rules.cpu {
            let both = [
                (&mut self.cpu_up, Direction::Up),
                (&mut self.cpu_down, Direction::Down),
            ];
            for (watch, direction) in both {
                watch.seen = look::at_cpu(cpu.request, direction, seen);
                watch.window.record(now, from, watch.seen.vote);
            }
        }
        let known = self.idle.filter(|_| from.is_some());
        let idle = seen.running && seen.queries == 0;
        self.idle = idle.then(|| known.unwrap_or(now));
    }
}
