//! One notification configuration of a bucket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{GcpError, topic_path};

/// The event of every new object and every new generation of one.
pub const OBJECT_FINALIZE: &str = "OBJECT_FINALIZE";
/// What stands before the topic's name.
const TOPIC_HOST: &str = "//pubsub.googleapis.com/";
/// The longest list of configurations that is read; a bucket has 100 at most.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What the messages carry.
///
/// ```
/// use floe_notify::gcp::PayloadFormat;
///
/// assert_eq!(PayloadFormat::default(), PayloadFormat::Json);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PayloadFormat {
    /// The object's metadata, with its size.
    #[default]
    Json,
    /// Nothing but attributes.
    None,
}

/// The configuration that makes a bucket tell a topic of new objects below a prefix ("Pub/Sub
/// notifications for Cloud Storage").
///
/// ```
/// use floe_notify::gcp::NotificationConfig;
///
/// let config = NotificationConfig::new("acme", "databricks-auto-ingest-orders", "orders/");
/// assert!(config.to_json().contains("\"object_name_prefix\": \"orders/\""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationConfig {
    /// The topic, `projects/<project>/topics/<topic>`.
    pub topic: String,
    /// What the names of the objects begin with; empty for the whole bucket.
    pub prefix: String,
    /// What the messages carry.
    pub payload: PayloadFormat,
    /// Attributes that every message gets.
    pub custom_attributes: BTreeMap<String, String>,
}

impl NotificationConfig {
    /// A configuration with the payload that a stream reads, and without attributes.
    ///
    /// ```
    /// use floe_notify::gcp::NotificationConfig;
    ///
    /// let config = NotificationConfig::new("acme", "orders", "");
    /// assert_eq!(config.topic, "projects/acme/topics/orders");
    /// assert!(!config.to_json().contains("object_name_prefix"));
    /// ```
    #[must_use]
    pub fn new(project: &str, topic: &str, prefix: &str) -> Self {
        NotificationConfig {
            topic: topic_path(project, topic),
            prefix: prefix.to_owned(),
            payload: PayloadFormat::default(),
            custom_attributes: BTreeMap::new(),
        }
    }

    /// The body that makes the configuration, two spaces deep.
    ///
    /// ```
    /// use floe_notify::gcp::NotificationConfig;
    ///
    /// let text = NotificationConfig::new("acme", "orders", "").to_json();
    /// let body: serde_json::Value = serde_json::from_str(&text)?;
    /// assert_eq!(body["topic"], "//pubsub.googleapis.com/projects/acme/topics/orders");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::json::pretty(&Body {
            kind: "storage#notification",
            topic: format!("{TOPIC_HOST}{}", self.topic),
            event_types: [OBJECT_FINALIZE],
            object_name_prefix: &self.prefix,
            payload_format: match self.payload {
                PayloadFormat::Json => "JSON_API_V1",
                PayloadFormat::None => "NONE",
            },
            custom_attributes: &self.custom_attributes,
        })
    }
}

/// A configuration that a bucket has, whoever made it.
///
/// ```
/// use floe_notify::gcp::Existing;
///
/// let text = r#"{"items": [{"id": "8", "topic": "t", "event_types": ["OBJECT_DELETE"]}]}"#;
/// assert!(!Existing::parse_list(text)?[0].tells_of_new_objects());
/// # Ok::<(), floe_notify::gcp::GcpError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Its id, a number.
    pub id: String,
    /// The topic, `projects/<project>/topics/<topic>`.
    pub topic: String,
    /// The events it is about; empty for all.
    pub event_types: Vec<String>,
    /// What the names of the objects begin with; empty for the whole bucket.
    pub prefix: String,
}

impl Existing {
    /// Reads the list of a bucket's configurations, as the service returns it.
    ///
    /// # Errors
    ///
    /// [`GcpError::Unreadable`].
    ///
    /// ```
    /// use floe_notify::gcp::Existing;
    ///
    /// let list = Existing::parse_list(
    ///     r#"{"items": [{"id": "8", "topic": "//pubsub.googleapis.com/projects/p/topics/t"}]}"#,
    /// )?;
    /// assert_eq!(list[0].topic, "projects/p/topics/t");
    /// assert!(Existing::parse_list("{}")?.is_empty());
    /// # Ok::<(), floe_notify::gcp::GcpError>(())
    /// ```
    pub fn parse_list(text: &str) -> Result<Vec<Self>, GcpError> {
        if text.len() > MAX_BYTES {
            let reason = format!("it has {} bytes; {MAX_BYTES} are read", text.len());
            return Err(GcpError::Unreadable { reason });
        }
        // A struct would also be read from an array, its fields in order.
        if !text.trim_start().starts_with('{') {
            let reason = "it is no JSON object".to_owned();
            return Err(GcpError::Unreadable { reason });
        }
        let list: List = serde_json::from_str(text).map_err(|error| GcpError::Unreadable {
            reason: error.to_string(),
        })?;
        Ok(list.items.into_iter().map(Item::into_existing).collect())
    }

    /// Whether it tells of new objects.
    ///
    /// ```
    /// use floe_notify::gcp::Existing;
    ///
    /// let all = Existing::parse_list(r#"{"items": [{"id": "8", "topic": "t"}]}"#)?;
    /// assert!(all[0].tells_of_new_objects());
    /// # Ok::<(), floe_notify::gcp::GcpError>(())
    /// ```
    #[must_use]
    pub fn tells_of_new_objects(&self) -> bool {
        self.event_types.is_empty()
            || self
                .event_types
                .iter()
                .any(|event| event == OBJECT_FINALIZE)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    kind: &'static str,
    topic: String,
    event_types: [&'static str; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    object_name_prefix: &'a str,
    payload_format: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_attributes: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    topic: String,
    #[serde(default)]
    event_types: Vec<String>,
    #[serde(default)]
    object_name_prefix: String,
}

impl Item {
    fn into_existing(self) -> Existing {
        let topic = self
            .topic
            .strip_prefix(TOPIC_HOST)
            .unwrap_or(&self.topic)
            .to_owned();
        Existing {
            id: self.id,
            topic,
            event_types: self.event_types,
            prefix: self.object_name_prefix,
        }
    }
}
