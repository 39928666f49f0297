//! The local queue and the local resource manager keep the contracts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::contract::{
    QueueBench, QueueFactory, ResourceFactory, ResourceWorld, queue_contract,
    resource_manager_contract,
};
use floe_notify::{
    BoxFuture, Delivery, EventQueue, Message, QueueError, QueueId, QueueProperties, Receipt,
    ResourceManager, StreamId,
};
use floe_notify_local::{
    LocalError, LocalQueue, LocalResourceManager, QueueOptions, WatchOptions, Watcher,
};
use tempfile::TempDir;

use crate::common::{FastClock, block_on};

struct Factory;

struct Bench {
    directory: TempDir,
}

impl QueueFactory for Factory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async {
            let directory = tempfile::tempdir().unwrap();
            Box::new(Bench { directory }) as Box<dyn QueueBench>
        })
    }
}

impl Bench {
    fn open(&self) -> LocalQueue {
        let options = QueueOptions {
            visibility: Duration::from_secs(5),
            ..QueueOptions::default()
        };
        LocalQueue::open(self.directory.path(), options).unwrap()
    }
}

impl QueueBench for Bench {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async { Arc::new(self.open()) as Arc<dyn EventQueue> })
    }

    fn send<'a>(&'a self, clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        // The queue may be closed between two messages: what was sent is on the disk.
        Box::pin(async move { self.open().send(clock, vec![message]).await.unwrap() })
    }
}

#[test]
fn the_local_queue_keeps_the_contract() {
    block_on(queue_contract(&Factory, &FastClock));
}

/// A directory with queues, one with files, and things of others in both.
struct World {
    root: TempDir,
    landing: TempDir,
}

impl ResourceFactory for Factory {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async {
            let (root, landing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            fs::create_dir(root.path().join("databricks-auto-ingested")).unwrap();
            fs::create_dir(root.path().join("databricks-auto-ingest-of-others")).unwrap();
            fs::write(root.path().join("databricks-auto-ingest-file"), "x").unwrap();
            Box::new(World { root, landing }) as Box<dyn ResourceWorld>
        })
    }
}

impl World {
    fn lister(&self) -> LocalResourceManager {
        LocalResourceManager::new(self.root.path())
    }
}

impl ResourceWorld for World {
    fn manager(&self) -> Arc<dyn ResourceManager> {
        Arc::new(self.lister().with_path(self.landing.path()))
    }

    fn lister(&self) -> Arc<dyn ResourceManager> {
        Arc::new(World::lister(self))
    }

    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>> {
        Box::pin(async {
            let mut all = BTreeMap::new();
            describe(self.root.path(), &mut all);
            all
        })
    }

    fn put_original<'a>(&'a self, suffix: &'a str, _stream: &'a StreamId) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            // Auto Loader knows no local directories: this one somebody made by hand.
            let folder = self
                .root
                .path()
                .join(format!("databricks-auto-ingest-{suffix}"));
            fs::create_dir(folder).unwrap();
            false
        })
    }

    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>> {
        Box::pin(async move {
            let missing = |error: LocalError| match error {
                LocalError::BadPath { .. } => QueueError::NoSuchQueue {
                    queue: queue.clone(),
                },
                error => QueueError::driver(queue.clone(), error),
            };
            let opened = LocalQueue::open(Path::new(queue.as_str()), QueueOptions::default());
            let opened = opened.map_err(missing)?;
            let (clock, options) = (Arc::new(FastClock), WatchOptions::default());
            let watcher = Watcher::start(&opened, self.landing.path(), clock, options);
            let watcher = watcher.map_err(missing)?;
            Ok(Arc::new(Watched(watcher, opened)) as Arc<dyn EventQueue>)
        })
    }

    fn land<'a>(&'a self, _clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move { fs::write(self.landing.path().join(name), "1,2").unwrap() })
    }

    fn fail_after(&self, _calls: Option<u32>) -> bool {
        false
    }
}

/// Everything but what a queue writes for itself.
fn describe(folder: &Path, all: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            all.insert(name, "a directory".to_owned());
            describe(&path, all);
        } else if !name.ends_with(".log") && !name.ends_with("/lock") {
            all.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A queue together with the watcher that fills it.
#[derive(Debug)]
struct Watched(
    #[expect(dead_code, reason = "it watches as long as it is there")] Watcher,
    LocalQueue,
);

impl EventQueue for Watched {
    fn id(&self) -> &QueueId {
        self.1.id()
    }

    fn properties(&self) -> QueueProperties {
        self.1.properties()
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        self.1.receive(clock, max, wait)
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        self.1.acknowledge(batch)
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        self.1.extend(clock, delivery, time)
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        self.1.release(batch)
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        self.1.approximate_size()
    }
}

#[test]
fn the_local_resource_manager_keeps_the_contract() {
    block_on(resource_manager_contract(&Factory, &FastClock));
}
