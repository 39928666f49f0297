//! Why a template cannot be expanded.

use std::ops::Range;

/// One reason why a template cannot be expanded, with its place in the template.
///
/// ```
/// use floe_template::{Variables, expand};
///
/// let template = "port: {{ port }}\nname: {{ name }}\n";
/// let errors = expand(template, &Variables::new()).unwrap_err();
/// assert_eq!(errors.len(), 2);
/// assert_eq!(errors[0].code(), "FLOE-TEMPLATE-0001");
/// assert_eq!(&template[errors[0].span()], "port");
/// assert_eq!(errors[1].variable(), Some("name"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A variable has neither a value nor a default.
    #[error("the variable `{variable}` has no value and no default")]
    Missing {
        /// The variable.
        variable: String,
        /// Another variable whose name differs in a letter or two, or in case.
        similar: Option<String>,
        /// The name in the template.
        span: Range<usize>,
    },
    /// A Jinja statement (`{% … %}`).
    #[error("statements (`{{% … %}}`) are not part of specification templates")]
    Statement {
        /// The statement.
        span: Range<usize>,
    },
    /// A Jinja remark (`{# … #}`).
    #[error("remarks in braces (`{{# … #}}`) are not part of specification templates")]
    Remark {
        /// The remark.
        span: Range<usize>,
    },
    /// A placeholder or a text in it is not closed.
    #[error("{what} is not closed")]
    NotClosed {
        /// What is not closed.
        what: &'static str,
        /// From its beginning on.
        span: Range<usize>,
    },
    /// An expression that is more than a variable and `default`.
    #[error("{what}")]
    Unsupported {
        /// What is there instead.
        what: String,
        /// What to write.
        hint: &'static str,
        /// The part that is not understood.
        span: Range<usize>,
    },
    /// A filter other than `default`.
    #[error("the filter `{filter}` is not known; there is only `default`")]
    Filter {
        /// The filter's name.
        filter: String,
        /// The name in the template.
        span: Range<usize>,
    },
    /// `default` has arguments it cannot take.
    #[error("`default` takes a value and then `true` or `false`: {problem}")]
    Arguments {
        /// What is wrong with them.
        problem: &'static str,
        /// What to write.
        hint: &'static str,
        /// The argument that is wrong.
        span: Range<usize>,
    },
    /// A value is neither alphanumeric nor JSON.
    #[error("the value of `{variable}` is neither letters and digits nor JSON")]
    Value {
        /// The variable.
        variable: String,
        /// A value that would do, when one can be guessed.
        better: Option<String>,
        /// The first use in the template.
        span: Range<usize>,
    },
    /// A value would change what the specification is made of.
    #[error("the value of `{variable}` does not fit here: {problem}")]
    Structure {
        /// The variable.
        variable: String,
        /// Why it does not fit.
        problem: &'static str,
        /// The placeholder.
        span: Range<usize>,
    },
    /// The template is too long.
    #[error("the template has {bytes} bytes, more than the {limit} that it may have")]
    TemplateTooLarge {
        /// Its length.
        bytes: usize,
        /// The longest that is read.
        limit: usize,
        /// The whole template.
        span: Range<usize>,
    },
    /// The expanded text is too long, or has too many placeholders.
    #[error("the expanded specification exceeds {limit} {unit}")]
    ExpansionTooLarge {
        /// The limit.
        limit: usize,
        /// What is counted.
        unit: &'static str,
        /// The placeholder that exceeds it.
        span: Range<usize>,
    },
    /// A value is too long.
    #[error("the value of `{variable}` has more than {limit} bytes")]
    ValueTooLarge {
        /// The variable.
        variable: String,
        /// The longest value.
        limit: usize,
        /// The first use in the template.
        span: Range<usize>,
    },
}

