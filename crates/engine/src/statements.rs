//! The statements, by what they are about.

pub(crate) mod functions;
pub(crate) mod placement;
pub(crate) mod pools;
pub(crate) mod query;
pub(crate) mod services;
pub(crate) mod show;
pub(crate) mod system_functions;

use floe_sql::Spanned;

use crate::error::{Diagnostic, EngineError, Severity};

/// An error about the value of a property, at the value.
pub(crate) fn property_error<T>(value: &Spanned<T>, message: impl Into<String>) -> Diagnostic {
    Diagnostic::from(&EngineError::Property {
        message: message.into(),
    })
    .at(value.span.clone())
}

/// A warning that a property is kept but not acted on yet.
pub(crate) fn not_acted_on<T>(value: &Spanned<T>, what: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error(
            "FLOE-ENGINE-0021",
            format!("{what}: kept, but not acted on yet"),
        )
    }
    .at(value.span.clone())
}

/// True when `name` matches an SQL LIKE pattern, in any case.
pub(crate) fn like(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.to_uppercase().chars().collect();
    let pattern: Vec<char> = pattern.to_uppercase().chars().collect();
    // `reach[i]`: the pattern read so far matches the first `i` characters.
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    for symbol in pattern {
        let mut next = vec![false; name.len() + 1];
        match symbol {
            '%' => {
                let first = reach
                    .iter()
                    .position(|reached| *reached)
                    .unwrap_or(next.len());
                next.iter_mut()
                    .skip(first)
                    .for_each(|reached| *reached = true);
            }
            symbol => {
                for (at, character) in name.iter().enumerate() {
                    next[at + 1] = reach[at] && (symbol == '_' || symbol == *character);
                }
            }
        }
        reach = next;
    }
    reach.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_knows_percent_underscore_and_no_case() {
        for (name, pattern) in [
            ("ECHO_SERVICE", "echo%"),
            ("ABC", "a_c"),
            ("ABC", "%"),
            ("", "%"),
            ("ABC", "%b%"),
        ] {
            assert!(like(name, pattern), "{name} LIKE {pattern}");
        }
        for (name, pattern) in [("ABC", "ab"), ("ABC", ""), ("AB", "a_c"), ("", "_")] {
            assert!(!like(name, pattern), "{name} LIKE {pattern}");
        }
    }
}
