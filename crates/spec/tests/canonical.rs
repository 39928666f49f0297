//! The canonical text: its form, its stability, and that other readers agree with it.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{ParseOptions, ValidSpec, parse, spec_digest};
use proptest::prelude::*;

fn valid(text: &str) -> ValidSpec {
    let parsed = parse(text, &ParseOptions::default());
    assert!(parsed.spec.is_some(), "{text}\n{:#?}", parsed.findings);
    parsed.spec.expect("just asserted")
}

fn canonical(text: &str) -> String {
    valid(text).canonical_text(&|_| None)
}

/// The documented sample of DESCRIBE SERVICE, byte for byte.
#[test]
fn the_documented_sample_is_reproduced() {
    let text = "
spec:
  container:
  - name: echo
    image: registry.example.com/tutorial_db/data/tutorial_repository/my_echo_service:latest
    env:
      SERVER_PORT: 8000
      CHARACTER_NAME: Bob
    readinessProbe: {path: /healthcheck, port: 8000}
    resources:
      requests: {cpu: \"0.5\", memory: 0.5Gi}
      limits: {cpu: 1, memory: 6Gi}
  endpoint:
  - {name: echoendpoint, public: true, port: 8000, protocol: HTTP}
";
    let digest = "sha256:d04a2d7b7d9bd607df994926e3cc672edcb541474e4888a01703e8bb0dd3f173";
    let text = valid(text).canonical_text(&|image| {
        image
            .ends_with("my_echo_service:latest")
            .then(|| digest.to_owned())
    });
    let expected = r#"---
spec:
  containers:
  - name: "echo"
    image: "registry.example.com/tutorial_db/data/tutorial_repository/my_echo_service:latest"
    sha256: "@sha256:d04a2d7b7d9bd607df994926e3cc672edcb541474e4888a01703e8bb0dd3f173"
    env:
      SERVER_PORT: "8000"
      CHARACTER_NAME: "Bob"
    readinessProbe:
      port: 8000
      path: "/healthcheck"
    resources:
      limits:
        memory: "6Gi"
        cpu: "1"
      requests:
        memory: "0.5Gi"
        cpu: "0.5"
  endpoints:
  - name: "echoendpoint"
    port: 8000
    public: true
"#;
    assert_eq!(text, expected);
    // A described service can be created again: the digest is announced and derived anew.
    let again = parse(&text, &ParseOptions::default());
    assert_eq!(again.findings.len(), 1);
    assert_eq!(
        again
            .spec
            .expect("warnings only")
            .canonical_text(&|_| Some(digest.into())),
        expected
    );
}

#[test]
fn nothing_is_invented_for_what_is_not_written() {
    assert_eq!(
        canonical("spec: {containers: [{name: a, image: i}]}"),
        "---\nspec:\n  containers:\n  - name: \"a\"\n    image: \"i\"\n"
    );
}

#[test]
fn a_change_of_image_content_changes_the_digest_and_a_change_of_layout_does_not() {
    let one = valid("spec: {containers: [{name: a, image: i, env: {A: 1}}]}");
    let two = valid(
        "spec:\n  # remark\n  containers:\n  - image: 'i'\n    env: {A: \"1\"}\n    name: a\n",
    );
    let digest = |spec: &ValidSpec, content: &str| {
        spec_digest(&spec.canonical_text(&|_| Some(content.to_owned())))
    };
    assert_eq!(digest(&one, "sha256:1"), digest(&two, "sha256:1"));
    assert_ne!(digest(&one, "sha256:1"), digest(&one, "sha256:2"));
    // The digest of the empty text, from RFC 6234's algorithm, guards the hash itself.
    assert_eq!(
        spec_digest("").as_str(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

/// Characters that mean something in YAML, or are not printable.
const ODD: &str = "\"'\\\n\r\t :#-[]{}&*!|>%@`,?~=<\u{85}\u{2028}\u{feff}\u{7f}é";

/// Any text that a process can take.
fn any_text() -> impl Strategy<Value = String> {
    let chars = prop_oneof![
        4 => any::<char>(),
        4 => proptest::sample::select(ODD.chars().collect::<Vec<_>>()),
    ];
    proptest::collection::vec(chars, 0..24)
        .prop_map(|chars| chars.into_iter().filter(|c| *c != '\0').collect())
}

proptest! {
    // Failures are kept as tests of their own, not as files of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_the_canonical_form(
        values in proptest::collection::vec(any_text(), 1..6),
        keys in proptest::collection::vec("[a-zA-Z0-9_. :#é\"'-]{1,12}", 6),
    ) {
        let json = |text: &String| serde_json_string(text);
        let args: Vec<String> = values.iter().map(json).collect();
        let mut unique: Vec<&String> = keys.iter().collect();
        unique.sort();
        unique.dedup();
        let env: Vec<String> = unique.iter().zip(&values)
            .map(|(key, value)| format!("? {}\n      : {}\n      ", json(key), json(value)))
            .collect();
        let text = format!(
            "spec:\n  containers:\n  - name: a\n    image: i\n    args: [{}]\n    env:\n      {}\n",
            args.join(", "), env.concat(),
        );
        let spec = valid(&text);
        let container = &spec.containers()[0];
        prop_assert_eq!(container.args.as_ref(), Some(&values));
        let canonical = spec.canonical_text(&|_| None);
        let again = valid(&canonical);
        prop_assert_eq!(&again.containers()[0].env, &container.env);
        prop_assert_eq!(again.containers()[0].args.as_ref(), Some(&values));
        prop_assert_eq!(again.canonical_text(&|_| None), canonical.as_str());
        // A reader by other hands sees the same.
        let oracle: serde_yaml::Value = serde_yaml::from_str(&canonical)
            .map_err(|error| TestCaseError::fail(format!("{error}: {canonical}")))?;
        let oracle = &oracle["spec"]["containers"][0];
        let read: Vec<&str> = oracle["args"].as_sequence().into_iter().flatten()
            .filter_map(serde_yaml::Value::as_str).collect();
        prop_assert_eq!(read, values.iter().map(String::as_str).collect::<Vec<_>>());
        for (key, value) in &container.env {
            prop_assert_eq!(oracle["env"][key.as_str()].as_str(), Some(value.as_str()));
        }
    }
}

/// A double-quoted scalar that escapes everything but letters and digits.
fn serde_json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            out.push_str(&format!("\\U{:08x}", u32::from(c)));
        }
    }
    out.push('"');
    out
}
