//! What changes between two specifications.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{ChangeKind, Effect, ParseOptions, ValidSpec, diff, parse};
use proptest::prelude::*;

fn valid(text: &str) -> ValidSpec {
    let parsed = parse(text, &ParseOptions::default());
    assert!(parsed.spec.is_some(), "{text}\n{:#?}", parsed.findings);
    parsed.spec.expect("just asserted")
}

/// A specification of one container with more fields of the container.
fn container(fields: &str) -> String {
    format!("spec: {{containers: [{{name: a, image: /d/s/r/i{fields}}}]}}")
}

/// The same with more fields of `spec`.
fn spec(fields: &str) -> String {
    format!("spec: {{containers: [{{name: a, image: /d/s/r/i}}]{fields}}}")
}

fn endpoint(fields: &str) -> String {
    spec(&format!(", endpoints: [{{name: api, {fields}}}]"))
}

fn volume(fields: &str) -> String {
    spec(&format!(", volumes: [{{name: data, {fields}}}]"))
}

/// Every change as a line that begins with its effect.
fn lines(before: &str, after: &str) -> Vec<String> {
    let effect = |effect| match effect {
        Effect::InPlace => "in place",
        Effect::Restart => "restart",
        Effect::Refused => "refused",
    };
    diff(&valid(before), &valid(after))
        .changes
        .iter()
        .map(|change| format!("{}: {change}", effect(change.effect)))
        .collect()
}

#[track_caller]
fn check(table: &[(String, String, &[&str])]) {
    for (before, after, expected) in table {
        assert_eq!(lines(before, after), *expected, "{before}\n{after}");
    }
}

#[test]
fn what_is_in_a_container_replaces_instances() {
    check(&[
        (
            container(", env: {A: 1, B: 2}"),
            container(", env: {B: 3, C: ''}"),
            &[
                "restart: removed spec.containers[a].env.A: `1`",
                "restart: changed spec.containers[a].env.B: `2` -> `3`",
                "restart: added spec.containers[a].env.C: ``",
            ],
        ),
        (
            container(", command: [x, y]"),
            container(", command: [y, x], args: []"),
            &[
                "restart: added spec.containers[a].args: `[]`",
                "restart: changed spec.containers[a].command: `[\"x\", \"y\"]` -> `[\"y\", \"x\"]`",
            ],
        ),
        (
            container(", readinessProbe: {port: 80, path: /h}"),
            container(
                ", readinessProbe: {port: 80, path: /h, failureThreshold: 9}, \
                 livenessProbe: {port: 80, path: /l}",
            ),
            &[
                "restart: added spec.containers[a].livenessProbe: `:80/l`",
                "restart: changed spec.containers[a].readinessProbe.failureThreshold: `3` -> `9`",
            ],
        ),
        (
            container(", resources: {limits: {cpu: 500m, memory: 1Gi}}"),
            container(", resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1}}"),
            &[
                "restart: changed spec.containers[a].resources.limits.cpu: `500m` -> `1`",
                "restart: added spec.containers[a].resources.requests.cpu: `1`",
            ],
        ),
        (
            container(
                ", mountSessionToken: false, secrets: [{snowflakeSecret: s, directoryPath: /s}]",
            ),
            container(
                ", sessionTokenConfig: {path: /opt/t}, secrets: [{snowflakeSecret: s, \
                 envVarName: S, secretKeyRef: password}]",
            ),
            &[
                "restart: changed spec.containers[a].mountSessionToken: `false` -> `true`",
                "restart: removed spec.containers[a].secrets[/s]: `s`",
                "restart: added spec.containers[a].secrets[S]: `password of s`",
                "restart: changed spec.containers[a].sessionTokenConfig.path: \
                 `/snowflake/session` -> `/opt/t`",
            ],
        ),
        (
            spec(""),
            "spec: {containers: [{name: b, image: /d/s/r/i, env: {A: 1}}]}".to_owned(),
            &[
                "restart: removed spec.containers[a]: `/d/s/r/i`",
                "restart: added spec.containers[b]: `/d/s/r/i`",
            ],
        ),
    ]);
}

