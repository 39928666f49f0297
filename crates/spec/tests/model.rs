//! What a valid text becomes.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{
    Container, Finding, ParseOptions, Port, Protocol, ValidSpec, VolumeSource, codes, parse,
};

fn valid(text: &str) -> ValidSpec {
    let parsed = parse(text, &ParseOptions::default());
    assert!(parsed.spec.is_some(), "{text}\n{:#?}", parsed.findings);
    parsed.spec.expect("just asserted")
}

fn container(fields: &str) -> Container {
    valid(&format!(
        "spec:\n  containers:\n  - name: main\n    image: /d/s/r/i\n{fields}"
    ))
    .containers()[0]
        .clone()
}

/// A specification with every field that has a typed form.
const FULL: &str = "
spec:
  containers:
  - name: echo
    image: /tutorial_db/data_schema/tutorial_repository/my_echo_service_image:latest
    command: [python3, echo.py]
    args: []
    env: {SERVER_PORT: 8000}
    readinessProbe: {port: 8000, path: /healthcheck, periodSeconds: 7, failureThreshold: 9}
    resources:
      requests: {memory: 0.5Gi, cpu: 500m, nvidia.com/gpu: 1}
      limits: {memory: \"6Gi\", cpu: 1, nvidia.com/gpu: \"1\"}
    volumeMounts:
    - {name: data, mountPath: /opt/data}
  endpoints:
  - {name: echoendpoint, port: 8000, public: true}
  - {name: workers, portRange: 29501-65000, protocol: TCP}
  volumes:
  - {name: data, source: block, size: 10Gi}
  - {name: shm, source: memory, size: 2G}
  - {name: old, source: \"@db.s.stage/a\"}
capabilities:
  securityContext: {executeAsCaller: true}
serviceRoles:
- {name: echo_role, endpoints: [echoendpoint]}
";

#[test]
fn every_typed_field_reaches_the_model() {
    let spec = valid(FULL);
    let container = &spec.containers()[0];
    assert_eq!(
        container.command.as_deref(),
        Some(&["python3".to_owned(), "echo.py".to_owned()][..])
    );
    assert_eq!(container.args.as_deref(), Some(&[][..]));
    let probe = container.readiness_probe.as_ref().expect("a probe");
    assert_eq!((probe.port, probe.path.as_str()), (8000, "/healthcheck"));
    assert_eq!((probe.period_seconds, probe.failure_threshold), (7, 9));
    let limits = &container.resources.limits;
    assert_eq!(
        limits.memory.as_ref().map(|memory| memory.bytes()),
        Some(6 << 30)
    );
    assert_eq!(
        container
            .resources
            .requests
            .cpu
            .as_ref()
            .map(|cpu| cpu.millis()),
        Some(500)
    );
    assert_eq!(
        (limits.gpu, container.resources.requests.gpu),
        (Some(1), Some(1))
    );
    assert_eq!(container.volume_mounts[0].mount_path, "/opt/data");
    assert_eq!(spec.endpoints()[0].port, Port::Single(8000));
    assert_eq!(spec.endpoints()[1].port, Port::Range(29501, 65000));
    assert_eq!(spec.endpoints()[1].protocol, Protocol::Tcp);
    let sources: Vec<_> = spec
        .volumes()
        .iter()
        .map(|volume| volume.source.clone())
        .collect();
    let stage = VolumeSource::Stage {
        path: Some("@db.s.stage/a".to_owned()),
    };
    assert_eq!(sources, [VolumeSource::Block, VolumeSource::Memory, stage]);
    assert!(
        spec.capabilities().execute_as_caller && !spec.capabilities().enable_custom_credentials
    );
    assert_eq!(spec.service_roles()[0].name, "echo_role");
    assert!(spec.unsupported().is_empty());
}

#[test]
fn a_probe_has_the_documented_defaults() {
    let probe = container("    readinessProbe: {port: 1, path: /}\n")
        .readiness_probe
        .expect("it");
    assert_eq!((probe.period_seconds, probe.failure_threshold), (5, 3));
}

#[test]
fn variables_keep_the_text_they_are_written_with() {
    let env = container(
        "    env:
      A: 8000
      B: 1.10
      C: YES
      D: False
      E: 0755
      F: 1_000
      G: \"quoted \\u00e9\"
      H: |
        two
        lines
      I: folded
        plain
      J: 0x1F
      K: 123456789012345678901234567890
      L: .inf
      M: 1e400
      N:
      O: !!str 5
      P: &p 7
      Q: *p
      8080: key
      null: n
      S: -0
      T: 2024-01-01
      U: !!int \"9\"
",
    )
    .env;
    let expected = [
        ("A", "8000"),
        ("B", "1.10"),
        ("C", "YES"),
        ("D", "False"),
        ("E", "0755"),
        ("F", "1_000"),
        ("G", "quoted é"),
        ("H", "two\nlines\n"),
        ("I", "folded plain"),
        ("J", "0x1F"),
        ("K", "123456789012345678901234567890"),
        ("L", ".inf"),
        ("M", "1e400"),
        ("N", ""),
        ("O", "5"),
        ("P", "7"),
        ("Q", "7"),
        ("8080", "key"),
        ("null", "n"),
        ("S", "-0"),
        ("T", "2024-01-01"),
        ("U", "9"),
    ];
    let expected: Vec<_> = expected
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    assert_eq!(env, expected);
}

#[test]
fn a_variable_that_is_written_as_null_is_empty_and_warned_about() {
    let text = "spec: {containers: [{name: a, image: i, env: {A: ~, B: null, C: }}]}";
    let parsed = parse(text, &ParseOptions::default());
    let codes: Vec<_> = parsed.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [codes::NULL_ENV, codes::NULL_ENV]);
    let spec = parsed.spec.expect("warnings only");
    assert!(
        spec.containers()[0]
            .env
            .iter()
            .all(|(_, value)| value.is_empty())
    );
}

#[test]
fn numbers_and_booleans_in_commands_are_texts() {
    let command = container("    command: [run, 9000, 1.50, true, '', \"a b\"]\n").command;
    let expected = ["run", "9000", "1.50", "true", "", "a b"].map(str::to_owned);
    assert_eq!(command.as_deref(), Some(&expected[..]));
}

#[test]
fn optional_fields_that_are_null_count_as_not_written() {
    let container = container(
        "    command:\n    env:\n    resources:\n    readinessProbe:\n    \
         volumeMounts:\n    secrets: []\n  endpoints:\n  volumes: ~\n",
    );
    assert!(container.command.is_none() && container.readiness_probe.is_none());
    assert!(container.resources.requests.is_empty() && container.env.is_empty());
}

#[test]
fn json_is_read_like_yaml_and_escapes_are_decoded() {
    let spec = valid(
        r#"{"spec":{"containers":[{"name":"a","image":"/d/s/r/i",
            "args":["\u0024\u0024","\ud83d\ude00","\/"],"env":{"P":8000}}],
            "endpoints":[{"name":"e","port":8000,"public":true}]}}"#,
    );
    let expected = ["$$", "😀", "/"].map(str::to_owned);
    assert_eq!(spec.containers()[0].args.as_deref(), Some(&expected[..]));
    assert!(spec.endpoints()[0].public);
}

