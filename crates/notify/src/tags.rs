//! Tags of the resources that are set up, and what each cloud makes of them.

mod check;

use std::collections::BTreeMap;

use crate::StreamId;
use crate::codes;
use crate::finding::Finding;
use crate::location::Cloud;

/// The tag that names the system.
pub const VENDOR: &str = "vendor";
/// What [`VENDOR`] is set to, so that the original finds the resources, too.
pub const VENDOR_VALUE: &str = "Databricks";
/// The tag that holds the path of the stream; not on GCP.
pub const PATH: &str = "path";
/// The tag that holds the checkpoint of the stream; not on GCP.
pub const CHECKPOINT_LOCATION: &str = "checkpointLocation";
/// The tag that holds the id of the stream.
pub const STREAM_ID: &str = "streamId";
/// The tag that says that we made a resource; the original does not set it.
pub const MARK: &str = "floe";
/// What [`MARK`] is set to.
pub const MARK_VALUE: &str = "created";

/// The keys that are set by the system, and by nobody else.
pub const RESERVED_KEYS: [&str; 5] = [VENDOR, PATH, CHECKPOINT_LOCATION, STREAM_ID, MARK];

/// The subject of findings about all tags together.
pub(crate) const WHOLE: &str = "all tags";

/// What the default tags are made of.
///
/// ```
/// let stream = floe_notify::StreamTags { path: Some("s3://acme/orders"), ..Default::default() };
/// assert_eq!(stream.id, None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamTags<'a> {
    /// The path that the stream reads.
    pub path: Option<&'a str>,
    /// The checkpoint of the stream; resources that were set up by hand have none.
    pub checkpoint_location: Option<&'a str>,
    /// The id of the stream; resources that were set up by hand have none.
    pub id: Option<&'a StreamId>,
}

/// The tags of a resource, in the order of their keys as the cloud writes them.
///
/// ```
/// use floe_notify::{Cloud, StreamTags, Tags};
///
/// let stream = StreamTags { path: Some("s3://acme/orders"), ..Default::default() };
/// let (tags, findings) = Tags::new(Cloud::Aws, stream, [("team", "sales")]);
/// assert!(findings.is_empty());
/// assert_eq!(tags.get("vendor"), Some("Databricks"));
/// assert_eq!(tags.get("path"), Some("s3://acme/orders"));
/// assert_eq!(tags.get("team"), Some("sales"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    cloud: Cloud,
    pairs: BTreeMap<String, String>,
}

