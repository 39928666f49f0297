//! Service functions: SQL functions whose body is a path on an endpoint.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use floe_batch::SqlType;
use floe_function::{Function, FunctionSpec, OnBatchFailure as Failing};
use floe_spec::{Port, Protocol};
use floe_sql::{
    AlterFunction, AlterFunctionAction, DescribeFunction, DropFunction, FunctionProperty,
    FunctionSettings, FunctionTarget, Ident, NullHandling, ObjectName, OnBatchFailure,
    ServiceFunctionDef, ShowFunctions, Spanned, TypeName, Volatility,
};

use super::show::spec_of;
use super::{like, property_error};
use crate::catalog::{ArgRecord, FunctionRecord, ServiceRecord, function_signature};
use crate::context::Context;
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::fleet::ServiceTargets;
use crate::output::Table;
use crate::session::{find_service, resolve};
use crate::statements::query::AutoResume;

/// MAX_BATCH_RETRIES of a function that does not say (Snowflake documentation,
/// "CREATE FUNCTION (Snowpark Container Services)").
const DEFAULT_RETRIES: u32 = 3;
/// BATCH_TIMEOUT_SECS of a function that does not say, same page.
const DEFAULT_TIMEOUT_SECS: u64 = 3600;
/// Longest BATCH_TIMEOUT_SECS, same page.
const LONGEST_TIMEOUT_SECS: u32 = 604_800;
/// COMMENT of a function that does not say, same page.
const DEFAULT_COMMENT: &str = "user-defined function";

pub(crate) fn create(shared: &Shared, define: &ServiceFunctionDef) -> Result<Table, Failure> {
    let name = resolve(&define.name)?.to_owned();
    let mut args = Vec::new();
    for (arg, written) in &define.args {
        let sql_type = sql_type(written)?;
        args.push(ArgRecord {
            name: arg.as_str().to_owned(),
            sql_type: sql_type.to_string(),
        });
    }
    let service = find_service(shared, &define.service)?;
    check_endpoint(&service, &define.endpoint)?;
    check_timeout(define.batch_timeout_secs.as_ref())?;
    let record = FunctionRecord {
        name: name.clone(),
        args,
        returns: sql_type(&define.returns)?.to_string(),
        returns_not_null: define.returns_not_null,
        strict: value(&define.null_handling) == Some(NullHandling::Strict),
        immutable: value(&define.volatility) == Some(Volatility::Immutable),
        service: service.name.clone(),
        endpoint: define.endpoint.value.clone(),
        path: define.path.value.clone(),
        max_batch_rows: value(&define.max_batch_rows),
        max_batch_retries: value(&define.max_batch_retries).unwrap_or(DEFAULT_RETRIES),
        return_null_on_failure: value(&define.on_batch_failure) == Some(OnBatchFailure::ReturnNull),
        batch_timeout_secs: value(&define.batch_timeout_secs).map(u64::from),
        context_headers: context_headers(define.context_headers.as_ref())?,
        comment: define.comment.as_ref().map(|comment| comment.value.clone()),
        created_on: shared.now_ms(),
    };
    check_rows(define.max_batch_rows.as_ref())?;
    let before = find(shared, &record.signature());
    if before.is_some() && define.if_not_exists {
        return Ok(Table::status(format!(
            "{name} already exists, statement succeeded."
        )));
    }
    if before.is_some() && !define.or_replace {
        let error = EngineError::AlreadyExists { name };
        return Err(Diagnostic::from(&error).at(define.name.span.clone()).into());
    }
    // Proves path and time-out with the code that will use them.
    prepare(shared, &record, None).map_err(|failure| failure.at(define.path.span.clone()))?;
    put(shared, record, before.map(|before| before.key()))?;
    Ok(Table::status(format!(
        "Function {name} successfully created."
    )))
}

pub(crate) fn alter(shared: &Shared, alter: &AlterFunction) -> Result<Table, Failure> {
    let done = Table::status("Statement executed successfully.");
    let mut record = match target(shared, &alter.function) {
        Ok(record) => record,
        Err(_) if alter.if_exists => return Ok(done),
        Err(failure) => return Err(failure),
    };
    let old_key = record.key();
    match &alter.action {
        AlterFunctionAction::Rename(to) => {
            record.name = resolve(to)?.to_owned();
            if find(shared, &record.signature()).is_some() {
                let error = EngineError::AlreadyExists { name: record.name };
                return Err(Diagnostic::from(&error).at(to.span.clone()).into());
            }
        }
        AlterFunctionAction::Set(settings) => set(shared, &mut record, settings)?,
        AlterFunctionAction::Unset(properties) => {
            for property in properties {
                unset(&mut record, property)?;
            }
        }
    }
    prepare(shared, &record, None)?;
    put(shared, record, Some(old_key))?;
    Ok(done)
}

