//! The text as a tree of values, each with its place: the only module that knows the YAML parser.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Spanned};

use crate::codes;
use crate::limits::{MAX_ALIASES, MAX_DEPTH, MAX_NODES, MAX_REPLAYED, MAX_SPEC_BYTES};
use crate::position::LineIndex;

/// One value and the bytes it stands at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) range: Range<usize>,
    /// Whether a text is written in quotes.
    pub(crate) quoted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `spelled` is true for `null` and `~`, false where nothing is written.
    Null {
        spelled: bool,
    },
    /// The value and how it is written (`True`).
    Bool(bool, String),
    /// A number as it is written, so that `1.10` stays `1.10`.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The key's text; none when the key is a list or a map.
    pub(crate) key: Option<String>,
    pub(crate) key_range: Range<usize>,
    pub(crate) value: Node,
}

impl Value {
    /// What the value is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null { .. } => "nothing",
            Value::Bool(..) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The text of a scalar as it is written; none for null, lists and maps.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match self {
            Value::Bool(_, text) | Value::Number(text) | Value::Text(text) => Some(text),
            Value::Null { .. } | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Whether the value holds nothing: null, an empty list or an empty map.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Value::Null { .. } => true,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Bool(..) | Value::Number(_) | Value::Text(_) => false,
        }
    }
}

/// Why a text has no tree.
#[derive(Debug)]
pub(crate) struct SourceError {
    pub(crate) code: &'static str,
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Reads a text into a tree. Bounded by the constants of [`crate::limits`].
pub(crate) fn read(text: &str, index: &LineIndex<'_>) -> Result<Node, SourceError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        // Repeated keys are reported by the walk, all of them and with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            // A value makes at most two events, a document and the stream two each.
            max_events: 2 * MAX_NODES + 4,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_NODES,
            max_recorded_anchor_bytes: 2 * MAX_SPEC_BYTES,
            max_total_scalar_bytes: 2 * MAX_SPEC_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPLAYED,
            max_replay_stack_depth: MAX_DEPTH,
        },
    };
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| source_error(&error, index))?;
    let mut tree = Tree { text, nodes: 0 };
    let root = tree.node(raw);
    if tree.nodes > MAX_NODES {
        return Err(SourceError {
            code: codes::TOO_COMPLEX,
            range: root.range,
            message: format!("the text stands for more than {MAX_NODES} values"),
            hint: Some("write less through aliases".to_owned()),
        });
    }
    Ok(root)
}

/// What the parser hands over, before texts are cut from the source.
enum Raw {
    Null,
    Bool(bool),
    /// The number in the parser's own notation, used only where the source is not plain.
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

struct RawVisitor;

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

struct Tree<'t> {
    text: &'t str,
    nodes: usize,
}

impl Tree<'_> {
    /// Depth is bounded by the parser's budget, so this recursion is too.
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        self.nodes += 1;
        let mut range = self.range(&raw.referenced);
        let defined = self.range(&raw.defined);
        let value = match raw.value {
            Raw::Null => Value::Null {
                spelled: !self.slice(&defined).is_empty(),
            },
            Raw::Bool(value) => Value::Bool(value, self.plain(&defined, &value.to_string())),
            Raw::Number(number) => Value::Number(self.plain(&defined, &number)),
            Raw::Text(text) => Value::Text(text),
            Raw::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.node(item)).collect();
                if let Some(last) = items.last() {
                    range.end = range.end.max(last.range.end);
                }
                Value::List(items)
            }
            Raw::Map(entries) => {
                let entries: Vec<Entry> = entries
                    .into_iter()
                    .map(|(key, value)| self.entry(key, value))
                    .collect();
                if let Some(last) = entries.last() {
                    range.end = range.end.max(last.value.range.end);
                }
                Value::Map(entries)
            }
        };
        let quoted = self.slice(&defined).starts_with(['"', '\'']);
        Node {
            value,
            range,
            quoted,
        }
    }

    fn entry(&mut self, key: Spanned<Raw>, value: Spanned<Raw>) -> Entry {
        let source = self.range(&key.defined);
        let key = self.node(key);
        let text = match &key.value {
            Value::Null { .. } => Some(self.slice(&source).to_owned()),
            Value::Bool(..) | Value::Number(_) | Value::Text(_) => {
                key.value.scalar().map(str::to_owned)
            }
            Value::List(_) | Value::Map(_) => None,
        };
        Entry {
            key: text,
            key_range: key.range,
            value: self.node(value),
        }
    }

    fn range(&self, location: &Location) -> Range<usize> {
        let span = location.span();
        let offset = |value: Option<_>| value.and_then(|at| usize::try_from(at).ok());
        let start = offset(span.byte_offset()).unwrap_or(0).min(self.text.len());
        let length = offset(span.byte_len()).unwrap_or(0);
        start..start.saturating_add(length).min(self.text.len())
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }

    /// The scalar as written, or `other` when it is quoted or spread (a number by its tag).
    fn plain(&self, range: &Range<usize>, other: &str) -> String {
        let written = self.slice(range);
        let odd = |c: char| matches!(c, '"' | '\'' | '\n' | '\r');
        if written.is_empty() || written.contains(odd) {
            other
        } else {
            written
        }
        .to_owned()
    }
}

