//! Any text as a template, with any values: no panic, and every place lies in the template and on
//! its characters.
//!
//! The input is the template, then name and value of each variable, all separated by NUL.

#![no_main]

use floe_template::{
    Expansion, TemplateError, UsingValue, Variables, expand, limits, variables as list,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut parts = text.split('\0');
    let template = parts.next().unwrap_or("");
    let mut variables = Variables::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        variables.insert(name, using(value));
    }
    match expand(template, &variables) {
        Ok(expansion) => check_origins(template, &expansion),
        Err(errors) => check_errors(template, &errors),
    }
    check_list(template, &variables);
});

/// What is listed stands in the template, and a template that expands can be listed.
fn check_list(template: &str, given: &Variables) {
    match list(template) {
        Ok(listed) => {
            for place in listed.iter().flat_map(|variable| &variable.uses) {
                assert!(template.get(place.span.clone()).is_some());
                assert!(place.line >= 1 && place.column >= 1);
            }
        }
        Err(errors) => {
            check_errors(template, &errors);
            assert!(expand(template, given).is_err());
        }
    }
}

/// A value that begins with `=` is a number, as the statement would give it; all others are texts.
fn using(value: &str) -> UsingValue {
    match value.strip_prefix('=') {
        Some("true") => UsingValue::Bool(true),
        Some("false") => UsingValue::Bool(false),
        Some(number) => UsingValue::Number(number.to_owned()),
        None => UsingValue::Text(value.to_owned()),
    }
}

/// Every part of the outcome has an origin in the template; parts in order have origins in order.
fn check_origins(template: &str, expansion: &Expansion) {
    assert!(expansion.text.len() <= limits::MAX_EXPANSION_BYTES);
    let mut last = 0;
    for (start, c) in expansion.text.char_indices().take(500) {
        let origin = expansion.origin(start..start + c.len_utf8());
        assert!(
            template
                .get(origin.span.clone())
                .is_some_and(|part| !part.is_empty())
        );
        assert!(last <= origin.span.start);
        last = origin.span.start;
        if origin.variable.is_none() {
            assert_eq!(template[origin.span].chars().next(), Some(c));
        }
        assert!(template.get(expansion.origin(start..start).span).is_some());
    }
    assert!(
        template
            .get(expansion.origin(0..expansion.text.len()).span)
            .is_some()
    );
    assert!(
        template
            .get(expansion.origin(usize::MAX..usize::MAX).span)
            .is_some()
    );
}

fn check_errors(template: &str, errors: &[TemplateError]) {
    assert!(!errors.is_empty());
    let mut last = 0;
    for error in errors {
        assert!(template.get(error.span()).is_some());
        assert!(error.code().starts_with("FLOE-TEMPLATE-"));
        assert!(last <= error.span().start);
        last = error.span().start;
    }
}