/// Keeps `record` in the place of what the catalog has under `old_key`.
fn put(shared: &Shared, record: FunctionRecord, old_key: Option<String>) -> Result<(), Failure> {
    let new_key = record.key();
    shared.catalog.put_function(record)?;
    if let Some(old_key) = old_key.filter(|old_key| *old_key != new_key) {
        shared.catalog.delete_function(&old_key)?;
    }
    Ok(())
}

pub(crate) fn drop_function(shared: &Shared, drop: &DropFunction) -> Result<Table, Failure> {
    match target(shared, &drop.function) {
        Ok(record) => {
            shared.catalog.delete_function(&record.key())?;
            Ok(Table::status(format!(
                "{} successfully dropped.",
                record.name
            )))
        }
        Err(_) if drop.if_exists => {
            let name = resolve(&drop.function.name)?;
            let text = format!("Drop statement executed successfully ({name} already dropped).");
            Ok(Table::status(text))
        }
        Err(failure) => Err(failure),
    }
}

pub(crate) fn describe(shared: &Shared, describe: &DescribeFunction) -> Result<Table, Failure> {
    let mut table = Table::new(&["property", "value"]);
    let record = match target(shared, &describe.function) {
        Ok(record) => record,
        Err(_) if describe.if_exists => return Ok(table),
        Err(failure) => return Err(failure),
    };
    let not_set = |value: Option<String>| Some(value.unwrap_or_else(|| "not set".to_owned()));
    let null_handling = if record.strict {
        "RETURNS NULL ON NULL INPUT"
    } else {
        "CALLED ON NULL INPUT"
    };
    let on_failure = if record.return_null_on_failure {
        "RETURN_NULL"
    } else {
        "ABORT"
    };
    let volatility = if record.immutable {
        "IMMUTABLE"
    } else {
        "VOLATILE"
    };
    let headers = match record.context_headers.as_slice() {
        [] => "null".to_owned(),
        names => format!("[{}]", names.join(", ")),
    };
    let rows = [
        ("signature", Some(signature(&record))),
        ("returns", Some(returns(&record))),
        ("language", None),
        ("null handling", Some(null_handling.to_owned())),
        ("volatility", Some(volatility.to_owned())),
        ("body", Some(record.path.clone())),
        ("headers", Some("null".to_owned())),
        ("context_headers", Some(headers)),
        (
            "max_batch_rows",
            not_set(record.max_batch_rows.map(|rows| rows.to_string())),
        ),
        ("service", Some(record.service.clone())),
        ("service_endpoint", Some(record.endpoint.clone())),
        (
            "max_batch_retries",
            Some(record.max_batch_retries.to_string()),
        ),
        ("on_batch_failure", Some(on_failure.to_owned())),
        (
            "batch_timeout_secs",
            not_set(record.batch_timeout_secs.map(|secs| secs.to_string())),
        ),
    ];
    table
        .rows
        .extend(rows.map(|(property, value)| vec![Some(property.to_owned()), value]));
    Ok(table)
}

pub(crate) fn show(shared: &Shared, show: &ShowFunctions) -> Table {
    let mut table = Table::new(&[
        "created_on",
        "name",
        "arguments",
        "description",
        "service",
        "endpoint",
    ]);
    let functions = shared.catalog.functions().into_iter();
    let wanted = functions.filter(|record| {
        show.like
            .as_ref()
            .is_none_or(|pattern| like(&record.name, &pattern.value))
    });
    table.rows.extend(wanted.map(|record| {
        vec![
            Some(crate::time::local(record.created_on)),
            Some(record.name.clone()),
            Some(format!("{} RETURN {}", record.signature(), record.returns)),
            Some(record.comment.unwrap_or_else(|| DEFAULT_COMMENT.to_owned())),
            Some(record.service),
            Some(record.endpoint),
        ]
    }));
    table
}

