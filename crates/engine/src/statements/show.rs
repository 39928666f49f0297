//! SHOW and DESCRIBE of services. Columns and their order: Snowflake
//! documentation, the page of each command.

use floe_runtime::{ContainerState, ContainerStatus};
use floe_spec::{ParseOptions, Port, Protocol, ValidSpec};
use floe_sql::{JobFilter, ObjectName, ShowScope, ShowServices};

use super::Page;
use crate::catalog::{DATABASE, SCHEMA, ServiceRecord};
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::fleet::{InstanceView, ServiceView};
use crate::output::Table;
use crate::session::find_service;
use crate::time;

/// The one role of this version.
pub(crate) const OWNER: &str = "FLOE";

/// What `ingress_url` says while no instance can answer.
const PROVISIONING: &str = "Endpoints provisioning in progress... check back in a few minutes";

const SERVICE_COLUMNS: [&str; 28] = [
    "name",
    "status",
    "database_name",
    "schema_name",
    "owner",
    "compute_pool",
    "dns_name",
    "current_instances",
    "target_instances",
    "min_ready_instances",
    "min_instances",
    "max_instances",
    "auto_resume",
    "external_access_integrations",
    "created_on",
    "updated_on",
    "resumed_on",
    "suspended_on",
    "auto_suspend_secs",
    "comment",
    "owner_role_type",
    "query_warehouse",
    "is_job",
    "is_async_job",
    "spec_digest",
    "is_upgrading",
    "managing_object_domain",
    "managing_object_name",
];

/// Where DESCRIBE puts the `spec` column: between `compute_pool` and `dns_name`.
const SPEC_COLUMN: usize = 6;

pub(crate) fn services(shared: &Shared, show: &ShowServices) -> Result<Table, Failure> {
    let hidden: &[&str] = match show.jobs {
        JobFilter::Include => &[],
        JobFilter::Only => &["is_job"],
        JobFilter::Exclude => &["is_job", "is_async_job"],
    };
    check_scope(shared, show)?;
    let wanted = |record: &ServiceRecord| {
        show.jobs != JobFilter::Only
            && show
                .in_pool()
                .is_none_or(|pool| record.pool == pool.as_str())
            && (show.of_type.is_empty()
                || show
                    .of_type
                    .iter()
                    .any(|kind| matches!(kind.as_str(), "USER" | "ALL")))
    };
    let services = shared.catalog.services();
    let services = services.iter().filter(|record| wanted(record));
    let page = Page {
        like: &show.like,
        starts_with: &show.starts_with,
        limit: &show.limit,
    };
    let mut table = Table::new(&SERVICE_COLUMNS);
    let shown = page.of(services, |record| &record.name);
    table
        .rows
        .extend(shown.map(|record| service_row(shared, record)));
    Ok(without(table, hidden))
}

pub(crate) fn describe_service(shared: &Shared, name: &ObjectName) -> Result<Table, Failure> {
    let record = find_service(shared, name)?;
    let mut table = Table::new(&SERVICE_COLUMNS);
    let mut row = service_row(shared, &record);
    table.columns.insert(SPEC_COLUMN, "spec".to_owned());
    row.insert(SPEC_COLUMN, Some(record.revision.canonical.clone()));
    table.rows.push(row);
    Ok(table)
}

pub(crate) fn instances(shared: &Shared, name: &ObjectName) -> Result<Table, Failure> {
    let record = find_service(shared, name)?;
    let view = shared.fleet.view(&record);
    let mut table = Table::new(&[
        "database_name",
        "schema_name",
        "service_name",
        "service_status",
        "instance_id",
        "status",
        "spec_digest",
        "creation_time",
        "start_time",
        "ip_address",
    ]);
    for instance in &view.instances {
        let mut row = service_cells(&record, &view);
        row.extend([
            Some(instance.id.to_string()),
            Some(instance.status.to_owned()),
            instance
                .deployment
                .as_ref()
                .map(|deployment| deployment.record.digest.clone()),
            instance.created.map(time::utc_seconds),
            instance.started.map(time::utc_seconds),
            instance.ip.map(|ip| ip.to_string()),
        ]);
        table.rows.push(row);
    }
    Ok(table)
}

