//! Where a service's specification comes from.

use std::ops::Range;

use super::Spanned;

/// The `FROM …` clause with its `USING (…)`.
///
/// ```
/// use floe_sql::{AlterServiceAction, SpecKind, Statement};
///
/// let script = "ALTER SERVICE s FROM SPECIFICATION $$spec: {}$$";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
/// assert_eq!(source.kind, SpecKind::Specification);
/// assert_eq!(&script[source.inline().unwrap().body.clone()], "spec: {}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecSource {
    /// Whether the text is taken as it stands or expanded first.
    ///
    /// A plain `SPECIFICATION` followed by `USING` is a template too.
    pub kind: SpecKind,
    /// The text itself, or where it lies.
    pub location: SpecLocation,
    /// The values of `USING (…)`, in order; empty when the clause is missing.
    pub using: Vec<UsingArg>,
    /// Bytes from `FROM` to the end of the clause, `USING` not included.
    pub span: Range<usize>,
}

/// Whether a specification is expanded before it is read.
///
/// ```
/// assert_ne!(floe_sql::SpecKind::Specification, floe_sql::SpecKind::Template);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecKind {
    /// Taken as it stands.
    Specification,
    /// Expanded with the values of `USING`.
    Template,
}

/// The text of a specification, or the place it has to be read from.
///
/// ```
/// use floe_sql::{AlterServiceAction, SpecLocation, Statement};
///
/// let script = "ALTER SERVICE s FROM @db.sc.stage/dir SPECIFICATION_FILE = 'echo.yaml'";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
/// let SpecLocation::File { stage, path } = &source.location else { unreachable!() };
/// assert_eq!(stage.as_ref().unwrap().value, "@db.sc.stage/dir");
/// assert_eq!(path.value, "echo.yaml");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpecLocation {
    /// `FROM SPECIFICATION <text>`: the text stands in the statement.
    Inline(InlineSpec),
    /// `FROM [ @stage ] SPECIFICATION_FILE = '<path>'`.
    File {
        /// The stage location with its leading `@`, without surrounding quotes.
        stage: Option<Spanned<String>>,
        /// The path of the file, relative to the stage location.
        path: Spanned<String>,
    },
}

/// A specification written inside the statement.
///
/// ```
/// use floe_sql::{AlterServiceAction, Statement};
///
/// let script = r"ALTER SERVICE s FROM SPECIFICATION 'it\'s: {}'";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
/// let spec = source.inline().unwrap();
/// assert_eq!(spec.text.value, "it's: {}");
/// assert!(!spec.is_verbatim());
/// // The colon's place in the decoded text, found again in the script.
/// assert_eq!(&script[spec.origin(4..5)], ":");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineSpec {
    /// The decoded text; the span covers the whole literal with its quotes.
    pub text: Spanned<String>,
    /// Bytes of the script between the quotes.
    ///
    /// Equal to the decoded text byte for byte unless escapes were decoded,
    /// see [`InlineSpec::is_verbatim`].
    pub body: Range<usize>,
    pub(crate) shifts: Vec<Shift>,
}

/// From byte `decoded` of a decoded text on, the script continues at `script`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shift {
    pub(crate) decoded: usize,
    pub(crate) script: usize,
}

/// One `key => value` of a `USING` clause.
///
/// ```
/// use floe_sql::{AlterServiceAction, Statement, UsingLiteral};
///
/// let script = "ALTER SERVICE s FROM SPECIFICATION_TEMPLATE $$x$$ USING (\"Port\" => 8000)";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
/// assert_eq!(source.using[0].key.value, "Port");
/// assert_eq!(source.using[0].value, UsingLiteral::Number("8000".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsingArg {
    /// The variable's name; its case is kept.
    pub key: Spanned<String>,
    /// The value.
    pub value: UsingLiteral,
    /// Byte range of the value, quotes included.
    pub span: Range<usize>,
}

/// A value of a `USING` clause.
///
/// ```
/// assert_ne!(
///     floe_sql::UsingLiteral::Number("1".to_owned()),
///     floe_sql::UsingLiteral::Text("1".to_owned()),
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsingLiteral {
    /// A number as it was written, sign included.
    Number(String),
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// The decoded text of `'…'` or `$$…$$`.
    Text(String),
}

// === impl SpecSource ===

impl SpecSource {
    /// The text, when it stands in the statement.
    ///
    /// ```
    /// use floe_sql::{AlterServiceAction, Statement};
    ///
    /// let parsed = floe_sql::parse_script("ALTER SERVICE s FROM @a SPEC='f.yaml'").unwrap();
    /// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
    /// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
    /// assert!(source.inline().is_none());
    /// ```
    pub fn inline(&self) -> Option<&InlineSpec> {
        match &self.location {
            SpecLocation::Inline(spec) => Some(spec),
            SpecLocation::File { .. } => None,
        }
    }
}

// === impl InlineSpec ===

impl InlineSpec {
    /// True when the text equals the script's bytes at `body`.
    ///
    /// ```
    /// use floe_sql::{AlterServiceAction, Statement};
    ///
    /// let parsed = floe_sql::parse_script("ALTER SERVICE s FROM SPECIFICATION $$a$$").unwrap();
    /// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
    /// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
    /// assert!(source.inline().unwrap().is_verbatim());
    /// ```
    pub fn is_verbatim(&self) -> bool {
        self.shifts.is_empty()
    }

    /// Where bytes of the decoded text were written in the script.
    ///
    /// A range past the end of the text is cut to it.
    ///
    /// ```
    /// use floe_sql::{AlterServiceAction, Statement};
    ///
    /// let script = "ALTER SERVICE s FROM SPECIFICATION $$spec: {}$$";
    /// let parsed = floe_sql::parse_script(script).unwrap();
    /// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
    /// let AlterServiceAction::From(source) = &alter.action else { unreachable!() };
    /// assert_eq!(&script[source.inline().unwrap().origin(0..4)], "spec");
    /// ```
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        let start = self.script_offset(range.start);
        start..self.script_offset(range.end).max(start)
    }

    fn script_offset(&self, decoded: usize) -> usize {
        let after = self
            .shifts
            .partition_point(|shift| shift.decoded <= decoded);
        let base = after
            .checked_sub(1)
            .and_then(|index| self.shifts.get(index));
        let offset = match base {
            Some(shift) => shift
                .script
                .saturating_add(decoded.saturating_sub(shift.decoded)),
            None => self.body.start.saturating_add(decoded),
        };
        // Inside an escape that decodes to several bytes the sum could run
        // past the escape's own text.
        let limit = self
            .shifts
            .get(after)
            .map_or(self.body.end, |next| next.script);
        offset.min(limit).min(self.body.end)
    }
}
