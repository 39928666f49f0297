//! The contract of runtimes, in both networks.

use std::sync::Arc;
use std::time::Duration;

use floe_runtime::clock::SystemClock;
use floe_runtime::contract::{Behaviour, DEAF, RuntimeFactory, runtime_contract};
use floe_runtime::{BoxFuture, InstanceKey, InstancePlan, Need, NeedKind, PortPlan, Runtime};
use floe_runtime_process::{NetworkMode, ProcessRuntime};

use crate::world::{self, PATIENCE, World, links, marked, options, unique_owner};

struct ProcessFactory {
    directory: tempfile::TempDir,
    network: NetworkMode,
    owner: String,
}

impl RuntimeFactory for ProcessFactory {
    fn runtime(&self) -> BoxFuture<'_, Arc<dyn Runtime>> {
        Box::pin(async move {
            let options = options(self.directory.path(), self.network, &self.owner);
            Arc::new(ProcessRuntime::new(options).unwrap()) as Arc<dyn Runtime>
        })
    }

    fn plan(&self, key: InstanceKey, behaviours: &[Behaviour]) -> InstancePlan {
        let image = world::image_in(self.directory.path());
        let unready = self.directory.path().join("unready");
        std::fs::write(&unready, "").unwrap();
        let (mut containers, mut ports) = (Vec::new(), Vec::new());
        for (port, behaviour) in (8_000u16..).zip(behaviours) {
            let name = format!("c{}", port - 8_000);
            containers.push(match behaviour {
                Behaviour::ReadySoon => world::server(&name, &image, port),
                Behaviour::NeverReady => {
                    let mut plan = world::server(&name, &image, port);
                    let file = unready.to_str().unwrap().to_owned();
                    plan.env
                        .push((crate::server::UNREADY_FILE.to_owned(), file));
                    plan
                }
                Behaviour::ExitsWith(code) => world::shell(&name, &image, &format!("exit {code}")),
                Behaviour::IgnoresSigterm => {
                    let script = format!("trap '' TERM; echo {DEAF}; while :; do sleep 1; done");
                    world::shell(&name, &image, &script)
                }
                Behaviour::Prints(lines) => {
                    let file = self.directory.path().join(format!("{name}.txt"));
                    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
                    std::fs::write(&file, text).unwrap();
                    let script = format!("cat {}; exec sleep 600", file.display());
                    world::shell(&name, &image, &script)
                }
            });
            ports.push(PortPlan { name, port });
        }
        InstancePlan {
            ports,
            ..world::plan(&key, containers)
        }
    }

    fn unsupported_need(&self) -> Need {
        Need::new(NeedKind::BlockVolume, "spec.volumes[0]")
    }

    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

async fn keeps_the_contract(network: NetworkMode) {
    if World::new(network).is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let factory = ProcessFactory {
        directory,
        network,
        owner: unique_owner(),
    };
    runtime_contract(&factory, &SystemClock).await;
    // Every case has shut its runtime down, so nothing has to be waited for.
    assert_eq!(marked(&factory.owner), Vec::<String>::new());
    assert_eq!(links(&factory.owner), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_runtime_keeps_the_contract_with_loopback_addresses() {
    keeps_the_contract(NetworkMode::Loopback).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_runtime_keeps_the_contract_with_namespaces() {
    keeps_the_contract(NetworkMode::Namespace).await;
}
