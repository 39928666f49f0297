//! The world that a replay assumes: instances that take their time, and metrics from a trace.

use std::collections::BTreeMap;

use super::{MAX_VALUE_AGE, Notice, Point, Replay, ReplayOptions, Track};
use crate::decision::{Limit, Rule};
use crate::invariant;
use crate::observation::{Event, Observation, Reading};
use crate::policy::{Aggregation, Metric, Scaling, Step};
use crate::rules::{CPU_METRIC, CPU_THRESHOLD, EVALUATION_INTERVAL, Rules};
use crate::scaler::Autoscaler;
use crate::trace::{Command, Form, Row, Trace, TraceError};
use crate::types::{Bounds, Millis};

pub(super) struct World<'a> {
    trace: &'a Trace,
    rules: &'a Rules,
    options: ReplayOptions,
    scaler: Autoscaler,
    /// Instances that exist.
    current: u32,
    /// When more instances will be there, and how many there are then.
    arriving: Option<(Millis, u32)>,
    /// The newest row that says something about metrics.
    measured: Option<usize>,
    /// Queries that run, and the most that ran since the last evaluation.
    queries: u32,
    most_queries: u32,
    /// The metrics of the policies, each with the columns that it selects.
    selected: Vec<(Metric, Vec<usize>)>,
    /// The columns of the CPU rule.
    cpu_columns: Vec<usize>,
    /// What the tracks show: a metric and how its values become one.
    shown: Vec<(Metric, Aggregation)>,
    replay: Replay,
}