/// A function of the catalog, ready to be called by a query. Without `resume`
/// it is only checked.
pub(crate) fn prepare(
    shared: &Shared,
    record: &FunctionRecord,
    resume: Option<&Arc<AutoResume>>,
) -> Result<Function, Failure> {
    let stale = |what: &str| {
        let message = format!("function {}: {what}", record.name);
        Diagnostic::from(&EngineError::Endpoint {
            service: record.service.clone(),
            endpoint: record.endpoint.clone(),
            reason: message,
        })
    };
    let service = shared.catalog.service(&record.service);
    let spec_now = service.and_then(|service| spec_of(&service).ok());
    let known = spec_now.is_some_and(|spec| {
        let mut endpoints = spec.endpoints().iter();
        endpoints
            .any(|found| found.name == record.endpoint && matches!(found.port, Port::Single(_)))
    });
    if !known {
        return Err(stale("its service or endpoint does not exist any more").into());
    }
    let spec = spec(record)?;
    let resume = resume
        .cloned()
        .unwrap_or_else(|| Arc::new(AutoResume::disabled()));
    let targets = ServiceTargets {
        fleet: Arc::clone(&shared.fleet),
        service: record.service.clone(),
        endpoint: record.endpoint.clone(),
        resume,
    };
    Function::new(spec, Arc::new(targets), shared.client.clone())
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()).into())
}

/// The names that are declared, upper case, all of which have a value here.
fn context_headers(declared: Option<&Spanned<Vec<Ident>>>) -> Result<Vec<String>, Failure> {
    let Some(declared) = declared else {
        return Ok(Vec::new());
    };
    let context = Context {
        now_ms: 0,
        statement: "",
    };
    let names = declared
        .value
        .iter()
        .map(|name| name.as_str().to_uppercase());
    let names: Vec<_> = names.collect();
    let known = |name: &&String| floe_function::CONTEXT_FUNCTIONS.contains(&name.as_str());
    match names
        .iter()
        .filter(known)
        .find(|name| context.value(name).is_none())
    {
        // A name that is no context function at all is refused by the function itself.
        None => Ok(names),
        Some(name) => {
            let what = format!("{name} in CONTEXT_HEADERS");
            let error = EngineError::Unsupported { what };
            Err(Diagnostic::from(&error).at(declared.span.clone()).into())
        }
    }
}

fn spec(record: &FunctionRecord) -> Result<FunctionSpec, Failure> {
    let parse = |text: &str| {
        SqlType::parse(text)
            .map_err(|error| Failure::from(Diagnostic::error(error.code(), error.to_string())))
    };
    let mut args = Vec::new();
    for arg in &record.args {
        args.push((arg.name.clone(), parse(&arg.sql_type)?));
    }
    let on_batch_failure = if record.return_null_on_failure {
        Failing::ReturnNull
    } else {
        Failing::Abort
    };
    Ok(FunctionSpec {
        returns_not_null: record.returns_not_null,
        strict: record.strict,
        max_batch_rows: record.max_batch_rows.and_then(NonZeroU32::new),
        max_batch_retries: record.max_batch_retries,
        on_batch_failure,
        context_headers: record.context_headers.clone(),
        batch_timeout: Duration::from_secs(
            record.batch_timeout_secs.unwrap_or(DEFAULT_TIMEOUT_SECS),
        ),
        ..FunctionSpec::new(
            record.name.clone(),
            args,
            parse(&record.returns)?,
            record.path.clone(),
        )
    })
}

fn set(
    shared: &Shared,
    record: &mut FunctionRecord,
    settings: &FunctionSettings,
) -> Result<(), Failure> {
    if settings.service.is_some() || settings.endpoint.is_some() {
        let service: ServiceRecord = match &settings.service {
            Some(service) => find_service(shared, &service.value)?,
            None => {
                let name = ObjectName::parse(&record.service)
                    .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
                find_service(shared, &name)?
            }
        };
        if let Some(endpoint) = &settings.endpoint {
            check_endpoint(&service, endpoint)?;
            record.endpoint.clone_from(&endpoint.value);
        }
        record.service = service.name;
    }
    if settings.context_headers.is_some() {
        record.context_headers = context_headers(settings.context_headers.as_ref())?;
    }
    check_rows(settings.max_batch_rows.as_ref())?;
    check_timeout(settings.batch_timeout_secs.as_ref())?;
    if let Some(rows) = value(&settings.max_batch_rows) {
        record.max_batch_rows = Some(rows);
    }
    if let Some(retries) = value(&settings.max_batch_retries) {
        record.max_batch_retries = retries;
    }
    if let Some(on_failure) = value(&settings.on_batch_failure) {
        record.return_null_on_failure = on_failure == OnBatchFailure::ReturnNull;
    }
    if let Some(seconds) = value(&settings.batch_timeout_secs) {
        record.batch_timeout_secs = Some(u64::from(seconds));
    }
    if let Some(comment) = &settings.comment {
        record.comment = Some(comment.value.clone());
    }
    Ok(())
}

