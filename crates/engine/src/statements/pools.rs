//! Compute pools. On one machine a pool has no machines of its own: it bounds
//! what an instance may ask for and groups services.

use std::sync::Arc;

use floe_sql::{
    AlterComputePool, AlterComputePoolAction, CreateComputePool, DescribeComputePool,
    DropComputePool, Ident, PoolProperties, PoolProperty, ShowComputePools, Spanned,
};

use super::{Page, property_error, services};
use crate::catalog::{PoolRecord, ServiceRecord};
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::families;
use crate::output::Table;
use crate::time;

/// AUTO_SUSPEND_SECS of a pool that does not say (Snowflake documentation,
/// "CREATE COMPUTE POOL").
const DEFAULT_AUTO_SUSPEND: u64 = 3600;

const COLUMNS: [&str; 21] = [
    "name",
    "state",
    "min_nodes",
    "max_nodes",
    "instance_family",
    "num_services",
    "num_jobs",
    "auto_suspend_secs",
    "auto_resume",
    "active_nodes",
    "idle_nodes",
    "target_nodes",
    "created_on",
    "resumed_on",
    "updated_on",
    "owner",
    "comment",
    "is_exclusive",
    "application",
    "placement_group",
    "backup_instance_families",
];

pub(crate) fn create(shared: &Shared, create: &CreateComputePool) -> Result<Table, Failure> {
    let name = create.name.as_str();
    if shared.catalog.pool(name).is_some() {
        if create.if_not_exists {
            return Ok(Table::status(format!(
                "{name} already exists, statement succeeded."
            )));
        }
        let error = EngineError::AlreadyExists {
            name: name.to_owned(),
        };
        return Err(Diagnostic::from(&error).at(create.name.span()).into());
    }
    floe_dns::label_of_object(name).map_err(|error| {
        Diagnostic::error(error.code(), error.to_string()).at(create.name.span())
    })?;
    let now = shared.now_ms();
    let suspended = create
        .initially_suspended
        .as_ref()
        .is_some_and(|value| value.value);
    let record = PoolRecord {
        name: name.to_owned(),
        min_nodes: create.min_nodes.value,
        max_nodes: create.max_nodes.value,
        instance_family: family(&create.instance_family)?,
        auto_suspend_secs: create
            .auto_suspend_secs
            .as_ref()
            .map_or(DEFAULT_AUTO_SUSPEND, |value| u64::from(value.value)),
        auto_resume: create.auto_resume.as_ref().is_none_or(|value| value.value),
        suspended,
        comment: create.comment.as_ref().map(|value| value.value.clone()),
        created_on: now,
        updated_on: now,
        resumed_on: Some(now),
    };
    check_nodes(&record, Some(&create.min_nodes), Some(&create.max_nodes))?;
    shared.catalog.put_pool(record)?;
    Ok(Table::status(format!(
        "Compute pool {name} successfully created."
    )))
}

pub(crate) async fn alter(
    shared: &Arc<Shared>,
    alter: &AlterComputePool,
) -> Result<Table, Failure> {
    let done = Table::status("Statement executed successfully.");
    let mut record = match find(shared, &alter.name) {
        Ok(record) => record,
        Err(_) if alter.if_exists => return Ok(done),
        Err(failure) => return Err(failure),
    };
    match &alter.action {
        AlterComputePoolAction::Suspend => {
            for service in services_of(shared, &record.name) {
                services::suspend(shared, &service.name)?;
            }
            record.suspended = true;
        }
        AlterComputePoolAction::Resume => {
            record.suspended = false;
            record.resumed_on = Some(shared.now_ms());
        }
        AlterComputePoolAction::StopAll { of_type } if of_type.is_empty() => {
            for service in services_of(shared, &record.name) {
                services::remove(shared, &service.name).await?;
            }
        }
        AlterComputePoolAction::StopAll { .. } => {
            return Err(EngineError::Unsupported {
                what: "STOP ALL OF TYPE".to_owned(),
            }
            .into());
        }
        AlterComputePoolAction::Set(properties) => set(&mut record, properties)?,
        AlterComputePoolAction::Unset(properties) => unset(&mut record, properties)?,
    }
    record.updated_on = shared.now_ms();
    shared.catalog.put_pool(record)?;
    Ok(done)
}

pub(crate) fn drop_pool(shared: &Shared, drop: &DropComputePool) -> Result<Table, Failure> {
    let name = drop.name.as_str();
    if shared.catalog.pool(name).is_none() && drop.if_exists {
        let text = format!("Drop statement executed successfully ({name} already dropped).");
        return Ok(Table::status(text));
    }
    find(shared, &drop.name)?;
    let services: Vec<String> = services_of(shared, name)
        .into_iter()
        .map(|service| service.name)
        .collect();
    if !services.is_empty() {
        let error = EngineError::PoolInUse {
            pool: name.to_owned(),
            services,
        };
        return Err(Diagnostic::from(&error).at(drop.name.span()).into());
    }
    shared.catalog.delete_pool(name)?;
    Ok(Table::status(format!("{name} successfully dropped.")))
}