impl Tags {
    /// The default tags of a stream together with those of the user (`cloudFiles.resourceTag.*`).
    ///
    /// Default tags are set as far as the cloud takes them; one that it does not take is left out,
    /// with a warning. A tag of the user that cannot be set is an error. On GCP keys and values of
    /// default tags are in lower case, because labels have no capitals, and the paths are left
    /// out silently, as in the original.
    ///
    /// ```
    /// use floe_notify::{Cloud, StreamTags, Tags};
    ///
    /// let (_, findings) = Tags::new(Cloud::Aws, StreamTags::default(), [("vendor", "Acme")]);
    /// assert_eq!(findings[0].code, "FLOE-NOTIFY-0026");
    ///
    /// let stream = StreamTags { path: Some("gs://acme/orders"), ..Default::default() };
    /// let (labels, _) = Tags::new(Cloud::Gcp, stream, []);
    /// assert_eq!(labels.get("vendor"), Some("databricks"));
    /// assert_eq!(labels.get("path"), None);
    /// ```
    #[must_use]
    pub fn new<'a>(
        cloud: Cloud,
        stream: StreamTags<'_>,
        user: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut pairs = BTreeMap::new();
        for (key, value) in defaults(cloud, stream) {
            match check::problem(cloud, &key, &value) {
                None => {
                    pairs.insert(key, value);
                }
                Some(problem) => findings.push(
                    Finding::warning(
                        codes::BAD_TAG,
                        &key,
                        format!("the tag is left out: {problem}"),
                    )
                    .with_hint("the resources work without it"),
                ),
            }
        }
        for (key, value) in user {
            if let Some(finding) = check::user_tag(cloud, key, value) {
                findings.push(finding);
            } else if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
                let message = "two tags have this key";
                findings.push(Finding::error(codes::BAD_TAG, key, message));
            }
        }
        findings.extend(check::whole(cloud, &pairs));
        (Tags { cloud, pairs }, findings)
    }

    /// Tags that a cloud returned, as they are.
    ///
    /// ```
    /// use floe_notify::{Cloud, Tags};
    ///
    /// let tags = Tags::of_resource(Cloud::Aws, [("vendor".to_owned(), "Databricks".to_owned())]);
    /// assert!(tags.is_auto_loader());
    /// ```
    #[must_use]
    pub fn of_resource(cloud: Cloud, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Tags {
            cloud,
            pairs: pairs.into_iter().collect(),
        }
    }

    /// The tags of an Event Grid subscription from its `properties.labels`, where they are JSON.
    /// Labels that are something else are passed over: anybody may set some.
    ///
    /// ```
    /// use floe_notify::Tags;
    ///
    /// let tags = Tags::of_labels(&[r#"{"vendor":"Databricks"}"#, "mine"]);
    /// assert_eq!(tags.get("vendor"), Some("Databricks"));
    /// ```
    #[must_use]
    pub fn of_labels(labels: &[&str]) -> Self {
        let pairs = labels
            .iter()
            .filter_map(|label| serde_json::from_str::<BTreeMap<String, String>>(label).ok())
            .flatten();
        Tags {
            cloud: Cloud::Azure,
            pairs: pairs.collect(),
        }
    }

    /// The same tags with the one that says that we made the resource; a tear-down may delete what
    /// carries it.
    ///
    /// ```
    /// use floe_notify::{Cloud, StreamTags, Tags};
    ///
    /// let tags = Tags::new(Cloud::Aws, StreamTags::default(), []).0.marked_as_ours();
    /// assert!(tags.is_ours());
    /// ```
    #[must_use]
    pub fn marked_as_ours(mut self) -> Self {
        let key = spelled(self.cloud, MARK);
        self.pairs.insert(key, MARK_VALUE.to_owned());
        self
    }

    /// Whether the tags say that we made the resource.
    ///
    /// ```
    /// use floe_notify::{Cloud, Tags};
    ///
    /// assert!(!Tags::of_resource(Cloud::Aws, []).is_ours());
    /// ```
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.get(MARK) == Some(MARK_VALUE)
    }

    /// Whether the tags say that the resource serves file notifications, whoever made it.
    ///
    /// ```
    /// use floe_notify::{Cloud, StreamTags, Tags};
    ///
    /// assert!(Tags::new(Cloud::Gcp, StreamTags::default(), []).0.is_auto_loader());
    /// ```
    #[must_use]
    pub fn is_auto_loader(&self) -> bool {
        self.get(VENDOR)
            .is_some_and(|vendor| vendor.eq_ignore_ascii_case(VENDOR_VALUE))
    }

    /// The value of a tag; the key as AWS and Azure write it.
    ///
    /// ```
    /// use floe_notify::{Cloud, Tags};
    ///
    /// let labels = Tags::of_resource(Cloud::Gcp, [("streamid".to_owned(), "x".to_owned())]);
    /// assert_eq!(labels.get("streamId"), Some("x"));
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        // Azure hands metadata back with keys in lower case, GCP knows nothing else.
        let lower = key.to_ascii_lowercase();
        let found = self.pairs.get(key).or_else(|| self.pairs.get(&lower));
        found.map(String::as_str)
    }

    /// The id of the stream that a resource was made for, when it is one.
    ///
    /// ```
    /// use floe_notify::{Cloud, Tags};
    ///
    /// assert_eq!(Tags::of_resource(Cloud::Aws, []).stream_id(), None);
    /// ```
    #[must_use]
    pub fn stream_id(&self) -> Option<StreamId> {
        StreamId::parse(self.get(STREAM_ID)?).ok()
    }

    /// All pairs of key and value, in the order of the keys.
    ///
    /// ```
    /// use floe_notify::{Cloud, StreamTags, Tags};
    ///
    /// let tags = Tags::new(Cloud::Aws, StreamTags::default(), [("a", "1")]).0;
    /// let pairs: Vec<_> = tags.pairs().collect();
    /// assert_eq!(pairs, [("a", "1"), ("vendor", "Databricks")]);
    /// ```
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The one label of an Event Grid subscription that holds all tags as JSON.
    ///
    /// ```
    /// use floe_notify::{Cloud, StreamTags, Tags};
    ///
    /// let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// assert_eq!(tags.to_label(), r#"{"vendor":"Databricks"}"#);
    /// ```
    #[must_use]
    pub fn to_label(&self) -> String {
        // A map of texts is always JSON; `json!` has no error to return.
        serde_json::json!(self.pairs).to_string()
    }
}

fn defaults(cloud: Cloud, stream: StreamTags<'_>) -> Vec<(String, String)> {
    let id = stream.id.map(StreamId::as_str);
    let mut pairs = vec![(VENDOR, Some(VENDOR_VALUE)), (STREAM_ID, id)];
    if cloud != Cloud::Gcp {
        pairs.extend([
            (PATH, stream.path),
            (CHECKPOINT_LOCATION, stream.checkpoint_location),
        ]);
    }
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((spelled(cloud, key), spelled(cloud, value?))))
        .collect()
}

/// A word of ours as the cloud takes it.
fn spelled(cloud: Cloud, word: &str) -> String {
    match cloud {
        Cloud::Gcp => word.to_ascii_lowercase(),
        Cloud::Aws | Cloud::Azure | Cloud::Local => word.to_owned(),
    }
}
