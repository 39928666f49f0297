//! `resourceManagement`: when the number of instances changes by itself.

use std::collections::BTreeSet;

use super::Walk;
use super::fields::{Fields, join, names};
use crate::keys::{
    AUTO_SCALING, CONDITION, METRIC, Map, RESOURCE_MANAGEMENT, SCALE_DOWN, SCALE_UP, STEP, STEPS,
    SUSPEND, TARGET,
};
use crate::limits::{MAX_CONDITIONS, MAX_KEY_BYTES, MAX_STEPS};
use crate::source::{Node, Value};
use crate::{
    Adjustment, Aggregation, Decimal, MetricCondition, Scaling, ScalingPolicies, ScalingStep, codes,
};

impl Walk<'_> {
    pub(super) fn scaling(&mut self, spec: &Fields<'_>) -> ScalingPolicies {
        let management = self.below(spec, "resourceManagement", &RESOURCE_MANAGEMENT);
        let policies =
            management.and_then(|fields| self.below(&fields, "autoScalingPolicies", &AUTO_SCALING));
        let Some(policies) = policies else {
            return ScalingPolicies::default();
        };
        let containers: BTreeSet<&str> = names(spec.items("containers"))
            .map(|(_, name, _)| name)
            .collect();
        ScalingPolicies {
            scale_up: self.policy(&containers, &policies, "scaleUp", &SCALE_UP),
            scale_down: self.policy(&containers, &policies, "scaleDown", &SCALE_DOWN),
            suspend: self.policy(&containers, &policies, "suspend", &SUSPEND),
        }
    }

    fn policy(
        &mut self,
        containers: &BTreeSet<&str>,
        policies: &Fields<'_>,
        name: &str,
        known: &'static Map,
    ) -> Option<Vec<MetricCondition>> {
        let fields = self.below(policies, name, known)?;
        let list = known.keys.first().map_or("", |key| key.name);
        self.required(&fields, list)?;
        let path = fields.path_of(list);
        let items = self.list(&fields, list, MAX_CONDITIONS);
        if items.is_empty() && matches!(fields.get(list)?.value, Value::List(_)) {
            let message = format!("`{list}` needs at least one condition");
            self.error(codes::MISSING_FIELD, &path, fields.range(list), message);
        }
        let conditions: Vec<_> = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| {
                let fields = self.fields(item, &format!("{path}[{at}]"), &CONDITION)?;
                self.required(&fields, "metricCondition")?;
                let metric = self.below(&fields, "metricCondition", &METRIC)?;
                self.condition(containers, &metric, name == "suspend")
            })
            .collect();
        Some(conditions)
    }

    fn condition(
        &mut self,
        containers: &BTreeSet<&str>,
        fields: &Fields<'_>,
        suspends: bool,
    ) -> Option<MetricCondition> {
        self.required(fields, "metricName");
        let metric_name = self.text_of(fields, "metricName");
        let labels = self.labels(fields);
        let container_name = self.container_name(containers, fields);
        self.required(fields, "aggregationType");
        let aggregation = self.word(fields, "aggregationType", Aggregation::WORDS);
        self.required(fields, "stabilizationPeriodSecs");
        let period = self.whole(fields, "stabilizationPeriodSecs", 1..=604_800);
        let scaling = self.target_or_steps(fields, suspends);
        Some(MetricCondition {
            metric_name: metric_name?,
            labels,
            container_name,
            aggregation: aggregation?,
            stabilization_period_secs: period?,
            scaling: scaling?,
        })
    }

    fn labels(&mut self, fields: &Fields<'_>) -> Vec<(String, String)> {
        let Some(node) = fields.get("labels") else {
            return Vec::new();
        };
        let path = fields.path_of("labels");
        let Value::Map(entries) = &node.value else {
            self.wrong_type(&path, node, "a map of labels").hint =
                Some("write each label as `name: value`".to_owned());
            return Vec::new();
        };
        let mut labels = Vec::with_capacity(entries.len());
        for entry in entries {
            // Keys that are too long were reported with the keys of all maps.
            let Some(name) = entry
                .key
                .as_deref()
                .filter(|key| key.len() <= MAX_KEY_BYTES)
            else {
                continue;
            };
            let path = join(&path, name);
            if let Some(value) = self.text(&entry.value, &path) {
                self.place(path, &entry.value.range);
                labels.push((name.to_owned(), value.to_owned()));
            }
        }
        labels
    }

    fn container_name(
        &mut self,
        containers: &BTreeSet<&str>,
        fields: &Fields<'_>,
    ) -> Option<String> {
        let name = self.text_of(fields, "containerName")?;
        if containers.contains(name.as_str()) {
            return Some(name);
        }
        let shown: String = name.chars().take(63).collect();
        let path = fields.path_of("containerName");
        let message = format!("there is no container `{shown}`");
        self.error(
            codes::UNKNOWN_CONTAINER,
            &path,
            fields.range("containerName"),
            message,
        )
        .hint = Some("name a container of `spec.containers`".to_owned());
        None
    }

    fn target_or_steps(&mut self, fields: &Fields<'_>, suspends: bool) -> Option<Scaling> {
        match (fields.has("targetScaling"), fields.has("stepScaling")) {
            (true, false) => {
                let target = self.below(fields, "targetScaling", &TARGET)?;
                self.required(&target, "targetValue");
                let value = self.decimal(&target, "targetValue")?;
                if value.is_negative() {
                    let path = target.path_of("targetValue");
                    let message = "a target must not be negative";
                    self.error(codes::BAD_STEP, &path, target.range("targetValue"), message);
                }
                Some(Scaling::Target(value))
            }
            (false, true) => {
                if suspends {
                    let path = fields.path_of("stepScaling");
                    let message = "a policy to suspend has no steps: it goes to no instance at all";
                    self.error(
                        codes::STEPS_IN_SUSPEND,
                        &path,
                        fields.range("stepScaling"),
                        message,
                    )
                    .hint = Some("write `targetScaling` with a `targetValue`".to_owned());
                }
                let steps = self.below(fields, "stepScaling", &STEPS)?;
                self.steps(&steps)
            }
            (given, _) => {
                let message = if given {
                    "a condition has either `targetScaling` or `stepScaling`, not both"
                } else {
                    "the condition needs `targetScaling` or `stepScaling`"
                };
                self.error(codes::TARGET_OR_STEPS, &fields.path, &fields.place, message);
                None
            }
        }
    }

    fn steps(&mut self, fields: &Fields<'_>) -> Option<Scaling> {
        self.required(fields, "adjustmentType");
        let adjustment = self.word(fields, "adjustmentType", Adjustment::WORDS);
        let node = self.required(fields, "scalingSteps")?;
        let path = fields.path_of("scalingSteps");
        let items = self.list(fields, "scalingSteps", MAX_STEPS);
        if items.is_empty() && matches!(node.value, Value::List(_)) {
            let message = "`scalingSteps` needs at least one step";
            self.error(codes::MISSING_FIELD, &path, &node.range, message);
        }
        let steps = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.step(item, &format!("{path}[{at}]")))
            .collect();
        Some(Scaling::Steps {
            adjustment: adjustment?,
            steps,
        })
    }

    fn step(&mut self, item: &Node, path: &str) -> Option<ScalingStep> {
        let fields = self.fields(item, path, &STEP)?;
        let lower = self.decimal(&fields, "lowerBound");
        let upper = self.decimal(&fields, "upperBound");
        self.required(&fields, "targetAdjustment");
        let adjustment = self.whole(&fields, "targetAdjustment", 0..=1_000_000);
        let value = |bound: &Option<Decimal>| bound.as_ref().map(Decimal::to_f64);
        if let (Some(low), Some(high)) = (value(&lower), value(&upper))
            && low >= high
        {
            let path = fields.path_of("upperBound");
            let message =
                "`upperBound` must be greater than `lowerBound`: the step holds for no value";
            self.error(codes::BAD_STEP, &path, fields.range("upperBound"), message);
        }
        if !fields.has("lowerBound") && !fields.has("upperBound") {
            let message = "the step needs `lowerBound`, `upperBound` or both";
            self.error(codes::BAD_STEP, path, &fields.place, message);
        }
        Some(ScalingStep {
            lower_bound: lower,
            upper_bound: upper,
            target_adjustment: adjustment?,
        })
    }
}
