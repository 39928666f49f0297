//! Queues in one directory, each with the mark of the stream that it was set up for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floe_notify::clock::Clock;
use floe_notify::{
    Action, BoxFuture, Conflict, NotificationService, Origin, Plan, QueueId, ResourceError,
    ResourceKind, ResourceManager, Step, StreamId, TearDown,
};

use crate::LocalError;

mod folders;
pub(crate) mod marker;

pub(crate) use folders::foreign_file;
use folders::{Found, Place};
use marker::Marker;

/// The prefix that Auto Loader gives to queues, where no other is chosen.
const DEFAULT_PREFIX: &str = "databricks-auto-ingest";

/// Most characters of the name of a queue: the 255 that most file systems take of one name, less
/// room for what a name gets while it is made or deleted.
const MAX_NAME_CHARS: usize = 160;

/// Sets up, lists and tears down the queues of one directory.
///
/// What a cloud's storage does by itself, sending events, a [`Watcher`](crate::Watcher) does here,
/// in the process of the stream; so a queue is all there is to set up.
///
/// # Guarantees
/// Beyond those of [`ResourceManager`]: a queue appears under its name with its mark in it, or not
/// at all. Tear-down deletes only files that it knows; a queue that holds files of others, or that
/// a process has open, stays.
///
/// # Caveats
/// All methods use the file system on the thread that polls them, for a few milliseconds.
///
/// ```
/// use floe_notify::{ResourceManager, StreamId, TearDown, clock::ManualClock};
/// use floe_notify_local::{LocalQueue, LocalResourceManager, QueueOptions};
/// let root = tempfile::tempdir().unwrap();
/// let landing = tempfile::tempdir().unwrap();
/// let manager = LocalResourceManager::new(root.path()).with_path(landing.path());
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
/// let clock = ManualClock::default();
/// clock.run(async {
///     let id = manager.set_up_notification_services(&clock, &stream, "orders").await?;
///     assert!(LocalQueue::open(id.as_str().as_ref(), QueueOptions::default()).is_ok());
///     let done = manager.tear_down_notification_services(&clock, &stream, TearDown::Created);
///     assert!(done.await?.to_string().starts_with("delete queue "));
///     Ok::<(), floe_notify::ResourceError>(())
/// }).unwrap().unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct LocalResourceManager {
    root: PathBuf,
    path: Option<PathBuf>,
    prefix: String,
    tags: BTreeMap<String, String>,
}