pub(crate) fn containers(shared: &Shared, name: &ObjectName) -> Result<Table, Failure> {
    let record = find_service(shared, name)?;
    let view = shared.fleet.view(&record);
    let mut table = Table::new(&[
        "database_name",
        "schema_name",
        "service_name",
        "service_status",
        "instance_id",
        "instance_status",
        "container_name",
        "status",
        "message",
        "image_name",
        "image_digest",
        "restart_count",
        "start_time",
        "last_exit_code",
        "last_restart_time",
    ]);
    for instance in &view.instances {
        // Its own revision: during an upgrade the newest one is not what it runs.
        let Some(deployment) = &instance.deployment else {
            continue;
        };
        for container in deployment.spec.containers() {
            let state = instance
                .containers
                .iter()
                .find(|state| state.name == container.name);
            let digest = deployment.pin(&container.image);
            let mut row = service_cells(&record, &view);
            row.extend([
                Some(instance.id.to_string()),
                Some(instance.status.to_owned()),
                Some(container.name.clone()),
            ]);
            row.extend(container_cells(instance, state));
            row.insert(9, Some(container.image.clone()));
            row.insert(10, digest.map(str::to_owned));
            table.rows.push(row);
        }
    }
    let failed_starts = shared.fleet.start_errors(&record.name).into_iter();
    let missing =
        failed_starts.filter(|(id, _)| view.instances.iter().all(|instance| instance.id != *id));
    for (id, error) in missing {
        let mut row = service_cells(&record, &view);
        row.extend([Some(id.to_string()), Some("PENDING".to_owned()), None]);
        row.extend([Some("PENDING".to_owned()), Some(error)]);
        row.resize(table.columns.len(), None);
        table.rows.push(row);
    }
    if table.rows.is_empty() {
        let mut row = service_cells(&record, &view);
        row.resize(table.columns.len(), None);
        table.rows.push(row);
    }
    Ok(table)
}

pub(crate) fn endpoints(shared: &Shared, name: &ObjectName) -> Result<Table, Failure> {
    let record = find_service(shared, name)?;
    let view = shared.fleet.view(&record);
    let spec = spec_of(&record)?;
    let mut table = Table::new(&[
        "name",
        "port",
        "port_range",
        "protocol",
        "is_public",
        "ingress_url",
    ]);
    for endpoint in spec.endpoints() {
        let (port, range) = match endpoint.port {
            Port::Single(port) => (Some(port), None),
            Port::Range(low, high) => (None, Some(format!("{low}-{high}"))),
        };
        let protocol = match endpoint.protocol {
            Protocol::Http => "HTTP",
            Protocol::Tcp => "TCP",
        };
        table.rows.push(vec![
            Some(endpoint.name.clone()),
            port.map(|port| port.to_string()),
            range,
            Some(protocol.to_owned()),
            Some(endpoint.public.to_string()),
            endpoint.public.then(|| ingress(&view, port)),
        ]);
    }
    Ok(table)
}

/// Where a public endpoint can be reached on this machine: the first ready
/// instance. There is no proxy in front of it in this version.
fn ingress(view: &ServiceView, port: Option<u16>) -> String {
    let ready = view
        .instances
        .iter()
        .find(|instance| instance.status == "READY");
    match (ready.and_then(|instance| instance.ip), port) {
        (Some(ip), Some(port)) => std::net::SocketAddr::new(ip, port).to_string(),
        _ => PROVISIONING.to_owned(),
    }
}

/// The newest specification of a service.
pub(crate) fn spec_of(record: &ServiceRecord) -> Result<ValidSpec, Failure> {
    let parsed = floe_spec::parse(&record.revision.text, &ParseOptions::default());
    parsed.spec.ok_or_else(|| {
        let diagnostics = parsed
            .findings
            .iter()
            .map(|finding| Diagnostic::error(finding.code.to_string(), finding.message.clone()));
        Failure {
            diagnostics: diagnostics.collect(),
        }
    })
}

