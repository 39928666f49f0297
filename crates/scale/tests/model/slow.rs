//! The model: the rules as `design.md` states them, without any thought of speed.

use floe_scale::{Adjustment, Aggregation, MetricCondition, Scaling, Step};

use super::lives::{Life, Look, METRICS, Moment};

const UP: bool = true;
const DOWN: bool = false;

/// Everything that ever happened.
pub(crate) struct Model<'a> {
    life: &'a Life,
    past: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    at: u64,
    moment: Moment,
    before: u32,
    after: u32,
    /// Whether a rule changed the number, and which way.
    turned: Option<bool>,
    bounds: (u32, u32),
    /// The number of instances while not suspended.
    count: u32,
    /// Whether all windows begin anew here.
    anew: bool,
}

/// What a rule says: that it holds and how many instances it wants, or why not.
enum Says {
    Holds {
        up: bool,
        suspends: bool,
        wants: u32,
        period: u64,
    },
    Not(&'static str),
}

impl<'a> Model<'a> {
    pub(crate) fn new(life: &'a Life) -> Self {
        Self {
            life,
            past: Vec::new(),
        }
    }

    /// The numbers before and after, and the word of the reason.
    pub(crate) fn decide(&mut self, moment: &Moment, now: u64) -> (u32, u32, &'static str) {
        let last = self.past.last();
        let at = last.map_or(now, |last| last.at.max(now));
        let before = last.map_or(self.life.bounds.0, |last| last.after);
        let (bounds, count) = last.map_or((self.life.bounds, before), |l| (l.bounds, l.count));
        self.past.push(Entry {
            at,
            moment: moment.clone(),
            before,
            after: before,
            turned: None,
            bounds,
            count,
            anew: false,
        });
        let word = match moment {
            Moment::Bounds(min, max) => self.set_bounds(*min, *max),
            Moment::Suspend if before == 0 => "suspended",
            Moment::Suspend => self.set(0, true, "asked_to_suspend"),
            Moment::Resume if before > 0 => "not_suspended",
            Moment::Resume => {
                self.entry().count = bounds.0;
                self.set(bounds.0, true, "asked_to_resume")
            }
            Moment::Look(_) if before == 0 => "suspended",
            Moment::Look(look) => self.look(look),
        };
        (before, self.entry().after, word)
    }

    fn entry(&mut self) -> &mut Entry {
        self.past.last_mut().unwrap()
    }

    fn set(&mut self, after: u32, anew: bool, word: &'static str) -> &'static str {
        let entry = self.entry();
        entry.after = after;
        entry.anew = anew;
        if after > 0 {
            entry.count = after;
        }
        word
    }

    fn set_bounds(&mut self, min: u32, max: u32) -> &'static str {
        let entry = self.entry();
        let count = entry.count.max(min).min(max);
        entry.anew = count != entry.count;
        entry.bounds = (min, max);
        entry.count = count;
        if entry.before > 0 {
            entry.after = count;
        }
        "bounds"
    }

    fn look(&mut self, look: &Look) -> &'static str {
        let entry = self.entry().clone();
        let limit = u64::from(self.life.auto_suspend) * 1_000;
        if limit > 0 && self.idle_for() > limit {
            return self.set(0, true, "idle");
        }
        let says = self.all_rules();
        let holds = says.iter().find(|says| matches!(says, Says::Holds { .. }));
        if let Some(Says::Holds {
            up,
            suspends,
            wants,
            period,
        }) = holds
        {
            return self.follow(look, *up, *suspends, *wants, *period);
        }
        if look.current != entry.count {
            return "settling";
        }
        let reasons = says.iter().filter_map(|says| match says {
            Says::Not(word) => Some(*word),
            Says::Holds { .. } => None,
        });
        match first_by_rank(reasons.collect()) {
            Some(word) => word,
            None if limit > 0 => "in_use",
            None if self.life.cpu_request.is_some() => "no_choice",
            None => "no_rules",
        }
    }

