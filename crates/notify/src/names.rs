//! Names of the resources that are set up: a prefix, a hyphen and a suffix.
//!
//! The prefixes are those of "What is Auto Loader file notification mode?" in the documentation of
//! Databricks, so that resources are shared with the original.

mod error;

use std::fmt;

use crate::StreamId;
use crate::location::Cloud;

pub use error::NameError;

/// The default prefix on AWS and GCP.
pub const AUTO_INGEST_PREFIX: &str = "databricks-auto-ingest";
/// The default prefix on Azure.
pub const AZURE_PREFIX: &str = "databricks";

/// An SQS queue has at most 80 characters ("Amazon SQS queue quotas"); an SNS topic may have 256,
/// but both get one name.
pub const MAX_AWS_NAME: usize = 80;
/// An Azure queue has 3 to 63 characters ("Naming queues and metadata"); an event subscription may
/// have 64, but both get one name.
pub const MAX_AZURE_NAME: usize = 63;
/// A Pub/Sub topic or subscription has 3 to 255 characters ("Guidelines to name a topic or a
/// subscription").
pub const MAX_GCP_NAME: usize = 255;
/// The shortest name that Azure queues and Pub/Sub take.
const MIN_NAME: usize = 3;

/// The checked name of a queue, topic or subscription: `<prefix>-<suffix>`.
///
/// ```
/// use floe_notify::{Cloud, ResourceName};
///
/// let name = ResourceName::new(Cloud::Aws, None, "Trades")?;
/// assert_eq!(name.as_str(), "databricks-auto-ingest-Trades");
/// assert_eq!(name.suffix(), "Trades");
/// assert_eq!(ResourceName::new(Cloud::Azure, None, "trades")?.as_str(), "databricks-trades");
/// # Ok::<(), floe_notify::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceName {
    text: String,
    /// Bytes of the prefix, the hyphen not counted.
    prefix: usize,
}

impl ResourceName {
    /// Puts a name together; without a prefix the cloud's default is taken.
    ///
    /// # Errors
    ///
    /// [`NameError`] with what the cloud does not take. A directory of this machine has no named
    /// resources; its names follow the rules of AWS.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName};
    ///
    /// let error = ResourceName::new(Cloud::Azure, None, "Trades").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0024");
    /// ```
    pub fn new(cloud: Cloud, prefix: Option<&str>, suffix: &str) -> Result<Self, NameError> {
        let prefix = prefix.unwrap_or(default_prefix(cloud));
        for (part, text) in [("prefix", prefix), ("suffix", suffix)] {
            check_part(cloud, part, text)?;
        }
        let text = format!("{prefix}-{suffix}");
        check_whole(cloud, &text, suffix)?;
        Ok(ResourceName {
            text,
            prefix: prefix.len(),
        })
    }

    /// The name for the resources that a stream sets up by itself: the suffix is
    /// `query-<stream id>`.
    ///
    /// # Errors
    ///
    /// [`NameError`], when prefix and id together are too long.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName, StreamId};
    ///
    /// let id = StreamId::parse("0a1b2c3d-0000-4000-8000-00000000000f")?;
    /// assert_eq!(
    ///     ResourceName::of_stream(Cloud::Azure, None, &id)?.as_str(),
    ///     "databricks-query-0a1b2c3d-0000-4000-8000-00000000000f",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_stream(cloud: Cloud, prefix: Option<&str>, id: &StreamId) -> Result<Self, NameError> {
        Self::new(cloud, prefix, &format!("query-{id}"))
    }

    /// The whole name.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName};
    ///
    /// let name = ResourceName::new(Cloud::Gcp, Some("acme"), "orders")?;
    /// assert_eq!(name.as_str(), "acme-orders");
    /// # Ok::<(), floe_notify::NameError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the hyphen that joins the parts.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName};
    ///
    /// let name = ResourceName::new(Cloud::Gcp, None, "orders")?;
    /// assert_eq!(name.prefix(), "databricks-auto-ingest");
    /// # Ok::<(), floe_notify::NameError>(())
    /// ```
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.text.get(..self.prefix).unwrap_or_default()
    }

    /// What stands behind the hyphen that joins the parts.
    ///
    /// ```
    /// use floe_notify::{Cloud, ResourceName};
    ///
    /// assert_eq!(ResourceName::new(Cloud::Gcp, None, "orders")?.suffix(), "orders");
    /// # Ok::<(), floe_notify::NameError>(())
    /// ```
    #[must_use]
    pub fn suffix(&self) -> &str {
        self.text.get(self.prefix + 1..).unwrap_or_default()
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The prefix that a cloud's resources have when no other is given.
///
/// ```
/// use floe_notify::{Cloud, default_prefix};
///
/// assert_eq!(default_prefix(Cloud::Aws), "databricks-auto-ingest");
/// assert_eq!(default_prefix(Cloud::Azure), "databricks");
/// ```
#[must_use]
pub fn default_prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Azure => AZURE_PREFIX,
        Cloud::Aws | Cloud::Gcp | Cloud::Local => AUTO_INGEST_PREFIX,
    }
}

