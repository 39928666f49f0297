//! What is said about policies of scaling and about what is observed.

#[path = "support/report.rs"]
mod report;

use floe_spec::{Context, ParseOptions};
use report::{container, count, report};

/// Where policies stand.
const POLICIES: &str = "spec.resourceManagement.autoScalingPolicies";
/// Where the condition of [`up`] stands.
const UP: &str =
    "spec.resourceManagement.autoScalingPolicies.scaleUp.anyConditions[0].metricCondition";

/// The same as its namesake, with short words for long paths.
#[track_caller]
fn check(text: &str, expected: &str) {
    let expected = expected.replace("(POLICIES", &format!("({POLICIES}"));
    report::check(text, &expected.replace("(UP", &format!("({UP}")));
}

#[test]
fn a_job_does_not_scale() {
    let text = container("  resourceManagement: {autoScalingPolicies: {}}\n");
    assert_eq!(report(&text, &ParseOptions::default()), "");
    let job = ParseOptions {
        context: Context::Job,
        lenient: false,
    };
    assert!(report(&text, &job).starts_with("error[FLOE-SPEC-0035] at line 5, column 23"));
}

#[test]
fn a_job_is_told_that_it_does_not_scale_and_what_is_wrong_besides() {
    let text = scale("scaleUp: {anyConditions: []}");
    let job = ParseOptions {
        context: Context::Job,
        ..ParseOptions::default()
    };
    assert_eq!(count(&report(&text, &job)), 2);
    let empty = container("  resourceManagement: {}\n");
    assert_eq!(report(&empty, &job), "");
}

/// A specification with these policies.
fn scale(policies: &str) -> String {
    container(&format!(
        "  resourceManagement:\n    autoScalingPolicies: {{{policies}}}\n"
    ))
}

/// A policy to add instances on one condition, from its fields beside the metric.
fn up(fields: &str) -> String {
    container(&format!(
        "  resourceManagement:
    autoScalingPolicies:
      scaleUp:
        anyConditions:
        - metricCondition:
            metricName: network.ingress.cps
            aggregationType: avg
            stabilizationPeriodSecs: 60
            {}
",
        fields.replace("; ", "\n            ")
    ))
}

#[test]
fn policies_have_conditions() {
    for good in ["", "scaleUp: ~"] {
        check(&scale(good), "");
    }
    check(
        &scale("scaleUp: {}"),
        "error[FLOE-SPEC-0009] at line 6, column 36
    (POLICIES.scaleUp)
  the field `anyConditions` is missing",
    );
    check(
        &scale("scaleUp: {allConditions: []}"),
        "error[FLOE-SPEC-0010] at line 6, column 37
    (POLICIES.scaleUp.allConditions)
  the key `allConditions` is not known here
  = did you mean `anyConditions`?
error[FLOE-SPEC-0009] at line 6, column 37
    (POLICIES.scaleUp)
  the field `anyConditions` is missing",
    );
    check(
        &scale("scaleDown: {allConditions: []}"),
        "error[FLOE-SPEC-0009] at line 6, column 54
    (POLICIES.scaleDown.allConditions)
  `allConditions` needs at least one condition",
    );
    check(
        &scale("suspend: {allConditions: [{}]}"),
        "error[FLOE-SPEC-0009] at line 6, column 53
    (POLICIES.suspend.allConditions[0])
  the field `metricCondition` is missing",
    );
    check(
        &scale("scaleUp: {anyConditions: {metricCondition: {}}}"),
        "error[FLOE-SPEC-0008] at line 6, column 52
    (POLICIES.scaleUp.anyConditions)
  a list is expected here, not a map
  = begin each item on its own line with `- `",
    );
    check(
        &scale("scaleUp: {anyConditions: [{metricCondition: {}}]}"),
        "error[FLOE-SPEC-0009] at line 6, column 71
    (UP)
  the field `metricName` is missing
error[FLOE-SPEC-0009] at line 6, column 71
    (UP)
  the field `aggregationType` is missing
error[FLOE-SPEC-0009] at line 6, column 71
    (UP)
  the field `stabilizationPeriodSecs` is missing
error[FLOE-SPEC-0053] at line 6, column 71
    (UP)
  the condition needs `targetScaling` or `stepScaling`",
    );
    check(
        &scale("scaleSideways: {}"),
        "error[FLOE-SPEC-0010] at line 6, column 27
    (POLICIES.scaleSideways)
  the key `scaleSideways` is not known here",
    );
    check(
        &scale("scaleUp: []"),
        "error[FLOE-SPEC-0008] at line 6, column 36
    (POLICIES.scaleUp)
  a map of fields is expected here, not a list
  = write fields such as `anyConditions: …` there",
    );
}

