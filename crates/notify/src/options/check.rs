//! What options mean together: the rules of "Auto Loader options", all told at once.

mod clean;
mod login;
mod start;

use super::{Group, IncrementalListing, Interval, Options, keys};
use crate::codes;
use crate::finding::{Finding, Level};
use crate::tags::RESERVED_KEYS;

pub use start::Start;

/// What managed file events do not go together with ("Migrate to Auto Loader with file events").
const NOT_MANAGED: [&str; 5] = [
    "cloudFiles.useIncrementalListing",
    "cloudFiles.useNotifications",
    "cloudFiles.fetchParallelism",
    "cloudFiles.backfillInterval",
    "cloudFiles.pathRewrites",
];
/// The least that the documentation recommends for `maxFileAge`: the longest that SQS keeps a
/// message.
const LEAST_FILE_AGE: Interval = Interval::from_days(14);

impl Options {
    /// Everything that is wrong or doubtful, as far as it can be told before a stream starts.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::{IncrementalListing, keys};
    ///
    /// let mut options = Options::default();
    /// options
    ///     .set(keys::USE_NOTIFICATIONS, true)
    ///     .set(keys::USE_INCREMENTAL_LISTING, IncrementalListing::Always);
    /// assert_eq!(options.check()[0].code, "FLOE-NOTIFY-0043");
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.ranges();
        findings.extend(self.modes());
        findings.extend(self.managed());
        findings.extend(self.without_notifications());
        if !self.get(keys::VALIDATE_OPTIONS) {
            findings
                .iter_mut()
                .for_each(|finding| finding.level = Level::Warning);
        }
        // What follows would lose data or fail later, and is an error whatever is validated.
        findings.extend(self.not_there());
        if let Err(error) = self.location() {
            let name = keys::PATH.info().name;
            findings.push(Finding::error(error.code(), name, error.to_string()));
        }
        findings.extend(self.positive());
        findings.extend(clean::check(self));
        findings.extend(login::check(self));
        findings.extend(self.reserved_tags());
        findings.sort_by_key(|finding| finding.level);
        findings
    }

    fn positive(&self) -> Vec<Finding> {
        let zero = |is_zero: bool, name: &str| {
            let message = "the value must be positive";
            is_zero.then(|| Finding::error(codes::OUT_OF_RANGE, name, message))
        };
        let none = Interval::from_days(0);
        [
            zero(
                self.get(keys::MAX_FILES_PER_TRIGGER) == 0,
                keys::MAX_FILES_PER_TRIGGER.info().name,
            ),
            zero(
                self.find(keys::MAX_BYTES_PER_TRIGGER)
                    .is_some_and(|size| size.bytes() == 0),
                keys::MAX_BYTES_PER_TRIGGER.info().name,
            ),
            zero(
                self.get(keys::FETCH_PARALLELISM) == 0,
                keys::FETCH_PARALLELISM.info().name,
            ),
            zero(
                self.find(keys::BACKFILL_INTERVAL) == Some(none),
                keys::BACKFILL_INTERVAL.info().name,
            ),
            zero(
                self.find(keys::MAX_FILE_AGE) == Some(none),
                keys::MAX_FILE_AGE.info().name,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn ranges(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self
            .find(keys::MAX_FILE_AGE)
            .is_some_and(|age| age < LEAST_FILE_AGE)
        {
            let message = format!(
                "files are remembered for less than {LEAST_FILE_AGE}; a file whose message comes \
                 later is taken for old and left out"
            );
            let name = keys::MAX_FILE_AGE.info().name;
            let finding = Finding::warning(codes::DOUBTFUL_OPTION, name, message);
            findings.push(finding.with_hint("90 days are recommended"));
        }
        let bounds = (
            self.find(keys::MODIFIED_AFTER),
            self.find(keys::MODIFIED_BEFORE),
        );
        if let (Some(after), Some(before)) = bounds
            && after >= before
        {
            let message = format!("no file is modified after {after} and before {before}");
            let name = keys::MODIFIED_AFTER.info().name;
            findings.push(Finding::warning(codes::DOUBTFUL_OPTION, name, message));
        }
        findings
    }

    fn modes(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let name = keys::USE_INCREMENTAL_LISTING.info().name;
        let incremental = self.get(keys::USE_INCREMENTAL_LISTING) != IncrementalListing::Never;
        if incremental && self.get(keys::USE_NOTIFICATIONS) {
            let message = "files are found either by notification or by incremental listing";
            let finding = Finding::error(codes::EXCLUDING_OPTIONS, name, message);
            findings.push(finding.with_hint("leave out one of the two options"));
        } else if incremental {
            let message = "the option is deprecated: files whose names do not grow are not found";
            let finding = Finding::warning(codes::DOUBTFUL_OPTION, name, message);
            findings.push(finding.with_hint("use notifications, or list the whole directory"));
        }
        let queues: Vec<&str> = [keys::QUEUE_URL, keys::QUEUE_NAME, keys::SUBSCRIPTION]
            .iter()
            .map(|key| key.info().name)
            .filter(|name| self.has(name))
            .collect();
        if let [first, others @ ..] = queues.as_slice()
            && !others.is_empty()
        {
            let message = format!("queues of several clouds are given: {}", queues.join(", "));
            findings.push(Finding::error(codes::EXCLUDING_OPTIONS, first, message));
        }
        if self.has(keys::PATH_REWRITES.info().name) && queues.is_empty() {
            let message = "paths are rewritten only for a queue of yours, and none is given";
            let name = keys::PATH_REWRITES.info().name;
            findings.push(Finding::warning(codes::DOUBTFUL_OPTION, name, message));
        }
        findings.extend(self.idle_setup(&queues));
        findings
    }

    /// Options of a set-up that does not happen, because the queue is there.
    fn idle_setup(&self, queues: &[&str]) -> Vec<Finding> {
        let Some(queue) = queues.first() else {
            return Vec::new();
        };
        let idle = keys::ALL.iter().filter(|info| {
            // The region is also needed to take messages.
            let of_setup =
                matches!(info.group, Group::Setup(_)) && info.name != keys::REGION.info().name;
            (of_setup || info.name == keys::RESOURCE_PREFIX.info().name) && self.has(info.name)
        });
        let message = format!("nothing is set up, because `{queue}` is given");
        let mut findings: Vec<Finding> = idle
            .map(|info| Finding::warning(codes::DOUBTFUL_OPTION, info.name, message.clone()))
            .collect();
        if !self.tags.is_empty() {
            let name = keys::TAG_START.trim_end_matches('.');
            findings.push(Finding::warning(codes::DOUBTFUL_OPTION, name, message));
        }
        findings
    }

    fn managed(&self) -> Vec<Finding> {
        if !self.get(keys::USE_MANAGED_FILE_EVENTS) {
            return Vec::new();
        }
        let name = keys::USE_MANAGED_FILE_EVENTS.info().name;
        let tags = (!self.tags.is_empty()).then_some("cloudFiles.resourceTag");
        let given = NOT_MANAGED
            .into_iter()
            .filter(|name| self.has(name))
            .chain(tags);
        let message = format!("the option does not go together with `{name}`");
        given
            .map(|other| {
                Finding::error(codes::EXCLUDING_OPTIONS, other, message.clone())
                    .with_hint("leave out one of the two options")
            })
            .collect()
    }

    fn not_there(&self) -> Option<Finding> {
        self.get(keys::USE_MANAGED_FILE_EVENTS).then(|| {
            let name = keys::USE_MANAGED_FILE_EVENTS.info().name;
            let message = "managed file events are a service of Databricks and not there here";
            Finding::error(codes::DOUBTFUL_OPTION, name, message)
                .with_hint("write cloudFiles.useNotifications=true")
        })
    }

    /// Options of notifications in a stream that lists.
    fn without_notifications(&self) -> Vec<Finding> {
        let managed = self.get(keys::USE_MANAGED_FILE_EVENTS);
        if self.get(keys::USE_NOTIFICATIONS) || managed {
            return Vec::new();
        }
        let logins: Vec<&str> = keys::ALL
            .iter()
            .filter(|info| matches!(info.group, Group::Login(_)) && self.has(info.name))
            .map(|info| info.name)
            .collect();
        let mut findings = Vec::new();
        if let Some(first) = logins.first() {
            let message = format!(
                "credentials for notifications are given ({}), but the stream lists its directory",
                logins.join(", ")
            );
            let finding = Finding::error(codes::NEEDS_NOTIFICATIONS, first, message);
            findings.push(finding.with_hint(
                "write cloudFiles.useNotifications=true, or cloudFiles.validateOptions=false",
            ));
        }
        let idle = keys::ALL.iter().filter(|info| {
            let mode = [
                keys::USE_NOTIFICATIONS.info().name,
                keys::USE_MANAGED_FILE_EVENTS.info().name,
            ];
            let of_events = match info.group {
                Group::Notification => !mode.contains(&info.name),
                Group::Setup(_) | Group::Own(_) => true,
                Group::Common | Group::Listing | Group::Login(_) => false,
            };
            of_events && self.has(info.name)
        });
        findings.extend(idle.map(|info| {
            let message = "the option has no effect, because the stream lists its directory";
            Finding::warning(codes::NEEDS_NOTIFICATIONS, info.name, message)
                .with_hint("write cloudFiles.useNotifications=true")
        }));
        findings
    }

    fn reserved_tags(&self) -> Vec<Finding> {
        let is_reserved = |key: &&String| {
            RESERVED_KEYS
                .iter()
                .any(|name| name.eq_ignore_ascii_case(key))
        };
        let reserved = self.tags.keys().filter(is_reserved);
        reserved
            .map(|key| {
                let name = format!("{}{key}", keys::TAG_START);
                let message = "the tag is set by the system and cannot be given";
                Finding::error(codes::RESERVED_TAG, &name, message).with_hint("choose another key")
            })
            .collect()
    }
}
