//! `COPY (SELECT … FROM STREAM read_files(…)) TO …`, read.

use std::ops::ControlFlow;
use std::path::Path;

use datafusion::sql::parser::{CopyToSource, CopyToStatement, DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Spanned, TableFactor, VisitMut, VisitorMut, visit_expressions,
};
use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
use datafusion::sql::sqlparser::tokenizer::{Location as Place, Token, TokenWithSpan};
use floe_ingest::Role;
use floe_ingest::floe_notify::{Finding, Options};

use super::options::{self, Pairs, ReaderOptions, Trigger};
use super::output::StreamOutput;
use super::tokens::{Found, scan};
use crate::error::{Location, QueryError};
use crate::read_files;

/// The column that names the file of a row.
pub(super) const FILE_COLUMN: &str = "_file";

/// A statement that copies what is found in a stream of files.
///
/// The query runs over the files of each batch by itself: aggregates, `DISTINCT` and `LIMIT` are
/// of the batch, not of the stream.
///
/// ```
/// use floe_datafusion::ingest::{InputFormat, Trigger, parse_stream};
///
/// let sql = "COPY (SELECT a, upper(b) FROM STREAM read_files('/srv/in', format => 'json',
///     checkpoint => '/srv/state', trigger => 'availableNow')) TO '/srv/out' STORED AS CSV";
/// let statement = parse_stream(sql)?.expect("a stream");
/// assert_eq!((statement.path.as_str(), statement.checkpoint.as_str()), ("/srv/in", "/srv/state"));
/// assert_eq!(statement.reader.format, InputFormat::Json);
/// assert_eq!(statement.trigger, Trigger::AvailableNow);
/// assert_eq!(statement.output.path, "/srv/out");
/// # Ok::<(), floe_datafusion::QueryError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StreamStatement {
    /// What is read, as it is written. Where a relative path starts from is the caller's to say.
    pub path: String,
    /// How its files are found; the path is among them, unless it is relative.
    pub options: Options,
    /// What is doubtful about the options.
    pub warnings: Vec<Finding>,
    /// The directory that the stream remembers things in, as it is written.
    pub checkpoint: String,
    /// The consumer's place in the stream, if it is named.
    pub consumer: Option<Role>,
    /// When batches are made.
    pub trigger: Trigger,
    /// How files are read.
    pub reader: ReaderOptions,
    /// Where the rows go.
    pub output: StreamOutput,
    pub(super) pairs: Pairs,
    pub(super) schema_location: Option<String>,
    pub(super) query: Box<Query>,
    pub(super) table: String,
    pub(super) names_file: bool,
}

impl StreamStatement {
    /// The options of how files are found, as they are given, under their whole names. They may
    /// hold secrets.
    ///
    /// ```
    /// let sql = "COPY (SELECT * FROM STREAM read_files('/in', format => 'csv', maxFileAge =>
    ///     '90 days', checkpoint => '/state')) TO '/out'";
    /// let statement = floe_datafusion::ingest::parse_stream(sql)?.expect("a stream");
    /// let names: Vec<_> = statement.pairs().iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(names, ["path", "cloudFiles.format", "cloudFiles.maxFileAge"]);
    /// # Ok::<(), floe_datafusion::QueryError>(())
    /// ```
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs.0
    }

    /// The query, with a table in place of the stream.
    ///
    /// ```
    /// let sql = "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint =>
    ///     '/state')) TO '/out'";
    /// let statement = floe_datafusion::ingest::parse_stream(sql)?.expect("a stream");
    /// assert_eq!(statement.query_text(), r#"SELECT a FROM "STREAM read_files('/in')""#);
    /// # Ok::<(), floe_datafusion::QueryError>(())
    /// ```
    #[must_use]
    pub fn query_text(&self) -> String {
        self.query.to_string()
    }

    /// Where the inferred columns are kept: `schemaLocation`, and otherwise the checkpoint.
    ///
    /// ```
    /// let sql = "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint =>
    ///     '/state')) TO '/out'";
    /// let statement = floe_datafusion::ingest::parse_stream(sql)?.expect("a stream");
    /// assert_eq!(statement.schema_directory(), std::path::Path::new("/state"));
    /// # Ok::<(), floe_datafusion::QueryError>(())
    /// ```
    #[must_use]
    pub fn schema_directory(&self) -> &Path {
        Path::new(self.schema_location.as_ref().unwrap_or(&self.checkpoint))
    }
}