#[test]
fn a_condition_has_a_target_or_steps() {
    for good in [
        "targetScaling: {targetValue: 100}",
        "targetScaling: {targetValue: 0.5}",
        "targetScaling: {targetValue: 0}; containerName: main; labels: {snow.endpoint.name: e}",
        "stepScaling: {adjustmentType: changeInstanceCount, \
         scalingSteps: [{lowerBound: 1, targetAdjustment: 2}]}",
        "stepScaling: {adjustmentType: exactInstanceCount, \
         scalingSteps: [{upperBound: -1.5, targetAdjustment: 0}]}",
        "stepScaling: {adjustmentType: percentChangeInstanceCount, \
         scalingSteps: [{lowerBound: 0, upperBound: 1e3, targetAdjustment: 50}]}",
    ] {
        check(&up(good), "");
    }
    check(
        &up("labels: {}"),
        "error[FLOE-SPEC-0053] at line 10, column 13
    (UP)
  the condition needs `targetScaling` or `stepScaling`",
    );
    check(
        &up(
            "targetScaling: {targetValue: 1}; stepScaling: {adjustmentType: changeInstanceCount, \
             scalingSteps: [{lowerBound: 1, targetAdjustment: 1}]}",
        ),
        "error[FLOE-SPEC-0053] at line 10, column 13
    (UP)
  a condition has either `targetScaling` or `stepScaling`, not both",
    );
    check(
        &up("targetScaling: {}"),
        "error[FLOE-SPEC-0009] at line 13, column 28
    (UP.targetScaling)
  the field `targetValue` is missing",
    );
}

#[test]
fn a_target_is_a_number_that_is_not_negative() {
    check(
        &up("targetScaling: {targetValue: -1}"),
        "error[FLOE-SPEC-0055] at line 13, column 42
    (UP.targetScaling.targetValue)
  a target must not be negative",
    );
    check(
        &up("targetScaling: {targetValue: many}"),
        "error[FLOE-SPEC-0037] at line 13, column 42
    (UP.targetScaling.targetValue)
  `many` is not a number",
    );
    check(
        &up("targetScaling: {targetValue: \"+.5\"}"),
        "warning[FLOE-SPEC-0039] at line 13, column 42
    (UP.targetScaling.targetValue)
  `+.5` is understood, but other systems may not read it
  = write 0.5 without quotes",
    );
    check(
        &up("targetScaling: {targetValue: 007}"),
        "warning[FLOE-SPEC-0039] at line 13, column 42
    (UP.targetScaling.targetValue)
  `007` is understood, but other systems may not read it
  = write 7 without quotes",
    );
}

