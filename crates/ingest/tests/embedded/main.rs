//! The ledger in a directory, from outside: its contract, its file, its process, its threads.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(all(feature = "embedded", feature = "contract"))]

mod contract;
mod files;
mod killed;
mod shared;

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use floe_ingest::{
    Claim, Discovery, EmbeddedLedger, FileId, Founding, Ledger, Recorded, Role, Sighting,
    VersionRule,
};
use floe_notify::StreamId;
use floe_notify::clock::Timestamp;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: std::collections::BTreeMap::new(),
        defaults: std::collections::BTreeMap::new(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_735_689_600_000)
}

/// Opens the ledger of a directory and founds its stream.
fn open(directory: &Path) -> EmbeddedLedger {
    let ledger = EmbeddedLedger::open(directory).unwrap();
    block_on(ledger.found(&founding(), now())).unwrap();
    ledger
}

fn join(ledger: &EmbeddedLedger, role: &str) -> Claim {
    block_on(ledger.join(&Role::new(role).unwrap(), now())).unwrap()
}

fn file(name: &str) -> Discovery {
    Discovery {
        id: FileId::new(format!("/in/{name}").as_bytes(), None).unwrap(),
        size: 1,
        created: now(),
        sighting: Sighting::Event,
    }
}

fn record(ledger: &EmbeddedLedger, claim: &Claim, names: &[String]) -> Vec<Recorded> {
    let files: Vec<_> = names.iter().map(|name| file(name)).collect();
    block_on(ledger.record(claim, &files, None, now())).unwrap()
}
