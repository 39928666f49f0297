//! What a message or a page of a listing says, as the stream takes it.

use floe_notify::clock::Timestamp;
use floe_notify::options::PathRewrites;
use floe_notify::{
    Delivery, EventCloud, EventKind, EventTime, FileEvent, Location, Overwrite, decode_message,
};

use crate::{Discovery, EntityTags, FileId, Filter, Home, IdentityError, Sighting, VersionRule};

/// Most bytes of the reason that a message is kept aside with.
const MAX_REASON_BYTES: usize = 1_000;

/// How a stream reads sightings: which files it wants, and what it knows them by.
///
/// ```
/// use floe_ingest::{Filter, Home, Reader, VersionRule};
/// use floe_notify::Location;
/// use floe_notify::clock::Timestamp;
/// use floe_notify::{Delivery, Message, MessageId, Receipt};
///
/// let location = Location::parse("s3://landing/in")?;
/// let filter = Filter { prefix: location.key_prefix().into_bytes(), ..Filter::default() };
/// let reader = Reader {
///     home: Home::new(&location),
///     rule: VersionRule::KeyAlone,
///     filter,
///     rewrites: Default::default(),
/// };
/// let body = r#"{"Records": [{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
///     "eventVersion": "2.1", "eventTime": "2026-03-01T10:15:30.123Z",
///     "s3": {"bucket": {"name": "landing"}, "object": {"key": "in/a+b.csv", "size": 7}}}]}"#;
/// let receipt = Receipt::new(MessageId::new("m"), "t");
/// let delivery = Delivery::new(Message::new(body), receipt, Timestamp::from_millis(30_000));
/// let news = reader.read(&delivery, Timestamp::default());
/// assert_eq!(news.files[0].id.path(), b"/in/a b.csv");
/// assert!(news.poison.is_none());
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The stream's own container.
    pub home: Home,
    /// What tells two contents of one path apart.
    pub rule: VersionRule,
    /// Which files are wanted.
    pub filter: Filter,
    /// Where files of other containers are read instead (`pathRewrites`).
    pub rewrites: PathRewrites,
}

/// What one message or one page says to a stream. What the stream does not want is not in it.
///
/// ```
/// assert!(floe_ingest::News::default().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Files that are told of completely.
    pub files: Vec<Discovery>,
    /// Files that the store has to be asked about.
    pub asks: Vec<Ask>,
    /// Prefixes below which files may be that nothing tells of one by one: directories with a new
    /// name, and what a watcher lost sight of.
    pub listings: Vec<Vec<u8>>,
    /// What cannot be read in it; what can be read counts all the same.
    pub poison: Option<String>,
}

impl News {
    /// Whether there is nothing to be done about it.
    ///
    /// ```
    /// use floe_ingest::News;
    /// let bad = News { poison: Some("no JSON".to_owned()), ..News::default() };
    /// assert!(!bad.is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.asks.is_empty()
            && self.listings.is_empty()
            && self.poison.is_none()
    }
}

/// A file that the store has to be asked about, because its length or its version is not told.
///
/// ```
/// use floe_ingest::{Ask, Sighting};
/// use floe_notify::clock::Timestamp;
/// let at = Timestamp::from_millis(5);
/// let ask = Ask { path: b"/in/a".to_vec(), created: Some(at), sighting: Sighting::Event };
/// assert_eq!(ask.created, Some(at));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its path, as identities have it.
    pub path: Vec<u8>,
    /// When it was written, if what told of it said so.
    pub created: Option<Timestamp>,
    /// What told of it.
    pub sighting: Sighting,
}

