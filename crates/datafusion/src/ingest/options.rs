//! The arguments of `STREAM read_files`.

use std::collections::BTreeMap;
use std::fmt;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, UnaryOperator, Value, ValueWithSpan,
};
use floe_ingest::Role;
use floe_ingest::floe_notify::options::{FileFormat, keys};
use floe_ingest::floe_notify::{Finding, Options};

use super::schema;
use crate::error::{Location, QueryError};
use crate::read_files::arguments::named;

/// The options that are neither of how files are found.
const OWN: [&str; 7] = [
    "checkpoint",
    "consumer",
    "trigger",
    "schema",
    "header",
    "delimiter",
    "sep",
];
const OWN_WORDS: &str = "beside the options of how files are found there are format, schema, \
                         header, delimiter (or sep), checkpoint, consumer and trigger";

/// When a stream makes batches.
///
/// ```
/// assert_eq!(
///     floe_datafusion::ingest::Trigger::default(),
///     floe_datafusion::ingest::Trigger::Continuous,
/// );
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// Of what is there, in as many batches as it takes; then it ends.
    AvailableNow,
    /// As long as it runs.
    #[default]
    Continuous,
}

/// What the files of a stream are.
///
/// ```
/// assert_eq!(floe_datafusion::ingest::InputFormat::Csv.to_string(), "CSV");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputFormat {
    /// Separated values.
    Csv,
    /// One JSON object per line.
    Json,
    /// Parquet.
    Parquet,
}

impl fmt::Display for InputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Parquet => "Parquet",
        })
    }
}

/// How the files of a stream are read.
///
/// ```
/// let sql = "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', sep => ';',
///     schema => 'a INT, b STRING', checkpoint => '/state')) TO '/out'";
/// let reader = floe_datafusion::ingest::parse_stream(sql)?.expect("a stream").reader;
/// assert_eq!((reader.delimiter, reader.header), (b';', true));
/// assert_eq!(reader.schema.expect("columns").field(1).name(), "b");
/// # Ok::<(), floe_datafusion::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaderOptions {
    /// What they are.
    pub format: InputFormat,
    /// The first row of a CSV file names its columns.
    pub header: bool,
    /// What stands between the fields of a CSV file.
    pub delimiter: u8,
    /// The columns, if they are given.
    pub schema: Option<SchemaRef>,
    /// Types of columns that are not inferred (`schemaHints`).
    pub hints: Option<SchemaRef>,
    /// Whether types are inferred; all are text otherwise (`inferColumnTypes`).
    pub infer_types: bool,
    /// Files that are gone are passed over (`ignoreMissingFiles`).
    pub ignore_missing: bool,
    /// Files that cannot be read are passed over (`ignoreCorruptFiles`).
    pub ignore_corrupt: bool,
}

/// Names and values, which may be secret.
#[derive(Clone, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// All that the arguments say.
pub(super) struct Given {
    pub(super) path: String,
    pub(super) options: Options,
    pub(super) warnings: Vec<Finding>,
    pub(super) pairs: Pairs,
    pub(super) checkpoint: String,
    pub(super) consumer: Option<Role>,
    pub(super) trigger: Trigger,
    pub(super) reader: ReaderOptions,
    pub(super) schema_location: Option<String>,
}

/// An option of our own: its value, and where it stands.
type Own = BTreeMap<&'static str, (String, Option<Location>)>;

#[derive(Default)]
struct Arguments {
    pairs: Pairs,
    own: Own,
    /// Where the option of a whole name stands, in small letters.
    places: BTreeMap<String, Option<Location>>,
}

pub(super) fn parse(args: &[FunctionArg], location: Option<Location>) -> Result<Given, QueryError> {
    let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(first)), rest)) = args.split_first()
    else {
        return Err(refused(PATH_FIRST, location));
    };
    let path = match value_of(first) {
        Some(path) if !path.is_empty() => path,
        _ => return Err(refused(PATH_FIRST, location)),
    };
    let mut arguments = Arguments::default();
    // Where a relative path starts from is the caller's to say.
    if path.starts_with('/') || path.contains("://") {
        arguments.pairs.0.push(("path".to_owned(), path.clone()));
    }
    for arg in rest {
        arguments.take(arg, location)?;
    }
    let (options, findings) = Options::parse(arguments.pairs.0.iter().map(|(k, v)| (k, v)));
    if let Some(error) = findings.iter().find(|finding| finding.is_error()) {
        return Err(arguments.found(error, location));
    }
    arguments.unsupported(&options, location)?;
    let reader = arguments.reader(&options, location)?;
    let Arguments { pairs, own, .. } = arguments;
    let checkpoint = match own.get("checkpoint") {
        Some((directory, _)) if !directory.is_empty() => directory.clone(),
        given => {
            let message = "checkpoint => 'directory' is missing: where the stream remembers what \
                           it has read";
            return Err(refused(message, given.map_or(location, |(_, at)| *at)));
        }
    };
    Ok(Given {
        path,
        schema_location: options.find(keys::SCHEMA_LOCATION),
        consumer: consumer(&own)?,
        trigger: trigger(&own)?,
        warnings: findings,
        options,
        pairs,
        checkpoint,
        reader,
    })
}

