//! Stores of this machine against the contract of sources.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::BoxFuture;
use floe_notify::clock::ManualClock;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::contract::source::{SourceBench, SourceFactory, source_contract};
use crate::{FileSource, StoreSource};

/// Makes stores in memory.
struct Stores;

/// Makes stores in directories.
struct Folders;

struct Bench {
    source: Arc<StoreSource>,
    clock: Arc<ManualClock>,
    folder: Option<tempfile::TempDir>,
}

impl Bench {
    fn new(store: Arc<dyn ObjectStore>) -> Self {
        let clock = Arc::new(ManualClock::default());
        let source = Arc::new(StoreSource::new(store, clock.clone()));
        let folder = None;
        Self {
            source,
            clock,
            folder,
        }
    }
}

impl SourceFactory for Stores {
    fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>> {
        let bench = Bench::new(Arc::new(InMemory::new()));
        Box::pin(async { Box::new(bench) as Box<dyn SourceBench> })
    }
}

impl SourceFactory for Folders {
    fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>> {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
        let mut bench = Bench::new(Arc::new(store));
        bench.folder = Some(folder);
        Box::pin(async { Box::new(bench) as Box<dyn SourceBench> })
    }
}

impl SourceBench for Bench {
    fn source(&self) -> Arc<dyn FileSource> {
        self.source.clone()
    }

    fn prefix(&self) -> Vec<u8> {
        b"in/".to_vec()
    }

    fn put<'a>(&'a self, key: &'a [u8], content: &'a [u8]) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let path = std::str::from_utf8(key)
                .ok()
                .and_then(|key| Path::parse(key).ok());
            let Some(path) = path.filter(|path| path.as_ref().as_bytes() == key) else {
                return false;
            };
            self.source
                .store()
                .put(&path, content.to_vec().into())
                .await
                .is_ok()
        })
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    ManualClock::default().run(future).unwrap()
}

#[test]
fn a_store_in_memory_passes_the_contract_of_sources() {
    run(source_contract(&Stores));
}

#[test]
fn a_store_in_a_directory_passes_the_contract_of_sources() {
    run(source_contract(&Folders));
}

#[test]
fn what_was_read_ahead_is_good_for_one_listing_and_a_short_time() {
    let bench = Bench::new(Arc::new(InMemory::new()));
    let put = |name: &str| assert!(run(bench.put(format!("in/{name}").as_bytes(), b"x")));
    let list = |after: Option<&str>, max| {
        let after = after.map(str::as_bytes);
        let page = run(bench.source.list(b"in/", after, max)).unwrap();
        page.objects.len()
    };
    for name in ["a", "b", "d"] {
        put(name);
    }
    assert_eq!(list(None, 1), 1);
    put("c");
    assert_eq!(list(Some("in/a"), 9), 2, "the rest of the same listing");
    assert_eq!(
        list(Some("in/a"), 9),
        3,
        "another listing at the same place"
    );
    assert_eq!(list(None, 1), 1);
    put("e");
    bench.clock.advance(Duration::from_secs(11));
    assert_eq!(list(Some("in/a"), 9), 4, "nobody went on with it");
}

#[test]
fn a_key_is_never_another_ones() {
    let bench = Bench::new(Arc::new(InMemory::new()));
    assert!(run(bench.put(b"a/b", b"x")));
    for other in ["a//b", "/a/b", "a/b/", "a/./b", "a/x/../b"] {
        let answer = run(bench.source.remove(other.as_bytes()));
        assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0033", "{other}");
        let answer = run(bench.source.rename(b"a/b", other.as_bytes()));
        assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0033", "{other}");
    }
    assert_eq!(run(bench.source.read(b"a/b", None)).unwrap(), "x");
}
