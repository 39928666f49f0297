//! What has to be done to a bucket so that a stream is told of its files.

use super::{Existing, GcpError, NotificationConfig};
use crate::names::has_prefix;

/// So many notification configurations a bucket may have ("Pub/Sub notifications for Cloud
/// Storage").
pub const MAX_CONFIGS: usize = 100;
/// So many of them may be set to trigger for one event (the same page).
pub const MAX_CONFIGS_FOR_EVENT: usize = 10;

/// What has to be done to a bucket.
///
/// ```
/// use floe_notify::gcp::{NotificationConfig, Plan, plan};
///
/// let ours = NotificationConfig::new("acme", "orders", "");
/// assert!(matches!(plan(&[], &ours, "databricks-auto-ingest"), Ok(Plan::Insert(_))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// A configuration for our topic is there.
    Reuse {
        /// Its id.
        id: String,
    },
    /// Ours has to be inserted.
    Insert(NotificationConfig),
    /// The bucket takes no more, but another topic of ours is told of the same files, and maybe of
    /// others: the subscription is made on that topic, and the client drops what it does not watch.
    Share {
        /// The topic, `projects/<project>/topics/<topic>`.
        topic: String,
        /// The prefix that topic is told of.
        prefix: String,
    },
}

/// Decides how a bucket tells our topic, given what it is configured to do already.
///
/// A bucket has ten configurations at most for the event of new objects, so beyond ten streams
/// topics are shared: one that has our `resource_prefix` and is told of all our files is taken,
/// the narrowest first.
///
/// # Errors
///
/// [`GcpError`], when our topic is told of another prefix, or nothing can be shared.
///
/// ```
/// use floe_notify::gcp::{Existing, NotificationConfig, Plan, plan};
///
/// let ours = NotificationConfig::new("acme", "databricks-auto-ingest-orders", "orders/");
/// let prefix = "databricks-auto-ingest";
/// assert_eq!(plan(&[], &ours, prefix)?, Plan::Insert(ours.clone()));
///
/// let whole = |id: usize| Existing {
///     id: id.to_string(),
///     topic: format!("projects/acme/topics/databricks-auto-ingest-{id}"),
///     event_types: vec!["OBJECT_FINALIZE".to_owned()],
///     prefix: String::new(),
/// };
/// let full: Vec<Existing> = (0..10).map(whole).collect();
/// let Plan::Share { topic, .. } = plan(&full, &ours, prefix)? else { unreachable!() };
/// assert_eq!(topic, "projects/acme/topics/databricks-auto-ingest-0");
/// # Ok::<(), floe_notify::gcp::GcpError>(())
/// ```
pub fn plan(
    existing: &[Existing],
    ours: &NotificationConfig,
    resource_prefix: &str,
) -> Result<Plan, GcpError> {
    let mut of_topic = existing.iter().filter(|config| config.topic == ours.topic);
    if let Some(config) = of_topic.clone().find(|config| fits(config, ours)) {
        return Ok(Plan::Reuse {
            id: config.id.clone(),
        });
    }
    if let Some(config) = of_topic.find(|config| config.tells_of_new_objects()) {
        return Err(GcpError::OtherPrefix {
            topic: ours.topic.clone(),
            has: config.prefix.clone(),
            wanted: ours.prefix.clone(),
        });
    }
    let for_event = existing
        .iter()
        .filter(|config| config.tells_of_new_objects())
        .count();
    if for_event < MAX_CONFIGS_FOR_EVENT && existing.len() < MAX_CONFIGS {
        return Ok(Plan::Insert(ours.clone()));
    }
    shared(existing, ours, resource_prefix).ok_or_else(|| GcpError::TooMany {
        count: existing.len(),
        for_event,
        prefix: ours.prefix.clone(),
    })
}

fn fits(config: &Existing, ours: &NotificationConfig) -> bool {
    config.tells_of_new_objects() && config.prefix == ours.prefix
}

fn shared(existing: &[Existing], ours: &NotificationConfig, prefix: &str) -> Option<Plan> {
    let is_ours = |topic: &str| {
        let name = topic.rsplit('/').next().unwrap_or_default();
        has_prefix(name, prefix)
    };
    let covering = existing.iter().filter(|config| {
        config.tells_of_new_objects()
            && ours.prefix.starts_with(&config.prefix)
            && is_ours(&config.topic)
    });
    // The first of the narrowest ones; `max_by_key` would take the last.
    let narrowest = covering.reduce(|best, config| {
        if config.prefix.len() > best.prefix.len() {
            config
        } else {
            best
        }
    })?;
    Some(Plan::Share {
        topic: narrowest.topic.clone(),
        prefix: narrowest.prefix.clone(),
    })
}