impl LocalResourceManager {
    /// Makes a manager of the queues in the directory `root`, which may not be there yet.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, clock::ManualClock};
    /// use floe_notify_local::LocalResourceManager;
    /// let root = tempfile::tempdir().unwrap();
    /// let manager = LocalResourceManager::new(&root.path().join("queues"));
    /// let clock = ManualClock::default();
    /// let list = clock.run(manager.list_notification_services(&clock)).unwrap();
    /// assert_eq!(list.unwrap(), []);
    /// ```
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            path: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            tags: BTreeMap::new(),
        }
    }

    /// Says which directory's files are to be notified of; set-up needs it.
    ///
    /// ```
    /// use floe_notify::{ResourceError, ResourceManager, StreamId, clock::ManualClock};
    /// use floe_notify_local::LocalResourceManager;
    /// let (root, landing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    /// let (clock, manager) = (ManualClock::default(), LocalResourceManager::new(root.path()));
    /// let plan = clock.run(manager.plan_set_up(&clock, &stream, "orders")).unwrap();
    /// assert!(matches!(plan, Err(ResourceError::NoPath)));
    /// let manager = manager.with_path(landing.path());
    /// assert!(clock.run(manager.plan_set_up(&clock, &stream, "orders")).unwrap().is_ok());
    /// ```
    #[must_use]
    pub fn with_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Chooses another prefix of the names of queues than `databricks-auto-ingest`.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, StreamId, clock::ManualClock};
    /// use floe_notify_local::LocalResourceManager;
    /// let (root, landing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    /// let manager = LocalResourceManager::new(root.path()).with_path(landing.path());
    /// let manager = manager.with_prefix("files");
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    /// let clock = ManualClock::default();
    /// let plan = clock.run(manager.plan_set_up(&clock, &stream, "orders")).unwrap().unwrap();
    /// assert!(plan.to_string().ends_with("/files-orders\n"), "{plan}");
    /// ```
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Adds tags that the mark of every queue carries.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, StreamId, clock::ManualClock};
    /// use floe_notify_local::LocalResourceManager;
    /// let (root, landing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    /// let manager = LocalResourceManager::new(root.path()).with_path(landing.path());
    /// let manager = manager.with_tags([("team".to_owned(), "data".to_owned())]);
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    /// let clock = ManualClock::default();
    /// let set_up = manager.set_up_notification_services(&clock, &stream, "orders");
    /// clock.run(set_up).unwrap().unwrap();
    /// let list = clock.run(manager.list_notification_services(&clock)).unwrap().unwrap();
    /// assert_eq!(list[0].tags()["team"], "data");
    /// ```
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.tags.extend(tags);
        self
    }

    fn place(&self, suffix: &str) -> Result<(Place<'_>, PathBuf), ResourceError> {
        let name = format!("{}-{suffix}", self.prefix);
        let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_good = !suffix.is_empty()
            && name.len() <= MAX_NAME_CHARS
            && name.bytes().all(is_taken)
            && !name.starts_with('.');
        if !is_good {
            return Err(ResourceError::UnsuitableSuffix {
                suffix: suffix.to_owned(),
                manager: "local".to_owned(),
                rule: format!(
                    "use letters, digits, '-', '_' or '.'; together with the prefix '{}' the name \
                     may have {MAX_NAME_CHARS} characters",
                    self.prefix
                ),
            });
        }
        let path = self.path.as_ref().ok_or(ResourceError::NoPath)?;
        let watched = path.canonicalize();
        let watched = watched.map_err(|error| refused(LocalError::io("find", path, error)))?;
        if !watched.is_dir() {
            return Err(refused(LocalError::BadPath {
                path: watched,
                reason: "only directories are watched",
            }));
        }
        let root = self
            .root
            .canonicalize()
            .unwrap_or_else(|_| self.root.clone());
        if root.starts_with(&watched) {
            return Err(refused(LocalError::BadPath {
                path: root,
                reason: "queues must not lie in the directory that is watched",
            }));
        }
        let root = &self.root;
        Ok((Place { root, name }, watched))
    }

    /// What set-up would do; the marker is there when the queue is to be created.
    fn plan(
        &self,
        stream: &StreamId,
        suffix: &str,
    ) -> Result<(Step, Place<'_>, Marker), ResourceError> {
        let (place, watched) = self.place(suffix)?;
        let folder = place.folder();
        let shown = folder.display().to_string();
        let step = |action| Step::new(action, ResourceKind::Queue, shown.clone());
        let step = match place.look().map_err(refused)? {
            Found::Nothing => step(Action::Create),
            Found::Unmarked => step(Action::Reuse).because("somebody made it by hand"),
            Found::Marked(Marker {
                path: Some(other), ..
            }) if other != watched => {
                let reason = format!("it serves {}; choose another suffix", other.display());
                return Err(conflict(&shown, reason));
            }
            Found::Marked(marker) => match marker.stream {
                Some(other) if other != *stream => {
                    step(Action::Reuse).because(format!("it was set up for stream {other}"))
                }
                _ => step(Action::Reuse),
            },
            Found::Foreign(file) => {
                let reason = format!("it holds '{file}' and is no queue; choose another suffix");
                return Err(conflict(&shown, reason));
            }
        };
        let marker = Marker {
            stream: Some(stream.clone()),
            path: Some(watched),
            tags: self.tags.clone(),
        };
        Ok((step, place, marker))
    }

    fn set_up(&self, stream: &StreamId, suffix: &str) -> Result<QueueId, ResourceError> {
        let (step, place, marker) = self.plan(stream, suffix)?;
        if step.action() == Action::Create {
            let created = place.create(&marker);
            // Somebody may have set up the very same at the same time; then all is there.
            let is_there = matches!(place.look(), Ok(Found::Marked(_)));
            created.or_else(|error| {
                if is_there {
                    Ok(())
                } else {
                    Err(refused(error))
                }
            })?;
        }
        let folder = place.folder();
        let found = folder.canonicalize();
        let folder = found.map_err(|error| refused(LocalError::io("find", &folder, error)))?;
        let text = folder.to_str().ok_or_else(|| {
            refused(LocalError::BadPath {
                path: folder.clone(),
                reason: "it must be UTF-8",
            })
        })?;
        Ok(QueueId::new(text)?)
    }

    fn list(&self) -> Result<Vec<NotificationService>, ResourceError> {
        let all = folders::all(&self.root, &self.prefix).map_err(refused)?;
        let service = |(folder, marker): (PathBuf, Marker)| {
            let name = folder.display().to_string();
            let mut service = NotificationService::new(Origin::Floe)
                .with_resource(ResourceKind::Queue, name)
                .with_tags(marker.tags);
            if let Some(stream) = marker.stream {
                service = service.with_stream(stream);
            }
            if let Some(path) = marker.path {
                service = service.with_path(path.display().to_string());
            }
            // What is being made or deleted is no queue that anybody could open.
            let id = folder.to_str().and_then(|text| QueueId::new(text).ok());
            match id {
                Some(id) if !folders::is_unfinished(&folder) => service.with_queue(id),
                _ => service,
            }
        };
        Ok(all.into_iter().map(service).collect())
    }

    fn tear_down_plan(&self, stream: &StreamId) -> Result<Vec<(PathBuf, Step)>, ResourceError> {
        let all = folders::all(&self.root, &self.prefix).map_err(refused)?;
        let mine = all
            .into_iter()
            .filter(|(_, marker)| marker.stream.as_ref() == Some(stream));
        let mut steps = Vec::new();
        for (folder, _) in mine {
            let name = folder.display().to_string();
            let step = match folders::foreign_file(&folder).map_err(refused)? {
                Some(file) => Step::new(Action::Leave, ResourceKind::Queue, name)
                    .because(format!("it holds '{file}', which is not a file of a queue")),
                None => Step::new(Action::Delete, ResourceKind::Queue, name),
            };
            steps.push((folder, step));
        }
        Ok(steps)
    }

    fn tear_down(&self, stream: &StreamId) -> Result<Plan, ResourceError> {
        let steps = self.tear_down_plan(stream)?;
        for (folder, step) in &steps {
            if step.action() == Action::Delete {
                folders::delete(folder).map_err(refused)?;
            }
        }
        Ok(Plan::new(steps.into_iter().map(|(_, step)| step).collect()))
    }
}

