//! The revisions of the simulated service, and how each behaves.

use std::time::Duration;

use floe_runtime::sim::Script;

use crate::catalog::{RevisionRecord, ServiceRecord};

/// How a revision behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Good,
    /// Becomes READY late.
    Slow,
    /// Never becomes READY.
    Never,
    /// Ends again and again, soon after it was started.
    Crashes,
    /// Is READY and ends now and then.
    Flaky,
    /// Ends only when it is killed.
    Stubborn,
}

impl Kind {
    pub(super) fn script(self) -> Script {
        let seconds = Duration::from_secs;
        let good = Script::default();
        match self {
            Self::Good => good,
            Self::Slow => Script {
                ready_after: Some(seconds(90)),
                ..good
            },
            Self::Never => Script {
                ready_after: None,
                ..good
            },
            Self::Crashes => Script {
                exits: Some((seconds(1), 1)),
                ready_after: None,
                ..good
            },
            Self::Flaky => Script {
                exits: Some((seconds(100), 1)),
                ..good
            },
            Self::Stubborn => Script {
                stop_after: seconds(3_600),
                ..good
            },
        }
    }
}

pub(super) fn image(number: u64) -> String {
    format!("/floe/public/repo/app:{number}")
}

pub(super) fn revision(number: u64) -> RevisionRecord {
    RevisionRecord {
        number,
        text: String::new(),
        canonical: String::new(),
        digest: number.to_string(),
        images: Vec::new(),
    }
}

pub(super) fn record(min: u32, max: u32) -> ServiceRecord {
    ServiceRecord {
        uid: 1,
        name: "S".to_owned(),
        pool: "P".to_owned(),
        min_instances: min,
        max_instances: max,
        min_ready_instances: 1,
        scaled_to: None,
        auto_suspend_secs: 0,
        auto_resume: true,
        comment: None,
        query_warehouse: None,
        external_access_integrations: Vec::new(),
        created_on: 0,
        updated_on: 0,
        resumed_on: None,
        suspended_on: None,
        suspended: false,
        dropping: false,
        upgrading: false,
        revision: revision(1),
        last_revision: 1,
    }
}
