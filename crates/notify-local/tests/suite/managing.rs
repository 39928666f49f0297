//! Queues come and go as a whole, and what is not theirs stays.

use std::fs;
use std::path::{Path, PathBuf};

use floe_notify::{DriverError, Plan, ResourceError, ResourceManager, StreamId, TearDown};
use floe_notify_local::{
    LocalQueue, LocalResourceManager, QueueOptions, SystemClock, WatchOptions, Watcher,
};
use tempfile::TempDir;

use crate::common::{Lines, block_on, child, open, receive, send, texts};

struct World {
    root: TempDir,
    landing: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            landing: tempfile::tempdir().unwrap(),
        }
    }

    fn manager(&self) -> LocalResourceManager {
        LocalResourceManager::new(self.root.path()).with_path(self.landing.path())
    }

    fn set_up(&self, suffix: &str) -> Result<PathBuf, ResourceError> {
        let (manager, stream) = (self.manager(), stream());
        let set_up = manager.set_up_notification_services(&SystemClock, &stream, suffix);
        Ok(PathBuf::from(block_on(set_up)?.as_str()))
    }

    fn tear_down(&self) -> Result<Plan, ResourceError> {
        let (manager, stream) = (self.manager(), stream());
        let scope = TearDown::Created;
        block_on(manager.tear_down_notification_services(&SystemClock, &stream, scope))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.path()).unwrap().map(Result::unwrap);
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

#[test]
fn the_mark_tells_stream_path_and_tags() {
    let world = World::new();
    let manager = world
        .manager()
        .with_tags([("team".to_owned(), "data".to_owned())]);
    let stream = stream();
    let id = block_on(manager.set_up_notification_services(&SystemClock, &stream, "orders"));
    let mark = Path::new(id.unwrap().as_str()).join("queue.json");
    let mark: serde_json::Value = serde_json::from_slice(&fs::read(mark).unwrap()).unwrap();
    assert_eq!(mark["createdBy"], "floe");
    assert_eq!(mark["streamId"], stream.as_str());
    assert_eq!(mark["tags"]["team"], "data");
    let landing = world.landing.path().canonicalize().unwrap();
    assert_eq!(mark["uri"], format!("file://{}", landing.display()));
    assert_eq!(world.names(), ["databricks-auto-ingest-orders"]);
}

#[test]
fn a_queue_of_another_path_or_something_else_is_in_the_way() {
    let world = World::new();
    world.set_up("orders").unwrap();
    let elsewhere = World {
        landing: tempfile::tempdir().unwrap(),
        root: world.root,
    };
    let error = elsewhere.set_up("orders").unwrap_err();
    assert!(matches!(error, ResourceError::Conflicts { .. }), "{error}");
    assert!(
        error.to_string().contains("choose another suffix"),
        "{error}"
    );

    let other = elsewhere.root.path().join("databricks-auto-ingest-photos");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("cat.jpg"), "x").unwrap();
    let error = elsewhere.set_up("photos").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it holds 'cat.jpg' and is no queue"),
        "{error}"
    );
    assert_eq!(
        fs::read_dir(&other).unwrap().count(),
        1,
        "nothing was changed"
    );

    fs::write(
        elsewhere.root.path().join("databricks-auto-ingest-file"),
        "x",
    )
    .unwrap();
    let target = elsewhere.landing.path();
    let link = elsewhere.root.path().join("databricks-auto-ingest-link");
    std::os::unix::fs::symlink(target, link).unwrap();
    for suffix in ["file", "link"] {
        let error = elsewhere.set_up(suffix).unwrap_err();
        assert!(
            matches!(error, ResourceError::Conflicts { .. }),
            "{suffix}: {error}"
        );
    }
}

#[test]
fn a_path_that_is_not_there_is_refused() {
    let world = World::new();
    fs::remove_dir(world.landing.path()).unwrap();
    assert_eq!(
        world.set_up("orders").unwrap_err().code(),
        "FLOE-LOCAL-0002"
    );
    fs::write(world.landing.path(), "a file").unwrap();
    assert_eq!(
        world.set_up("orders").unwrap_err().code(),
        "FLOE-LOCAL-0009"
    );
    fs::remove_file(world.landing.path()).unwrap();
    fs::create_dir(world.landing.path()).unwrap();
    assert_eq!(world.names(), Vec::<String>::new());
}

#[test]
fn queues_do_not_lie_where_files_land() {
    let world = World::new();
    let inside = world.landing.path().join("queues");
    fs::create_dir(&inside).unwrap();
    let manager = LocalResourceManager::new(&inside).with_path(world.landing.path());
    let stream = stream();
    let plan = block_on(manager.plan_set_up(&SystemClock, &stream, "orders"));
    assert_eq!(plan.unwrap_err().code(), "FLOE-LOCAL-0009");
    let (queue, clock) = (open(&inside), std::sync::Arc::new(SystemClock));
    let watcher = Watcher::start(&queue, world.landing.path(), clock, WatchOptions::default());
    assert_eq!(watcher.unwrap_err().code(), "FLOE-LOCAL-0009");
}

