//! The forms of messages: only the fields that matter.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Field, List, Object};

/// Every field at the top of any form: one pass over a message tells which one it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Top<'a> {
    // Records of S3, and one by itself; what an SQS trigger or subscription of Lambda wraps.
    #[serde(borrow, rename = "Records")]
    pub(super) records: List<Object<Record<'a>>>,
    #[serde(borrow, rename = "eventTime", alias = "event_time")]
    pub(super) event_time: Field<'a>,
    #[serde(borrow, rename = "s3")]
    pub(super) s3: Option<&'a RawValue>,
    // The test event of S3.
    #[serde(borrow, rename = "Service")]
    pub(super) service: Field<'a>,
    #[serde(borrow, rename = "Event")]
    pub(super) event: Field<'a>,
    #[serde(borrow, rename = "Time")]
    pub(super) time_of_test: Field<'a>,
    #[serde(borrow, rename = "Bucket")]
    pub(super) bucket_of_test: Field<'a>,
    // SNS; in other capitals, Pub/Sub.
    #[serde(borrow, rename = "Type")]
    pub(super) type_of_sns: Field<'a>,
    #[serde(borrow, rename = "TopicArn")]
    pub(super) topic_arn: Field<'a>,
    #[serde(borrow, rename = "Timestamp")]
    pub(super) timestamp: Field<'a>,
    #[serde(borrow, rename = "Message")]
    pub(super) message_of_sns: Field<'a>,
    // EventBridge; `source` and `time` are CloudEvents' as well.
    #[serde(borrow, rename = "version")]
    pub(super) version: Field<'a>,
    #[serde(borrow, rename = "detail-type")]
    pub(super) detail_type: Field<'a>,
    #[serde(borrow, rename = "source")]
    pub(super) source: Field<'a>,
    #[serde(borrow, rename = "time")]
    pub(super) time: Field<'a>,
    #[serde(borrow, rename = "detail")]
    pub(super) detail: Object<Detail<'a>>,
    // Event Grid and CloudEvents; the SDK for Python prints small letters.
    #[serde(borrow, rename = "topic")]
    pub(super) topic: Field<'a>,
    #[serde(borrow, rename = "subject")]
    pub(super) subject: Field<'a>,
    #[serde(borrow, rename = "eventType", alias = "event_type")]
    pub(super) event_type: Field<'a>,
    #[serde(borrow, rename = "dataVersion", alias = "data_version")]
    pub(super) data_version: Field<'a>,
    #[serde(borrow, rename = "metadataVersion", alias = "metadata_version")]
    pub(super) metadata_version: Field<'a>,
    #[serde(borrow, rename = "specversion")]
    pub(super) spec_version: Field<'a>,
    #[serde(borrow, rename = "cloudEventsVersion")]
    pub(super) old_spec_version: Field<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind_of_event: Field<'a>,
    #[serde(borrow, rename = "data")]
    pub(super) data: Object<Blob<'a>>,
    // Files of this machine, beside the `type` of CloudEvents.
    #[serde(borrow, rename = "uri")]
    pub(super) uri: Field<'a>,
    // Pub/Sub, Cloud Functions, and the description of an object of Cloud Storage.
    #[serde(borrow, rename = "message")]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow, rename = "attributes")]
    pub(super) attributes: Option<&'a RawValue>,
    #[serde(borrow, rename = "context")]
    pub(super) context: Option<&'a RawValue>,
    #[serde(borrow, rename = "kind")]
    pub(super) kind: Field<'a>,
    // What commands print that receive messages.
    #[serde(borrow, rename = "Messages")]
    pub(super) sqs_messages: Option<&'a RawValue>,
    #[serde(borrow, rename = "messages")]
    pub(super) messages: Option<&'a RawValue>,
    #[serde(borrow, rename = "receivedMessages")]
    pub(super) pulled: Option<&'a RawValue>,
    #[serde(borrow, rename = "Body")]
    pub(super) sqs_body: Option<&'a RawValue>,
    #[serde(borrow, rename = "body")]
    pub(super) body: Option<&'a RawValue>,
}

/// One of `Records`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow, rename = "eventVersion")]
    pub(super) event_version: Field<'a>,
    #[serde(borrow, rename = "eventSource")]
    pub(super) event_source: Field<'a>,
    #[serde(borrow, rename = "eventTime")]
    pub(super) event_time: Field<'a>,
    #[serde(borrow, rename = "eventName")]
    pub(super) event_name: Field<'a>,
    #[serde(borrow, rename = "s3")]
    pub(super) s3: Object<S3<'a>>,
    // A trigger of Lambda puts the message of a queue or a topic here.
    #[serde(borrow, rename = "body")]
    pub(super) body: Option<&'a RawValue>,
    #[serde(borrow, rename = "Sns")]
    pub(super) sns: Option<&'a RawValue>,
    #[serde(borrow, rename = "EventSource")]
    pub(super) event_source_of_sns: Field<'a>,
}

