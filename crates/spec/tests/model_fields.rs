//! Every field of the format, from text to model.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{
    Adjustment, Aggregation, BlockConfig, Container, Context, Encryption, Endpoint, LogLevel,
    MetricCondition, MetricGroup, NodeCapacity, ParseOptions, Port, Protocol, Resources, Scaling,
    SecretKey, SecretSource, SecretTarget, StageConfig, ValidSpec, Volume, VolumeSource, parse,
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

fn volume(fields: &str) -> Volume {
    let text = format!(
        "spec:\n  containers: [{{name: a, image: i}}]\n  volumes:\n  - {{name: v, {fields}}}\n"
    );
    valid(&text).volumes()[0].clone()
}

fn endpoint(fields: &str) -> Endpoint {
    let text = format!(
        "spec:\n  containers: [{{name: a, image: i}}]\n  endpoints:\n  - {{name: e, {fields}}}\n"
    );
    valid(&text).endpoints()[0].clone()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
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
}

#[test]
fn a_liveness_probe_has_its_own_period() {
    let probe = container("    livenessProbe: {port: 1, path: live}\n").liveness_probe;
    let probe = probe.expect("written");
    assert_eq!((probe.period_seconds, probe.failure_threshold), (10, 3));
    assert_eq!(probe.path, "/live");
    let probe = container("    livenessProbe: {port: 1, path: /, periodSeconds: 5}\n");
    assert_eq!(probe.liveness_probe.expect("written").period_seconds, 5);
}

#[test]
fn a_session_token_has_a_file_and_a_mode() {
    let plain = container("");
    assert!(plain.mount_session_token && plain.session_token.is_none());
    assert!(!container("    mountSessionToken: false\n").mount_session_token);
    let token = |fields: &str| {
        let token = container(&format!("    sessionTokenConfig: {{{fields}}}\n")).session_token;
        token.expect("written")
    };
    let whole = token("path: /opt/token, permission: \"0640\", mountConnectionConfig: true");
    assert_eq!(whole.token_file(), "/opt/token/token");
    assert_eq!((whole.mode(), whole.mount_connection_config), (0o640, true));
    let path = token("path: /opt/token");
    assert_eq!((path.mode(), path.mount_connection_config), (0o644, false));
    let connection = token("mountConnectionConfig: true");
    assert_eq!(connection.token_file(), "/snowflake/session/token");
    assert_eq!((connection.path, connection.permission), (None, None));
}

