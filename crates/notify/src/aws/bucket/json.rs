//! The configuration as `aws s3api get-bucket-notification-configuration` prints it.

mod wire;

use std::fmt::Write as _;

use super::{BucketConfiguration, BucketError, Change, DestinationKind, Entry, Held};

/// The longest text that is read: a hundred entries have some tens of kilobytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The lists of entries, with the key of the destination in them.
const LISTS: [(DestinationKind, &str, &str); 3] = [
    (DestinationKind::Topic, "TopicConfigurations", "TopicArn"),
    (DestinationKind::Queue, "QueueConfigurations", "QueueArn"),
    (
        DestinationKind::Lambda,
        "LambdaFunctionConfigurations",
        "LambdaFunctionArn",
    ),
];

/// A notification configuration in the form of JSON. What is not ours is written back byte for
/// byte: entries with all their spaces and unknown fields, unknown keys, and the order of the keys.
///
/// ```
/// use floe_notify::aws::bucket::{Change, Entry, JsonConfiguration};
///
/// let text = r#"{"EventBridgeConfiguration": {}}"#;
/// let read = JsonConfiguration::parse(text)?;
/// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
/// let Change::Write(merged) = read.merge(&ours)? else { unreachable!() };
/// assert!(merged.to_json().contains("\"EventBridgeConfiguration\": {}"));
/// assert!(merged.to_json().contains("\"TopicArn\": \"arn:aws:sns:eu-west-1:1:orders\""));
/// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonConfiguration {
    configuration: BucketConfiguration<String>,
    /// The keys in the order they were read, with the raw value of those that hold no entries.
    keys: Vec<(String, Option<String>)>,
}

impl JsonConfiguration {
    /// Reads a configuration; the empty text, which is what the command prints for a bucket
    /// without notifications, is one, too.
    ///
    /// # Errors
    ///
    /// [`BucketError::Unreadable`].
    ///
    /// ```
    /// use floe_notify::aws::bucket::JsonConfiguration;
    ///
    /// assert!(JsonConfiguration::parse("")?.configuration().entries().is_empty());
    /// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, BucketError> {
        if text.len() > MAX_BYTES {
            return Err(unreadable(format!(
                "it has {} bytes; {MAX_BYTES} are read",
                text.len()
            )));
        }
        let mut entries = Vec::new();
        let mut keys: Vec<(String, Option<String>)> = Vec::new();
        for (key, raw) in wire::object(text)? {
            if keys.iter().any(|(known, _)| *known == key) {
                return Err(unreadable(format!("the key {key} stands twice in it")));
            }
            let list = LISTS.iter().find(|(_, list, _)| *list == key);
            match list {
                Some((kind, ..)) => {
                    entries.extend(wire::entries(*kind, &raw)?);
                    keys.push((key, None));
                }
                None => keys.push((key, Some(raw))),
            }
        }
        Ok(JsonConfiguration {
            configuration: BucketConfiguration::new(entries),
            keys,
        })
    }

    /// What was read, each entry with its raw text.
    ///
    /// ```
    /// use floe_notify::aws::bucket::JsonConfiguration;
    ///
    /// let read = JsonConfiguration::parse("{}")?;
    /// assert!(read.configuration().entries().is_empty());
    /// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
    /// ```
    #[must_use]
    pub fn configuration(&self) -> &BucketConfiguration<String> {
        &self.configuration
    }

    /// [`BucketConfiguration::merge`].
    ///
    /// # Errors
    ///
    /// [`BucketError`], as there.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{Change, Entry, JsonConfiguration};
    ///
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "");
    /// let change = JsonConfiguration::parse("{}")?.merge(&ours)?;
    /// assert!(matches!(change, Change::Write(_)));
    /// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
    /// ```
    pub fn merge(&self, ours: &Entry) -> Result<Change<Self>, BucketError> {
        Ok(self.with(self.configuration.merge(ours)?))
    }

    /// [`BucketConfiguration::remove`].
    ///
    /// ```
    /// use floe_notify::aws::bucket::{Change, Entry, JsonConfiguration};
    ///
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "");
    /// assert_eq!(JsonConfiguration::parse("{}")?.remove(&ours), Change::Unchanged);
    /// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
    /// ```
    #[must_use]
    pub fn remove(&self, ours: &Entry) -> Change<Self> {
        self.with(self.configuration.remove(ours))
    }

    fn with(&self, change: Change<BucketConfiguration<String>>) -> Change<Self> {
        match change {
            Change::Unchanged => Change::Unchanged,
            Change::Write(configuration) => Change::Write(JsonConfiguration {
                configuration,
                keys: self.keys.clone(),
            }),
        }
    }

    /// The configuration as JSON, four spaces deep, as the command prints it and its counterpart
    /// reads it. Lists without entries are left out.
    ///
    /// ```
    /// use floe_notify::aws::bucket::JsonConfiguration;
    ///
    /// assert_eq!(JsonConfiguration::parse("")?.to_json(), "{}\n");
    /// # Ok::<(), floe_notify::aws::bucket::BucketError>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let missing = LISTS.iter().filter(|(_, list, _)| !self.has_key(list));
        let lists: Vec<(&str, Option<&str>)> = missing.map(|(_, list, _)| (*list, None)).collect();
        let read = self
            .keys
            .iter()
            .map(|(key, raw)| (key.as_str(), raw.as_deref()));
        let members: Vec<String> = read
            .chain(lists)
            .filter_map(|(key, raw)| self.member(key, raw))
            .collect();
        if members.is_empty() {
            return "{}\n".to_owned();
        }
        format!("{{\n{}\n}}\n", members.join(",\n"))
    }

    fn has_key(&self, name: &str) -> bool {
        self.keys.iter().any(|(key, _)| key == name)
    }

    fn member(&self, key: &str, raw: Option<&str>) -> Option<String> {
        let name = crate::json::line(&key);
        if let Some(raw) = raw {
            return Some(format!("    {name}: {raw}"));
        }
        let (kind, _, arn) = LISTS.iter().find(|(_, list, _)| *list == key)?;
        let entries: Vec<String> = self
            .configuration
            .entries()
            .iter()
            .filter(|held| held.entry.kind == *kind)
            .map(|held| text_of(held, arn))
            .collect();
        if entries.is_empty() {
            return None;
        }
        let mut text = format!("    {name}: [\n");
        let _ = write!(text, "        {}\n    ]", entries.join(",\n        "));
        Some(text)
    }
}

fn text_of(held: &Held<String>, arn: &str) -> String {
    match &held.payload {
        Some(raw) => raw.clone(),
        None => wire::text(&held.entry, arn),
    }
}

fn unreadable(reason: String) -> BucketError {
    BucketError::Unreadable { reason }
}
