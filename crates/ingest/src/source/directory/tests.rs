//! A directory against the contract of sources, and under attack.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use floe_notify::BoxFuture;
use floe_notify::clock::ManualClock;

use crate::contract::source::{SourceBench, SourceFactory, source_contract};
use crate::{DirectorySource, FileSource, SourceError};

struct Directories;

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    source: Arc<DirectorySource>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let source = DirectorySource::new(&folder.path().join("in"), clock.clone()).unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        Self {
            folder,
            clock,
            source: Arc::new(source),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    fn put(&self, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    fn names(&self, max: usize) -> Result<Vec<String>, SourceError> {
        let (mut names, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let page = run(self.source.list(&self.prefix(), after.as_deref(), max))?;
            for object in &page.objects {
                let below = &object.key[self.prefix().len()..];
                names.push(String::from_utf8(below.to_vec()).unwrap());
            }
            after = page
                .objects
                .last()
                .map(|object| object.key.clone())
                .or(after);
            if page.is_last {
                return Ok(names);
            }
        }
    }
}

impl SourceFactory for Directories {
    fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>> {
        Box::pin(async { Box::new(Bench::new()) as Box<dyn SourceBench> })
    }
}

impl SourceBench for Bench {
    fn source(&self) -> Arc<dyn FileSource> {
        self.source.clone()
    }

    fn prefix(&self) -> Vec<u8> {
        key(&self.folder.path().join("in/"))
    }

    fn put<'a>(&'a self, key: &'a [u8], content: &'a [u8]) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let path = super::root::path_of(key);
            // The kernel takes these for other names.
            let below = &key[self.prefix().len()..];
            let mut parts = below.split(|byte| *byte == b'/');
            if parts.any(|part| matches!(part, b"" | b"." | b"..")) {
                return false;
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            true
        })
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.build().unwrap();
    runtime.block_on(future)
}