    fn follow(
        &mut self,
        look: &Look,
        up: bool,
        suspends: bool,
        wants: u32,
        period: u64,
    ) -> &'static str {
        let entry = self.entry().clone();
        let (min, max) = entry.bounds;
        let within = wants.max(min).min(max);
        let goal = if up {
            within.max(entry.count)
        } else {
            within.min(entry.count)
        };
        if !suspends && goal == entry.count {
            let beyond = if up { wants > goal } else { wants < goal };
            return if beyond { "at_bound" } else { "enough" };
        }
        if look.current != entry.count {
            return "settling";
        }
        let earlier = &self.past[..self.past.len() - 1];
        let ago = |found: Option<&Entry>| found.map_or(u64::MAX, |found| entry.at - found.at);
        if ago(earlier.iter().rev().find(|e| e.before != e.after)) < 120_000 {
            return "cooling_down";
        }
        let turn = earlier.iter().rev().find(|e| e.turned.is_some());
        if turn.is_some_and(|e| e.turned != Some(up)) && ago(turn) < period.max(120_000) {
            return "turning";
        }
        self.entry().turned = Some(up);
        self.set(if suspends { 0 } else { goal }, suspends, "held")
    }

    /// How long every look saw a running service without queries, without one being lost.
    fn idle_for(&self) -> u64 {
        let now = self.past.last().unwrap().at;
        let mut since = now;
        let mut later: Option<u64> = None;
        for entry in self.past.iter().rev() {
            if entry.anew {
                break;
            }
            let Moment::Look(look) = &entry.moment else {
                continue;
            };
            let lost = later.is_some_and(|later| later - entry.at > 45_000);
            if lost || !look.running || look.queries > 0 || entry.before == 0 {
                break;
            }
            since = entry.at;
            later = Some(entry.at);
        }
        now - since
    }

    // === rules ===

    fn all_rules(&self) -> Vec<Says> {
        let policies = &self.life.policies;
        let scales = policies.scale_up.is_some() || policies.scale_down.is_some();
        let (min, max) = self.past.last().unwrap().bounds;
        let cpu = self.life.cpu_request.filter(|_| !scales && max > min);
        let mut all = Vec::new();
        if let Some(conditions) = &policies.scale_up {
            all.push(self.any(conditions));
        }
        if let Some(request) = cpu {
            all.push(self.cpu(request, UP));
        }
        if let Some(conditions) = &policies.suspend {
            all.push(self.all(conditions, true));
        }
        if let Some(conditions) = &policies.scale_down {
            all.push(self.all(conditions, false));
        }
        if let Some(request) = cpu {
            all.push(self.cpu(request, DOWN));
        }
        all
    }

    fn any(&self, conditions: &[MetricCondition]) -> Says {
        let mut best: Option<(u32, u64)> = None;
        let mut reasons = Vec::new();
        for condition in conditions {
            let period = u64::from(condition.stabilization_period_secs) * 1_000;
            match self.window(period, false, |look| vote(condition, UP, look)) {
                Some(wants) if best.is_none_or(|(most, _)| wants > most) => {
                    best = Some((wants, period));
                }
                Some(_) => {}
                None => reasons.push(self.why_not(condition, UP)),
            }
        }
        match best {
            Some((wants, period)) => Says::Holds {
                up: UP,
                suspends: false,
                wants,
                period,
            },
            None => Says::Not(first_by_rank(reasons).unwrap()),
        }
    }

    fn all(&self, conditions: &[MetricCondition], suspends: bool) -> Says {
        let (mut most, mut longest) = (0, 0);
        for condition in conditions {
            let period = u64::from(condition.stabilization_period_secs) * 1_000;
            match self.window(period, false, |look| vote(condition, DOWN, look)) {
                Some(wants) => (most, longest) = (most.max(wants), longest.max(period)),
                None => return Says::Not(self.why_not(condition, DOWN)),
            }
        }
        Says::Holds {
            up: DOWN,
            suspends,
            wants: most,
            period: longest,
        }
    }

    fn cpu(&self, request: i64, up: bool) -> Says {
        let entry = self.past.last().unwrap();
        let holds = |look: &Look| cpu_holds(request, up, look).then_some(0);
        if self.window(300_000, true, holds).is_some() {
            let wants = if up { entry.count + 1 } else { entry.count - 1 };
            return Says::Holds {
                up,
                suspends: false,
                wants,
                period: 300_000,
            };
        }
        let Moment::Look(look) = &entry.moment else {
            unreachable!()
        };
        let known: Vec<i64> = look.values[2].iter().flatten().copied().collect();
        let complete = known.len() == look.current as usize && !known.is_empty();
        let below = 5 * known.iter().sum::<i64>() < 4 * i64::from(look.current) * request;
        Says::Not(if cpu_holds(request, up, look) {
            "gathering"
        } else if !complete {
            "missing"
        } else if !up && look.current > 1 && below {
            "would_swing"
        } else {
            "steady"
        })
    }

    fn why_not(&self, condition: &MetricCondition, up: bool) -> &'static str {
        let Moment::Look(look) = &self.past.last().unwrap().moment else {
            unreachable!()
        };
        let values = values_of(condition, look);
        if vote(condition, up, look).is_some() {
            "gathering"
        } else if values.is_empty() || values.iter().any(Option::is_none) {
            "missing"
        } else {
            "steady"
        }
    }

    /// The most that any look of the window asks for, when all of them ask for something and
    /// they cover all of it. A window of the CPU rule begins anew after every change.
    fn window(
        &self,
        period: u64,
        after_changes: bool,
        vote: impl Fn(&Look) -> Option<u32>,
    ) -> Option<u32> {
        let now = self.past.last()?.at;
        let mut since = None;
        let mut most = None;
        for (number, entry) in self.past.iter().enumerate().rev() {
            let newest = number + 1 == self.past.len();
            let changed = after_changes && !newest && entry.before != entry.after;
            if entry.anew || changed || entry.before == 0 {
                break;
            }
            let Moment::Look(look) = &entry.moment else {
                continue;
            };
            let Some(asks) = vote(look) else { break };
            if now - entry.at < period || newest {
                most = most.max(Some(asks));
            }
            // It speaks for the time since the look, or the new beginning, before it.
            let before = self.past[..number]
                .iter()
                .rev()
                .find(|e| e.anew || matches!(e.moment, Moment::Look(_)) && e.before > 0);
            match before.filter(|before| entry.at - before.at <= 45_000) {
                Some(before) => since = Some(before.at),
                None => {
                    since = Some(entry.at);
                    break;
                }
            }
        }
        most.filter(|_| since.is_some_and(|since| now - since >= period))
    }
}

