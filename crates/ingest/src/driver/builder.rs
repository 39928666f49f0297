//! What a stream is made of.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::{Clock, Timestamp};
use floe_notify::options::{Key, Moment, OptionType, PathRewrites, keys};
use floe_notify::{Cloud, EventQueue, Finding, Location, Options, StreamId};

use super::observer::Nobody;
use super::{FileStream, GivenQueue, Observer, QueueProvider, Stopper, StreamError};
use crate::stream::Settings;
use crate::{FileSource, Filter, Founding, Glob, Home, Ledger, Role, VersionRule};

/// How often the path is listed without notifications, unless the builder says otherwise.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// When a stream ends.
///
/// ```
/// assert_eq!(floe_ingest::Trigger::default(), floe_ingest::Trigger::Continuous);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// When it is stopped.
    #[default]
    Continuous,
    /// When everything is committed that was there when it started, or when it is stopped.
    AvailableNow,
}

/// Makes a [`FileStream`].
///
/// A stream needs a [ledger](Self::ledger), a [source](Self::source), a [clock](Self::clock) and a
/// [stream id](Self::stream); with `cloudFiles.useNotifications` a [queue](Self::queue) or a
/// [provider](Self::provider) of one, too.
///
/// ```
/// use floe_ingest::{FileStream, StreamError};
/// let builder = FileStream::builder("s3://landing/in").option("cloudFiles.useNotifications", "maybe");
/// assert!(matches!(builder.build(), Err(StreamError::Options { .. })));
/// ```
#[derive(Debug)]
pub struct FileStreamBuilder {
    path: String,
    pairs: Vec<(String, String)>,
    typed: Options,
    ledger: Option<Arc<dyn Ledger>>,
    source: Option<Arc<dyn FileSource>>,
    provider: Option<Arc<dyn QueueProvider>>,
    clock: Option<Arc<dyn Clock>>,
    stream: Option<StreamId>,
    role: Option<Role>,
    rule: Option<VersionRule>,
    trigger: Trigger,
    list_every: Duration,
    moves: bool,
    observer: Arc<dyn Observer>,
}

impl FileStreamBuilder {
    pub(super) fn new(path: String) -> Self {
        Self {
            path,
            pairs: Vec::new(),
            typed: Options::default(),
            ledger: None,
            source: None,
            provider: None,
            clock: None,
            stream: None,
            role: None,
            rule: None,
            trigger: Trigger::default(),
            list_every: LIST_EVERY,
            moves: false,
            observer: Arc::new(Nobody),
        }
    }

