//! What is said about containers.

#[path = "support/report.rs"]
mod report;

use floe_spec::ParseOptions;
use report::{check, container, count, report};

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
        assert_eq!(count(&found), 1, "{path}: {found}");
    }
}

#[test]
fn resources_are_compared() {
    check(
        &container(
            "    resources:\n      requests: {cpu: 2, memory: 1Gi, nvidia.com/gpu: 1}\n      \
             limits: {cpu: 1500m, memory: 1G, nvidia.com/gpu: 2}\n",
        ),
        "warning[FLOE-SPEC-0022] at line 6, column 23
    (spec.containers[0].resources.requests.cpu)
  2 is requested, but the limit is 1500m
  = raise the limit to 2 at least
warning[FLOE-SPEC-0022] at line 6, column 34
    (spec.containers[0].resources.requests.memory)
  1Gi is requested, but the limit is 1G
  = raise the limit to 1Gi at least
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
fn a_liveness_probe_has_the_rules_of_a_readiness_probe() {
    check(
        &container("    livenessProbe: {port: 0, path: live, periodSeconds: \"10\"}\n"),
        "error[FLOE-SPEC-0014] at line 5, column 27
    (spec.containers[0].livenessProbe.port)
  `0` is not a whole number from 1 to 65535
warning[FLOE-SPEC-0039] at line 5, column 36
    (spec.containers[0].livenessProbe.path)
  `live` is understood, but other systems may not read it
  = begin the path with `/`
warning[FLOE-SPEC-0039] at line 5, column 57
    (spec.containers[0].livenessProbe.periodSeconds)
  `10` is understood, but other systems may not read it
  = write 10 without quotes and leading zeros",
    );
    check(
        &container("    livenessProbe: [8000]\n"),
        "error[FLOE-SPEC-0008] at line 5, column 20 (spec.containers[0].livenessProbe)
  a map of fields is expected here, not a list
  = write fields such as `port: …` there",
    );
}

#[test]
fn accelerators_of_a_side_that_cannot_be_read_are_no_second_finding() {
    check(
        &container("    resources: {requests: {nvidia.com/gpu: 1}, limits: [1]}\n"),
        "error[FLOE-SPEC-0008] at line 5, column 56 (spec.containers[0].resources.limits)
  a map of fields is expected here, not a list
  = write fields such as `memory: …` there",
    );
}

#[test]
fn memory_may_be_a_fraction_and_is_silent_about_it() {
    check(
        &container("    resources: {requests: {memory: 0.4Gi, cpu: 0.1}}\n"),
        "",
    );
    check(
        &container("    resources: {requests: {memory: 2g, cpu: 0.0001}}\n"),
        "error[FLOE-SPEC-0020] at line 5, column 36
    (spec.containers[0].resources.requests.memory)
  `2g` needs one of the units `M`, `Mi`, `G` and `Gi`
  = did you mean `2G`?
error[FLOE-SPEC-0019] at line 5, column 45
    (spec.containers[0].resources.requests.cpu)
  `0.0001` is finer than a thousandth of a processor; write at least `1m`",
    );
}

#[test]
fn an_image_path_with_capitals_is_warned_about_but_its_tag_may_have_them() {
    let image = |image: &str| format!("spec: {{containers: [{{name: a, image: \"{image}\"}}]}}");
    for good in [
        "/db/schema/repo/image:Tag",
        "host.example.com:5000/db/s/r/i:V1.0-RC",
        "i@sha256:ABC",
        "i",
    ] {
        check(&image(good), "");
    }
    check(
        &image("/DB/schema/Repo/image:Tag"),
        "warning[FLOE-SPEC-0057] at line 1, column 38 (spec.containers[0].image)
  an image path is written in lower case
  = write `/db/schema/repo/image:Tag`",
    );
    check(
        &image("Image"),
        "warning[FLOE-SPEC-0057] at line 1, column 38 (spec.containers[0].image)
  an image path is written in lower case
  = write `image`",
    );
}

#[test]
fn what_the_system_writes_is_not_read_back() {
    check(
        &container("    sha256: \"@sha256:00\"\n"),
        "warning[FLOE-SPEC-0029] at line 5, column 5 (spec.containers[0].sha256)
  `sha256` is written by the system and not read back
  = remove it; the digest is derived from the image anew",
    );
}
