//! The public contract suites of `floe-notify`.

use floe_notify::contract::{queue_contract, resource_manager_contract};

use crate::peer::{Login, Now, azurite};
use crate::world::Factory;

fn factory(login: Login) -> Option<Factory> {
    let (blobs, queues) = azurite()?;
    Some(Factory {
        blobs,
        queues,
        login,
    })
}

#[tokio::test]
async fn a_queue_keeps_the_contract_with_the_key_of_the_account() {
    if let Some(factory) = factory(Login::Key) {
        queue_contract(&factory, &Now).await;
    }
}

#[tokio::test]
async fn a_queue_keeps_the_contract_with_a_token() {
    if let Some(factory) = factory(Login::Token) {
        queue_contract(&factory, &Now).await;
    }
}

#[tokio::test]
async fn the_manager_keeps_the_contract_with_the_key_of_the_account() {
    if let Some(factory) = factory(Login::Key) {
        resource_manager_contract(&factory, &Now).await;
    }
}

#[tokio::test]
async fn the_manager_keeps_the_contract_with_a_token() {
    if let Some(factory) = factory(Login::Token) {
        resource_manager_contract(&factory, &Now).await;
    }
}
