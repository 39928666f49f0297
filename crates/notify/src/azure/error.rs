//! What goes wrong on Azure.

use crate::codes;

/// The action in Azure's message of a refusal, and what stands around it.
const BEFORE_ACTION: &str = "does not have authorization to perform action '";
const BEFORE_SCOPE: &str = "over scope '";
/// The actions whose refusal has an error of its own.
const EVENT_SUBSCRIPTIONS: &str = "Microsoft.EventGrid/eventSubscriptions/";

/// What Azure refuses, or would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AzureError {
    /// `Failed to create event grid subscription.`: at the first start, in an Azure subscription
    /// that has never used Event Grid.
    #[error(
        "the event subscription cannot be made, because Event Grid is not registered as a resource \
         provider of the Azure subscription; register it under Settings > Resource providers, or \
         with: az provider register --namespace Microsoft.EventGrid"
    )]
    NotRegistered,
    /// `403 Forbidden … does not have authorization to perform action
    /// 'Microsoft.EventGrid/eventSubscriptions/[read|write]' over scope …`: at the first start,
    /// when a role is missing.
    #[error(
        "the service principal may not perform {action} over {scope}; assign it the role EventGrid \
         EventSubscription Contributor on the resource group, and Contributor on the storage \
         account"
    )]
    Forbidden {
        /// The action that was refused.
        action: String,
        /// What it was refused on.
        scope: String,
    },
    /// A path is not in the storage account whose events are subscribed to.
    #[error(
        "'{path}' is not in the storage account '{account}'; events, queue and files are of one \
         account"
    )]
    OtherAccount {
        /// The path.
        path: String,
        /// The account.
        account: String,
    },
    /// A lifetime of messages that the service refuses.
    #[error(
        "messages cannot live {secs} seconds in the queue; give a positive number, or -1 for ever"
    )]
    BadTtl {
        /// What was given.
        secs: i64,
    },
}

impl AzureError {
    /// Recognises the two failures of a first start in what the management API answered: its
    /// status, the code of its error and its message.
    ///
    /// ```
    /// use floe_notify::azure::AzureError;
    ///
    /// let error = AzureError::of_answer(
    ///     409,
    ///     "MissingSubscriptionRegistration",
    ///     "The subscription is not registered to use namespace 'Microsoft.EventGrid'.",
    /// );
    /// assert_eq!(error.unwrap().code(), "FLOE-NOTIFY-0030");
    ///
    /// let error = AzureError::of_answer(
    ///     403,
    ///     "AuthorizationFailed",
    ///     "The client 'c' with object id 'o' does not have authorization to perform action \
    ///      'Microsoft.EventGrid/eventSubscriptions/write' over scope '/subscriptions/s' or the \
    ///      scope is invalid.",
    /// );
    /// let expected = AzureError::Forbidden {
    ///     action: "Microsoft.EventGrid/eventSubscriptions/write".to_owned(),
    ///     scope: "/subscriptions/s".to_owned(),
    /// };
    /// assert_eq!(error, Some(expected));
    /// ```
    #[must_use]
    pub fn of_answer(status: u16, code: &str, message: &str) -> Option<Self> {
        if code == "MissingSubscriptionRegistration" && message.contains("Microsoft.EventGrid") {
            return Some(AzureError::NotRegistered);
        }
        let (action, scope) = refused(message)?;
        // Azure compares names of actions without regard to case, and does not always write them
        // alike.
        let head = action.get(..EVENT_SUBSCRIPTIONS.len()).unwrap_or_default();
        let ours = status == 403 && head.eq_ignore_ascii_case(EVENT_SUBSCRIPTIONS);
        ours.then(|| AzureError::Forbidden {
            action: action.to_owned(),
            scope: scope.to_owned(),
        })
    }

    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::azure::AzureError;
    ///
    /// assert_eq!(AzureError::NotRegistered.code(), "FLOE-NOTIFY-0030");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotRegistered => codes::EVENT_GRID_NOT_REGISTERED,
            Self::Forbidden { .. } => codes::EVENT_GRID_FORBIDDEN,
            Self::OtherAccount { .. } | Self::BadTtl { .. } => codes::BAD_SUBSCRIPTION,
        }
    }
}

/// Action and scope in Azure's message of a refusal.
pub(crate) fn refused(message: &str) -> Option<(&str, &str)> {
    let (_, behind) = message.split_once(BEFORE_ACTION)?;
    let (action, behind) = behind.split_once('\'')?;
    let (_, behind) = behind.split_once(BEFORE_SCOPE)?;
    let (scope, _) = behind.split_once('\'')?;
    Some((action, scope))
}