impl TemplateError {
    /// The stable code of this error; each has a page in `docs/errors`.
    ///
    /// ```
    /// use floe_template::{Variables, expand};
    ///
    /// let errors = expand("{% if x %}", &Variables::new()).unwrap_err();
    /// assert_eq!(errors[0].code(), "FLOE-TEMPLATE-0002");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            TemplateError::Missing { .. } => "FLOE-TEMPLATE-0001",
            TemplateError::Statement { .. } => "FLOE-TEMPLATE-0002",
            TemplateError::Remark { .. } => "FLOE-TEMPLATE-0003",
            TemplateError::NotClosed { .. } => "FLOE-TEMPLATE-0004",
            TemplateError::Unsupported { .. } => "FLOE-TEMPLATE-0005",
            TemplateError::Filter { .. } => "FLOE-TEMPLATE-0006",
            TemplateError::Arguments { .. } => "FLOE-TEMPLATE-0007",
            TemplateError::Value { .. } => "FLOE-TEMPLATE-0008",
            TemplateError::Structure { .. } => "FLOE-TEMPLATE-0009",
            TemplateError::TemplateTooLarge { .. } => "FLOE-TEMPLATE-0010",
            TemplateError::ExpansionTooLarge { .. } => "FLOE-TEMPLATE-0011",
            TemplateError::ValueTooLarge { .. } => "FLOE-TEMPLATE-0012",
        }
    }

    /// The bytes of the template that the error is about.
    ///
    /// ```
    /// use floe_template::{Variables, expand};
    ///
    /// let template = "a: {{ b | upper }}";
    /// let errors = expand(template, &Variables::new()).unwrap_err();
    /// assert_eq!(&template[errors[0].span()], "upper");
    /// ```
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            TemplateError::Missing { span, .. }
            | TemplateError::Statement { span }
            | TemplateError::Remark { span }
            | TemplateError::NotClosed { span, .. }
            | TemplateError::Unsupported { span, .. }
            | TemplateError::Filter { span, .. }
            | TemplateError::Arguments { span, .. }
            | TemplateError::Value { span, .. }
            | TemplateError::Structure { span, .. }
            | TemplateError::TemplateTooLarge { span, .. }
            | TemplateError::ExpansionTooLarge { span, .. }
            | TemplateError::ValueTooLarge { span, .. } => span.clone(),
        }
    }

    /// The variable that the error is about.
    ///
    /// ```
    /// use floe_template::{Variables, expand};
    ///
    /// let errors = expand("{{ tag }}", &Variables::new()).unwrap_err();
    /// assert_eq!(errors[0].variable(), Some("tag"));
    /// ```
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            TemplateError::Missing { variable, .. }
            | TemplateError::Value { variable, .. }
            | TemplateError::Structure { variable, .. }
            | TemplateError::ValueTooLarge { variable, .. } => Some(variable),
            TemplateError::Statement { .. }
            | TemplateError::Remark { .. }
            | TemplateError::NotClosed { .. }
            | TemplateError::Unsupported { .. }
            | TemplateError::Filter { .. }
            | TemplateError::Arguments { .. }
            | TemplateError::TemplateTooLarge { .. }
            | TemplateError::ExpansionTooLarge { .. } => None,
        }
    }

    /// What to do about the error, when that is known.
    ///
    /// ```
    /// use floe_template::{UsingValue, Variables, expand};
    ///
    /// let variables: Variables = [("port", UsingValue::Bool(true))].into_iter().collect();
    /// let errors = expand("{{ Port }}", &variables).unwrap_err();
    /// assert_eq!(
    ///     errors[0].hint().as_deref(),
    ///     Some("did you mean `port`? Names are case-sensitive"),
    /// );
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            TemplateError::Missing {
                variable,
                similar: None,
                ..
            } => Some(format!(
                "add `{variable} => …` to USING, or write `{{{{ {variable} | default('…') }}}}`"
            )),
            TemplateError::Missing {
                similar: Some(similar),
                ..
            } => Some(format!(
                "did you mean `{similar}`? Names are case-sensitive"
            )),
            TemplateError::Statement { .. } => Some(
                "write the specification out, or use `default` for what may be left out".into(),
            ),
            TemplateError::Remark { .. } => Some("write a YAML remark: `# …`".to_owned()),
            TemplateError::Unsupported { hint, .. } | TemplateError::Arguments { hint, .. } => {
                Some((*hint).to_owned())
            }
            // Jinja's short name of the filter, and any other case.
            TemplateError::Filter { filter, .. }
                if filter == "d" || filter.eq_ignore_ascii_case("default") =>
            {
                Some("write `default`".to_owned())
            }
            TemplateError::Filter { .. } => {
                Some("write `{{ variable }}` or `{{ variable | default('…') }}`".to_owned())
            }
            TemplateError::Value {
                variable, better, ..
            } => {
                let better = better.as_deref().unwrap_or("\"…\"");
                Some(format!(
                    "write it as a JSON string: `{variable} => '{better}'`"
                ))
            }
            TemplateError::NotClosed { .. }
            | TemplateError::Structure { .. }
            | TemplateError::TemplateTooLarge { .. }
            | TemplateError::ExpansionTooLarge { .. }
            | TemplateError::ValueTooLarge { .. } => None,
        }
    }
}
