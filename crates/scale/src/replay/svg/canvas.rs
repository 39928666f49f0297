//! The elements of a picture and its colours.

use std::fmt::Write as _;

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
.value{fill:none;stroke:#0969da;stroke-width:1.6;stroke-linejoin:round}
.area{fill:#0969da;fill-opacity:.09}
.up,.down,.other{fill:none;stroke-width:1.2;stroke-dasharray:6 4}
.up{stroke:#bc4c00}
.down{stroke:#0f766e}
.other{stroke:#6e7781}
.up-text{fill:#953800}
.down-text{fill:#0b5c56}
.other-text{fill:#59636e}
.halo{paint-order:stroke;stroke:#ffffff;stroke-width:3px;stroke-linejoin:round}
.count{fill:none;stroke:#6639ba;stroke-width:2.2}
.there{fill:#6639ba;fill-opacity:.2}
.bounds{fill:#59636e;fill-opacity:.09}
.gap{fill:#59636e;fill-opacity:.13}
.mark{stroke:#59636e;stroke-width:1;stroke-dasharray:1 4}
.badge-up{fill:#bc4c00}
.badge-down{fill:#0f766e}
.badge-other{fill:#59636e}
.ring{stroke:#ffffff;stroke-width:1.5}
.on{fill:#ffffff;font-size:10px;font-weight:600}
@media (prefers-color-scheme:dark){
.card{fill:#0d1117;stroke:#3d444d}
.title,.head,.ink{fill:#f0f6fc}
.soft{fill:#9198a1}
.grid{stroke:#262c36}
.axis{stroke:#656c76}
.value{stroke:#4493f8}
.area{fill:#4493f8;fill-opacity:.14}
.up{stroke:#f0883e}
.down{stroke:#2dd4bf}
.other{stroke:#9198a1}
.up-text{fill:#f0883e}
.down-text{fill:#2dd4bf}
.other-text{fill:#9198a1}
.halo{stroke:#0d1117}
.count{stroke:#b083f0}
.there{fill:#b083f0;fill-opacity:.28}
.bounds{fill:#9198a1;fill-opacity:.12}
.gap{fill:#9198a1;fill-opacity:.14}
.mark{stroke:#9198a1}
.badge-up{fill:#c2590b}
.badge-down{fill:#0f857b}
.badge-other{fill:#656c76}
.ring{stroke:#0d1117}
}
";

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

    pub(super) fn path(&mut self, path: &str, class: &str) {
        self.push(&format!("<path d=\"{path}\" class=\"{class}\"/>"));
    }

    /// A numbered disc; `hint` is shown when a pointer rests on it.
    pub(super) fn badge(&mut self, at: (f64, f64), number: usize, class: &str, hint: &str) {
        let (x, y) = at;
        let hint = title(hint);
        self.push(&format!(
            "<g>{hint}<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8.5\" class=\"{class} ring\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" class=\"on\" text-anchor=\"middle\">{number}</text>\
             </g>",
            y + 3.6
        ));
    }

    pub(super) fn dot(&mut self, at: (f64, f64), class: &str, hint: &str) {
        let (x, y) = at;
        let hint = title(hint);
        self.push(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" class=\"{class}\">{hint}</circle>"
        ));
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

fn title(hint: &str) -> String {
    if hint.is_empty() {
        return String::new();
    }
    format!("<title>{}</title>", escaped(hint))
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
            c => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "{c}");
            }
        }
    }
    safe
}
