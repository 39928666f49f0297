//! `COPY (SELECT … FROM STREAM read_files(…)) TO …`: files as they come, each once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use floe_datafusion::datafusion::prelude::SessionContext;
use floe_datafusion::ingest::{
    BatchFiles, DirectorySink, FileSchemaStore, QuerySink, SinkStats, StreamStatement, Trigger,
    parse_stream,
};
use floe_ingest::{Batch, FileStream, Role, StreamError, Summary};
use floe_notify::{Finding, Location, StreamId};
use floe_sql::Parsed;

use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure, Severity};
use crate::output::{Output, Table};
use crate::session::Answer;
use crate::statements::query;
use crate::streams::{Held, PROGRESS_FILE, Reporter, StreamRequest};

pub(crate) async fn run(shared: &Arc<Shared>, parsed: &Parsed<'_>) -> Result<Answer, Failure> {
    let statement = parse_stream(parsed.text)
        .map_err(|error| query::failure(&error, parsed))?
        .ok_or_else(|| Diagnostic::from(&EngineError::CopyWithoutStream));
    let at_statement = |failure: Failure| failure.at(parsed.span.clone());
    let statement = statement.map_err(|error| at_statement(error.into()))?;
    let warnings = statement.warnings.iter().map(warning);
    let warnings = warnings.map(|warning| warning.at(parsed.span.clone()));
    let warnings = warnings.collect();
    let job = open(shared, statement, parsed.text).await;
    let table = job.map_err(at_statement)?.run(shared, parsed.text).await;
    Ok(Answer {
        output: Output::Table(table.map_err(at_statement)?),
        warnings,
    })
}

/// A stream that is ready to run.
struct Job {
    stream: FileStream,
    sink: QuerySink,
    ledger: Arc<Held>,
    checkpoint: String,
}

/// Opens everything that a stream needs.
async fn open(
    shared: &Arc<Shared>,
    statement: StreamStatement,
    text: &str,
) -> Result<Job, Failure> {
    let streams = &shared.streams;
    let checkpoint = streams.absolute(&statement.checkpoint);
    let location = location(&streams.absolute(&statement.path))?;
    if is_remote(&checkpoint) && statement.reader.schema.is_none() && !keeps_schema(&statement) {
        let what = "a checkpoint in a store keeps no columns: give `schema => 'a INT, …'`, or \
                    `schemaLocation => 'a directory'`";
        return Err(Diagnostic::from(&EngineError::StreamNeeds { what }).into());
    }
    for place in [&checkpoint, &streams.absolute(&statement.output.path)] {
        if lies_below(place, &location) {
            let what = "the checkpoint and the output may not lie below the path that is read: \
                        what is written there would be read, too";
            return Err(Diagnostic::from(&EngineError::StreamNeeds { what }).into());
        }
    }
    let request = StreamRequest {
        location: &location,
        options: &statement.options,
        pairs: &pairs(&statement),
        checkpoint: &checkpoint,
    };
    let place = streams.host().place(request).await?;
    let ledger = streams.ledger(&checkpoint).await?;
    let mut builder = FileStream::builder(location.to_string())
        .options(pairs(&statement))
        .ledger(Arc::clone(&ledger.0))
        .source(Arc::clone(&place.source))
        .clock(streams.host().clock())
        .stream(new_id(shared)?)
        .trigger(match statement.trigger {
            Trigger::AvailableNow => floe_ingest::Trigger::AvailableNow,
            Trigger::Continuous => floe_ingest::Trigger::Continuous,
        });
    if let Some(provider) = place.provider {
        builder = builder.provider(provider);
    }
    if let Some(observer) = streams.host().observer(&checkpoint) {
        builder = builder.observer(observer);
    }
    if let Some(role) = &statement.consumer {
        builder = builder.role(Role::clone(role));
    }
    let stream = builder.build().map_err(|error| told(&error))?;
    let files = BatchFiles::new(place.source, stream.home().clone());
    Ok(Job {
        sink: sink(shared, statement, files, &checkpoint, text),
        stream,
        ledger,
        checkpoint,
    })
}

impl Job {
    async fn run(self, shared: &Arc<Shared>, text: &str) -> Result<Table, Failure> {
        let streams = &shared.streams;
        let services = services(shared, text);
        if !services.is_empty() {
            // A service that is not alive yet would not know that it is used.
            shared.start();
        }
        let _in_use = shared.fleet.in_use(services);
        streams.begin(&self.stream.stopper());
        let reporter = Reporter {
            directory: PathBuf::from(&self.checkpoint),
            ledger: Arc::clone(&self.ledger.0),
            clock: streams.host().clock(),
        };
        let is_local = !is_remote(&self.checkpoint);
        let summary = tokio::select! {
            summary = self.stream.run(&self.sink) => summary,
            () = reporter.report(&self.stream), if is_local => Ok(Summary::default()),
        };
        // What the stream left is in the ledger; the note of a run that ended would be wrong.
        let _ = std::fs::remove_file(reporter.directory.join(PROGRESS_FILE));
        let summary = summary.map_err(|error| told(&error))?;
        Ok(answer(summary, &self.sink.stats()))
    }
}

