//! Maps of the specification: which keys they know, and what becomes of the others.

use std::ops::Range;

use super::{Walk, suggest};
use crate::keys::{Key, Kind, Map};
use crate::limits::MAX_KEY_BYTES;
use crate::source::{Entry, Node, Value};
use crate::{Severity, codes};

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

    /// The entry of a field as it is written.
    pub(super) fn key(&self, name: &str) -> Option<&'n Entry> {
        let found = self.entries.iter().find(|(known, _)| *known == name);
        found.map(|(_, entry)| *entry)
    }

    /// Where the value of a field stands; the place of the map when it is not written.
    pub(super) fn range(&self, name: &str) -> &Range<usize> {
        self.get(name).map_or(&self.place, |node| &node.range)
    }

    /// Whether a field is written and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
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
        known: &'static Map,
    ) -> Option<Fields<'n>> {
        let Value::Map(map) = &node.value else {
            let first = known.keys.first().map_or("name", |key| key.name);
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
            entries: Vec::with_capacity(map.len().min(known.keys.len())),
        };
        for entry in map {
            // Keys that are too long were reported with the keys of all maps.
            let Some(text) = entry
                .key
                .as_deref()
                .filter(|key| key.len() <= MAX_KEY_BYTES)
            else {
                continue;
            };
            let matches = |key: &&Key| key.name == text || key.alias == Some(text);
            match known.keys.iter().find(matches) {
                Some(key) => self.known_key(&mut fields, key, text, entry),
                None => self.unknown_key(path, text, entry, known),
            }
        }
        Some(fields)
    }

    /// The fields of a map below `parent`; none when it is not written.
    pub(super) fn below<'n>(
        &mut self,
        parent: &Fields<'n>,
        name: &str,
        known: &'static Map,
    ) -> Option<Fields<'n>> {
        let node = parent.get(name)?;
        self.fields(node, &parent.path_of(name), known)
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
        match key.kind {
            Kind::Field => {}
            Kind::Legacy => {
                let message = format!("`{text}` is a leftover of the preview and does nothing");
                self.warn(codes::LEGACY, &path, &entry.key_range, message)
                    .hint = Some("use an external access integration instead".to_owned());
            }
            Kind::OutputOnly => {
                let message = format!("`{text}` is written by the system and not read back");
                self.warn(codes::OUTPUT_ONLY, &path, &entry.key_range, message)
                    .hint = Some("remove it; the digest is derived from the image anew".to_owned());
                return;
            }
        }
        if !matches!(entry.value.value, Value::Null { .. }) {
            self.place(path, &entry.value.range);
        }
    }

    fn unknown_key(&mut self, path: &str, text: &str, entry: &Entry, known: &'static Map) {
        let severity = if self.options.lenient {
            Severity::Warning
        } else {
            Severity::Error
        };
        let place = if path.is_empty() {
            "at the top level"
        } else {
            "here"
        };
        let message = format!("the key `{text}` is not known {place}");
        let at = join(path, text);
        // A hint that is not told is not looked for, either: it takes a walk over all keys.
        let hint = (!self.is_full()).then(|| suggest::for_key(text, known));
        self.find(severity, codes::UNKNOWN_KEY, &at, &entry.key_range, message)
            .hint = hint.flatten();
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
                "there may be {limit} {name} here, these are {}",
                items.len()
            );
            self.error(codes::TOO_MANY, &path, &node.range, message);
        }
        for (at, item) in items.iter().enumerate() {
            self.place(format!("{path}[{at}]"), &item.range);
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