fn key(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

#[test]
fn a_directory_passes_the_contract_of_sources() {
    run(source_contract(&Directories));
}

#[test]
fn links_to_files_are_files_and_links_to_directories_are_nothing() {
    let bench = Bench::new();
    bench.put("b/real");
    symlink(bench.path("b/real"), bench.path("a")).unwrap();
    symlink(bench.path(""), bench.path("b/loop")).unwrap();
    symlink(bench.path("nowhere"), bench.path("c")).unwrap();
    symlink("d", bench.path("d")).unwrap();
    fs::create_dir(bench.folder.path().join("outside")).unwrap();
    fs::write(bench.folder.path().join("outside/x"), "x").unwrap();
    symlink(bench.folder.path().join("outside"), bench.path("e")).unwrap();
    assert_eq!(bench.names(1).unwrap(), ["a", "b/real"]);
    let head = run(bench.source.head(&key(&bench.path("a"))))
        .unwrap()
        .unwrap();
    let inode = fs::metadata(bench.path("b/real")).unwrap().ino();
    assert_eq!((head.size, head.stat.unwrap().0), (6, inode));
    for dead in ["c", "d"] {
        assert_eq!(
            run(bench.source.head(&key(&bench.path(dead)))).unwrap(),
            None
        );
    }
    let behind = key(&bench.path("e/x"));
    let refused = run(bench.source.remove(&behind)).unwrap_err();
    assert_eq!(refused.code(), "FLOE-INGEST-0034");
    let page = run(bench.source.list(&key(&bench.path("e/")), None, 9)).unwrap();
    assert!(page.objects.is_empty() && page.is_last);
    // A link goes, and what it leads to stays; moved, its content comes along.
    let moved = key(&bench.path("f/g"));
    assert!(run(bench.source.rename(&key(&bench.path("a")), &moved)).unwrap());
    assert_eq!(fs::read(bench.path("f/g")).unwrap(), b"b/real");
    assert!(
        !fs::symlink_metadata(bench.path("f/g"))
            .unwrap()
            .is_symlink()
    );
    assert!(bench.path("b/real").exists() && !bench.path("a").exists());
}

#[test]
fn a_pipe_is_no_file_and_nobody_waits_for_it() {
    let bench = Bench::new();
    let pipe = bench.path("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(bench.names(9).unwrap().is_empty());
    assert_eq!(run(bench.source.head(&key(&pipe))).unwrap(), None);
    let read = run(bench.source.read(&key(&pipe), None)).unwrap_err();
    assert!(matches!(read, SourceError::NotFound { .. }), "{read}");
    assert!(!run(bench.source.remove(&key(&pipe))).unwrap());
}

#[test]
fn paths_outside_are_refused_whatever_is_done_with_them() {
    let bench = Bench::new();
    bench.put("a");
    fs::write(bench.folder.path().join("secret"), "s").unwrap();
    let inside = key(&bench.path("a"));
    let root = bench.prefix();
    let below = |name: &[u8]| [root.as_slice(), name].concat();
    for bad in [
        b"".to_vec(),
        b"/etc/passwd".to_vec(),
        b"a".to_vec(),
        root[..root.len() - 1].to_vec(),
        root.clone(),
        below(b"../secret"),
        below(b"./a"),
        below(b"/a"),
        below(b"b//a"),
        below(b"a\0"),
        below(b"a/"),
    ] {
        let words = bad.escape_ascii().to_string();
        let answers = [
            run(bench.source.head(&bad)).map(|_| ()),
            run(bench.source.read(&bad, None)).map(|_| ()),
            run(bench.source.remove(&bad)).map(|_| ()),
            run(bench.source.rename(&bad, &inside)).map(|_| ()),
            run(bench.source.rename(&inside, &bad)).map(|_| ()),
        ];
        for answer in answers {
            assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0034", "{words}");
        }
    }
    for bad in [
        below(b"../"),
        b"/etc/".to_vec(),
        below(b"./"),
        below(b"a\0/"),
    ] {
        let answer = run(bench.source.list(&bad, None, 9));
        assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0034");
    }
    // What the directory lies in is listed as far as it is the directory.
    let page = run(bench.source.list(b"/", None, 9)).unwrap();
    assert_eq!(page.objects[0].key, inside);
    assert_eq!(fs::read(bench.path("a")).unwrap(), b"a");
}

#[test]
fn a_directory_that_is_not_there_is_no_empty_one() {
    let bench = Bench::new();
    bench.put("a");
    let a = key(&bench.path("a"));
    fs::rename(bench.path(""), bench.folder.path().join("away")).unwrap();
    let answers = [
        bench.names(9).map(|_| ()),
        run(bench.source.head(&a)).map(|_| ()),
        run(bench.source.read(&a, None)).map(|_| ()),
        run(bench.source.remove(&a)).map(|_| ()),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert!(error.to_string().contains("/in"), "{error}");
    }
}

#[test]
fn a_directory_that_may_not_be_read_is_named_after_all_before_it() {
    let bench = Bench::new();
    for name in ["a", "b/c", "d"] {
        bench.put(name);
    }
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(bench.folder.path(), 0o755);
    mode(&bench.path("b"), 0o000);
    let prefix = bench.prefix();
    as_nobody(|| {
        // Threads have the rights of those who start them.
        let source = DirectorySource::new(&bench.path(""), bench.clock.clone()).unwrap();
        let first = run(source.list(&prefix, None, 9)).unwrap();
        assert_eq!((first.objects.len(), first.is_last), (1, false));
        let after = first.objects[0].key.clone();
        for _ in 0..2 {
            let error = run(source.list(&prefix, Some(&after), 9)).unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0031");
            assert!(error.to_string().contains("/in/b"), "{error}");
        }
        for answer in [
            run(source.head(&key(&bench.path("b/c")))).map(|_| ()),
            run(source.read(&key(&bench.path("b/c")), None)).map(|_| ()),
            run(source.remove(&key(&bench.path("a")))).map(|_| ()),
            run(source.rename(&key(&bench.path("a")), &key(&bench.path("z")))).map(|_| ()),
        ] {
            assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0031");
        }
    });
    mode(&bench.path("b"), 0o700);
    assert_eq!(bench.names(9).unwrap(), ["a", "b/c", "d"]);
}

/// Runs something as a user who may not do everything.
fn as_nobody(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65_534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            work();
        });
    });
}

