//! The variables of a template, for whoever asks for their values before it is expanded.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::TemplateError;
use crate::expression::{Argument, Expression};
use crate::scan::{self, Placeholder};
use crate::value::{Checked, Content};

/// One variable of a template.
///
/// ```
/// let template = "name: {{ app }}\nimage: /db/s/r/{{ app }}:{{ tag | default('latest') }}\n";
/// let variables = floe_template::variables(template).expect("it is a template");
/// assert_eq!(variables[0].name, "app");
/// assert_eq!(variables[0].uses.len(), 2);
/// assert_eq!(variables[1].name, "tag");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateVariable {
    /// Its name; names are case-sensitive.
    pub name: String,
    /// Every use, in the order of the template.
    pub uses: Vec<VariableUse>,
}

/// One use of a variable.
///
/// ```
/// let template = "a: 1\nb: {{ port | default(8000) }}\n";
/// let variables = floe_template::variables(template).expect("it is a template");
/// let place = &variables[0].uses[0];
/// assert_eq!(&template[place.span.clone()], "{{ port | default(8000) }}");
/// assert_eq!(&template[place.name_span.clone()], "port");
/// assert_eq!((place.line, place.column), (2, 4));
/// assert!(!place.is_argument);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableUse {
    /// The whole placeholder.
    pub span: Range<usize>,
    /// The name within it.
    pub name_span: Range<usize>,
    /// The line of the placeholder, from 1.
    pub line: u32,
    /// The column of the placeholder in characters, from 1.
    pub column: u32,
    /// What is inserted when neither this variable nor any that stands in for it has a value.
    ///
    /// None when there is no `default`, when every `default` names a variable, and for a variable
    /// that is itself the argument of `default`.
    pub default: Option<DefaultValue>,
    /// Whether the variable is the argument of another's `default`, as `b` is in
    /// `{{ a | default(b) }}`.
    pub is_argument: bool,
}

/// What is inserted for a variable without a value.
///
/// ```
/// let template = "{{ who | default('Bob', true) }} {{ args | default(['-n', 2]) }}";
/// let variables = floe_template::variables(template).expect("it is a template");
/// let who = variables[0].uses[0].default.as_ref().expect("it has a default");
/// assert_eq!((who.text.as_str(), who.source.as_str(), who.boolean), ("Bob", "'Bob'", true));
/// let args = variables[1].uses[0].default.as_ref().expect("it has a default");
/// assert_eq!((args.text.as_str(), args.boolean), (r#"["-n",2]"#, false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultValue {
    /// The text that is inserted; lists and maps are JSON.
    pub text: String,
    /// The default as it is written in the template, with its quotes.
    pub source: String,
    /// Whether a default also replaces a value that counts as false: empty, zero, `false`.
    pub boolean: bool,
}

impl TemplateVariable {
    /// Whether the variable needs a value: some use has no default.
    ///
    /// With values for all required variables a template has all it needs. In
    /// `{{ a | default(b) }}` it is `a` that is required, because nothing is known of `b`; a
    /// value of `b` alone would do as well. A variable that only stands in for others is never
    /// required.
    ///
    /// ```
    /// let template = "{{ a }} {{ a | default(1) }} {{ b | default(2) }} {{ c | default(d) }}";
    /// let variables = floe_template::variables(template).expect("it is a template");
    /// let required = variables.iter().filter(|variable| variable.is_required());
    /// assert_eq!(required.map(|variable| &variable.name).collect::<Vec<_>>(), ["a", "c"]);
    /// ```
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.uses
            .iter()
            .any(|place| !place.is_argument && place.default.is_none())
    }
}

