//! What would be done, before it is done; and what was done, after.

use std::fmt;

/// What kind of thing a resource is, whatever the cloud calls it.
///
/// ```
/// assert_eq!(floe_notify::ResourceKind::Queue.to_string(), "queue");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResourceKind {
    /// Where events are published: an SNS or Pub/Sub topic.
    Topic,
    /// What carries events on to the queue: an SNS or Event Grid subscription.
    Subscription,
    /// What the consumer opens: an SQS or Azure queue, a Pub/Sub subscription, a directory.
    Queue,
    /// What makes the storage publish events: an entry of a bucket's configuration, a watch.
    Notification,
    /// Who may publish or send.
    Policy,
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topic => "topic",
            Self::Subscription => "subscription",
            Self::Queue => "queue",
            Self::Notification => "notification",
            Self::Policy => "policy",
        })
    }
}

/// What is done to a resource.
///
/// ```
/// use floe_notify::Action;
/// assert!(Action::Create.is_change() && Action::Detach.is_change());
/// assert!(!Action::Reuse.is_change() && !Action::Leave.is_change());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It is not there and is made, marked as created by the stream.
    Create,
    /// It is there and gets something added, without becoming the stream's.
    Change,
    /// It is there and is used as it is.
    Reuse,
    /// It was created by the stream, or is adopted, and is deleted.
    Delete,
    /// It was reused: what the stream added to it is taken away again.
    Detach,
    /// It stays, for the reason given.
    Leave,
}

impl Action {
    /// Returns true when something is different afterwards.
    ///
    /// ```
    /// assert!(floe_notify::Action::Delete.is_change());
    /// ```
    #[must_use]
    pub const fn is_change(self) -> bool {
        match self {
            Self::Create | Self::Change | Self::Delete | Self::Detach => true,
            Self::Reuse | Self::Leave => false,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Reuse => "reuse",
            Self::Delete => "delete",
            Self::Detach => "detach",
            Self::Leave => "leave",
        })
    }
}

/// One resource, and what is done to it.
///
/// ```
/// use floe_notify::{Action, ResourceKind, Step};
/// let step = Step::new(Action::Leave, ResourceKind::Topic, "t").because("others listen to it");
/// assert_eq!(step.to_string(), "leave topic t: others listen to it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    action: Action,
    kind: ResourceKind,
    name: String,
    reason: String,
}

impl Step {
    /// Makes a step without a reason.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// let step = Step::new(Action::Create, ResourceKind::Queue, "q");
    /// assert_eq!(step.to_string(), "create queue q");
    /// ```
    #[must_use]
    pub fn new(action: Action, kind: ResourceKind, name: impl Into<String>) -> Self {
        Self {
            action,
            kind,
            name: name.into(),
            reason: String::new(),
        }
    }

    /// Says why, or what of the resource changes, in words that stand after a colon.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// let step = Step::new(Action::Reuse, ResourceKind::Queue, "q").because("it is there");
    /// assert_eq!(step.reason(), "it is there");
    /// ```
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Returns what is done.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// let step = Step::new(Action::Reuse, ResourceKind::Queue, "q");
    /// assert_eq!(step.action(), Action::Reuse);
    /// ```
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Returns the kind of the resource.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// let step = Step::new(Action::Reuse, ResourceKind::Queue, "q");
    /// assert_eq!(step.kind(), ResourceKind::Queue);
    /// ```
    #[must_use]
    pub const fn kind(&self) -> ResourceKind {
        self.kind
    }

    /// Returns the name of the resource, as its cloud writes it.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// assert_eq!(Step::new(Action::Reuse, ResourceKind::Queue, "q").name(), "q");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns why, or what of the resource changes; empty when that goes without saying.
    ///
    /// ```
    /// use floe_notify::{Action, ResourceKind, Step};
    /// assert_eq!(Step::new(Action::Reuse, ResourceKind::Queue, "q").reason(), "");
    /// ```
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.action, self.kind, self.name)?;
        if self.reason.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.reason)
    }
}

/// The steps of a set-up or a tear-down, in order; displayed one a line.
///
/// ```
/// use floe_notify::{Action, Plan, ResourceKind, Step};
/// let plan = Plan::new(vec![
///     Step::new(Action::Reuse, ResourceKind::Topic, "t"),
///     Step::new(Action::Create, ResourceKind::Queue, "q"),
/// ]);
/// assert_eq!(plan.to_string(), "reuse topic t\ncreate queue q\n");
/// assert!(plan.changes_something());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<Step>,
}

impl Plan {
    /// Makes a plan of its steps.
    ///
    /// ```
    /// assert_eq!(floe_notify::Plan::new(Vec::new()), floe_notify::Plan::default());
    /// ```
    #[must_use]
    pub const fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// Returns the steps in the order in which they are taken.
    ///
    /// ```
    /// assert!(floe_notify::Plan::default().steps().is_empty());
    /// ```
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the steps with this action.
    ///
    /// ```
    /// use floe_notify::{Action, Plan, ResourceKind, Step};
    /// let plan = Plan::new(vec![Step::new(Action::Create, ResourceKind::Queue, "q")]);
    /// assert_eq!(plan.with(Action::Create).count(), 1);
    /// assert_eq!(plan.with(Action::Delete).count(), 0);
    /// ```
    pub fn with(&self, action: Action) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.action == action)
    }

    /// Returns true when something would be, or was, different afterwards.
    ///
    /// ```
    /// assert!(!floe_notify::Plan::default().changes_something());
    /// ```
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.steps.iter().any(|step| step.action.is_change())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}