const PATH_FIRST: &str = "the first argument is the path in quotes: STREAM \
                          read_files('s3://bucket/orders', format => 'json', checkpoint => \
                          '/srv/state')";

impl Arguments {
    fn take(&mut self, arg: &FunctionArg, location: Option<Location>) -> Result<(), QueryError> {
        let (name, value) = named(arg).ok_or_else(|| {
            refused(
                format!("`{arg}` must be written as name => value"),
                location,
            )
        })?;
        let here = Location::of(name.span).or(location);
        let value = value_of(value).ok_or_else(|| {
            let message = format!("{} => {value} is not a literal", name.value);
            refused(message, here)
        })?;
        let written = &name.value;
        if written.eq_ignore_ascii_case("path") {
            return Err(refused("the path is the first argument", here));
        }
        if let Some(own) = OWN.iter().find(|own| own.eq_ignore_ascii_case(written)) {
            let own = if *own == "sep" { "delimiter" } else { own };
            return match self.own.insert(own, (value, here)) {
                None => Ok(()),
                Some(_) => Err(refused(format!("`{written}` is given twice"), here)),
            };
        }
        let whole = whole_name(written).ok_or_else(|| unknown(written, here))?;
        // The first place of an option that is given twice is of no interest.
        self.places.insert(whole.to_ascii_lowercase(), here);
        self.pairs.0.push((whole, value));
        Ok(())
    }

    fn place(&self, name: &str, location: Option<Location>) -> Option<Location> {
        let place = self.places.get(&name.to_ascii_lowercase());
        place.copied().flatten().or(location)
    }

    fn found(&self, finding: &Finding, location: Option<Location>) -> QueryError {
        QueryError::StreamOption {
            code: finding.code,
            message: words(finding),
            location: self.place(&finding.subject, location),
        }
    }

    /// Refuses what would be taken and then not done.
    fn unsupported(&self, options: &Options, location: Option<Location>) -> Result<(), QueryError> {
        let refuse = |name: &str, message: &str| Err(refused(message, self.place(name, location)));
        if let Some(mode) = options.find(keys::SCHEMA_EVOLUTION_MODE)
            && !mode.eq_ignore_ascii_case("none")
        {
            let message = "schemaEvolutionMode is 'none': the columns of the first batch are kept, \
                           and columns that appear later are passed over";
            return refuse("cloudFiles.schemaEvolutionMode", message);
        }
        let columns = options.find(keys::PARTITION_COLUMNS);
        if columns.is_some_and(|columns| !columns.to_string().is_empty()) {
            let message = "partitionColumns are not there; take them from the column _file";
            return refuse("cloudFiles.partitionColumns", message);
        }
        Ok(())
    }

    fn reader(
        &self,
        options: &Options,
        location: Option<Location>,
    ) -> Result<ReaderOptions, QueryError> {
        let format = self.format(options, location)?;
        let csv_only = ["header", "delimiter"];
        let misplaced = csv_only.iter().find_map(|name| self.own.get(name));
        if let (Some((_, at)), true) = (misplaced, format != InputFormat::Csv) {
            return Err(refused(
                "header and delimiter are options of CSV files",
                *at,
            ));
        }
        let hints = options.find(keys::SCHEMA_HINTS);
        let hints = hints.map(|text| {
            let place = self.place("cloudFiles.schemaHints", location);
            schema::parse(&text)
                .map_err(|message| refused(format!("schemaHints: {message}"), place))
        });
        let schema = self.own.get("schema").map(|(text, at)| {
            schema::parse(text).map_err(|message| refused(format!("schema: {message}"), *at))
        });
        Ok(ReaderOptions {
            format,
            header: header(&self.own)?,
            delimiter: delimiter(&self.own)?,
            schema: schema.transpose()?,
            hints: hints.transpose()?,
            infer_types: options.find(keys::INFER_COLUMN_TYPES).unwrap_or(true),
            ignore_missing: options.get(keys::IGNORE_MISSING_FILES),
            ignore_corrupt: options.get(keys::IGNORE_CORRUPT_FILES),
        })
    }