/// Reads a statement that copies a stream of files; `None` when it speaks of no stream.
///
/// The path is one of this machine or the URI of a bucket or container. Options are those of how
/// files are found, with or without `cloudFiles.` before their names, and
///
/// | option | values | without it |
/// |---|---|---|
/// | `checkpoint` | a directory | required |
/// | `consumer` | the name of one of several consumers | one consumer |
/// | `trigger` | `'availableNow'`, `'continuous'` | `'continuous'` |
/// | `format` | `'csv'`, `'json'`, `'parquet'` | required |
/// | `schema` | columns and types, `'a INT, b STRING'` | inferred from the first batch and kept |
/// | `header` | `true`, `false` | `true`; the first row of a CSV file names its columns |
/// | `delimiter` or `sep` | one character | `,` |
///
/// # Errors
///
/// [`QueryError`], with the place of what is wrong: syntax, a `STREAM` outside of `COPY` or a
/// second one, options that are unknown, wrong or missing, an output that cannot be written.
///
/// ```
/// use floe_datafusion::ingest::parse_stream;
///
/// assert!(parse_stream("SELECT 'STREAM read_files('")?.is_none());
/// let error = parse_stream("SELECT * FROM STREAM read_files('/in')").unwrap_err();
/// assert_eq!(error.code(), "FLOE-QUERY-0017");
/// assert_eq!(error.location().map(|place| place.column), Some(15));
/// # Ok::<(), floe_datafusion::QueryError>(())
/// ```
pub fn parse_stream(sql: &str) -> Result<Option<StreamStatement>, QueryError> {
    if !may_speak_of_a_stream(sql) {
        return Ok(None);
    }
    let scanned = scan(sql)?;
    let [stream] = scanned.streams.as_slice() else {
        return match scanned.streams.get(1) {
            Some(second) => Err(second.misplaced("a statement reads one stream")),
            None => Ok(None),
        };
    };
    if !begins_with_copy(&scanned.tokens) {
        return Err(stream.misplaced("a stream is read by COPY alone"));
    }
    let mut statements = DFParserBuilder::new(scanned.tokens)
        .with_dialect(&SnowflakeDialect {})
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(QueryError::planning)?;
    match (statements.len(), statements.pop_front()) {
        (1, Some(Statement::CopyTo(copy))) => read(copy, stream).map(Some),
        (1, _) => Err(stream.misplaced("a stream is read by COPY alone")),
        (count, _) => Err(QueryError::NotOneStatement { count }),
    }
}

/// Other statements may be refused for what stands behind the stream, before anybody says that
/// they cannot read one.
fn begins_with_copy(tokens: &[TokenWithSpan]) -> bool {
    let mut tokens = tokens.iter().map(|token| &token.token);
    match tokens.find(|token| !matches!(token, Token::Whitespace(_))) {
        Some(Token::Word(word)) => word.value.eq_ignore_ascii_case("COPY"),
        _ => false,
    }
}

/// Says what to write instead of a query that reads a stream.
pub(crate) fn refuse_stream(sql: &str) -> Result<(), QueryError> {
    // Whatever else is wrong with the text is found when it is parsed.
    let streams = match may_speak_of_a_stream(sql) {
        true => scan(sql).map_or_else(|_| Vec::new(), |scanned| scanned.streams),
        false => Vec::new(),
    };
    match streams.first() {
        Some(stream) => Err(stream.misplaced("a stream is read by COPY alone")),
        None => Ok(()),
    }
}

/// Saves most queries a second look at their tokens.
fn may_speak_of_a_stream(sql: &str) -> bool {
    let mut words = sql.as_bytes().windows("STREAM".len());
    words.any(|word| word.eq_ignore_ascii_case(b"STREAM"))
}

impl Found {
    fn misplaced(&self, problem: &'static str) -> QueryError {
        QueryError::StreamPlace {
            problem,
            location: Location::of(self.span),
        }
    }
}

fn read(copy: CopyToStatement, stream: &Found) -> Result<StreamStatement, QueryError> {
    let output = StreamOutput::of(&copy)?;
    let CopyToSource::Query(mut query) = copy.source else {
        return Err(stream.misplaced("a stream is read by a query"));
    };
    let mut replace = Replace {
        call: stream.call,
        table: String::new(),
        given: None,
    };
    if let ControlFlow::Break(error) = query.visit(&mut replace) {
        return Err(error);
    }
    let Some(given) = replace.given else {
        return Err(stream.misplaced("a stream stands where a table does"));
    };
    Ok(StreamStatement {
        path: given.path,
        options: given.options,
        warnings: given.warnings,
        checkpoint: given.checkpoint,
        consumer: given.consumer,
        trigger: given.trigger,
        reader: given.reader,
        output,
        pairs: given.pairs,
        schema_location: given.schema_location,
        names_file: names_file(&query),
        query,
        table: replace.table,
    })
}

/// Puts a table in the place of the stream.
struct Replace {
    call: Place,
    table: String,
    given: Option<options::Given>,
}

impl VisitorMut for Replace {
    type Break = QueryError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<QueryError> {
        let Some((name, args, alias)) = read_files::call(factor) else {
            return ControlFlow::Continue(());
        };
        if name.span().start != self.call {
            return ControlFlow::Continue(());
        }
        match options::parse(args, Location::of(name.span())) {
            Ok(given) => {
                self.table = format!("STREAM read_files('{}')", given.path.replace('\'', "''"));
                let table = read_files::table_named(&self.table, alias.cloned());
                self.given = Some(given);
                *factor = table;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// Whether a query asks for the names of files: only then do its rows have that column, so that
/// `*` is what is in the files.
fn names_file(query: &Query) -> bool {
    let is_file = |ident: &Ident| match ident.quote_style {
        Some(_) => ident.value == FILE_COLUMN,
        None => ident.value.eq_ignore_ascii_case(FILE_COLUMN),
    };
    let found = visit_expressions(query, |expr| match expr {
        Expr::Identifier(ident) if is_file(ident) => ControlFlow::Break(()),
        Expr::CompoundIdentifier(parts) if parts.last().is_some_and(is_file) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}
