//! From text to [`ValidSpec`]: the tree is walked once, and every finding is kept.

mod containers;
mod endpoints;
mod fields;
mod resources;
mod scalars;
mod suggest;
mod top;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::position::LineIndex;
use crate::source::{self, Node, Value};
use crate::{Finding, Severity, Span, UnsupportedField, ValidSpec, codes};

/// Bounds on what is read.
pub mod limits {
    /// Longest text in bytes: 1 MiB, the length of the longest SQL statement that carries one.
    pub const MAX_SPEC_BYTES: usize = 1 << 20;
    /// Levels of nesting; the deepest documented field lies at level 12.
    pub const MAX_DEPTH: usize = 32;
    /// Values in one text, each alias counted with all it stands for.
    pub const MAX_NODES: usize = 20_000;
    /// Uses of aliases.
    pub const MAX_ALIASES: usize = 100;
    /// Parser events that aliases may stand for together.
    pub const MAX_REPLAYED: usize = 10_000;
    /// Longest key in bytes. YAML allows 1024 characters for a key on one line, and the
    /// canonical form of one byte takes up to four.
    pub const MAX_KEY_BYTES: usize = 250;
    /// Containers of one service.
    pub const MAX_CONTAINERS: usize = 20;
    /// Endpoints of one service.
    pub const MAX_ENDPOINTS: usize = 100;
    /// Volumes of one service.
    pub const MAX_VOLUMES: usize = 20;
    /// Block volumes of one service.
    pub const MAX_BLOCK_VOLUMES: usize = 3;
    /// Volumes of one service whose source names the stage itself (`"@stage"`).
    pub const MAX_STAGE_PATH_VOLUMES: usize = 5;
}

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
    let mut walk = Walk::new(&index, *options);
    let spec = match source::read(text, &index) {
        Ok(root) => walk.document(&root),
        Err(error) => {
            let at = walk.error(error.code, "", &error.range, error.message);
            at.hint = error.hint;
            None
        }
    };
    walk.finish(spec)
}

fn too_large(text: &str) -> Finding {
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
        hint: None,
    }
}

/// The state of one walk over the tree.
struct Walk<'t> {
    index: &'t LineIndex<'t>,
    options: ParseOptions,
    findings: Vec<Finding>,
    unsupported: Vec<UnsupportedField>,
    spans: BTreeMap<String, Span>,
}

impl<'t> Walk<'t> {
    fn new(index: &'t LineIndex<'t>, options: ParseOptions) -> Self {
        Walk {
            index,
            options,
            findings: Vec::new(),
            unsupported: Vec::new(),
            spans: BTreeMap::new(),
        }
    }

    fn document(&mut self, root: &Node) -> Option<ValidSpec> {
        if root.value.is_empty() && matches!(root.value, Value::Null { .. }) {
            self.error(codes::EMPTY, "", &root.range, "the specification is empty")
                .hint = Some("begin with `spec:` and at least one container".to_owned());
            return None;
        }
        self.keys(root, "");
        self.top(root)
    }

    /// Checks the keys of every map: plain, short, and once each.
    fn keys(&mut self, node: &Node, path: &str) {
        match &node.value {
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.keys(item, &format!("{path}[{at}]"));
                }
            }
            Value::Map(entries) => {
                let mut seen = BTreeMap::new();
                for entry in entries {
                    let Some(key) = entry.key.as_deref() else {
                        self.error(
                            codes::BAD_KEY,
                            path,
                            &entry.key_range,
                            "a key must be a word, not a list or a map",
                        );
                        continue;
                    };
                    if key.len() > limits::MAX_KEY_BYTES {
                        let message = format!(
                            "a key may have {} bytes, this one has {}",
                            limits::MAX_KEY_BYTES,
                            key.len()
                        );
                        self.error(codes::BAD_KEY, path, &entry.key_range, message);
                        continue;
                    }
                    let here = fields::join(path, key);
                    if let Some(first) = seen.insert(key, entry.key_range.clone()) {
                        let line = self.index.span(&first).line;
                        let message = format!(
                            "the key `{key}` stands here a second time; the first is in line {line}"
                        );
                        self.error(codes::DUPLICATE_KEY, &here, &entry.key_range, message);
                    }
                    self.keys(&entry.value, &here);
                }
            }
            Value::Null { .. } | Value::Bool(..) | Value::Number(_) | Value::Text(_) => {}
        }
    }

    fn finish(mut self, spec: Option<ValidSpec>) -> Parsed {
        // The walk goes by fields; readers go by lines.
        self.findings
            .sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
        let failed = self.findings.iter().any(Finding::is_error);
        self.unsupported.sort_by_key(|field| field.span.start);
        let spec = spec.filter(|_| !failed).map(|spec| ValidSpec {
            unsupported: self.unsupported,
            spans: self.spans,
            ..spec
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
        // A message is one line, whatever the text that it quotes holds.
        let message = if message.contains(char::is_control) {
            message.chars().flat_map(visible).collect()
        } else {
            message
        };
        let finding = Finding {
            code,
            severity,
            path: path.to_owned(),
            span,
            message,
            hint: None,
        };
        self.findings.push_mut(finding)
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

    /// The recorded place of a field, or of the whole text when it is not written.
    fn range_of(&self, path: &str) -> Range<usize> {
        self.spans
            .get(path)
            .map_or(0..0, |span| span.start..span.end)
    }
}

/// A character as it is, or escaped when it would act on the terminal.
fn visible(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}
