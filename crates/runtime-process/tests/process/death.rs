//! Nothing outlives a stop, a drop, or the death of the program that embeds the runtime.

use std::path::Path;
use std::process::{Command, Stdio};

use floe_runtime::{InstancePlan, Runtime};
use floe_runtime_process::{NetworkMode, ProcessRuntime};

use crate::world::{
    self, World, eventually, key, links, marked, nothing_left, options, plan, unique_owner,
};

/// The environment variable that makes this test program embed a runtime: directory, owner and
/// network, separated by commas.
const ASKED: &str = "FLOE_TEST_EMBED";

/// A container with an ordinary child, a daemonised one, and where a namespace can tell one
/// that has shed the mark as well.
fn family(image: &Path, network: NetworkMode, owner: &str) -> InstancePlan {
    let shed = match network {
        NetworkMode::Namespace => format!("env -i setsid sleep {} & ", patience_of(owner)),
        NetworkMode::Auto | NetworkMode::Loopback => String::new(),
    };
    let script = format!("sleep 610 & setsid sleep 612 & {shed} sleep 1; exec sleep 613");
    let two = [
        ("main", script.as_str()),
        ("other", "trap '' TERM; sleep 614; sleep 615"),
    ];
    plan(
        &key(1),
        two.map(|(name, script)| world::shell(name, image, script))
            .to_vec(),
    )
}

/// A time to sleep that no other test has: the only mark of a child that has shed its own.
fn patience_of(owner: &str) -> String {
    let digits = owner.chars().filter(char::is_ascii_digit);
    std::iter::once('7').chain(digits).collect()
}

/// How many children of the owner's families live that have shed their mark.
fn unmarked(owner: &str) -> usize {
    let line = format!("sleep\0{}\0", patience_of(owner));
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|found| found == line.as_bytes()).count()
}

/// Runs in a child: embeds a runtime, starts a family, and waits to be killed.
#[test]
fn embed_when_asked() {
    let Ok(asked) = std::env::var(ASKED) else {
        return;
    };
    let [directory, owner, network] = asked.split(',').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let network = match network {
        "namespace" => NetworkMode::Namespace,
        _ => NetworkMode::Loopback,
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let directory = Path::new(directory);
        let runtime = ProcessRuntime::new(options(directory, network, owner)).unwrap();
        let image = world::image_in(directory);
        runtime.start(family(&image, network, owner)).await.unwrap();
        std::future::pending::<()>().await;
    });
}

/// A child that does not outlive a test that fails.
struct Embedder(std::process::Child);

impl Embedder {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Embedder {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn killed_embedder_leaves_nothing(network: NetworkMode, word: &str) {
    if World::new(network).is_none() {
        return;
    }
    let (directory, owner) = (tempfile::tempdir().unwrap(), unique_owner());
    let embedder = Command::new(std::env::current_exe().unwrap())
        .args(["death::embed_when_asked", "--exact"])
        .env(
            ASKED,
            format!("{},{owner},{word}", directory.path().display()),
        )
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut embedder = Embedder(embedder);
    let family_is_up = async || {
        let up = marked(&owner);
        let line = |part: &str| up.iter().any(|process| process.contains(part));
        let all = [
            "sleep|610",
            "sleep|612",
            "sleep|613",
            "sleep|614",
            "floe-holder",
        ];
        if all.into_iter().all(line) {
            Ok(())
        } else {
            Err(up)
        }
    };
    eventually("started the whole family", family_is_up).await;
    let isolated = network == NetworkMode::Namespace;
    assert_eq!(links(&owner).len(), usize::from(isolated));
    let shed = async || match unmarked(&owner) {
        count if count == usize::from(isolated) => Ok(()),
        count => Err(count),
    };
    eventually("started the child without a mark", shed).await;

