//! Identifiers and names of objects.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::SqlError;
use crate::parser::is_reserved;

/// An identifier: unquoted ones are folded to upper case, quoted ones kept.
///
/// Two identifiers are equal when they name the same thing; where and how they
/// were spelled does not matter.
///
/// ```
/// use floe_sql::Ident;
///
/// assert_eq!(Ident::parse("echo").unwrap(), Ident::parse("\"ECHO\"").unwrap());
/// assert_eq!(Ident::parse("echo").unwrap().as_str(), "ECHO");
/// assert_eq!(Ident::parse("echo").unwrap().written(), "echo");
/// ```
#[derive(Debug, Clone)]
pub struct Ident {
    name: String,
    written: String,
    quoted: bool,
    span: Range<usize>,
}

/// The name of an object, with up to three parts.
///
/// ```
/// use floe_sql::ObjectName;
///
/// let name = ObjectName::parse("db.\"Data\".echo").unwrap();
/// assert_eq!(name.database.as_ref().unwrap().as_str(), "DB");
/// assert_eq!(name.schema.as_ref().unwrap().as_str(), "Data");
/// assert_eq!(name.name.as_str(), "ECHO");
/// assert_eq!(name.to_string(), "DB.\"Data\".ECHO");
/// ```
#[derive(Debug, Clone)]
pub struct ObjectName {
    /// The database, when written.
    pub database: Option<Ident>,
    /// The schema, when written.
    pub schema: Option<Ident>,
    /// The object itself.
    pub name: Ident,
    /// Byte range of the whole name in the script.
    pub span: Range<usize>,
}

/// The name of a function; its argument types stand beside it.
///
/// ```
/// let name: floe_sql::FunctionName = floe_sql::ObjectName::parse("my_echo_udf").unwrap();
/// assert_eq!(name.name.as_str(), "MY_ECHO_UDF");
/// ```
pub type FunctionName = ObjectName;

// === impl Ident ===

impl Ident {
    /// Reads one identifier, quoted or not, out of a text that holds nothing else.
    ///
    /// # Errors
    ///
    /// `FLOE-SQL-0013` when the text is not exactly one identifier.
    ///
    /// ```
    /// assert_eq!(floe_sql::Ident::parse("\"my pool\"").unwrap().as_str(), "my pool");
    /// assert_eq!(floe_sql::Ident::parse("1st").unwrap_err().code(), "FLOE-SQL-0013");
    /// ```
    pub fn parse(text: &str) -> Result<Self, SqlError> {
        crate::parser::parse_ident(text)
    }

    pub(crate) fn unquoted(written: &str, span: Range<usize>) -> Self {
        let name = written.to_ascii_uppercase();
        Self {
            name,
            written: written.to_owned(),
            quoted: false,
            span,
        }
    }

    pub(crate) fn quoted(name: String, span: Range<usize>) -> Self {
        Self {
            written: name.clone(),
            name,
            quoted: true,
            span,
        }
    }

    /// The identifier as the catalog knows it.
    ///
    /// ```
    /// assert_eq!(floe_sql::Ident::parse("p").unwrap().as_str(), "P");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The identifier in the user's own case, without quotes.
    ///
    /// Endpoint names live in the specification and are not folded, so they
    /// are read through this.
    ///
    /// ```
    /// assert_eq!(floe_sql::Ident::parse("echoEndpoint").unwrap().written(), "echoEndpoint");
    /// ```
    pub fn written(&self) -> &str {
        &self.written
    }

    /// True when the user wrote `"…"`.
    ///
    /// ```
    /// assert!(floe_sql::Ident::parse("\"P\"").unwrap().is_quoted());
    /// ```
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Byte range in the script, quotes included.
    ///
    /// ```
    /// assert_eq!(floe_sql::Ident::parse("\"P\"").unwrap().span(), 0..3);
    /// ```
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn with_span(mut self, span: Range<usize>) -> Self {
        self.span = span;
        self
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Ident {}

impl PartialOrd for Ident {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ident {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Ident {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(&self.name) {
            f.write_str(&self.name)
        } else {
            write!(f, "\"{}\"", self.name.replace('"', "\"\""))
        }
    }
}

/// True when the folded name can be written without quotes.
fn is_plain(name: &str) -> bool {
    // `$$` starts a string even behind a letter.
    if is_reserved(name) || name.contains("$$") {
        return false;
    }
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_uppercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'$')
}

// === impl ObjectName ===

impl ObjectName {
    /// Reads a name of one to three parts out of a text that holds nothing else.
    ///
    /// # Errors
    ///
    /// `FLOE-SQL-0013` when the text is not exactly one name.
    ///
    /// ```
    /// use floe_sql::ObjectName;
    ///
    /// assert_eq!(ObjectName::parse("data_schema.echo").unwrap().to_string(), "DATA_SCHEMA.ECHO");
    /// assert_eq!(ObjectName::parse("a.b.c.d").unwrap_err().code(), "FLOE-SQL-0013");
    /// ```
    pub fn parse(text: &str) -> Result<Self, SqlError> {
        crate::parser::parse_object_name(text)
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        (&self.database, &self.schema, &self.name) == (&other.database, &other.schema, &other.name)
    }
}

impl Eq for ObjectName {}

impl Hash for ObjectName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.database, &self.schema, &self.name).hash(state);
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.database, &self.schema].into_iter().flatten() {
            write!(f, "{part}.")?;
        }
        write!(f, "{}", self.name)
    }
}
