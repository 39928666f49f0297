//! Expansion, and the way back from the expanded text to the template.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use crate::context;
use crate::expression::{Argument, DefaultFilter, Expression};
use crate::insert::{self, Around};
use crate::scan::{self, Placeholder};
use crate::value::Checked;
use crate::{TemplateError, UsingValue, Variables};

/// Bounds on templates and values.
pub mod limits {
    /// Longest template in bytes: 1 MiB, the length of the longest SQL statement that carries one.
    pub const MAX_TEMPLATE_BYTES: usize = 1 << 20;
    /// Longest expanded text in bytes, the same.
    pub const MAX_EXPANSION_BYTES: usize = 1 << 20;
    /// Longest value of one variable in bytes.
    pub const MAX_VALUE_BYTES: usize = 1 << 18;
    /// Longest placeholder in bytes; a default may hold a list, but not a whole file.
    pub const MAX_PLACEHOLDER_BYTES: usize = 1 << 14;
    /// Placeholders of one template.
    pub const MAX_PLACEHOLDERS: usize = 10_000;
    /// Errors after which a template is not read on.
    pub const MAX_ERRORS: usize = 100;
}

/// An expanded template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The specification.
    pub text: String,
    /// Variables that have a value but do not occur in the template, in order.
    pub unused: Vec<String>,
    pieces: Vec<Piece>,
}

/// Where in the template a part of the expanded text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Bytes of the template; whole placeholders where the part comes from one.
    pub span: Range<usize>,
    /// The first variable that had a hand in it.
    pub variable: Option<String>,
}

/// A placeholder and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// Bytes of the expanded text.
    out: Range<usize>,
    /// Bytes of the template.
    span: Range<usize>,
    variable: String,
}

impl Expansion {
    /// Maps bytes of the expanded text back to the template.
    ///
    /// Any range is taken; what lies outside of the text is cut off.
    ///
    /// ```
    /// use floe_template::{UsingValue, Variables, expand};
    ///
    /// let template = "name: x\nimage: repo/{{ name }}:1\n";
    /// let variables: Variables =
    ///     [("name", UsingValue::Text("echo".into()))].into_iter().collect();
    /// let expansion = expand(template, &variables).expect("it expands");
    /// let image = expansion.text.find("repo").expect("it is there");
    ///
    /// let origin = expansion.origin(image..image + "repo/echo:1".len());
    /// assert_eq!(&template[origin.span], "repo/{{ name }}:1");
    /// assert_eq!(origin.variable.as_deref(), Some("name"));
    /// assert_eq!(expansion.origin(6..7).span, 6..7);
    /// assert_eq!(expansion.origin(6..7).variable, None);
    /// ```
    #[must_use]
    pub fn origin(&self, range: Range<usize>) -> Origin {
        let start = self.text.floor_char_boundary(range.start);
        let end = self.text.floor_char_boundary(range.end).max(start);
        if start == end {
            return self.point(start);
        }
        let overlaps = |piece: &&Piece| piece.out.start < end && start < piece.out.end;
        let variable = self
            .pieces
            .iter()
            .find(overlaps)
            .map(|piece| piece.variable.clone());
        Origin {
            span: self.back_start(start)..self.back_end(end),
            variable,
        }
    }

    /// The origin of a place between two characters.
    fn point(&self, at: usize) -> Origin {
        let holds = |piece: &&Piece| piece.out == (at..at) || piece.out.contains(&at);
        match self.pieces.iter().find(holds) {
            Some(piece) => Origin {
                span: piece.span.clone(),
                variable: Some(piece.variable.clone()),
            },
            None => {
                let at = self.back_start(at);
                Origin {
                    span: at..at,
                    variable: None,
                }
            }
        }
    }

    /// The byte of the template for the first byte of a range.
    fn back_start(&self, at: usize) -> usize {
        let behind = self.pieces.partition_point(|piece| piece.out.start <= at);
        match behind
            .checked_sub(1)
            .and_then(|before| self.pieces.get(before))
        {
            None => at,
            Some(piece) if at < piece.out.end => piece.span.start,
            Some(piece) => piece.span.end + (at - piece.out.end),
        }
    }

