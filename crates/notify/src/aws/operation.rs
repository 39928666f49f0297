//! Which permission an operation needs; the two are not always called alike.

/// Operations whose permission has another name ("Actions, resources, and condition keys" of
/// Amazon S3, SQS and SNS in the AWS service authorization reference).
const OTHER_NAMES: [(&str, &str); 12] = [
    (
        "s3:GetBucketNotificationConfiguration",
        "s3:GetBucketNotification",
    ),
    (
        "s3:PutBucketNotificationConfiguration",
        "s3:PutBucketNotification",
    ),
    ("s3:ListObjects", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:CopyObject", "s3:PutObject"),
    ("s3:DeleteObjects", "s3:DeleteObject"),
    ("sqs:SendMessageBatch", "sqs:SendMessage"),
    ("sqs:DeleteMessageBatch", "sqs:DeleteMessage"),
    (
        "sqs:ChangeMessageVisibilityBatch",
        "sqs:ChangeMessageVisibility",
    ),
    ("sns:PublishBatch", "sns:Publish"),
];

/// The action that a policy must allow for an operation of a service.
///
/// ```
/// use floe_notify::aws::action_of_operation;
///
/// assert_eq!(
///     action_of_operation("s3", "PutBucketNotificationConfiguration"),
///     "s3:PutBucketNotification",
/// );
/// assert_eq!(action_of_operation("sqs", "CreateQueue"), "sqs:CreateQueue");
/// ```
#[must_use]
pub fn action_of_operation(service: &str, operation: &str) -> String {
    let plain = format!("{service}:{operation}");
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == plain);
    other.map_or(plain, |(_, action)| (*action).to_owned())
}
