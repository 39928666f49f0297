//! The public contract, through one handle and through several.

use std::sync::Arc;

use floe_notify::BoxFuture;
use floe_notify::clock::ManualClock;
use object_store::memory::InMemory;

use super::super::SharedLedger;
use super::super::handle::Bounds;
use super::TIGHT;
use super::alternating::Alternating;
use crate::Ledger;
use crate::contract::{LedgerBench, LedgerFactory, ledger_contract};

struct Stores {
    handles: usize,
    bounds: Bounds,
    clock: Arc<ManualClock>,
}

struct Store {
    store: Arc<InMemory>,
    handles: usize,
    bounds: Bounds,
    clock: Arc<ManualClock>,
}

impl LedgerFactory for Stores {
    fn ledger(&self) -> BoxFuture<'_, Box<dyn LedgerBench>> {
        let store = Store {
            store: Arc::default(),
            handles: self.handles,
            bounds: self.bounds,
            clock: Arc::clone(&self.clock),
        };
        Box::pin(std::future::ready(Box::new(store) as Box<dyn LedgerBench>))
    }
}

impl LedgerBench for Store {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Ledger>> {
        Box::pin(async {
            let mut handles = Vec::new();
            for _ in 0..self.handles {
                let clock = Arc::<ManualClock>::clone(&self.clock);
                let store = Arc::<InMemory>::clone(&self.store);
                let opened = SharedLedger::open_with(store, "", clock, self.bounds).await;
                handles.push(opened.unwrap());
            }
            Arc::new(Alternating::new(handles)) as Arc<dyn Ledger>
        })
    }
}

fn check(handles: usize, bounds: Bounds) {
    let clock = Arc::new(ManualClock::default());
    let stores = Stores {
        handles,
        bounds,
        clock: Arc::clone(&clock),
    };
    clock.run(ledger_contract(&stores)).unwrap();
}

#[test]
fn the_shared_ledger_keeps_the_contract() {
    check(1, Bounds::default());
}

#[test]
fn it_keeps_the_contract_when_everything_is_a_segment_and_images_are_frequent() {
    check(1, TIGHT);
}

#[test]
fn it_keeps_the_contract_when_every_call_goes_through_another_handle() {
    check(3, TIGHT);
}