fn check_scope(shared: &Shared, show: &ShowServices) -> Result<(), Failure> {
    let error = match &show.scope {
        None | Some(ShowScope::Account | ShowScope::Database(None) | ShowScope::Schema(None)) => {
            return Ok(());
        }
        Some(ShowScope::Database(Some(name))) if name.as_str() == DATABASE => return Ok(()),
        Some(ShowScope::Database(Some(name))) => EngineError::NotFound {
            kind: "Database",
            name: name.as_str().to_owned(),
        },
        Some(ShowScope::Schema(Some(name))) => {
            let database = name
                .schema
                .as_ref()
                .map_or(DATABASE, |ident| ident.as_str());
            if database == DATABASE && name.name.as_str() == SCHEMA {
                return Ok(());
            }
            EngineError::NoSuchSchema {
                name: name.to_string(),
            }
        }
        Some(ShowScope::ComputePool(pool)) if shared.catalog.pool(pool.as_str()).is_some() => {
            return Ok(());
        }
        Some(ShowScope::ComputePool(pool)) => EngineError::NotFound {
            kind: "Compute pool",
            name: pool.as_str().to_owned(),
        },
    };
    Err(error.into())
}

fn service_cells(record: &ServiceRecord, view: &ServiceView) -> Vec<Option<String>> {
    [DATABASE, SCHEMA, &record.name, view.status]
        .map(|cell| Some(cell.to_owned()))
        .to_vec()
}

fn container_cells(instance: &InstanceView, state: Option<&ContainerState>) -> Vec<Option<String>> {
    let Some(state) = state else {
        let message = instance.start_error.clone();
        let waiting = floe_runtime::message::WAITING.to_owned();
        return vec![
            Some("PENDING".to_owned()),
            Some(message.unwrap_or(waiting)),
            Some("0".to_owned()),
            None,
            None,
            None,
        ];
    };
    vec![
        Some(container_word(state.status).to_owned()),
        Some(state.message.clone()),
        Some(state.restart_count.to_string()),
        state.started.map(|at| time::utc_seconds(at.as_millis())),
        state.last_exit_code.map(|code| code.to_string()),
        state
            .last_restart
            .map(|at| time::utc_seconds(at.as_millis())),
    ]
}

/// The status column of a container.
pub(crate) fn container_word(status: ContainerStatus) -> &'static str {
    match status {
        ContainerStatus::Pending => "PENDING",
        ContainerStatus::Ready => "READY",
        ContainerStatus::Done => "DONE",
        ContainerStatus::Failed => "FAILED",
        ContainerStatus::Terminating => "TERMINATING",
        ContainerStatus::Unknown => "UNKNOWN",
    }
}

/// The table without some of its columns.
fn without(mut table: Table, hidden: &[&str]) -> Table {
    let keep: Vec<bool> = table
        .columns
        .iter()
        .map(|name| !hidden.contains(&name.as_str()))
        .collect();
    let retain = |cells: &mut Vec<Option<String>>| {
        let mut kept = keep.iter();
        cells.retain(|_| kept.next().copied().unwrap_or(true));
    };
    table.rows.iter_mut().for_each(retain);
    table
        .columns
        .retain(|name| !hidden.contains(&name.as_str()));
    table
}

fn service_row(shared: &Shared, record: &ServiceRecord) -> Vec<Option<String>> {
    let view = shared.fleet.view(record);
    let text = |text: &str| Some(text.to_owned());
    let target = if record.suspended {
        0
    } else {
        record.instances()
    };
    let integrations = &record.external_access_integrations;
    vec![
        text(&record.name),
        text(view.status),
        text(DATABASE),
        text(SCHEMA),
        text(OWNER),
        text(&record.pool),
        Some(dns_name(shared, &record.name)),
        Some(view.instances.len().to_string()),
        Some(target.to_string()),
        Some(record.min_ready_instances.to_string()),
        Some(record.min_instances.to_string()),
        Some(record.max_instances.to_string()),
        Some(record.auto_resume.to_string()),
        (!integrations.is_empty()).then(|| integrations.join(",")),
        Some(time::local(record.created_on)),
        Some(time::local(record.updated_on)),
        record.resumed_on.map(time::local),
        record.suspended_on.map(time::local),
        Some(record.auto_suspend_secs.to_string()),
        record.comment.clone(),
        text("ROLE"),
        record.query_warehouse.clone(),
        text("false"),
        text("false"),
        text(&record.revision.digest),
        Some(view.is_upgrading.to_string()),
        None,
        None,
    ]
}

/// `echo-service.k3m6.svc.spcs.internal`.
fn dns_name(shared: &Shared, service: &str) -> String {
    match floe_dns::label_of_object(service) {
        Ok(label) => floe_dns::service_name(&label, &shared.schema_hash()),
        // Names are checked when a service is created.
        Err(error) => error.to_string(),
    }
}
