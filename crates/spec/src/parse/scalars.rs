//! Single values: texts, names, numbers, booleans.

use std::ops::RangeInclusive;

use super::fields::Fields;
use super::{Walk, suggest};
use crate::source::{Node, Value};
use crate::{Decimal, codes};

/// Longest name of a container, endpoint or volume.
const MAX_NAME: usize = 63;

impl Walk<'_> {
    /// A field that must be there; its absence is reported.
    pub(super) fn required<'n>(&mut self, fields: &Fields<'n>, name: &str) -> Option<&'n Node> {
        let node = fields.get(name);
        if node.is_none() {
            let message = format!("the field `{name}` is missing");
            self.error(codes::MISSING_FIELD, &fields.path, &fields.place, message);
        }
        node
    }

    /// The text of a scalar as written, without NUL.
    pub(super) fn text<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n str> {
        let Some(text) = node.value.scalar() else {
            self.wrong_type(path, node, "a text").hint = match node.value {
                Value::Null { .. } => Some("write `\"\"` for an empty text".to_owned()),
                _ => None,
            };
            return None;
        };
        if text.contains('\0') {
            self.error(
                codes::BAD_TEXT,
                path,
                &node.range,
                "a text must not hold the character NUL",
            );
            return None;
        }
        Some(text)
    }

    /// A name by the rules for containers, endpoints and volumes.
    pub(super) fn name(&mut self, fields: &Fields<'_>, what: &str) -> Option<String> {
        let node = self.required(fields, "name")?;
        let path = fields.path_of("name");
        let name = self.text(node, &path)?;
        if is_name(name) {
            return Some(name.to_owned());
        }
        let shown: String = name.chars().take(MAX_NAME).collect();
        let better = better_name(name);
        self.error(
            codes::BAD_NAME,
            &path,
            &node.range,
            format!("`{shown}` is not a name for {what}"),
        )
        .hint = Some(match better {
            Some(better) => format!("did you mean `{better}`?"),
            None => format!(
                "use lower-case letters, digits and `-`, at most {MAX_NAME}, beginning with a \
                     letter and ending with a letter or digit"
            ),
        });
        None
    }

    /// A list of texts; numbers and booleans count as the text they are written with.
    pub(super) fn texts(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        example: &str,
    ) -> Option<Vec<String>> {
        let node = fields.get(name)?;
        let path = fields.path_of(name);
        let Value::List(items) = &node.value else {
            self.wrong_type(&path, node, "a list").hint =
                Some(format!("write it as `{name}: {example}`"));
            return None;
        };
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}[{at}]");
            if let Some(text) = self.text(item, &path) {
                texts.push(text.to_owned());
            }
        }
        Some(texts)
    }

    /// A text in a list or below a key, without any further rule.
    pub(super) fn text_of(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        let node = fields.get(name)?;
        let text = self.text(node, &fields.path_of(name))?;
        if text.trim().is_empty() {
            let message = format!("`{name}` must not be empty");
            self.error(codes::BAD_TEXT, &fields.path_of(name), &node.range, message);
            return None;
        }
        Some(text.to_owned())
    }

    /// One of some words, each with what it means; other letter case is understood.
    pub(super) fn word<T: Copy>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let node = fields.get(name)?;
        self.one_of(node, &fields.path_of(name), words)
    }

    /// The same for a value that is an item of a list.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        node: &Node,
        path: &str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(node, path)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        if let Some((word, meaning)) = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text))
        {
            self.loose(node, path, &format!("write `{word}`"));
            return Some(*meaning);
        }
        let shown: String = text.chars().take(MAX_NAME).collect();
        let hint = match suggest::nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(word) => format!("did you mean `{word}`?"),
            None => {
                let all: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                format!("write one of {}", all.join(", "))
            }
        };
        let message = format!("`{shown}` is none of the words that are known here");
        self.error(codes::UNKNOWN_VALUE, path, &node.range, message)
            .hint = Some(hint);
        None
    }

    /// A decimal number.
    pub(super) fn decimal(&mut self, fields: &Fields<'_>, name: &str) -> Option<Decimal> {
        let node = fields.get(name)?;
        let path = fields.path_of(name);
        let text = self.text(node, &path)?;
        let number = Decimal::parse(text);
        if number.is_none() {
            let shown: String = text.chars().take(MAX_NAME).collect();
            let message = format!("`{shown}` is not a number");
            self.error(codes::BAD_NUMBER, &path, &node.range, message);
            return None;
        }
        let plain = plain_number(text);
        if plain != text || matches!(node.value, Value::Text(_)) {
            self.loose(node, &path, &format!("write {plain} without quotes"));
            return Decimal::parse(&plain);
        }
        number
    }

    /// A whole number below a key, in a range.
    pub(super) fn whole(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let node = fields.get(name)?;
        self.number(node, &fields.path_of(name), codes::BAD_NUMBER, range)
    }

    /// A whole number in a range.
    pub(super) fn number(
        &mut self,
        node: &Node,
        path: &str,
        code: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let text = self.text(node, path)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(number) if digits && range.contains(&number) => {
                if matches!(node.value, Value::Text(_)) {
                    self.loose(
                        node,
                        path,
                        &format!("write {number} without quotes and leading zeros"),
                    );
                }
                Some(number)
            }
            _ => {
                let shown: String = text.chars().take(MAX_NAME).collect();
                let (from, to) = (range.start(), range.end());
                let message = format!("`{shown}` is not a whole number from {from} to {to}");
                self.error(code, path, &node.range, message);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, fields: &Fields<'_>, name: &str) -> Option<bool> {
        let node = fields.get(name)?;
        let path = fields.path_of(name);
        let quoted = match &node.value {
            Value::Bool(value, _) => return Some(*value),
            Value::Text(text) => text.as_str(),
            Value::Null { .. } | Value::Number(_) | Value::List(_) | Value::Map(_) => "",
        };
        if quoted.eq_ignore_ascii_case("true") || quoted.eq_ignore_ascii_case("false") {
            self.loose(node, &path, "write it without quotes");
            return Some(quoted.eq_ignore_ascii_case("true"));
        }
        let hint = match quoted.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" => Some("write `true`"),
            "no" | "off" | "n" => Some("write `false`"),
            _ => None,
        };
        self.wrong_type(&path, node, "`true` or `false`").hint = hint.map(str::to_owned);
        None
    }

    /// Says that a value was understood although it is not written as documented.
    pub(super) fn loose(&mut self, node: &Node, path: &str, hint: &str) {
        let written: String = node
            .value
            .scalar()
            .unwrap_or("")
            .chars()
            .take(MAX_NAME)
            .collect();
        let message = format!("`{written}` is understood, but other systems may not read it");
        self.warn(codes::LOOSE_SPELLING, path, &node.range, message)
            .hint = Some(hint.to_owned());
    }
}

