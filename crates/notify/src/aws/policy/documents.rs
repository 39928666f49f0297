//! The documents themselves.

use super::{Condition, Document, Items, Statement};
use crate::aws::Place;
use crate::codes;
use crate::finding::Finding;
use crate::names::AUTO_INGEST_PREFIX;

const SETUP_SID: &str = "DatabricksAutoLoaderSetup";
const LIST_SID: &str = "DatabricksAutoLoaderList";
const TEARDOWN_SID: &str = "DatabricksAutoLoaderTeardown";
const USE_SID: &str = "DatabricksAutoLoaderUse";
const LIST_TOPICS_SID: &str = "DatabricksAutoLoaderListTopics";

/// What the first start of a stream needs.
pub(crate) const SETUP: [&str; 18] = [
    "s3:GetBucketNotification",
    "s3:PutBucketNotification",
    "sns:ListSubscriptionsByTopic",
    "sns:GetTopicAttributes",
    "sns:SetTopicAttributes",
    "sns:CreateTopic",
    "sns:TagResource",
    "sns:Publish",
    "sns:Subscribe",
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:GetQueueUrl",
    "sqs:GetQueueAttributes",
    "sqs:SetQueueAttributes",
    "sqs:TagQueue",
    "sqs:ChangeMessageVisibility",
];
/// What listing the services needs.
pub(crate) const LIST: [&str; 3] = ["sqs:ListQueues", "sqs:ListQueueTags", "sns:ListTopics"];
/// What a tear-down needs beside [`SETUP`].
pub(crate) const TEARDOWN: [&str; 3] = ["sns:Unsubscribe", "sns:DeleteTopic", "sqs:DeleteQueue"];
/// What a stream needs when its resources are there.
const USE: [&str; 12] = [
    "s3:GetBucketNotification",
    "sns:ListSubscriptionsByTopic",
    "sns:GetTopicAttributes",
    "sns:TagResource",
    "sns:Publish",
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:GetQueueUrl",
    "sqs:GetQueueAttributes",
    "sqs:TagQueue",
    "sqs:ChangeMessageVisibility",
];
/// What finding files in a bucket needs.
pub(crate) const READ_BUCKET: [&str; 2] = ["s3:GetBucketLocation", "s3:ListBucket"];
/// What the reduced policy allows on objects.
pub(crate) const OBJECTS: [&str; 4] = [
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:GetObject",
    "s3:DeleteObject",
];
/// What the documentation says to append to the setup statement in order to read the bucket.
const READ: [&str; 2] = ["s3:ListBucket", "s3:GetObject"];
/// What a consumer of a queue that is there needs: the last two for the heartbeat and the backlog.
const CONSUME: [&str; 4] = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
];

/// Whether the policy of [`setup`] also lets the files be read.
///
/// ```
/// use floe_notify::aws::policy::ReadAccess;
///
/// assert_eq!(ReadAccess::default(), ReadAccess::Presupposed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadAccess {
    /// Another policy does; this is the documented document.
    #[default]
    Presupposed,
    /// The two actions are appended to the setup statement, as the documentation says. Because
    /// that statement names the bucket and not its objects, the files cannot be read by it.
    AsDocumented,
    /// A statement of its own names the bucket and its objects.
    Effective,
}

/// What the policy of [`setup`] is for; `*` and patterns are allowed everywhere.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let setup = policy::Setup::new(Place::new("*", "*"), "acme-*-logs");
/// assert_eq!(setup.prefix, "databricks-auto-ingest");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Where topics and queues are made.
    pub place: Place,
    /// The bucket, or a pattern of buckets.
    pub bucket: String,
    /// The prefix of the resources' names.
    pub prefix: String,
    /// Whether files may be read, too.
    pub read: ReadAccess,
}

impl Setup {
    /// The documented policy for a bucket, with the default prefix.
    ///
    /// ```
    /// use floe_notify::aws::{Place, policy};
    ///
    /// let setup = policy::Setup::new(Place::new("eu-west-1", "1"), "acme");
    /// assert_eq!(setup.read, policy::ReadAccess::Presupposed);
    /// ```
    #[must_use]
    pub fn new(place: Place, bucket: &str) -> Self {
        Setup {
            place,
            bucket: bucket.to_owned(),
            prefix: AUTO_INGEST_PREFIX.to_owned(),
            read: ReadAccess::default(),
        }
    }
}

