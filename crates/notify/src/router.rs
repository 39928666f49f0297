//! One queue for a whole bucket, split into one queue for each directory.
//!
//! A bucket takes a limited number of notifications: 100 on S3, 10 for one event on Cloud Storage,
//! 500 subscriptions for one topic of Event Grid. Where more streams watch it, one notification
//! sends everything to one queue, and a [`Router`] hands each event on to the queue of its
//! directory. [`Routes`] decides and does nothing; [`Router`] receives, sends and acknowledges.
//! How and within which limits stands in `router/design.md` beside the sources.

mod drive;
mod error;
mod split;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::{EventKind, FileEvent, Message, decode_message};

pub use drive::{EventSink, Router, Turn};
pub use error::RouteError;

/// Most routes of one router: ten times as many as a topic of Event Grid has subscriptions.
pub const MAX_ROUTES: usize = 5_000;

/// What becomes of events that no route wants, and of messages that cannot be read.
///
/// ```
/// use floe_notify::router::Unmatched;
/// assert_ne!(Unmatched::Keep, Unmatched::To("dead".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// The message goes to this queue, as it is.
    To(String),
    /// The message stays where it is and comes again, until a route wants it or it is too old.
    /// What else it holds is sent each time.
    Keep,
    /// Events that no route wants are dropped; messages that cannot be read stay, as with
    /// [`Unmatched::Keep`].
    Drop,
}

/// Which queue gets the events of which keys.
///
/// An event goes to the route with the longest prefix that its key begins with, byte by byte. One
/// that is about a whole directory, whose files have to be listed, goes to all routes below that
/// directory as well. Several routes may lead to one queue.
///
/// ```
/// use floe_notify::Message;
/// use floe_notify::router::{Routes, Unmatched};
///
/// let routes = Routes::new(
///     [("orders/", "orders"), ("orders/eu/", "europe")],
///     Unmatched::To("dead".to_owned()),
/// )?;
/// let record = |key: &str| format!(
///     r#"{{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
///     "s3":{{"bucket":{{"name":"landing"}},"object":{{"key":"{key}","size":1}}}}}}"#
/// );
/// let body = format!(r#"{{"Records":[{},{}]}}"#, record("orders/a"), record("orders/eu/b"));
/// let decision = routes.decide(&Message::new(body));
/// let to: Vec<&str> = decision.sends.iter().map(|send| send.to.as_str()).collect();
/// assert_eq!(to, ["europe", "orders"]);
/// assert!(decision.acknowledge);
/// # Ok::<(), floe_notify::router::RouteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Routes {
    routes: BTreeMap<Vec<u8>, String>,
    unmatched: Unmatched,
    bucket: Option<String>,
}

/// A message for one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// The name of the queue, as the routes have it.
    pub to: String,
    /// What to send.
    pub message: Message,
}

/// What to do with one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to send, by the name of the queue; no queue gets more than one message.
    pub sends: Vec<Send>,
    /// Whether the message is done when all of that is durable.
    pub acknowledge: bool,
    /// Whether something in the message could not be read.
    pub poison: bool,
    /// How many events no route wanted.
    pub unmatched: usize,
}

impl Routes {
    /// Makes routes of prefixes of keys, and the names of the queues they lead to.
    ///
    /// # Errors
    ///
    /// [`RouteError`], when a prefix is there twice, a name is empty, or there are more than
    /// [`MAX_ROUTES`].
    ///
    /// ```
    /// use floe_notify::router::{Routes, Unmatched};
    /// let twice = Routes::new([("a/", "one"), ("a/", "two")], Unmatched::Keep);
    /// assert_eq!(twice.unwrap_err().code(), "FLOE-NOTIFY-0070");
    /// ```
    pub fn new<P: Into<Vec<u8>>, N: Into<String>>(
        routes: impl IntoIterator<Item = (P, N)>,
        unmatched: Unmatched,
    ) -> Result<Self, RouteError> {
        let mut known = BTreeMap::new();
        for (prefix, name) in routes {
            let (prefix, name) = (prefix.into(), name.into());
            if name.is_empty() {
                return Err(RouteError::NoName {
                    prefix: shown(&prefix),
                });
            }
            if known.len() >= MAX_ROUTES {
                return Err(RouteError::TooMany);
            }
            if let Some(other) = known.insert(prefix.clone(), name.clone()) {
                let prefix = shown(&prefix);
                return Err(RouteError::Twice {
                    prefix,
                    names: [other, name],
                });
            }
        }
        Ok(Self {
            routes: known,
            unmatched,
            bucket: None,
        })
    }

    /// Lets only events of this bucket match.
    ///
    /// ```
    /// use floe_notify::router::{Routes, Unmatched};
    /// let routes = Routes::new([("", "all")], Unmatched::Keep)?.of_bucket("landing");
    /// let body = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{
    ///     "bucket":{"name":"another"},"object":{"key":"a"}}}]}"#;
    /// assert!(!routes.decide(&floe_notify::Message::new(body)).acknowledge);
    /// # Ok::<(), floe_notify::router::RouteError>(())
    /// ```
    #[must_use]
    pub fn of_bucket(self, bucket: impl Into<String>) -> Self {
        Self {
            bucket: Some(bucket.into()),
            ..self
        }
    }

