//! Diagnostics, drawn at the user's own text.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use floe_engine::{Diagnostic, Severity};

/// The text that spans of diagnostics refer to, and what to call it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

/// One diagnostic as text; with colours when `styled`.
pub(crate) fn render(diagnostic: &Diagnostic, source: Source<'_>, styled: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(&diagnostic.message)
        .id(&diagnostic.code);
    let mut group = title.elements(std::iter::empty::<annotate_snippets::Message<'_>>());
    if let Some(span) = clamp(diagnostic.span.as_ref(), source.text) {
        group = group.element(
            Snippet::source(source.text)
                .path(source.name)
                .annotation(AnnotationKind::Primary.span(span)),
        );
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let renderer = if styled {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .render(&[group])
        .clone()
}

/// Spans come from several parsers; one outside the text must not stop the report.
fn clamp(span: Option<&std::ops::Range<usize>>, text: &str) -> Option<std::ops::Range<usize>> {
    let span = span?;
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(span.start), floor(span.end));
    Some(start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_is_drawn_under_the_text_it_is_about() {
        let source = Source {
            name: "q.sql",
            text: "SELECT\nä nonsense",
        };
        let diagnostic = Diagnostic::error("FLOE-SQL-0001", "no such thing")
            .at(10..18)
            .hint("x");
        let text = render(&diagnostic, source, false);
        assert!(
            text.contains("error[FLOE-SQL-0001]: no such thing"),
            "{text}"
        );
        assert!(text.contains("--> q.sql:2:3"), "{text}");
        assert!(text.contains("^^^^^^^^"), "{text}");
        assert!(text.contains("= help: x"), "{text}");
    }

    #[test]
    fn a_span_outside_the_text_or_inside_a_character_is_still_reported() {
        let source = Source {
            name: "q.sql",
            text: "ä",
        };
        for span in [1..1, 5..9, 0..1] {
            let text = render(&Diagnostic::error("X", "y").at(span), source, false);
            assert!(text.contains("error[X]: y"), "{text}");
        }
    }
}