/// The policy for the first start of a stream, for listing and for tear-down.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let (document, findings) = policy::setup(&policy::Setup::new(Place::new("*", "*"), "acme"));
/// let sids: Vec<_> = document.statements().iter().filter_map(|s| s.sid.as_deref()).collect();
/// assert_eq!(
///     sids,
///     ["DatabricksAutoLoaderSetup", "DatabricksAutoLoaderList", "DatabricksAutoLoaderTeardown"],
/// );
/// assert!(findings.is_empty());
/// ```
#[must_use]
pub fn setup(setup: &Setup) -> (Document, Vec<Finding>) {
    let Setup {
        place,
        bucket,
        prefix,
        read,
    } = setup;
    let pattern = format!("{prefix}-*");
    let (bucket_arn, queues, topics) = (
        place.bucket(bucket),
        place.queue(&pattern),
        place.topic(&pattern),
    );
    let mut actions = SETUP.to_vec();
    let mut findings = Vec::new();
    if *read == ReadAccess::AsDocumented {
        actions.extend(READ);
        findings.push(unreadable(&bucket_arn));
    }
    let mut statements = vec![
        allow(
            Some(SETUP_SID),
            &actions,
            Items::many([&*bucket_arn, &*queues, &*topics]),
        ),
        allow(Some(LIST_SID), &LIST, Items::One("*".to_owned())),
        allow(
            Some(TEARDOWN_SID),
            &TEARDOWN,
            Items::many([&*queues, &*topics]),
        ),
    ];
    if *read == ReadAccess::Effective {
        let resources = [bucket_arn.clone(), format!("{bucket_arn}/*")];
        statements.push(allow(None, &READ, Items::Many(resources.to_vec())));
    }
    (
        Document {
            id: None,
            statements,
        },
        findings,
    )
}

fn unreadable(bucket_arn: &str) -> Finding {
    let message = format!(
        "s3:GetObject has no effect in this statement: it is an action on objects, and the \
         statement names {bucket_arn} only"
    );
    Finding::warning(codes::POLICY_QUIRK, SETUP_SID, message).with_hint(format!(
        "allow s3:GetObject on {bucket_arn}/* in a statement of its own"
    ))
}

/// What the policy of [`reduced`] is for.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let of = policy::Use {
///     place: Place::new("eu-west-1", "1"),
///     bucket: "acme".to_owned(),
///     queue: "q".to_owned(),
///     topic: "t".to_owned(),
/// };
/// assert!(policy::reduced(&of).0.to_json().contains("arn:aws:sqs:eu-west-1:1:q"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Where topic and queue are.
    pub place: Place,
    /// The bucket.
    pub bucket: String,
    /// The queue of the stream.
    pub queue: String,
    /// The topic of the stream.
    pub topic: String,
}

/// The policy for a stream whose resources are there: no new streams, no lost resource made again,
/// no listing of services and no tear-down.
///
/// The document is the documented one; what it does beside its words is told by the findings.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let (document, findings) = policy::reduced(&policy::Use {
///     place: Place::new("eu-west-1", "1"),
///     bucket: "acme".to_owned(),
///     queue: "databricks-auto-ingest-orders".to_owned(),
///     topic: "databricks-auto-ingest-orders".to_owned(),
/// });
/// assert_eq!(document.statements().len(), 4);
/// assert!(findings.iter().all(|finding| finding.code == "FLOE-NOTIFY-0039"));
/// ```
#[must_use]
pub fn reduced(of: &Use) -> (Document, Vec<Finding>) {
    let Use {
        place,
        bucket,
        queue,
        topic,
    } = of;
    let bucket = place.bucket(bucket);
    let resources = [place.queue(queue), place.topic(topic), bucket.clone()];
    let objects = format!("{bucket}/*");
    let statements = vec![
        allow(Some(USE_SID), &USE, Items::Many(resources.to_vec())),
        allow(None, &READ_BUCKET, Items::many([&*bucket])),
        allow(None, &OBJECTS, Items::many([&*objects])),
        allow(Some(LIST_TOPICS_SID), &LIST, Items::One(place.topic("*"))),
    ];
    (
        Document {
            id: None,
            statements,
        },
        reduced_quirks(&objects),
    )
}

fn reduced_quirks(objects: &str) -> Vec<Finding> {
    let list = "sqs:ListQueues and sqs:ListQueueTags have no effect in this statement: they are \
                actions on queues, and the statement names topics only";
    let write = format!(
        "the statement also allows to write and to delete on {objects}, which reading does not need"
    );
    vec![
        Finding::warning(codes::POLICY_QUIRK, LIST_TOPICS_SID, list)
            .with_hint("a stream runs without them; listing services needs the setup policy"),
        Finding::warning(
            codes::POLICY_QUIRK,
            "the statement with s3:PutObject",
            write,
        )
        .with_hint("keep s3:GetObject alone, unless cloudFiles.cleanSource deletes or moves files"),
    ]
}

