//! One line of specification, and what is said about it.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{Context, Finding, ParseOptions, parse};

/// Findings to read: severity, code, place and path; below it the message and the hint.
fn report(text: &str, options: &ParseOptions) -> String {
    let parsed = parse(text, options);
    let errors = parsed.findings.iter().any(Finding::is_error);
    assert_eq!(
        parsed.spec.is_none(),
        errors,
        "a specification exists exactly without errors"
    );
    parsed.findings.iter().map(show).collect()
}

fn show(finding: &Finding) -> String {
    let line = finding.to_string();
    let head = line
        .strip_suffix(&format!(": {}", finding.message))
        .expect("the message is last");
    let mut out = format!("{}{}", wrapped("", head), wrapped("  ", &finding.message));
    if let Some(hint) = &finding.hint {
        out.push_str(&wrapped("  = ", hint));
    }
    out
}

/// Words in lines of at most 80 characters.
fn wrapped(first: &str, text: &str) -> String {
    let mut lines = vec![first.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.chars().count() + word.chars().count() > 80 {
            lines.push(format!("    {word} "));
        } else {
            line.push_str(word);
            line.push(' ');
        }
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn count(report: &str) -> usize {
    report.lines().filter(|line| !line.starts_with(' ')).count()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(
        report(text, &ParseOptions::default()).trim(),
        expected.trim()
    );
}

/// A specification with one container, whose further fields are given.
fn container(fields: &str) -> String {
    format!("spec:\n  containers:\n  - name: main\n    image: /d/s/r/i\n{fields}")
}

/// A specification with one container, and further fields of `spec`.
fn spec(fields: &str) -> String {
    container(fields)
}

#[test]
fn a_text_without_a_specification_is_told_what_to_begin_with() {
    for text in [
        "",
        " ",
        "\n\n",
        "# only a remark\n",
        "---\n",
        "\u{feff}",
        "null",
    ] {
        let found = report(text, &ParseOptions::default());
        assert!(
            found.starts_with("error[FLOE-SPEC-0007]"),
            "{text:?}: {found}"
        );
    }
    check(
        "containers: []",
        "error[FLOE-SPEC-0010] at line 1, column 1 (containers)
  the key `containers` is not known at the top level
  = `containers` belongs under `spec`
error[FLOE-SPEC-0009] at line 1, column 1
  the field `spec` is missing",
    );
    check(
        "- a",
        "error[FLOE-SPEC-0008] at line 1, column 1
  a map of fields is expected here, not a list
  = write fields such as `spec: …` there",
    );
    check(
        "spec:\n  endpoints: []\n",
        "error[FLOE-SPEC-0009] at line 2, column 3 (spec.containers)
  a specification needs at least one container
  = add `containers:` with a `name` and an `image`",
    );
    check(
        "spec: {containers: {name: a}}",
        "error[FLOE-SPEC-0008] at line 1, column 20 (spec.containers)
  a list is expected here, not a map
  = begin each item on its own line with `- `",
    );
}

#[test]
fn all_findings_are_reported_at_once_in_the_order_of_the_text() {
    check(
        "spec:
  containers:
  - name: Main_One
    imag: /d/s/r/i
    readinessProbe:
      port: eighty
      path: /ok
    resources:
      requests: {memory: 2, cpu: two}
  endpoints:
  - name: api
    port: 0
    public: perhaps
  volumes:
  - name: v
    source: disk
",
        "error[FLOE-SPEC-0009] at line 3, column 5 (spec.containers[0])
  the field `image` is missing
error[FLOE-SPEC-0012] at line 3, column 11 (spec.containers[0].name)
  `Main_One` is not a name for a container
  = did you mean `main-one`?
error[FLOE-SPEC-0010] at line 4, column 5 (spec.containers[0].imag)
  the key `imag` is not known here
  = did you mean `image`?
error[FLOE-SPEC-0014] at line 6, column 13
    (spec.containers[0].readinessProbe.port)
  `eighty` is not a whole number from 1 to 65535
error[FLOE-SPEC-0020] at line 9, column 26
    (spec.containers[0].resources.requests.memory)
  `2` needs one of the units `M`, `Mi`, `G` and `Gi`
error[FLOE-SPEC-0019] at line 9, column 34
    (spec.containers[0].resources.requests.cpu)
  `two` is not a number of processors such as `0.5` or `500m`
error[FLOE-SPEC-0014] at line 12, column 11 (spec.endpoints[0].port)
  `0` is not a whole number from 1 to 65535
error[FLOE-SPEC-0008] at line 13, column 13 (spec.endpoints[0].public)
  `true` or `false` is expected here, not a text
error[FLOE-SPEC-0018] at line 16, column 13 (spec.volumes[0].source)
  `disk` is not a source of volumes
  = write `local`, `memory`, `block`, `stage` or `\"@stage/folder\"`",
    );
}

#[test]
fn unknown_keys_are_errors_with_a_suggestion_or_warnings_when_lenient() {
    let text = container("    readynessProbe: {}\n");
    check(
        &text,
        "error[FLOE-SPEC-0010] at line 5, column 5 (spec.containers[0].readynessProbe)
  the key `readynessProbe` is not known here
  = did you mean `readinessProbe`?",
    );
    let lenient = ParseOptions {
        lenient: true,
        ..ParseOptions::default()
    };
    assert!(parse(&text, &lenient).spec.is_some());
    assert!(report(&text, &lenient).starts_with("warning[FLOE-SPEC-0010]"));
    check(
        &spec("  serviceRoles: []\n"),
        "error[FLOE-SPEC-0010] at line 5, column 3 (spec.serviceRoles)
  the key `serviceRoles` is not known here
  = `serviceRoles` belongs at the top level, beside `spec`",
    );
    check(
        &container("    \"e\\nnv\": {}\n"),
        "error[FLOE-SPEC-0010] at line 5, column 5 (spec.containers[0][\"e\\nnv\"])
  the key `e\\nnv` is not known here
  = did you mean `env`?",
    );
}

#[test]
fn singular_lists_are_aliases_but_not_beside_their_plural() {
    let text = "spec: {container: [{name: a, image: i}], endpoint: [{name: e, port: 1}], \
        volume: [{name: v, source: local}]}";
    let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    assert_eq!(
        (
            spec.containers().len(),
            spec.endpoints().len(),
            spec.volumes().len()
        ),
        (1, 1, 1)
    );
    check(
        "spec:\n  container: [{name: a, image: i}]\n  containers: []\n",
        "error[FLOE-SPEC-0011] at line 3, column 3 (spec.containers)
  `container` and `containers` are two forms of one list
  = put all items under `containers`",
    );
}

#[test]
fn repeated_and_merged_and_complex_keys_are_refused() {
    check(
        &container("    env: {A: 1, A: 2}\n    image: x\n"),
        "error[FLOE-SPEC-0005] at line 5, column 17 (spec.containers[0].env.A)
  the key `A` stands here a second time; the first is in line 5
error[FLOE-SPEC-0005] at line 6, column 5 (spec.containers[0].image)
  the key `image` stands here a second time; the first is in line 4",
    );
    check(
        "base: &b {name: a}\nspec: {containers: [{<<: *b}]}",
        "error[FLOE-SPEC-0006] at line 2, column 22
  merge keys (`<<`) are not part of a specification
  = write the merged fields out",
    );
    check(
        &container("    env: {[a]: 1}\n"),
        "error[FLOE-SPEC-0036] at line 5, column 11 (spec.containers[0].env)
  a key must be a word, not a list or a map",
    );
    let long = container(&format!(
        "    env:\n      ? {}\n      : 1\n",
        "k".repeat(251)
    ));
    check(
        &long,
        "error[FLOE-SPEC-0036] at line 6, column 9 (spec.containers[0].env)
  a key may have 250 bytes, this one has 251",
    );
}

#[test]
fn what_is_not_yaml_is_one_finding_with_its_place() {
    check(
        "spec:\n\tcontainers: []\n",
        "error[FLOE-SPEC-0002] at line 2, column 2
  this is not YAML: tabs disallowed within this context (block indentation)
  = indent with spaces: YAML does not allow tabs there",
    );
    check(
        "spec:\n  a: b: c\n",
        "error[FLOE-SPEC-0002] at line 2, column 7
  this is not YAML: mapping values are not allowed in this context
  = check the indentation, or put quotes around a text that holds `: `",
    );
    check(
        "é: @stage",
        "error[FLOE-SPEC-0002] at line 1, column 4
  this is not YAML: unexpected character: `@'
  = put quotes around a text that begins with a special character",
    );
    check(
        "---\nspec: {}\n---\nspec: {}\n",
        "error[FLOE-SPEC-0004] at line 4, column 1
  a second document begins here
  = a specification is one document: remove what follows the line `---`",
    );
}

#[test]
fn names_must_be_valid_and_unique() {
    check(
        "spec: {containers: [{name: a, image: i}, {name: a, image: i}, {image: i}, \
         {name: <x>, image: i}]}",
        "error[FLOE-SPEC-0013] at line 1, column 49 (spec.containers[1].name)
  another container is named `a` already
error[FLOE-SPEC-0009] at line 1, column 64 (spec.containers[2])
  the field `name` is missing
error[FLOE-SPEC-0012] at line 1, column 82 (spec.containers[3].name)
  `<x>` is not a name for a container
  = use lower-case letters, digits and `-`, at most 63, beginning with a letter
    and ending with a letter or digit",
    );
}

#[test]
fn endpoints_obey_the_rules_between_port_protocol_and_publicity() {
    let endpoint = |fields: &str| spec(&format!("  endpoints:\n  - {{name: e, {fields}}}\n"));
    for good in [
        "port: 1",
        "port: 65535, public: true",
        "port: 22, protocol: TCP",
        "port: 80, public: True, protocol: HTTP",
        "portRange: 29501-65000, protocol: TCP",
        "portRange: \"5-5\", protocol: TCP, public: false",
    ] {
        assert_eq!(
            report(&endpoint(good), &ParseOptions::default()),
            "",
            "{good}"
        );
    }
    for (bad, code) in [
        ("public: true", "0015"),
        ("port: 1, portRange: 1-2, protocol: TCP", "0015"),
        ("portRange: 1-2", "0016"),
        ("portRange: 1-2, protocol: TCP, public: true", "0016"),
        ("portRange: 2-1, protocol: TCP", "0014"),
        ("portRange: 0-1, protocol: TCP", "0014"),
        ("portRange: 1-65536, protocol: TCP", "0014"),
        ("portRange: +1-2, protocol: TCP", "0014"),
        ("port: 65536", "0014"),
        ("port: -1", "0014"),
        ("port: 80.0", "0014"),
        ("port: 0x50", "0014"),
        ("port: +80", "0014"),
        ("port: [80]", "0008"),
        ("port: 80, public: true, protocol: TCP", "0017"),
        ("port: 80, protocol: UDP", "0018"),
        ("port: 80, public: yes", "0008"),
    ] {
        let found = report(&endpoint(bad), &ParseOptions::default());
        assert!(
            found.starts_with(&format!("error[FLOE-SPEC-{code}]")),
            "{bad}: {found}"
        );
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
}

#[test]
fn values_that_others_may_not_read_are_understood_with_a_warning() {
    check(
        &spec("  endpoints:\n  - {name: e, port: \"8000\", public: \"true\", protocol: https}\n"),
        "warning[FLOE-SPEC-0039] at line 6, column 21 (spec.endpoints[0].port)
  `8000` is understood, but other systems may not read it
  = write 8000 without quotes and leading zeros
warning[FLOE-SPEC-0039] at line 6, column 37 (spec.endpoints[0].public)
  `true` is understood, but other systems may not read it
  = write it without quotes
warning[FLOE-SPEC-0039] at line 6, column 55 (spec.endpoints[0].protocol)
  `https` is understood, but other systems may not read it
  = write `HTTP`, the present name",
    );
    check(
        &container("    readinessProbe: {port: 1, path: ok}\n"),
        "warning[FLOE-SPEC-0039] at line 5, column 37
    (spec.containers[0].readinessProbe.path)
  `ok` is understood, but other systems may not read it
  = begin the path with `/`",
    );
    check(
        &container(
            "    sha256: \"@sha256:00\"\n  networkPolicyConfig: {allowInternetEgress: true}\n",
        ),
        "warning[FLOE-SPEC-0029] at line 5, column 5 (spec.containers[0].sha256)
  `sha256` is written by the system and not read back
  = remove it; the digest is derived from the image anew
warning[FLOE-SPEC-0030] at line 6, column 3 (spec.networkPolicyConfig)
  `networkPolicyConfig` is a leftover of the preview and does nothing
  = use an external access integration instead",
    );
}

#[test]
fn a_probe_needs_a_port_and_a_path_and_counts_from_one() {
    check(
        &container("    readinessProbe: {periodSeconds: 0, failureThreshold: x}\n"),
        "error[FLOE-SPEC-0009] at line 5, column 22 (spec.containers[0].readinessProbe)
  the field `port` is missing
error[FLOE-SPEC-0009] at line 5, column 22 (spec.containers[0].readinessProbe)
  the field `path` is missing
error[FLOE-SPEC-0037] at line 5, column 37
    (spec.containers[0].readinessProbe.periodSeconds)
  `0` is not a whole number from 1 to 4294967295
error[FLOE-SPEC-0037] at line 5, column 58
    (spec.containers[0].readinessProbe.failureThreshold)
  `x` is not a whole number from 1 to 4294967295",
    );
    for path in ["''", "'/a b'", "'/é'", "\"/a\\r\\nHost: x\"", "'/a#b'"] {
        let found = report(
            &container(&format!("    readinessProbe: {{port: 1, path: {path}}}\n")),
            &ParseOptions::default(),
        );
        assert!(
            found.starts_with("error[FLOE-SPEC-0034]"),
            "{path}: {found}"
        );
    }
}

#[test]
fn resources_are_compared() {
    check(
        &container(
            "    resources:\n      requests: {cpu: 2, memory: 1Gi, nvidia.com/gpu: 1}\n      \
             limits: {cpu: 1500m, memory: 1G, nvidia.com/gpu: 2}\n",
        ),
        "error[FLOE-SPEC-0022] at line 6, column 23
    (spec.containers[0].resources.requests.cpu)
  2 is requested, but the limit is 1500m
error[FLOE-SPEC-0022] at line 6, column 34
    (spec.containers[0].resources.requests.memory)
  1Gi is requested, but the limit is 1G
error[FLOE-SPEC-0021] at line 6, column 55
    (spec.containers[0].resources.requests.nvidia.com/gpu)
  1 accelerators are requested, but the limit is 2
  = give both the same number",
    );
    check(
        &container("    resources: {requests: {nvidia.com/gpu: 1}}\n"),
        "error[FLOE-SPEC-0021] at line 5, column 44
    (spec.containers[0].resources.requests.nvidia.com/gpu)
  accelerators are requested without a limit
  = add `nvidia.com/gpu: 1` under `limits`",
    );
    check(
        &container(
            "    resources: {limits: {nvidia.com/gpu: 1, gpu: 2}, \
             requests: {nvidia.com/gpu: +1}}\n",
        ),
        "error[FLOE-SPEC-0010] at line 5, column 45
    (spec.containers[0].resources.limits.gpu)
  the key `gpu` is not known here
  = did you mean `cpu`?
error[FLOE-SPEC-0019] at line 5, column 81
    (spec.containers[0].resources.requests.nvidia.com/gpu)
  accelerators are counted in whole numbers up to 1024",
    );
    check(
        &container("    resources: {limits: {nvidia.com/gpu: 1}}\n"),
        "warning[FLOE-SPEC-0038] at line 5, column 42
    (spec.containers[0].resources.limits.nvidia.com/gpu)
  without a request the container sees no accelerator
  = add `nvidia.com/gpu: 1` under `requests`",
    );
}

#[test]
fn volumes_and_mounts_belong_together() {
    let volume = |fields: &str| spec(&format!("  volumes:\n  - {{name: v, {fields}}}\n"));
    for good in [
        "source: local",
        "source: memory, size: 2G",
        "source: block, size: 65536Gi",
        "source: \"@stage/folder\", uid: 1000",
        "source: stage, stageConfig: {name: \"@s\"}",
    ] {
        assert_eq!(
            report(&volume(good), &ParseOptions::default()),
            "",
            "{good}"
        );
    }
    for (bad, code) in [
        ("size: 1Gi", "error[FLOE-SPEC-0009]"),
        ("source: memory", "error[FLOE-SPEC-0025]"),
        ("source: block", "error[FLOE-SPEC-0025]"),
        ("source: block, size: 0Gi", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 1.5Gi", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 100G", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 65537Gi", "error[FLOE-SPEC-0026]"),
        ("source: memory, size: 0M", "error[FLOE-SPEC-0019]"),
        ("source: memory, size: 10", "error[FLOE-SPEC-0020]"),
        ("source: \"@\"", "error[FLOE-SPEC-0018]"),
        ("source: Local", "error[FLOE-SPEC-0018]"),
        ("source: stage", "error[FLOE-SPEC-0009]"),
        ("source: local, size: 1Gi", "warning[FLOE-SPEC-0038]"),
    ] {
        let found = report(&volume(bad), &ParseOptions::default());
        assert!(found.starts_with(code), "{bad}: {found}");
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
    let mounts = |list: &str| {
        container(&format!(
            "    volumeMounts: [{list}]\n  volumes: [{{name: v, source: local}}]\n"
        ))
    };
    let twice = mounts("{name: v, mountPath: /a}, {name: v, mountPath: /b}");
    assert_eq!(report(&twice, &ParseOptions::default()), "");
    check(
        &mounts(
            "{name: w, mountPath: a}, {name: v, mountPath: /}, {name: v, mountPath: /a/../b}, \
             {name: v, mountPath: /x}, {name: v, mountPath: /x/}",
        ),
        "error[FLOE-SPEC-0023] at line 5, column 27
    (spec.containers[0].volumeMounts[0].name)
  there is no volume `w`
  = the volumes are `v`
error[FLOE-SPEC-0024] at line 5, column 41
    (spec.containers[0].volumeMounts[0].mountPath)
  a mount path must be absolute: begin it with `/`
error[FLOE-SPEC-0024] at line 5, column 66
    (spec.containers[0].volumeMounts[1].mountPath)
  a volume cannot take the place of the root directory
error[FLOE-SPEC-0024] at line 5, column 91
    (spec.containers[0].volumeMounts[2].mountPath)
  a mount path must not hold `..`
error[FLOE-SPEC-0024] at line 5, column 148
    (spec.containers[0].volumeMounts[4].mountPath)
  another volume is mounted at this path already",
    );
}

#[test]
fn a_broken_volume_is_not_reported_as_missing_by_its_mounts() {
    check(
        &container(
            "    volumeMounts: [{name: v, mountPath: /a}]\n  volumes: [{name: v, source: block}]\n",
        ),
        "error[FLOE-SPEC-0025] at line 6, column 14 (spec.volumes[0])
  a memory or block volume needs a `size`
  = add for example `size: 10Gi`",
    );
}

#[test]
fn service_roles_name_existing_endpoints() {
    let roles = |list: &str| {
        spec(&format!(
            "  endpoints: [{{name: e, port: 1}}]\nserviceRoles: [{list}]\n"
        ))
    };
    assert_eq!(
        report(
            &roles("{name: A_1, endpoints: [e]}"),
            &ParseOptions::default()
        ),
        ""
    );
    check(
        &roles("{name: _a, endpoints: [f]}, {name: b}, {name: b, endpoints: [e]}"),
        "error[FLOE-SPEC-0012] at line 6, column 23 (serviceRoles[0].name)
  `_a` is not a name for a service role
  = use letters, digits and `_`, beginning with a letter and not ending with `_`
error[FLOE-SPEC-0028] at line 6, column 39 (serviceRoles[0].endpoints[0])
  there is no endpoint `f`
  = name an endpoint of `spec.endpoints`
error[FLOE-SPEC-0009] at line 6, column 45 (serviceRoles[1])
  the field `endpoints` is missing
error[FLOE-SPEC-0013] at line 6, column 62 (serviceRoles[2].name)
  another service role is named `b` already",
    );
}

#[test]
fn texts_that_no_process_can_take_are_refused() {
    check(
        &container(
            "    command: python main.py\n    args: [a, [b], ~, \"x\\0\"]\n    \
             env: {\"A=B\": 1, C: [1], D: \"\\0\", \"\": 2}\n",
        ),
        "error[FLOE-SPEC-0008] at line 5, column 14 (spec.containers[0].command)
  a list is expected here, not a text
  = write it as `command: [\"python\", \"main.py\"]`
error[FLOE-SPEC-0008] at line 6, column 15 (spec.containers[0].args[1])
  a text is expected here, not a list
error[FLOE-SPEC-0008] at line 6, column 20 (spec.containers[0].args[2])
  a text is expected here, not nothing
  = write `\"\"` for an empty text
error[FLOE-SPEC-0032] at line 6, column 23 (spec.containers[0].args[3])
  a text must not hold the character NUL
error[FLOE-SPEC-0032] at line 7, column 11 (spec.containers[0].env[\"A=B\"])
  a variable's name must not be empty, hold `=` or control characters
error[FLOE-SPEC-0008] at line 7, column 24 (spec.containers[0].env.C)
  a text, a number or a boolean is expected here, not a list
  = put quotes around the whole value to pass it as text
error[FLOE-SPEC-0032] at line 7, column 32 (spec.containers[0].env.D)
  a text must not hold the character NUL
error[FLOE-SPEC-0032] at line 7, column 38 (spec.containers[0].env[\"\"])
  a variable's name must not be empty, hold `=` or control characters",
    );
    check(
        "spec: {containers: [{name: a, image: ''}, {name: b, image: a b}]}",
        "error[FLOE-SPEC-0033] at line 1, column 38 (spec.containers[0].image)
  the image is empty
  = write `/database/schema/repository/image:tag`
error[FLOE-SPEC-0033] at line 1, column 60 (spec.containers[1].image)
  an image must not hold white space
  = write `/database/schema/repository/image:tag`",
    );
}

#[test]
fn there_are_limits_on_how_much_a_service_may_have() {
    let many = |count: usize, item: &str| -> String {
        (0..count)
            .map(|at| item.replace('#', &at.to_string()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let containers = format!(
        "spec: {{containers: [{}]}}",
        many(21, "{name: c#, image: i}")
    );
    assert!(report(&containers, &ParseOptions::default()).starts_with("error[FLOE-SPEC-0027]"));
    for (list, found) in [
        (
            format!("endpoints: [{}]", many(101, "{name: e#, port: 1}")),
            "0027",
        ),
        (
            format!("volumes: [{}]", many(21, "{name: v#, source: local}")),
            "0027",
        ),
        (
            format!(
                "volumes: [{}]",
                many(4, "{name: v#, source: block, size: 1Gi}")
            ),
            "0027",
        ),
        (
            format!("volumes: [{}]", many(6, "{name: v#, source: '@s'}")),
            "0027",
        ),
    ] {
        let report = report(&spec(&format!("  {list}\n")), &ParseOptions::default());
        assert!(
            report.contains(&format!("error[FLOE-SPEC-{found}]")),
            "{report}"
        );
        assert_eq!(count(&report), 1, "{report}");
    }
    let full = format!("  endpoints: [{}]\n", many(100, "{name: e#, port: 1}"));
    assert_eq!(report(&spec(&full), &ParseOptions::default()), "");
}

#[test]
fn a_job_does_not_scale() {
    let text = spec("  resourceManagement: {autoScalingPolicies: {}}\n");
    assert_eq!(report(&text, &ParseOptions::default()), "");
    let job = ParseOptions {
        context: Context::Job,
        lenient: false,
    };
    assert!(report(&text, &job).starts_with("error[FLOE-SPEC-0035] at line 5, column 23"));
}
