//! The statements, by what they are about.

pub(crate) mod functions;
pub(crate) mod placement;
pub(crate) mod pools;
pub(crate) mod query;
pub(crate) mod services;
pub(crate) mod show;
pub(crate) mod stream;
pub(crate) mod system_functions;

use floe_sql::{Limit, Spanned};

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

/// What LIKE, STARTS WITH and LIMIT leave of a list that is sorted by name.
pub(crate) struct Page<'s> {
    pub(crate) like: &'s Option<Spanned<String>>,
    pub(crate) starts_with: &'s Option<Spanned<String>>,
    pub(crate) limit: &'s Option<Limit>,
}

impl Page<'_> {
    pub(crate) fn of<T>(
        &self,
        items: impl Iterator<Item = T>,
        name: impl Fn(&T) -> &str,
    ) -> impl Iterator<Item = T> {
        let from = self.limit.as_ref().and_then(|limit| limit.from.as_ref());
        let rows = self.limit.as_ref().map_or(usize::MAX, |limit| {
            usize::try_from(limit.rows.value).unwrap_or(usize::MAX)
        });
        let wanted = |name: &str| {
            let pattern = self.like.as_ref();
            let prefix = self.starts_with.as_ref();
            pattern.is_none_or(|pattern| like(name, &pattern.value))
                && prefix.is_none_or(|prefix| name.starts_with(&prefix.value))
        };
        // The name after FROM need not exist; the list begins where it would stand.
        let before = |name: &str| {
            from.is_some_and(|from| !name.starts_with(&from.value) && name < from.value.as_str())
        };
        let items: Vec<T> = items
            .filter(|item| wanted(name(item)))
            .skip_while(|item| before(name(item)))
            .take(rows)
            .collect();
        items.into_iter()
    }
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
