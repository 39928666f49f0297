//! The elements of a picture and its colours.

/// Colours follow the reader's light or dark ground. They are written out rather than made
/// variables, because many programs that show SVG know no variables; those that know no media
/// queries either show the light ones.
const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif;font-size:12px}
.title{font-size:17px;font-weight:600}
.head{font-weight:600}
.number{font-variant-numeric:tabular-nums}
.card{fill:#ffffff;stroke:#d1d9e0}
.title,.head,.ink{fill:#1f2328}
.soft{fill:#59636e}
.grid{stroke:#e4e8ec}
.axis{stroke:#8c959f}
.old{fill:#afb8c1}
.old-text{fill:#1f2328}
.new{fill:#1a7f64}
.new-text{fill:#ffffff}
.pending{fill:#fff3d6;stroke:#bf8700;stroke-dasharray:3 2}
.pending-text{fill:#6b4a00}
.stopping{fill:#d1570b}
.stopping-text{fill:#ffffff}
.count{fill:none;stroke:#0969da;stroke-width:2}
.area{fill:#0969da;fill-opacity:.1}
.floor,.least{fill:none;stroke-width:1.3;stroke-dasharray:6 4}
.floor{stroke:#6639ba}
.least{stroke:#cf222e;stroke-dasharray:2 3}
.denied-text{fill:#a40e26}
.denied{fill:#cf222e;fill-opacity:.13}
.mark{fill:#8c959f}
.mark-grave{fill:#cf222e}
@media (prefers-color-scheme:dark){
.card{fill:#0d1117;stroke:#3d444d}
.title,.head,.ink{fill:#f0f6fc}
.soft{fill:#9198a1}
.grid{stroke:#262c36}
.axis{stroke:#656c76}
.old{fill:#59636e}
.old-text{fill:#f0f6fc}
.new{fill:#2ea886}
.new-text{fill:#03150f}
.pending{fill:#2b2210;stroke:#d29922}
.pending-text{fill:#f2cc60}
.stopping{fill:#db6d28}
.stopping-text{fill:#1b0c02}
.count{stroke:#4493f8}
.area{fill:#4493f8;fill-opacity:.16}
.floor{stroke:#b083f0}
.least{stroke:#f85149}
.denied-text{fill:#ff8b84}
.denied{fill:#f85149;fill-opacity:.2}
.mark{fill:#656c76}
.mark-grave{fill:#f85149}
}
";

/// About the width of a text in pixels; wide enough for the fonts that are asked for.
pub(super) fn width_of(text: &str) -> f64 {
    let each = |c: char| match c {
        'A'..='Z' | '_' => 8.6,
        _ => 6.6,
    };
    text.chars().map(each).sum()
}

/// A picture being drawn.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub(super) fn text(&mut self, x: f64, y: f64, class: &str, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = escaped(text);
        self.push(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\"{anchor}>{text}</text>"
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.push(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        self.push(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             class=\"{class}\"/>"
        ));
    }

    /// A rectangle with round corners.
    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        self.push(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"3\" class=\"{class}\"/>"
        ));
    }

    /// What the colours mean, ending at about `right`.
    pub(super) fn legend(&mut self, right: f64, y: f64, entries: &[(&str, &str)]) {
        let each = |text: &str| 18.0 + 6.0 + width_of(text) + 16.0;
        let mut x = right + 16.0 - entries.iter().map(|(_, text)| each(text)).sum::<f64>();
        for (class, text) in entries {
            match *class {
                "floor" | "least" => self.line((x, y - 4.0), (x + 18.0, y - 4.0), class),
                _ => self.bar(x, y - 10.0, 18.0, 12.0, class),
            }
            self.text(x + 24.0, y, "soft", Anchor::Start, text);
            x += each(text);
        }
    }

    pub(super) fn path(&mut self, path: &str, class: &str) {
        self.push(&format!("<path d=\"{path}\" class=\"{class}\"/>"));
    }

    /// The whole picture, on a card of its own so that it reads on any ground.
    pub(super) fn finish(self, width: f64, height: f64, title: &str, summary: &str) -> String {
        let (title, summary) = (escaped(title), escaped(summary));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
             <title>{title}</title>\n<desc>{summary}</desc>\n<style>\n{STYLE}</style>\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\" class=\"card\"/>\n\
             <text x=\"24.0\" y=\"36.0\" class=\"title\">{title}</text>\n\
             <text x=\"24.0\" y=\"57.0\" class=\"soft\">{summary}</text>\n{}</svg>\n",
            width - 1.0,
            height - 1.0,
            self.body
        )
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

/// Text as XML has it; characters that XML does not allow become a replacement.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