#[test]
fn endpoints_change_in_place_and_tell_who_is_let_down() {
    check(&[
        (
            endpoint("port: 80, public: true"),
            endpoint("port: 81, public: false"),
            &[
                "in place: changed spec.endpoints[api].port: `80` -> `81`; services that call \
                 `api` by its DNS name and the port 80 fail",
                "in place: changed spec.endpoints[api].public: `true` -> `false`; the public \
                 address of `api` goes away",
            ],
        ),
        (
            endpoint("portRange: 100-200, protocol: TCP"),
            endpoint("portRange: 100-300, protocol: TCP"),
            &["in place: changed spec.endpoints[api].port: `100-200` -> `100-300`"],
        ),
        (
            endpoint("port: 80"),
            endpoint("port: 80, protocol: TCP"),
            &[
                "in place: changed spec.endpoints[api].protocol: `HTTP` -> `TCP`; callers of `api` \
               must speak TCP from now on",
            ],
        ),
        (
            endpoint("port: 80"),
            spec(", endpoints: [{name: web, port: 80}]"),
            &[
                "in place: removed spec.endpoints[api]: `80`; service functions and callers of \
                 the endpoint `api` fail",
                "in place: added spec.endpoints[web]: `80`",
            ],
        ),
        (
            endpoint(
                "port: 80, public: true, corsSettings: {Access-Control-Allow-Origin: \
                 ['https://a.com', 'https://b.com'], Access-Control-Allow-Methods: [GET, PUT], \
                 Access-Control-Allow-Headers: [X-One], Access-Control-Expose-Headers: [X-Two]}",
            ),
            endpoint(
                "port: 80, public: true, corsSettings: {Access-Control-Allow-Origin: \
                 ['https://b.com', 'https://c.com'], Access-Control-Allow-Methods: [GET], \
                 Access-Control-Allow-Headers: [x-one]}",
            ),
            &[
                "in place: removed spec.endpoints[api].corsSettings.Access-Control-Allow-Methods\
                 [PUT]: `PUT`; pages of other origins can no longer call `api` with PUT",
                "in place: removed spec.endpoints[api].corsSettings.Access-Control-Allow-Origin\
                 [https://a.com]: `https://a.com`; pages of https://a.com can no longer call `api`",
                "in place: added spec.endpoints[api].corsSettings.Access-Control-Allow-Origin\
                 [https://c.com]: `https://c.com`",
                "in place: removed spec.endpoints[api].corsSettings.Access-Control-Expose-Headers\
                 [x-two]: `X-Two`; pages of other origins can no longer read `X-Two` from `api`",
            ],
        ),
    ]);
}

#[test]
fn block_volumes_are_settled_and_others_are_not() {
    let refused: &[&str] = &[
        "refused: changed spec.volumes[data].blockConfig.encryption: `SNOWFLAKE_SSE` -> \
         `SNOWFLAKE_FULL`",
        "refused: added spec.volumes[data].blockConfig.initialContents.fromSnapshot: `snap`",
        "refused: added spec.volumes[data].blockConfig.iops: `4000`",
        "in place: changed spec.volumes[data].blockConfig.snapshotDeleteAfter: `7d` -> `12h`",
        "in place: changed spec.volumes[data].blockConfig.snapshotOnDelete: `true` -> `false`",
        "refused: changed spec.volumes[data].size: `10Gi` -> `20Gi`",
    ];
    check(&[
        (
            volume("source: block, size: 10Gi"),
            volume(
                "source: block, size: 20Gi, blockConfig: {iops: 4000, encryption: SNOWFLAKE_FULL, \
                 initialContents: {fromSnapshot: snap}, snapshotOnDelete: false, \
                 snapshotDeleteAfter: 12h}",
            ),
            refused,
        ),
        (
            volume("source: block, size: 10Gi"),
            spec(""),
            &["refused: removed spec.volumes[data]: `block`"],
        ),
        (
            volume("source: local"),
            volume("source: block, size: 10Gi"),
            &[
                "refused: added spec.volumes[data].blockConfig.encryption: `SNOWFLAKE_SSE`",
                "in place: added spec.volumes[data].blockConfig.snapshotDeleteAfter: `7d`",
                "in place: added spec.volumes[data].blockConfig.snapshotOnDelete: `true`",
                "refused: added spec.volumes[data].size: `10Gi`",
                "refused: changed spec.volumes[data].source: `local` -> `block`",
            ],
        ),
        (
            volume("source: memory, size: 1Gi"),
            volume("source: memory, size: 2Gi"),
            &["restart: changed spec.volumes[data].size: `1Gi` -> `2Gi`"],
        ),
        (
            volume("source: stage, stageConfig: {name: '@s', metadataCache: 1m}"),
            volume("source: stage, stageConfig: {name: '@t', metadataCache: 2m}"),
            &[
                "restart: changed spec.volumes[data].stageConfig.metadataCache: `1m` -> `2m`",
                "restart: changed spec.volumes[data].stageConfig.name: `@s` -> `@t`",
            ],
        ),
    ]);
}