/// Whether a checkpoint is the address of a store.
fn is_remote(checkpoint: &str) -> bool {
    checkpoint.contains("://")
}

/// Whether a place is in a directory that is read; nothing of it may be there yet.
fn lies_below(place: &str, location: &Location) -> bool {
    if is_remote(place) || location.store() != &floe_notify::Store::Local {
        return false;
    }
    let root = location.key_prefix();
    let mut parents = Path::new(place).ancestors();
    let real = parents.find_map(|parent| {
        let rest = Path::new(place).strip_prefix(parent).ok()?;
        Some(std::fs::canonicalize(parent).ok()?.join(rest))
    });
    real.is_some_and(|real| real.starts_with(root))
}

/// Whether the columns are kept elsewhere than in the checkpoint.
fn keeps_schema(statement: &StreamStatement) -> bool {
    statement.schema_directory().as_os_str() != statement.checkpoint.as_str()
}

fn answer(summary: Summary, stats: &SinkStats) -> Table {
    let mut table = Table::new(&[
        "batches",
        "files",
        "bytes",
        "missing_files",
        "corrupt_files",
    ]);
    let numbers = [
        summary.batches,
        summary.files,
        summary.bytes,
        stats.missing_files,
        stats.corrupt_files,
    ];
    let row = numbers.map(|number| Some(number.to_string()));
    table.rows.push(row.to_vec());
    table
}

/// The services behind functions whose names occur in a statement: one too many does no harm.
fn services(shared: &Shared, text: &str) -> BTreeSet<String> {
    let is_part = |char: char| !char.is_alphanumeric() && char != '_';
    let words: BTreeSet<_> = text.split(is_part).map(str::to_uppercase).collect();
    let functions = shared.catalog.functions().into_iter();
    functions
        .filter(|function| words.contains(&function.name.to_uppercase()))
        .map(|function| function.service)
        .collect()
}

/// A path without symbolic links, because the kernel tells of files without them.
fn location(path: &str) -> Result<Location, Failure> {
    let parsed = Location::parse(path);
    let location = parsed.map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    if location.store() != &floe_notify::Store::Local {
        return Ok(location);
    }
    let root = location.key_prefix();
    let real = std::fs::canonicalize(&root).map_err(|source| {
        Diagnostic::from(&EngineError::StreamPath {
            path: PathBuf::from(&root),
            source,
        })
    })?;
    // What stands behind the root are patterns.
    let rest = location.directory().get(root.len()..).unwrap_or_default();
    let real = real.to_string_lossy();
    let whole = match rest {
        "" => real.into_owned(),
        rest => format!("{}/{rest}", real.trim_end_matches('/')),
    };
    let real = Location::parse(&whole);
    real.map_err(|error| Diagnostic::error(error.code(), error.to_string()).into())
}

/// The options, but for the path, which is given by itself.
fn pairs(statement: &StreamStatement) -> Vec<(String, String)> {
    let pairs = statement.pairs().iter();
    pairs.filter(|(name, _)| name != "path").cloned().collect()
}

fn new_id(shared: &Shared) -> Result<StreamId, Failure> {
    let id = StreamId::parse(&shared.options.entropy.uuid());
    id.map_err(|error| Diagnostic::error(error.code(), error.to_string()).into())
}

fn sink(
    shared: &Arc<Shared>,
    statement: StreamStatement,
    files: BatchFiles,
    checkpoint: &str,
    text: &str,
) -> QuerySink {
    let directory = shared.streams.absolute(&statement.output.path);
    let output = DirectorySink::new(directory, statement.output.format);
    let kept = statement.schema_directory().to_string_lossy().into_owned();
    let kept = match kept == statement.checkpoint {
        true => checkpoint.to_owned(),
        false => shared.streams.absolute(&kept),
    };
    let (shared, text) = (Arc::clone(shared), text.to_owned());
    let sessions = move |stream: &StreamId, batch: &Batch| session(&shared, &text, stream, batch);
    let schemas = Arc::new(FileSchemaStore::new(kept));
    QuerySink::new(statement, sessions, files, schemas, Arc::new(output))
}

/// The session of one batch: services see the same query id when the batch comes again.
fn session(shared: &Arc<Shared>, text: &str, stream: &StreamId, batch: &Batch) -> SessionContext {
    let (registry, _) = query::functions(shared, text);
    let id = format!("{stream}-{}", batch.id);
    floe_datafusion::session(&registry, query::info(shared, id))
}

fn told(error: &StreamError) -> Diagnostic {
    Diagnostic::error(error.code(), error.to_string())
}

fn warning(finding: &Finding) -> Diagnostic {
    let mut diagnostic = Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error(
            finding.code,
            format!("{}: {}", finding.subject, finding.message),
        )
    };
    diagnostic.hint.clone_from(&finding.hint);
    diagnostic
}