fn source_error(error: &Error, index: &LineIndex<'_>) -> SourceError {
    let error = error.without_snippet();
    let location = error.location();
    let range = location.map_or(0..0, |location| {
        let span = location.span();
        match (span.byte_offset(), span.byte_len()) {
            (Some(start), Some(length)) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                start..start.saturating_add(usize::try_from(length).unwrap_or(0))
            }
            _ => {
                let start = index.offset(location.line(), location.column());
                start..start
            }
        }
    });
    let (code, message, hint) = describe(error);
    SourceError {
        code,
        range,
        message,
        hint: hint.map(str::to_owned),
    }
}

fn describe(error: &Error) -> (&'static str, String, Option<&'static str>) {
    let too_complex = |what: String| {
        (
            codes::TOO_COMPLEX,
            what,
            Some("write the specification out, with less nesting and fewer aliases"),
        )
    };
    match error {
        // An error inside a value that an alias repeats.
        Error::AliasError { error, .. } => describe(error.without_snippet()),
        Error::MultipleDocuments { .. } => (
            codes::SEVERAL_DOCUMENTS,
            "a second document begins here".to_owned(),
            Some("a specification is one document: remove what follows the line `---`"),
        ),
        Error::MergeKeyNotAllowed { .. } => (
            codes::MERGE_KEY,
            "merge keys (`<<`) are not part of a specification".to_owned(),
            Some("write the merged fields out"),
        ),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_complex(format!(
            "the text exceeds a limit: {MAX_DEPTH} levels, {MAX_NODES} values or {MAX_ALIASES} \
             aliases"
        )),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            too_complex("an alias stands inside the value it repeats".to_owned())
        }
        _ => syntax(&error.to_string()),
    }
}

/// What the parser says, what that means, and what to do about it.
const MEANINGS: [(&str, &str, &str); 10] = [
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "check the indentation, or put quotes around a text that holds `: `",
    ),
    (
        "simple key expected",
        "a key has no `:` behind it",
        "write `key: value`, or indent the line as part of the text above",
    ),
    (
        "did not find expected key",
        "the line does not belong to the map above it",
        "indent all keys of a map alike, and put a `:` behind each",
    ),
    (
        "did not find expected '-'",
        "the line does not belong to the list above it",
        "indent all items of a list alike, each with `- ` before it",
    ),
    (
        "unexpected character",
        "a text begins with a character that means something else",
        "put quotes around a text that begins with a special character",
    ),
    (
        "did not find expected ',' or ']'",
        "a list in `[…]` is not closed, or a `,` is missing",
        "separate items by `,` and close the list with `]`",
    ),
    (
        "did not find expected ',' or '}'",
        "a map in `{…}` is not closed, or a `,` is missing",
        "separate fields by `,` and close the map with `}`; a template is expanded first",
    ),
    (
        "unclosed quote",
        "a text in quotes is not closed",
        "close it with the quote it begins with; `''` inside `'…'` stands for one `'`",
    ),
    (
        "mismatched bracket",
        "a bracket is closed by one of another kind",
        "close `[` with `]` and `{` with `}`",
    ),
    (
        "unknown anchor",
        "an alias (`*name`) names nothing that stands before it",
        "put quotes around a text that begins with `*`",
    ),
];

fn syntax(message: &str) -> (&'static str, String, Option<&'static str>) {
    // The place is carried apart; the parser repeats it at the end of its message.
    let short = message.split(" at line ").next().unwrap_or(message);
    if short.contains("recursion limit") || short.contains("nesting") {
        return (
            codes::TOO_COMPLEX,
            format!("the text is nested deeper than {MAX_DEPTH} levels"),
            Some("write the specification with less nesting"),
        );
    }
    if short.contains("tab") {
        return (
            codes::TABS,
            "a tab indents this line, which YAML does not allow".to_owned(),
            Some("indent with spaces"),
        );
    }
    let known = MEANINGS.iter().find(|(said, _, _)| short.contains(said));
    match known {
        Some((said, meant, hint)) => (
            codes::SYNTAX,
            format!("this is not YAML: {meant} ({said})"),
            Some(hint),
        ),
        None => (codes::SYNTAX, format!("this is not YAML: {short}"), None),
    }
}
