//! `read_files('path' [, option => value]…)`: files on this machine as a table.

pub(crate) mod arguments;
mod listing;

use std::fmt;

use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArguments, Ident, ObjectName};
use datafusion::sql::sqlparser::ast::{Spanned, TableAlias, TableFactor};

use crate::error::{Location, QueryError};
pub(crate) use listing::table;

/// One use of `read_files` in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadFiles {
    /// The path as written: a file, a directory, or a pattern with `*`, `?`, `[…]`.
    pub(crate) path: String,
    /// What was said of the format; the names of the files tell the rest.
    pub(crate) format: Option<Format>,
    /// The first row of a CSV file names the columns.
    pub(crate) header: Option<bool>,
    /// The byte between the fields of a CSV file.
    pub(crate) delimiter: Option<u8>,
    /// Where the call stands.
    pub(crate) location: Option<Location>,
}

/// What the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Separated values.
    Csv,
    /// One JSON object per line.
    Json,
    /// Parquet.
    Parquet,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Json => "JSON (one object per line)",
            Self::Parquet => "Parquet",
        })
    }
}

impl ReadFiles {
    /// The call in `factor`, if it is one, and the table to read instead.
    pub(crate) fn parse(factor: &TableFactor) -> Result<Option<(Self, TableFactor)>, QueryError> {
        let Some((name, args, alias)) = call(factor) else {
            return Ok(None);
        };
        let files = arguments::parse(args, Location::of(name.span()))?;
        let table = files.table_factor(alias.cloned());
        Ok(Some((files, table)))
    }

    /// The table's name, which plans and messages show: the call as one would write it.
    pub(crate) fn table_reference(&self) -> TableReference {
        TableReference::bare(self.to_string())
    }

    fn table_factor(&self, alias: Option<TableAlias>) -> TableFactor {
        table_named(&self.to_string(), alias)
    }
}

/// A table of this very name, in place of a call.
pub(crate) fn table_named(name: &str, alias: Option<TableAlias>) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(vec![Ident::with_quote('"', name)]),
        alias,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

impl fmt::Display for ReadFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read_files('{}'", self.path.replace('\'', "''"))?;
        match self.format {
            Some(Format::Csv) => write!(f, ", format => 'csv'")?,
            Some(Format::Json) => write!(f, ", format => 'json'")?,
            Some(Format::Parquet) => write!(f, ", format => 'parquet'")?,
            None => {}
        }
        if let Some(header) = self.header {
            write!(f, ", header => {header}")?;
        }
        if let Some(delimiter) = self.delimiter {
            write!(f, ", delimiter => '{}'", delimiter.escape_ascii())?;
        }
        f.write_str(")")
    }
}

/// Name, arguments and alias when `factor` is `read_files(…)` or `TABLE(read_files(…))`.
pub(crate) fn call(
    factor: &TableFactor,
) -> Option<(&ObjectName, &[FunctionArg], Option<&TableAlias>)> {
    let (name, args, alias) = match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            alias,
            ..
        } => (name, args.args.as_slice(), alias),
        TableFactor::Function {
            name, args, alias, ..
        } => (name, args.as_slice(), alias),
        TableFactor::TableFunction {
            expr: Expr::Function(call),
            alias,
        } => match &call.args {
            FunctionArguments::List(list) => (&call.name, list.args.as_slice(), alias),
            FunctionArguments::None | FunctionArguments::Subquery(_) => return None,
        },
        _ => return None,
    };
    let [part] = name.0.as_slice() else {
        return None;
    };
    let is_ours = part.as_ident()?.value.eq_ignore_ascii_case("read_files");
    is_ours.then_some((name, args, alias.as_ref()))
}
