//! Services that do not do what they should.

use std::net::TcpListener;
use std::process::Command;

use crate::support::{FUNCTION, Floe, POOL, echo_service, eventually, spec};

#[test]
fn answers_that_are_no_valid_batch_fail_the_query_with_what_is_wrong() {
    for (fault, texts) in [
        ("rubbish", &["FLOE-FUNCTION-", "not a valid batch"][..]),
        ("short", &["FLOE-FUNCTION-", "row"]),
        ("duplicate", &["FLOE-FUNCTION-", "row"]),
        ("reorder", &["FLOE-FUNCTION-", "row"]),
    ] {
        let floe = Floe::new();
        let script = format!(
            "{} SELECT count(a) FROM (SELECT say(message) AS a \
             FROM read_files('examples/data/gospels.csv'));",
            echo_service(&[("ECHO_FAULT", fault)])
        );
        let ran = floe.sql(&script);
        ran.fails_with(texts);
        assert!(ran.stderr.contains("SAY"), "{fault}: {}", ran.stderr);
    }
}

#[test]
fn a_probe_that_never_answers_keeps_the_service_pending_with_the_reason() {
    let floe = Floe::new();
    let script = format!(
        "{POOL} CREATE SERVICE echo IN COMPUTE POOL p FROM SPECIFICATION $${}$$; \
         CALL SYSTEM$WAIT_FOR_SERVICES(10, 'echo');",
        spec("v1", &[("ECHO_FAULT", "unhealthy")])
    );
    let reason = "Readiness probe is failing at path: /healthcheck, port: 8000";
    floe.sql(&script)
        .fails_with(&["error[FLOE-ENGINE-0015]", reason]);

    // The same from SHOW SERVICE CONTAINERS, while the service runs.
    let shown = floe.sql(
        "SELECT SYSTEM$GET_SERVICE_STATUS('echo', 10); SHOW SERVICE CONTAINERS IN SERVICE echo;",
    );
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(
        shown.stdout.contains("PENDING,0,PENDING,echo,PENDING,"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains(reason), "{}", shown.stdout);
}

#[test]
fn a_port_that_is_taken_is_a_coded_error_that_explains_it() {
    let floe = Floe::loopback();
    // A server on every address takes the port on every loopback address, too.
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text =
        spec("v1", &[("SERVER_PORT", &port)]).replace("port: 8000", &format!("port: {port}"));
    let script = format!(
        "{POOL} CREATE SERVICE echo IN COMPUTE POOL p FROM SPECIFICATION $${text}$$; \
         CALL SYSTEM$WAIT_FOR_SERVICES(8, 'echo');"
    );
    floe.sql(&script)
        .fails_with(&["FLOE-PROCESS-", &port, "FLOE_INSTANCE_IP"]);
    drop(taken);
    let ran = floe.ok("CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo'); SHOW SERVICES;");
    assert!(ran.stdout.contains("RUNNING"), "{}", ran.stdout);
}

#[test]
fn without_namespaces_two_instances_run_on_addresses_of_their_own() {
    let floe = Floe::loopback();
    let script = format!(
        "{} SHOW SERVICE INSTANCES IN SERVICE echo; SELECT say('x') AS answer;",
        echo_service(&[])
    );
    let ran = floe.ok(&script);
    assert!(ran.stdout.contains("Bob said x"), "{}", ran.stdout);
    let mut addresses: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.rsplit(',').next())
        .filter(|cell| cell.starts_with("127."))
        .collect();
    addresses.dedup();
    assert_eq!(addresses.len(), 2, "{}", ran.stdout);
    floe.assert_nothing_left();
}

#[test]
fn killing_a_container_raises_its_restart_count() {
    let floe = Floe::new();
    floe.ok(&echo_service(&[]));
    let mut child = floe.start(&["serve"]);
    eventually("both instances are back", || floe.processes().len() == 2);
    let victim = *floe.processes().keys().next().unwrap();
    eventually("the victim serves", || {
        (0..2).any(|id| floe.log("ECHO", id).matches("listening on").count() >= 2)
    });
    let killed = Command::new("kill")
        .args(["-KILL", &victim.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    eventually("another process has taken its place", || {
        let now = floe.processes();
        now.len() == 2 && !now.contains_key(&victim)
    });
    child.signal("TERM");
    assert_eq!(child.wait(), Some(0));
    floe.assert_nothing_left();
}

#[test]
fn a_crash_shows_in_restart_count_exit_code_and_restart_time() {
    let floe = Floe::new();
    let script = format!(
        "{POOL} CREATE SERVICE echo IN COMPUTE POOL p FROM SPECIFICATION $${}$$; {FUNCTION} \
         CALL SYSTEM$WAIT_FOR_SERVICES(2, 'echo');",
        spec("v1", &[("SERVER_PORT", "no number")])
    );
    floe.sql(&script).fails_with(&["error[FLOE-ENGINE-0015]"]);
    let shown = floe.ok(
        "SELECT SYSTEM$GET_SERVICE_STATUS('echo', 10); SHOW SERVICE CONTAINERS IN SERVICE echo; \
         CALL SYSTEM$GET_SERVICE_LOGS('echo', '0', 'echo', 10);",
    );
    assert!(
        shown
            .stdout
            .contains("User application error, check container logs"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("FLOE-ECHO-"), "{}", shown.stdout);
    let container = shown
        .stdout
        .lines()
        .find(|line| line.contains(",echo,FAILED,"))
        .unwrap();
    let cells: Vec<&str> = container.split(',').collect();
    let restarts: u32 = cells[cells.len() - 4].parse().unwrap();
    assert!(restarts >= 1, "{container}");
    assert_eq!(cells[cells.len() - 2], "1", "{container}");
}
