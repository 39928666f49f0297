//! The reference in memory passes the contracts first.

use floe_notify::clock::ManualClock;
use floe_notify::contract::{MemoryFactory, queue_contract, resource_manager_contract};

#[test]
fn the_queue_in_memory_keeps_the_contract() {
    let clock = ManualClock::default();
    assert_eq!(clock.run(queue_contract(&MemoryFactory, &clock)), Some(()));
}

#[test]
fn the_resource_manager_in_memory_keeps_the_contract() {
    let clock = ManualClock::default();
    let contract = resource_manager_contract(&MemoryFactory, &clock);
    assert_eq!(clock.run(contract), Some(()));
}
