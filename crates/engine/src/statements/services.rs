//! CREATE, ALTER and DROP SERVICE.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use floe_image::{Digest, ImagePath};
use floe_runtime::RuntimeError;
use floe_sql::{
    AlterService, AlterServiceAction, CreateService, DropService, ServiceProperties,
    ServiceProperty, Spanned, SpecSource,
};

use super::placement;
use super::{not_acted_on, property_error};
use crate::catalog::{DATABASE, PinRecord, PoolRecord, RevisionRecord, SCHEMA, ServiceRecord};
use crate::deployment::Deployment;
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::output::Table;
use crate::session::{Answer, find_service, resolve};
use crate::specification::{self, Specification};
use crate::support;

/// Smallest AUTO_SUSPEND_SECS that is not 0 (Snowflake documentation, "CREATE SERVICE").
const SHORTEST_AUTO_SUSPEND: u32 = 300;

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
    warnings.extend(settings_warnings(&create.properties, &settings));

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
            warnings = settings_warnings(properties, &settings);
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
    shared.fleet.suspend(name);
    Ok(())
}

pub(crate) fn resume(shared: &Arc<Shared>, name: &str) -> Result<(), Failure> {
    let now = shared.now_ms();
    shared.catalog.update_service(name, |record| {
        record.suspended = false;
        record.resumed_on = Some(now);
        record.updated_on = now;
    })?;
    shared.fleet.resume(name);
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
    let number = record.revision.number + 1;
    let (deployment, warnings) = read_revision(shared, &record.name, source, number, &pool)?;
    if deployment.record.digest == record.revision.digest {
        // The same text and the same images: there is nothing to replace.
        return Ok(warnings);
    }
    let now = shared.now_ms();
    let revision = deployment.record.clone();
    let changed = shared.catalog.update_service(&record.name, |record| {
        record.revision = revision;
        record.upgrading = !record.suspended;
        record.updated_on = now;
    })?;
    shared.start();
    if let Some(record) = changed {
        shared.fleet.retarget(&record, deployment);
    }
    Ok(warnings)
}

fn change_settings(
    shared: &Arc<Shared>,
    name: &str,
    settings: Settings,
) -> Result<(), EngineError> {
    let now = shared.now_ms();
    let changed = shared.catalog.update_service(name, |record| {
        settings.write(record);
        record.updated_on = now;
    })?;
    if let Some(record) = changed {
        shared.fleet.rescale(&record);
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
            severity: crate::error::Severity::Warning,
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

fn settings_warnings(properties: &ServiceProperties, settings: &Settings) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    if let Some(value) = properties
        .auto_suspend_secs
        .as_ref()
        .filter(|value| value.value > 0)
    {
        warnings.push(not_acted_on(value, "AUTO_SUSPEND_SECS"));
    }
    if let Some(value) = &properties.max_instances
        && settings.max_instances > settings.min_instances
    {
        warnings.push(not_acted_on(
            value,
            "MAX_INSTANCES above MIN_INSTANCES (autoscaling)",
        ));
    }
    if let Some(value) = &properties.log_level {
        warnings.push(not_acted_on(value, "LOG_LEVEL"));
    }
    warnings
}

/// The properties of a service that SET changes, checked together.
#[derive(Debug, Clone)]
struct Settings {
    min_instances: u32,
    max_instances: u32,
    min_ready_instances: u32,
    /// Written by the user, so it does not follow MIN_INSTANCES.
    max_given: bool,
    ready_given: bool,
    auto_suspend_secs: u64,
    auto_resume: bool,
    comment: Option<String>,
    query_warehouse: Option<String>,
    integrations: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_instances: 1,
            max_instances: 1,
            min_ready_instances: 1,
            max_given: false,
            ready_given: false,
            auto_suspend_secs: 0,
            auto_resume: true,
            comment: None,
            query_warehouse: None,
            integrations: Vec::new(),
        }
    }
}

impl Settings {
    fn of(record: &ServiceRecord) -> Self {
        Self {
            min_instances: record.min_instances,
            max_instances: record.max_instances,
            min_ready_instances: record.min_ready_instances,
            max_given: true,
            ready_given: true,
            auto_suspend_secs: record.auto_suspend_secs,
            auto_resume: record.auto_resume,
            comment: record.comment.clone(),
            query_warehouse: record.query_warehouse.clone(),
            integrations: record.external_access_integrations.clone(),
        }
    }

