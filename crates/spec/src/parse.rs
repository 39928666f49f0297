//! From text to [`ValidSpec`]: the tree is walked once, and every finding is kept.

mod containers;
mod endpoints;
mod fields;
mod resources;
mod scalars;
mod scaling;
mod secrets;
mod suggest;
mod top;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use crate::keys::SPEC;
use crate::position::LineIndex;
use crate::source::{self, Entry, Node, Value};
use crate::{Finding, Severity, Span, ValidSpec, codes, limits};

/// What kind of service the specification is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Context {
    /// A service that runs until it is dropped.
    #[default]
    Service,
    /// A job, which ends when its containers end.
    Job,
}

/// How to read a specification.
///
/// ```
/// use floe_spec::{Context, ParseOptions};
///
/// let options = ParseOptions { context: Context::Job, ..ParseOptions::default() };
/// assert!(!options.lenient);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// What the specification is for; a long-running service by default.
    pub context: Context,
    /// Whether unknown keys are warnings instead of errors; off by default.
    pub lenient: bool,
}

/// What came of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The specification; present exactly when no finding is an error.
    pub spec: Option<ValidSpec>,
    /// All findings, in the order of the text.
    pub findings: Vec<Finding>,
}

/// Reads a specification from YAML or JSON.
///
/// Time and memory grow linearly with the text, within [`limits`]. No text makes this panic.
///
/// ```
/// use floe_spec::{ParseOptions, codes, parse};
///
/// let text = "
/// spec:
///   containers:
///   - name: Echo
///     image: /db/schema/repo/echo
///   endpoints:
///   - name: api
///     port: 80000
/// ";
/// let parsed = parse(text, &ParseOptions::default());
/// assert!(parsed.spec.is_none());
/// let found: Vec<_> = parsed.findings.iter().map(|f| (f.code, f.path.as_str())).collect();
/// assert_eq!(
///     found,
///     [
///         (codes::BAD_NAME, "spec.containers[0].name"),
///         (codes::BAD_PORT, "spec.endpoints[0].port"),
///     ],
/// );
/// ```
#[must_use]
pub fn parse(text: &str, options: &ParseOptions) -> Parsed {
    if text.len() > limits::MAX_SPEC_BYTES {
        return Parsed {
            spec: None,
            findings: vec![too_large(text)],
        };
    }
    let index = LineIndex::new(text);
    match source::read(text, &index) {
        Ok(root) => check(&root, &index, options),
        Err(error) => {
            let mut walk = Walk::new(&index, *options);
            walk.error(error.code, "", &error.range, error.message).hint = error.hint;
            walk.finish(None)
        }
    }
}

/// Proves a tree; `index` is that of the text it was read from.
pub(crate) fn check(root: &Node, index: &LineIndex<'_>, options: &ParseOptions) -> Parsed {
    let mut walk = Walk::new(index, *options);
    let spec = walk.document(root);
    walk.finish(spec)
}

pub(crate) fn too_large(text: &str) -> Finding {
    Finding {
        code: codes::TEXT_TOO_LARGE,
        severity: Severity::Error,
        path: String::new(),
        span: None,
        message: format!(
            "the text has {} bytes, more than the {} that a specification may have",
            text.len(),
            limits::MAX_SPEC_BYTES
        ),
        notes: Vec::new(),
        hint: None,
    }
}

/// The state of one walk over the tree.
struct Walk<'t> {
    index: &'t LineIndex<'t>,
    options: ParseOptions,
    findings: Vec<Finding>,
    /// What [`limits::MAX_FINDINGS`] left untold, the last one of it.
    untold: Option<Finding>,
    spans: Vec<(String, Range<usize>)>,
    /// Secrets of all containers.
    secrets: usize,
}

impl<'t> Walk<'t> {
    fn new(index: &'t LineIndex<'t>, options: ParseOptions) -> Self {
        Walk {
            index,
            options,
            findings: Vec::new(),
            untold: None,
            spans: Vec::new(),
            secrets: 0,
        }
    }

    fn document(&mut self, root: &Node) -> Option<ValidSpec> {
        if matches!(root.value, Value::Null { .. }) {
            self.error(codes::EMPTY, "", &root.range, "the specification is empty")
                .hint = Some("begin with `spec:` and at least one container".to_owned());
            return None;
        }
        self.keys(root, &Path::Root);
        self.top(root)
    }

