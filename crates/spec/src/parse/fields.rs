//! Maps of the specification: which keys they know, and what becomes of the others.

use std::ops::Range;

use super::{Walk, suggest};
use crate::model::Extras;
use crate::source::{Entry, Node, Value};
use crate::{Severity, UnsupportedField, codes};

/// A key that a map knows.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// The singular form, which samples of the original use for lists.
    pub(super) alias: Option<&'static str>,
    pub(super) kind: Kind,
}

/// What becomes of a known key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is read into the model.
    Typed,
    /// It is kept as it is and reported by [`crate::ValidSpec::unsupported`].
    Untyped,
    /// It is a leftover that does nothing: kept, with a warning.
    Legacy,
    /// Only the system writes it: dropped, with a warning.
    OutputOnly,
}

pub(super) const fn typed(name: &'static str) -> Key {
    Key {
        name,
        alias: None,
        kind: Kind::Typed,
    }
}

pub(super) const fn list(name: &'static str, singular: &'static str) -> Key {
    Key {
        name,
        alias: Some(singular),
        kind: Kind::Typed,
    }
}

pub(super) const fn untyped(name: &'static str) -> Key {
    Key {
        name,
        alias: None,
        kind: Kind::Untyped,
    }
}

/// The known entries of one map.
pub(super) struct Fields<'n> {
    pub(super) path: String,
    /// Where to point when something is missing: the first key.
    pub(super) place: Range<usize>,
    entries: Vec<(&'static str, &'n Entry)>,
}

impl<'n> Fields<'n> {
    /// The value of a field, unless it is missing or null.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let (_, entry) = self.entries.iter().find(|(known, _)| *known == name)?;
        (!matches!(entry.value.value, Value::Null { .. })).then_some(&entry.value)
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// The items of a field, when it is a list.
    pub(super) fn items(&self, name: &str) -> &'n [Node] {
        match self.get(name).map(|node| &node.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }
}

/// A path one level deeper; words that are no plain names are put in brackets.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if key.is_empty() || !key.chars().all(plain) {
        format!("{path}[{key:?}]")
    } else if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl Walk<'_> {
    /// Reads a map against the keys it may have. None when the value is no map.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        known: &'static [Key],
    ) -> Option<(Fields<'n>, Extras)> {
        let Value::Map(map) = &node.value else {
            let first = known.first().map_or("name", |key| key.name);
            self.wrong_type(path, node, "a map of fields").hint =
                Some(format!("write fields such as `{first}: …` there"));
            return None;
        };
        let place = map
            .first()
            .map_or_else(|| node.range.clone(), |entry| entry.key_range.clone());
        let mut fields = Fields {
            path: path.to_owned(),
            place,
            entries: Vec::new(),
        };
        for entry in map {
            let Some(text) = entry.key.as_deref() else {
                continue;
            };
            let matches = |key: &&Key| key.name == text || key.alias == Some(text);
            match known.iter().find(matches) {
                Some(key) => self.known_key(&mut fields, key, text, entry),
                None => self.unknown_key(path, text, entry, known),
            }
        }
        let extras = known
            .iter()
            .filter(|key| matches!(key.kind, Kind::Untyped | Kind::Legacy))
            .filter_map(|key| Some((key.name, fields.get(key.name)?.clone())))
            .filter(|(_, value)| !value.value.is_empty())
            .collect();
        Some((fields, extras))
    }

    fn known_key<'n>(
        &mut self,
        fields: &mut Fields<'n>,
        key: &'static Key,
        text: &str,
        entry: &'n Entry,
    ) {
        let path = fields.path_of(key.name);
        if let Some((_, first)) = fields.entries.iter().find(|(name, _)| *name == key.name) {
            // A key that is spelled the same twice was reported with the keys of all maps.
            if first.key.as_deref() != Some(text) {
                let other = first.key.clone().unwrap_or_default();
                self.error(
                    codes::BOTH_FORMS,
                    &path,
                    &entry.key_range,
                    format!("`{other}` and `{text}` are two forms of one list"),
                )
                .hint = Some(format!("put all items under `{}`", key.name));
            }
            return;
        }
        fields.entries.push((key.name, entry));
        let empty = entry.value.value.is_empty();
        match key.kind {
            Kind::Typed => {
                if !matches!(entry.value.value, Value::Null { .. }) {
                    self.spans.insert(path, self.index.span(&entry.value.range));
                }
            }
            Kind::Untyped if empty => {}
            Kind::Untyped => {
                let span = self.index.span(&entry.key_range);
                self.unsupported.push(UnsupportedField {
                    path,
                    span,
                    name: key.name,
                });
            }
            Kind::Legacy => {
                let message = format!("`{text}` is a leftover of the preview and does nothing");
                self.warn(codes::LEGACY, &path, &entry.key_range, message)
                    .hint = Some("use an external access integration instead".to_owned());
            }
            Kind::OutputOnly => {
                let message = format!("`{text}` is written by the system and not read back");
                self.warn(codes::OUTPUT_ONLY, &path, &entry.key_range, message)
                    .hint = Some("remove it; the digest is derived from the image anew".to_owned());
            }
        }
    }

    fn unknown_key(&mut self, path: &str, text: &str, entry: &Entry, known: &'static [Key]) {
        let severity = if self.options.lenient {
            Severity::Warning
        } else {
            Severity::Error
        };
        let shown: String = text.chars().take(super::limits::MAX_KEY_BYTES).collect();
        let place = if path.is_empty() {
            "at the top level"
        } else {
            "here"
        };
        let message = format!("the key `{shown}` is not known {place}");
        let at = join(path, &shown);
        self.find(severity, codes::UNKNOWN_KEY, &at, &entry.key_range, message)
            .hint = suggest::for_key(text, known);
    }

    pub(super) fn wrong_type(
        &mut self,
        path: &str,
        node: &Node,
        expected: &str,
    ) -> &mut crate::Finding {
        let message = format!("{expected} is expected here, not {}", node.value.kind());
        self.error(codes::WRONG_TYPE, path, &node.range, message)
    }

    /// The items of a field that must be a list; nothing when it is missing.
    pub(super) fn list<'n>(&mut self, fields: &Fields<'n>, name: &str, limit: usize) -> &'n [Node] {
        let Some(node) = fields.get(name) else {
            return &[];
        };
        let path = fields.path_of(name);
        let Value::List(items) = &node.value else {
            self.wrong_type(&path, node, "a list").hint =
                Some("begin each item on its own line with `- `".to_owned());
            return &[];
        };
        if items.len() > limit {
            let message = format!(
                "a service may have {limit} {name}, these are {}",
                items.len()
            );
            self.error(codes::TOO_MANY, &path, &node.range, message);
        }
        for (at, item) in items.iter().enumerate() {
            let span = self.index.span(&item.range);
            self.spans.insert(format!("{path}[{at}]"), span);
        }
        items
    }
}

/// The `name` of each item that has one, with its place, whatever else the item holds.
pub(super) fn names(items: &[Node]) -> impl Iterator<Item = (usize, &str, &Range<usize>)> {
    items.iter().enumerate().filter_map(|(at, item)| {
        let Value::Map(map) = &item.value else {
            return None;
        };
        let entry = map
            .iter()
            .find(|entry| entry.key.as_deref() == Some("name"))?;
        Some((at, entry.value.value.scalar()?, &entry.value.range))
    })
}
