//! The properties of a service: what may stand beside what.

use floe_sql::{ServiceProperties, ServiceProperty, Spanned};

use crate::catalog::ServiceRecord;
use crate::error::{Diagnostic, Failure};
use crate::statements::property_error;

/// Smallest AUTO_SUSPEND_SECS that is not 0 (Snowflake documentation, "CREATE SERVICE").
const SHORTEST_AUTO_SUSPEND: u32 = 300;

/// The properties of a service that SET changes, checked together.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) min_instances: u32,
    pub(super) max_instances: u32,
    min_ready_instances: u32,
    /// Written by the user, so it does not follow MIN_INSTANCES.
    max_given: bool,
    ready_given: bool,
    pub(super) auto_suspend_secs: u64,
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
    pub(super) fn of(record: &ServiceRecord) -> Self {
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
    pub(super) fn read(properties: &ServiceProperties, base: &Self) -> Result<Self, Failure> {
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

    pub(super) fn check(&self) -> Result<(), String> {
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

    pub(super) fn without(mut self, properties: &[Spanned<ServiceProperty>]) -> Self {
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

    pub(super) fn write(&self, record: &mut ServiceRecord) {
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