#[test]
fn fields_without_a_typed_form_are_named_and_kept() {
    let text = "spec:
  containers:
  - name: a
    image: i
    livenessProbe: {port: 1, path: /}
    mountSessionToken: false
    secrets:
    - snowflakeSecret: s
      envVarName: A
  endpoints:
  - name: e
    port: 1
    corsSettings: {Access-Control-Allow-Origin: [\"http://x\"]}
  volumes:
  - {name: v, source: stage, uid: 0, stageConfig: {name: \"@s\"}}
  logExporters: {eventTableConfig: {logLevel: INFO}}
  platformMonitor: {}
";
    let spec = valid(text);
    let fields: Vec<_> = spec
        .unsupported()
        .iter()
        .map(|field| {
            (
                field.path.as_str(),
                field.name,
                &text[field.span.start..field.span.end],
            )
        })
        .collect();
    assert_eq!(
        fields,
        [
            (
                "spec.containers[0].livenessProbe",
                "livenessProbe",
                "livenessProbe"
            ),
            (
                "spec.containers[0].mountSessionToken",
                "mountSessionToken",
                "mountSessionToken"
            ),
            ("spec.containers[0].secrets", "secrets", "secrets"),
            (
                "spec.endpoints[0].corsSettings",
                "corsSettings",
                "corsSettings"
            ),
            ("spec.volumes[0].uid", "uid", "uid"),
            ("spec.volumes[0].stageConfig", "stageConfig", "stageConfig"),
            ("spec.logExporters", "logExporters", "logExporters"),
        ]
    );
    let canonical = spec.canonical_text(&|_| None);
    for field in [
        "livenessProbe:",
        "mountSessionToken: false",
        "- snowflakeSecret: \"s\"",
        "uid: 0",
    ] {
        assert!(canonical.contains(field), "{field} in {canonical}");
    }
}

#[test]
fn spans_slice_the_text_also_behind_other_alphabets_and_in_block_scalars() {
    let text = "\u{feff}# Überschrift ☃\r\nspec:\r\n  containers:\r\n  - name: a\r\n    \
        image: 'i'\r\n    env:\r\n      GRÜẞE: \"日本\"\r\n      ZWEI: |\r\n        \
        Zeile ä\r\n        zwei\r\n      DREI: x # é\r\n";
    let spec = valid(text);
    let at = |path: &str| spec.span_of(path).expect("the path was read");
    let slice = |path: &str| &text[at(path).start..at(path).end];
    assert_eq!(slice("spec.containers[0].image"), "'i'");
    assert_eq!(slice("spec.containers[0].env[\"GRÜẞE\"]"), "\"日本\"");
    assert_eq!(
        (
            at("spec.containers[0].env[\"GRÜẞE\"]").line,
            at("spec.containers[0].env[\"GRÜẞE\"]").column
        ),
        (7, 14)
    );
    assert!(slice("spec.containers[0].env.ZWEI").starts_with("Zeile ä\r\n"));
    assert_eq!(
        (
            at("spec.containers[0].env.ZWEI").line,
            at("spec.containers[0].env.ZWEI").column
        ),
        (9, 9)
    );
    assert_eq!(slice("spec.containers[0].env.DREI"), "x");
    assert_eq!(spec.containers()[0].env[1].1, "Zeile ä\nzwei\n");
}

#[test]
fn an_alias_is_reported_where_it_stands() {
    let text = "spec:\n  containers:\n  - {name: &n Bad, image: i}\n  - {name: *n, image: i}\n";
    let findings = parse(text, &ParseOptions::default()).findings;
    let places: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code == codes::BAD_NAME)
        .filter_map(|finding: &Finding| finding.span)
        .map(|span| &text[span.start..span.end])
        .collect();
    assert_eq!(places, ["Bad", "*n"]);
}