#[test]
fn a_listing_is_kept_open_for_its_next_page_and_not_for_long() {
    let bench = Bench::new();
    for name in ["a", "b", "d"] {
        bench.put(name);
    }
    let first = run(bench.source.list(&bench.prefix(), None, 1)).unwrap();
    let after = first.objects[0].key.clone();
    bench.put("c");
    let next = || run(bench.source.list(&bench.prefix(), Some(&after), 9)).unwrap();
    assert_eq!(next().objects.len(), 2, "the names were sorted once");
    assert_eq!(
        next().objects.len(),
        3,
        "another listing at the same place looks for itself"
    );
    run(bench.source.list(&bench.prefix(), None, 1)).unwrap();
    bench.put("e");
    bench.clock.advance(Duration::from_secs(11));
    assert_eq!(
        next().objects.len(),
        4,
        "what nobody went on with is forgotten"
    );
    for n in 0..20 {
        bench.put(&format!("{n}/x"));
        let prefix = key(&bench.path(&format!("{n}")));
        run(bench.source.list(&prefix, None, 1)).unwrap();
    }
    assert!(bench.source.shared.walks.lock().unwrap().len() <= super::MAX_WALKS);
}

#[test]
fn a_file_is_as_new_as_its_last_change_and_named_as_events_name_it() {
    let bench = Bench::new();
    bench.put("old");
    let file = fs::File::options()
        .write(true)
        .open(bench.path("old"))
        .unwrap();
    let old = Duration::from_millis(1_234_567);
    file.set_modified(SystemTime::UNIX_EPOCH + old).unwrap();
    let metadata = file.metadata().unwrap();
    let head = run(bench.source.head(&key(&bench.path("old"))))
        .unwrap()
        .unwrap();
    assert_eq!(head.stat, Some((metadata.ino(), 1_234_567, 3)));
    let changed = u64::try_from(metadata.ctime()).unwrap();
    assert_eq!(head.modified.as_millis() / 1_000, changed);
    file.set_modified(SystemTime::UNIX_EPOCH - old).unwrap();
    let head = run(bench.source.head(&key(&bench.path("old"))))
        .unwrap()
        .unwrap();
    assert_eq!(head.stat.unwrap().1, 0, "as the watcher writes it");
}

#[test]
fn a_file_is_moved_into_the_destination_and_nowhere_else() {
    let bench = Bench::new();
    bench.put("a");
    let done = bench.folder.path().join("done");
    let target = key(&done.join("x/a"));
    let a = key(&bench.path("a"));
    let refused = run(bench.source.rename(&a, &target)).unwrap_err();
    assert_eq!(refused.code(), "FLOE-INGEST-0034");
    let source = DirectorySource::new(&bench.path(""), bench.clock.clone()).unwrap();
    let source = source.with_destination(&done).unwrap();
    assert!(run(source.rename(&a, &target)).unwrap());
    assert_eq!(fs::read(done.join("x/a")).unwrap(), b"a");
    assert!(run(source.read(&target, None)).is_err(), "it is no source");
    assert!(!run(source.rename(&a, &target)).unwrap());
}

#[test]
fn a_move_by_copy_keeps_the_content_and_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.put("a");
    bench.put("b");
    let (from, to) = (bench.path("a"), bench.path("b"));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options().write(true).open(&from).unwrap();
    file.set_modified(old).unwrap();
    assert!(super::files::copy_and_remove(&from, &to).unwrap());
    assert_eq!(fs::read(&to).unwrap(), b"a");
    assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), old);
    assert_eq!(bench.names(9).unwrap(), ["b"]);
    assert!(
        !super::files::copy_and_remove(&from, &to).unwrap(),
        "it is gone"
    );
    // A directory is in the way: the original stays, and no half of a copy does.
    bench.put("c");
    fs::create_dir(bench.path("taken")).unwrap();
    let answer = super::files::copy_and_remove(&bench.path("c"), &bench.path("taken"));
    assert!(answer.is_err());
    assert_eq!(bench.names(9).unwrap(), ["b", "c"]);
}

#[test]
fn two_names_of_one_file_become_one() {
    let bench = Bench::new();
    bench.put("a");
    fs::hard_link(bench.path("a"), bench.path("b")).unwrap();
    let (a, b) = (key(&bench.path("a")), key(&bench.path("b")));
    assert!(run(bench.source.rename(&a, &b)).unwrap());
    assert_eq!(bench.names(9).unwrap(), ["b"]);
}

#[test]
fn many_readers_at_once_get_what_they_asked_for() {
    let bench = Bench::new();
    for n in 0..50 {
        bench.put(&format!("{n}"));
    }
    let keys: Vec<_> = (0..500)
        .map(|n| key(&bench.path(&format!("{}", n % 50))))
        .collect();
    let reads = keys.iter().map(|key| bench.source.read(key, None));
    let contents = run(futures::future::join_all(reads));
    for (n, content) in contents.into_iter().enumerate() {
        assert_eq!(content.unwrap(), format!("{}", n % 50));
    }
}
