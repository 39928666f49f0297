//! Where batches go: the seam between this client and whoever runs the services.

use std::fmt;
use std::future::ready;

use crate::BoxFuture;

/// Finds an instance to send a batch to.
///
/// # Guarantees
///
/// The client asks once per send and never keeps a target for longer than that send and the polls
/// that follow a 202. A failed send asks again, so an implementation may route around an instance
/// that is going away.
///
/// # Cancel safety
///
/// The future is dropped when the time of the batch ends or its query is cancelled; nothing may be
/// lost by that.
///
/// ```
/// use floe_function::{BoxFuture, NoTarget, Target, Targets};
///
/// #[derive(Debug)]
/// struct Two;
///
/// impl Targets for Two {
///     fn pick(&self, attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
///         Box::pin(async move {
///             Ok(Target {
///                 authority: format!("127.0.0.1:800{}", attempt % 2),
///                 lease: None,
///                 label: format!("ECHO_SERVICE/{}", attempt % 2),
///             })
///         })
///     }
/// }
///
/// let targets: &dyn Targets = &Two;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(targets.pick(1).await.unwrap().label, "ECHO_SERVICE/1");
/// # });
/// ```
pub trait Targets: Send + Sync + fmt::Debug {
    /// An instance that is ready now; `attempt` says how often the batch has been sent before.
    ///
    /// # Errors
    ///
    /// [`NoTarget`] when there is none; with `retryable` the client asks again until the time of
    /// the batch ends.
    fn pick(&self, attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>>;
}

/// One instance, for one send.
///
/// ```
/// let target = floe_function::Target {
///     authority: "198.18.0.3:8000".to_owned(),
///     lease: Some(Box::new(std::sync::Arc::new(()))),
///     label: "ECHO_SERVICE/1".to_owned(),
/// };
/// assert!(format!("{target:?}").contains("ECHO_SERVICE/1"));
/// ```
pub struct Target {
    /// Host and port, as in a URL: `198.18.0.3:8000`.
    pub authority: String,
    /// Anything that is to be dropped when the request has ended, for example a count of the
    /// requests in flight.
    pub lease: Option<Box<dyn Send + Sync>>,
    /// The name in messages: `ECHO_SERVICE/1`.
    pub label: String,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("authority", &self.authority)
            .field("leased", &self.lease.is_some())
            .field("label", &self.label)
            .finish()
    }
}

/// There is no instance to send to.
///
/// ```
/// let none = floe_function::NoTarget {
///     message: "service ECHO_SERVICE has 0 of 1 ready instances".to_owned(),
///     retryable: true,
/// };
/// assert_eq!(none.to_string(), "service ECHO_SERVICE has 0 of 1 ready instances");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoTarget {
    /// Why, in the user's words, with the service's name.
    pub message: String,
    /// Whether one may come: the service is starting, or an upgrade is under way.
    pub retryable: bool,
}

/// One address, always: for a service that runs somewhere else, and for tests.
///
/// ```
/// use floe_function::{FixedTarget, Targets};
///
/// let targets = FixedTarget::new("127.0.0.1:8000");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(targets.pick(0).await.unwrap().authority, "127.0.0.1:8000");
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedTarget {
    authority: String,
}

impl FixedTarget {
    /// A target at `authority` (host and port), which is also its label.
    ///
    /// ```
    /// use floe_function::FixedTarget;
    ///
    /// assert_eq!(FixedTarget::new("[::1]:80"), FixedTarget::new(String::from("[::1]:80")));
    /// ```
    pub fn new(authority: impl Into<String>) -> Self {
        Self {
            authority: authority.into(),
        }
    }
}

impl Targets for FixedTarget {
    fn pick(&self, _attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
        Box::pin(ready(Ok(Target {
            authority: self.authority.clone(),
            lease: None,
            label: self.authority.clone(),
        })))
    }
}