/// The part of a record that only S3 has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct S3<'a> {
    #[serde(borrow)]
    pub(super) bucket: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) object: Object<S3Object<'a>>,
}

/// A bucket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Field<'a>,
}

/// An object of S3.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct S3Object<'a> {
    #[serde(borrow)]
    pub(super) key: Field<'a>,
    #[serde(borrow)]
    pub(super) size: Field<'a>,
    #[serde(borrow, rename = "eTag", alias = "etag")]
    pub(super) etag: Field<'a>,
    #[serde(borrow, rename = "versionId", alias = "version-id")]
    pub(super) version_id: Field<'a>,
    #[serde(borrow)]
    pub(super) sequencer: Field<'a>,
}

/// What EventBridge adds to an event of S3.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail<'a> {
    #[serde(borrow)]
    pub(super) version: Field<'a>,
    #[serde(borrow)]
    pub(super) bucket: Object<Named<'a>>,
    #[serde(borrow)]
    pub(super) object: Object<S3Object<'a>>,
    #[serde(borrow)]
    pub(super) reason: Field<'a>,
}

/// The data of an event of Azure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Blob<'a> {
    #[serde(borrow)]
    pub(super) api: Field<'a>,
    #[serde(borrow, rename = "eTag", alias = "e_tag")]
    pub(super) etag: Field<'a>,
    #[serde(borrow, rename = "contentLength", alias = "content_length")]
    pub(super) content_length: Field<'a>,
    #[serde(borrow)]
    pub(super) url: Field<'a>,
    #[serde(borrow, rename = "destinationUrl", alias = "destination_url")]
    pub(super) destination_url: Field<'a>,
    #[serde(borrow, rename = "sourceUrl", alias = "source_url")]
    pub(super) source_url: Field<'a>,
    #[serde(borrow)]
    pub(super) sequencer: Field<'a>,
}

/// A message of Pub/Sub; some write its fields with capitals.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PubSub<'a> {
    #[serde(borrow, rename = "attributes", alias = "Attributes")]
    pub(super) attributes: Object<Attributes<'a>>,
    #[serde(borrow, rename = "data", alias = "Data")]
    pub(super) data: Field<'a>,
}

/// The attributes that Cloud Storage gives a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes<'a> {
    #[serde(borrow, rename = "eventType")]
    pub(super) event_type: Field<'a>,
    #[serde(borrow, rename = "payloadFormat")]
    pub(super) payload_format: Field<'a>,
    #[serde(borrow, rename = "bucketId")]
    pub(super) bucket: Field<'a>,
    #[serde(borrow, rename = "objectId")]
    pub(super) object: Field<'a>,
    #[serde(borrow, rename = "objectGeneration")]
    pub(super) generation: Field<'a>,
    #[serde(borrow, rename = "eventTime")]
    pub(super) time: Field<'a>,
    #[serde(borrow, rename = "overwroteGeneration")]
    pub(super) overwrote: Field<'a>,
    #[serde(borrow, rename = "overwrittenByGeneration")]
    pub(super) overwritten_by: Field<'a>,
    // Eventarc puts those of a CloudEvent there.
    #[serde(borrow, rename = "type")]
    pub(super) kind_of_event: Field<'a>,
    #[serde(borrow, rename = "time")]
    pub(super) time_of_event: Field<'a>,
}

/// The description of an object of Cloud Storage.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource<'a> {
    #[serde(borrow)]
    pub(super) bucket: Field<'a>,
    #[serde(borrow)]
    pub(super) name: Field<'a>,
    #[serde(borrow)]
    pub(super) size: Field<'a>,
    #[serde(borrow)]
    pub(super) generation: Field<'a>,
    #[serde(borrow)]
    pub(super) metageneration: Field<'a>,
    #[serde(borrow)]
    pub(super) updated: Field<'a>,
    #[serde(borrow, rename = "timeCreated")]
    pub(super) time_created: Field<'a>,
    #[serde(borrow, rename = "timeDeleted")]
    pub(super) time_deleted: Field<'a>,
}

/// An event of a file of this machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Local<'a> {
    #[serde(borrow)]
    pub(super) how: Field<'a>,
    #[serde(borrow)]
    pub(super) reason: Field<'a>,
    #[serde(borrow)]
    pub(super) size: Field<'a>,
    #[serde(borrow, rename = "modifiedMs")]
    pub(super) modified: Field<'a>,
    #[serde(borrow)]
    pub(super) inode: Field<'a>,
    #[serde(borrow, rename = "seenMs")]
    pub(super) seen: Field<'a>,
}

/// The context of a Cloud Function of the first generation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Context<'a> {
    #[serde(borrow, rename = "eventType")]
    pub(super) event_type: Field<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Field<'a>,
}

/// Fields of [`Top`] as they are written, for the forms that are rare.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw<'a> {
    #[serde(borrow, rename = "data")]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow, rename = "Message")]
    pub(super) message: Option<&'a RawValue>,
}
