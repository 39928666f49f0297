//! What becomes of a state when nothing goes wrong any more: liveness, with a bound.

use floe_rollout::Revision;

use crate::world::{A, BAD, World};

/// Rounds within which a target is reached from any state, once faults stop; in a round
/// everything that is pending has its turn.
pub const ROUNDS: u32 = 40;

impl World {
    /// Whether the present target is reached; one that can not be is no matter here.
    pub(crate) fn reaches_its_target(&self) -> bool {
        let revision = self.books.revision();
        revision == BAD || self.clone().settles(revision)
    }

    /// Whether the first revision is reached when it is wanted again.
    pub(crate) fn rolls_back(&self) -> bool {
        if self.books.revision() == A {
            return true;
        }
        let mut world = self.clone();
        world.target(A);
        world.settles(A)
    }

    fn settles(mut self, revision: Revision) -> bool {
        // What is out of date arrives before what is true.
        while let Some(late) = self.late.first().copied() {
            self.hear_late(late);
        }
        self.round();
        self.look_again();
        for _ in 0..ROUNDS {
            if self.broken.is_some() {
                return false;
            }
            if !self.round() && !self.wakes() {
                break;
            }
        }
        self.broken.is_none() && self.has_reached(revision)
    }

    /// Gives everything pending one turn; says whether there was anything.
    fn round(&mut self) -> bool {
        let reports: Vec<_> = self.reports.keys().copied().collect();
        let mut busy = !reports.is_empty();
        for key in reports {
            self.hear(key);
        }
        for key in self.keys() {
            if self.is_stopping(key) {
                self.end(key);
            } else if self.can_serve(key) {
                self.serve(key);
            } else {
                continue;
            }
            busy = true;
        }
        busy
    }

    fn wakes(&mut self) -> bool {
        let waits = self.decider.service().next_wakeup().is_some();
        self.wake();
        waits
    }
}
