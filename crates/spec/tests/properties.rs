//! Whatever is written, in whatever style, means the same and is written back the same.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

#[path = "support/any_spec.rs"]
mod any_spec;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use any_spec::{Dice, Tree, any_spec, write};
use floe_spec::{ParseOptions, ValidSpec, parse, spec_digest};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn read(text: &str) -> Result<ValidSpec, TestCaseError> {
    let parsed = parse(text, &ParseOptions::default());
    let errors: Vec<_> = parsed
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    prop_assert!(errors.is_empty(), "{text}\n{errors:#?}");
    Ok(parsed
        .spec
        .expect("without errors there is a specification"))
}

/// All that a specification says; where it stands in the text is no part of it.
fn model(spec: &ValidSpec) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (
            spec.containers().to_vec(),
            spec.endpoints().to_vec(),
            spec.volumes().to_vec(),
        ),
        (spec.service_roles().to_vec(), spec.capabilities().clone()),
        (spec.observability().clone(), spec.scaling().clone()),
    )
}

/// Values by their paths, as they are meant; what the canonical text leaves out is left out.
fn meant(tree: &Tree, path: &str, found: &mut BTreeMap<String, String>) {
    match tree {
        Tree::Text(text) => drop(found.insert(path.to_owned(), format!("text {text}"))),
        Tree::Quoted(text) => drop(found.insert(path.to_owned(), format!("text {text}"))),
        Tree::Number(text) => {
            let number: f64 = text.parse().expect("a number");
            found.insert(path.to_owned(), format!("number {number}"));
        }
        Tree::Boolean(value) => drop(found.insert(path.to_owned(), format!("boolean {value}"))),
        Tree::List(items) => {
            if items.is_empty() && !is_list_of_maps(path) {
                found.insert(path.to_owned(), "empty".to_owned());
            }
            for (at, item) in items.iter().enumerate() {
                meant(item, &format!("{path}[{at}]"), found);
            }
        }
        Tree::Map(fields) => {
            let alone = fields.len() == 1;
            for (key, value) in fields {
                if !(is_default(key, value, path) && !(alone && *key == "mountConnectionConfig")) {
                    meant(value, &format!("{path}.{key}"), found);
                }
            }
        }
        Tree::Texts(fields) => {
            for (key, value) in fields {
                found.insert(format!("{path}.{key}"), format!("text {value}"));
            }
        }
    }
}

/// Empty lists of these say nothing; the others say that there is none of what is listed.
fn is_list_of_maps(path: &str) -> bool {
    ["volumeMounts", "secrets", "volumes", "serviceRoles"]
        .iter()
        .any(|key| path.ends_with(key))
        || path == ".spec.endpoints"
}

/// Whether the canonical text leaves this out.
fn is_default(key: &str, value: &Tree, path: &str) -> bool {
    match (key, value) {
        ("sha256", _) | ("mountSessionToken", Tree::Boolean(true)) => true,
        (
            "public" | "executeAsCaller" | "enableCustomCredentials" | "mountConnectionConfig",
            Tree::Boolean(value),
        ) => !value,
        ("protocol", Tree::Text(word)) => word == "HTTP",
        ("periodSeconds", Tree::Number(seconds)) => {
            seconds
                == if path.ends_with("livenessProbe") {
                    "10"
                } else {
                    "5"
                }
        }
        ("failureThreshold", Tree::Number(count)) => count == "3",
        _ => false,
    }
}

/// The same of what another reader makes of the canonical text.
fn seen(value: &serde_yaml::Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        serde_yaml::Value::String(text) => {
            found.insert(path.to_owned(), format!("text {text}"));
        }
        serde_yaml::Value::Number(number) => {
            let number = number.as_f64().expect("a finite number");
            found.insert(path.to_owned(), format!("number {number}"));
        }
        serde_yaml::Value::Bool(value) => {
            found.insert(path.to_owned(), format!("boolean {value}"));
        }
        serde_yaml::Value::Sequence(items) if items.is_empty() => {
            found.insert(path.to_owned(), "empty".to_owned());
        }
        serde_yaml::Value::Sequence(items) => {
            for (at, item) in items.iter().enumerate() {
                seen(item, &format!("{path}[{at}]"), found);
            }
        }
        serde_yaml::Value::Mapping(fields) => {
            for (key, value) in fields {
                let key = key.as_str().expect("keys are texts");
                seen(value, &format!("{path}.{key}"), found);
            }
        }
        other => drop(found.insert(path.to_owned(), format!("{other:?}"))),
    }
}

