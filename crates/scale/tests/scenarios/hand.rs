//! A service with a hand on it, and short words for its rules.

use floe_scale::{
    Adjustment, Aggregation, Autoscaler, Bounds, Event, Metric, MetricCondition, Millis,
    Observation, Policies, Reading, Rules, Scaling, Settings, Step,
};

/// A service with a hand on its instances and metrics; decisions are noted as sentences.
pub(crate) struct Hand {
    pub(crate) scaler: Autoscaler,
    pub(crate) now: u64,
    /// What the next looks see; `None` is missing.
    pub(crate) queue: Option<f64>,
    pub(crate) cores: Option<f64>,
    pub(crate) queries: u32,
    /// Instances that exist, when not as many as are to exist.
    pub(crate) current: Option<u32>,
}

impl Hand {
    pub(crate) fn new(settings: &Settings, min: u32, max: u32) -> Self {
        let bounds = Bounds::new(min, max).unwrap();
        Self {
            scaler: Autoscaler::new(Rules::new(settings).unwrap(), bounds),
            now: 0,
            queue: None,
            cores: None,
            queries: 1,
            current: None,
        }
    }

    pub(crate) fn with_policies(policies: Policies, min: u32, max: u32) -> Self {
        let settings = Settings {
            policies,
            ..Settings::default()
        };
        Self::new(&settings, min, max)
    }

    /// One look, 30 seconds after the last one.
    pub(crate) fn look(&mut self) -> String {
        self.look_after(30)
    }

    pub(crate) fn look_after(&mut self, seconds: u64) -> String {
        self.now += seconds * 1_000;
        let current = self.current.unwrap_or(self.scaler.target());
        let mut seen = Observation {
            current,
            running: current > 0,
            queries: self.queries,
            cpu: Reading::same(self.cores, current),
            ..Observation::default()
        };
        let queue = Reading::same(self.queue, current);
        seen.metrics.insert(Metric::new("queue"), queue);
        self.tell(&Event::Observed(seen))
    }

    /// Looks until the number of instances changes, or for two hours; answers how many seconds it
    /// took and why.
    pub(crate) fn until_change(&mut self) -> (u64, String) {
        let (start, before) = (self.now, self.scaler.target());
        for _ in 0..240 {
            let said = self.look();
            if self.scaler.target() != before {
                return ((self.now - start) / 1_000, said);
            }
        }
        (7_200, "nothing".to_owned())
    }

    pub(crate) fn tell(&mut self, event: &Event) -> String {
        self.scaler.decide(event, Millis(self.now)).to_string()
    }

    pub(crate) fn target(&self) -> u32 {
        self.scaler.target()
    }
}

pub(crate) fn cpu() -> Settings {
    Settings {
        cpu_request: Some(1.0),
        ..Settings::default()
    }
}

pub(crate) fn queue(period: u32, scaling: Scaling) -> Option<Vec<MetricCondition>> {
    Some(vec![MetricCondition {
        metric: Metric::new("queue"),
        aggregation: Aggregation::Avg,
        stabilization_period_secs: period,
        scaling,
    }])
}

pub(crate) fn up_and_down(up: f64, up_period: u32, down: f64, down_period: u32) -> Policies {
    Policies {
        scale_up: queue(up_period, Scaling::Target(up)),
        scale_down: queue(down_period, Scaling::Target(down)),
        suspend: None,
    }
}

pub(crate) fn steps(adjustment: Adjustment, steps: &[(f64, f64, u32)]) -> Scaling {
    let step = |&(lower, upper, target_adjustment)| Step {
        lower_bound: Some(lower),
        upper_bound: Some(upper),
        target_adjustment,
    };
    Scaling::Steps {
        adjustment,
        steps: steps.iter().map(step).collect(),
    }
}
