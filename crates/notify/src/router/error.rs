//! Why routes cannot be used.

use super::MAX_ROUTES;

/// Routes that cannot be used.
///
/// ```
/// assert_eq!(floe_notify::router::RouteError::TooMany.code(), "FLOE-NOTIFY-0070");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// One prefix leads to two queues.
    #[error("the prefix '{prefix}' leads to '{}' and to '{}'; give it once", names[0], names[1])]
    Twice {
        /// The prefix.
        prefix: String,
        /// The names of the queues.
        names: [String; 2],
    },
    /// A route does not say where it leads.
    #[error("the route of the prefix '{prefix}' names no queue; name one")]
    NoName {
        /// The prefix.
        prefix: String,
    },
    /// There are too many routes.
    #[error("there are more than {MAX_ROUTES} routes; split them among several routers")]
    TooMany,
    /// A route leads to a queue that was not given.
    #[error("a route leads to '{name}', and no queue of that name was given; add it")]
    NoSink {
        /// The name.
        name: String,
    },
}

impl RouteError {
    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::router::RouteError;
    /// let error = RouteError::NoSink { name: "orders".to_owned() };
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0070");
    /// ```
    #[must_use]
    pub const fn code(&self) -> &'static str {
        crate::codes::BAD_ROUTES
    }
}
