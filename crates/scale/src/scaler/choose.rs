//! From what was seen to one decision.

use std::time::Duration;

use super::look::Sighting;
use super::{Autoscaler, Turn, Watch};
use crate::decision::{Evidence, Limit, Reason, Rule};
use crate::policy::Scaling;
use crate::rules::{COOLDOWN, CPU_THRESHOLD, CPU_WINDOW, Condition, CpuRule};
use crate::types::Direction;

/// What one rule says.
enum Saying {
    /// It holds for its whole window.
    Holds(Proposal),
    /// It does not, and this is why.
    Not(Reason),
}

/// What a rule that holds asks for.
struct Proposal {
    direction: Direction,
    suspends: bool,
    count: u32,
    evidence: Evidence,
    period: Duration,
}

impl Autoscaler {
    /// Decides what to do now and notes that it is being done.
    pub(super) fn step(&mut self) -> Reason {
        if self.suspended {
            return Reason::Suspended;
        }
        if let Some(reason) = self.idle_too_long() {
            self.suspended = true;
            self.changed();
            return reason;
        }
        let mut reasons = Vec::new();
        for saying in self.sayings() {
            match saying {
                // The first rule that holds is the only one that counts, also when it has to wait.
                Saying::Holds(proposal) => return self.follow(proposal),
                Saying::Not(reason) => reasons.push(reason),
            }
        }
        self.nothing_holds(reasons)
    }

    /// AUTO_SUSPEND_SECS stands beside the policies: it is the user's own order, and waits for
    /// nothing but idle time.
    fn idle_too_long(&self) -> Option<Reason> {
        let limit = self.rules.auto_suspend?;
        let idle = self.now.since(self.idle?);
        (idle > limit).then_some(Reason::Idle { idle, limit })
    }

    /// All rules, in the order of *Scaling services*: scale up, suspend, scale down.
    fn sayings(&self) -> Vec<Saying> {
        let cpu = self
            .rules
            .cpu
            .as_ref()
            .filter(|_| self.bounds.leave_a_choice());
        let rules = &self.rules;
        let all = [
            rules.up.as_deref().map(|conditions| self.any(conditions)),
            cpu.map(|cpu| self.cpu(cpu, Direction::Up)),
            rules
                .suspend
                .as_deref()
                .map(|c| self.all(Rule::Suspend, c, &self.suspend)),
            rules
                .down
                .as_deref()
                .map(|c| self.all(Rule::ScaleDown, c, &self.down)),
            cpu.map(|cpu| self.cpu(cpu, Direction::Down)),
        ];
        all.into_iter().flatten().collect()
    }

    /// The policy to scale up: one condition is enough, and the one that asks for the most
    /// instances is followed.
    fn any(&self, conditions: &[Condition]) -> Saying {
        let mut best: Option<Proposal> = None;
        let mut reasons = Vec::new();
        for (condition, watch) in conditions.iter().zip(&self.up) {
            let evidence = evidence(Rule::ScaleUp, condition, &watch.seen);
            let Some(count) = watch.window.verdict(self.now) else {
                reasons.push(self.why_not(watch, evidence));
                continue;
            };
            if best.as_ref().is_none_or(|best| count > best.count) {
                best = Some(Proposal {
                    direction: Direction::Up,
                    suspends: false,
                    count,
                    evidence,
                    period: watch.window.period(),
                });
            }
        }
        best.map_or_else(|| Saying::Not(foremost(reasons)), Saying::Holds)
    }

