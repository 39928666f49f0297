//! Every documented rule of service names, and what holds for all of them.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;

use floe_dns::{DnsLabel, Name, SchemaHash, instances_name, label_of_object, service_name};
use proptest::prelude::*;

fn hash(text: &str) -> SchemaHash {
    SchemaHash::parse(text).unwrap()
}

fn full(query: &str) -> Result<String, &'static str> {
    let here = hash("k3m6");
    Name::parse(query, Some(&here))
        .map(|name| name.to_string())
        .map_err(|error| error.code())
}

fn why_not(name: &str) -> String {
    label_of_object(name).unwrap_err().to_string()
}

#[test]
fn a_service_is_named_in_lower_case_with_hyphens_for_underscores() {
    assert_eq!(
        label_of_object("ECHO_SERVICE").unwrap().as_str(),
        "echo-service"
    );
    assert_eq!(label_of_object("A__B2").unwrap().as_str(), "a--b2");
}

#[test]
fn names_that_are_no_labels_are_refused_with_the_reason() {
    assert!(why_not("").contains("it is empty"));
    assert!(why_not("A$B").contains("it holds '$'"));
    assert!(why_not("A.B").contains("it holds '.'"));
    assert!(why_not("A-B").contains("it holds '-'"));
    assert!(why_not("GRÖSSE").contains("it holds 'Ö'"));
    assert!(why_not("A\nB").contains(r"it holds '\n'"));
    assert!(why_not("_A").contains("it starts with '_'"));
    assert!(why_not("1A").contains("it starts with '1'"));
    assert!(why_not("A_").contains("it ends with '_'"));
    assert!(why_not(&"A".repeat(64)).contains("it has 64 characters"));
    assert!(label_of_object(&"A".repeat(63)).is_ok());
}

#[test]
fn a_label_speaks_of_hyphens_and_an_object_of_underscores() {
    assert!(why_not("A$").contains("digits and underscores"));
    let error = DnsLabel::parse("a_b").unwrap_err();
    assert!(error.to_string().contains("digits and hyphens"), "{error}");
}

#[test]
fn short_and_full_names_mean_the_same() {
    let service = Ok("echo-service.k3m6.svc.spcs.internal".to_owned());
    for query in [
        "echo-service",
        "echo-service.k3m6",
        "echo-service.k3m6.svc.spcs.internal",
        "echo-service.k3m6.svc.spcs.internal.",
        "Echo-Service.K3M6.SVC.spcs.internal",
    ] {
        assert_eq!(full(query), service, "{query}");
    }
    let instances = Ok("instances.echo-service.k3m6.svc.spcs.internal".to_owned());
    for query in [
        "instances.echo-service",
        "instances.echo-service.k3m6",
        "instances.echo-service.k3m6.svc.spcs.internal",
    ] {
        assert_eq!(full(query), instances, "{query}");
    }
}

#[test]
fn a_name_with_a_hash_leads_to_another_schema() {
    assert_eq!(
        full("echo.a1b2c3d4"),
        Ok("echo.a1b2c3d4.svc.spcs.internal".to_owned())
    );
}

#[test]
fn a_short_name_from_outside_any_schema_is_refused() {
    for query in ["echo", "instances.echo"] {
        assert_eq!(
            Name::parse(query, None).unwrap_err().code(),
            "FLOE-DNS-0004",
            "{query}"
        );
    }
}

#[test]
fn a_service_called_instances_is_found_by_its_full_name() {
    let full_name = "instances.k3m6.svc.spcs.internal".to_owned();
    assert_eq!(full("instances"), Ok(full_name.clone()));
    assert_eq!(full(&full_name), Ok(full_name.clone()));
}