#[test]
fn roles_capabilities_logs_and_metrics_have_their_effects() {
    let roles = |roles: &str| {
        let endpoints = "endpoints: [{name: x, port: 1}, {name: y, port: 2}]";
        format!(
            "{{spec: {{containers: [{{name: a, image: /d/s/r/i}}], {endpoints}}}, \
             serviceRoles: [{roles}]}}"
        )
    };
    let caller = |value: &str| {
        format!(
            "{{spec: {{containers: [{{name: a, image: /d/s/r/i}}]}}, \
             capabilities: {{securityContext: {{executeAsCaller: {value}}}}}}}"
        )
    };
    check(&[
        (
            roles("{name: r, endpoints: [x, y]}, {name: s, endpoints: [x]}"),
            roles("{name: t, endpoints: [x]}, {name: r, endpoints: [y]}"),
            &[
                "in place: removed serviceRoles[r].endpoints[x]: `x`; roles with `r` lose the \
                 endpoint `x`",
                "in place: removed serviceRoles[s]: `x`; grants on the service role `s` are lost",
                "in place: added serviceRoles[t]: `x`",
            ],
        ),
        (
            caller("true"),
            caller("false"),
            &[
                "restart: changed capabilities.securityContext.executeAsCaller: `true` -> `false`; \
               requests no longer carry the caller's token",
            ],
        ),
        (
            caller("false"),
            caller("true"),
            &["restart: changed capabilities.securityContext.executeAsCaller: `false` -> `true`"],
        ),
        (
            spec(", platformMonitor: {metricConfig: {groups: [system, status]}}"),
            spec(
                ", platformMonitor: {metricConfig: {groups: [status, network]}}, \
                 logExporters: {eventTableConfig: {logLevel: ERROR}}",
            ),
            &[
                "in place: changed spec.logExporters.eventTableConfig.logLevel: `INFO` -> `ERROR`",
                "in place: added spec.platformMonitor.metricConfig.groups[network]: `network`",
                "in place: removed spec.platformMonitor.metricConfig.groups[system]: `system`",
            ],
        ),
    ]);
}

#[test]
fn policies_change_in_place() {
    let policy = |target: &str| {
        spec(&format!(
            ", resourceManagement: {{autoScalingPolicies: {{scaleUp: {{anyConditions: [\
             {{metricCondition: {{metricName: m, labels: {{k: v}}, containerName: a, \
             aggregationType: avg, stabilizationPeriodSecs: 60, \
             targetScaling: {{targetValue: {target}}}}}}}]}}}}}}"
        ))
    };
    check(&[
        (
            policy("5"),
            policy("6"),
            &[
                "in place: changed spec.resourceManagement.autoScalingPolicies.scaleUp.\
               anyConditions[m@a].targetScaling.targetValue: `5` -> `6`",
            ],
        ),
        (
            spec(""),
            policy("6"),
            &["in place: added spec.resourceManagement.autoScalingPolicies.scaleUp: `m`"],
        ),
        (policy("5.0"), policy("50e-1"), &[]),
    ]);
}

#[test]
fn what_is_only_written_differently_is_no_change() {
    let same: &[(String, String)] = &[
        (
            container(", resources: {limits: {cpu: 500m, memory: 1Gi}}"),
            container(", resources: {limits: {cpu: '0.5', memory: 1024Mi}}"),
        ),
        (
            container(", readinessProbe: {port: 80, path: /}"),
            container(
                ", readinessProbe: {port: 80, path: /, periodSeconds: 5, failureThreshold: 3}",
            ),
        ),
        (
            container(", livenessProbe: {port: 80, path: /}"),
            container(", livenessProbe: {port: 80, path: /, periodSeconds: 10}"),
        ),
        (
            container(""),
            container(", mountSessionToken: true, sessionTokenConfig: {path: /snowflake/session}"),
        ),
        (
            endpoint("port: 80"),
            endpoint("protocol: HTTP, public: false, port: 80"),
        ),
        (
            volume("source: block, size: 10Gi"),
            volume(
                "source: block, size: 10Gi, blockConfig: {encryption: SNOWFLAKE_SSE, \
                 snapshotOnDelete: true, snapshotDeleteAfter: 168h}",
            ),
        ),
        (
            volume("source: stage, stageConfig: {name: '@s', metadataCache: 1h}"),
            volume("source: stage, stageConfig: {name: '@s', metadataCache: 60m}"),
        ),
        (
            spec(""),
            spec(", networkPolicyConfig: {allowInternetEgress: true}"),
        ),
        (
            spec(""),
            spec(", logExporters: {eventTableConfig: {logLevel: INFO}}"),
        ),
    ];
    for (one, other) in same {
        assert_eq!(lines(one, other), [""; 0], "{one}\n{other}");
        assert_eq!(lines(other, one), [""; 0], "{one}\n{other}");
    }
}

