//! Valid specifications: what is written out canonically is read back as the same, by this reader
//! and through serde.
//!
//! The input is a text; when it is JSON of the wire types, it goes that way, too.

#![no_main]

use floe_spec::{
    NodeCapacity, ParseOptions, ServiceSpec, ValidSpec, limits, parse, spec_digest, wire,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let options = ParseOptions {
        lenient: true,
        ..ParseOptions::default()
    };
    if let Some(spec) = parse(text, &options).spec {
        check_canonical(&spec);
        let node = NodeCapacity {
            millicpu: 1000,
            bytes: 6 << 30,
        };
        check_canonical(&spec.derived(&node));
    }
    if let Ok(document) = serde_json::from_str::<wire::Document>(text) {
        check_wire(document);
    }
});

/// What is written out is read back as the same.
fn check_canonical(spec: &ValidSpec) {
    let canonical = spec.canonical_text(&|_| None);
    if canonical.len() > limits::MAX_SPEC_BYTES {
        return;
    }
    let again = parse(&canonical, &ParseOptions::default());
    // Warnings about what the specification says, not how, stay.
    let Some(again) = again.spec else {
        panic!("{:?}\n{canonical}", again.findings);
    };
    let twice = again.canonical_text(&|_| None);
    assert_eq!(twice, canonical);
    assert_eq!(spec_digest(&twice), spec_digest(&canonical));
    assert_eq!(again.containers(), spec.containers());
    assert_eq!(again.endpoints(), spec.endpoints());
    assert_eq!(again.volumes(), spec.volumes());
    assert_eq!(again.service_roles(), spec.service_roles());
    assert_eq!(again.capabilities(), spec.capabilities());
    assert_eq!(again.observability(), spec.observability());
    assert_eq!(again.scaling(), spec.scaling());
    assert!(floe_spec::diff(spec, &again).is_empty());
}

/// Values read by serde become the specification that their text is.
fn check_wire(document: wire::Document) {
    let spec = ServiceSpec::from(document);
    if let Some(valid) = spec.validate(&ParseOptions::default()).spec {
        let direct = parse(spec.text(), &ParseOptions::default()).spec;
        assert_eq!(direct.as_ref(), Some(&valid));
        check_canonical(&valid);
    }
}
