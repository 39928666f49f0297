//! Rolling upgrades under load, and upgrades cut short.

use std::collections::BTreeSet;

use crate::support::{Floe, Ran, echo_service, eventually, spec};

const ALL_ROWS: &str = "SELECT book, chapter, verse, say(message) AS answer \
                        FROM read_files('examples/data/gospels.csv');";

#[test]
fn a_query_beside_an_upgrade_answers_row_by_row_what_it_answers_without_one() {
    // Each batch takes a while, so that SIGTERM meets batches in flight.
    let slow = [("ECHO_DELAY_MS", "200")];
    let calm = Floe::new();
    let expected = calm.ok(&format!(
        "{} {ALL_ROWS}",
        echo_service(&[("ECHO_DELAY_MS", "1")])
    ));

    let floe = Floe::new();
    let upgrade = format!(
        "ALTER SERVICE echo FROM SPECIFICATION $${}$$;",
        spec("v2", &slow)
    );
    let wait = "CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo');";
    let ran = floe.ok(&format!(
        "{} {upgrade} {ALL_ROWS} {wait}",
        echo_service(&slow)
    ));

    let rows = |ran: &Ran| -> Vec<String> {
        let lines = ran
            .stdout
            .lines()
            .skip_while(|line| !line.starts_with("book,"));
        lines.take(3780).map(str::to_owned).collect()
    };
    assert_eq!(rows(&expected).len(), 3780);
    assert_eq!(rows(&ran), rows(&expected));
    assert_order_of_the_upgrade(&ran);
    assert_overlap(&floe);
    floe.assert_nothing_left();
}

#[test]
fn a_query_beside_an_upgrade_that_moves_the_port_finds_each_instance_at_its_own() {
    let slow = ("ECHO_DELAY_MS", "100");
    let moved = spec("v2", &[slow, ("SERVER_PORT", "8001")]).replace("port: 8000", "port: 8001");
    let floe = Floe::new();
    let ran = floe.ok(&format!(
        "{} ALTER SERVICE echo FROM SPECIFICATION $${moved}$$; \
         SELECT count(*) AS rows_in, count(answer) AS answered FROM ({}); \
         CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo');",
        echo_service(&[slow]),
        ALL_ROWS.trim_end_matches(';'),
    ));
    assert!(ran.stdout.contains("3779,3779"), "{}", ran.stdout);
    let told = "endpoint echoendpoint moves from port 8000 to 8001";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert_order_of_the_upgrade(&ran);
    floe.assert_nothing_left();
}

/// Instance 1 is stopped before instance 0, which waits until 1 is ready again.
fn assert_order_of_the_upgrade(ran: &Ran) {
    let events: Vec<&str> = ran
        .stderr
        .lines()
        .skip_while(|line| !line.contains("Service is upgrading"))
        .filter_map(|line| line.trim().strip_prefix("· ECHO/"))
        .map(|line| line.split(" (").next().unwrap())
        .take_while(|line| !line.is_empty())
        .collect();
    let expected = [
        "1: TERMINATING",
        "1: PENDING",
        "1: READY",
        "0: TERMINATING",
        "0: PENDING",
        "0: READY",
    ];
    assert_eq!(events.get(..6), Some(&expected[..]), "{}", ran.stderr);
}

/// A batch was in flight on an instance when it got SIGTERM, it was finished,
/// and both revisions answered batches of one query.
fn assert_overlap(floe: &Floe) {
    let logs = [floe.log("ECHO", 0), floe.log("ECHO", 1)];
    let in_flight = logs.iter().any(|log| {
        let (mut started, mut at_term) = (BTreeSet::new(), BTreeSet::new());
        let mut finished_later = false;
        for line in log.lines() {
            if let Some(id) = id_of(line, "batch start id=") {
                started.insert(id);
            } else if let Some(id) = id_of(line, "batch done id=") {
                finished_later |= at_term.contains(id);
                started.remove(id);
            } else if line.contains("SIGTERM received") && at_term.is_empty() {
                at_term = std::mem::take(&mut started);
            }
        }
        finished_later
    });
    assert!(
        in_flight,
        "no batch was in flight at a SIGTERM:\n{}\n{}",
        logs[0], logs[1]
    );
    let queries_of = |version: &str| -> BTreeSet<String> {
        let mut current = "";
        let mut queries = BTreeSet::new();
        for line in logs.iter().flat_map(|log| log.lines()) {
            if line.contains("listening on") {
                current = if line.contains("echo v2") { "v2" } else { "v1" };
            } else if let Some(id) = id_of(line, "batch done id=")
                && current == version
            {
                queries.insert(id.split(':').next().unwrap().to_owned());
            }
        }
        queries
    };
    let both: Vec<_> = queries_of("v1")
        .intersection(&queries_of("v2"))
        .cloned()
        .collect();
    assert_eq!(both.len(), 1, "{}\n{}", logs[0], logs[1]);
}

fn id_of<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(marker)?;
    rest.split_whitespace().next()
}

#[test]
fn an_upgrade_cut_short_by_sigkill_is_finished_by_the_next_holder() {
    let floe = Floe::new();
    floe.ok(&echo_service(&[]));
    let upgrade = format!(
        "ALTER SERVICE echo SET MIN_READY_INSTANCES=2; CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo'); \
         ALTER SERVICE echo FROM SPECIFICATION $${}$$; CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo');",
        spec("v2", &[])
    );
    let mut child = floe.start(&["run", "-e", &upgrade]);
    for line in child.stderr_lines() {
        if line.unwrap().contains("ECHO/1: TERMINATING") {
            break;
        }
    }
    assert!(!floe.processes().is_empty());
    child.signal("KILL");
    child.wait();
    floe.assert_nothing_left();

    let upgrading = floe.ok("SHOW SERVICES");
    assert!(
        upgrading.stdout.contains(",true,,"),
        "is_upgrading: {}",
        upgrading.stdout
    );
    let ran = floe.ok("CALL SYSTEM$WAIT_FOR_SERVICES(60, 'echo'); SHOW SERVICES; \
         SELECT say('hello') AS answer; CALL SYSTEM$GET_SERVICE_LOGS('echo', 0, 'echo', 50);");
    assert!(ran.stdout.contains("Bob said hello"), "{}", ran.stdout);
    assert!(ran.stdout.contains("echo v2 listening"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains(",false,,"),
        "is_upgrading: {}",
        ran.stdout
    );
    floe.assert_nothing_left();
}

#[test]
fn a_specification_that_changes_nothing_restarts_nothing() {
    let floe = Floe::new();
    let same = format!(
        "ALTER SERVICE echo FROM SPECIFICATION $${}$$;",
        spec("v1", &[])
    );
    let ran = floe.ok(&format!("{} {same} SHOW SERVICES;", echo_service(&[])));
    assert!(!ran.stderr.contains("upgrading"), "{}", ran.stderr);
    eventually("both stopped", || floe.processes().is_empty());
}