    /// `base` with the properties of a statement; all conflicts at once.
    fn read(properties: &ServiceProperties, base: &Self) -> Result<Self, Failure> {
        let mut settings = base.clone();
        let value = |spanned: &Option<Spanned<u32>>| spanned.as_ref().map(|found| found.value);
        if let Some(min) = value(&properties.min_instances) {
            settings.min_instances = min;
        }
        match value(&properties.max_instances) {
            Some(max) => settings.max_instances = max,
            None if !settings.max_given => settings.max_instances = settings.min_instances,
            None => {}
        }
        match value(&properties.min_ready_instances) {
            Some(ready) => settings.min_ready_instances = ready,
            None if !settings.ready_given => settings.min_ready_instances = settings.min_instances,
            None => {}
        }
        if let Some(seconds) = value(&properties.auto_suspend_secs) {
            settings.auto_suspend_secs = u64::from(seconds);
        }
        if let Some(auto_resume) = &properties.auto_resume {
            settings.auto_resume = auto_resume.value;
        }
        if let Some(comment) = &properties.comment {
            settings.comment = Some(comment.value.clone());
        }
        if let Some(warehouse) = &properties.query_warehouse {
            settings.query_warehouse = Some(warehouse.value.as_str().to_owned());
        }
        if let Some(integrations) = &properties.external_access_integrations {
            let names = integrations
                .value
                .iter()
                .map(|name| name.as_str().to_owned());
            settings.integrations = names.collect();
        }
        let diagnostics = settings.conflicts(properties);
        if diagnostics.is_empty() {
            Ok(settings)
        } else {
            Err(Failure { diagnostics })
        }
    }

    fn conflicts(&self, properties: &ServiceProperties) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let instances = [
            &properties.min_instances,
            &properties.max_instances,
            &properties.min_ready_instances,
        ];
        if let (Err(message), Some(value)) =
            (self.check(), instances.into_iter().flatten().next_back())
        {
            found.push(property_error(value, message));
        }
        if let Some(value) = &properties.auto_suspend_secs
            && (1..SHORTEST_AUTO_SUSPEND).contains(&value.value)
        {
            let message = format!(
                "AUTO_SUSPEND_SECS must be 0 (never) or at least {SHORTEST_AUTO_SUSPEND}, not {}",
                value.value
            );
            found.push(property_error(value, message));
        }
        found
    }

    fn check(&self) -> Result<(), String> {
        let Self {
            min_instances: min,
            max_instances: max,
            min_ready_instances: ready,
            ..
        } = self;
        if *min == 0 {
            return Err("MIN_INSTANCES must be at least 1".to_owned());
        }
        floe_rollout::InstanceCount::new(*max).map_err(|error| error.to_string())?;
        if max < min {
            return Err(format!(
                "MAX_INSTANCES ({max}) must not be less than MIN_INSTANCES ({min})"
            ));
        }
        if *ready == 0 || ready > min {
            return Err(format!(
                "MIN_READY_INSTANCES ({ready}) must be at least 1 and at most MIN_INSTANCES ({min})"
            ));
        }
        Ok(())
    }

    fn without(mut self, properties: &[Spanned<ServiceProperty>]) -> Self {
        let default = Self::default();
        for property in properties {
            match property.value {
                ServiceProperty::MinInstances => self.min_instances = default.min_instances,
                ServiceProperty::MaxInstances => self.max_instances = default.max_instances,
                ServiceProperty::MinReadyInstances => {
                    self.min_ready_instances = default.min_ready_instances;
                }
                ServiceProperty::AutoSuspendSecs => self.auto_suspend_secs = 0,
                ServiceProperty::AutoResume => self.auto_resume = true,
                ServiceProperty::Comment => self.comment = None,
                ServiceProperty::QueryWarehouse => self.query_warehouse = None,
                ServiceProperty::ExternalAccessIntegrations => self.integrations.clear(),
                // Never kept, so there is nothing to take back.
                ServiceProperty::LogLevel => {}
            }
        }
        self
    }

    fn write(&self, record: &mut ServiceRecord) {
        record.min_instances = self.min_instances;
        record.max_instances = self.max_instances;
        record.min_ready_instances = self.min_ready_instances;
        record.auto_suspend_secs = self.auto_suspend_secs;
        record.auto_resume = self.auto_resume;
        record.comment.clone_from(&self.comment);
        record.query_warehouse.clone_from(&self.query_warehouse);
        record
            .external_access_integrations
            .clone_from(&self.integrations);
    }
}
