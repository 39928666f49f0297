//! Findings as text, for tests to compare.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{Finding, ParseOptions, parse};

/// Findings to read: severity, code, place and path; below it the message and the hint.
pub(crate) fn report(text: &str, options: &ParseOptions) -> String {
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

/// How many findings a report has.
pub(crate) fn count(report: &str) -> usize {
    let head = |line: &&str| line.starts_with("error[") || line.starts_with("warning[");
    report.lines().filter(head).count()
}

#[track_caller]
pub(crate) fn check(text: &str, expected: &str) {
    assert_eq!(
        report(text, &ParseOptions::default()).trim(),
        expected.trim()
    );
}

/// A specification with one container, and what follows it.
pub(crate) fn container(fields: &str) -> String {
    format!("spec:\n  containers:\n  - name: main\n    image: /d/s/r/i\n{fields}")
}
