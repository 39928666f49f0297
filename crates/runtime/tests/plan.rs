//! Plans that are not whole are refused with the field that is wrong.

use floe_runtime::sim::sample_plan;
use floe_runtime::{ContainerPlan, InstanceKey, InstancePlan, PortPlan, Probe};
use std::time::Duration;

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn fault(edit: impl FnOnce(&mut InstancePlan)) -> String {
    let mut plan = sample_plan(InstanceKey::new("S", 0, 1));
    edit(&mut plan);
    let error = plan.validate().unwrap_err();
    assert_eq!(error.code(), "FLOE-RUNTIME-0002");
    error.to_string()
}

fn container_fault(edit: impl FnOnce(&mut ContainerPlan)) -> String {
    fault(|plan| edit(&mut plan.containers[0]))
}

#[test]
fn a_plan_needs_a_container() {
    assert!(fault(|plan| plan.containers.clear()).contains("`containers`"));
}

#[test]
fn container_names_are_unique_and_usable_as_file_names() {
    let twice = fault(|plan| plan.containers.push(plan.containers[0].clone()));
    assert!(twice.contains("`containers[1].name`"), "{twice}");
    for name in ["", "../../etc", "A", "1a", "a-", "a b", &"a".repeat(64)] {
        let words = container_fault(|container| container.name = name.to_owned());
        assert!(words.contains("`containers[0].name`"), "{words}");
    }
}

#[test]
fn a_program_is_needed_and_nothing_holds_a_nul_character() {
    let words = [
        container_fault(|container| container.argv = vec![String::new()]),
        container_fault(|container| container.argv.push("a\0b".to_owned())),
    ];
    assert!(
        words
            .iter()
            .all(|words| words.contains("`containers[0].argv`")),
        "{words:?}"
    );
    for (name, value) in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "\0")] {
        let pair = (name.to_owned(), value.to_owned());
        let words = container_fault(|container| container.env.push(pair));
        assert!(words.contains("`containers[0].env`"), "{words}");
    }
}

#[test]
fn probes_and_ports_have_limits() {
    let probe = || Probe::new(80, "/");
    let faults = [
        (Probe { port: 0, ..probe() }, "readiness.port"),
        (
            Probe {
                path: "healthcheck".into(),
                ..probe()
            },
            "readiness.path",
        ),
        (
            Probe {
                path: "/a\r\nHost: b".into(),
                ..probe()
            },
            "readiness.path",
        ),
        (
            Probe {
                period: Duration::ZERO,
                ..probe()
            },
            "readiness.period",
        ),
        (
            Probe {
                failure_threshold: 0,
                ..probe()
            },
            "readiness.failure_threshold",
        ),
    ];
    for (probe, field) in faults {
        let words = container_fault(|container| container.readiness = Some(probe));
        assert!(words.contains(field), "{words}");
    }
    let words = fault(|plan| {
        plan.ports.push(PortPlan {
            name: "p".into(),
            port: 0,
        })
    });
    assert!(words.contains("`ports[1].port`"), "{words}");
}