    embedder.kill();
    nothing_left(&owner).await;
    let no_link = async || {
        if links(&owner).is_empty() {
            Ok(())
        } else {
            Err(links(&owner))
        }
    };
    eventually("removed the link", no_link).await;
    if isolated {
        let none = async || {
            if unmarked(&owner) == 0 {
                Ok(())
            } else {
                Err(unmarked(&owner))
            }
        };
        eventually("ended the child without a mark", none).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigkill_of_the_embedding_program_leaves_nothing_with_loopback_addresses() {
    killed_embedder_leaves_nothing(NetworkMode::Loopback, "loopback").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigkill_of_the_embedding_program_leaves_nothing_with_namespaces() {
    killed_embedder_leaves_nothing(NetworkMode::Namespace, "namespace").await;
}

async fn stop_leaves_nothing(network: NetworkMode) {
    let Some(world) = World::new(network) else {
        return;
    };
    world
        .start(family(&world.image(), network, &world.owner))
        .await;
    let shed = usize::from(network == NetworkMode::Namespace);
    let up = async || {
        let up = world.processes();
        let last = up.iter().any(|line| line.contains("sleep|613"));
        if last && unmarked(&world.owner) == shed {
            Ok(())
        } else {
            Err(up)
        }
    };
    eventually("started the whole family", up).await;
    let grace = std::time::Duration::from_millis(300);
    world.runtime.stop(&key(1), grace).await.unwrap();
    assert_eq!(world.processes(), Vec::<String>::new());
    assert_eq!(unmarked(&world.owner), 0);
    assert_eq!(links(&world.owner), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_nothing_with_loopback_addresses() {
    stop_leaves_nothing(NetworkMode::Loopback).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_nothing_with_namespaces() {
    stop_leaves_nothing(NetworkMode::Namespace).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_runtime_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let owner = unique_owner();
    let options = options(directory.path(), NetworkMode::Auto, &owner);
    let runtime = ProcessRuntime::new(options).unwrap();
    let image = world::image_in(directory.path());
    runtime
        .start(family(&image, NetworkMode::Auto, &owner))
        .await
        .unwrap();
    let up = async || {
        let up = marked(&owner);
        if up.iter().any(|line| line.contains("sleep|613")) {
            Ok(())
        } else {
            Err(up)
        }
    };
    eventually("started the whole family", up).await;
    drop(runtime);
    nothing_left(&owner).await;
    let no_link = async || {
        if links(&owner).is_empty() {
            Ok(())
        } else {
            Err(links(&owner))
        }
    };
    eventually("removed the link", no_link).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_runtime_ends_what_an_earlier_one_of_its_owner_left_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let owner = unique_owner();
    let stray = |owner: &str| {
        let mut command = Command::new("sleep");
        command
            .arg("616")
            .env("FLOE_INSTANCE", format!("{owner}/SERVICE/0/1/main"));
        command.spawn().unwrap()
    };
    let (mut meant, mut other) = (stray(&owner), stray(&format!("{owner}0")));
    let up = async || {
        if marked(&owner).len() == 1 {
            Ok(())
        } else {
            Err(marked(&owner))
        }
    };
    eventually("started", up).await;
    let options = options(directory.path(), NetworkMode::Loopback, &owner);
    let _runtime = ProcessRuntime::new(options).unwrap();
    assert!(!meant.wait().unwrap().success(), "it was killed");
    assert!(
        other.try_wait().unwrap().is_none(),
        "another owner's process lives"
    );
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_a_crashed_container_left_is_gone_before_the_restart() {
    let world = World::loopback();
    let file = world.directory.path().join("starts");
    // Each start leaves a daemonised child; from the second start on the container stays.
    let script = format!(
        "setsid sleep 617 & echo >> {0}; sleep 1; \
         [ $(wc -l < {0}) -gt 1 ] || exit 7; exec sleep 618",
        file.display()
    );
    world.start(world.script(&key(1), &script)).await;
    let restarted = async || {
        let up = world.processes();
        if up.iter().any(|line| line.contains("sleep|618")) {
            Ok(up)
        } else {
            Err(up)
        }
    };
    let up = eventually("started again", restarted).await;
    let children = up.iter().filter(|line| line.contains("sleep|617")).count();
    assert_eq!(
        children, 1,
        "only the second start's child is there: {up:#?}"
    );
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_holder_was_killed_starts_again_under_a_new_one() {
    let world = World::loopback();
    world
        .start(world.script(&key(1), "sleep 619 & exec sleep 620"))
        .await;
    world.ready(&key(1)).await;
    let holders = || {
        let all = world.processes().into_iter();
        let pid = |line: String| line.strip_prefix("/proc/")?.split(':').next()?.parse().ok();
        all.filter(|line| line.contains("floe-holder"))
            .filter_map(pid)
            .collect::<Vec<i32>>()
    };
    let [old] = holders()[..] else {
        panic!("one holder: {:?}", world.processes())
    };
    let pid = rustix::process::Pid::from_raw(old).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    world
        .eventually(&key(1), "ready again", |state| {
            state.containers[0].restart_count == 1
                && state.phase == floe_runtime::InstancePhase::Ready
        })
        .await;
    let [new] = holders()[..] else {
        panic!("one holder: {:?}", world.processes())
    };
    assert_ne!(new, old);
    world.stop(&key(1)).await;
    assert_eq!(world.processes(), Vec::<String>::new());
}