#[test]
fn mounts_go_by_their_directory() {
    let mounted = |mounts: &str| {
        format!(
            "spec: {{containers: [{{name: a, image: /d/s/r/i, volumeMounts: [{mounts}]}}], \
             volumes: [{{name: v, source: local}}, {{name: w, source: local}}]}}"
        )
    };
    check(&[(
        mounted("{name: v, mountPath: /v}, {name: w, mountPath: /w/}, {name: v, mountPath: /x}"),
        mounted("{name: w, mountPath: /w}, {name: w, mountPath: /v}"),
        &[
            "restart: changed spec.containers[a].volumeMounts[/v]: `v` -> `w`",
            "restart: removed spec.containers[a].volumeMounts[/x]: `v`",
        ],
    )]);
}

#[test]
fn a_long_value_is_cut_and_still_compared_whole() {
    let long = |end: &str| container(&format!(", env: {{A: {}{end}}}", "é".repeat(100)));
    let changes = diff(&valid(&long("a")), &valid(&long("b"))).changes;
    let shown = changes[0].before.as_deref().expect("it was there");
    assert_eq!((changes.len(), shown.chars().count()), (1, 80));
    assert!(shown.ends_with("é..."));
}

#[test]
fn the_text_for_people_groups_by_effect_and_ends_with_a_sentence() {
    let before = spec(", endpoints: [{name: api, port: 80}]");
    let after = "spec: {containers: [{name: a, image: /d/s/r/j, env: {A: \"x\\ny\"}}], \
                 volumes: [{name: data, source: block, size: 1Gi}]}";
    let changes = diff(&valid(&before), &valid(after));
    let expected = "\
ALTER SERVICE refuses:
  added spec.volumes[data]: `block`
instances are replaced for:
  added spec.containers[a].env.A: `x y`
  changed spec.containers[a].image: `/d/s/r/i` -> `/d/s/r/j`
no instance is replaced for:
  removed spec.endpoints[api]: `80`; service functions and callers of the endpoint `api` fail
4 changes: the service must be created anew, and callers are let down
";
    assert_eq!(changes.to_string(), expected);
    assert!(changes.is_refused() && changes.needs_restart() && changes.breaks_callers());
    let none = diff(&valid(&before), &valid(&before));
    assert_eq!(none.to_string(), "nothing changes\n");
    assert!(!none.is_refused() && !none.needs_restart() && !none.breaks_callers());
}

#[test]
fn json_has_every_field_in_a_fixed_order() {
    let before = valid(&endpoint("port: 80, public: true"));
    let after = valid(&endpoint("port: 80"));
    assert_eq!(
        diff(&before, &after).to_json(),
        r#"{
  "needsRestart": false,
  "breaksCallers": true,
  "refused": false,
  "changes": [
    {
      "path": "spec.endpoints[api].public",
      "kind": "changed",
      "before": "true",
      "after": "false",
      "effect": "inPlace",
      "breaks": "the public address of `api` goes away"
    }
  ]
}
"#
    );
}

#[test]
fn conditions_of_one_name_and_secrets_of_one_place_are_told_apart() {
    let condition = |target: &str| {
        format!(
            "{{metricCondition: {{metricName: m, aggregationType: avg, \
             stabilizationPeriodSecs: 60, targetScaling: {{targetValue: {target}}}}}}}"
        )
    };
    let policy = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|target| condition(target)).collect();
        let list = list.join(", ");
        spec(&format!(
            ", resourceManagement: {{autoScalingPolicies: {{suspend: {{allConditions: [{list}]}}}}}}"
        ))
    };
    let secrets = |list: &[&str]| {
        let list: Vec<String> = list
            .iter()
            .map(|name| format!("{{snowflakeSecret: {name}, directoryPath: /s}}"))
            .collect();
        container(&format!(", secrets: [{}]", list.join(", ")))
    };
    check(&[
        (policy(&["1", "2"]), policy(&["2", "1"]), &[]),
        (
            policy(&["1", "2"]),
            policy(&["1"]),
            &[
                "in place: removed spec.resourceManagement.autoScalingPolicies.suspend.\
               allConditions[m#2]: `m#2`",
            ],
        ),
        (
            secrets(&["x", "y"]),
            secrets(&["x", "z"]),
            &["restart: changed spec.containers[a].secrets[/s]: `x, y` -> `x, z`"],
        ),
    ]);
}