    /// The byte of the template behind the last byte of a range.
    fn back_end(&self, at: usize) -> usize {
        let behind = self.pieces.partition_point(|piece| piece.out.start < at);
        match behind
            .checked_sub(1)
            .and_then(|before| self.pieces.get(before))
        {
            None => at,
            Some(piece) if at <= piece.out.end => piece.span.end,
            Some(piece) => piece.span.end + (at - piece.out.end),
        }
    }
}

/// Expands a template with the values of its variables.
///
/// A number or boolean is inserted as its SQL text; a string of letters, digits and `_` as it
/// is; any other string must be JSON. JSON lists and maps are inserted in YAML's flow form, a
/// JSON string with quotes where it is the whole value and without them inside a longer text.
/// A value that would change the structure of the specification is refused.
/// `default(x)` applies when a variable has no value, `default(x, true)` also when its value
/// counts as false in Python: empty, zero, `false`.
///
/// # Errors
///
/// All errors of the template at once, in the order of the template (at most
/// [`limits::MAX_ERRORS`]). A variable without a value is reported once, where it is first missed.
///
/// ```
/// use floe_template::{UsingValue, Variables, expand};
///
/// let variables: Variables =
///     [("args", UsingValue::Text(r#"["-n", 2]"#.into()))].into_iter().collect();
/// let expansion = expand("args: {{ args }}\n", &variables).expect("it expands");
/// assert_eq!(expansion.text, "args: [\"-n\",2]\n");
///
/// let errors = expand("{{ 'a' * 1000000 }} {{ nothing }}", &variables).unwrap_err();
/// let codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
/// assert_eq!(codes, ["FLOE-TEMPLATE-0005", "FLOE-TEMPLATE-0001"]);
/// ```
pub fn expand(template: &str, variables: &Variables) -> Result<Expansion, Vec<TemplateError>> {
    let mut errors = Vec::new();
    let placeholders = scan::bounded(template, &mut errors);
    let holes: Vec<Range<usize>> = placeholders
        .iter()
        .map(|found| found.span.clone())
        .collect();
    let mut job = Job {
        template,
        variables,
        places: context::places(template, &holes),
        holes,
        checked: BTreeMap::new(),
        used: BTreeSet::new(),
        missing: BTreeSet::new(),
        errors,
        text: String::with_capacity(template.len()),
        pieces: Vec::with_capacity(placeholders.len()),
    };
    job.all(&placeholders);
    job.finish()
}

struct Job<'t> {
    template: &'t str,
    variables: &'t Variables,
    holes: Vec<Range<usize>>,
    places: Vec<context::Place>,
    /// Values that were looked at; none for those that were reported.
    checked: BTreeMap<String, Option<Rc<Checked>>>,
    used: BTreeSet<String>,
    /// Variables without a value that were reported.
    missing: BTreeSet<String>,
    errors: Vec<TemplateError>,
    text: String,
    pieces: Vec<Piece>,
}

