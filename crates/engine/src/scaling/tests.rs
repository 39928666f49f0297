//! Each kind of policy, as it is written and as the decider gets it.

use floe_scale::{Adjustment, Aggregation, Rules};
use floe_spec::{ParseOptions, limits};

use super::*;

/// Settings of a service with one container that has these resources, and this management.
fn of(resources: &str, management: &str) -> Settings {
    let text = format!(
        "spec:\n  containers: [{{name: main, image: i, resources: {{{resources}}}}}]\n  \
         resourceManagement: {{autoScalingPolicies: {{{management}}}}}\n"
    );
    let parsed = floe_spec::parse(&text, &ParseOptions::default());
    let spec = parsed.spec.as_ref();
    let settings = spec.map(|spec| settings(spec, Context::Service, 0));
    assert!(settings.is_some(), "{:?}\n{text}", parsed.findings);
    settings.unwrap_or_default()
}

/// One condition on `queue.length`.
fn on_queue(aggregation: &str, secs: u32, scaling: &str) -> String {
    format!(
        "{{metricCondition: {{metricName: queue.length, aggregationType: {aggregation}, \
         stabilizationPeriodSecs: {secs}, {scaling}}}}}"
    )
}

fn queue(aggregation: Aggregation, secs: u32, scaling: Scaling) -> MetricCondition {
    MetricCondition {
        metric: Metric::new("queue.length"),
        aggregation,
        stabilization_period_secs: secs,
        scaling,
    }
}

#[test]
fn scale_up_has_the_conditions_of_which_one_must_hold() {
    let first = on_queue("avg", 60, "targetScaling: {targetValue: 0.80}");
    let second = on_queue("max", 90, "targetScaling: {targetValue: 1e3}");
    let settings = of(
        "",
        &format!("scaleUp: {{anyConditions: [{first}, {second}]}}"),
    );
    let expected = Policies {
        scale_up: Some(vec![
            queue(Aggregation::Avg, 60, Scaling::Target(0.8)),
            queue(Aggregation::Max, 90, Scaling::Target(1000.0)),
        ]),
        ..Policies::default()
    };
    assert_eq!(settings.policies, expected);
}

#[test]
fn scale_down_has_the_conditions_that_must_all_hold() {
    let condition = on_queue("min", 300, "targetScaling: {targetValue: 0}");
    let settings = of("", &format!("scaleDown: {{allConditions: [{condition}]}}"));
    let expected = Policies {
        scale_down: Some(vec![queue(Aggregation::Min, 300, Scaling::Target(0.0))]),
        ..Policies::default()
    };
    assert_eq!(settings.policies, expected);
}

#[test]
fn suspend_has_the_conditions_that_must_all_hold() {
    let condition = on_queue("max", 600, "targetScaling: {targetValue: 0}");
    let settings = of("", &format!("suspend: {{allConditions: [{condition}]}}"));
    let expected = Policies {
        suspend: Some(vec![queue(Aggregation::Max, 600, Scaling::Target(0.0))]),
        ..Policies::default()
    };
    assert_eq!(settings.policies, expected);
}

#[test]
fn steps_keep_their_order_their_bounds_and_what_their_adjustments_mean() {
    for (word, adjustment) in [
        ("changeInstanceCount", Adjustment::ChangeCount),
        ("exactInstanceCount", Adjustment::ExactCount),
        ("percentChangeInstanceCount", Adjustment::PercentChange),
    ] {
        let scaling = format!(
            "stepScaling: {{adjustmentType: {word}, scalingSteps: [{{lowerBound: 10, \
             targetAdjustment: 3}}, {{lowerBound: -2.5, upperBound: 10, targetAdjustment: 1}}]}}"
        );
        let condition = on_queue("avg", 60, &scaling);
        let settings = of("", &format!("scaleUp: {{anyConditions: [{condition}]}}"));
        let step = |lower_bound, upper_bound, target_adjustment| Step {
            lower_bound,
            upper_bound,
            target_adjustment,
        };
        let steps = vec![step(Some(10.0), None, 3), step(Some(-2.5), Some(10.0), 1)];
        let scaling = Scaling::Steps { adjustment, steps };
        let expected = Some(vec![queue(Aggregation::Avg, 60, scaling)]);
        assert_eq!(settings.policies.scale_up, expected, "{word}");
    }
}

