//! CREATE, ALTER and DROP SERVICE.

mod settings;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use floe_image::{Digest, ImagePath};
use floe_rollout::Notice;
use floe_runtime::RuntimeError;
use floe_sql::{
    AlterService, AlterServiceAction, CreateService, DropService, ServiceProperties, SpecSource,
};
use settings::Settings;

use super::not_acted_on;
use super::placement;
use crate::catalog::{DATABASE, PinRecord, PoolRecord, RevisionRecord, SCHEMA, ServiceRecord};
use crate::deployment::Deployment;
use crate::engine::{Shared, load};
use crate::error::{Diagnostic, EngineError, Failure, Severity};
use crate::output::Table;
use crate::session::{Answer, find_service, resolve};
use crate::specification::{self, Specification};
use crate::statements::show::spec_of;
use crate::support;
use crate::upgrade::{self, Caller};

pub(crate) async fn create(
    shared: &Arc<Shared>,
    create: &CreateService,
) -> Result<Answer, Failure> {
    let name = resolve(&create.name)?.to_owned();
    let exists = |shared: &Shared| shared.catalog.service(&name).is_some();
    if exists(shared) {
        if create.if_not_exists {
            return Ok(
                Table::status(format!("{name} already exists, statement succeeded.")).into(),
            );
        }
        return Err(already_exists(&name, create.name.span.clone()));
    }
    floe_dns::label_of_object(&name).map_err(|error| {
        Diagnostic::error(error.code(), error.to_string()).at(create.name.span.clone())
    })?;
    let pool = find_pool(shared, create)?;
    let settings = Settings::read(&create.properties, &Settings::default())?;
    let (deployment, mut warnings) = read_revision(shared, &name, &create.source, 1, &pool)?;
    if let Some(value) = &create.properties.auto_suspend_secs {
        check_rules(&deployment, settings.auto_suspend_secs)
            .map_err(|failure| failure.at(value.span.clone()))?;
    }
    warnings.extend(settings_warnings(
        &create.properties,
        &settings,
        &deployment,
    ));

    let record = {
        // Nothing is awaited while this is held.
        let _changes = shared
            .changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if exists(shared) {
            return Err(already_exists(&name, create.name.span.clone()));
        }
        let record = new_record(
            shared,
            name.clone(),
            &pool,
            settings,
            deployment.record.clone(),
        )?;
        shared.catalog.put_service(record.clone())?;
        record
    };
    shared.start();
    shared.fleet.adopt(&record, deployment);
    let mut answer = Answer::from(Table::status(format!(
        "Service {name} successfully created."
    )));
    warnings.extend(shared.take_broken());
    answer.warnings = warnings;
    Ok(answer)
}

pub(crate) async fn alter(shared: &Arc<Shared>, alter: &AlterService) -> Result<Answer, Failure> {
    let record = match find_service(shared, &alter.name) {
        Ok(record) => record,
        Err(_) if alter.if_exists => {
            return Ok(Table::status("Statement executed successfully.").into());
        }
        Err(failure) => return Err(failure),
    };
    let mut warnings = Vec::new();
    match &alter.action {
        AlterServiceAction::Suspend => suspend(shared, &record.name)?,
        AlterServiceAction::Resume => {
            shared.start();
            resume(shared, &record.name)?;
        }
        AlterServiceAction::From(source) => warnings = upgrade(shared, &record, source)?,
        AlterServiceAction::Set(properties) => {
            let settings = Settings::read(properties, &Settings::of(&record))?;
            let deployment = load(&record)?;
            if let Some(value) = &properties.auto_suspend_secs {
                check_rules(&deployment, settings.auto_suspend_secs)
                    .map_err(|failure| failure.at(value.span.clone()))?;
            }
            warnings = settings_warnings(properties, &settings, &deployment);
            change_settings(shared, &record.name, settings)?;
        }
        AlterServiceAction::Unset(properties) => {
            let settings = Settings::of(&record).without(properties);
            settings.check().map_err(|message| {
                Diagnostic::from(&EngineError::Property { message }).at(alter.name.span.clone())
            })?;
            change_settings(shared, &record.name, settings)?;
        }
    }
    let mut answer = Answer::from(Table::status("Statement executed successfully."));
    warnings.extend(shared.take_broken());
    answer.warnings = warnings;
    Ok(answer)
}

pub(crate) async fn drop_service(
    shared: &Arc<Shared>,
    statement: &DropService,
) -> Result<Table, Failure> {
    let record = match find_service(shared, &statement.name) {
        Ok(record) => record,
        Err(failure) => {
            let name = resolve(&statement.name)?;
            if !statement.if_exists {
                return Err(failure);
            }
            let text = format!("Drop statement executed successfully ({name} already dropped).");
            return Ok(Table::status(text));
        }
    };
    remove(shared, &record.name).await?;
    Ok(Table::status(format!(
        "{} successfully dropped.",
        record.name
    )))
}

