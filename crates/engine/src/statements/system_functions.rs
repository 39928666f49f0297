//! `SYSTEM$…` functions, by CALL or a lone SELECT.

use std::sync::Arc;
use std::time::Duration;

use floe_sql::{Literal, ObjectName, Spanned, SystemCall};

use crate::catalog::{SCHEMA, ServiceRecord};
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::output::Table;
use crate::session::find_service;
use crate::statements::show::container_word;
use crate::time;

/// Longest time `SYSTEM$WAIT_FOR_SERVICES` waits, in seconds: seven days.
const LONGEST_WAIT: u64 = 604_800;

const KNOWN: [(&str, &str); 4] = [
    (
        "SYSTEM$WAIT_FOR_SERVICES",
        "SYSTEM$WAIT_FOR_SERVICES(seconds, 'service' [, …])",
    ),
    (
        "SYSTEM$GET_SERVICE_DNS_DOMAIN",
        "SYSTEM$GET_SERVICE_DNS_DOMAIN('schema')",
    ),
    (
        "SYSTEM$GET_SERVICE_STATUS",
        "SYSTEM$GET_SERVICE_STATUS('service' [, seconds])",
    ),
    (
        "SYSTEM$GET_SERVICE_LOGS",
        "SYSTEM$GET_SERVICE_LOGS('service', instance_id, 'container' [, lines])",
    ),
];

pub(crate) async fn call(
    shared: &Arc<Shared>,
    call: &SystemCall,
    text: &str,
) -> Result<Table, Failure> {
    let value = match call.name.value.as_str() {
        "SYSTEM$WAIT_FOR_SERVICES" => wait_for_services(shared, call).await?,
        "SYSTEM$GET_SERVICE_DNS_DOMAIN" => dns_domain(shared, call)?,
        "SYSTEM$GET_SERVICE_STATUS" => service_status(shared, call).await?,
        "SYSTEM$GET_SERVICE_LOGS" => service_logs(shared, call).await?,
        unknown => {
            let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "unknown system function {unknown}; known: {}",
                names.join(", ")
            );
            let error = EngineError::SystemFunction { message };
            return Err(Diagnostic::from(&error).at(call.name.span.clone()).into());
        }
    };
    Ok(Table::value(&header(call, text), value))
}

/// A result column is called by its alias, or by the call as it was written.
fn header(call: &SystemCall, text: &str) -> String {
    match &call.alias {
        Some(alias) => alias.as_str().to_owned(),
        None => {
            let start = text.to_uppercase().find("SYSTEM$").unwrap_or(0);
            text.get(start..)
                .unwrap_or(&call.name.value)
                .trim_end()
                .to_uppercase()
        }
    }
}

async fn wait_for_services(shared: &Arc<Shared>, call: &SystemCall) -> Result<String, Failure> {
    let (Some(seconds), true) = (number(call, 0), call.args.len() > 1) else {
        return Err(usage(call));
    };
    let seconds = seconds.min(LONGEST_WAIT);
    let mut records = Vec::new();
    for index in 1..call.args.len() {
        records.push(service(shared, call, index)?);
    }
    shared.start();
    let settled = |record: &ServiceRecord, fleet: &crate::fleet::Fleet| {
        let view = fleet.view(record);
        view.status == "RUNNING" && !view.is_upgrading
    };
    let current = |record: &ServiceRecord| shared.catalog.service(&record.name);
    let ready = shared
        .fleet
        .wait(Duration::from_secs(seconds), |fleet| {
            records
                .iter()
                .all(|record| current(record).is_some_and(|now| settled(&now, fleet)))
        })
        .await;
    if ready {
        return Ok("OK".to_owned());
    }
    let unsettled = records
        .iter()
        .filter(|record| current(record).is_none_or(|now| !settled(&now, &shared.fleet)))
        .map(|record| match current(record) {
            Some(now) if now.suspended => format!("service {} is suspended", now.name),
            _ => shared.fleet.unready(&record.name),
        });
    let state = unsettled.collect::<Vec<_>>().join("; ");
    Err(
        Diagnostic::from(&EngineError::WaitTimedOut { seconds, state })
            .at(call.name.span.clone())
            .hint("SHOW SERVICE CONTAINERS IN SERVICE … tells more")
            .into(),
    )
}

fn dns_domain(shared: &Shared, call: &SystemCall) -> Result<String, Failure> {
    let (Some(schema), 1) = (string(call, 0), call.args.len()) else {
        return Err(usage(call));
    };
    let name = object_name(call, 0, schema)?;
    // `schema` or `db.schema`: the last part is the schema.
    let database = name
        .schema
        .as_ref()
        .map_or(crate::catalog::DATABASE, |ident| ident.as_str());
    if database != crate::catalog::DATABASE || name.name.as_str() != SCHEMA {
        let error = EngineError::NoSuchSchema {
            name: name.to_string(),
        };
        return Err(Diagnostic::from(&error).at(span(call, 0)).into());
    }
    Ok(floe_dns::schema_domain(&shared.schema_hash()))
}

