//! What a stream needs to start.

use crate::aws::QueueUrl;
use crate::codes;
use crate::finding::Finding;
use crate::location::{Cloud, Location, Store};
use crate::names::{ResourceName, default_prefix};
use crate::options::{CleanSource, Options, keys};
use crate::tags::{StreamTags, Tags, WHOLE};

/// What is known when a stream starts, beside its options.
///
/// ```
/// let start = floe_notify::options::Start::default();
/// assert!(!start.has_schema);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Start<'a> {
    /// The directory that it reads, when there is one.
    pub path: Option<&'a Location>,
    /// Whether it is told the schema of its files.
    pub has_schema: bool,
}

impl Options {
    /// Everything that keeps a stream with these options from starting, or is doubtful about it;
    /// in addition to [`check`](Self::check).
    ///
    /// ```
    /// use floe_notify::options::Start;
    /// use floe_notify::{Location, Options};
    ///
    /// let (options, _) = Options::parse([("cloudFiles.useNotifications", "true")]);
    /// let findings = options.check_start(&Start::default());
    /// let subjects: Vec<_> = findings.iter().map(|it| it.subject.as_str()).collect();
    /// assert_eq!(subjects, ["cloudFiles.format", "path"]);
    ///
    /// let path = Location::parse("s3://acme/orders")?;
    /// let start = Start { path: Some(&path), has_schema: false };
    /// assert_eq!(options.check_start(&start).len(), 1);
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn check_start(&self, start: &Start<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.find(keys::FORMAT).is_none() {
            let message = "it is not said what the files hold";
            let finding = Finding::error(codes::MISSING_OPTION, keys::FORMAT.info().name, message);
            findings.push(finding.with_hint("write cloudFiles.format=json, or another format"));
        }
        findings.extend(self.path(start));
        if let Some(path) = start.path {
            findings.extend(self.of_cloud(path.cloud()));
            findings.extend(self.destination(path));
        }
        let notified = self.get(keys::USE_NOTIFICATIONS);
        if let Some(path) = start
            .path
            .filter(|_| notified && self.own_queue().is_none())
        {
            findings.extend(self.check_setup(path));
        }
        if let Some(url) = self.find(keys::QUEUE_URL)
            && let Err(error) = QueueUrl::parse(&url)
        {
            let name = keys::QUEUE_URL.info().name;
            findings.push(Finding::error(
                codes::BAD_IDENTIFIER,
                name,
                error.to_string(),
            ));
        }
        findings
    }

    /// What is missing or wrong for setting up the services of a directory, as a resource manager
    /// does.
    ///
    /// ```
    /// use floe_notify::{Location, Options};
    ///
    /// let path = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// let findings = Options::default().check_setup(&path);
    /// let subjects: Vec<_> = findings.iter().map(|it| it.subject.as_str()).collect();
    /// assert_eq!(
    ///     subjects,
    ///     ["cloudFiles.resourceGroup", "cloudFiles.subscriptionId", "cloudFiles.clientId"],
    /// );
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn check_setup(&self, path: &Location) -> Vec<Finding> {
        let cloud = path.cloud();
        let mut findings = Vec::new();
        if cloud == Cloud::Azure {
            for key in [keys::RESOURCE_GROUP, keys::SUBSCRIPTION_ID] {
                if !self.has(key.info().name) {
                    let message = "the option is required to set up notifications on Azure";
                    let name = key.info().name;
                    findings.push(Finding::error(codes::MISSING_OPTION, name, message));
                }
            }
            let names = [
                keys::CLIENT_ID.info().name,
                keys::SERVICE_CREDENTIAL.info().name,
            ];
            if !names.iter().any(|name| self.has(name)) {
                let message =
                    "event subscriptions are made by a service principal, and none is given";
                let finding =
                    Finding::error(codes::MISSING_OPTION, keys::CLIENT_ID.info().name, message);
                findings.push(finding.with_hint(
                    "give cloudFiles.clientId, clientSecret and tenantId, or \
                     databricks.serviceCredential",
                ));
            }
        }
        findings.extend(self.names_and_tags(cloud));
        findings
    }