impl<'a> World<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        rules: &'a Rules,
        bounds: Bounds,
        options: ReplayOptions,
    ) -> Self {
        let (shown, tracks) = tracks(rules);
        let metrics = rules.metrics().into_iter();
        let selected = metrics.map(|metric| (metric.clone(), columns_of(trace, metric)));
        Self {
            trace,
            rules,
            options,
            scaler: Autoscaler::new(rules.clone(), bounds),
            current: bounds.min(),
            arriving: None,
            measured: None,
            queries: 0,
            most_queries: 0,
            selected: selected.collect(),
            cpu_columns: columns_of(trace, &Metric::new(CPU_METRIC)),
            shown,
            replay: Replay {
                start: trace.rows().first().map(|row| row.at).unwrap_or_default(),
                decisions: Vec::new(),
                points: Vec::new(),
                tracks,
                notices: notices(trace, rules),
            },
        }
    }

    /// Rows happen at their time; evaluations happen at theirs, after the rows of the moment.
    pub(super) fn play(mut self) -> Result<Replay, TraceError> {
        let mut next = self.replay.start;
        // Bounded: a trace spans at most MAX_TRACE_SECONDS.
        for (number, row) in self.trace.rows().iter().enumerate() {
            while next < row.at {
                self.evaluate(next);
                next = next.plus(EVALUATION_INTERVAL);
            }
            self.happen(row)?;
            if row.measures {
                self.measured = Some(number);
            }
        }
        let end = self.trace.rows().last().map_or(next, |row| row.at);
        if next <= end {
            self.evaluate(next);
        }
        let verdict = invariant::turns_once_per_window(&self.replay.decisions);
        assert!(
            verdict.is_ok(),
            "{verdict:?} in {:?}",
            self.replay.decisions
        );
        Ok(self.replay)
    }

    fn happen(&mut self, row: &Row) -> Result<(), TraceError> {
        let bounds = self.scaler.bounds();
        if row.min.is_some() || row.max.is_some() {
            let min = row.min.unwrap_or(bounds.min());
            let max = row.max.unwrap_or(bounds.max());
            let bounds = Bounds::new(min, max).map_err(|source| TraceError::Bounds {
                line: row.line,
                source,
            })?;
            self.tell(&Event::Bounds(bounds), row.at);
        }
        match row.command {
            Some(Command::Suspend) => self.tell(&Event::Suspend, row.at),
            Some(Command::Resume) => self.tell(&Event::Resume, row.at),
            None => {}
        }
        if let Some(queries) = row.queries {
            self.queries = queries;
            self.most_queries = self.most_queries.max(queries);
            if queries > 0 && self.scaler.target() == 0 && self.options.auto_resume {
                self.tell(&Event::Resume, row.at);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, now: Millis) {
        if let Some((_, count)) = self.arriving.take_if(|(at, _)| *at <= now) {
            self.current = count;
        }
        let row = self.measured.filter(|row| {
            let at = self.trace.rows().get(*row).map(|row| row.at);
            at.is_some_and(|at| now.since(at) <= MAX_VALUE_AGE)
        });
        let mut seen = Observation {
            current: self.current,
            running: self.current > 0 && self.scaler.target() > 0,
            queries: std::mem::replace(&mut self.most_queries, self.queries),
            cpu: self.cpu(row),
            metrics: BTreeMap::new(),
        };
        for (metric, columns) in &self.selected {
            seen.metrics
                .insert(metric.clone(), self.reading(columns, row));
        }
        self.note_values(&seen);
        self.tell(&Event::Observed(seen), now);
        self.replay.points.push(Point {
            at: now,
            current: self.current,
            target: self.scaler.target(),
            bounds: self.scaler.bounds(),
        });
    }

    fn tell(&mut self, event: &Event, now: Millis) {
        let decision = self.scaler.decide(event, now);
        let target = decision.after;
        self.replay.decisions.push(decision);
        if target <= self.current {
            self.current = target;
            self.arriving = None;
        } else if self.arriving.is_none_or(|(_, count)| count != target) {
            self.arriving = Some((now.plus(self.options.start_delay), target));
        }
    }

    // === what the trace says ===

    /// The values of these columns, as the instances that exist report them.
    fn reading(&self, columns: &[usize], row: Option<usize>) -> Reading {
        let mut reading = Reading::default();
        let mut numbered: BTreeMap<&Metric, u32> = BTreeMap::new();
        for &number in columns {
            let Some(column) = self.trace.columns().get(number) else {
                continue;
            };
            let value = row.and_then(|row| self.trace.value(row, number));
            match column.form {
                Form::Each => reading.add(value, self.current),
                Form::Sum => {
                    let each = value.map(|value| value / f64::from(self.current.max(1)));
                    reading.add(each, self.current);
                }
                Form::Instance(id) => {
                    let given = numbered.entry(&column.metric).or_default();
                    if id < self.current {
                        *given += 1;
                        reading.add(value, 1);
                    }
                }
            }
        }
        for given in numbered.values() {
            // Instances that the trace does not know.
            reading.add(None, self.current.saturating_sub(*given));
        }
        reading
    }

    /// Cores used by each instance: the containers of an instance are added up.
    fn cpu(&self, row: Option<usize>) -> Reading {
        let reading = self.reading(&self.cpu_columns, row);
        if reading.count() == 0 || reading.missing() > 0 {
            return Reading::same(None, self.current);
        }
        let each = reading.sum() / f64::from(self.current.max(1));
        Reading::same(Some(each), self.current)
    }

    fn note_values(&mut self, seen: &Observation) {
        let cpu = self.rules.cpu.as_ref().map(|cpu| {
            let share = seen.cpu.known(Aggregation::Avg);
            share.map(|cores| cores / cpu.request)
        });
        let known = |(metric, aggregation): &(Metric, Aggregation)| {
            let reading = seen.metrics.get(metric)?;
            (reading.missing() == 0).then(|| reading.known(*aggregation))?
        };
        let values = cpu.into_iter().chain(self.shown.iter().map(known));
        for (track, value) in self.replay.tracks.iter_mut().zip(values) {
            track.values.push(value);
        }
    }
}

/// Where the columns are that a metric selects.
fn columns_of(trace: &Trace, metric: &Metric) -> Vec<usize> {
    let columns = trace.columns().iter().enumerate();
    let selected = columns.filter(|(_, column)| metric.selects(&column.metric));
    selected.map(|(number, _)| number).collect()
}

/// One track for the CPU rule, and one for each metric and aggregation of the policies.
fn tracks(rules: &Rules) -> (Vec<(Metric, Aggregation)>, Vec<Track>) {
    let mut tracks = Vec::new();
    if rules.cpu.is_some() {
        tracks.push(Track {
            title: "CPU usage, % of the request".to_owned(),
            is_share: true,
            limits: vec![(Rule::Cpu, Limit::ShareAbove(CPU_THRESHOLD))],
            values: Vec::new(),
        });
    }
    let mut shown: Vec<(Metric, Aggregation)> = Vec::new();
    let policies = [
        (Rule::ScaleUp, &rules.up),
        (Rule::ScaleDown, &rules.down),
        (Rule::Suspend, &rules.suspend),
    ];
    for (rule, conditions) in policies {
        for condition in conditions.iter().flatten() {
            let key = (condition.metric.clone(), condition.aggregation);
            // At most three hundred conditions, so a search is short enough.
            let known = shown.iter().position(|other| *other == key);
            let known = known.map(|at| at + usize::from(rules.cpu.is_some()));
            if let Some(track) = known.and_then(|at| tracks.get_mut(at)) {
                track.limits.extend(limits(rule, &condition.scaling));
                continue;
            }
            let unit = unit(condition.metric.name());
            let unit = unit.map_or(String::new(), |unit| format!(", {unit}"));
            tracks.push(Track {
                title: format!("{} of {}{unit}", condition.aggregation, condition.metric),
                is_share: false,
                limits: limits(rule, &condition.scaling),
                values: Vec::new(),
            });
            shown.push(key);
        }
    }
    (shown, tracks)
}

fn limits(rule: Rule, scaling: &Scaling) -> Vec<(Rule, Limit)> {
    match scaling {
        Scaling::Target(value) if rule == Rule::ScaleUp => vec![(rule, Limit::AtLeast(*value))],
        Scaling::Target(value) => vec![(rule, Limit::AtMost(*value))],
        Scaling::Steps { steps, .. } => {
            let within = |step: &Step| Limit::Within {
                lower: step.lower_bound,
                upper: step.upper_bound,
            };
            steps.iter().map(|step| (rule, within(step))).collect()
        }
    }
}

/// Units of platform metrics (*Monitoring services* of the Snowflake documentation).
fn unit(metric: &str) -> Option<&'static str> {
    match metric {
        "container.cpu.usage" => Some("cores"),
        "container.memory.usage" | "container.gpu.memory.usage" => Some("bytes"),
        "network.ingress.cps" => Some("connections per second"),
        "network.ingress.connections.active" => Some("connections"),
        _ => None,
    }
}

fn notices(trace: &Trace, rules: &Rules) -> Vec<Notice> {
    let cpu = rules.cpu.is_some().then(|| Metric::new(CPU_METRIC));
    let read: Vec<&Metric> = rules.metrics().into_iter().chain(&cpu).collect();
    let mut notices = Vec::new();
    for metric in &read {
        if !trace.columns().iter().any(|c| metric.selects(&c.metric)) {
            let metric = metric.to_string();
            notices.push(Notice::NoColumn { metric });
        }
    }
    for column in trace.columns() {
        let column = &column.metric;
        let notice = Notice::Unread {
            column: column.to_string(),
        };
        if !read.iter().any(|metric| metric.selects(column)) && !notices.contains(&notice) {
            notices.push(notice);
        }
    }
    notices
}