async fn service_status(shared: &Arc<Shared>, call: &SystemCall) -> Result<String, Failure> {
    if call.args.is_empty() || call.args.len() > 2 {
        return Err(usage(call));
    }
    let record = service(shared, call, 0)?;
    if let Some(seconds) = number(call, 1) {
        shared.start();
        let limit = Duration::from_secs(seconds.min(LONGEST_WAIT));
        // The answer is the state at that time, ready or not.
        let _ = shared
            .fleet
            .wait(limit, |fleet| fleet.view(&record).status == "RUNNING")
            .await;
    }
    let view = shared.fleet.view(&record);
    let mut entries = Vec::new();
    for instance in &view.instances {
        let containers = instance.deployment.iter();
        for container in containers.flat_map(|deployment| deployment.spec.containers()) {
            let state = instance
                .containers
                .iter()
                .find(|state| state.name == container.name);
            entries.push(serde_json::json!({
                "status": state.map_or("PENDING", |state| container_word(state.status)),
                "message": state.map_or(floe_runtime::message::WAITING, |state| &state.message),
                "containerName": container.name,
                "instanceId": instance.id.to_string(),
                "serviceName": record.name,
                "image": container.image,
                "restartCount": state.map_or(0, |state| state.restart_count),
                "startTime": state
                    .and_then(|state| state.started)
                    .map(|at| time::utc_seconds(at.as_millis()))
                    .unwrap_or_default(),
            }));
        }
    }
    Ok(serde_json::Value::from(entries).to_string())
}

async fn service_logs(shared: &Arc<Shared>, call: &SystemCall) -> Result<String, Failure> {
    if !(3..=7).contains(&call.args.len()) {
        return Err(usage(call));
    }
    let record = service(shared, call, 0)?;
    let (Some(instance), Some(container)) = (number(call, 1), string(call, 2)) else {
        return Err(usage(call));
    };
    let lines = match call.args.get(3) {
        None => None,
        Some(_) => {
            let lines = number(call, 3).ok_or_else(|| usage(call))?;
            Some(usize::try_from(lines).unwrap_or(usize::MAX))
        }
    };
    let view = shared.fleet.view(&record);
    let found = view
        .instances
        .iter()
        .find(|found| u64::from(found.id) == instance);
    let Some(found) = found else {
        let name = format!("{}/{instance}", record.name);
        let error = EngineError::NotFound {
            kind: "Service instance",
            name,
        };
        return Err(Diagnostic::from(&error).at(span(call, 1)).into());
    };
    let logs = shared
        .fleet
        .runtime()
        .logs(&found.key, container, lines)
        .await;
    logs.map_err(|error| {
        Diagnostic::error(error.code(), error.to_string())
            .at(span(call, 2))
            .into()
    })
}

fn service(shared: &Shared, call: &SystemCall, index: usize) -> Result<ServiceRecord, Failure> {
    let Some(text) = string(call, index) else {
        return Err(usage(call));
    };
    find_service(shared, &object_name(call, index, text)?)
}

/// A name inside a string argument; errors point at the argument.
fn object_name(call: &SystemCall, index: usize, text: &str) -> Result<ObjectName, Failure> {
    let mut name = ObjectName::parse(text).map_err(|error| {
        Diagnostic::error(error.code(), error.to_string()).at(span(call, index))
    })?;
    name.span = span(call, index);
    Ok(name)
}

fn span(call: &SystemCall, index: usize) -> std::ops::Range<usize> {
    call.args
        .get(index)
        .map_or_else(|| call.name.span.clone(), |arg| arg.span.clone())
}

fn string(call: &SystemCall, index: usize) -> Option<&str> {
    match call.args.get(index) {
        Some(Spanned {
            value: Literal::String(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

/// A whole number, also as a string: `'0'`.
fn number(call: &SystemCall, index: usize) -> Option<u64> {
    match &call.args.get(index)?.value {
        Literal::Number(text) | Literal::String(text) => text.trim().parse().ok(),
        Literal::Bool(_) | Literal::Null => None,
    }
}

fn usage(call: &SystemCall) -> Failure {
    let form = KNOWN
        .iter()
        .find(|(name, _)| *name == call.name.value)
        .map_or("", |(_, form)| form);
    let message = format!("wrong arguments for {}: write {form}", call.name.value);
    let error = EngineError::SystemFunction { message };
    Diagnostic::from(&error).at(call.name.span.clone()).into()
}
