//! The store against a model, with restarts anywhere.

use std::collections::BTreeMap;

use floe_notify::{Message, MessageId, Receipt};
use proptest::prelude::*;

use super::*;

/// One step of a run.
#[derive(Clone, Debug)]
enum Op {
    Send(u32),
    Take(usize),
    /// The message of this place among those that were handed out, and an old receipt or not.
    Acknowledge(usize, bool),
    Extend(usize, u64),
    Release(usize),
    Pass(u64),
    Clean,
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u32..400_000).prop_map(Op::Send),
        4 => (0_usize..5).prop_map(Op::Take),
        4 => (0_usize..9, any::<bool>()).prop_map(|(place, old)| Op::Acknowledge(place, old)),
        1 => (0_usize..9, 0_u64..90_000).prop_map(|(place, time)| Op::Extend(place, time)),
        1 => (0_usize..9).prop_map(Op::Release),
        2 => (0_u64..40_000).prop_map(Op::Pass),
        2 => Just(Op::Clean),
        1 => Just(Op::Restart),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    size: u32,
    received: u32,
    until: Option<u64>,
}

const VISIBILITY: Duration = Duration::from_secs(30);

/// What a queue is, without files.
#[derive(Default)]
struct Model {
    messages: BTreeMap<u64, Known>,
    next: u64,
    now: u64,
}

impl Model {
    fn visible(&self) -> Vec<u64> {
        let is_visible = |one: &Known| one.until.is_none_or(|until| until <= self.now);
        let visible = self.messages.iter().filter(|(_, one)| is_visible(one));
        visible.map(|(number, _)| *number).collect()
    }

    fn handed_out(&self, place: usize) -> Option<u64> {
        let mut handed = self.messages.iter().filter(|(_, one)| one.received > 0);
        handed.nth(place).map(|(number, _)| *number)
    }
}

fn receipt(number: u64, received: u32) -> Receipt {
    Receipt::new(MessageId::new(number.to_string()), received.to_string())
}

fn body(number: u64, size: u32) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.resize(8 + size as usize, b'x');
    body
}

fn take(store: &mut Store, model: &mut Model, max: usize) {
    let expected: Vec<u64> = model.visible().into_iter().take(max).collect();
    let taken = store.take(Timestamp::from_millis(model.now), max, VISIBILITY);
    assert_eq!(taken.unreadable, 0);
    let number_of = |one: &Delivery| one.id().as_str().parse().unwrap();
    let got: Vec<u64> = taken.deliveries.iter().map(number_of).collect();
    assert_eq!(got, expected);
    for (number, delivery) in got.into_iter().zip(taken.deliveries) {
        let known = model.messages.get_mut(&number).unwrap();
        known.received += 1;
        known.until = Some(model.now + 30_000);
        assert_eq!(delivery.message().body(), body(number, known.size));
        assert_eq!(delivery.receipt(), &receipt(number, known.received));
    }
}

fn step(store: &mut Store, model: &mut Model, folder: &Path, op: &Op) {
    let now = Timestamp::from_millis(model.now);
    match *op {
        Op::Send(size) => {
            store
                .send(now, vec![Message::new(body(model.next, size))])
                .unwrap();
            let (received, until) = (0, None);
            model.messages.insert(
                model.next,
                Known {
                    size,
                    received,
                    until,
                },
            );
            model.next += 1;
        }
        Op::Take(max) => take(store, model, max),
        Op::Acknowledge(place, old) => {
            let Some(number) = model.handed_out(place) else {
                return;
            };
            let received = model.messages[&number].received;
            let receipt = receipt(number, received - u32::from(old));
            assert_eq!(store.acknowledge(&[receipt]).unwrap(), [!old]);
            if !old {
                model.messages.remove(&number);
            }
        }
        Op::Extend(place, time) => {
            let Some(number) = model.handed_out(place) else {
                return;
            };
            let known = model.messages.get_mut(&number).unwrap();
            let until = model.now + time;
            known.until = Some(until);
            let until = Timestamp::from_millis(until);
            assert!(store.extend(&receipt(number, known.received), until));
        }
        Op::Release(place) => {
            let Some(number) = model.handed_out(place) else {
                return;
            };
            let known = model.messages.get_mut(&number).unwrap();
            known.until = None;
            assert_eq!(store.release(&[receipt(number, known.received)]), [true]);
        }
        Op::Pass(time) => model.now += time,
        Op::Clean => {
            store.sync().unwrap();
            store.clean().unwrap();
        }
        Op::Restart => {
            // Nothing is synced: that a process ends does not take from the kernel what it has.
            let (opened, recovery) = Store::open(folder).unwrap();
            assert_eq!((recovery.torn_bytes, recovery.damaged_bytes), (0, 0));
            *store = opened;
            model.messages.values_mut().for_each(|one| one.until = None);
        }
    }
    assert_eq!(store.len(), model.messages.len());
    let needed: u64 = store.needed.values().map(|one| one.messages).sum();
    assert_eq!(
        needed,
        model.messages.len() as u64,
        "the log knows what is needed of it"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_store_is_what_its_model_is(ops in proptest::collection::vec(op(), 1..160)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open(folder.path()).unwrap();
        let mut model = Model::default();
        for op in &ops {
            step(&mut store, &mut model, folder.path(), op);
        }
        for _ in 0..100 {
            store.sync().unwrap();
            store.clean().unwrap();
        }
        let needed: u64 = store.needed.values().map(|one| one.bytes).sum();
        // What `clean` keeps to, and the segment that is written to.
        let bound = needed * MAX_WASTE + (SPARE_SEGMENTS + 1) * SEGMENT_BYTES;
        prop_assert!(store.log.bytes() <= bound);
        step(&mut store, &mut model, folder.path(), &Op::Restart);
        step(&mut store, &mut model, folder.path(), &Op::Take(usize::MAX));
    }
}
