//! Findings for people and for machines: drawn at the text, as JSON, as workflow commands.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Message, Origin, Renderer, Snippet};
use serde::Serialize;

use crate::position::LineIndex;
use crate::{Finding, Severity};

/// Characters of a line that are shown; of a longer one only what is around the place.
const LINE: usize = 120;
/// Characters before the place of a finding that are shown of a longer line.
const BEFORE: usize = 40;
/// Columns of a drawn line of the text; the rest of a line of wide characters is left out.
const WIDTH: usize = 140;
/// Characters of a message, path, note or hint that are shown; real ones are shorter.
const MAX_SHOWN: usize = 500;

/// The text that findings are about, and what to call it.
///
/// ```
/// use floe_spec::render::Source;
///
/// let source = Source { name: "spec.yaml", text: "spec: {}" };
/// assert_eq!(source.name, "spec.yaml");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Name of the file, or whatever stands for it.
    pub name: &'a str,
    /// The whole text, as it was parsed.
    pub text: &'a str,
}

/// The findings for people: each drawn at its place in the text, a count at the end.
///
/// With `coloured` the text holds ANSI escape sequences; without, it holds no control characters
/// but line feeds, whatever the source holds. Of a place that covers several lines the first is
/// underlined, and of a long line only what is around the place is shown. Without findings the
/// text is empty. Places that are not in the text do no harm.
///
/// ```
/// use floe_spec::render::{Source, text};
/// use floe_spec::{ParseOptions, parse};
///
/// let source = Source {
///     name: "spec.yaml",
///     text: "spec:\n  containers:\n  - name: Echo\n    image: /d/s/r/echo\n",
/// };
/// let findings = parse(source.text, &ParseOptions::default()).findings;
/// assert_eq!(
///     text(&findings, &source, false),
///     "\
/// error[FLOE-SPEC-0012]: `Echo` is not a name for a container
///  --> spec.yaml:3:11
///   |
/// 3 |   - name: Echo
///   |           ^^^^
///   |
///   = note: at `spec.containers[0].name`
///   = help: did you mean `echo`?
///
/// 1 error
/// ",
/// );
/// ```
#[must_use]
pub fn text(findings: &[Finding], source: &Source<'_>, coloured: bool) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let index = LineIndex::new(source.text);
    let renderer = if coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut out = String::new();
    for finding in findings {
        out.push_str(&drawn(finding, source, &index, &renderer));
        out.push_str("\n\n");
    }
    let (errors, warnings) = counts(findings);
    let counted: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
        .collect();
    out.push_str(&counted.join(", "));
    out.push('\n');
    out
}

/// The findings for programs: one JSON object, ending with a newline.
///
/// The object has `file`, the counts `errors` and `warnings`, and `findings`; a finding has `code`,
/// `severity` (`error` or `warning`), `path`, `message`, `hint` (or null), `notes` and `span` (or
/// null). In a span `start` and `end` are bytes, the end not included; lines and columns count
/// from 1, columns in characters; `endLine` and `endColumn` are the line of the last character and
/// the column behind it. A place that is not in the text is moved into it.
///
/// ```
/// use floe_spec::render::{Source, json};
/// use floe_spec::{ParseOptions, parse};
///
/// let source = Source { name: "spec.yaml", text: "spec: {containers: [], container: []}" };
/// let findings = parse(source.text, &ParseOptions::default()).findings;
/// let report: serde_json::Value = serde_json::from_str(&json(&findings, &source))?;
/// assert_eq!(report["errors"], findings.len());
/// assert_eq!(report["findings"][0]["span"]["line"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn json(findings: &[Finding], source: &Source<'_>) -> String {
    let index = LineIndex::new(source.text);
    let (errors, warnings) = counts(findings);
    let report = JsonReport {
        file: source.name,
        errors,
        warnings,
        findings: findings
            .iter()
            .map(|finding| JsonFinding {
                code: finding.code,
                severity: word(finding.severity),
                path: &finding.path,
                message: &finding.message,
                hint: finding.hint.as_deref(),
                notes: &finding.notes,
                span: Place::of(finding, source.text, &index),
            })
            .collect(),
    };
    pretty(&report)
}

/// The findings as workflow commands for GitHub Actions, one line for each.
///
/// The runner turns them into annotations of a change (*Workflow commands for GitHub Actions* of
/// the GitHub documentation). Message, notes and hint are lines of one annotation. Annotations
/// have columns only when they lie on one line, so a place of several lines goes without.
///
/// ```
/// use floe_spec::render::{Source, github};
/// use floe_spec::{ParseOptions, parse};
///
/// let source = Source { name: "a,b.yaml", text: "spec:\n  contaners: []\n" };
/// let findings = parse(source.text, &ParseOptions::default()).findings;
/// let lines = github(&findings, &source);
/// let place = "line=2,endLine=2,col=3,endColumn=12";
/// let command = format!("::error file=a%2Cb.yaml,{place},title=FLOE-SPEC-");
/// assert!(lines.starts_with(&command), "{lines}");
/// assert_eq!(lines.lines().count(), findings.len());
/// ```
#[must_use]
pub fn github(findings: &[Finding], source: &Source<'_>) -> String {
    let index = LineIndex::new(source.text);
    let mut out = String::new();
    for finding in findings {
        let mut properties = format!("file={}", property(source.name));
        if let Some(place) = Place::of(finding, source.text, &index) {
            properties.push_str(&format!(",line={},endLine={}", place.line, place.end_line));
            if place.line == place.end_line {
                let (from, to) = (place.column, place.end_column);
                properties.push_str(&format!(",col={from},endColumn={to}"));
            }
        }
        let mut message = data(&finding.message);
        for more in finding.notes.iter().chain(&finding.hint) {
            message.push_str("%0A");
            message.push_str(&data(more));
        }
        let (command, title) = (word(finding.severity), property(finding.code));
        out.push_str(&format!(
            "::{command} {properties},title={title}::{message}\n"
        ));
    }
    out
}

