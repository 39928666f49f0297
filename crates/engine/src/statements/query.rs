//! Queries: DataFusion runs them, with the catalog's functions at hand.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Weak};

use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use floe_datafusion::ingest::register_state_tables;
use floe_datafusion::{QueryInfo, ServiceFunctions, Volatility, called, query, session};
use floe_sql::Parsed;
use futures::StreamExt as _;

use crate::catalog::{DATABASE, SCHEMA};
use crate::context::Context;
use crate::engine::Shared;
use crate::error::{Diagnostic, Failure};
use crate::fleet::Resume;
use crate::output::{Output, Rows};
use crate::query::{CallCounters, diagnose};
use crate::session::Answer;
use crate::statements::services;

pub(crate) async fn run(shared: &Arc<Shared>, parsed: &Parsed<'_>) -> Result<Answer, Failure> {
    let (registry, calls) = functions(shared, parsed.text);
    let query_id = shared.options.entropy.uuid();
    let info = info(shared, query_id.clone());
    let context = session(&registry, info);
    register_state_tables(&context, Arc::clone(&shared.ledgers));
    let frame = query(&context, parsed.text)
        .await
        .map_err(|error| failure(&error, parsed))?;
    let services = services_of(shared, &called(&frame));
    if !services.is_empty() {
        // A service that is not alive yet would not know that it is used.
        shared.start();
    }
    let in_use = shared.fleet.in_use(services);
    let stream = frame
        .execute_stream()
        .await
        .map_err(|error| diagnose(error).at(parsed.span.clone()))?;
    let rows = Rows {
        stream: while_held(stream, in_use),
        query_id,
        calls,
    };
    Ok(Answer {
        output: Output::Rows(rows),
        warnings: Vec::new(),
    })
}

/// The functions that a statement may call, and what counts their calls.
pub(crate) fn functions(shared: &Arc<Shared>, text: &str) -> (ServiceFunctions, CallCounters) {
    let resume = Arc::new(AutoResume {
        shared: Arc::downgrade(shared),
    });
    let context = Context {
        now_ms: shared.now_ms(),
        statement: text,
    };
    let mut registry = ServiceFunctions::in_schema(DATABASE, SCHEMA);
    let mut calls = CallCounters::default();
    for record in shared.catalog.functions() {
        // A function whose service is gone is missed only by who calls it.
        let Ok(function) = crate::statements::functions::prepare(shared, &record, Some(&resume))
        else {
            continue;
        };
        let function = shared.with_what_was_learned(&record, function);
        let headers = record.context_headers.iter();
        let headers = headers.filter_map(|name| Some((name.clone(), context.value(name)?)));
        let function = Arc::new(function.with_context(headers));
        let volatility = if record.immutable {
            Volatility::Immutable
        } else {
            Volatility::Volatile
        };
        registry.insert(&record.name, Arc::clone(&function), volatility);
        calls.functions.push(function);
    }
    (registry, calls)
}

/// What a query of this id has to know.
pub(crate) fn info(shared: &Shared, id: String) -> QueryInfo {
    QueryInfo {
        concurrency: shared.options.concurrency,
        base_dir: shared.options.base_dir.clone(),
        ..QueryInfo::new(id, shared.now_ms())
    }
}

/// The services behind functions of these names.
fn services_of(shared: &Shared, names: &BTreeSet<String>) -> BTreeSet<String> {
    let functions = shared.catalog.functions().into_iter();
    functions
        .filter(|function| names.contains(&function.name))
        .map(|function| function.service)
        .collect()
}

/// The same rows; `held` is let go with them.
fn while_held<T: Send + 'static>(
    stream: SendableRecordBatchStream,
    held: T,
) -> SendableRecordBatchStream {
    let schema = stream.schema();
    let rows = futures::stream::unfold((stream, held), |(mut stream, held)| async move {
        let next = stream.next().await?;
        Some((next, (stream, held)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

pub(crate) fn failure(error: &floe_datafusion::QueryError, parsed: &Parsed<'_>) -> Failure {
    let diagnostic = Diagnostic::error(error.code(), error.to_string());
    let word = error
        .location()
        .and_then(|at| word_at(parsed.text, at.line, at.column));
    let span = word.map(|word| parsed.span.start + word.start..parsed.span.start + word.end);
    diagnostic
        .at(span.unwrap_or_else(|| parsed.span.clone()))
        .into()
}

/// Bytes of the word at a line and a column (1-based, in characters).
fn word_at(text: &str, line: u64, column: u64) -> Option<Range<usize>> {
    let line = usize::try_from(line.checked_sub(1)?).ok()?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let line_start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(line_start..)?;
    let start = line_start + rest.char_indices().nth(column)?.0;
    let word = text.get(start..)?;
    let length = word
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(word.len());
    Some(start..start + length.max(1))
}

/// Starts the engine's services and resumes a suspended one, when a batch
/// meets it not running.
#[derive(Debug)]
pub(crate) struct AutoResume {
    /// Weak: the functions of a query must not keep a closed engine alive.
    shared: Weak<Shared>,
}

impl AutoResume {
    /// One that resumes nothing, for functions that are only checked.
    pub(crate) fn disabled() -> Self {
        Self {
            shared: Weak::new(),
        }
    }
}

impl Resume for AutoResume {
    fn resume(&self, service: &str) -> Result<(), String> {
        let Some(shared) = self.shared.upgrade() else {
            return Err("the engine is shutting down".to_owned());
        };
        let Some(record) = shared.catalog.service(service) else {
            return Err(format!("service {service} does not exist any more"));
        };
        shared.start();
        if !record.suspended {
            return Ok(());
        }
        if !record.auto_resume {
            return Err(format!(
                "service {service} is suspended and AUTO_RESUME is FALSE; \
                 run ALTER SERVICE {service} RESUME"
            ));
        }
        services::resume(&shared, service).map_err(|failure| failure.to_string())
    }
}
