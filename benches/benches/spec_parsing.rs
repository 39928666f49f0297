//! Specifications: parsed, validated and with positions, beside reading the same text into
//! untyped values.
//!
//! `cargo bench -p floe-benches --bench spec_parsing` prints the table; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt::Write as _;

use floe_benches::machine;
use floe_benches::turns::{Contender, Turns, thread_time};
use floe_spec::{ParseOptions, ServiceSpec, parse, spec_digest};

type Failed = Box<dyn Error>;

/// Lengths of the texts in bytes: up to the longest specification that is read.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Most containers of a specification.
const CONTAINERS: usize = 20;

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    let Turns { rounds, turn } = turns;
    println!("spec_parsing: {rounds} rounds, turns of {turn:?} or more, thread CPU time, medians");
    println!(
        "floe-spec {} (serde-saphyr {}), yaml_serde {}; {}",
        machine::version("floe-spec"),
        machine::version("serde-saphyr"),
        machine::version("yaml_serde"),
        machine::compiler(),
    );
    println!("{}\n", machine::processor());
    println!(
        "{:>9}  {:<34} {:>12} {:>10} {:>10} {:>7}",
        "bytes", "", "µs a text", "texts/s", "MB/s", "time"
    );
    for size in SIZES {
        one_size(&specification(size), turns)?;
    }
    println!("hostile texts: time of one eight times as long, where 8 is linear and 64 the square");
    for (what, begin, part, end) in HOSTILE {
        let text = |bytes| format!("{begin}{}{end}", repeated(part, bytes));
        let (little, much) = (text(30_000), text(240_000));
        let options = ParseOptions::default();
        let mut contenders = [
            Contender::new("short", || parse(&little, &options).findings.len()),
            Contender::new("long", || parse(&much, &options).findings.len()),
        ];
        let outcomes = turns.run(&mut contenders, &thread_time);
        let ratio = outcomes.last().map_or(0.0, |outcome| outcome.ratio);
        println!("{what:>34} {ratio:>6.1}");
    }
    Ok(())
}

fn one_size(text: &str, turns: Turns) -> Result<(), Failed> {
    let options = ParseOptions::default();
    let parsed = parse(text, &options);
    if parsed.spec.is_none() {
        return Err(format!("the text is not valid: {:?}", parsed.findings.first()).into());
    }
    let mut contenders = [
        Contender::new("serde_yaml to untyped values", || {
            serde_yaml::from_str::<serde_yaml::Value>(text)
                .map_or(0, |value| usize::from(value.is_mapping()))
        }),
        Contender::new("floe: parse, validate, positions", || {
            usize::from(parse(text, &options).spec.is_some())
        }),
        Contender::new("floe: values with positions only", || {
            usize::from(ServiceSpec::read(text).is_ok())
        }),
        Contender::new("floe: the same, then canonical, digest", || {
            parse(text, &options).spec.map_or(0, |spec| {
                spec_digest(&spec.canonical_text(&|_| None)).as_str().len()
            })
        }),
    ];
    for outcome in turns.run(&mut contenders, &thread_time) {
        let seconds = outcome.run.as_secs_f64();
        println!(
            "{:>9}  {:<38} {:>8.1} {:>10.0} {:>10.1} {:>6.2}x",
            text.len(),
            outcome.name,
            seconds * 1e6,
            1.0 / seconds,
            text.len() as f64 / seconds / 1e6,
            outcome.ratio,
        );
    }
    println!();
    Ok(())
}

/// A specification of about so many bytes: the containers of a real one, with as many variables
/// as it takes.
fn specification(bytes: usize) -> String {
    let mut text = String::from("spec:\n  containers:\n");
    let containers = (bytes / 1_000).clamp(1, CONTAINERS);
    for container in 0..containers {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "  - name: main-{container}
    image: /tutorial_db/data_schema/tutorial_repository/my_echo_service:v{container}
    command: [\"python3\", \"-m\", \"server\"]
    args:
    - --port
    - 8000
    readinessProbe:
      port: 8000
      path: /healthcheck
    resources:
      requests:
        memory: 0.5Gi
        cpu: 500m
      limits:
        memory: 6Gi
        cpu: 1
    volumeMounts:
    - name: data
      mountPath: /opt/data
    env:
"
        );
        let until = (container + 1) * bytes / containers;
        let mut variable = 0;
        while text.len() + 200 < until || variable == 0 {
            let _ = writeln!(
                text,
                "      SERVER_VARIABLE_{variable}: value number {variable}"
            );
            variable += 1;
        }
    }
    text.push_str(
        "  endpoints:
  - name: echoendpoint
    port: 8000
    public: true
  volumes:
  - name: data
    source: local
serviceRoles:
- name: echo_user
  endpoints: [echoendpoint]
",
    );
    text
}

/// What each text is of: its name, beginning, repeated part and end. The texts of one line are
/// JSON as clients send it, where all columns are far from the beginning.
const HOSTILE: [(&str, &str, &str, &str); 9] = [
    (
        "one line",
        "spec: {containers: [{name: a, image: i, env: {",
        "v#: 1, ",
        "}}]}",
    ),
    (
        "wrong values",
        "spec: {containers: [{name: a, image: i, env: {",
        "v#: [], ",
        "}}]}",
    ),
    ("unknown keys", "spec: {", "contaners#: 1, ", "}"),
    (
        "same keys",
        "spec: {containers: [{name: a, image: i, env: {",
        "v: 1, ",
        "}}]}",
    ),
    (
        "containers",
        "spec: {containers: [",
        "{name: a#, image: i}, ",
        "]}",
    ),
    (
        "mounts",
        "spec: {containers: [{name: a, image: i, volumeMounts: [",
        "{name: v, mountPath: /a#}, ",
        "]}], volumes: [{name: v, source: local}]}",
    ),
    (
        "volumes that mounts do not find",
        "spec: {containers: [{name: a, image: i, volumeMounts: [",
        "{name: w#, mountPath: /a}, ",
        "]}], volumes: [{name: v, source: local}]}",
    ),
    (
        "conditions",
        "spec: {containers: [{name: a, image: i}], resourceManagement: {autoScalingPolicies: \
             {scaleUp: {anyConditions: [",
        "{metricCondition: {containerName: b#}}, ",
        "]}}}}",
    ),
    (
        "roles",
        "serviceRoles: [",
        "{name: r#, endpoints: [e#]}, ",
        "]",
    ),
];

/// So many bytes, or a few more, of a part in which `#` is a number.
fn repeated(part: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    let mut at = 0;
    while text.len() < bytes {
        text.push_str(&part.replace('#', &at.to_string()));
        at += 1;
    }
    text
}
