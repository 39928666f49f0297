//! The simulated runtime is the reference: it passes the contract first.

use floe_runtime::contract::{SimulatedFactory, runtime_contract};

#[test]
fn the_simulated_runtime_keeps_the_contract() {
    let factory = SimulatedFactory::default();
    let clock = factory.clock();
    futures::executor::block_on(runtime_contract(&factory, clock.as_ref()));
}
