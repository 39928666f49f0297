//! The arguments of `read_files`.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Value, ValueWithSpan,
};

use super::{Format, ReadFiles};
use crate::error::{Location, QueryError};

const OPTIONS: &str = "the options are format => 'csv', 'json' or 'parquet', header => true or \
                       false, and delimiter (or sep) => one character";

pub(super) fn parse(
    args: &[FunctionArg],
    location: Option<Location>,
) -> Result<ReadFiles, QueryError> {
    let path = "the first argument is the path in quotes: read_files('data/*.csv')";
    let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(first)), options)) = args.split_first()
    else {
        return Err(refused(path, location));
    };
    let Literal::Text(path) = literal(first).ok_or_else(|| refused(path, location))? else {
        return Err(refused(path, location));
    };
    if path.is_empty() {
        return Err(refused("the path is empty", location));
    }
    let mut files = ReadFiles {
        path,
        format: None,
        header: None,
        delimiter: None,
        location,
    };
    for option in options {
        files.set(option)?;
    }
    files.check()?;
    Ok(files)
}

impl ReadFiles {
    fn set(&mut self, option: &FunctionArg) -> Result<(), QueryError> {
        let (name, value) = named(option).ok_or_else(|| {
            let message = format!("`{option}` must be written as name => value; {OPTIONS}");
            refused(message, self.location)
        })?;
        let here = Location::of(name.span).or(self.location);
        let value = literal(value).ok_or_else(|| {
            refused(
                format!("{} => {value} is not a literal; {OPTIONS}", name.value),
                here,
            )
        })?;
        let known = match name.value.to_ascii_lowercase().as_str() {
            "format" => fill(&mut self.format, format(value, here)?),
            "header" => fill(&mut self.header, header(value, here)?),
            "delimiter" | "sep" => fill(&mut self.delimiter, delimiter(value, here)?),
            _ => {
                let message = format!("there is no option `{}`; {OPTIONS}", name.value);
                return Err(refused(message, here));
            }
        };
        match known {
            true => Ok(()),
            false => Err(refused(format!("`{}` is given twice", name.value), here)),
        }
    }

    fn check(&self) -> Result<(), QueryError> {
        let csv_only = self.header.is_some() || self.delimiter.is_some();
        if matches!(self.format, Some(Format::Json | Format::Parquet)) && csv_only {
            return Err(refused(
                "header and delimiter are options of CSV files",
                self.location,
            ));
        }
        match self.path.split_once("://") {
            Some(("file", _)) | None => Ok(()),
            Some((scheme, _)) => {
                let message =
                    format!("`{scheme}://` is not on this machine; give a path of its file system");
                Err(refused(message, self.location))
            }
        }
    }
}

/// Whether the option had no value yet.
fn fill<T>(slot: &mut Option<T>, value: T) -> bool {
    slot.replace(value).is_none()
}

fn format(value: Literal, at: Option<Location>) -> Result<Format, QueryError> {
    match &value {
        Literal::Text(text) if text.eq_ignore_ascii_case("csv") => Ok(Format::Csv),
        Literal::Text(text) if text.eq_ignore_ascii_case("json") => Ok(Format::Json),
        Literal::Text(text) if text.eq_ignore_ascii_case("parquet") => Ok(Format::Parquet),
        Literal::Text(_) | Literal::Bool(_) => Err(refused(
            format!("format is 'csv', 'json' or 'parquet', not {value}"),
            at,
        )),
    }
}

fn header(value: Literal, at: Option<Location>) -> Result<bool, QueryError> {
    match &value {
        Literal::Bool(header) => Ok(*header),
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Literal::Text(_) => Err(refused(format!("header is true or false, not {value}"), at)),
    }
}

fn delimiter(value: Literal, at: Option<Location>) -> Result<u8, QueryError> {
    match &value {
        Literal::Text(text) if text == "\\t" => Ok(b'\t'),
        Literal::Text(text) => match text.as_bytes() {
            [byte] if !matches!(byte, b'\n' | b'\r' | b'"') => Ok(*byte),
            _ => {
                let message = format!(
                    "delimiter is one ASCII character other than a quote or a line break, or \
                     '\\t', not {value}"
                );
                Err(refused(message, at))
            }
        },
        Literal::Bool(_) => Err(refused(
            format!("delimiter is one character in quotes, not {value}"),
            at,
        )),
    }
}

/// A value as it is written.
pub(crate) enum Literal {
    Text(String),
    Bool(bool),
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{}'", text.escape_debug()),
            Self::Bool(value) => write!(f, "{value}"),
        }
    }
}

pub(crate) fn literal(expr: &Expr) -> Option<Literal> {
    let Expr::Value(ValueWithSpan { value, .. }) = expr else {
        return None;
    };
    match value {
        Value::SingleQuotedString(text) => Some(Literal::Text(text.clone())),
        Value::DollarQuotedString(text) => Some(Literal::Text(text.value.clone())),
        Value::Boolean(value) => Some(Literal::Bool(*value)),
        _ => None,
    }
}

pub(crate) fn named(arg: &FunctionArg) -> Option<(Ident, &Expr)> {
    match arg {
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((name.clone(), value)),
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((name.clone(), value)),
        FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } | FunctionArg::Unnamed(_) => None,
    }
}

fn refused(message: impl Into<String>, location: Option<Location>) -> QueryError {
    QueryError::ReadFilesArgument {
        message: message.into(),
        location,
    }
}