    /// The names of all queues, that of what is unmatched included.
    ///
    /// ```
    /// use floe_notify::router::{Routes, Unmatched};
    /// let routes = Routes::new([("a/", "one"), ("b/", "one")], Unmatched::To("two".into()))?;
    /// assert_eq!(routes.names().into_iter().collect::<Vec<_>>(), ["one", "two"]);
    /// # Ok::<(), floe_notify::router::RouteError>(())
    /// ```
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        let unmatched = match &self.unmatched {
            Unmatched::To(name) => Some(name.as_str()),
            Unmatched::Keep | Unmatched::Drop => None,
        };
        self.routes
            .values()
            .map(String::as_str)
            .chain(unmatched)
            .collect()
    }

    /// The queue of a key; none when no prefix fits.
    ///
    /// ```
    /// use floe_notify::router::{Routes, Unmatched};
    /// let routes = Routes::new([("a/", "one"), ("a/b/", "two")], Unmatched::Keep)?;
    /// assert_eq!(routes.route_of(b"a/b/c"), Some("two"));
    /// assert_eq!(routes.route_of(b"a/bc"), Some("one"));
    /// assert_eq!(routes.route_of(b"b/"), None);
    /// # Ok::<(), floe_notify::router::RouteError>(())
    /// ```
    #[must_use]
    pub fn route_of(&self, key: &[u8]) -> Option<&str> {
        let mut rest = key;
        // Of the prefixes up to a key in order, those that it begins with only get shorter.
        loop {
            let up_to = (Bound::Unbounded, Bound::Included(rest));
            let (prefix, name) = self.routes.range::<[u8], _>(up_to).next_back()?;
            let common = prefix.iter().zip(rest).take_while(|(a, b)| a == b).count();
            if common == prefix.len() {
                return Some(name);
            }
            rest = rest.get(..common)?;
        }
    }

    /// Decides about one message, by its body and attributes alone.
    ///
    /// What goes to one queue only is sent as it is. Otherwise each queue gets a message of which
    /// [`decode`](crate::decode) tells exactly its events. Messages that only try the way to the
    /// queue ([`EventKind::Test`]) are done.
    ///
    /// See [`Routes`] for an example.
    #[must_use]
    pub fn decide(&self, message: &Message) -> Decision {
        let attributes = message.attributes().iter();
        let attributes = attributes.map(|(name, value)| (name.as_str(), value.as_str()));
        let decoded = decode_message(None, message.body(), attributes);
        let events = decoded
            .events
            .iter()
            .filter(|event| event.kind != EventKind::Test);
        let targets: Vec<BTreeSet<&str>> = events.map(|event| self.targets(event)).collect();
        let poison = !decoded.is_complete();
        let unmatched = targets.iter().filter(|of_one| of_one.is_empty()).count();
        let routed: BTreeSet<&str> = targets.iter().flatten().copied().collect();
        let is_whole = !poison && targets.iter().all(|of_one| of_one.len() == routed.len());
        let mut sends: BTreeMap<&str, Message> = if is_whole {
            routed.iter().map(|name| (*name, message.clone())).collect()
        } else {
            self.split(message, &routed)
        };
        let is_left = poison || unmatched > 0;
        let acknowledge = match &self.unmatched {
            _ if !is_left => true,
            Unmatched::To(name) => {
                sends.insert(name, message.clone());
                true
            }
            Unmatched::Drop => !poison,
            Unmatched::Keep => false,
        };
        let sends = sends.into_iter().map(|(to, message)| Send {
            to: to.to_owned(),
            message,
        });
        Decision {
            sends: sends.collect(),
            acknowledge,
            poison,
            unmatched,
        }
    }

    /// Where an event goes; nowhere when no route wants it.
    fn targets(&self, event: &FileEvent<'_>) -> BTreeSet<&str> {
        let is_ours = self.bucket.is_none() || self.bucket.as_deref() == event.bucket.as_deref();
        let Some(key) = event.key.as_ref().filter(|_| is_ours) else {
            return BTreeSet::new();
        };
        let is_directory = matches!(
            event.kind,
            EventKind::DirectoryRenamed | EventKind::RescanNeeded
        );
        if !is_directory {
            return self.route_of(key.as_bytes()).into_iter().collect();
        }
        let mut directory = key.as_bytes().to_vec();
        if !directory.ends_with(b"/") {
            directory.push(b'/');
        }
        let below = self.routes.range(directory.clone()..);
        let below = below.take_while(|(prefix, _)| prefix.starts_with(&directory));
        let below = below.map(|(_, name)| name.as_str());
        below.chain(self.route_of(&directory)).collect()
    }

    /// One message for each queue, with its events.
    fn split<'a>(
        &self,
        message: &Message,
        routed: &BTreeSet<&'a str>,
    ) -> BTreeMap<&'a str, Message> {
        let parts = split::parts(message.body());
        let mut of_queue: BTreeMap<&str, Vec<&split::Part>> = BTreeMap::new();
        for part in &parts {
            let body = part.body();
            let decoded = crate::decode(None, &body);
            let targets = decoded.events.iter().flat_map(|event| self.targets(event));
            let targets: BTreeSet<&str> = targets.collect();
            for name in targets {
                if let Some(name) = routed.get(name) {
                    of_queue.entry(name).or_default().push(part);
                }
            }
        }
        let messages = routed.iter().map(|name| {
            // What cannot be taken apart goes as it is to all: too much is not too little.
            let body = of_queue.get(name).map(|parts| split::join(parts));
            let body = body.unwrap_or_else(|| message.body().to_vec());
            let attributes = message.attributes().iter();
            let copy = attributes.fold(Message::new(body), |copy, (name, value)| {
                copy.with_attribute(name, value)
            });
            (*name, copy)
        });
        messages.collect()
    }
}

fn shown(prefix: &[u8]) -> String {
    String::from_utf8_lossy(prefix).escape_debug().to_string()
}