#[test]
fn other_names_are_refused() {
    for (query, code) in [
        ("", "FLOE-DNS-0001"),
        (".", "FLOE-DNS-0001"),
        ("example.com", "FLOE-DNS-0002"),
        ("www.example.com", "FLOE-DNS-0003"),
        ("svc.spcs.internal", "FLOE-DNS-0003"),
        ("k3m6.svc.spcs.internal", "FLOE-DNS-0003"),
        ("a.instances.echo.k3m6.svc.spcs.internal", "FLOE-DNS-0003"),
        ("nodes.echo.k3m6", "FLOE-DNS-0003"),
        ("echo.k3m6.svc.spcs.internal..", "FLOE-DNS-0003"),
        ("echo..svc.spcs.internal", "FLOE-DNS-0002"),
        ("-echo.k3m6", "FLOE-DNS-0001"),
    ] {
        assert_eq!(full(query), Err(code), "{query}");
    }
}

#[test]
fn hashes_have_four_to_eight_characters_and_a_letter_first() {
    for good in ["k3m6", "abcd", "a1234567", "K3M6"] {
        assert!(SchemaHash::parse(good).is_ok(), "{good}");
    }
    for bad in ["", "k3m", "a12345678", "3km6", "k-m6", "k3m_", "kä3m"] {
        assert_eq!(
            SchemaHash::parse(bad).unwrap_err().code(),
            "FLOE-DNS-0002",
            "{bad}"
        );
    }
}

#[test]
fn hashes_are_the_same_for_ever() {
    let derived = [0, 1, 2, u64::MAX].map(|n| SchemaHash::derive(n).to_string());
    assert_eq!(derived, FOR_EVER);
}

/// Names of running services depend on these; a change of the derivation would change them.
const FOR_EVER: [&str; 4] = ["vop8pbi8", "zaf3w0si", "hor9o437", "ejw1e0xv"];

#[test]
fn a_hundred_thousand_incarnations_have_different_hashes() {
    let hashes: BTreeSet<SchemaHash> = (0..100_000).map(SchemaHash::derive).collect();
    assert_eq!(hashes.len(), 100_000);
}

#[test]
fn neighbouring_incarnations_look_nothing_alike() {
    let hashes: Vec<String> = (0..1_000)
        .map(|n| SchemaHash::derive(n).to_string())
        .collect();
    let same = |pair: &[String]| {
        pair[0]
            .bytes()
            .zip(pair[1].bytes())
            .filter(|(left, right)| left == right)
            .count()
    };
    let alike: usize = hashes.windows(2).map(same).sum();
    // By chance, about one character in 36 of the 8 · 999 is the same.
    assert!(alike < 8 * 999 / 18, "{alike}");
}

proptest! {
    #[test]
    fn every_derived_hash_has_the_shape_of_one(incarnation: u64) {
        let hash = SchemaHash::derive(incarnation);
        prop_assert_eq!(SchemaHash::parse(hash.as_str()), Ok(hash.clone()));
        prop_assert_eq!(hash.as_str(), hash.as_str().to_ascii_lowercase());
    }

    #[test]
    fn every_identifier_has_a_valid_label_or_a_reason(name in "[A-Z_][A-Z0-9_$]{0,80}") {
        match label_of_object(&name) {
            Ok(label) => {
                prop_assert_eq!(DnsLabel::parse(label.as_str()).unwrap(), label.clone());
                prop_assert_eq!(label.as_str().to_ascii_uppercase().replace('-', "_"), name);
            }
            Err(error) => {
                let wrong = name.contains('$')
                    || name.starts_with('_')
                    || name.ends_with('_')
                    || name.len() > 63;
                prop_assert!(wrong, "{}", error);
            }
        }
    }

    #[test]
    fn every_full_name_is_read_back(service in "[A-Z]([A-Z0-9_]{0,61}[A-Z0-9])?", n: u64) {
        let (label, schema) = (label_of_object(&service).unwrap(), SchemaHash::derive(n));
        for name in [service_name(&label, &schema), instances_name(&label, &schema)] {
            prop_assert_eq!(Name::parse(&name, None).unwrap().to_string(), name);
        }
    }

    #[test]
    fn no_query_makes_the_parser_panic(query in "\\PC{0,300}") {
        let _ = Name::parse(&query, Some(&hash("k3m6")));
    }
}
