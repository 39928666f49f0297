//! The public contract suites of `floe-notify`, some of their cases side by side: time-outs of
//! Pub/Sub are ten seconds at least.

use floe_notify::BoxFuture;
use floe_notify::contract::queue::queue_cases;
use floe_notify::contract::resource::resource_cases;
use futures::{StreamExt as _, stream};

use crate::peer::Now;
use crate::world::Factory;

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_keeps_the_contract_of_queues() {
    if let Some(factory) = Factory::find().await {
        run(queue_cases(&factory, &Now)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_keeps_the_contract() {
    if let Some(factory) = Factory::find().await {
        run(resource_cases(&factory, &Now)).await;
    }
}

/// So many at a time: all at once would wait for this machine rather than for Pub/Sub.
const AT_ONCE: usize = 8;

async fn run(cases: Vec<BoxFuture<'_, ()>>) {
    stream::iter(cases)
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}
