//! What has happened, so that a simulation in which nothing goes wrong is noticed.

/// Sums over lives.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Counts {
    pub(super) received: u64,
    pub(super) redelivered: u64,
    pub(super) acknowledged: u64,
    pub(super) lost_events: u64,
    pub(super) duplicates: u64,
    pub(super) crashes: u64,
    pub(super) machine_crashes: u64,
    pub(super) pauses: u64,
    pub(super) fenced: u64,
    pub(super) zombies: u64,
    pub(super) stops: u64,
    pub(super) long_stops: u64,
    pub(super) lost_queues: u64,
    pub(super) full_disks: u64,
    pub(super) ledger_faults: u64,
    pub(super) sink_faults: u64,
    pub(super) repeated: u64,
    pub(super) listing_modes: u64,
    pub(super) pages: u64,
    pub(super) renames: u64,
    pub(super) asks: u64,
    pub(super) quarantined: u64,
    pub(super) extended: u64,
    pub(super) forgotten: u64,
    pub(super) committed: u64,
    pub(super) known_pages: u64,
    pub(super) ended_by_themselves: u64,
    pub(super) steps: u64,
    /// Losses of power, where the ledger is on a disk.
    pub(in super::super) power_losses: u64,
    /// Losses of the queue that nobody could see.
    pub(super) unnoticed: u64,
    /// The longest that consumers took that came for what was there, in milliseconds.
    pub(super) longest_once: u64,
}

impl Counts {
    fn each(&mut self) -> [&mut u64; 28] {
        [
            &mut self.received,
            &mut self.redelivered,
            &mut self.acknowledged,
            &mut self.lost_events,
            &mut self.duplicates,
            &mut self.crashes,
            &mut self.machine_crashes,
            &mut self.pauses,
            &mut self.fenced,
            &mut self.zombies,
            &mut self.stops,
            &mut self.long_stops,
            &mut self.lost_queues,
            &mut self.full_disks,
            &mut self.ledger_faults,
            &mut self.sink_faults,
            &mut self.repeated,
            &mut self.listing_modes,
            &mut self.pages,
            &mut self.renames,
            &mut self.asks,
            &mut self.quarantined,
            &mut self.extended,
            &mut self.forgotten,
            &mut self.committed,
            &mut self.known_pages,
            &mut self.ended_by_themselves,
            &mut self.steps,
        ]
    }

    pub(in super::super) fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        for (sum, one) in self.each().into_iter().zip(other.each()) {
            *sum += *one;
        }
        self.power_losses += other.power_losses;
        self.unnoticed += other.unnoticed;
        self.longest_once = self.longest_once.max(other.longest_once);
    }

    /// Everything has happened at least once.
    pub(in super::super) fn is_whole(&self) -> bool {
        self.clone().each().iter().all(|count| **count > 0)
    }
}
