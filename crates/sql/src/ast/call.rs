//! Calls of system functions.

use std::fmt;

use super::{Ident, Spanned};

/// `CALL SYSTEM$F(…)`, or a `SELECT` of nothing but `SYSTEM$F(…)`.
///
/// ```
/// use floe_sql::{Literal, Statement};
///
/// for verb in ["CALL", "SELECT"] {
///     let script = format!("{verb} system$get_service_status('s', 5);");
///     let parsed = floe_sql::parse_script(&script).unwrap();
///     let Statement::Call(call) = &parsed[0].statement else { unreachable!() };
///     assert_eq!(call.name.value, "SYSTEM$GET_SERVICE_STATUS");
///     assert_eq!(call.args[0].value, Literal::String("s".to_owned()));
///     assert_eq!(call.args[1].value, Literal::Number("5".to_owned()));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCall {
    /// The function's name in upper case, `SYSTEM$` included.
    pub name: Spanned<String>,
    /// The arguments, in order.
    pub args: Vec<Spanned<Literal>>,
    /// The result column's name, when `SELECT … AS <alias>` gave one.
    pub alias: Option<Ident>,
}

/// An argument of a call.
///
/// ```
/// assert_eq!(floe_sql::Literal::String("it's".to_owned()).to_string(), "'it''s'");
/// assert_eq!(floe_sql::Literal::Bool(true).to_string(), "TRUE");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A number as it was written, sign included.
    Number(String),
    /// The decoded text of `'…'` or `$$…$$`.
    String(String),
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// `NULL`
    Null,
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number),
            Self::String(text) => {
                write!(f, "'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
            }
            Self::Bool(true) => f.write_str("TRUE"),
            Self::Bool(false) => f.write_str("FALSE"),
            Self::Null => f.write_str("NULL"),
        }
    }
}