/// Lists the variables of a template in the order in which they first appear.
///
/// # Errors
///
/// All errors of the template itself at once, in its order (at most
/// [`limits::MAX_ERRORS`](crate::limits::MAX_ERRORS)): the
/// same that [`expand`](crate::expand) reports whatever the values are.
///
/// ```
/// use floe_template::variables;
///
/// let found = variables("image: {{ repo }}/app:{{ tag | default('1') }}").expect("it is one");
/// let names: Vec<_> = found.iter().map(|variable| variable.name.as_str()).collect();
/// assert_eq!(names, ["repo", "tag"]);
///
/// let errors = variables("{{ a.b }} {{ c | upper }}").unwrap_err();
/// let codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
/// assert_eq!(codes, ["FLOE-TEMPLATE-0005", "FLOE-TEMPLATE-0006"]);
/// ```
pub fn variables(template: &str) -> Result<Vec<TemplateVariable>, Vec<TemplateError>> {
    let mut errors = Vec::new();
    let placeholders = scan::bounded(template, &mut errors);
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.span().start);
        return Err(errors);
    }
    let mut listing = Listing {
        template,
        place: Place {
            at: 0,
            line: 1,
            column: 1,
        },
        index: BTreeMap::new(),
        found: Vec::new(),
    };
    for placeholder in &placeholders {
        listing.placeholder(placeholder);
    }
    Ok(listing.found)
}

struct Listing<'t> {
    template: &'t str,
    place: Place,
    /// Where each name is in `found`.
    index: BTreeMap<String, usize>,
    found: Vec<TemplateVariable>,
}

/// A byte of the template with its line and column.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    line: u32,
    column: u32,
}

impl Listing<'_> {
    fn placeholder(&mut self, placeholder: &Placeholder) {
        let Some(expression) = &placeholder.expression else {
            return;
        };
        self.place = self.place.moved(self.template, placeholder.span.start);
        let default = self.default(expression);
        let (name, name_span) = (&expression.name, &expression.name_span);
        self.add(name, placeholder, name_span, default, false);
        for filter in &expression.defaults {
            if let Argument::Variable(name) = &filter.value {
                self.add(name, placeholder, &filter.span, None, true);
            }
        }
    }

    fn add(
        &mut self,
        name: &str,
        placeholder: &Placeholder,
        name_span: &Range<usize>,
        default: Option<DefaultValue>,
        is_argument: bool,
    ) {
        let place = VariableUse {
            span: placeholder.span.clone(),
            name_span: name_span.clone(),
            line: self.place.line,
            column: self.place.column,
            default,
            is_argument,
        };
        let known = self.index.get(name).and_then(|at| self.found.get_mut(*at));
        if let Some(variable) = known {
            return variable.uses.push(place);
        }
        self.index.insert(name.to_owned(), self.found.len());
        self.found.push(TemplateVariable {
            name: name.to_owned(),
            uses: vec![place],
        });
    }

    /// What the expression comes to when no variable has a value.
    fn default(&self, expression: &Expression) -> Option<DefaultValue> {
        let mut value: Option<(&Checked, &Range<usize>)> = None;
        for filter in &expression.defaults {
            let applies = value.is_none_or(|(value, _)| filter.boolean && !value.truthy);
            match &filter.value {
                Argument::Literal(literal) if applies => value = Some((literal, &filter.span)),
                // It replaces a default that counts as false by nothing, as in Jinja.
                Argument::Variable(_) if applies => value = None,
                Argument::Literal(_) | Argument::Variable(_) => {}
            }
        }
        let (value, span) = value?;
        let (Content::Bare(text)
        | Content::Text(text)
        | Content::Tree(text)
        | Content::Verbatim(text)) = &value.content;
        Some(DefaultValue {
            text: text.clone(),
            source: self.template.get(span.clone()).unwrap_or("").to_owned(),
            boolean: expression.defaults.iter().any(|filter| filter.boolean),
        })
    }
}

impl Place {
    /// A later place; `\n` ends a line.
    fn moved(self, template: &str, to: usize) -> Place {
        let passed = template.get(self.at..to).unwrap_or("");
        let mut place = Place { at: to, ..self };
        for c in passed.chars() {
            if c == '\n' {
                place.line = place.line.saturating_add(1);
                place.column = 1;
            } else {
                place.column = place.column.saturating_add(1);
            }
        }
        place
    }
}