    /// A policy of which all conditions must hold; the one that asks for the most instances is
    /// followed, and the longest of their windows is the policy's.
    fn all(&self, rule: Rule, conditions: &[Condition], watches: &[Watch]) -> Saying {
        let mut best: Option<(u32, Evidence)> = None;
        let mut period = Duration::ZERO;
        for (condition, watch) in conditions.iter().zip(watches) {
            let evidence = evidence(rule, condition, &watch.seen);
            let Some(count) = watch.window.verdict(self.now) else {
                return Saying::Not(self.why_not(watch, evidence));
            };
            period = period.max(watch.window.period());
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, evidence));
            }
        }
        // A policy without conditions is refused when rules are made.
        best.map_or(Saying::Not(Reason::NoRules), |(count, evidence)| {
            Saying::Holds(Proposal {
                direction: Direction::Down,
                suspends: rule == Rule::Suspend,
                count,
                evidence,
                period,
            })
        })
    }

    /// The CPU rule: one instance more, or one fewer.
    fn cpu(&self, rule: &CpuRule, direction: Direction) -> Saying {
        let watch = match direction {
            Direction::Up => &self.cpu_up,
            Direction::Down => &self.cpu_down,
        };
        let evidence = cpu_evidence(rule, direction, &watch.seen);
        if watch.window.verdict(self.now).is_none() {
            let seen = &watch.seen;
            if let (Direction::Down, None, Some(share), Some(without_one)) =
                (direction, seen.vote, seen.observed, seen.without_one)
                && seen.missing == 0
                && share < CPU_THRESHOLD
            {
                return Saying::Not(Reason::WouldSwing { share, without_one });
            }
            return Saying::Not(self.why_not(watch, evidence));
        }
        let count = match direction {
            Direction::Up => self.count.saturating_add(1),
            Direction::Down => self.count.saturating_sub(1),
        };
        Saying::Holds(Proposal {
            direction,
            suspends: false,
            count,
            evidence,
            period: CPU_WINDOW,
        })
    }

    fn why_not(&self, watch: &Watch, evidence: Evidence) -> Reason {
        match watch.window.agreed_for(self.now) {
            Some(held) => Reason::Gathering { evidence, held },
            None if evidence.observed.is_none() || evidence.missing > 0 => {
                Reason::Missing { evidence }
            }
            None => Reason::Steady { evidence },
        }
    }

    /// Does what a rule asks for, unless something stands in the way.
    fn follow(&mut self, proposal: Proposal) -> Reason {
        if let Some(reason) = self.in_the_way(&proposal) {
            return reason;
        }
        let Proposal {
            direction,
            suspends,
            evidence,
            period,
            ..
        } = proposal;
        self.suspended = suspends;
        if !suspends {
            self.count = self.goal(direction, proposal.count);
        }
        self.last_turn = Some(Turn {
            at: self.now,
            direction,
        });
        self.changed();
        Reason::Held { evidence, period }
    }

    /// The number within the bounds, never against the direction of the rule that asks for it.
    fn goal(&self, direction: Direction, count: u32) -> u32 {
        let count = self.bounds.clamp(count);
        match direction {
            Direction::Up => count.max(self.count),
            Direction::Down => count.min(self.count),
        }
    }

    fn in_the_way(&self, proposal: &Proposal) -> Option<Reason> {
        let (direction, waits) = (proposal.direction, &proposal.evidence);
        if !proposal.suspends && self.goal(direction, proposal.count) == self.count {
            return Some(self.nothing_to_change(proposal));
        }
        if self.current != self.count {
            return Some(self.settling(Some(waits.clone())));
        }
        let ago = self.last_change.map(|at| self.now.since(at));
        if let Some(ago) = ago.filter(|ago| *ago < COOLDOWN) {
            let waits = waits.clone();
            return Some(Reason::CoolingDown { waits, ago });
        }
        let turn = self.last_turn.filter(|turn| turn.direction != direction)?;
        let (ago, period) = (self.now.since(turn.at), proposal.period.max(COOLDOWN));
        (ago < period).then(|| Reason::Turning {
            waits: waits.clone(),
            last: turn.direction,
            ago,
            period,
        })
    }

    fn nothing_to_change(&self, proposal: &Proposal) -> Reason {
        let (direction, evidence) = (proposal.direction, proposal.evidence.clone());
        let (bound, beyond) = match direction {
            Direction::Up => (self.bounds.max(), proposal.count > self.count),
            Direction::Down => (self.bounds.min(), proposal.count < self.count),
        };
        if beyond {
            Reason::AtBound {
                evidence,
                direction,
                bound,
            }
        } else {
            Reason::Enough {
                evidence,
                count: self.count,
            }
        }
    }

    fn settling(&self, waits: Option<Evidence>) -> Reason {
        Reason::Settling {
            current: self.current,
            target: self.count,
            waits,
        }
    }

    /// The reason to keep the number when no rule holds.
    fn nothing_holds(&self, reasons: Vec<Reason>) -> Reason {
        if self.current != self.count {
            return self.settling(None);
        }
        if !reasons.is_empty() {
            return foremost(reasons);
        }
        if self.rules.is_empty() {
            return Reason::NoRules;
        }
        match self.rules.auto_suspend {
            Some(limit) => Reason::InUse {
                idle: self.idle.map_or(Duration::ZERO, |at| self.now.since(at)),
                limit,
            },
            None => Reason::NoChoice { count: self.count },
        }
    }

    /// Notes that the number of instances changed.
    fn changed(&mut self) {
        self.last_change = Some(self.now);
        if self.suspended {
            self.begin_anew();
        }
        // The CPU rule goes one step per window. Policies may go on in the same direction: their
        // windows look back over the change, as documented.
        self.cpu_up.window.restart();
        self.cpu_down.window.restart();
    }
}

