//! The first command of the README.

use crate::support::Floe;

#[test]
fn the_quickstart_does_all_it_says_and_leaves_nothing_behind() {
    let floe = Floe::new();
    let ran = floe.args(&["run", "examples/quickstart.sql"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    for text in [
        "Compute pool TUTORIAL_COMPUTE_POOL successfully created.",
        "Service ECHO_SERVICE successfully created.",
        "Bob said Hello!",
        "MY_ECHO_UDF('HELLO!')",
        ".svc.spcs.internal",
        "echoendpoint",
        "Matthew | 1071",
        "ECHO_SERVICE successfully dropped.",
        "TUTORIAL_COMPUTE_POOL successfully dropped.",
    ] {
        assert!(ran.stdout.contains(text), "no '{text}' in:\n{}", ran.stdout);
    }
    let counted = ran
        .stdout
        .lines()
        .any(|line| line.split('|').map(str::trim).collect::<Vec<_>>() == ["3779", "3779"]);
    assert!(
        counted,
        "the query beside the upgrade lost a row:\n{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains('\u{1b}'), "colours in piped output");
    floe.assert_nothing_left();
}

#[test]
fn batches_are_spread_over_both_instances() {
    let floe = Floe::new();
    floe.ok(concat!(
        "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_S;",
        "CREATE SERVICE echo IN COMPUTE POOL p MIN_INSTANCES=2 FROM SPECIFICATION $$
spec:
  containers:
  - name: echo
    image: /floe/samples/images/echo:v1
    readinessProbe: {port: 8000, path: /healthcheck}
  endpoints:
  - {name: echoendpoint, port: 8000}
$$; CREATE FUNCTION say(text VARCHAR) RETURNS VARCHAR SERVICE=echo ENDPOINT=echoendpoint
    MAX_BATCH_ROWS=40 AS '/echo';
SELECT count(a) FROM (SELECT say(message) AS a FROM read_files('examples/data/gospels.csv'));"
    ));
    let answered: Vec<usize> = [0, 1]
        .map(|id| floe.log("ECHO", id).matches("batch done").count())
        .to_vec();
    let all: usize = answered.iter().sum();
    assert_eq!(all, 3779_usize.div_ceil(40), "{answered:?}");
    assert!(
        answered.iter().all(|count| count * 4 >= all),
        "{answered:?}"
    );
}