/// A decimal number as YAML and JSON both write it: no `+`, no needless zeros before it, and a
/// digit on either side of the point.
fn plain_number(text: &str) -> String {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = rest.split_at(rest.find(['e', 'E']).unwrap_or(rest.len()));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}{exponent}")
}

/// `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    bytes.len() <= MAX_NAME
        && first.is_ascii_lowercase()
        && (last.is_ascii_lowercase() || last.is_ascii_digit())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn better_name(text: &str) -> Option<String> {
    if text.len() > MAX_NAME {
        return None;
    }
    let better = text
        .trim()
        .to_ascii_lowercase()
        .replace(['_', ' ', '.'], "-");
    is_name(&better).then_some(better)
}

/// `^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$`
pub(super) fn is_role_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    first.is_ascii_alphabetic()
        && last.is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_documented_pattern() {
        for good in ["a", "echo", "a1", "text-example-original", &"a".repeat(63)] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "A",
            "1a",
            "-a",
            "a-",
            "a_b",
            "a.b",
            "é",
            "a b",
            &"a".repeat(64),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
        assert_eq!(better_name("My_Echo").as_deref(), Some("my-echo"));
        assert_eq!(better_name("<name>"), None);
    }

    #[test]
    fn numbers_get_the_form_that_every_reader_takes_for_one() {
        for (written, plain) in [
            ("0", "0"),
            ("0.80", "0.80"),
            ("-1.5e3", "-1.5e3"),
            ("1e5", "1e5"),
            ("+5", "5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-007", "-7"),
            ("00.10E+2", "0.10E+2"),
        ] {
            assert_eq!(plain_number(written), plain);
            assert_eq!(plain_number(plain), plain);
        }
    }

    #[test]
    fn role_names_follow_the_documented_pattern() {
        for good in ["a", "Reader", "a_b", "r2"] {
            assert!(is_role_name(good), "{good}");
        }
        for bad in ["", "_a", "a_", "2a", "a-b"] {
            assert!(!is_role_name(bad), "{bad}");
        }
    }
}
