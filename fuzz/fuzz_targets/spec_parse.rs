//! Any text as a specification: no panic, and every place of a finding lies in the text.

#![no_main]

use floe_spec::{Context, ParseOptions, Parsed, ServiceSpec, parse};
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
    // Reading first and proving later comes to the same.
    let later = match ServiceSpec::read(text) {
        Ok(spec) => spec.validate(&ParseOptions::default()),
        Err(finding) => Parsed {
            spec: None,
            findings: vec![*finding],
        },
    };
    assert_eq!(later, strict);
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
        assert!(last <= span.start || finding.code == floe_spec::codes::TOO_MANY_FINDINGS);
        last = span.start;
    }
    if let Some(spec) = &parsed.spec {
        for (path, span) in spec.written() {
            assert!(text.get(span.start..span.end).is_some(), "{path}");
            assert_eq!(spec.span_of(path), Some(span));
        }
    }
}