    fn format(
        &self,
        options: &Options,
        location: Option<Location>,
    ) -> Result<InputFormat, QueryError> {
        let place = self.place("cloudFiles.format", location);
        match options.find(keys::FORMAT) {
            Some(FileFormat::Csv) => Ok(InputFormat::Csv),
            Some(FileFormat::Json) => Ok(InputFormat::Json),
            Some(FileFormat::Parquet) => Ok(InputFormat::Parquet),
            Some(other) => {
                let message = format!("format is 'csv', 'json' or 'parquet', not '{other}'");
                Err(refused(message, place))
            }
            None => Err(refused(
                "format => 'csv', 'json' or 'parquet' is missing",
                location,
            )),
        }
    }
}

/// The whole name of an option of how files are found; `None` for a name without prefix that is
/// none.
fn whole_name(written: &str) -> Option<String> {
    let matches = |name: &str| name.eq_ignore_ascii_case(written);
    let bare = |name: &'static str| {
        let start = keys::START;
        name.strip_prefix(start).is_some_and(matches)
            || name.strip_prefix("floe.").is_some_and(matches)
            || name.strip_prefix("databricks.").is_some_and(matches)
    };
    let known = keys::ALL
        .iter()
        .find(|info| matches(info.name) || info.alias.is_some_and(matches) || bare(info.name));
    if let Some(info) = known {
        return Some(info.name.to_owned());
    }
    let lower = written.to_ascii_lowercase();
    if lower.starts_with("resourcetag.") {
        return Some(format!("{}{written}", keys::START));
    }
    let starts = [keys::START, "floe.", "databricks."];
    let has_start = starts
        .iter()
        .any(|start| lower.starts_with(&start.to_ascii_lowercase()));
    has_start.then(|| written.to_owned())
}

/// An option that nobody knows; what was meant is known to the check of options.
fn unknown(written: &str, location: Option<Location>) -> QueryError {
    let (_, findings) = Options::parse([(format!("{}{written}", keys::START), "")]);
    let meant = findings.iter().find_map(|finding| finding.hint.clone());
    let hint = meant.unwrap_or_else(|| OWN_WORDS.to_owned());
    refused(format!("there is no option `{written}`; {hint}"), location)
}

fn words(finding: &Finding) -> String {
    let hint = finding.hint.as_ref();
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}: {}{hint}", finding.subject, finding.message)
}

fn consumer(own: &Own) -> Result<Option<Role>, QueryError> {
    let role = own.get("consumer").map(|(name, at)| {
        Role::new(name.clone()).map_err(|error| refused(format!("consumer: {error}"), *at))
    });
    role.transpose()
}

fn trigger(own: &Own) -> Result<Trigger, QueryError> {
    match own.get("trigger") {
        None => Ok(Trigger::default()),
        Some((name, _)) if name.eq_ignore_ascii_case("availableNow") => Ok(Trigger::AvailableNow),
        Some((name, _)) if name.eq_ignore_ascii_case("continuous") => Ok(Trigger::Continuous),
        Some((name, at)) => {
            let message = format!("trigger is 'availableNow' or 'continuous', not '{name}'");
            Err(refused(message, *at))
        }
    }
}

fn header(own: &Own) -> Result<bool, QueryError> {
    match own.get("header") {
        None => Ok(true),
        Some((text, _)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some((text, _)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some((text, at)) => Err(refused(
            format!("header is true or false, not '{text}'"),
            *at,
        )),
    }
}

fn delimiter(own: &Own) -> Result<u8, QueryError> {
    let Some((text, at)) = own.get("delimiter") else {
        return Ok(b',');
    };
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'"') => Ok(*byte),
        _ => {
            let message = format!(
                "delimiter is one ASCII character other than a quote or a line break, or '\\t', \
                 not '{}'",
                text.escape_debug()
            );
            Err(refused(message, *at))
        }
    }
}

/// The text of a literal.
fn value_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(ValueWithSpan { value, .. }) => match value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            Value::DollarQuotedString(text) => Some(text.value.clone()),
            Value::Boolean(value) => Some(value.to_string()),
            Value::Number(number, _) => Some(number.clone()),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match expr.as_ref() {
            Expr::Value(ValueWithSpan {
                value: Value::Number(number, _),
                ..
            }) => Some(format!("-{number}")),
            _ => None,
        },
        _ => None,
    }
}

fn refused(message: impl Into<String>, location: Option<Location>) -> QueryError {
    QueryError::StreamArgument {
        message: message.into(),
        location,
    }
}
