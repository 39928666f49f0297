//! The pictures of the documentation are what the code draws from the traces beside this file,
//! and so are the logs that go with them.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use expect_test::expect_file;
use floe_scale::{
    Aggregation, Bounds, Metric, MetricCondition, Policies, Replay, ReplayOptions, Rules, Scaling,
    Settings, Trace, replay,
};

fn play(trace: &str, settings: &Settings, max: u32) -> Replay {
    let trace = Trace::parse(trace).unwrap();
    let rules = Rules::new(settings).unwrap();
    let bounds = Bounds::new(1, max).unwrap();
    replay(&trace, &rules, bounds, &ReplayOptions::default()).unwrap()
}

fn cpu() -> Replay {
    let settings = Settings {
        cpu_request: Some(1.0),
        ..Settings::default()
    };
    play(include_str!("traces/cpu.csv"), &settings, 5)
}

fn policies() -> Replay {
    let condition = |name: &str, aggregation, secs, target| MetricCondition {
        metric: Metric::new(name),
        aggregation,
        stabilization_period_secs: secs,
        scaling: Scaling::Target(target),
    };
    let (avg, max) = (Aggregation::Avg, Aggregation::Max);
    let policies = Policies {
        scale_up: Some(vec![condition("network.ingress.cps", avg, 60, 20.0)]),
        scale_down: Some(vec![
            condition("network.ingress.cps", avg, 300, 10.0),
            condition("container.cpu.usage", avg, 300, 0.3),
        ]),
        suspend: Some(vec![condition("network.ingress.cps", max, 600, 0.0)]),
    };
    let settings = Settings {
        policies,
        ..Settings::default()
    };
    play(include_str!("traces/policies.csv"), &settings, 8)
}

#[test]
fn the_picture_of_the_cpu_rule_is_what_the_code_draws() {
    let picture = cpu().svg("The CPU rule over six hours");
    expect_file!["../../../docs/images/autoscaling-cpu.svg"].assert_eq(&picture);
}

#[test]
fn the_picture_of_the_policies_is_what_the_code_draws() {
    let picture = policies().svg("Policies over two hours");
    expect_file!["../../../docs/images/autoscaling-policies.svg"].assert_eq(&picture);
}

#[test]
fn the_logs_of_both_traces_stay_as_they_are() {
    expect_file!["traces/cpu.log"].assert_eq(&cpu().table());
    expect_file!["traces/policies.log"].assert_eq(&policies().table());
}
