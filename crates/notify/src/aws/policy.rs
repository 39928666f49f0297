//! Policy documents: what an operator allows, and what a topic and a queue must allow.
//!
//! The documents of [`setup`] and [`reduced`] are those of "What is Auto Loader file notification
//! mode?" in the documentation of Databricks, to the letter and in the order of their actions;
//! where their words and their effect differ, findings say so. Those of [`topic`], [`queue`] and
//! [`queue_of_bucket`] are in the form of "Granting permissions to publish event notification
//! messages to a destination" (Amazon S3) and "Subscribing an Amazon SQS queue to an Amazon SNS
//! topic" (Amazon SNS).

mod documents;
mod wire;

use serde::Serialize;

pub(crate) use documents::{LIST, OBJECTS, READ_BUCKET, SETUP, TEARDOWN};
pub use documents::{
    ReadAccess, Setup, Use, consume, queue, queue_of_bucket, reduced, setup, topic,
};

/// A policy as it is given to AWS.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let document = policy::queue(&Place::new("eu-west-1", "1"), "orders", "orders");
/// assert!(document.to_json().starts_with("{\n  \"Version\": \"2012-10-17\","));
/// assert_eq!(document.statements().len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    id: Option<String>,
    statements: Vec<Statement>,
}

impl Document {
    /// The document as JSON, two spaces deep, its keys in the order of the documentation.
    ///
    /// ```
    /// use floe_notify::aws::{Place, policy};
    ///
    /// let text = policy::queue(&Place::new("eu-west-1", "1"), "orders", "orders").to_json();
    /// assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        wire::json(&wire::document(self))
    }

    /// The document as JSON on one line, as the attributes of topics and queues hold it.
    ///
    /// ```
    /// use floe_notify::aws::{Place, policy};
    ///
    /// let text = policy::queue(&Place::new("eu-west-1", "1"), "a", "b").to_line();
    /// assert!(text.starts_with("{\"Version\":\"2012-10-17\",\"Statement\":"));
    /// ```
    #[must_use]
    pub fn to_line(&self) -> String {
        wire::line(&wire::document(self))
    }

    /// The statements, in order.
    ///
    /// ```
    /// use floe_notify::aws::{Place, policy};
    ///
    /// let document = policy::queue(&Place::new("eu-west-1", "1"), "a", "b");
    /// assert_eq!(document.statements()[0].sid.as_deref(), Some("AllowTopicSend"));
    /// ```
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// One statement of a policy; all of ours allow.
///
/// ```
/// use floe_notify::aws::policy::{Items, Statement};
///
/// let statement = Statement {
///     sid: None,
///     principal: None,
///     actions: Items::One("sqs:CreateQueue".to_owned()),
///     resources: Items::One("*".to_owned()),
///     conditions: Vec::new(),
/// };
/// assert!(statement.to_json().contains("\"Action\": \"sqs:CreateQueue\""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// The service that may act, in policies of resources.
    pub principal: Option<String>,
    /// What is allowed.
    pub actions: Items,
    /// What it is allowed on: ARNs, or patterns of them.
    pub resources: Items,
    /// When it is allowed.
    pub conditions: Vec<Condition>,
}

impl Statement {
    /// The statement alone as JSON, to be added to a policy.
    ///
    /// ```
    /// use floe_notify::aws::{Place, policy};
    ///
    /// let document = policy::queue(&Place::new("eu-west-1", "1"), "a", "b");
    /// assert!(document.statements()[0].to_json().contains("\"Effect\": \"Allow\""));
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        wire::json(&wire::statement(self))
    }
}

/// One text or a list of texts; AWS reads both alike, people compare documents letter by letter.
///
/// ```
/// use floe_notify::aws::policy::Items;
///
/// assert_eq!(Items::Many(vec!["a".to_owned()]).iter().collect::<Vec<_>>(), ["a"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Items {
    /// Written as a text.
    One(String),
    /// Written as a list.
    Many(Vec<String>),
}

impl Items {
    /// All texts.
    ///
    /// ```
    /// use floe_notify::aws::policy::Items;
    ///
    /// assert_eq!(Items::One("a".to_owned()).iter().collect::<Vec<_>>(), ["a"]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let items = match self {
            Items::One(item) => std::slice::from_ref(item),
            Items::Many(items) => items.as_slice(),
        };
        items.iter().map(String::as_str)
    }

    fn many<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        Items::Many(items.into_iter().map(str::to_owned).collect())
    }
}

/// A condition of a statement: operator, key, value.
///
/// ```
/// use floe_notify::aws::{Place, policy};
///
/// let document = policy::queue(&Place::new("eu-west-1", "1"), "a", "b");
/// assert_eq!(document.statements()[0].conditions[0].operator, "ArnEquals");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Such as `ArnLike`.
    pub operator: &'static str,
    /// Such as `aws:SourceArn`.
    pub key: &'static str,
    /// What the key is compared with.
    pub value: String,
}