/// Drops a service: first on record, so that a kill in between is finished by
/// the next holder, then its instances, then its record.
pub(crate) async fn remove(shared: &Arc<Shared>, name: &str) -> Result<(), Failure> {
    shared
        .catalog
        .update_service(name, |record| record.dropping = true)?;
    shared.fleet.remove(name).await?;
    shared.catalog.delete_service(name)?;
    Ok(())
}

pub(crate) fn suspend(shared: &Arc<Shared>, name: &str) -> Result<(), Failure> {
    let now = shared.now_ms();
    shared.catalog.update_service(name, |record| {
        record.suspended = true;
        // Whatever resumes starts every instance at the newest revision.
        record.upgrading = false;
        record.suspended_on = Some(now);
        record.updated_on = now;
    })?;
    shared.fleet.tell(name);
    Ok(())
}

pub(crate) fn resume(shared: &Arc<Shared>, name: &str) -> Result<(), Failure> {
    let now = shared.now_ms();
    shared.catalog.update_service(name, |record| {
        record.suspended = false;
        // What was measured before says nothing about what is needed now.
        record.scaled_to = None;
        record.resumed_on = Some(now);
        record.updated_on = now;
    })?;
    shared.fleet.tell(name);
    Ok(())
}

fn upgrade(
    shared: &Arc<Shared>,
    record: &ServiceRecord,
    source: &SpecSource,
) -> Result<Vec<Diagnostic>, Failure> {
    let pool = shared
        .catalog
        .pool(&record.pool)
        .ok_or_else(|| EngineError::NotFound {
            kind: "Compute pool",
            name: record.pool.clone(),
        })?;
    let _changes = shared
        .changes
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let record = shared
        .catalog
        .service(&record.name)
        .unwrap_or_else(|| record.clone());
    let number = record.next_revision();
    let (deployment, mut warnings) = read_revision(shared, &record.name, source, number, &pool)?;
    if deployment.record.digest == record.revision.digest {
        // The same text and the same images: there is nothing to replace.
        return Ok(warnings);
    }
    check_rules(&deployment, record.auto_suspend_secs)
        .map_err(|failure| failure.at(source.span.clone()))?;
    let foreseen =
        foresee(shared, &record, &deployment).map_err(|failure| failure.at(source.span.clone()))?;
    warnings.extend(foreseen.into_iter().map(|it| it.at(source.span.clone())));
    let now = shared.now_ms();
    let revision = deployment.record.clone();
    let changed = shared.catalog.update_service(&record.name, |record| {
        record.revision = revision;
        record.last_revision = number;
        record.upgrading = !record.suspended;
        record.updated_on = now;
    })?;
    shared.start();
    if changed.is_some() {
        shared.fleet.retarget(&record.name, deployment);
    }
    Ok(warnings)
}

/// What the upgrade means to who uses the service, as warnings; as errors what it may not do.
fn foresee(
    shared: &Shared,
    record: &ServiceRecord,
    deployment: &Deployment,
) -> Result<Vec<Diagnostic>, Failure> {
    let before = spec_of(record)?;
    let refused = upgrade::refusals(&before, &deployment.spec);
    if !refused.is_empty() {
        let diagnostics = refused.iter().map(|notice| {
            Diagnostic::from(&EngineError::UpgradeRefused {
                service: record.name.clone(),
                reason: notice.to_string(),
            })
        });
        let diagnostics = diagnostics.collect();
        return Err(Failure { diagnostics });
    }
    let plan = shared
        .fleet
        .admit(record, deployment.record.number)
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    let functions = shared.catalog.functions().into_iter();
    let callers: Vec<Caller> = functions
        .filter(|function| function.service == record.name)
        .map(|function| Caller {
            function: function.signature(),
            endpoint: function.endpoint,
        })
        .collect();
    let mut notices = upgrade::impact(&before, &deployment.spec, &callers);
    let plan = plan.into_iter().flat_map(|plan| plan.notices);
    notices.extend(plan.filter(|notice| matches!(notice, Notice::BelowMinReady { .. })));
    let warnings = notices.iter().map(|notice| Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error(
            "FLOE-ENGINE-0023",
            format!("upgrade of {}: {notice}", record.name),
        )
    });
    Ok(warnings.collect())
}

/// Proves that AUTO_SUSPEND_SECS and the specification do not contradict each other.
fn check_rules(deployment: &Deployment, auto_suspend_secs: u64) -> Result<(), Failure> {
    match deployment.rules(auto_suspend_secs) {
        Ok(_) => Ok(()),
        Err(error) => Err(Diagnostic::error(error.code(), error.to_string()).into()),
    }
}

fn change_settings(
    shared: &Arc<Shared>,
    name: &str,
    settings: Settings,
) -> Result<(), EngineError> {
    let now = shared.now_ms();
    let changed = shared.catalog.update_service(name, |record| {
        settings.write(record);
        // What autoscaling decided holds within the new bounds.
        record.scaled_to = record.scaled_to.map(|_| record.instances());
        record.updated_on = now;
    })?;
    if changed.is_some() {
        shared.fleet.tell(name);
    }
    Ok(())
}

fn already_exists(name: &str, span: std::ops::Range<usize>) -> Failure {
    let error = EngineError::AlreadyExists {
        name: name.to_owned(),
    };
    Diagnostic::from(&error).at(span).into()
}