#[test]
fn secrets_have_a_source_and_a_target() {
    let secrets = container(
        "    secrets:
    - {snowflakeSecret: db.s.one, envVarName: ONE, secretKeyRef: username}
    - {snowflakeSecret: {objectName: two}, envVarName: TWO, secretKeyRef: SECRET_STRING}
    - {snowflakeSecret: {objectReference: three}, directoryPath: /three}
    - {snowflakeSecret: four, envVarName: FOUR}
    - {snowflakeSecret: five}
    - {snowflakeSecret: six, directoryPath: /six, secretKeyRef: password}
    - {snowflakeSecret: seven, envVarName: SEVEN, secretKeyRef: access_token}
",
    )
    .secrets;
    let env = |name: &str, key| SecretTarget::Env {
        name: name.to_owned(),
        key,
    };
    let object = |name: &str| SecretSource::Object(name.to_owned());
    let directory = |path: &str| SecretTarget::Directory(path.to_owned());
    let expected = [
        (object("db.s.one"), env("ONE", Some(SecretKey::Username))),
        (object("two"), env("TWO", Some(SecretKey::SecretString))),
        (
            SecretSource::Reference("three".to_owned()),
            directory("/three"),
        ),
        (object("four"), env("FOUR", None)),
        (object("five"), SecretTarget::Unstated),
        (object("six"), directory("/six")),
        (object("seven"), env("SEVEN", Some(SecretKey::AccessToken))),
    ];
    let read: Vec<_> = secrets
        .into_iter()
        .map(|used| (used.secret, used.target))
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn endpoints_speak_http_unless_they_say_otherwise() {
    let plain = endpoint("port: 80");
    assert_eq!((plain.protocol, plain.public), (Protocol::Http, false));
    assert!(plain.cors.is_none());
    for (word, protocol) in [
        ("HTTP", Protocol::Http),
        ("HTTPS", Protocol::Http),
        ("https", Protocol::Http),
        ("tcp", Protocol::Tcp),
    ] {
        let read = endpoint(&format!("port: 80, protocol: {word}")).protocol;
        assert_eq!(read, protocol, "{word}");
    }
    let range = endpoint("portRange: 9000 - 9000, protocol: TCP");
    assert_eq!(range.port, Port::Range(9000, 9000));
    let cors = endpoint(
        "port: 80, public: true, corsSettings: {Access-Control-Allow-Origin: [\"https://a:8443\"], \
         Access-Control-Allow-Methods: [GET, PUT], Access-Control-Allow-Headers: [], \
         Access-Control-Expose-Headers: [X-One]}",
    )
    .cors
    .expect("written");
    assert_eq!(cors.allow_origin, ["https://a:8443"]);
    assert_eq!(cors.allow_methods, Some(texts(&["GET", "PUT"])));
    assert_eq!(cors.allow_headers, Some(Vec::new()));
    assert_eq!(cors.expose_headers, Some(texts(&["X-One"])));
}

#[test]
fn a_block_volume_keeps_its_settings() {
    let volume = volume(
        "source: block, size: 100Gi, uid: 1000, gid: 2000, blockConfig: {initialContents: \
         {fromSnapshot: db.s.snap}, iops: 4000, throughput: 250, encryption: SNOWFLAKE_FULL, \
         snapshotOnDelete: false, snapshotDeleteAfter: 36h}",
    );
    assert_eq!((volume.uid, volume.gid), (Some(1000), Some(2000)));
    let block = volume.block.expect("written");
    assert_eq!(block.from_snapshot.as_deref(), Some("db.s.snap"));
    assert_eq!((block.iops, block.throughput), (Some(4000), Some(250)));
    assert_eq!(block.encryption, Some(Encryption::Full));
    assert_eq!(
        block.snapshot_delete_after.map(|time| time.hours()),
        Some(36)
    );
    assert!(!block.snapshots_on_delete(Context::Service));
}

#[test]
fn a_snapshot_is_taken_of_services_and_not_of_jobs_unless_written() {
    let plain = BlockConfig::default();
    assert!(plain.snapshots_on_delete(Context::Service));
    assert!(!plain.snapshots_on_delete(Context::Job));
    let on = volume("source: block, size: 1Gi, blockConfig: {snapshotOnDelete: true}");
    assert!(on.block.expect("written").snapshots_on_delete(Context::Job));
    // An empty map says as little as none.
    assert_eq!(
        volume("source: block, size: 1Gi, blockConfig: {}").block,
        None
    );
}

#[test]
fn a_stage_volume_keeps_its_settings() {
    let volume = volume(
        "source: stage, stageConfig: {name: models/v1, metadataCache: 1h30m, resources: \
         {requests: {cpu: 0, memory: 0.4Gi}, limits: {memory: 2G}}}",
    );
    assert_eq!(volume.source, VolumeSource::Stage { path: None });
    let stage = volume.stage.expect("written");
    assert_eq!(stage.name, "@models/v1");
    assert_eq!(stage.metadata_cache.map(|time| time.seconds()), Some(5400));
    let bytes = |list: &floe_spec::ResourceList| list.memory.as_ref().map(|memory| memory.bytes());
    assert_eq!(bytes(&stage.resources.requests), Some(429_496_730));
    assert_eq!(bytes(&stage.resources.limits), Some(2_000_000_000));
    assert_eq!(StageConfig::sidecar_name("v"), "stage-mount-v2-sidecar-v");
}

#[test]
fn what_is_observed_and_allowed_is_read() {
    let spec = valid(
        "spec:
  containers: [{name: a, image: i}]
  logExporters: {eventTableConfig: {logLevel: ERROR}}
  platformMonitor: {metricConfig: {groups: [storage, system_limits, storage]}}
capabilities:
  securityContext: {executeAsCaller: true, enableCustomCredentials: true}
",
    );
    assert_eq!(spec.observability().log_level, Some(LogLevel::Error));
    let groups = [MetricGroup::Storage, MetricGroup::SystemLimits];
    assert_eq!(spec.observability().metric_groups, groups);
    let capabilities = spec.capabilities();
    assert!(capabilities.execute_as_caller && capabilities.enable_custom_credentials);
    assert_eq!(
        valid("spec: {containers: [{name: a, image: i}]}")
            .observability()
            .log_level,
        None
    );
}

/// Policies of all kinds, with a target and with steps.
const SCALING: &str = "
spec:
  containers: [{name: main, image: i}]
  resourceManagement:
    autoScalingPolicies:
      scaleUp:
        anyConditions:
        - metricCondition:
            metricName: network.ingress.cps
            labels: {snow.endpoint.name: e, level: 1}
            containerName: main
            aggregationType: max
            stabilizationPeriodSecs: 60
            stepScaling:
              adjustmentType: percentChangeInstanceCount
              scalingSteps:
              - {upperBound: 0.80, targetAdjustment: 0}
              - {lowerBound: 0.80, upperBound: 1e3, targetAdjustment: 50}
        - metricCondition:
            metricName: custom
            aggregationType: avg
            stabilizationPeriodSecs: 1
            targetScaling: {targetValue: 1.50}
      scaleDown:
        allConditions:
        - metricCondition:
            metricName: container.cpu.usage
            aggregationType: min
            stabilizationPeriodSecs: 604800
            stepScaling:
              adjustmentType: exactInstanceCount
              scalingSteps: [{lowerBound: -1, targetAdjustment: 1000000}]
      suspend:
        allConditions:
        - metricCondition:
            metricName: network.ingress.connections.active
            aggregationType: max
            stabilizationPeriodSecs: 300
            targetScaling: {targetValue: 0}
";

#[test]
fn policies_of_scaling_are_read() {
    let spec = valid(SCALING);
    let policies = spec.scaling();
    let up = policies.scale_up.as_ref().expect("written");
    let MetricCondition {
        labels,
        container_name,
        aggregation,
        ..
    } = &up[0];
    let expected = [("snow.endpoint.name", "e"), ("level", "1")];
    assert_eq!(
        labels,
        &expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(container_name.as_deref(), Some("main"));
    assert_eq!(
        (*aggregation, up[0].stabilization_period_secs),
        (Aggregation::Max, 60)
    );
    let Scaling::Steps { adjustment, steps } = &up[0].scaling else {
        unreachable!("steps are written")
    };
    assert_eq!(*adjustment, Adjustment::PercentChange);
    let bound = |bound: &Option<floe_spec::Decimal>| bound.as_ref().map(ToString::to_string);
    assert_eq!(bound(&steps[0].lower_bound), None);
    assert_eq!(bound(&steps[0].upper_bound).as_deref(), Some("0.80"));
    assert_eq!(
        steps[1].upper_bound.as_ref().map(|bound| bound.to_f64()),
        Some(1000.0)
    );
    assert_eq!(
        (steps[0].target_adjustment, steps[1].target_adjustment),
        (0, 50)
    );
    assert!(matches!(&up[1].scaling, Scaling::Target(value) if value.to_string() == "1.50"));
    let down = policies.scale_down.as_ref().expect("written");
    assert!(matches!(
        &down[0].scaling,
        Scaling::Steps {
            adjustment: Adjustment::ExactCount,
            ..
        }
    ));
    let suspend = policies.suspend.as_ref().expect("written");
    assert_eq!(suspend[0].metric_name, "network.ingress.connections.active");
    assert!(!policies.is_empty());
}

#[test]
fn odd_numbers_get_the_form_that_every_reader_takes_for_one() {
    for (written, plain) in [("+.5", "0.5"), ("007", "7"), ("'5.'", "5"), ("-0", "-0")] {
        let text = SCALING.replace("1.50", written);
        let spec = valid(&text);
        let up = spec.scaling().scale_up.as_ref().expect("written");
        assert!(
            matches!(&up[1].scaling, Scaling::Target(value) if value.to_string() == plain),
            "{written}: {:?}",
            up[1].scaling
        );
        let again = parse(&spec.canonical_text(&|_| None), &ParseOptions::default());
        assert!(again.findings.is_empty(), "{written}: {:?}", again.findings);
    }
}

/// The resources of a container with these.
fn resources(fields: &str) -> Resources {
    container(&format!("    resources: {{{fields}}}\n")).resources
}

#[test]
fn what_is_not_written_is_derived_from_limits_and_node() {
    let node = NodeCapacity {
        millicpu: 4000,
        bytes: 16 << 30,
    };
    let derived = |fields: &str| {
        let all = resources(fields).derived(&node);
        [all.requests.cpu, all.limits.cpu]
            .map(|cpu| cpu.map(|cpu| cpu.to_string()).unwrap_or_default())
            .into_iter()
            .chain(
                [all.requests.memory, all.limits.memory]
                    .map(|memory| memory.map(|memory| memory.to_string()).unwrap_or_default()),
            )
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (fields, expected) in [
        ("", "0.5 4 0.5Gi 16Gi"),
        ("limits: {cpu: 2, memory: 8Gi}", "2 2 8Gi 8Gi"),
        // The greater of the two counts, even past the limit.
        ("limits: {cpu: 0.1, memory: 0.1Gi}", "0.5 0.1 0.5Gi 0.1Gi"),
        ("requests: {cpu: 100m, memory: 1M}", "100m 4 1M 16Gi"),
        // Processors and memory are independent.
        ("limits: {cpu: 1}, requests: {memory: 2G}", "1 1 2G 16Gi"),
        // No limit exceeds the node; a request stays as it is derived from what is written.
        ("limits: {cpu: 8, memory: 32Gi}", "4 4 16Gi 16Gi"),
    ] {
        assert_eq!(derived(fields), expected, "{fields}");
    }
}

#[test]
fn accelerators_are_seen_when_requested_and_limited() {
    let both = "requests: {nvidia.com/gpu: 2}, limits: {nvidia.com/gpu: 2}";
    assert_eq!(resources(both).gpus(), 2);
    assert_eq!(resources("limits: {nvidia.com/gpu: 2}").gpus(), 0);
    assert_eq!(resources("").gpus(), 0);
    let node = NodeCapacity {
        millicpu: 1,
        bytes: 1,
    };
    assert_eq!(resources(both).derived(&node).gpus(), 2);
}

#[test]
fn a_described_service_shows_what_is_derived_and_can_be_created_again() {
    let spec = valid("spec: {containers: [{name: a, image: i, env: {A: 1}}]}");
    let node = NodeCapacity {
        millicpu: 1000,
        bytes: 6 << 30,
    };
    let text = spec.derived(&node).canonical_text(&|_| None);
    assert!(text.ends_with(
        "    resources:
      limits:
        memory: \"6Gi\"
        cpu: \"1\"
      requests:
        memory: \"0.5Gi\"
        cpu: \"0.5\"
"
    ));
    assert_eq!(valid(&text).derived(&node).canonical_text(&|_| None), text);
}
