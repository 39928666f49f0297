//! Random services and what happens to them.
//!
//! All values are whole halves, so that the model can calculate with whole numbers.

use floe_scale::{
    Adjustment, Aggregation, Bounds, Event, Facts, Metric, MetricCondition, Millis, Observation,
    Policies, Reading, Rules, Scaling, Settings, Step,
};
use proptest::prelude::*;

/// The metrics that conditions look at.
pub(crate) const METRICS: [&str; 2] = ["a", "b"];

/// A service: its rules, and what happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) policies: Policies,
    /// CPU request in halves of a core.
    pub(crate) cpu_request: Option<i64>,
    pub(crate) auto_suspend: u32,
    pub(crate) bounds: (u32, u32),
    pub(crate) chapters: Vec<Chapter>,
}

/// A stretch of time in which the same happens again and again.
#[derive(Debug, Clone)]
pub(crate) enum Chapter {
    Looks {
        times: usize,
        /// Milliseconds between two looks.
        every: u64,
        /// What each instance reports in halves: for each metric, and cores.
        halves: [i64; 3],
        /// How many of the values of each metric are missing.
        missing: [usize; 3],
        /// Instances that are to be there are there.
        settles: bool,
        running: bool,
        queries: u32,
    },
    Bounds(u32, u32),
    Suspend,
    Resume,
    Wait(u64),
}

/// One event, in values that are not summed up yet.
#[derive(Debug, Clone)]
pub(crate) enum Moment {
    Look(Look),
    Bounds(u32, u32),
    Suspend,
    Resume,
}

#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) current: u32,
    pub(crate) running: bool,
    pub(crate) queries: u32,
    /// Values in halves, for each metric, and cores.
    pub(crate) values: [Vec<Option<i64>>; 3],
}

impl Life {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            policies: self.policies.clone(),
            cpu_request: self.cpu_request.map(|halves| halves as f64 / 2.0),
            auto_suspend_secs: self.auto_suspend,
            facts: Facts::default(),
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules::new(&self.settings()).unwrap()
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(self.bounds.0, self.bounds.1).unwrap()
    }

    /// Tells all that happens; `tell` answers how many instances there are to be.
    pub(crate) fn live(&self, mut tell: impl FnMut(&Moment, Millis) -> u32) {
        let (mut now, mut target) = (0, self.bounds.0);
        let mut current = target;
        for chapter in &self.chapters {
            match *chapter {
                Chapter::Looks {
                    times,
                    every,
                    halves,
                    missing,
                    settles,
                    running,
                    queries,
                } => {
                    for _ in 0..times {
                        now += every;
                        current = if settles { target } else { current.min(target) };
                        let value = |which: usize, instance: usize| {
                            // Instances differ a little, so that min, max and avg do.
                            let value = halves[which] + (instance % 2) as i64;
                            (instance >= missing[which]).then_some(value)
                        };
                        let values = [0, 1, 2]
                            .map(|which| (0..current as usize).map(|i| value(which, i)).collect());
                        let look = Look {
                            current,
                            running: running && current > 0,
                            queries,
                            values,
                        };
                        target = tell(&Moment::Look(look), Millis(now));
                    }
                }
                Chapter::Bounds(min, max) => target = tell(&Moment::Bounds(min, max), Millis(now)),
                Chapter::Suspend => target = tell(&Moment::Suspend, Millis(now)),
                Chapter::Resume => target = tell(&Moment::Resume, Millis(now)),
                Chapter::Wait(millis) => now += millis,
            }
        }
    }

    /// The same, but no value is ever known.
    pub(crate) fn without_values(mut self) -> Self {
        self.let_miss(usize::MAX);
        self
    }

    /// The same, but one value of every metric is missing in every look.
    pub(crate) fn with_one_value_missing(mut self) -> Self {
        self.let_miss(1);
        self
    }

    fn let_miss(&mut self, at_least: usize) {
        for chapter in &mut self.chapters {
            if let Chapter::Looks { missing, .. } = chapter {
                *missing = missing.map(|missing| missing.max(at_least));
            }
        }
    }
}

impl Moment {
    pub(crate) fn event(&self) -> Event {
        match self {
            Self::Look(look) => Event::Observed(look.observation()),
            Self::Bounds(min, max) => Event::Bounds(Bounds::new(*min, *max).unwrap()),
            Self::Suspend => Event::Suspend,
            Self::Resume => Event::Resume,
        }
    }
}