/// The least policy for a stream that is given its queue: to take messages from it, and to read
/// and list the bucket.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let document = policy::consume(&Place::new("eu-west-1", "1"), "acme", "orders");
/// assert!(document.statements()[0].actions.iter().any(|action| action == "sqs:ReceiveMessage"));
/// ```
#[must_use]
pub fn consume(place: &Place, bucket: &str, queue: &str) -> Document {
    let bucket = place.bucket(bucket);
    let statements = vec![
        allow(None, &CONSUME, Items::One(place.queue(queue))),
        allow(None, &READ_BUCKET, Items::One(bucket.clone())),
        allow(None, &["s3:GetObject"], Items::One(format!("{bucket}/*"))),
    ];
    Document {
        id: None,
        statements,
    }
}

/// The access policy of a topic that lets a bucket publish to it.
///
/// With `owner`, the account of the bucket, only buckets of that account may: this is
/// `cloudFiles.restrictNotificationSetupToSameAWSAccountId`.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let place = Place::new("eu-west-1", "1");
/// let open = policy::topic(&place, "databricks-auto-ingest", "orders", "acme", None);
/// assert!(!open.to_json().contains("aws:SourceAccount"));
/// let closed = policy::topic(&place, "databricks-auto-ingest", "orders", "acme", Some("1"));
/// assert!(closed.to_json().contains("\"aws:SourceAccount\": \"1\""));
/// ```
#[must_use]
pub fn topic(
    place: &Place,
    prefix: &str,
    topic: &str,
    bucket: &str,
    owner: Option<&str>,
) -> Document {
    let statement = Statement {
        sid: Some("AllowS3Publish".to_owned()),
        principal: Some("s3.amazonaws.com".to_owned()),
        actions: Items::many(["SNS:Publish"]),
        resources: Items::One(place.topic(topic)),
        conditions: of_bucket(place, bucket, owner),
    };
    Document {
        id: Some(format!("{prefix}-topic-policy")),
        statements: vec![statement],
    }
}

/// The policy of a queue that lets a topic send to it.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let document = policy::queue(&Place::new("eu-west-1", "1"), "orders", "orders");
/// assert!(document.to_json().contains("\"aws:SourceArn\": \"arn:aws:sns:eu-west-1:1:orders\""));
/// ```
#[must_use]
pub fn queue(place: &Place, queue: &str, topic: &str) -> Document {
    let condition = Condition {
        operator: "ArnEquals",
        key: "aws:SourceArn",
        value: place.topic(topic),
    };
    let statement = Statement {
        sid: Some("AllowTopicSend".to_owned()),
        principal: Some("sns.amazonaws.com".to_owned()),
        actions: Items::One("sqs:SendMessage".to_owned()),
        resources: Items::One(place.queue(queue)),
        conditions: vec![condition],
    };
    Document {
        id: None,
        statements: vec![statement],
    }
}

/// The policy of a queue that lets a bucket send to it without a topic between.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let place = Place::new("eu-west-1", "1");
/// let document = policy::queue_of_bucket(&place, "orders", "acme", Some("1"));
/// assert!(document.to_json().contains("\"SQS:SendMessage\""));
/// ```
#[must_use]
pub fn queue_of_bucket(place: &Place, queue: &str, bucket: &str, owner: Option<&str>) -> Document {
    let statement = Statement {
        sid: Some("AllowS3Send".to_owned()),
        principal: Some("s3.amazonaws.com".to_owned()),
        actions: Items::many(["SQS:SendMessage"]),
        resources: Items::One(place.queue(queue)),
        conditions: of_bucket(place, bucket, owner),
    };
    Document {
        id: None,
        statements: vec![statement],
    }
}

fn of_bucket(place: &Place, bucket: &str, owner: Option<&str>) -> Vec<Condition> {
    let source = Condition {
        operator: "ArnLike",
        key: "aws:SourceArn",
        value: format!("arn:{}:s3:*:*:{bucket}", place.partition),
    };
    let account = owner.map(|account| Condition {
        operator: "StringEquals",
        key: "aws:SourceAccount",
        value: account.to_owned(),
    });
    std::iter::once(source).chain(account).collect()
}

fn allow(sid: Option<&str>, actions: &[&str], resources: Items) -> Statement {
    Statement {
        sid: sid.map(str::to_owned),
        principal: None,
        actions: Items::many(actions.iter().copied()),
        resources,
        conditions: Vec::new(),
    }
}
