//! Addresses, ports, namespaces, and life without rights.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use floe_runtime::{ContainerStatus, InstanceKey, InstanceState, PortPlan, Runtime};
use floe_runtime_process::{NetworkMode, ProcessRuntime};

use crate::server::get;
use crate::world::{self, World, key, links, marked, options};

/// The environment variable that makes this test program prove the life without rights.
const ASKED: &str = "FLOE_TEST_WITHOUT_RIGHTS";

fn instance(number: u32) -> InstanceKey {
    InstanceKey::new("SERVICE", number, 1)
}

async fn two_instances_share_a_port_number(network: NetworkMode) -> Option<[InstanceState; 2]> {
    let world = World::new(network)?;
    for number in 0..2 {
        world.start(world.server(&instance(number), 8_000)).await;
    }
    let states = [
        world.ready(&instance(0)).await,
        world.ready(&instance(1)).await,
    ];
    assert_ne!(states[0].ip, states[1].ip);
    for state in &states {
        let address = SocketAddr::new(state.ip.unwrap(), 8_000);
        assert_eq!(get(address, "/ready").as_deref(), Some("ready"));
        if world.runtime.has_namespaces() {
            // The host speaks from its end of the pair, the neighbouring address of the /31.
            let peer: IpAddr = get(address, "/peer").unwrap().parse().unwrap();
            let (IpAddr::V4(peer), IpAddr::V4(own)) = (peer, address.ip()) else {
                panic!()
            };
            assert_eq!(u32::from(peer) + 1, u32::from(own));
        }
    }
    world.runtime.shutdown(world::GRACE).await;
    assert_eq!(world.processes(), Vec::<String>::new());
    assert_eq!(links(&world.owner), Vec::<String>::new());
    Some(states)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_listen_on_one_port_number_with_namespaces() {
    let Some(states) = two_instances_share_a_port_number(NetworkMode::Namespace).await else {
        return;
    };
    for state in states {
        let IpAddr::V4(ip) = state.ip.unwrap() else {
            panic!("{state:?}")
        };
        assert!(
            ip.octets()[0] == 198 && matches!(ip.octets()[1], 18 | 19),
            "{ip}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_listen_on_one_port_number_with_loopback_addresses() {
    let states = two_instances_share_a_port_number(NetworkMode::Loopback)
        .await
        .unwrap();
    for state in states {
        let ip = state.ip.unwrap();
        assert!(
            ip.is_loopback() && ip != IpAddr::from([127, 0, 0, 1]),
            "{ip}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_of_an_instance_reach_each_other_on_localhost() {
    let Some(world) = World::new(NetworkMode::Namespace) else {
        return;
    };
    let image = world.image();
    // The client is the test program too: no tool like curl is needed.
    let mut client = world::server("client", &image, 9_000);
    client.readiness = None;
    client.argv[1] = "networks::fetch_from_localhost_when_asked".to_owned();
    client.env = vec![("FLOE_TEST_FETCH".to_owned(), "127.0.0.1:8000".to_owned())];
    let server = world::server("main", &image, 8_000);
    world
        .start(world::plan(&key(1), vec![server, client]))
        .await;
    let look = async || {
        let text = world.runtime.logs(&key(1), "client", None).await.unwrap();
        if text.contains("fetched: ready") {
            Ok(())
        } else {
            Err(text)
        }
    };
    world::eventually("fetched", look).await;
    world.stop(&key(1)).await;
}

/// Runs in a container.
#[test]
fn fetch_from_localhost_when_asked() {
    let Ok(address) = std::env::var("FLOE_TEST_FETCH") else {
        return;
    };
    // The server may need a moment; the container's restarts bring further tries.
    let answer = get(address.parse().unwrap(), "/ready");
    println!("fetched: {}", answer.unwrap_or_default());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beyond_the_machine_is_unreachable_at_once_with_namespaces() {
    let Some(world) = World::new(NetworkMode::Namespace) else {
        return;
    };
    let mut plan = world.server(&key(1), 8_000);
    let container = &mut plan.containers[0];
    container.readiness = None;
    container.argv[1] = "networks::reach_out_when_asked".to_owned();
    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
    container.env = vec![("FLOE_TEST_REACH".to_owned(), "192.0.2.1:53".to_owned())];
    world.start(plan).await;
    let text = world
        .printed(&key(1), |text| text.contains("reached"))
        .await;
    assert!(text.contains("reached: NetworkUnreachable"), "{text}");
    world.stop(&key(1)).await;
}

/// Runs in a container.
#[test]
fn reach_out_when_asked() {
    let Ok(address) = std::env::var("FLOE_TEST_REACH") else {
        return;
    };
    let failed = std::net::TcpStream::connect(address).unwrap_err();
    println!("reached: {:?}", failed.kind());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_refuses_the_start_and_leaves_nothing() {
    let world = World::loopback();
    // Whoever binds all addresses takes the port on every loopback address.
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = everywhere.local_addr().unwrap().port();
    let error = world
        .runtime
        .start(world.server(&key(1), port))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-PROCESS-0003");
    let words = error.to_string();
    for part in [
        "SERVICE/0",
        &port.to_string(),
        "FLOE_INSTANCE_IP",
        "SERVER_HOST",
    ] {
        assert!(words.contains(part), "{words}");
    }
    assert!(error.is_retryable());
    assert!(world.runtime.observe().await.is_empty());
    assert_eq!(world.processes(), Vec::<String>::new());

    // An endpoint's port counts as much as a probe's.
    let mut plan = world.script(&key(2), "exec sleep 600");
    plan.ports = vec![PortPlan {
        name: "endpoint".to_owned(),
        port,
    }];
    let error = world.runtime.start(plan.clone()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-PROCESS-0003");
    drop(everywhere);
    world.start(plan).await;
    world.stop(&key(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_at_a_restart_is_the_containers_message() {
    let world = World::loopback();
    let port = TcpListener::bind("0.0.0.0:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut plan = world.script(&key(1), "sleep 1; exit 3");
    plan.ports = vec![PortPlan {
        name: "endpoint".to_owned(),
        port,
    }];
    world.start(plan).await;
    let everywhere = TcpListener::bind(("0.0.0.0", port)).unwrap();
    let state = world
        .eventually(&key(1), "failed for its port", |state| {
            state.containers[0].message.contains("is taken")
        })
        .await;
    assert_eq!(state.containers[0].status, ContainerStatus::Failed);
    assert!(
        state.containers[0].message.contains(&port.to_string()),
        "{state:#?}"
    );
    drop(everywhere);
    world.ready(&key(1)).await;
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_does_not_matter_with_namespaces() {
    let Some(world) = World::new(NetworkMode::Namespace) else {
        return;
    };
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = everywhere.local_addr().unwrap().port();
    world.start(world.server(&key(1), port)).await;
    world.ready(&key(1)).await;
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_takes_namespaces_where_they_can_be_made() {
    let permitted = World::new(NetworkMode::Namespace).is_some();
    let world = World::new(NetworkMode::Auto).unwrap();
    assert_eq!(world.runtime.has_namespaces(), permitted);
    assert_eq!(world.runtime.network_fallback().is_none(), permitted);
}

/// Runs as a user without rights, in the directory that the environment names.
#[test]
fn live_without_rights_when_asked() {
    let Ok(directory) = std::env::var(ASKED) else {
        return;
    };
    let directory = std::path::Path::new(&directory);
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let owner = world::unique_owner();
        let demand = options(directory, NetworkMode::Namespace, &owner);
        let refused = ProcessRuntime::new(demand).unwrap_err();
        assert_eq!(
            floe_runtime::DriverError::code(&refused),
            "FLOE-PROCESS-0002"
        );

        let runtime = ProcessRuntime::new(options(directory, NetworkMode::Auto, &owner)).unwrap();
        assert!(!runtime.has_namespaces() && runtime.network_fallback().is_some());
        let image = world::image_in(directory);
        let server = world::server("main", &image, 8_000);
        runtime
            .start(world::plan(&key(1), vec![server]))
            .await
            .unwrap();
        let ready = async || match runtime.observe().await {
            states if states[0].phase == floe_runtime::InstancePhase::Ready => Ok(()),
            states => Err(states),
        };
        world::eventually("ready", ready).await;
        let mut low = world::plan(&key(2), vec![world::server("main", &image, 80)]);
        low.ports = vec![PortPlan {
            name: "low".to_owned(),
            port: 80,
        }];
        if rustix::process::geteuid().as_raw() != 0 && low_ports_are_reserved() {
            let error = runtime.start(low).await.unwrap_err();
            assert_eq!(error.code(), "FLOE-PROCESS-0004");
        }
        runtime.stop(&key(1), world::GRACE).await.unwrap();
        assert_eq!(marked(&owner), Vec::<String>::new());
    });
}

fn low_ports_are_reserved() -> bool {
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    first.is_ok_and(|first| first.trim().parse::<u16>().is_ok_and(|first| first > 80))
}

#[test]
fn a_user_without_rights_gets_loopback_addresses_and_everything_else() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command
        .args([
            "networks::live_without_rights_when_asked",
            "--exact",
            "--nocapture",
        ])
        .env(ASKED, directory.path())
        .current_dir("/");
    if rustix::process::geteuid().is_root() {
        // 65534 is `nobody` everywhere; a number needs no entry in the user database.
        command.uid(65_534).gid(65_534);
        for path in [directory.path(), &program] {
            std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.contains("1 passed"),
        "the child has run its test: {text}"
    );
}