impl Look {
    fn observation(&self) -> Observation {
        let reading = |values: &Vec<Option<i64>>| {
            Reading::of(values.iter().map(|value| value.map(|v| v as f64 / 2.0)))
        };
        let [a, b, cpu] = &self.values;
        let metrics = METRICS.iter().zip([a, b]);
        Observation {
            current: self.current,
            running: self.running,
            queries: self.queries,
            cpu: reading(cpu),
            metrics: metrics
                .map(|(name, values)| (Metric::new(*name), reading(values)))
                .collect(),
        }
    }
}

// === strategies ===

pub(crate) fn life() -> impl Strategy<Value = Life> {
    let cpu = prop_oneof![1 => Just(None), 2 => (1_i64..4).prop_map(Some)];
    let auto_suspend = prop_oneof![4 => Just(0_u32), 1 => Just(300), 1 => Just(450)];
    (
        policies(),
        cpu,
        auto_suspend,
        bounds(),
        prop::collection::vec(chapter(), 1..40),
    )
        .prop_map(
            |(policies, cpu_request, auto_suspend, bounds, chapters)| Life {
                policies,
                cpu_request,
                auto_suspend,
                bounds,
                chapters,
            },
        )
}

fn bounds() -> impl Strategy<Value = (u32, u32)> {
    (1_u32..5, 0_u32..6).prop_map(|(min, more)| (min, min + more))
}

fn policies() -> impl Strategy<Value = Policies> {
    let policy = |suspends: bool| {
        let list = prop::collection::vec(condition(suspends), 1..3);
        prop_oneof![1 => Just(None), 2 => list.prop_map(Some)]
    };
    let some =
        (policy(false), policy(false), policy(true)).prop_map(|(scale_up, scale_down, suspend)| {
            Policies {
                scale_up,
                scale_down,
                suspend,
            }
        });
    prop_oneof![1 => Just(Policies::default()), 3 => some]
}

fn condition(suspends: bool) -> impl Strategy<Value = MetricCondition> {
    let metric = prop::sample::select(&METRICS[..]);
    let aggregation =
        prop::sample::select(vec![Aggregation::Min, Aggregation::Max, Aggregation::Avg]);
    let period = prop::sample::select(vec![1_u32, 30, 60, 100, 120, 150, 300, 600]);
    let target = (0_i64..10).prop_map(|halves| Scaling::Target(halves as f64 / 2.0));
    let scaling = if suspends {
        target.boxed()
    } else {
        prop_oneof![2 => target, 1 => steps()].boxed()
    };
    (metric, aggregation, period, scaling).prop_map(|(metric, aggregation, period, scaling)| {
        MetricCondition {
            metric: Metric::new(metric),
            aggregation,
            stabilization_period_secs: period,
            scaling,
        }
    })
}

fn steps() -> impl Strategy<Value = Scaling> {
    let adjustment = prop::sample::select(vec![
        Adjustment::ChangeCount,
        Adjustment::ExactCount,
        Adjustment::PercentChange,
    ]);
    let step = (
        -1_i64..8,
        1_i64..5,
        0_u8..4,
        prop::sample::select(vec![0_u32, 1, 2, 3, 50, 130]),
    )
        .prop_map(|(lower, width, open, target_adjustment)| {
            let bound = |halves: i64| Some(halves as f64 / 2.0);
            Step {
                lower_bound: if open == 1 { None } else { bound(lower) },
                upper_bound: if open == 2 {
                    None
                } else {
                    bound(lower + width)
                },
                target_adjustment,
            }
        });
    (adjustment, prop::collection::vec(step, 1..4))
        .prop_map(|(adjustment, steps)| Scaling::Steps { adjustment, steps })
}

fn chapter() -> impl Strategy<Value = Chapter> {
    let every = prop_oneof![
        8 => Just(30_000_u64),
        1 => Just(29_600),
        1 => Just(31_000),
        1 => Just(45_000),
        1 => Just(45_001),
        1 => Just(10_000),
        1 => Just(0),
    ];
    let missing = prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(99)];
    let looks = (
        1_usize..25,
        every,
        prop::array::uniform3(0_i64..9),
        prop::array::uniform3(missing),
        prop::bool::weighted(0.85),
        prop::bool::weighted(0.9),
        prop_oneof![2 => Just(0_u32), 1 => Just(2)],
    )
        .prop_map(
            |(times, every, halves, missing, settles, running, queries)| Chapter::Looks {
                times,
                every,
                halves,
                missing,
                settles,
                running,
                queries,
            },
        );
    prop_oneof![
        20 => looks,
        1 => bounds().prop_map(|(min, max)| Chapter::Bounds(min, max)),
        1 => Just(Chapter::Suspend),
        2 => Just(Chapter::Resume),
        1 => (0_u64..200_000).prop_map(Chapter::Wait),
    ]
}