#[test]
fn a_condition_names_what_it_looks_at() {
    check(
        &up("targetScaling: {targetValue: 1}; containerName: mian"),
        "error[FLOE-SPEC-0056] at line 14, column 28
    (UP.containerName)
  there is no container `mian`
  = name a container of `spec.containers`",
    );
    check(
        &up("targetScaling: {targetValue: 1}; labels: [a]"),
        "error[FLOE-SPEC-0008] at line 14, column 21
    (UP.labels)
  a map of labels is expected here, not a list
  = write each label as `name: value`",
    );
    check(
        &up("targetScaling: {targetValue: 1}; labels: {a: [b], c: ~, d: 1}"),
        "error[FLOE-SPEC-0008] at line 14, column 25
    (UP.labels.a)
  a text is expected here, not a list
error[FLOE-SPEC-0008] at line 14, column 33
    (UP.labels.c)
  a text is expected here, not nothing
  = write `\"\"` for an empty text",
    );
    check(
        &up("targetScaling: {targetValue: 1}")
            .replace("avg", "median")
            .replace(": 60", ": 0")
            .replace("network.ingress.cps", "''"),
        "error[FLOE-SPEC-0032] at line 10, column 25
    (UP.metricName)
  `metricName` must not be empty
error[FLOE-SPEC-0018] at line 11, column 30
    (UP.aggregationType)
  `median` is none of the words that are known here
  = write one of `min`, `max`, `avg`
error[FLOE-SPEC-0037] at line 12, column 38
    (UP.stabilizationPeriodSecs)
  `0` is not a whole number from 1 to 604800",
    );
    check(
        &up("targetScaling: {targetValue: 1}").replace("avg", "AVG"),
        "warning[FLOE-SPEC-0039] at line 11, column 30
    (UP.aggregationType)
  `AVG` is understood, but other systems may not read it
  = write `avg`",
    );
}

#[test]
fn steps_hold_for_some_value() {
    let steps = |steps: &str| {
        up(&format!(
            "stepScaling: {{adjustmentType: changeInstanceCount, scalingSteps: {steps}}}"
        ))
    };
    check(
        &steps("[]"),
        "error[FLOE-SPEC-0009] at line 13, column 78
    (UP.stepScaling.scalingSteps)
  `scalingSteps` needs at least one step",
    );
    check(
        &steps("[{lowerBound: 5, upperBound: 5.0, targetAdjustment: 1}]"),
        "error[FLOE-SPEC-0055] at line 13, column 107
    (UP.stepScaling.scalingSteps[0].upperBound)
  `upperBound` must be greater than `lowerBound`: the step holds for no value",
    );
    check(
        &steps("[{targetAdjustment: 1}]"),
        "error[FLOE-SPEC-0055] at line 13, column 80
    (UP.stepScaling.scalingSteps[0])
  the step needs `lowerBound`, `upperBound` or both",
    );
    check(
        &steps("[{lowerBound: 5}]"),
        "error[FLOE-SPEC-0009] at line 13, column 80
    (UP.stepScaling.scalingSteps[0])
  the field `targetAdjustment` is missing",
    );
    check(
        &steps("[{lowerBound: x, targetAdjustment: -1}]"),
        "error[FLOE-SPEC-0037] at line 13, column 92
    (UP.stepScaling.scalingSteps[0].lowerBound)
  `x` is not a number
error[FLOE-SPEC-0037] at line 13, column 113
    (UP.stepScaling.scalingSteps[0].targetAdjustment)
  `-1` is not a whole number from 0 to 1000000",
    );
    check(
        &up("stepScaling: {}"),
        "error[FLOE-SPEC-0009] at line 13, column 26
    (UP.stepScaling)
  the field `adjustmentType` is missing
error[FLOE-SPEC-0009] at line 13, column 26
    (UP.stepScaling)
  the field `scalingSteps` is missing",
    );
    check(
        &up("stepScaling: {adjustmentType: changeInstances, \
             scalingSteps: [{lowerBound: 1, targetAdjustment: 1}]}"),
        "error[FLOE-SPEC-0018] at line 13, column 43
    (UP.stepScaling.adjustmentType)
  `changeInstances` is none of the words that are known here
  = did you mean `changeInstanceCount`?",
    );
}

#[test]
fn a_policy_to_suspend_has_no_steps() {
    let steps = "stepScaling: {adjustmentType: changeInstanceCount, \
        scalingSteps: [{lowerBound: 1, targetAdjustment: 1}]}";
    let text = up(steps)
        .replace("scaleUp", "suspend")
        .replace("anyConditions", "allConditions");
    check(
        &text,
        "error[FLOE-SPEC-0054] at line 13, column 26
    (POLICIES.suspend.allConditions[0].metricCondition.stepScaling)
  a policy to suspend has no steps: it goes to no instance at all
  = write `targetScaling` with a `targetValue`",
    );
    let down = up(steps)
        .replace("scaleUp", "scaleDown")
        .replace("anyConditions", "allConditions");
    check(&down, "");
}