#[test]
fn labels_and_the_name_of_a_container_choose_the_values() {
    let condition = "{metricCondition: {metricName: m, labels: {b: 1, a: x}, containerName: main, \
                     aggregationType: avg, stabilizationPeriodSecs: 60, \
                     targetScaling: {targetValue: 1}}}";
    let settings = of("", &format!("scaleUp: {{anyConditions: [{condition}]}}"));
    let conditions = settings.policies.scale_up.unwrap_or_default();
    let shown: Vec<_> = conditions.iter().map(|c| c.metric.to_string()).collect();
    assert_eq!(shown, ["m{a=x,b=1,snow.service.container.name=main}"]);
}

#[test]
fn the_cpu_request_is_that_of_all_containers_and_is_none_where_none_is_written() {
    let request = |containers: &str| {
        let text = format!("spec: {{containers: [{containers}]}}");
        let spec = floe_spec::parse(&text, &ParseOptions::default()).spec;
        spec.map(|spec| settings(&spec, Context::Service, 0).cpu_request)
    };
    let plain = "{name: a, image: i}";
    let limited = "{name: b, image: i, resources: {limits: {cpu: 3}}}";
    let asking = "{name: c, image: i, resources: {requests: {cpu: 250m}}}";
    let modest = "{name: d, image: i, resources: {requests: {cpu: 0}}}";
    for (containers, expected) in [
        (plain.to_owned(), None),
        (format!("{plain}, {limited}"), None),
        (asking.to_owned(), Some(0.25)),
        (format!("{asking}, {plain}"), Some(0.75)),
        (format!("{asking}, {limited}"), Some(3.25)),
        (format!("{asking}, {modest}"), Some(0.25)),
        (modest.to_owned(), None),
    ] {
        assert_eq!(request(&containers), Some(expected), "{containers}");
    }
}

#[test]
fn a_job_and_a_public_endpoint_are_told_to_the_rules() {
    let text = "spec: {containers: [{name: a, image: i}], \
                endpoints: [{name: inner, port: 80}, {name: outer, port: 81, public: true}]}";
    let spec = floe_spec::parse(text, &ParseOptions::default()).spec;
    let code = |kind| {
        let settings = spec.as_ref().map(|spec| settings(spec, kind, 600));
        settings.and_then(|settings| Rules::new(&settings).err().map(|error| error.code()))
    };
    assert_eq!(code(Context::Job), Some("FLOE-SCALE-0004"));
    assert_eq!(code(Context::Service), Some("FLOE-SCALE-0005"));
}

#[test]
fn rules_take_all_that_a_specification_may_have() {
    assert_eq!(limits::MAX_CONDITIONS, floe_scale::MAX_CONDITIONS);
    assert_eq!(limits::MAX_STEPS, floe_scale::MAX_STEPS);
    let steps = "{upperBound: -1e300, targetAdjustment: 1000000}, ".repeat(limits::MAX_STEPS);
    let scaling =
        format!("stepScaling: {{adjustmentType: exactInstanceCount, scalingSteps: [{steps}]}}");
    let most = on_queue("avg", floe_scale::MAX_STABILIZATION_SECS, &scaling);
    let target = on_queue("avg", 1, "targetScaling: {targetValue: 1e300}");
    let many = format!("{target}, ").repeat(limits::MAX_CONDITIONS - 1);
    let management = format!(
        "scaleUp: {{anyConditions: [{many}{most}]}}, scaleDown: {{allConditions: [{most}]}}, \
         suspend: {{allConditions: [{target}]}}"
    );
    assert_eq!(Rules::new(&of("", &management)).err(), None);
    let rules = Rules::new(&of("requests: {cpu: 1m}", ""));
    assert_eq!(rules.map(|rules| rules.follows_cpu()), Ok(true));
}
