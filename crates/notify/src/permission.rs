//! What to allow when a cloud says no.

mod answer;
mod table;

use std::fmt;

use crate::codes;
use crate::location::Cloud;

/// An action that a cloud denied, and the statement that would allow it.
///
/// ```
/// use floe_notify::MissingPermission;
///
/// let missing = MissingPermission::aws(
///     "sqs:CreateQueue",
///     "arn:aws:sqs:eu-west-1:1:databricks-auto-ingest-orders",
/// );
/// assert_eq!(missing.code(), "FLOE-NOTIFY-0029");
/// assert!(missing.to_string().contains("\"sqs:CreateQueue\""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPermission {
    /// Whose rules they are.
    pub cloud: Cloud,
    /// The action or permission that is missing.
    pub action: String,
    /// What it is missing on.
    pub resource: String,
    /// What to add: a statement of a policy (AWS), a permission of a role and the built-in role
    /// that has it (Azure, GCP).
    pub statement: String,
    /// Where the documentation has the action, when it has it.
    pub documented_in: Option<&'static str>,
    /// Whether a policy denies the action in so many words, so that allowing it does not help.
    pub explicitly: bool,
}

impl MissingPermission {
    /// An action that AWS denied, with the statement for a policy as JSON.
    ///
    /// ```
    /// use floe_notify::MissingPermission;
    ///
    /// let missing = MissingPermission::aws("sns:DeleteTopic", "arn:aws:sns:eu-west-1:1:orders");
    /// assert_eq!(missing.documented_in, Some("DatabricksAutoLoaderTeardown"));
    /// let statement: serde_json::Value = serde_json::from_str(&missing.statement)?;
    /// assert_eq!(statement["Action"][0], "sns:DeleteTopic");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn aws(action: &str, resource: &str) -> Self {
        // SQS and SNS write actions in other cases than policies do; IAM does not care.
        let action = table::aws_spelling(action);
        let (statement, documented_in) = table::aws(&action, resource);
        Self::new(Cloud::Aws, &action, resource, statement, documented_in)
    }

    /// An action that Azure denied, with the permission for a custom role as JSON.
    ///
    /// ```
    /// use floe_notify::MissingPermission;
    ///
    /// let missing = MissingPermission::azure(
    ///     "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
    ///     "/subscriptions/s",
    /// );
    /// assert!(missing.statement.contains("\"dataActions\""));
    /// ```
    #[must_use]
    pub fn azure(action: &str, scope: &str) -> Self {
        let (statement, documented_in) = table::azure(action);
        Self::new(Cloud::Azure, action, scope, statement, documented_in)
    }

    /// A permission that GCP denied, with the role that has it.
    ///
    /// ```
    /// use floe_notify::MissingPermission;
    ///
    /// let missing = MissingPermission::gcp("pubsub.topics.create", "projects/acme");
    /// assert!(missing.statement.contains("roles/pubsub.editor"));
    /// ```
    #[must_use]
    pub fn gcp(permission: &str, resource: &str) -> Self {
        let (statement, documented_in) = table::gcp(permission);
        Self::new(Cloud::Gcp, permission, resource, statement, documented_in)
    }

    /// Reads the action and the resource out of the message with which a cloud refuses; `None`
    /// when it names none, and the caller has to name what it called.
    ///
    /// ```
    /// use floe_notify::{Cloud, MissingPermission};
    ///
    /// let missing = MissingPermission::of_message(
    ///     Cloud::Aws,
    ///     "User: arn:aws:iam::1:user/loader is not authorized to perform: sns:CreateTopic on \
    ///      resource: arn:aws:sns:eu-west-1:1:orders because no identity-based policy allows the \
    ///      sns:CreateTopic action",
    /// );
    /// assert_eq!(missing.unwrap().resource, "arn:aws:sns:eu-west-1:1:orders");
    /// assert_eq!(MissingPermission::of_message(Cloud::Aws, "Access Denied"), None);
    /// ```
    #[must_use]
    pub fn of_message(cloud: Cloud, message: &str) -> Option<Self> {
        let (action, resource) = answer::parts(cloud, message)?;
        let mut missing = match cloud {
            Cloud::Aws => Self::aws(action, resource),
            Cloud::Azure => Self::azure(action, resource),
            Cloud::Gcp => Self::gcp(action, resource),
            Cloud::Local => return None,
        };
        missing.explicitly = message.contains("explicit deny");
        Some(missing)
    }

    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let missing = floe_notify::MissingPermission::gcp("storage.buckets.update", "acme");
    /// assert_eq!(missing.code(), "FLOE-NOTIFY-0029");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        codes::MISSING_PERMISSION
    }

    fn new(
        cloud: Cloud,
        action: &str,
        resource: &str,
        statement: String,
        documented_in: Option<&'static str>,
    ) -> Self {
        MissingPermission {
            cloud,
            action: action.to_owned(),
            resource: resource.to_owned(),
            statement,
            documented_in,
            explicitly: false,
        }
    }
}

impl fmt::Display for MissingPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MissingPermission {
            cloud,
            action,
            resource,
            statement,
            ..
        } = self;
        if self.explicitly {
            return write!(
                f,
                "{cloud} denies {action} on {resource} by a statement of a policy; allowing it \
                 does not help, that statement has to go"
            );
        }
        write!(
            f,
            "{cloud} does not allow {action} on {resource}; add this:\n{statement}"
        )?;
        match self.documented_in {
            Some(place) => write!(f, "\n(it is part of {place} in the documented policies)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for MissingPermission {}