/// Whether a resource that was found in the cloud is named like one of ours. Only the prefix and
/// the hyphen count; whose it is, its tags tell.
///
/// ```
/// use floe_notify::has_prefix;
///
/// assert!(has_prefix("databricks-auto-ingest-Trades", "databricks-auto-ingest"));
/// assert!(!has_prefix("databricks-auto-ingested", "databricks-auto-ingest"));
/// ```
#[must_use]
pub fn has_prefix(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|suffix| !suffix.is_empty())
}

/// What a cloud takes in a name, for messages.
fn allowed(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aws | Cloud::Local => "letters, digits, '-' and '_'",
        Cloud::Azure => "lower-case letters, digits and '-'",
        Cloud::Gcp => "letters, digits, '-', '_', '.', '~', '+' and '%'",
    }
}

fn fits(cloud: Cloud, c: char) -> bool {
    match cloud {
        Cloud::Aws | Cloud::Local => c.is_ascii_alphanumeric() || "-_".contains(c),
        Cloud::Azure => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        Cloud::Gcp => c.is_ascii_alphanumeric() || "-_.~+%".contains(c),
    }
}

fn limits(cloud: Cloud) -> (usize, usize) {
    match cloud {
        Cloud::Aws | Cloud::Local => (1, MAX_AWS_NAME),
        Cloud::Azure => (MIN_NAME, MAX_AZURE_NAME),
        Cloud::Gcp => (MIN_NAME, MAX_GCP_NAME),
    }
}

fn check_part(cloud: Cloud, part: &'static str, text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty { part });
    }
    let mut wrong: Vec<char> = text.chars().filter(|c| !fits(cloud, *c)).collect();
    wrong.sort_unstable();
    wrong.dedup();
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong: Vec<String> = wrong
        .iter()
        .map(|c| format!("'{}'", c.escape_debug()))
        .collect();
    Err(NameError::Characters {
        cloud,
        part,
        text: text.to_owned(),
        wrong: wrong.join(", "),
        allowed: allowed(cloud),
    })
}

fn check_whole(cloud: Cloud, name: &str, suffix: &str) -> Result<(), NameError> {
    let (least, most) = limits(cloud);
    if !(least..=most).contains(&name.len()) {
        let taken = name.len() - suffix.len();
        return Err(NameError::Length {
            cloud,
            name: name.to_owned(),
            length: name.len(),
            least,
            most,
            room: most.saturating_sub(taken),
        });
    }
    let first = name.chars().next().unwrap_or_default();
    let last = name.chars().next_back().unwrap_or_default();
    let rule = match cloud {
        Cloud::Azure if name.contains("--") => Some("holds two hyphens in a row"),
        Cloud::Azure if first == '-' || last == '-' => Some("begins or ends with a hyphen"),
        Cloud::Gcp if !first.is_ascii_alphabetic() => Some("does not begin with a letter"),
        // Pub/Sub keeps these names for itself, whatever follows.
        Cloud::Gcp if name.starts_with("goog") => Some("begins with 'goog'"),
        _ => None,
    };
    match rule {
        Some(rule) => Err(NameError::Shape {
            cloud,
            name: name.to_owned(),
            rule,
        }),
        None => Ok(()),
    }
}
