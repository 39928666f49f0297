//! Scaling policies as single values; they change in place, and no caller sees them.

use std::collections::BTreeMap;

use super::Effect::InPlace;
use super::effect::Breaks;
use super::flat::Flat;
use crate::model::{MetricCondition, Scaling, ScalingStep};
use crate::{Decimal, ValidSpec};

pub(super) fn scaling(flat: &mut Flat, spec: &ValidSpec) {
    for (name, list, conditions) in [
        ("scaleUp", "anyConditions", &spec.scaling.scale_up),
        ("scaleDown", "allConditions", &spec.scaling.scale_down),
        ("suspend", "allConditions", &spec.scaling.suspend),
    ] {
        let Some(conditions) = conditions else {
            continue;
        };
        let path = format!("spec.resourceManagement.autoScalingPolicies.{name}");
        let metrics: Vec<_> = conditions
            .iter()
            .map(|one| one.metric_name.as_str())
            .collect();
        flat.item(
            &path,
            &metrics.join(", "),
            InPlace,
            Breaks::Nobody,
            |flat| {
                for (name, one) in named(conditions) {
                    let path = format!("{path}.{list}[{name}]");
                    flat.item(&path, &name, InPlace, Breaks::Nobody, |flat| {
                        condition(flat, &path, one);
                    });
                }
            },
        );
    }
}

/// Conditions with names: the metric, the container if there is one, and a number from the second
/// of the same name on. Their order has no meaning, so it does not decide about the numbers.
fn named(conditions: &[MetricCondition]) -> Vec<(String, &MetricCondition)> {
    let mut sorted: Vec<&MetricCondition> = conditions.iter().collect();
    sorted.sort_by_cached_key(|one| format!("{one:?}"));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    sorted
        .into_iter()
        .map(|one| {
            let container = one.container_name.iter().map(|name| format!("@{name}"));
            let name = std::iter::once(one.metric_name.clone())
                .chain(container)
                .collect::<String>();
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            let unique = if *count == 1 {
                name
            } else {
                format!("{name}#{count}")
            };
            (unique, one)
        })
        .collect()
}

fn condition(flat: &mut Flat, path: &str, item: &MetricCondition) {
    for (name, value) in &item.labels {
        flat.put(format!("{path}.labels.{name}"), value, InPlace);
    }
    let aggregation = item.aggregation.word();
    flat.put(format!("{path}.aggregationType"), aggregation, InPlace);
    let seconds = item.stabilization_period_secs.to_string();
    flat.put(format!("{path}.stabilizationPeriodSecs"), &seconds, InPlace);
    match &item.scaling {
        Scaling::Target(value) => {
            let meaning = value.to_f64().to_string();
            let path = format!("{path}.targetScaling.targetValue");
            flat.meant(path, &value.to_string(), meaning, InPlace);
        }
        Scaling::Steps { adjustment, steps } => {
            let adjustment = adjustment.word();
            flat.put(
                format!("{path}.stepScaling.adjustmentType"),
                adjustment,
                InPlace,
            );
            let list = |bound: fn(&Decimal) -> String| -> String {
                let steps: Vec<String> = steps.iter().map(|one| step(one, bound)).collect();
                steps.join(", ")
            };
            let (shown, meaning) = (list(Decimal::to_string), list(|n| n.to_f64().to_string()));
            let path = format!("{path}.stepScaling.scalingSteps");
            flat.meant(path, &shown, meaning, InPlace);
        }
    }
}

/// A step such as `0.5..0.8: 2`.
fn step(item: &ScalingStep, bound: fn(&Decimal) -> String) -> String {
    let bound = |value: &Option<Decimal>| value.as_ref().map(bound).unwrap_or_default();
    let (low, high) = (bound(&item.lower_bound), bound(&item.upper_bound));
    format!("{low}..{high}: {}", item.target_adjustment)
}
