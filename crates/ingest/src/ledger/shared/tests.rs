//! Shared ledgers under stores that fail, delay and repeat; and what only shows from inside.

#[cfg(feature = "contract")]
mod alternating;
mod changes;
#[cfg(feature = "contract")]
mod contract;
mod deeds;
mod faulty;
mod history;
mod hostile;
mod images;
mod paused;
mod refused;

use std::sync::Arc;

use floe_notify::StreamId;
use floe_notify::clock::{ManualClock, Timestamp};
use object_store::ObjectStore;

use super::SharedLedger;
use super::handle::Bounds;
use crate::{Discovery, FileId, Founding, Sighting, VersionRule};

/// Bounds with which a few calls make segments and images.
const TIGHT: Bounds = Bounds {
    frame_bytes: 100,
    tail_bytes: 600,
    segments: 4,
};

/// Numbers that look random, the same ones for the same seed.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.roll() % most.max(1)
    }
}

fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: [("cloudFiles.format".to_owned(), "json".to_owned())].into(),
        defaults: std::collections::BTreeMap::new(),
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_735_689_600_000 + millis)
}

fn file(name: &str) -> Discovery {
    Discovery {
        id: FileId::new(format!("/in/{name}").as_bytes(), None).unwrap(),
        size: 1,
        created: at(0),
        sighting: Sighting::Event,
    }
}

async fn open<S: ObjectStore>(store: &Arc<S>, clock: &Arc<ManualClock>) -> SharedLedger {
    let store = Arc::<S>::clone(store);
    let clock = Arc::<ManualClock>::clone(clock);
    let opened = SharedLedger::open_with(store, "state/orders", clock, TIGHT).await;
    opened.unwrap()
}