fn conflict(folder: &str, reason: String) -> ResourceError {
    ResourceError::Conflicts {
        conflicts: vec![Conflict::new(format!("queue {folder}"), reason)],
    }
}

fn refused(error: LocalError) -> ResourceError {
    match error {
        LocalError::Io {
            action,
            ref path,
            ref source,
        } if error.is_permission() => ResourceError::Denied {
            action: action.to_owned(),
            resource: path.display().to_string(),
            reason: source.to_string(),
        },
        error => ResourceError::driver("local queues", error),
    }
}

impl ResourceManager for LocalResourceManager {
    fn name(&self) -> &str {
        "local"
    }

    fn plan_set_up<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let (step, ..) = self.plan(stream, suffix)?;
            Ok(Plan::new(vec![step]))
        })
    }

    fn set_up_notification_services<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<QueueId, ResourceError>> {
        Box::pin(async move { self.set_up(stream, suffix) })
    }

    fn list_notification_services<'a>(
        &'a self,
        _clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>> {
        Box::pin(async move { self.list() })
    }

    fn plan_tear_down<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        _scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let steps = self.tear_down_plan(stream)?;
            Ok(Plan::new(steps.into_iter().map(|(_, step)| step).collect()))
        })
    }

    fn tear_down_notification_services<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        _scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move { self.tear_down(stream) })
    }
}
