//! What every test here needs: a runtime with a directory, plans, and patience.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use floe_runtime::clock::{Clock, SystemClock};
use floe_runtime::{
    ContainerPlan, ImageRoot, InstanceKey, InstancePlan, InstanceState, PortPlan, Probe, Runtime,
};
use floe_runtime_process::{NetworkMode, ProcessError, ProcessOptions, ProcessRuntime};

use crate::server;

/// Longer than anything takes, even beside a build on the same two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// A runtime in a directory of its own.
pub(crate) struct World {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) owner: String,
    pub(crate) runtime: ProcessRuntime,
}

impl World {
    /// Makes a world, or notes that namespaces are not permitted here and returns none.
    pub(crate) fn new(network: NetworkMode) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let owner = unique_owner();
        match ProcessRuntime::new(options(directory.path(), network, &owner)) {
            Ok(runtime) => Some(Self {
                directory,
                owner,
                runtime,
            }),
            Err(error) if is_not_permitted(&error) => {
                println!("skipped: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn loopback() -> Self {
        Self::new(NetworkMode::Loopback).unwrap()
    }

    pub(crate) fn image(&self) -> PathBuf {
        image_in(self.directory.path())
    }

    /// A plan whose only container `main` runs a shell script.
    pub(crate) fn script(&self, key: &InstanceKey, script: &str) -> InstancePlan {
        plan(key, vec![shell("main", &self.image(), script)])
    }

    /// A plan whose only container `main` is the test server, with a probe.
    pub(crate) fn server(&self, key: &InstanceKey, port: u16) -> InstancePlan {
        let ports = vec![PortPlan {
            name: "endpoint".to_owned(),
            port,
        }];
        InstancePlan {
            ports,
            ..plan(key, vec![server("main", &self.image(), port)])
        }
    }

    pub(crate) async fn start(&self, plan: InstancePlan) {
        self.runtime.start(plan).await.unwrap();
    }

    pub(crate) async fn stop(&self, key: &InstanceKey) {
        self.runtime.stop(key, GRACE).await.unwrap();
    }

    /// Waits until the state of an instance fits, and returns it.
    pub(crate) async fn eventually(
        &self,
        key: &InstanceKey,
        what: &str,
        fits: impl Fn(&InstanceState) -> bool,
    ) -> InstanceState {
        let seen = async || {
            let states = self.runtime.observe().await;
            states.into_iter().find(|state| state.key == *key)
        };
        let look = async || seen().await.filter(|state| fits(state)).ok_or(seen().await);
        eventually(what, look).await
    }

    pub(crate) async fn ready(&self, key: &InstanceKey) -> InstanceState {
        let ready = |state: &InstanceState| state.phase == floe_runtime::InstancePhase::Ready;
        self.eventually(key, "ready", ready).await
    }

    /// Waits until the output of the container `main` fits.
    pub(crate) async fn printed(&self, key: &InstanceKey, fits: impl Fn(&str) -> bool) -> String {
        let look = async || {
            let text = self.runtime.logs(key, "main", None).await.unwrap();
            if fits(&text) { Ok(text) } else { Err(text) }
        };
        eventually("printed", look).await
    }

    /// The processes that carry a mark of this world's owner, holders included.
    pub(crate) fn processes(&self) -> Vec<String> {
        marked(&self.owner)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A test that fails half-way must not leave processes: the runtime's drop ends them.
        if std::thread::panicking() {
            println!("left at the failure: {:#?}", self.processes());
        }
    }
}

/// True when the user lacks the right to make namespaces: any other reason is a fault.
fn is_not_permitted(error: &ProcessError) -> bool {
    let ProcessError::NoNamespaces { source } = error else {
        return false;
    };
    let ProcessError::Network { source, .. } = source.as_ref() else {
        return false;
    };
    source.kind() == std::io::ErrorKind::PermissionDenied
}

/// Looks again and again until `look` returns Ok; no sleep decides what is seen.
pub(crate) async fn eventually<T, E: std::fmt::Debug>(
    what: &str,
    look: impl AsyncFn() -> Result<T, E>,
) -> T {
    let began = SystemClock.monotonic();
    loop {
        match look().await {
            Ok(value) => return value,
            Err(seen) => {
                let waited = SystemClock.monotonic().saturating_sub(began);
                assert!(waited < PATIENCE, "never {what}; last seen: {seen:#?}");
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until no process carries a mark of the owner.
pub(crate) async fn nothing_left(owner: &str) {
    let look = async || {
        let left = marked(owner);
        if left.is_empty() { Ok(()) } else { Err(left) }
    };
    eventually("ended all processes", look).await;
}

pub(crate) fn options(directory: &Path, network: NetworkMode, owner: &str) -> ProcessOptions {
    ProcessOptions {
        state_dir: directory.join("state"),
        clock: Arc::new(SystemClock),
        network,
        owner: owner.to_owned(),
    }
}

pub(crate) fn unique_owner() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!(
        "test-{}-{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    )
}

pub(crate) fn key(attempt: u64) -> InstanceKey {
    InstanceKey::new("SERVICE", 0, attempt)
}

pub(crate) fn plan(key: &InstanceKey, containers: Vec<ContainerPlan>) -> InstancePlan {
    let name = format!("{}/{}", key.service, key.instance);
    InstancePlan {
        key: key.clone(),
        name,
        containers,
        ports: Vec::new(),
    }
}

/// An image whose `/app/server` is this test program.
pub(crate) fn image_in(directory: &Path) -> PathBuf {
    let root = directory.join("image");
    let server = root.join("app/server");
    if !server.exists() {
        std::fs::create_dir_all(root.join("app")).unwrap();
        let program = std::env::current_exe().unwrap();
        // A link is quick; another file system needs the copy.
        if std::fs::hard_link(&program, &server).is_err() {
            std::fs::copy(&program, &server).unwrap();
        }
    }
    root
}

fn container(name: &str, image: &Path, argv: &[&str]) -> ContainerPlan {
    ContainerPlan {
        name: name.to_owned(),
        image: ImageRoot {
            reference: "/db/schema/repo/test:latest".to_owned(),
            digest: "sha256:00".to_owned(),
            root: image.to_owned(),
        },
        argv: argv.iter().map(|&argument| argument.to_owned()).collect(),
        env: Vec::new(),
        working_dir: None,
        readiness: None,
        needs: Vec::new(),
    }
}

pub(crate) fn shell(name: &str, image: &Path, script: &str) -> ContainerPlan {
    container(name, image, &["/bin/sh", "-c", script])
}

pub(crate) fn server(name: &str, image: &Path, port: u16) -> ContainerPlan {
    let [test, exact, output] = server::ARGUMENTS;
    let mut plan = container(name, image, &["/app/server", test, exact, output]);
    plan.env.push((server::ASKED.to_owned(), port.to_string()));
    let period = Duration::from_millis(200);
    plan.readiness = Some(Probe {
        period,
        ..Probe::new(port, "/ready")
    });
    plan
}

/// The living processes that carry a mark of the owner, with their arguments, separated by `|`.
pub(crate) fn marked(owner: &str) -> Vec<String> {
    let marks = [
        format!("FLOE_INSTANCE={owner}/"),
        format!("FLOE_HOLDER={owner}/"),
    ];
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let is_marked = |directory: &PathBuf| {
        let environment = std::fs::read(directory.join("environ")).unwrap_or_default();
        let mut entries = environment.split(|&byte| byte == 0);
        entries.any(|entry| marks.iter().any(|mark| entry.starts_with(mark.as_bytes())))
    };
    let directories = processes.map(|entry| entry.path()).filter(is_marked);
    directories
        .map(|directory| {
            let line = std::fs::read(directory.join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', "|");
            format!("{}: {line}", directory.display())
        })
        .collect()
}

/// The network links that Floe made for this owner and that are still there.
pub(crate) fn links(owner: &str) -> Vec<String> {
    let links = std::fs::read_dir("/sys/class/net").unwrap().flatten();
    let alias = |path: PathBuf| std::fs::read_to_string(path.join("ifalias")).unwrap_or_default();
    links
        .filter(|link| alias(link.path()).trim() == format!("floe {owner}"))
        .map(|link| link.file_name().to_string_lossy().into_owned())
        .collect()
}
