//! What a container sees: its environment, its files, its program and its directory.

use std::net::SocketAddr;
use std::os::fd::AsFd;

use floe_runtime::{InstanceState, Runtime};
use floe_runtime_process::NetworkMode;

use crate::server::get;
use crate::world::{World, key};

fn address(state: &InstanceState, port: u16) -> SocketAddr {
    SocketAddr::new(state.ip.unwrap(), port)
}

fn ask(state: &InstanceState, port: u16, path: &str) -> String {
    get(address(state, port), path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_has_the_plans_environment_and_nothing_of_its_parents() {
    for network in [NetworkMode::Loopback, NetworkMode::Namespace] {
        let Some(world) = World::new(network) else {
            continue;
        };
        let mut plan = world.server(&key(1), 8_000);
        for (name, value) in [("A", "first"), ("A", "last"), ("FLOE_INSTANCE", "forged")] {
            plan.containers[0]
                .env
                .push((name.to_owned(), value.to_owned()));
        }
        world.start(plan).await;
        let state = world.ready(&key(1)).await;
        let ip = state.ip.unwrap();
        let text = ask(&state, 8_000, "/env");
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        let mut expected = vec![
            "A=last".to_owned(),
            format!("FLOE_INSTANCE={}/SERVICE/0/1/main", world.owner),
            format!("FLOE_INSTANCE_IP={ip}"),
            "FLOE_TEST_SERVE=8000".to_owned(),
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ];
        if network == NetworkMode::Loopback {
            expected.push(format!("SERVER_HOST={ip}"));
        }
        assert_eq!(lines, expected, "{network:?}");
        world.stop(&key(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_host_and_path_of_the_plan_win() {
    let world = World::loopback();
    let mut plan = world.script(&key(1), "echo $SERVER_HOST $PATH; exec sleep 600");
    for (name, value) in [
        ("SERVER_HOST", "localhost"),
        ("PATH", "/bin:/usr/bin:/mine"),
    ] {
        plan.containers[0]
            .env
            .push((name.to_owned(), value.to_owned()));
    }
    world.start(plan).await;
    let text = world.printed(&key(1), |text| !text.is_empty()).await;
    assert_eq!(text, "localhost /bin:/usr/bin:/mine\n");
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_inherits_no_file_of_its_parent() {
    let world = World::loopback();
    let secret = world.directory.path().join("secret");
    let file = std::fs::File::create(&secret).unwrap();
    let flags = rustix::io::FdFlags::empty();
    rustix::io::fcntl_setfd(file.as_fd(), flags).unwrap();
    world.start(world.server(&key(1), 8_000)).await;
    let state = world.ready(&key(1)).await;
    let files = ask(&state, 8_000, "/files");
    assert!(files.contains("socket:"), "the list is not empty: {files}");
    assert!(files.contains("/dev/null"), "stdin is /dev/null: {files}");
    assert!(!files.contains("secret"), "{files}");
    drop(file);
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_keeps_its_name_and_works_in_its_directory() {
    let world = World::loopback();
    let mut plan = world.server(&key(1), 8_000);
    plan.containers[0].working_dir = Some("/app".to_owned());
    plan.containers[0].argv[0] = "./server".to_owned();
    world.start(plan).await;
    let state = world.ready(&key(1)).await;
    let expected = std::fs::canonicalize(world.image().join("app")).unwrap();
    assert_eq!(ask(&state, 8_000, "/where"), expected.to_str().unwrap());
    assert_eq!(ask(&state, 8_000, "/argv0"), "./server");
    world.stop(&key(1)).await;
    assert!(world.runtime.observe().await.is_empty());
}