/// The paths of all fields, as the tables of the format have them.
fn paths(tree: &Tree, path: &str, found: &mut BTreeSet<String>) {
    match tree {
        Tree::Map(fields) => {
            for (key, value) in fields {
                let path = format!("{path}{}{key}", if path.is_empty() { "" } else { "." });
                paths(value, &path, found);
                found.insert(path);
            }
        }
        Tree::List(items) => {
            for item in items {
                paths(item, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

fn canonical(spec: &ValidSpec) -> String {
    spec.canonical_text(&|_| None)
}

#[test]
fn every_specification_survives_its_canonical_text_and_any_style() {
    let written = RefCell::new(BTreeSet::new());
    // Failures are kept as tests of their own, not as files of seeds.
    let config = Config {
        failure_persistence: None,
        cases: 512,
        ..Config::default()
    };
    let run = |(seed, one, other): (u64, u64, u64)| {
        let tree = any_spec(&mut Dice(seed));
        paths(&tree, "", &mut written.borrow_mut());
        let text = write(&tree, &mut Dice(one));
        let spec = read(&text)?;
        let styled = write(&tree, &mut Dice(other));
        prop_assert_eq!(
            model(&spec),
            model(&read(&styled)?),
            "{}\n---\n{}",
            text,
            styled
        );
        let canon = canonical(&spec);
        let again = read(&canon)?;
        prop_assert_eq!(model(&spec), model(&again), "{}\n---\n{}", text, canon);
        prop_assert_eq!(&canonical(&again), &canon);
        prop_assert_eq!(
            spec_digest(&canonical(&read(&styled)?)),
            spec_digest(&canon)
        );
        let oracle: serde_yaml::Value = serde_yaml::from_str(&canon)
            .map_err(|error| TestCaseError::fail(format!("{error}: {canon}")))?;
        let (mut here, mut there) = (BTreeMap::new(), BTreeMap::new());
        meant(&tree, "", &mut here);
        seen(&oracle, "", &mut there);
        prop_assert_eq!(here, there, "{}\n---\n{}", text, canon);
        Ok(())
    };
    let any = (any::<u64>(), any::<u64>(), any::<u64>());
    TestRunner::new(config)
        .run(&any, run)
        .expect("every case holds");
    let written = written.into_inner();
    let missing: Vec<String> = floe_spec::fields()
        .into_iter()
        .map(|field| field.path)
        .filter(|path| !written.contains(path))
        // The table says of the key itself that it is refused there.
        .filter(|path| !path.contains(".suspend.") || !path.contains(".stepScaling"))
        .collect();
    assert!(missing.is_empty(), "never written: {missing:?}");
}

#[test]
fn one_change_to_any_specification_is_read_or_explained() {
    let odd: Vec<char> = "\0\t\n :-{}[]\"'é#&*!|>@,~x0".chars().collect();
    let config = Config {
        failure_persistence: None,
        cases: 512,
        ..Config::default()
    };
    let run = |(seed, style, at, with): (u64, u64, usize, usize)| {
        let mut text: Vec<char> = write(&any_spec(&mut Dice(seed)), &mut Dice(style))
            .chars()
            .collect();
        let at = at % text.len();
        match odd.get(with) {
            Some(other) => text[at] = *other,
            None => drop(text.remove(at)),
        }
        let text: String = text.into_iter().collect();
        let parsed = parse(&text, &ParseOptions::default());
        for finding in &parsed.findings {
            let span = finding.span.expect("every finding has a place");
            prop_assert!(text.get(span.start..span.end).is_some(), "{finding:?}");
            let hint = finding.hint.as_deref().unwrap_or_default();
            prop_assert!(!hint.contains(char::is_control), "{finding:?}");
            prop_assert!(!finding.message.contains(char::is_control), "{finding:?}");
        }
        let failed = parsed.findings.iter().any(|finding| finding.is_error());
        prop_assert_eq!(parsed.spec.is_none(), failed);
        if let Some(spec) = parsed.spec {
            let canon = canonical(&spec);
            let again = read(&canon)?;
            prop_assert_eq!(model(&spec), model(&again), "{}\n---\n{}", text, canon);
            prop_assert_eq!(canonical(&again), canon);
        }
        Ok(())
    };
    let any = (any::<u64>(), any::<u64>(), any::<usize>(), 0..=odd.len());
    TestRunner::new(config)
        .run(&any, run)
        .expect("every case holds");
}
