//! Any text as a specification: no panic, every place lies in the text, and the canonical text
//! of a valid one is valid and its own canonical text.

#![no_main]

use floe_spec::{Context, ParseOptions, Parsed, ValidSpec, limits, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let strict = parse(text, &ParseOptions::default());
    check_findings(text, &strict);
    let options = ParseOptions {
        context: Context::Job,
        lenient: true,
    };
    check_findings(text, &parse(text, &options));
    if let Some(spec) = &strict.spec {
        check_canonical(spec);
    }
});

/// A specification exists exactly without errors, and findings stand in order in the text.
fn check_findings(text: &str, parsed: &Parsed) {
    let failed = parsed.findings.iter().any(|finding| finding.is_error());
    assert_eq!(parsed.spec.is_none(), failed);
    let mut last = 0;
    for finding in &parsed.findings {
        assert!(!finding.message.is_empty());
        assert!(!finding.to_string().contains('\n'));
        let Some(span) = finding.span else {
            continue;
        };
        assert!(text.get(span.start..span.end).is_some());
        assert!(span.line >= 1 && span.column >= 1);
        assert!(last <= span.start);
        last = span.start;
    }
}

/// What is written out is read back as the same, with nothing left to say about it.
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
    assert_eq!(again.canonical_text(&|_| None), canonical);
    assert_eq!(again.containers().len(), spec.containers().len());
    for (one, other) in again.containers().iter().zip(spec.containers()) {
        assert_eq!(
            (&one.env, &one.args, &one.command),
            (&other.env, &other.args, &other.command)
        );
    }
}