/// One finding as text without a newline at its end.
fn drawn(
    finding: &Finding,
    source: &Source<'_>,
    index: &LineIndex<'_>,
    renderer: &Renderer,
) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let name = shown(source.name);
    let mut group = level
        .primary_title(shown(&finding.message))
        .id(finding.code)
        .elements(std::iter::empty::<Message<'_>>());
    let mut header = None;
    if let Some(place) = Place::of(finding, source.text, index) {
        let line = widened(place.line);
        let excerpt = Excerpt::of(source.text, &place);
        let at = excerpt.text.get(..excerpt.marked.start).unwrap_or("");
        let column = at.chars().count() + 1;
        header = Some([
            format!("{name}:{line}:{column}"),
            format!("{name}:{line}:{}", place.column),
        ]);
        group = group.element(
            Snippet::source(excerpt.text)
                .path(name)
                .line_start(line)
                .annotation(AnnotationKind::Primary.span(excerpt.marked)),
        );
    } else {
        group = group.element(Origin::path(name));
    }
    if !finding.path.is_empty() {
        let path = shown(&finding.path);
        group = group.element(Level::NOTE.message(format!("at `{path}`")));
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(shown(note)));
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.message(shown(hint)));
    }
    let text = renderer.render(&[group]);
    // An excerpt may begin inside the line, so the column that is drawn is its own.
    match (text.split_once('\n'), header) {
        (Some((title, rest)), Some([drawn, real])) if drawn != real => {
            format!("{title}\n{}", rest.replacen(&drawn, &real, 1))
        }
        _ => text,
    }
}

/// A place that is in the text for sure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    start: usize,
    end: usize,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Place {
    fn of(finding: &Finding, text: &str, index: &LineIndex<'_>) -> Option<Place> {
        let span = finding.span?;
        let from = index.span(&(span.start..span.end));
        let mut place = Place {
            start: from.start,
            end: from.end,
            line: from.line,
            column: from.column,
            end_line: from.line,
            end_column: from.column,
        };
        let covered = text.get(from.start..from.end).unwrap_or("");
        // The character behind the last one may stand on the next line, which is not covered.
        if let Some((last, _)) = covered.char_indices().next_back() {
            let last = index.span(&(from.start + last..from.end));
            place.end_line = last.line;
            place.end_column = last.column.saturating_add(1);
        }
        Some(place)
    }
}

/// A piece of one line with the first line of a place in it.
struct Excerpt {
    text: String,
    /// Bytes of the place in the text of the excerpt.
    marked: Range<usize>,
}

impl Excerpt {
    fn of(text: &str, place: &Place) -> Excerpt {
        let (head, rest) = text.split_at_checked(place.start).unwrap_or((text, ""));
        let line = || {
            rest.char_indices()
                .take_while(|(_, c)| !matches!(c, '\n' | '\r'))
        };
        let behind = widened(place.column).saturating_sub(1);
        let whole = behind.saturating_add(line().take(LINE + 1).count()) <= LINE;
        let lead = if whole { behind } else { behind.min(BEFORE) };
        let before: Vec<char> = head.chars().rev().take(lead).collect();
        let mut out = String::from(if lead < behind { "..." } else { "" });
        out.extend(before.into_iter().rev().map(printable));
        let mut marked = out.len()..out.len();
        for (at, c) in line().take(LINE - lead) {
            out.push(printable(c));
            if place.start + at < place.end {
                marked.end = out.len();
            }
        }
        if line().nth(LINE - lead).is_some() {
            out.push_str("...");
        }
        Excerpt { text: out, marked }
    }
}

/// A character that a terminal draws where it stands: no control, no change of direction.
fn printable(c: char) -> char {
    match c {
        '\t' => c,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// A text on one line of bounded length that does nothing to a terminal.
pub(crate) fn shown(text: &str) -> String {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { printable(c) };
    let mut out: String = text.chars().take(MAX_SHOWN).map(blank).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push_str("...");
    }
    out
}

fn counts(findings: &[Finding]) -> (usize, usize) {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    (errors, findings.len() - errors)
}

fn widened(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The word of the formats for machines, which is no one's to change with the text for people.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// JSON for a report; the value has no maps with odd keys, so writing it cannot fail.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct JsonReport<'a> {
    file: &'a str,
    errors: usize,
    warnings: usize,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    code: &'static str,
    severity: &'static str,
    path: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
    notes: &'a [String],
    span: Option<Place>,
}