/// The parts of a specification whose order has no meaning.
#[derive(Debug, Clone)]
struct Parts {
    containers: Vec<String>,
    endpoints: Vec<String>,
    volumes: Vec<String>,
    env: Vec<String>,
    roles: Vec<String>,
}

impl Parts {
    fn text(&self) -> String {
        let list = |items: &[String]| items.join(", ");
        format!(
            "{{spec: {{containers: [{{name: main, image: /d/s/r/m, env: {{{}}}}}, {}], \
             endpoints: [{{name: e0, port: 9}}, {}], volumes: [{}]}}, serviceRoles: [{}]}}",
            list(&self.env),
            list(&self.containers),
            list(&self.endpoints),
            list(&self.volumes),
            list(&self.roles),
        )
    }

    fn reversed(&self) -> Parts {
        let mut parts = self.clone();
        for list in [
            &mut parts.containers,
            &mut parts.endpoints,
            &mut parts.volumes,
            &mut parts.env,
            &mut parts.roles,
        ] {
            list.reverse();
        }
        parts
    }
}

/// Some of these items, each in one of its forms and with its number in place of `§`.
fn some(forms: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let item = proptest::option::of(proptest::sample::select(forms));
    proptest::collection::vec(item, 1..5).prop_map(|items| {
        items
            .into_iter()
            .enumerate()
            .filter_map(|(at, form)| Some(form?.replace('§', &(at + 1).to_string())))
            .collect()
    })
}

fn any_parts() -> impl Strategy<Value = Parts> {
    (
        some(&[
            "{name: c§, image: /d/s/r/i, args: [a, b]}",
            "{name: c§, image: /d/s/r/j, readinessProbe: {port: 80, path: /h}}",
            "{name: c§, image: /d/s/r/j, resources: {limits: {cpu: 500m, memory: 1024Mi}}, \
             secrets: [{snowflakeSecret: s, envVarName: V, secretKeyRef: username}]}",
        ]),
        some(&[
            "{name: e§, port: 80§}",
            "{name: e§, port: 80§, public: true, corsSettings: {Access-Control-Allow-Origin: \
             ['https://§.com', 'https://a.com']}}",
            "{name: e§, portRange: 1§-99, protocol: TCP}",
        ]),
        some(&[
            "{name: v§, source: local}",
            "{name: v§, source: memory, size: §Gi}",
            "{name: v§, source: '@s', uid: §}",
            "{name: v§, source: stage, stageConfig: {name: '@s', metadataCache: §m}}",
        ]),
        some(&["A_§: x", "A_§: '§, y: ]'", "A_§: ~"]),
        some(&["{name: r§, endpoints: [e0]}", "{name: r§, endpoints: []}"]),
    )
        .prop_map(|(containers, endpoints, volumes, env, roles)| Parts {
            containers,
            endpoints,
            volumes,
            env,
            roles,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_specification_does_not_differ_from_itself_however_it_is_written(parts in any_parts()) {
        let spec = valid(&parts.text());
        prop_assert!(diff(&spec, &spec).is_empty());
        let again = valid(&spec.canonical_text(&|_| None));
        prop_assert_eq!(diff(&spec, &again).to_string(), "nothing changes\n");
        let reversed = valid(&parts.reversed().text());
        prop_assert_eq!(diff(&spec, &reversed).to_string(), "nothing changes\n");
    }

    #[test]
    fn the_way_back_undoes_every_change(one in any_parts(), other in any_parts()) {
        let (one, other) = (valid(&one.text()), valid(&other.text()));
        let (there, back) = (diff(&one, &other), diff(&other, &one));
        prop_assert_eq!(there.changes.len(), back.changes.len());
        for (there, back) in there.changes.iter().zip(&back.changes) {
            prop_assert_eq!(&there.path, &back.path);
            prop_assert_eq!(there.effect, back.effect);
            prop_assert_eq!((&there.before, &there.after), (&back.after, &back.before));
            let kind = match there.kind {
                ChangeKind::Added => ChangeKind::Removed,
                ChangeKind::Removed => ChangeKind::Added,
                ChangeKind::Changed => ChangeKind::Changed,
            };
            prop_assert_eq!(kind, back.kind);
        }
        let digest = |spec: &ValidSpec| spec.canonical_text(&|_| None);
        if digest(&one) == digest(&other) {
            prop_assert!(there.is_empty());
        }
        let report: serde_json::Value = serde_json::from_str(&there.to_json()).expect("JSON");
        prop_assert_eq!(report["changes"].as_array().map(Vec::len), Some(there.changes.len()));
    }
}