fn find_pool(shared: &Shared, create: &CreateService) -> Result<PoolRecord, Failure> {
    let name = create.pool.as_str();
    shared.catalog.pool(name).ok_or_else(|| {
        let error = EngineError::NotFound {
            kind: "Compute pool",
            name: name.to_owned(),
        };
        Diagnostic::from(&error).at(create.pool.span()).into()
    })
}

fn new_record(
    shared: &Shared,
    name: String,
    pool: &PoolRecord,
    settings: Settings,
    revision: RevisionRecord,
) -> Result<ServiceRecord, EngineError> {
    let now = shared.now_ms();
    let mut record = ServiceRecord {
        uid: shared.catalog.new_uid()?,
        name,
        pool: pool.name.clone(),
        min_instances: 1,
        max_instances: 1,
        min_ready_instances: 1,
        scaled_to: None,
        auto_suspend_secs: 0,
        auto_resume: true,
        comment: None,
        query_warehouse: None,
        external_access_integrations: Vec::new(),
        created_on: now,
        updated_on: now,
        resumed_on: None,
        suspended_on: None,
        suspended: false,
        dropping: false,
        upgrading: false,
        last_revision: revision.number,
        revision,
    };
    settings.write(&mut record);
    Ok(record)
}

/// Reads the FROM clause, pins its images and proves that the runtime and the
/// pool can take it.
fn read_revision(
    shared: &Shared,
    service: &str,
    source: &SpecSource,
    number: u64,
    pool: &PoolRecord,
) -> Result<(Deployment, Vec<Diagnostic>), Failure> {
    let read = specification::read(source)?;
    let images = pin_images(shared, &read)?;
    let digests: BTreeMap<&str, &str> = images
        .iter()
        .map(|pin| (pin.written.as_str(), pin.digest.as_str()))
        .collect();
    let described = placement::derived(&read.spec, pool);
    let canonical =
        described.canonical_text(&|written| digests.get(written).map(|&digest| digest.to_owned()));
    let digest = floe_spec::spec_digest(&canonical).to_string();
    let record = RevisionRecord {
        number,
        text: read.text.clone(),
        canonical,
        digest,
        images,
    };
    let mut warnings = read.warnings.clone();
    warnings.extend(support::kept(&read.spec).into_iter().map(|path| {
        let message = format!("{path}: kept, but not acted on yet");
        let warning = Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error("FLOE-ENGINE-0021", message)
        };
        read.at_field(path, warning)
    }));
    let deployment = Deployment {
        service: service.to_owned(),
        spec: read.spec.clone(),
        record,
    };
    if let Err(error) = shared.fleet.runtime().check(&deployment.outline()) {
        let path = match &error {
            RuntimeError::Unsupported { field, .. } => field.as_str(),
            _ => "spec",
        };
        let diagnostic = Diagnostic::error(error.code(), error.to_string());
        return Err(read.at_field(path, diagnostic).into());
    }
    placement::check(service, &deployment.spec, pool)
        .map_err(|error| read.at_field("spec.containers", Diagnostic::from(&error)))?;
    Ok((deployment, warnings))
}

/// Resolves every image of a specification to a digest; all that are missing
/// are reported at once.
fn pin_images(shared: &Shared, read: &Specification<'_>) -> Result<Vec<PinRecord>, Failure> {
    let mut pins: Vec<PinRecord> = Vec::new();
    let mut diagnostics = Vec::new();
    for (index, container) in read.spec.containers().iter().enumerate() {
        let found = ImagePath::parse_in(&container.image, DATABASE, SCHEMA)
            .and_then(|path| shared.images.resolve(&path));
        match found {
            Ok(image) if pins.iter().all(|pin| pin.written != container.image) => {
                pins.push(PinRecord {
                    written: container.image.clone(),
                    digest: Digest::to_string(&image.digest),
                });
            }
            Ok(_) => {}
            Err(error) => {
                let diagnostic = Diagnostic::error(error.code(), error.to_string());
                let path = format!("spec.containers[{index}].image");
                diagnostics.push(read.at_field(&path, diagnostic));
            }
        }
    }
    if diagnostics.is_empty() {
        Ok(pins)
    } else {
        Err(Failure { diagnostics })
    }
}

/// What is given and has no effect: LOG_LEVEL, and bounds between which nothing scales.
fn settings_warnings(
    properties: &ServiceProperties,
    settings: &Settings,
    deployment: &Deployment,
) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let rules = deployment.rules(0).unwrap_or_default();
    if let Some(value) = &properties.max_instances
        && settings.max_instances > settings.min_instances
        && rules.is_empty()
    {
        let message = "MAX_INSTANCES above MIN_INSTANCES has no effect: no container of the \
                       specification gives resources.requests.cpu";
        let warning = Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error("FLOE-ENGINE-0025", message)
        };
        warnings.push(warning.at(value.span.clone()));
    }
    if let Some(value) = &properties.log_level {
        warnings.push(not_acted_on(value, "LOG_LEVEL"));
    }
    warnings
}