    /// Sets an option by the name and in the spelling of "Auto Loader options".
    ///
    /// ```
    /// use floe_ingest::FileStream;
    /// let stream = FileStream::builder("/srv/in").option("cloudFiles.maxFilesPerTrigger", "0");
    /// let error = stream.build().unwrap_err();
    /// assert!(error.to_string().contains("must be positive"), "{error}");
    /// ```
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((name.into(), value.into()));
        self
    }

    /// Sets several options; see [`option`](Self::option).
    ///
    /// ```
    /// use floe_ingest::FileStream;
    /// let pairs = [("cloudFiles.format", "json"), ("cloudFiles.fetchParallelism", "4")];
    /// let error = FileStream::builder("/srv/in").options(pairs).build().unwrap_err();
    /// assert_eq!(error.code(), "FLOE-INGEST-0041", "there is no ledger yet");
    /// ```
    #[must_use]
    pub fn options<N: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        self.pairs
            .extend(pairs.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets an option by its key and in its type.
    ///
    /// ```
    /// use floe_ingest::{FileStream, StreamError};
    /// use floe_notify::options::keys;
    /// let builder = FileStream::builder("/srv/in").set(keys::MAX_FILES_PER_TRIGGER, 500);
    /// assert!(matches!(builder.build(), Err(StreamError::Incomplete { .. })));
    /// ```
    #[must_use]
    pub fn set<T: OptionType>(mut self, key: impl Into<Key<T>>, value: T) -> Self {
        self.typed.set(key, value);
        self
    }

    /// Gives what the stream remembers in.
    ///
    /// ```
    /// use floe_ingest::{FileStream, memory::MemoryLedger};
    /// let builder = FileStream::builder("/srv/in");
    /// let builder = builder.ledger(std::sync::Arc::new(MemoryLedger::default()));
    /// assert!(builder.build().unwrap_err().to_string().contains("source"));
    /// ```
    #[must_use]
    pub fn ledger(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Gives the store that the files lie in.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn FileSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// Gives a queue that somebody else looks after; see [`GivenQueue`].
    ///
    /// ```
    /// use floe_ingest::FileStream;
    /// use floe_notify::memory::MemoryQueue;
    /// let queue = std::sync::Arc::new(MemoryQueue::default());
    /// assert!(FileStream::builder("/srv/in").queue(queue).build().is_err(), "no ledger yet");
    /// ```
    #[must_use]
    pub fn queue(self, queue: Arc<dyn EventQueue>) -> Self {
        self.provider(Arc::new(GivenQueue::new(queue)))
    }

    /// Gives what opens the queue, and sets it up where there is none.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn QueueProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Gives the time.
    ///
    /// ```
    /// use floe_notify::clock::ManualClock;
    /// let clock = std::sync::Arc::new(ManualClock::default());
    /// let error = floe_ingest::FileStream::builder("/srv/in").clock(clock).build().unwrap_err();
    /// assert_eq!(error.code(), "FLOE-INGEST-0041");
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Gives the id that a new stream gets: a random UUID. A ledger that holds a stream already
    /// knows its id, and this one is not used.
    ///
    /// ```
    /// use floe_notify::StreamId;
    /// let id = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
    /// assert!(floe_ingest::FileStream::builder("/srv/in").stream(id).build().is_err());
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn stream(mut self, stream: StreamId) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Names this consumer; `consumer-0` unless it is said. Consumers that share a stream have
    /// different roles, and a consumer that comes back takes its old one.
    ///
    /// ```
    /// use floe_ingest::{FileStream, Role};
    /// let builder = FileStream::builder("/srv/in").role(Role::new("host-7")?);
    /// assert!(format!("{builder:?}").contains("host-7"));
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Says what tells two contents of one path apart, with `cloudFiles.allowOverwrites`; the
    /// default goes by the storage. Only the first start looks at it.
    ///
    /// ```
    /// use floe_ingest::{FileStream, VersionRule};
    /// let builder = FileStream::builder("s3://landing/in").version_rule(VersionRule::VersionId);
    /// assert!(format!("{builder:?}").contains("VersionId"));
    /// ```
    #[must_use]
    pub fn version_rule(mut self, rule: VersionRule) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Says when the stream ends.
    ///
    /// ```
    /// use floe_ingest::{FileStream, Trigger};
    /// let builder = FileStream::builder("/srv/in").trigger(Trigger::AvailableNow);
    /// assert!(format!("{builder:?}").contains("AvailableNow"));
    /// ```
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Says how often the path is listed without notifications; 10 seconds unless it is said. A
    /// listing that takes longer is not begun again meanwhile.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = floe_ingest::FileStream::builder("/srv/in");
    /// let builder = builder.list_every(Duration::from_secs(60));
    /// assert!(format!("{builder:?}").contains("60s"));
    /// ```
    #[must_use]
    pub fn list_every(mut self, every: Duration) -> Self {
        self.list_every = every;
        self
    }

    /// Lets the path change to another one of the same container: files of the new path are
    /// listed, and what is known stays known.
    ///
    /// ```
    /// let builder = floe_ingest::FileStream::builder("/srv/in").allow_path_change();
    /// assert!(format!("{builder:?}").contains("moves: true"));
    /// ```
    #[must_use]
    pub fn allow_path_change(mut self) -> Self {
        self.moves = true;
        self
    }

    /// Says who is told what happens.
    ///
    /// ```
    /// use floe_ingest::{FileStream, Observer, StreamEvent};
    /// #[derive(Debug)]
    /// struct Print;
    /// impl Observer for Print {
    ///     fn saw(&self, event: &StreamEvent) {
    ///         println!("{event}");
    ///     }
    /// }
    /// let builder = FileStream::builder("/srv/in").observer(std::sync::Arc::new(Print));
    /// assert!(format!("{builder:?}").contains("Print"));
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Makes the stream; nothing is started yet.
    ///
    /// # Errors
    /// [`StreamError::Options`] with everything that is wrong with the options, and
    /// [`StreamError::Incomplete`].
    pub fn build(self) -> Result<FileStream, StreamError> {
        let typed = self.typed.to_pairs();
        let path = [(keys::PATH.info().name.to_owned(), self.path.clone())];
        let pairs = path.into_iter().chain(typed).chain(self.pairs);
        let (options, findings) = Options::parse(pairs);
        if findings.iter().any(Finding::is_error) {
            return Err(StreamError::Options { findings });
        }
        let none = |what, method| StreamError::Incomplete { what, method };
        let location = options.location().ok().flatten();
        let location = location.ok_or_else(|| none("a path", "path"))?;
        let stream = FileStream {
            shape: Shape {
                home: Home::new(&location),
                rule: self.rule.unwrap_or_else(|| rule(&options, &location)),
                trigger: self.trigger,
                list_every: self.list_every,
                location,
                options,
            },
            ledger: self.ledger.ok_or_else(|| none("a ledger", "ledger"))?,
            source: self.source.ok_or_else(|| none("a source", "source"))?,
            clock: self.clock.ok_or_else(|| none("a clock", "clock"))?,
            id: self.stream.ok_or_else(|| none("a stream id", "stream"))?,
            provider: self.provider,
            role: match self.role {
                Some(role) => role,
                None => Role::new("consumer-0")?,
            },
            moves: self.moves,
            observer: self.observer,
            findings,
            stopper: Stopper::default(),
        };
        if stream.provider.is_none() && stream.shape.options.get(keys::USE_NOTIFICATIONS) {
            return Err(none("a queue with cloudFiles.useNotifications", "queue"));
        }
        Ok(stream)
    }
}

/// What two contents of one path differ in, where events and listings both tell it.
fn rule(options: &Options, location: &Location) -> VersionRule {
    if !options.get(keys::ALLOW_OVERWRITES) {
        return VersionRule::KeyAlone;
    }
    match location.cloud() {
        Cloud::Aws | Cloud::Azure => VersionRule::EntityTag,
        Cloud::Gcp => VersionRule::Generation,
        Cloud::Local => VersionRule::Stat,
    }
}

/// What of a stream follows from its path and its options alone.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) location: Location,
    pub(super) options: Options,
    pub(super) home: Home,
    pub(super) rule: VersionRule,
    pub(super) trigger: Trigger,
    pub(super) list_every: Duration,
}

