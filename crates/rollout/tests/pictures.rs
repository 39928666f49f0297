//! Plans as people and programs get them: tables, JSON and pictures, kept as they are.
//! `UPDATE_EXPECT=1` writes them anew; look at the pictures then.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::num::NonZeroU32;

use expect_test::{expect, expect_file};
use floe_rollout::{
    Event, InstanceCount, InstanceId, Millis, Notice, Phase, Plan, Policy, Revision, Service, plan,
};

/// A service of revision 1 whose instances are READY.
fn running(policy: Policy, instances: u32) -> Service {
    let mut service = Service::new(policy);
    let commands = service.decide(Event::target(Revision(1), count(instances)), Millis(0));
    for (id, attempt) in (0..instances).map(InstanceId).zip(1..) {
        let phase = Phase::Ready;
        let event = Event::Observed { id, attempt, phase };
        assert!(service.decide(event, Millis(0)).is_empty());
    }
    assert_eq!(commands.len(), instances as usize);
    service
}

fn count(count: u32) -> InstanceCount {
    InstanceCount::try_from(count).expect("a small number")
}

fn at_most(max_unavailable: u32, min_ready_instances: u32) -> Policy {
    Policy {
        max_unavailable: NonZeroU32::new(max_unavailable).expect("not zero"),
        min_ready_instances,
        ..Policy::default()
    }
}

fn named(revision: Revision) -> String {
    format!("v{}", revision.0)
}

fn usual() -> Plan {
    plan(&running(at_most(1, 2), 3), Revision(2), count(3))
}

/// Two of four at a time, on the way to five, with what the caller adds.
fn denied() -> Plan {
    let mut plan = plan(&running(at_most(2, 3), 4), Revision(2), count(5));
    plan.notices.push(Notice::Other {
        code: "endpoint-removed".to_owned(),
        text: "endpoint `metrics` goes away: SERVICE_METRICS() calls it and will fail".to_owned(),
    });
    plan
}

/// Instance 3 failed under version 2; back to version 1.
fn rollback() -> Plan {
    let mut service = running(at_most(1, 3), 4);
    let stops = service.decide(Event::target(Revision(2), count(4)), Millis(1));
    assert_eq!(stops.len(), 1);
    let (id, attempt) = (InstanceId(3), 4);
    let starts = service.decide(Event::Gone { id, attempt }, Millis(2));
    assert_eq!(starts.len(), 1);
    let (attempt, phase) = (5, Phase::Failed);
    let event = Event::Observed { id, attempt, phase };
    assert!(service.decide(event, Millis(3)).is_empty());
    plan(&service, Revision(1), count(4))
}

fn many() -> Plan {
    plan(&running(at_most(8, 190), 200), Revision(2), count(200))
}

#[test]
fn the_picture_of_the_usual_upgrade_is_what_the_code_draws() {
    let picture = usual().svg("Three instances, one at a time", &named);
    expect_file!["../../../docs/images/upgrade-usual.svg"].assert_eq(&picture);
}

#[test]
fn the_picture_of_an_upgrade_that_denies_requests_is_what_the_code_draws() {
    let picture = denied().svg("Two at a time, and one instance more", &named);
    expect_file!["../../../docs/images/upgrade-denied.svg"].assert_eq(&picture);
}

#[test]
fn the_picture_of_a_rollback_is_what_the_code_draws() {
    let picture = rollback().svg("Back past an instance that never became READY", &named);
    expect_file!["../../../docs/images/upgrade-rollback.svg"].assert_eq(&picture);
}

#[test]
fn the_picture_of_many_instances_is_what_the_code_draws() {
    let picture = many().svg("Two hundred instances, eight at a time", &named);
    expect_file!["../../../docs/images/upgrade-many.svg"].assert_eq(&picture);
}

#[test]
fn pictures_do_not_grow_without_end() {
    let plan = plan(&running(at_most(1, 1), 20_000), Revision(2), count(20_000));
    let picture = plan.svg("<many> & \"more\"", &named);
    assert!(picture.len() < 100_000, "{} bytes", picture.len());
    assert!(picture.contains("&lt;many&gt; &amp; &quot;more&quot;"));
}

#[test]
fn a_plan_as_json_stays_as_it_is() {
    expect![[r#"
        {"revision":1,"count":4,"available_now":3,"lowest_available":3,"min_ready_instances":3,"below_min_ready":false,"floor":3,"steps":[
        {"action":"terminate","instance":3,"revision":2,"available_after":3},
        {"action":"redeploy","instance":3,"revision":1,"available_after":4}],"notices":[
        {"code":"replaces-upgrade","text":"an upgrade is under way; this target takes its place"},
        {"code":"broken-first","text":"replaced at once, because not READY: 3"}]}"#]].assert_eq(&rollback().json());
}
