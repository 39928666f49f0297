//! How often the lives met what they are to meet.

/// Sums over lives.
#[derive(Debug, Default)]
pub(in super::super) struct Counts {
    pub(super) upgrades: u64,
    pub(super) starts: u64,
    pub(super) stops: u64,
    pub(super) failed_starts: u64,
    pub(super) failed_writes: u64,
    pub(super) void_changes: u64,
    pub(super) engine_restarts: u64,
    pub(super) rolled_back: u64,
    pub(super) scaled_up: u64,
    pub(super) scaled_down: u64,
    pub(super) suspended_by_rule: u64,
}

impl Counts {
    pub(in super::super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.all().into_iter().zip(other.values()) {
            *sum += more;
        }
    }

    /// Whether each of these things happened.
    pub(in super::super) fn whole(&self) -> bool {
        self.values().iter().all(|count| *count > 0)
    }

    fn all(&mut self) -> [&mut u64; 11] {
        [
            &mut self.upgrades,
            &mut self.starts,
            &mut self.stops,
            &mut self.failed_starts,
            &mut self.failed_writes,
            &mut self.void_changes,
            &mut self.engine_restarts,
            &mut self.rolled_back,
            &mut self.scaled_up,
            &mut self.scaled_down,
            &mut self.suspended_by_rule,
        ]
    }

    fn values(&self) -> [u64; 11] {
        [
            self.upgrades,
            self.starts,
            self.stops,
            self.failed_starts,
            self.failed_writes,
            self.void_changes,
            self.engine_restarts,
            self.rolled_back,
            self.scaled_up,
            self.scaled_down,
            self.suspended_by_rule,
        ]
    }
}