impl Reader {
    /// Reads a message of the cloud's queues; `now` stands in for the time of an event that tells
    /// none.
    ///
    /// ```
    /// use floe_ingest::{Filter, Home, Reader, VersionRule};
    /// use floe_notify::clock::Timestamp;
    /// use floe_notify::{Delivery, Message, MessageId, Receipt};
    /// let (home, filter) = (Home::anywhere(), Filter::default());
    /// let rewrites = Default::default();
    /// let reader = Reader { home, rule: VersionRule::KeyAlone, filter, rewrites };
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("?"), receipt, Timestamp::default());
    /// assert!(reader.read(&delivery, Timestamp::default()).poison.is_some());
    /// ```
    #[must_use]
    pub fn read(&self, delivery: &Delivery, now: Timestamp) -> News {
        let message = delivery.message();
        let attributes = message.attributes().iter();
        let attributes = attributes.map(|(name, text)| (name.as_str(), text.as_str()));
        let decoded = decode_message(None, message.body(), attributes);
        let mut news = News::default();
        for event in &decoded.events {
            self.take(event, delivery.sent().unwrap_or(now), &mut news);
        }
        if !decoded.is_complete() {
            let findings: Vec<_> = decoded.findings.iter().map(ToString::to_string).collect();
            put_poison(&mut news, &findings.join("; "));
        }
        news
    }

    fn take(&self, event: &FileEvent<'_>, otherwise: Timestamp, news: &mut News) {
        // Of an overwrite of Cloud Storage the event of the old content brings nothing.
        let is_old = matches!(event.overwrite, Some(Overwrite::OverwrittenBy(_)));
        let Some(key) = event
            .key
            .as_ref()
            .filter(|_| event.kind.brings_files() && !is_old)
        else {
            return;
        };
        let elsewhere = self.rewritten(event);
        if elsewhere.is_none() && !self.home.takes(event) {
            return;
        }
        let key = elsewhere.as_deref().unwrap_or(key.as_bytes());
        let is_directory = matches!(
            event.kind,
            EventKind::DirectoryRenamed | EventKind::RescanNeeded
        );
        if is_directory {
            self.take_directory(key, news);
            return;
        }
        let created = event.time.map_or(otherwise, millis);
        if !self.filter.takes(key, created) {
            return;
        }
        let id = match &elsewhere {
            None => FileId::of_event(&self.home, self.rule, event),
            // Where it is read it has another version than where it was written.
            Some(key) => FileId::of_listing(&self.home, self.rule, key, &EntityTags::default()),
        };
        match (id, event.size) {
            (Ok(id), Some(size)) => {
                news.files.push(Discovery {
                    id,
                    size,
                    created,
                    sighting: Sighting::Event,
                });
            }
            (Ok(_) | Err(IdentityError::NoToken), _) => news.asks.push(Ask {
                path: match &elsewhere {
                    None => self.home.path_of_event(event).unwrap_or_default(),
                    Some(key) => self.home.path(key),
                },
                created: Some(created),
                sighting: Sighting::Event,
            }),
            (Err(error), _) => put_poison(news, &error.to_string()),
        }
    }

    /// The key, in the stream's own container, of a file that is read elsewhere than it lies.
    fn rewritten(&self, event: &FileEvent<'_>) -> Option<Vec<u8>> {
        let (bucket, key) = (event.bucket.as_deref()?, event.key.as_ref()?);
        let key = std::str::from_utf8(key.as_bytes()).ok()?;
        let container = match (event.cloud, event.account.as_deref()) {
            (EventCloud::Azure, Some(account)) => format!("{bucket}@{account}"),
            _ => bucket.to_owned(),
        };
        let target = self.rewrites.rewrite(&container, key)?;
        // What a workspace has mounted is a directory of the machine.
        let target = target.strip_prefix("dbfs:").unwrap_or(&target);
        let target = Location::parse(target).ok()?;
        let is_own = Home::new(&target).is_same(&self.home);
        is_own.then(|| target.directory().as_bytes().to_vec())
    }

    fn take_directory(&self, key: &[u8], news: &mut News) {
        let mut directory = key.to_vec();
        if !directory.ends_with(b"/") {
            directory.push(b'/');
        }
        let prefix = &self.filter.prefix;
        if directory.starts_with(prefix) {
            news.listings.push(directory);
        } else if prefix.starts_with(&directory) {
            news.listings.push(prefix.clone());
        }
    }
}

fn put_poison(news: &mut News, reason: &str) {
    let mut end = reason.len().min(MAX_REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let reason = reason.get(..end).unwrap_or_default().to_owned();
    news.poison.get_or_insert(reason);
}

fn millis(time: EventTime) -> Timestamp {
    // Before 1970 nothing was written.
    Timestamp::from_millis(u64::try_from(time.millis()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use floe_notify::clock::Timestamp;
    use floe_notify::options::PathRewrites;
    use floe_notify::{Delivery, Location, Message, MessageId, Receipt};

    use super::{News, Reader};
    use crate::{Filter, Home, VersionRule};

    fn read(body: &str) -> News {
        let reader = Reader {
            home: Home::new(&Location::parse("/srv/in").unwrap()),
            rule: VersionRule::KeyAlone,
            filter: Filter {
                prefix: b"/srv/in/".to_vec(),
                ..Filter::default()
            },
            rewrites: PathRewrites::default(),
        };
        let receipt = Receipt::new(MessageId::new("m"), "t");
        let delivery = Delivery::new(Message::new(body), receipt, Timestamp::default());
        reader.read(&delivery, Timestamp::default())
    }

    #[test]
    fn a_local_file_is_discovered_and_lost_events_ask_for_a_listing() {
        let landed = read(
            r#"{"type":"landed","uri":"file:///srv/in/a.csv","how":"written","size":7,
                "modifiedMs":1000,"inode":42,"seenMs":1500}"#,
        );
        assert_eq!((landed.files.len(), landed.poison), (1, None));
        let lost = read(
            r#"{"type":"rescanNeeded","uri":"file:///srv/in/deep","reason":"overflow",
                "seenMs":1500}"#,
        );
        assert_eq!(lost.listings, [b"/srv/in/deep/".to_vec()]);
        let above = read(
            r#"{"type":"rescanNeeded","uri":"file:///srv","reason":"overflow","seenMs":1500}"#,
        );
        assert_eq!(above.listings, [b"/srv/in/".to_vec()]);
    }
}