impl Job<'_> {
    fn all(&mut self, placeholders: &[Placeholder]) {
        let mut copied = 0;
        for (at, placeholder) in placeholders.iter().enumerate() {
            if self.errors.len() >= limits::MAX_ERRORS {
                return;
            }
            self.text.push_str(
                self.template
                    .get(copied..placeholder.span.start)
                    .unwrap_or(""),
            );
            copied = placeholder.span.end;
            if let Some(expression) = &placeholder.expression {
                self.one(at, &placeholder.span, expression);
            }
            if self.text.len() > limits::MAX_EXPANSION_BYTES {
                return self.too_large(limits::MAX_EXPANSION_BYTES, "bytes", &placeholder.span);
            }
        }
        self.text
            .push_str(self.template.get(copied..).unwrap_or(""));
        if self.text.len() > limits::MAX_EXPANSION_BYTES {
            let end = self.template.len();
            self.too_large(limits::MAX_EXPANSION_BYTES, "bytes", &(copied..end));
        }
    }

    fn one(&mut self, at: usize, span: &Range<usize>, expression: &Expression) {
        let Some(value) = self.value(expression) else {
            return;
        };
        let around = Around::new(self.template, &self.holes, at);
        let place = self
            .places
            .get(at)
            .copied()
            .unwrap_or(context::Place::Remark);
        let start = self.text.len();
        if let Err(problem) = insert::insert(&mut self.text, &value.content, place, &around) {
            self.text.truncate(start);
            let variable = expression.name.clone();
            self.errors.push(TemplateError::Structure {
                variable,
                problem,
                span: span.clone(),
            });
            return;
        }
        self.pieces.push(Piece {
            out: start..self.text.len(),
            span: span.clone(),
            variable: expression.name.clone(),
        });
    }

    /// What an expression comes to; none when that was reported.
    fn value(&mut self, expression: &Expression) -> Option<Rc<Checked>> {
        let mut value = self.lookup(&expression.name, &expression.name_span).ok()?;
        for filter in &expression.defaults {
            // It is looked at even when it does not apply, so that its variable counts as used.
            let replacement = self.argument(filter).ok()?;
            let applies = match &value {
                None => true,
                Some(value) => filter.boolean && !value.truthy,
            };
            if applies {
                value = replacement;
            }
        }
        // One report for each variable, at its first use, so that none hides behind another's.
        if value.is_none() && self.missing.insert(expression.name.clone()) {
            let variable = expression.name.clone();
            let similar = similar(&variable, self.variables);
            let span = expression.name_span.clone();
            self.errors.push(TemplateError::Missing {
                variable,
                similar,
                span,
            });
        }
        value
    }

    fn argument(&mut self, filter: &DefaultFilter) -> Result<Option<Rc<Checked>>, Reported> {
        match &filter.value {
            Argument::Literal(literal) => Ok(Some(literal.clone())),
            Argument::Variable(name) => self.lookup(name, &filter.span),
        }
    }

    /// A variable's value, checked once: none when it has no value.
    fn lookup(&mut self, name: &str, span: &Range<usize>) -> Result<Option<Rc<Checked>>, Reported> {
        let Some(value) = self.variables.get(name) else {
            return Ok(None);
        };
        self.used.insert(name.to_owned());
        if let Some(checked) = self.checked.get(name) {
            return checked.clone().map(Some).ok_or(Reported);
        }
        let checked = check(name, value, span)
            .map(Rc::new)
            .map_err(|error| self.errors.push(error))
            .ok();
        self.checked.insert(name.to_owned(), checked.clone());
        checked.map(Some).ok_or(Reported)
    }

    fn too_large(&mut self, limit: usize, unit: &'static str, span: &Range<usize>) {
        self.errors.push(TemplateError::ExpansionTooLarge {
            limit,
            unit,
            span: span.clone(),
        });
    }

    fn finish(mut self) -> Result<Expansion, Vec<TemplateError>> {
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| error.span().start);
            return Err(self.errors);
        }
        let unused = self
            .variables
            .names()
            .filter(|name| !self.used.contains(*name));
        Ok(Expansion {
            unused: unused.map(str::to_owned).collect(),
            text: self.text,
            pieces: self.pieces,
        })
    }
}

/// Something is wrong and was reported already.
struct Reported;

fn check(name: &str, value: &UsingValue, span: &Range<usize>) -> Result<Checked, TemplateError> {
    let (variable, span) = (name.to_owned(), span.clone());
    let text = match value {
        UsingValue::Number(text) | UsingValue::Text(text) => text,
        UsingValue::Bool(_) => "",
    };
    if text.len() > limits::MAX_VALUE_BYTES {
        let limit = limits::MAX_VALUE_BYTES;
        return Err(TemplateError::ValueTooLarge {
            variable,
            limit,
            span,
        });
    }
    Checked::new(value).ok_or_else(|| {
        // A short text in one line was most likely meant as it stands.
        let simple = text.len() <= 100 && !text.contains(['"', '\\', '\'', '\n', '{', '[']);
        let better = simple.then(|| format!("\"{}\"", text.trim()));
        TemplateError::Value {
            variable,
            better,
            span,
        }
    })
}

/// A variable that differs in case, or in one letter.
fn similar(name: &str, variables: &Variables) -> Option<String> {
    let near = |other: &&str| {
        let (short, long) = if other.len() < name.len() {
            (*other, name)
        } else {
            (name, *other)
        };
        let same = short
            .bytes()
            .zip(long.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let tail = short
            .bytes()
            .rev()
            .zip(long.bytes().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let one = long.len() - short.len() <= 1 && same + tail + 1 >= long.len();
        other.eq_ignore_ascii_case(name) || (one && short.len() > 2)
    };
    variables.names().find(near).map(str::to_owned)
}
