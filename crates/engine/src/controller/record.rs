//! Between the record of a service and what its controller wants and is told.

use floe_rollout::{InstanceCount, Revision};
use floe_scale::{Bounds, Rules};

use super::{Change, Wanted};
use crate::catalog::{RevisionRecord, ServiceRecord};

impl Wanted {
    /// What a record says; `None` when its numbers make no sense, as in a damaged catalog.
    pub(crate) fn of(record: &ServiceRecord, rules: Rules) -> Option<Self> {
        Some(Self {
            revision: Revision(record.revision.number),
            bounds: Bounds::new(record.min_instances, record.max_instances).ok()?,
            count: InstanceCount::new(record.instances()).ok()?,
            min_ready: record.min_ready_instances,
            // What is dropped is stopped like what is suspended.
            suspended: record.suspended || record.dropping,
            upgrading: record.upgrading,
            rules,
        })
    }
}

impl Change {
    /// Puts the change into a record; false, and nothing is changed, when it is void: somebody
    /// wanted something newer since it was asked for.
    ///
    /// `earlier` is the revision that a way back leads to; `queries` is how many call the service.
    pub(crate) fn write(
        self,
        record: &mut ServiceRecord,
        earlier: Option<&RevisionRecord>,
        queries: u32,
        now_ms: u64,
    ) -> bool {
        let holds = match self {
            Self::UpgradeDone { revision } | Self::RollBack { from: revision, .. } => {
                record.upgrading && record.revision.number == revision.0
            }
            Self::Scale { from, to } => {
                let bounds = record.min_instances..=record.max_instances;
                record.instances() == from && bounds.contains(&to)
            }
            Self::Suspend => queries == 0,
        };
        if !holds || record.suspended || record.dropping {
            return false;
        }
        match self {
            Self::UpgradeDone { .. } => record.upgrading = false,
            Self::RollBack { from, to } => {
                let Some(earlier) = earlier.filter(|earlier| earlier.number == to.0) else {
                    return false;
                };
                record.last_revision = record.last_revision.max(from.0);
                record.revision = earlier.clone();
                record.updated_on = now_ms;
            }
            Self::Scale { to, .. } => record.scaled_to = Some(to),
            Self::Suspend => {
                record.suspended = true;
                // Whatever resumes starts every instance at the newest revision.
                record.upgrading = false;
                record.suspended_on = Some(now_ms);
                record.updated_on = now_ms;
            }
        }
        true
    }
}
