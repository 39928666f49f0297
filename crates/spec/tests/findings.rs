//! What is said about the text as a whole, its keys, names and limits.

#[path = "support/report.rs"]
mod report;

use floe_spec::{ParseOptions, parse};
use report::{check, container, count, report};

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
        assert_eq!(count(&found), 1, "{text:?}: {found}");
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
        &container("  serviceRoles: []\n"),
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
  a key must be a word, not a list or a map
  = a text that begins with `{` or `[` needs quotes; a template is expanded
    first",
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
        "error[FLOE-SPEC-0060] at line 2, column 2
  a tab indents this line, which YAML does not allow
  = indent with spaces",
    );
    check(
        "spec:\n  a: b: c\n",
        "error[FLOE-SPEC-0002] at line 2, column 7
  this is not YAML: a `:` stands where no key can be (mapping values are not
    allowed)
  = check the indentation, or put quotes around a text that holds `: `",
    );
    check(
        "é: @stage",
        "error[FLOE-SPEC-0002] at line 1, column 4
  this is not YAML: a text begins with a character that means something else
    (unexpected character)
  = put quotes around a text that begins with a special character",
    );
}

#[test]
fn what_the_reader_says_about_yaml_is_explained() {
    check(
        "spec:\n  containers\n  - name: a\n",
        "error[FLOE-SPEC-0002] at line 3, column 9
  this is not YAML: a `:` stands where no key can be (mapping values are not
    allowed)
  = check the indentation, or put quotes around a text that holds `: `",
    );
    check(
        "spec:\n  a: 1\n  b\n  c: 2\n",
        "error[FLOE-SPEC-0002] at line 3, column 3
  this is not YAML: a key has no `:` behind it (simple key expected)
  = write `key: value`, or indent the line as part of the text above",
    );
    check(
        "spec:\n  containers:\n  - name: a\n    - name: b\n",
        "error[FLOE-SPEC-0002] at line 4, column 7
  this is not YAML: the line does not belong to the map above it (did not find
    expected key)
  = indent all keys of a map alike, and put a `:` behind each",
    );
    check(
        "spec:\n  containers:\n  - name: a\n   image: b\n",
        "error[FLOE-SPEC-0002] at line 4, column 4
  this is not YAML: the line does not belong to the map above it (did not find
    expected key)
  = indent all keys of a map alike, and put a `:` behind each",
    );
    check(
        "spec:\n  containers:\n  - name: 'a\n    image: b\n",
        "error[FLOE-SPEC-0002] at line 3, column 11
  this is not YAML: a text in quotes is not closed (unclosed quote)
  = close it with the quote it begins with; `''` inside `'…'` stands for one `'`",
    );
    check(
        "spec: {containers: [{name: a, image: i}}",
        "error[FLOE-SPEC-0002] at line 1, column 20
  this is not YAML: a bracket is closed by one of another kind (mismatched
    bracket)
  = close `[` with `]` and `{` with `}`",
    );
    check(
        "spec: {containers: [{name: a, image: {{ image }}}]}",
        "error[FLOE-SPEC-0008] at line 1, column 38 (spec.containers[0].image)
  a text is expected here, not a map
error[FLOE-SPEC-0036] at line 1, column 39 (spec.containers[0].image)
  a key must be a word, not a list or a map
  = a text that begins with `{` or `[` needs quotes; a template is expanded
    first",
    );
    check(
        "spec: *table\n",
        "error[FLOE-SPEC-0002] at line 1, column 7
  this is not YAML: an alias (`*name`) names nothing that stands before it
    (unknown anchor)
  = put quotes around a text that begins with `*`",
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
fn values_that_others_may_not_read_are_understood_with_a_warning() {
    check(
        &container(
            "  endpoints:\n  - {name: e, port: \"8000\", public: \"true\", protocol: https}\n",
        ),
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
fn paths_and_hints_name_the_plural_and_are_one_line() {
    check(
        "spec:\n  container:\n  - {name: a, image: i, env: {A: 1, A: 2}}\n  \
         volume:\n  - {name: v, name: v, source: \"@s\\nx\"}\n",
        "error[FLOE-SPEC-0005] at line 3, column 37 (spec.containers[0].env.A)
  the key `A` stands here a second time; the first is in line 3
error[FLOE-SPEC-0005] at line 5, column 15 (spec.volumes[0].name)
  the key `name` stands here a second time; the first is in line 5
error[FLOE-SPEC-0018] at line 5, column 32 (spec.volumes[0].source)
  `@s\\nx` is not a source of volumes
  = write `local`, `memory`, `block`, `stage` or `\"@stage/folder\"`",
    );
    check(
        "spec: {container: [{name: a, image: i, \"\\e[2J\": 1}]}",
        "error[FLOE-SPEC-0010] at line 1, column 40 (spec.containers[0][\"\\u{1b}[2J\"])
  the key `\\u{1b}[2J` is not known here",
    );
    let text = "spec: {containers: [{name: a, image: i, volumeMounts: [{name: w, mountPath: /x}]}],
        volumes: [{name: \"a\\nb\", source: local}]}";
    check(
        text,
        "error[FLOE-SPEC-0023] at line 1, column 63
    (spec.containers[0].volumeMounts[0].name)
  there is no volume `w`
  = the volumes are `a\\nb`
error[FLOE-SPEC-0012] at line 2, column 26 (spec.volumes[0].name)
  `a\\nb` is not a name for a volume
  = use lower-case letters, digits and `-`, at most 63, beginning with a letter
    and ending with a letter or digit",
    );
}

#[test]
fn keys_that_slipped_are_sent_back() {
    check(
        &container("    endpoints: []\n"),
        "error[FLOE-SPEC-0010] at line 5, column 5 (spec.containers[0].endpoints)
  the key `endpoints` is not known here
  = `endpoints` belongs under `spec`, beside `containers`",
    );
    check(
        &container("  min_instances: 1\n"),
        "error[FLOE-SPEC-0010] at line 5, column 3 (spec.min_instances)
  the key `min_instances` is not known here
  = MIN_INSTANCES belongs in the SQL statement that creates the service",
    );
    check(
        &container(
            "    secrets: [{snowflakeSecret: {objectName: s, secretKeyRef: password}, \
             envVarName: A}]\n",
        ),
        "error[FLOE-SPEC-0010] at line 5, column 49
    (spec.containers[0].secrets[0].snowflakeSecret.secretKeyRef)
  the key `secretKeyRef` is not known here
  = `secretKeyRef` belongs in a secret, beside `snowflakeSecret`",
    );
    check(
        &container("  capabilities: {}\n"),
        "error[FLOE-SPEC-0010] at line 5, column 3 (spec.capabilities)
  the key `capabilities` is not known here
  = `capabilities` belongs at the top level, beside `spec`",
    );
}