#[test]
fn what_is_observed_is_one_of_some_words() {
    for good in [
        "  logExporters: {eventTableConfig: {logLevel: NONE}}\n",
        "  logExporters: {}\n",
        "  platformMonitor: {metricConfig: {groups: [system, system_limits, status, \
         network, storage]}}\n",
        "  platformMonitor: {}\n",
    ] {
        check(&container(good), "");
    }
    check(
        &container("  logExporters: {eventTableConfig: {logLevel: DEBUG}}\n"),
        "error[FLOE-SPEC-0018] at line 5, column 47
    (spec.logExporters.eventTableConfig.logLevel)
  `DEBUG` is none of the words that are known here
  = write one of `INFO`, `ERROR`, `NONE`",
    );
    check(
        &container("  logExporters: {eventTableConfig: {logLevel: info}}\n"),
        "warning[FLOE-SPEC-0039] at line 5, column 47
    (spec.logExporters.eventTableConfig.logLevel)
  `info` is understood, but other systems may not read it
  = write `INFO`",
    );
    check(
        &container("  platformMonitor: {metricConfig: {}}\n"),
        "error[FLOE-SPEC-0009] at line 5, column 35 (spec.platformMonitor.metricConfig)
  the field `groups` is missing",
    );
    check(
        &container("  platformMonitor: {metricConfig: {groups: system}}\n"),
        "error[FLOE-SPEC-0008] at line 5, column 44
    (spec.platformMonitor.metricConfig.groups)
  a list is expected here, not a text
  = begin each item on its own line with `- `",
    );
    check(
        &container("  platformMonitor: {metricConfig: {groups: [system, systems, gpu, system]}}\n"),
        "error[FLOE-SPEC-0018] at line 5, column 53
    (spec.platformMonitor.metricConfig.groups[1])
  `systems` is none of the words that are known here
  = did you mean `system`?
error[FLOE-SPEC-0018] at line 5, column 62
    (spec.platformMonitor.metricConfig.groups[2])
  `gpu` is none of the words that are known here
  = write one of `system`, `system_limits`, `status`, `network`, `storage`
warning[FLOE-SPEC-0038] at line 5, column 67
    (spec.platformMonitor.metricConfig.groups[3])
  the group stands in the list already",
    );
}

#[test]
fn the_leftover_of_the_preview_does_nothing() {
    check(
        &container("  networkPolicyConfig: {allowInternetEgress: true}\n"),
        "warning[FLOE-SPEC-0030] at line 5, column 3 (spec.networkPolicyConfig)
  `networkPolicyConfig` is a leftover of the preview and does nothing
  = use an external access integration instead",
    );
    check(
        &container("  networkPolicyConfig: {allowInternetEgress: 1}\n"),
        "warning[FLOE-SPEC-0030] at line 5, column 3 (spec.networkPolicyConfig)
  `networkPolicyConfig` is a leftover of the preview and does nothing
  = use an external access integration instead
error[FLOE-SPEC-0008] at line 5, column 46
    (spec.networkPolicyConfig.allowInternetEgress)
  `true` or `false` is expected here, not a number",
    );
}

#[test]
fn capabilities_are_switches_beside_the_service() {
    check(
        &container(
            "capabilities: {securityContext: {executeAsCaller: \"true\", \
             enableCustomCredentials: 1}}\n",
        ),
        "warning[FLOE-SPEC-0039] at line 5, column 51
    (capabilities.securityContext.executeAsCaller)
  `true` is understood, but other systems may not read it
  = write it without quotes
error[FLOE-SPEC-0008] at line 5, column 84
    (capabilities.securityContext.enableCustomCredentials)
  `true` or `false` is expected here, not a number",
    );
    check(
        &container("capabilities: {executeAsCaller: true}\n"),
        "error[FLOE-SPEC-0010] at line 5, column 16 (capabilities.executeAsCaller)
  the key `executeAsCaller` is not known here
  = `executeAsCaller` belongs under `securityContext`",
    );
}