#[test]
fn a_directory_with_other_files_is_no_queue() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "x").unwrap();
    let error = LocalQueue::open(folder.path(), QueueOptions::default()).unwrap_err();
    assert_eq!(error.code(), "FLOE-LOCAL-0006");
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is put beside them"
    );
}

#[test]
fn a_queue_that_is_in_use_is_not_torn_down() {
    let world = World::new();
    let folder = world.set_up("orders").unwrap();
    let mut process = child("durability::a_process_of_its_own_has_a_queue", &folder)
        .spawn()
        .unwrap();
    let mut lines = Lines::of(&mut process);
    assert_eq!(lines.next().as_deref(), Some("open"));
    let error = world.tear_down().unwrap_err();
    assert_eq!(error.code(), "FLOE-LOCAL-0001");
    assert!(error.is_retryable(), "{error}");
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(
        texts(&receive(&open(&folder))),
        ["from the other process"],
        "it is whole"
    );

    let queue = open(&folder);
    assert_eq!(
        world.tear_down().unwrap_err().code(),
        "FLOE-LOCAL-0001",
        "nor by its own process"
    );
    send(&queue, "still there");
    drop(queue);
    world.tear_down().unwrap();
    assert_eq!(world.names(), Vec::<String>::new());
}

#[test]
fn a_file_of_somebody_else_keeps_a_queue() {
    let world = World::new();
    let folder = world.set_up("orders").unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let done = world.tear_down().unwrap().to_string();
    assert!(
        done.starts_with("leave queue ") && done.contains("'notes.txt'"),
        "{done}"
    );
    assert!(folder.join("queue.json").exists(), "it is as it was");
    fs::remove_file(folder.join("notes.txt")).unwrap();
    world.tear_down().unwrap();
    assert_eq!(world.names(), Vec::<String>::new());
}

#[test]
fn what_a_killed_set_up_or_tear_down_leaves_is_listed_and_removed() {
    let stream = stream();
    for (name, marked) in [("creating", false), ("creating", true), ("deleting", true)] {
        let world = World::new();
        let folder = world.set_up("orders").unwrap();
        drop(open(&folder));
        // As it is when the process ends in between.
        let name = format!(".{name}-{stream}-databricks-auto-ingest-orders");
        let unfinished = world.root.path().join(name);
        fs::rename(&folder, &unfinished).unwrap();
        if !marked {
            fs::remove_file(unfinished.join("queue.json")).unwrap();
        }
        let list = block_on(world.manager().list_notification_services(&SystemClock)).unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!((list[0].stream(), list[0].queue()), (Some(&stream), None));
        world.tear_down().unwrap();
        assert_eq!(world.names(), Vec::<String>::new());
        // And a set-up goes on over it.
        fs::create_dir(&unfinished).unwrap();
        assert_eq!(world.set_up("orders").unwrap(), folder);
        world.tear_down().unwrap();
        assert_eq!(world.names(), Vec::<String>::new());
    }
}

#[test]
fn a_mark_that_cannot_be_read_is_nobodys() {
    let world = World::new();
    let folder = world.set_up("orders").unwrap();
    for text in [
        "",
        "{}",
        r#"{"format":2,"createdBy":"floe"}"#,
        r#"{"format":1,"createdBy":"x"}"#,
    ] {
        fs::write(folder.join("queue.json"), text).unwrap();
        let list = block_on(world.manager().list_notification_services(&SystemClock)).unwrap();
        assert_eq!(list, [], "{text}");
        assert_eq!(world.tear_down().unwrap(), Plan::default(), "{text}");
        assert_eq!(
            world.set_up("orders").unwrap_err().code(),
            "FLOE-LOCAL-0006",
            "{text}"
        );
        let error = LocalQueue::open(&folder, QueueOptions::default()).unwrap_err();
        assert_eq!(error.code(), "FLOE-LOCAL-0006", "{text}");
    }
}

#[test]
fn many_set_ups_of_one_queue_at_once_make_one() {
    let world = World::new();
    let folders: Vec<PathBuf> = std::thread::scope(|scope| {
        let set_up = |_| scope.spawn(|| world.set_up("orders").unwrap());
        let threads: Vec<_> = (0..8).map(set_up).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(folders.iter().all(|folder| *folder == folders[0]));
    assert_eq!(world.names(), ["databricks-auto-ingest-orders"]);
    world.tear_down().unwrap();
    assert_eq!(world.names(), Vec::<String>::new());
}
