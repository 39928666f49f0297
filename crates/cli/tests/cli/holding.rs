//! Who holds a data directory, and what is left when a holder ends.

use crate::support::{Floe, Running, echo_service, eventually};

/// A holder whose two instances run.
fn serving(floe: &Floe) -> Running {
    floe.ok(&echo_service(&[]));
    floe.assert_nothing_left();
    let mut child = floe.start(&["serve"]);
    let mut ready = 0;
    for line in child.stderr_lines() {
        ready += usize::from(line.unwrap().contains(": READY"));
        if ready == 2 {
            break;
        }
    }
    assert_eq!(floe.processes().len(), 2);
    child
}

#[test]
fn a_second_process_is_told_who_holds_the_directory() {
    let floe = Floe::new();
    let mut child = serving(&floe);
    let pid = format!("process {}", child.id());
    floe.sql("SHOW SERVICES")
        .fails_with(&["error[FLOE-ENGINE-0001]", &pid, "--data-dir"]);
    child.signal("TERM");
    assert_eq!(child.wait(), Some(0));
    floe.assert_nothing_left();
}

#[test]
fn nothing_is_left_behind_whatever_ends_the_holder() {
    let floe = Floe::new();
    let mut child = serving(&floe);
    for name in ["INT", "TERM", "KILL"] {
        child.signal(name);
        child.wait();
        floe.assert_nothing_left();
        child = floe.start(&["serve"]);
        eventually("services are brought back", || floe.processes().len() == 2);
    }
    child.signal("TERM");
    child.wait();
    floe.assert_nothing_left();
}

#[test]
fn a_run_that_only_reads_the_catalog_starts_no_instance() {
    let floe = Floe::new();
    floe.ok(&echo_service(&[]));
    let ran = floe.ok(
        "SHOW SERVICES; SHOW COMPUTE POOLS; DESCRIBE SERVICE echo; SHOW ENDPOINTS IN SERVICE echo; \
         SHOW SERVICE INSTANCES IN SERVICE echo; SHOW SERVICE CONTAINERS IN SERVICE echo; \
         SELECT SYSTEM$GET_SERVICE_DNS_DOMAIN('public'); SELECT 1 AS one;",
    );
    assert!(
        ran.stdout.contains("ECHO,PENDING,FLOE,PUBLIC,"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stderr.contains("ECHO/"), "{}", ran.stderr);
}

#[test]
fn a_suspended_service_is_resumed_by_a_call_unless_it_must_not_be() {
    let floe = Floe::new();
    floe.ok(&format!(
        "{} ALTER SERVICE echo SUSPEND;",
        echo_service(&[])
    ));
    let ran = floe.ok("SELECT say('x') AS answer; SHOW SERVICES;");
    assert!(ran.stdout.contains("Bob said x"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ECHO,RUNNING"), "{}", ran.stdout);
    floe.ok("ALTER SERVICE echo SUSPEND; ALTER SERVICE echo SET AUTO_RESUME=FALSE;");
    floe.sql("SELECT say('x')")
        .fails_with(&["AUTO_RESUME is FALSE", "RESUME"]);
}

#[test]
fn images_are_listed_and_imported_under_their_path() {
    let floe = Floe::new();
    floe.ok("SHOW SERVICES");
    let listed = floe.args(&["image", "list", "--format", "csv"]);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    assert!(
        listed
            .stdout
            .contains("/floe/samples/images/echo:v1,sha256:"),
        "{}",
        listed.stdout
    );
    assert!(
        listed
            .stdout
            .contains("/floe/samples/images/echo:v2,sha256:"),
        "{}",
        listed.stdout
    );
    let ran = floe.args(&["image", "import", "/nosuch", "/db/schema/repo/app:v1"]);
    ran.fails_with(&["error[FLOE-IMAGE-"]);
}