pub(crate) fn show(shared: &Shared, show: &ShowComputePools) -> Table {
    let page = Page {
        like: &show.like,
        starts_with: &show.starts_with,
        limit: &show.limit,
    };
    let pools = page.of(shared.catalog.pools().into_iter(), |pool| &pool.name);
    let mut table = Table::new(&COLUMNS);
    table.rows.extend(pools.map(|pool| row(shared, &pool)));
    table
}

pub(crate) fn describe(shared: &Shared, describe: &DescribeComputePool) -> Result<Table, Failure> {
    let pool = find(shared, &describe.name)?;
    let mut table = Table::new(&COLUMNS);
    table.rows.push(row(shared, &pool));
    Ok(table)
}

fn find(shared: &Shared, name: &Ident) -> Result<PoolRecord, Failure> {
    shared.catalog.pool(name.as_str()).ok_or_else(|| {
        let error = EngineError::NotFound {
            kind: "Compute pool",
            name: name.as_str().to_owned(),
        };
        Diagnostic::from(&error).at(name.span()).into()
    })
}

fn services_of(shared: &Shared, pool: &str) -> Vec<ServiceRecord> {
    shared
        .catalog
        .services()
        .into_iter()
        .filter(|service| service.pool == pool)
        .collect()
}

fn family(written: &Spanned<String>) -> Result<String, Failure> {
    match families::find(&written.value) {
        Some(family) => Ok(family.name.to_owned()),
        None => {
            let error = EngineError::InstanceFamily {
                name: written.value.clone(),
            };
            Err(Diagnostic::from(&error).at(written.span.clone()).into())
        }
    }
}

fn set(record: &mut PoolRecord, properties: &PoolProperties) -> Result<(), Failure> {
    if let Some(min) = &properties.min_nodes {
        record.min_nodes = min.value;
    }
    if let Some(max) = &properties.max_nodes {
        record.max_nodes = max.value;
    }
    check_nodes(
        record,
        properties.min_nodes.as_ref(),
        properties.max_nodes.as_ref(),
    )?;
    if let Some(written) = &properties.instance_family {
        if !record.suspended {
            let message = "INSTANCE_FAMILY can only be changed while the pool is suspended";
            return Err(property_error(written, message).into());
        }
        record.instance_family = family(written)?;
    }
    if let Some(auto_resume) = &properties.auto_resume {
        record.auto_resume = auto_resume.value;
    }
    if let Some(seconds) = &properties.auto_suspend_secs {
        record.auto_suspend_secs = u64::from(seconds.value);
    }
    if let Some(comment) = &properties.comment {
        record.comment = Some(comment.value.clone());
    }
    Ok(())
}

fn unset(record: &mut PoolRecord, properties: &[Spanned<PoolProperty>]) -> Result<(), Failure> {
    for property in properties {
        match property.value {
            PoolProperty::AutoSuspendSecs => record.auto_suspend_secs = DEFAULT_AUTO_SUSPEND,
            PoolProperty::AutoResume => record.auto_resume = true,
            PoolProperty::Comment => record.comment = None,
            // Never kept, so there is nothing to take back.
            PoolProperty::PlacementGroup | PoolProperty::BackupInstanceFamilies => {}
            PoolProperty::MinNodes
            | PoolProperty::MaxNodes
            | PoolProperty::InstanceFamily
            | PoolProperty::InitiallySuspended => {
                let message = format!("{} can not be unset", property.value.as_str());
                return Err(property_error(property, message).into());
            }
        }
    }
    Ok(())
}

fn check_nodes(
    record: &PoolRecord,
    min: Option<&Spanned<u32>>,
    max: Option<&Spanned<u32>>,
) -> Result<(), Failure> {
    if let Some(min) = min.filter(|min| min.value == 0) {
        return Err(property_error(min, "MIN_NODES must be at least 1").into());
    }
    if record.max_nodes < record.min_nodes
        && let Some(value) = max.or(min)
    {
        let (min, max) = (record.min_nodes, record.max_nodes);
        let message = format!("MAX_NODES ({max}) must not be less than MIN_NODES ({min})");
        return Err(property_error(value, message).into());
    }
    Ok(())
}

fn row(shared: &Shared, pool: &PoolRecord) -> Vec<Option<String>> {
    let services = services_of(shared, &pool.name);
    let scheduled = services.iter().any(|service| !service.suspended);
    let state = match (pool.suspended, scheduled) {
        (true, _) => "SUSPENDED",
        (false, true) => "ACTIVE",
        (false, false) => "IDLE",
    };
    let nodes = if pool.suspended { 0 } else { pool.min_nodes };
    let active = if scheduled { nodes } else { 0 };
    vec![
        Some(pool.name.clone()),
        Some(state.to_owned()),
        Some(pool.min_nodes.to_string()),
        Some(pool.max_nodes.to_string()),
        Some(pool.instance_family.clone()),
        Some(services.len().to_string()),
        Some("0".to_owned()),
        Some(pool.auto_suspend_secs.to_string()),
        Some(pool.auto_resume.to_string()),
        Some(active.to_string()),
        Some((nodes - active).to_string()),
        Some(nodes.to_string()),
        Some(time::local(pool.created_on)),
        pool.resumed_on.map(time::local),
        Some(time::local(pool.updated_on)),
        Some(super::show::OWNER.to_owned()),
        pool.comment.clone(),
        Some("false".to_owned()),
        None,
        None,
        None,
    ]
}