impl Shape {
    /// The path as ledgers keep it: without the slash at its end.
    pub(super) fn path(&self) -> String {
        let text = self.location.to_string();
        match text.trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        }
    }

    pub(super) fn founding(&self, stream: StreamId) -> Founding {
        let mut kept = self.options.keep();
        // The ledger knows it by itself, and may be told of a move.
        kept.given.remove(keys::PATH.info().name);
        Founding {
            stream,
            path: self.path(),
            rule: self.rule,
            options: kept.given,
            defaults: kept.defaults,
        }
    }

    pub(super) fn settings(&self) -> Settings {
        let options = &self.options;
        let notifications = options.get(keys::USE_NOTIFICATIONS);
        let backfill = options
            .find(keys::BACKFILL_INTERVAL)
            .map(|every| every.duration());
        let age = options.find(keys::MAX_FILE_AGE);
        let receivers = usize::try_from(options.get(keys::FETCH_PARALLELISM));
        Settings {
            notifications,
            include_existing: options.get(keys::INCLUDE_EXISTING_FILES),
            bounds: options.batch_bounds(),
            list_every: match notifications {
                true => backfill,
                false => Some(self.list_every),
            },
            max_file_age: age.map(|age| age.duration()),
            receivers: receivers.unwrap_or(usize::MAX),
            available_now: self.trigger == Trigger::AvailableNow,
            ..Settings::new(self.path(), self.location.key_prefix())
        }
    }

    pub(super) fn rewrites(&self) -> PathRewrites {
        self.options.find(keys::PATH_REWRITES).unwrap_or_default()
    }

    pub(super) fn filter(&self) -> Filter {
        let options = &self.options;
        let parts = || self.location.directory().trim_end_matches('/').split('/');
        let directory = match self.location.has_glob() {
            true => parts().map(Glob::new).collect(),
            false => Vec::new(),
        };
        let moment = |key| options.find(key).map(millis);
        Filter {
            prefix: self.location.key_prefix().into_bytes(),
            directory,
            name: options
                .find(keys::PATH_GLOB_FILTER)
                .map(|glob| Glob::new(&glob)),
            modified_after: moment(keys::MODIFIED_AFTER),
            modified_before: moment(keys::MODIFIED_BEFORE),
        }
    }
}

/// Whole milliseconds since the Unix epoch; what lies before it is the epoch.
fn millis(at: Moment) -> Timestamp {
    Timestamp::from_millis(u64::try_from(at.micros().div_euclid(1_000)).unwrap_or_default())
}
