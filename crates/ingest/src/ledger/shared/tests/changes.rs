//! What an action says beforehand, and what it does.

use super::super::format::{Kind, begin};
use super::Dice;
use super::deeds::{Deed, Visit, What, role};
use crate::Claim;
use crate::memory::replica::wire::Reader;
use crate::memory::replica::{Action, Replica, replay};

const SEEDS: u64 = 150;

/// Applies an action to one state as its caller does and to another as everybody else does.
struct Both<'a> {
    here: &'a mut Replica,
    there: &'a mut Replica,
    is_sweep: bool,
}

impl Visit for Both<'_> {
    type Out = Option<Claim>;

    fn visit<A: Action>(&mut self, action: A) -> Option<Claim> {
        let before = image(self.here);
        let changes = action.changes(self.here);
        let mut bytes = vec![A::TAG];
        action.put(&mut bytes);
        let answer = action.apply(self.here);
        let after = image(self.here);
        // A sweep that comes to its end at once and forgets nothing is the exception.
        assert!(
            changes || before == after,
            "what changes something is written down"
        );
        assert!(
            !changes || before != after || self.is_sweep,
            "and nothing else is"
        );
        let mut reader = Reader(&bytes);
        replay(&mut reader, self.there).unwrap();
        assert!(reader.0.is_empty(), "an action is read to its end");
        assert!(
            after == image(self.there),
            "everybody comes to the same state"
        );
        let any: Box<dyn std::any::Any> = Box::new(answer.ok());
        any.downcast_ref::<Option<Claim>>().cloned().flatten()
    }
}

fn image(replica: &Replica) -> Vec<u8> {
    let mut out = begin(Kind::Image);
    replica.put_image(&mut out);
    out
}

#[test]
fn actions_know_whether_they_change_anything_and_everybody_comes_to_the_same_state() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let (mut here, mut there) = (Replica::default(), Replica::default());
        let mut claims = vec![Claim::new(role(0), 1)];
        for number in 0..150 {
            let claim = claims[dice.below(claims.len() as u64) as usize].clone();
            let claim = match dice.below(6) {
                0 => Claim::new(role(dice.below(3)), claim.epoch()),
                _ => claim,
            };
            let mut deed = Deed::any(&mut dice, number, &claim);
            deed.what = match number {
                0 => What::Metrics,
                1 => What::Found,
                2 => What::Join,
                _ => deed.what,
            };
            let is_sweep = matches!(deed.what, What::Expire(_));
            let mut both = Both {
                here: &mut here,
                there: &mut there,
                is_sweep,
            };
            claims.extend(deed.visit(&mut both).flatten());
            kinds.extend(deed.bytes().map(|bytes| bytes[0]));
            claims = claims.split_off(claims.len().saturating_sub(3));
            let whole = image(&here);
            let mut reader = Reader(&whole[begin(Kind::Image).len()..]);
            there = Replica::read_image(&mut reader).unwrap();
            assert!(
                reader.0.is_empty() && image(&there) == whole,
                "an image is the state"
            );
            assert_eq!(here.tally(), there.tally());
        }
    }
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        (1..=16).collect::<Vec<_>>()
    );
}
