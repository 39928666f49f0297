//! Values of the `USING` clause.

use std::collections::BTreeMap;

/// A value as the SQL statement gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsingValue {
    /// A number, as its SQL text: `8000`, `-1.2`.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// A string: letters, digits and `_`, or JSON.
    Text(String),
}

/// The variables of a template; names are case-sensitive.
///
/// ```
/// use floe_template::{UsingValue, Variables};
///
/// let variables: Variables =
///     [("port", UsingValue::Number("8000".into())), ("public", UsingValue::Bool(true))]
///         .into_iter()
///         .collect();
/// assert_eq!(variables.get("public"), Some(&UsingValue::Bool(true)));
/// assert_eq!(variables.get("PUBLIC"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables(BTreeMap<String, UsingValue>);

impl Variables {
    /// No variables.
    ///
    /// ```
    /// assert_eq!(floe_template::Variables::new().names().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Variables::default()
    }

    /// Gives a variable its value and returns the one it had before.
    ///
    /// ```
    /// use floe_template::{UsingValue, Variables};
    ///
    /// let mut variables = Variables::new();
    /// assert_eq!(variables.insert("a", UsingValue::Bool(true)), None);
    /// assert_eq!(variables.insert("a", UsingValue::Bool(false)), Some(UsingValue::Bool(true)));
    /// ```
    pub fn insert(&mut self, name: impl Into<String>, value: UsingValue) -> Option<UsingValue> {
        self.0.insert(name.into(), value)
    }

    /// The value of a variable.
    ///
    /// ```
    /// assert_eq!(floe_template::Variables::new().get("a"), None);
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&UsingValue> {
        self.0.get(name)
    }

    /// All names in order.
    ///
    /// ```
    /// use floe_template::{UsingValue, Variables};
    ///
    /// let both = [("b", UsingValue::Bool(true)), ("a", UsingValue::Bool(true))];
    /// let variables: Variables = both.into_iter().collect();
    /// assert_eq!(variables.names().collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<N: Into<String>> FromIterator<(N, UsingValue)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, UsingValue)>>(pairs: I) -> Self {
        Variables(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}

/// A value that was checked, in the form in which it enters the template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// Letters, digits and `_`, or a number: the same in any context.
    Bare(String),
    /// A text that may hold anything.
    Text(String),
    /// A list or a map, as JSON in one line.
    Tree(String),
    /// A text literal of the template itself: the author's own YAML.
    Verbatim(String),
}

/// A checked value and whether Jinja counts it as true.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked {
    pub(crate) content: Content,
    pub(crate) truthy: bool,
}

impl Checked {
    /// Checks a value; none when it is neither alphanumeric nor JSON.
    pub(crate) fn new(value: &UsingValue) -> Option<Checked> {
        match value {
            UsingValue::Bool(value) => Some(Checked {
                content: Content::Bare(value.to_string()),
                truthy: *value,
            }),
            UsingValue::Number(text) => {
                let text = text.trim();
                is_number(text).then(|| bare(text))
            }
            UsingValue::Text(text) => checked_text(text.trim()),
        }
    }
}

fn checked_text(text: &str) -> Option<Checked> {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.chars().all(alphanumeric) {
        return Some(bare(text));
    }
    // JSON numbers with signs and points are the same in any context, as words are.
    if is_number(text) {
        return Some(bare(text));
    }
    if let Some(text) = crate::json::string(text) {
        let truthy = !text.is_empty();
        return Some(Checked {
            content: Content::Text(text),
            truthy,
        });
    }
    let tree = crate::json::compact(text)?;
    let truthy = tree != "[]" && tree != "{}";
    Some(Checked {
        content: Content::Tree(tree),
        truthy,
    })
}

/// A word or number; false, null, zero and the empty text count as false, as in Jinja.
pub(crate) fn bare(text: &str) -> Checked {
    let zero = is_number(text) && {
        let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
        !mantissa.contains(|c: char| ('1'..='9').contains(&c))
    };
    let truthy = !zero && !matches!(text, "" | "false" | "null");
    Checked {
        content: Content::Bare(text.to_owned()),
        truthy,
    }
}

/// A decimal number with optional sign, fraction and exponent.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some = !whole.is_empty() || !fraction.is_empty();
    some && digits(whole) && digits(fraction) && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Option<Checked> {
        Checked::new(&UsingValue::Text(value.to_owned()))
    }

    #[test]
    fn words_numbers_and_json_are_values_and_nothing_else_is() {
        let content = |value| text(value).map(|checked| checked.content);
        assert_eq!(content("blah123"), Some(Content::Bare("blah123".into())));
        assert_eq!(content("  8000 "), Some(Content::Bare("8000".into())));
        assert_eq!(content("-1.20"), Some(Content::Bare("-1.20".into())));
        assert_eq!(content(""), Some(Content::Bare(String::new())));
        assert_eq!(
            content(r#" "/path/file.txt" "#),
            Some(Content::Text("/path/file.txt".into()))
        );
        assert_eq!(
            content(r#"["-n", 2]"#),
            Some(Content::Tree(r#"["-n",2]"#.into()))
        );
        for bad in [
            "/path", "a b", "a-b", "é", "{a: 1}", "[1", "\"a\" b", "- 1", "a\nb", "1 2",
        ] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    #[test]
    fn truth_is_that_of_python() {
        for (value, truthy) in [
            ("0", false),
            ("-0.0e5", false),
            ("00", false),
            ("", false),
            ("false", false),
            ("null", false),
            ("\"\"", false),
            ("[]", false),
            ("{}", false),
            ("1", true),
            ("0.01", true),
            ("False", true),
            ("a0", true),
            ("\" \"", true),
            ("[0]", true),
        ] {
            assert_eq!(
                text(value).map(|checked| checked.truthy),
                Some(truthy),
                "{value}"
            );
        }
    }

    #[test]
    fn numbers_of_the_statement_must_be_numbers() {
        for (value, good) in [
            ("8000", true),
            ("-1.2", true),
            (".5", true),
            ("1e3", true),
            ("1E-3", true),
            ("", false),
            (".", false),
            ("1e", false),
            ("8000\nx: 1", false),
            ("--1", false),
        ] {
            let checked = Checked::new(&UsingValue::Number(value.to_owned()));
            assert_eq!(checked.is_some(), good, "{value}");
        }
    }
}