    fn names_and_tags(&self, cloud: Cloud) -> Vec<Finding> {
        let mut findings = Vec::new();
        let prefix = self.find(keys::RESOURCE_PREFIX);
        // Any suffix will do: the prefix is what is checked.
        let prefix = prefix.as_deref().unwrap_or(default_prefix(cloud));
        if let Err(error) = ResourceName::new(cloud, Some(prefix), "0") {
            let name = keys::RESOURCE_PREFIX.info().name;
            findings.push(Finding::error(error.code(), name, error.to_string()));
        }
        let tags = self
            .tags()
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let (_, of_tags) = Tags::new(cloud, StreamTags::default(), tags);
        // Reserved keys are told by `check` already.
        let of_tags = of_tags
            .into_iter()
            .filter(|it| it.code != codes::RESERVED_TAG);
        findings.extend(of_tags.map(|finding| {
            let subject = match finding.subject.as_str() {
                WHOLE => keys::TAG_START.trim_end_matches('.').to_owned(),
                key => format!("{}{key}", keys::TAG_START),
            };
            Finding { subject, ..finding }
        }));
        findings
    }

    fn path(&self, start: &Start<'_>) -> Option<Finding> {
        if start.path.is_some() {
            return None;
        }
        if self.own_queue().is_none() || !self.get(keys::USE_NOTIFICATIONS) {
            let message = "it is not said which directory to read";
            let finding = Finding::error(codes::MISSING_OPTION, "path", message);
            return Some(finding.with_hint("give a path, or the queue to take events from"));
        }
        (!start.has_schema).then(|| {
            let message = "without a path the schema of the files cannot be inferred";
            let finding = Finding::error(codes::MISSING_OPTION, "path", message);
            finding.with_hint("give a schema, or a path")
        })
    }

    /// Options of clouds that the stream is not on.
    fn of_cloud(&self, cloud: Cloud) -> Vec<Finding> {
        let others = keys::ALL.iter().filter(|info| {
            let of = info.group.cloud();
            of.is_some_and(|of| of != cloud) && self.has(info.name)
        });
        let message = format!("the option has no effect, because the files are on {cloud}");
        others
            .map(|info| Finding::warning(codes::DOUBTFUL_OPTION, info.name, message.clone()))
            .collect()
    }

    /// Where processed files are moved must not be found again.
    fn destination(&self, path: &Location) -> Option<Finding> {
        let written = self.find(keys::CLEAN_SOURCE_MOVE_DESTINATION)?;
        if self.get(keys::CLEAN_SOURCE) != CleanSource::Move {
            return None;
        }
        let name = keys::CLEAN_SOURCE_MOVE_DESTINATION.info().name;
        let destination = match Location::parse(&written) {
            Ok(destination) => destination,
            Err(error) => return Some(Finding::error(error.code(), name, error.to_string())),
        };
        if !is_same_store(destination.store(), path.store()) {
            let message = "files are moved into another bucket or container, which copies them";
            return Some(Finding::warning(codes::DOUBTFUL_OPTION, name, message));
        }
        let inside = path.watches(&destination.key_prefix());
        inside.then(|| {
            let message =
                format!("{written} lies in {path}, where moved files would be found again");
            Finding::error(codes::OUT_OF_RANGE, name, message)
        })
    }
}

/// One container is the same through both of an account's hosts (`dfs` and `blob`).
fn is_same_store(one: &Store, other: &Store) -> bool {
    match (one, other) {
        (
            Store::Azure {
                account: a,
                container: c,
                ..
            },
            Store::Azure {
                account: b,
                container: d,
                ..
            },
        ) => a == b && c == d,
        _ => one == other,
    }
}