    /// Checks the keys of every map: plain, short, and once each.
    fn keys(&mut self, node: &Node, path: &Path<'_>) {
        match &node.value {
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.keys(item, &Path::Item(path, at));
                }
            }
            Value::Map(entries) => self.keys_of(node, entries, path),
            Value::Null { .. } | Value::Bool(..) | Value::Number(_) | Value::Text(_) => {}
        }
    }

    fn keys_of(&mut self, node: &Node, entries: &[Entry], path: &Path<'_>) {
        if entries.len() > limits::MAX_KEYS {
            let message = format!("a map may have {} keys", limits::MAX_KEYS);
            self.error(codes::TOO_COMPLEX, &path.to_string(), &node.range, message);
            return;
        }
        let mut seen = BTreeMap::new();
        for entry in entries {
            let problem = match entry.key.as_deref() {
                None => "a key must be a word, not a list or a map".to_owned(),
                Some(key) if key.len() > limits::MAX_KEY_BYTES => format!(
                    "a key may have {} bytes, this one has {}",
                    limits::MAX_KEY_BYTES,
                    key.len()
                ),
                Some(key) => {
                    let here = Path::Key(path, plural(path, key));
                    if let Some(first) = seen.insert(key, &entry.key_range) {
                        let line = self.index.span(first).line;
                        let message = format!(
                            "the key `{key}` stands here a second time; the first is in line \
                             {line}"
                        );
                        let path = self.told(&here);
                        self.error(codes::DUPLICATE_KEY, &path, &entry.key_range, message);
                    }
                    self.keys(&entry.value, &here);
                    continue;
                }
            };
            let path = self.told(path);
            let hint =
                "a text that begins with `{` or `[` needs quotes; a template is expanded first";
            let hint = entry.key.is_none().then_some(hint);
            self.error(codes::BAD_KEY, &path, &entry.key_range, problem)
                .hint = hint.map(str::to_owned);
        }
    }

    /// The path as text; empty when no further finding is told, whose path would cost.
    fn told(&self, path: &Path<'_>) -> String {
        if self.is_full() {
            String::new()
        } else {
            path.to_string()
        }
    }

    /// Whether further findings are not told one by one.
    fn is_full(&self) -> bool {
        self.findings.len() >= limits::MAX_FINDINGS
    }

    fn finish(mut self, spec: Option<ValidSpec>) -> Parsed {
        for hint in self
            .findings
            .iter_mut()
            .filter_map(|finding| finding.hint.as_mut())
        {
            *hint = one_line(std::mem::take(hint));
        }
        // The walk goes by fields; readers go by lines.
        self.findings
            .sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
        if let Some(untold) = self.untold.take() {
            self.findings.push(Finding {
                code: codes::TOO_MANY_FINDINGS,
                path: String::new(),
                message: format!(
                    "there are more than {} findings; the others are not told",
                    limits::MAX_FINDINGS
                ),
                hint: Some("mend these first".to_owned()),
                ..untold
            });
        }
        let failed = self.findings.iter().any(Finding::is_error);
        let spec = spec.filter(|_| !failed).map(|spec| {
            let index = self.index;
            let mut spans: Vec<(String, Span)> = self
                .spans
                .into_iter()
                .map(|(path, range)| (path, index.span(&range)))
                .collect();
            spans.sort_by(|(one, _), (other, _)| one.cmp(other));
            ValidSpec { spans, ..spec }
        });
        Parsed {
            spec,
            findings: self.findings,
        }
    }

    fn error(
        &mut self,
        code: &'static str,
        path: &str,
        range: &Range<usize>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.find(Severity::Error, code, path, range, message.into())
    }

    fn warn(
        &mut self,
        code: &'static str,
        path: &str,
        range: &Range<usize>,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.find(Severity::Warning, code, path, range, message.into())
    }

    fn find(
        &mut self,
        severity: Severity,
        code: &'static str,
        path: &str,
        range: &Range<usize>,
        message: String,
    ) -> &mut Finding {
        let span = Some(self.index.span(range));
        let message = one_line(message);
        let finding = Finding {
            code,
            severity,
            path: path.to_owned(),
            span,
            message,
            notes: Vec::new(),
            hint: None,
        };
        if !self.is_full() {
            return self.findings.push_mut(finding);
        }
        // An error among what is untold makes the sum of it one.
        let severity = self
            .untold
            .as_ref()
            .map_or(severity, |untold| untold.severity.min(severity));
        self.untold.insert(Finding {
            severity,
            ..finding
        })
    }

    /// Remembers where a field stands.
    fn place(&mut self, path: String, range: &Range<usize>) {
        self.spans.push((path, range.clone()));
    }

    /// Reports every name that an earlier item has too.
    fn unique(&mut self, what: &str, path: &str, items: &[Node]) {
        let mut seen = BTreeSet::new();
        for (at, name, range) in fields::names(items) {
            if !seen.insert(name) {
                let shown: String = name.chars().take(limits::MAX_KEY_BYTES).collect();
                let path = format!("{path}[{at}].name");
                let message = format!("another {what} is named `{shown}` already");
                self.error(codes::DUPLICATE_NAME, &path, range, message);
            }
        }
    }
}

/// A path that is written out only when something is to be said about it.
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    // As deep as the tree, which the parser's budget bounds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(parent, key) => f.write_str(&fields::join(&parent.to_string(), key)),
            Path::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

/// The plural form of a list of `spec`, which paths are written with; any other key as it is.
fn plural<'k>(parent: &Path<'_>, key: &'k str) -> &'k str {
    if !matches!(parent, Path::Key(Path::Root, "spec")) {
        return key;
    }
    let named = SPEC.keys.iter().find(|known| known.alias == Some(key));
    named.map_or(key, |known| known.name)
}

/// What is told is one line, whatever the text that it quotes holds.
fn one_line(text: String) -> String {
    if text.contains(char::is_control) {
        text.chars().flat_map(visible).collect()
    } else {
        text
    }
}

/// A character as it is, or escaped when it would act on the terminal.
fn visible(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}