fn unset(record: &mut FunctionRecord, property: &Spanned<FunctionProperty>) -> Result<(), Failure> {
    match property.value {
        FunctionProperty::MaxBatchRows => record.max_batch_rows = None,
        FunctionProperty::MaxBatchRetries => record.max_batch_retries = DEFAULT_RETRIES,
        FunctionProperty::OnBatchFailure => record.return_null_on_failure = false,
        FunctionProperty::BatchTimeoutSecs => record.batch_timeout_secs = None,
        FunctionProperty::Comment => record.comment = None,
        FunctionProperty::ContextHeaders => record.context_headers.clear(),
        FunctionProperty::Service | FunctionProperty::Endpoint => {
            let message = format!("{} can not be unset", property.value.as_str());
            return Err(property_error(property, message).into());
        }
    }
    Ok(())
}

fn check_endpoint(service: &ServiceRecord, endpoint: &Spanned<String>) -> Result<(), Failure> {
    let spec = spec_of(service)?;
    let found = spec
        .endpoints()
        .iter()
        .find(|found| found.name == endpoint.value);
    let reason = match found {
        None => {
            let names: Vec<&str> = spec
                .endpoints()
                .iter()
                .map(|endpoint| endpoint.name.as_str())
                .collect();
            format!(
                "there is no such endpoint; the endpoints are: {}",
                names.join(", ")
            )
        }
        Some(found) if found.protocol != Protocol::Http => {
            "its protocol is TCP, and service functions speak HTTP".to_owned()
        }
        Some(found) if matches!(found.port, Port::Range(..)) => "it is a range of ports".to_owned(),
        Some(_) => return Ok(()),
    };
    let error = EngineError::Endpoint {
        service: service.name.clone(),
        endpoint: endpoint.value.clone(),
        reason,
    };
    Err(Diagnostic::from(&error).at(endpoint.span.clone()).into())
}

fn check_timeout(seconds: Option<&Spanned<u32>>) -> Result<(), Failure> {
    match seconds {
        Some(value) if !(1..=LONGEST_TIMEOUT_SECS).contains(&value.value) => {
            let message = format!("BATCH_TIMEOUT_SECS must be 1 to {LONGEST_TIMEOUT_SECS}");
            Err(property_error(value, message).into())
        }
        _ => Ok(()),
    }
}

fn check_rows(rows: Option<&Spanned<u32>>) -> Result<(), Failure> {
    match rows {
        Some(value) if value.value == 0 => {
            Err(property_error(value, "MAX_BATCH_ROWS must be at least 1").into())
        }
        _ => Ok(()),
    }
}

fn sql_type(written: &TypeName) -> Result<SqlType, Failure> {
    SqlType::parse(&written.to_string()).map_err(|error| {
        Diagnostic::error(error.code(), error.to_string())
            .at(written.span.clone())
            .into()
    })
}

fn target(shared: &Shared, target: &FunctionTarget) -> Result<FunctionRecord, Failure> {
    let name = resolve(&target.name)?;
    let mut types = Vec::new();
    for written in &target.arg_types {
        types.push(sql_type(written)?.to_string());
    }
    let signature = function_signature(name, types.iter().map(String::as_str));
    find(shared, &signature).ok_or_else(|| {
        let error = EngineError::NoSuchFunction { signature };
        Diagnostic::from(&error).at(target.name.span.clone()).into()
    })
}

fn find(shared: &Shared, signature: &str) -> Option<FunctionRecord> {
    shared
        .catalog
        .functions()
        .into_iter()
        .find(|record| record.signature() == signature)
}

/// `VARCHAR NOT NULL`
fn returns(record: &FunctionRecord) -> String {
    let not_null = if record.returns_not_null {
        " NOT NULL"
    } else {
        ""
    };
    format!("{}{not_null}", record.returns)
}

/// `(TEXT VARCHAR)`
fn signature(record: &FunctionRecord) -> String {
    let args: Vec<String> = record
        .args
        .iter()
        .map(|arg| format!("{} {}", arg.name, arg.sql_type))
        .collect();
    format!("({})", args.join(", "))
}

fn value<T: Copy>(spanned: &Option<Spanned<T>>) -> Option<T> {
    spanned.as_ref().map(|found| found.value)
}
