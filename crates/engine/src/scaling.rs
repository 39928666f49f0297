//! From a specification to the rules by which its service is scaled.
//!
//! One mapping for whoever decides and whoever predicts: what `floe autoscale replay` shows of a
//! specification is what the engine's controller does, where it has the metrics.

use floe_scale::{Facts, Metric, MetricCondition, Policies, Scaling, Settings, Step};
use floe_spec::{Container, Context, CpuQuantity, NodeCapacity, ScalingPolicies, ValidSpec};

/// A node that has room for every limit.
const ANY_NODE: NodeCapacity = NodeCapacity {
    millicpu: u64::MAX,
    bytes: u64::MAX,
};

/// What a specification, the kind of its service and AUTO_SUSPEND_SECS (0 is never) say about
/// scaling.
///
/// The CPU request of an instance is that of all its containers. Where one container gives a CPU
/// request, those that give none count with what is derived for them: half a processor, or their
/// limit when it is greater. Where none gives one, or all ask for nothing, there is no CPU request.
///
/// ```
/// use floe_engine::scale::Rules;
/// use floe_engine::scaling::settings;
/// use floe_engine::spec::{Context, ParseOptions, parse};
///
/// let text = "
/// spec:
///   containers:
///   - {name: main, image: /d/s/r/main, resources: {requests: {cpu: 1.5}}}
///   - {name: proxy, image: /d/s/r/proxy}
///   endpoints:
///   - {name: api, port: 8000, public: true}
/// ";
/// let spec = parse(text, &ParseOptions::default()).spec.expect("the text is valid");
/// let settings = settings(&spec, Context::Service, 0);
/// assert_eq!(settings.cpu_request, Some(2.0));
/// assert!(settings.policies.is_empty() && settings.facts.public_endpoint);
/// assert!(Rules::new(&settings)?.follows_cpu());
/// # Ok::<(), floe_engine::scale::ScaleError>(())
/// ```
#[must_use]
pub fn settings(spec: &ValidSpec, kind: Context, auto_suspend_secs: u32) -> Settings {
    Settings {
        policies: policies(spec.scaling()),
        cpu_request: cpu_request(spec.containers()),
        auto_suspend_secs,
        facts: Facts {
            job: kind == Context::Job,
            public_endpoint: spec.endpoints().iter().any(|endpoint| endpoint.public),
        },
    }
}

fn cpu_request(containers: &[Container]) -> Option<f64> {
    let given = |container: &Container| container.resources.requests.cpu.is_some();
    if !containers.iter().any(given) {
        return None;
    }
    let millis = containers.iter().fold(0_u64, |sum, container| {
        let requests = container.resources.derived(&ANY_NODE).requests;
        sum.saturating_add(requests.cpu.as_ref().map_or(0, CpuQuantity::millis))
    });
    // Thousandths of cores that a node has are exact in 53 bits.
    (millis > 0).then(|| millis as f64 / 1000.0)
}

fn policies(written: &ScalingPolicies) -> Policies {
    let conditions = |list: &Option<Vec<floe_spec::MetricCondition>>| {
        let list = list.as_ref()?;
        Some(list.iter().map(condition).collect())
    };
    Policies {
        scale_up: conditions(&written.scale_up),
        scale_down: conditions(&written.scale_down),
        suspend: conditions(&written.suspend),
    }
}

fn condition(written: &floe_spec::MetricCondition) -> MetricCondition {
    MetricCondition {
        metric: metric(written),
        aggregation: match written.aggregation {
            floe_spec::Aggregation::Min => floe_scale::Aggregation::Min,
            floe_spec::Aggregation::Max => floe_scale::Aggregation::Max,
            floe_spec::Aggregation::Avg => floe_scale::Aggregation::Avg,
        },
        stabilization_period_secs: written.stabilization_period_secs,
        scaling: scaling(&written.scaling),
    }
}

fn metric(written: &floe_spec::MetricCondition) -> Metric {
    let labels = written.labels.iter();
    let metric = labels.fold(
        Metric::new(&written.metric_name),
        |metric, (name, value)| metric.with_label(name, value),
    );
    match &written.container_name {
        Some(container) => metric.in_container(container),
        None => metric,
    }
}

fn scaling(written: &floe_spec::Scaling) -> Scaling {
    match written {
        floe_spec::Scaling::Target(value) => Scaling::Target(value.to_f64()),
        floe_spec::Scaling::Steps { adjustment, steps } => Scaling::Steps {
            adjustment: match adjustment {
                floe_spec::Adjustment::ChangeCount => floe_scale::Adjustment::ChangeCount,
                floe_spec::Adjustment::ExactCount => floe_scale::Adjustment::ExactCount,
                floe_spec::Adjustment::PercentChange => floe_scale::Adjustment::PercentChange,
            },
            steps: steps.iter().map(step).collect(),
        },
    }
}

fn step(written: &floe_spec::ScalingStep) -> Step {
    let value = |bound: &Option<floe_spec::Decimal>| bound.as_ref().map(floe_spec::Decimal::to_f64);
    Step {
        lower_bound: value(&written.lower_bound),
        upper_bound: value(&written.upper_bound),
        target_adjustment: written.target_adjustment,
    }
}

#[cfg(test)]
mod tests;