/// The reason that says most: what gathers, then what is missing, then what would swing.
fn foremost(reasons: Vec<Reason>) -> Reason {
    let rank = |reason: &Reason| match reason {
        Reason::Gathering { .. } => 0,
        Reason::Missing { .. } => 1,
        Reason::WouldSwing { .. } => 2,
        _ => 3,
    };
    // Of equal ones the first is taken, which is the order of the rules.
    let first = reasons.into_iter().min_by_key(rank);
    first.unwrap_or(Reason::NoRules)
}

fn evidence(rule: Rule, condition: &Condition, seen: &Sighting) -> Evidence {
    let limit = match &condition.scaling {
        Scaling::Target(value) if rule == Rule::ScaleUp => Limit::AtLeast(*value),
        Scaling::Target(value) => Limit::AtMost(*value),
        Scaling::Steps { steps, .. } => {
            let holds = seen.step.as_ref();
            let steps = holds.map_or(steps.as_slice(), std::slice::from_ref);
            // One step without a bound leaves that side of all of them open.
            let lower = steps.iter().map(|step| step.lower_bound);
            let upper = steps.iter().map(|step| step.upper_bound);
            Limit::Within {
                lower: hull(lower, f64::min),
                upper: hull(upper, f64::max),
            }
        }
    };
    Evidence {
        rule,
        metric: condition.shown.clone(),
        aggregation: Some(condition.aggregation),
        observed: seen.observed,
        missing: seen.missing,
        limit,
        window: condition.window,
    }
}

fn hull(bounds: impl Iterator<Item = Option<f64>>, further: fn(f64, f64) -> f64) -> Option<f64> {
    let all: Option<Vec<f64>> = bounds.collect();
    all?.into_iter().reduce(further)
}

fn cpu_evidence(rule: &CpuRule, direction: Direction, seen: &Sighting) -> Evidence {
    let limit = match (direction, seen.without_one) {
        (Direction::Down, Some(without_one)) => Limit::ShareBelow {
            threshold: CPU_THRESHOLD,
            without_one,
        },
        _ => Limit::ShareAbove(CPU_THRESHOLD),
    };
    Evidence {
        rule: Rule::Cpu,
        metric: rule.shown.clone(),
        aggregation: None,
        observed: seen.observed,
        missing: seen.missing,
        limit,
        window: CPU_WINDOW,
    }
}
