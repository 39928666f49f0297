//! Any text as a script: no panic, and every place reported lies in the text.

#![no_main]

use floe_sql::{LineIndex, SqlError, blank_comments, incomplete, parse_script};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse_script(text) {
        Ok(parsed) => {
            let mut end = 0;
            for statement in &parsed {
                assert!(end <= statement.span.start && !statement.span.is_empty());
                assert_eq!(text.get(statement.span.clone()), Some(statement.text));
                end = statement.span.end;
            }
            check_completeness(text, parsed.len());
        }
        Err(errors) => check_errors(text, &errors),
    }
    check_blanked(text);
});

/// Errors stand in order, in the text and on its characters.
fn check_errors(text: &str, errors: &[SqlError]) {
    let lines = LineIndex::new(text);
    let mut last = (0, 0);
    assert!(!errors.is_empty());
    for error in errors {
        assert!(text.get(error.span()).is_some());
        let place = lines.line_column(error.span().start);
        assert!(last <= place);
        assert!(!error.message.is_empty());
        last = place;
    }
}

/// A text without errors is complete with one more `;`, and a statement
/// behind it is one more statement.
fn check_completeness(text: &str, statements: usize) {
    // The line break ends a comment that runs to the end of the text.
    let closed = format!("{text}\n;");
    assert!(!incomplete(&closed));
    assert_eq!(parse_script(&closed).map(|all| all.len()), Ok(statements));
    let more = format!("{text}\n; SHOW SERVICES");
    assert!(incomplete(&more));
    assert_eq!(parse_script(&more).map(|all| all.len()), Ok(statements + 1));
    if !incomplete(text) {
        let next = format!("{text}\nSHOW SERVICES");
        assert_eq!(parse_script(&next).map(|all| all.len()), Ok(statements + 1));
    }
}

/// Without its comments a text has the same length and the same statements.
fn check_blanked(text: &str) {
    let blanked = blank_comments(text);
    assert_eq!(blanked.len(), text.len());
    assert_eq!(incomplete(&blanked), incomplete(text));
    let spans = |text: &str| {
        parse_script(text).map(|all| all.into_iter().map(|one| one.span).collect::<Vec<_>>())
    };
    assert_eq!(spans(&blanked).ok(), spans(text).ok());
}