fn first_by_rank(reasons: Vec<&'static str>) -> Option<&'static str> {
    let order = ["gathering", "missing", "would_swing", "steady"];
    order.into_iter().find(|word| reasons.contains(word))
}

// === one look, in whole halves ===

fn values_of(condition: &MetricCondition, look: &Look) -> Vec<Option<i64>> {
    let which = METRICS
        .iter()
        .position(|name| *name == condition.metric.name());
    look.values[which.unwrap()].clone()
}

/// How many instances one look asks for.
fn vote(condition: &MetricCondition, up: bool, look: &Look) -> Option<u32> {
    let values = values_of(condition, look);
    if values.iter().all(Option::is_none) || !up && values.iter().any(Option::is_none) {
        return None;
    }
    let values: Vec<i64> = values.iter().map(|value| value.unwrap_or(0)).collect();
    // The value is `sum / (2 × parts)`.
    let (sum, parts) = match condition.aggregation {
        Aggregation::Min => (*values.iter().min()?, 1),
        Aggregation::Max => (*values.iter().max()?, 1),
        Aggregation::Avg => (values.iter().sum(), values.len() as i64),
    };
    let current = i64::from(look.current);
    let asks = match &condition.scaling {
        Scaling::Target(target) => {
            let target = halves(*target) * parts;
            let holds = if up { sum >= target } else { sum <= target };
            if !holds {
                return None;
            }
            match (sum, target) {
                (0, _) => 0,
                (_, 0) => 10_000,
                (sum, target) => (current * sum + target - 1) / target,
            }
        }
        Scaling::Steps { adjustment, steps } => {
            let holds = |step: &&Step| {
                step.lower_bound
                    .is_none_or(|lower| sum >= halves(lower) * parts)
                    && step
                        .upper_bound
                        .is_none_or(|upper| sum < halves(upper) * parts)
            };
            let by = i64::from(steps.iter().find(holds)?.target_adjustment);
            match (adjustment, up) {
                (Adjustment::ExactCount, _) => by,
                (Adjustment::ChangeCount, UP) => current + by,
                (Adjustment::ChangeCount, _) => current - by,
                (Adjustment::PercentChange, UP) => current + (current * by + 99) / 100,
                (Adjustment::PercentChange, _) if by == 0 => current,
                (Adjustment::PercentChange, _) => current - (current * by / 100).max(1),
            }
        }
    };
    Some(asks.clamp(0, 10_000) as u32)
}

fn halves(value: f64) -> i64 {
    (value * 2.0) as i64
}

/// Whether one look at CPU usage speaks for a change: `5 × used` beside `4 × requested`.
fn cpu_holds(request: i64, up: bool, look: &Look) -> bool {
    let known: Vec<i64> = look.values[2].iter().flatten().copied().collect();
    let used = 5 * known.iter().sum::<i64>();
    let current = i64::from(look.current);
    if known.is_empty() {
        return false;
    }
    if up {
        return used > 4 * current * request;
    }
    known.len() as i64 == current && current > 1 && used < 4 * (current - 1) * request
}
