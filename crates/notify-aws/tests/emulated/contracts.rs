//! The public contract suites of `floe-notify`.

use floe_notify::contract::{queue_contract, resource_manager_contract};

use crate::peer::{Hasty, Now, Peer};
use crate::world::Factory;

fn factory(peer: Peer) -> Option<Factory> {
    peer.url().map(|url| Factory { peer, url })
}

#[tokio::test]
async fn a_queue_of_ministack_keeps_the_contract() {
    if let Some(factory) = factory(Peer::Ministack) {
        queue_contract(&factory, &Now).await;
    }
}

#[tokio::test]
async fn a_queue_of_moto_keeps_the_contract() {
    if let Some(factory) = factory(Peer::Moto) {
        queue_contract(&factory, &Now).await;
    }
}

#[tokio::test]
async fn the_manager_keeps_the_contract_on_ministack() {
    if let Some(factory) = factory(Peer::Ministack) {
        resource_manager_contract(&factory, &Hasty::default()).await;
    }
}

#[tokio::test]
async fn the_manager_keeps_the_contract_on_moto() {
    if let Some(factory) = factory(Peer::Moto) {
        resource_manager_contract(&factory, &Hasty::default()).await;
    }
}
