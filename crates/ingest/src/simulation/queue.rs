//! The queue: at least once, in any order, late, and for no longer than it keeps messages.

use std::collections::BTreeSet;

use floe_notify::clock::Timestamp;

use super::random::Random;

/// How long a message is its consumer's.
pub(super) const VISIBILITY_MS: u64 = 30_000;

/// How long a message is kept.
pub(super) const RETENTION_MS: u64 = 3_600_000;

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) number: usize,
    pub(super) body: Body,
    pub(super) sent: u64,
    pub(super) visible: u64,
    pub(super) count: u32,
    /// The newest receipt.
    pub(super) receipt: u64,
}

/// What a message says.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    /// Objects and the versions that were written.
    pub(super) files: Vec<(usize, u32)>,
    /// Their lengths and versions are not told.
    pub(super) is_sparse: bool,
    /// A directory with a new name.
    pub(super) renamed: Option<String>,
    /// A part of it cannot be read.
    pub(super) is_poison: bool,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// It was set up.
    pub(super) is_there: bool,
    pub(super) messages: Vec<Message>,
    sent: usize,
    receipts: u64,
    /// Numbers of messages that were there when they were acknowledged.
    pub(super) acknowledged: BTreeSet<usize>,
}

impl Queue {
    pub(super) fn send(&mut self, body: Body, now: u64, visible: u64) {
        self.sent += 1;
        let number = self.sent;
        let message = Message {
            number,
            body,
            sent: now,
            visible,
            count: 0,
            receipt: 0,
        };
        self.messages.push(message);
    }

    /// Drops what is too old, and returns it.
    pub(super) fn expire(&mut self, now: u64) -> Vec<Message> {
        let is_old = |message: &mut Message| message.sent + RETENTION_MS <= now;
        self.messages.extract_if(.., is_old).collect()
    }

    /// Hands out what is visible, in any order.
    pub(super) fn receive(
        &mut self,
        max: usize,
        now: u64,
        random: &mut Random,
        faults: bool,
    ) -> Vec<Message> {
        let mut taken = Vec::new();
        let start = if self.messages.is_empty() {
            0
        } else {
            random.index(self.messages.len())
        };
        let count = self.messages.len();
        for step in 0..count {
            let message = &mut self.messages[(start + step) % count];
            if message.visible > now {
                continue;
            }
            self.receipts += 1;
            message.receipt = self.receipts;
            message.count += 1;
            // Some queues hand a message out and forget that they did.
            if !(faults && random.percent(3)) {
                message.visible = now + VISIBILITY_MS;
            }
            taken.push(message.clone());
            if taken.len() >= max {
                break;
            }
        }
        taken
    }

    pub(super) fn find(&mut self, number: usize) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .find(|message| message.number == number)
    }

    pub(super) fn acknowledge(&mut self, number: usize) {
        let before = self.messages.len();
        self.messages.retain(|message| message.number != number);
        if self.messages.len() < before {
            self.acknowledged.insert(number);
        }
    }

    /// Holds a message on, for who has the newest receipt.
    pub(super) fn extend(&mut self, number: usize, receipt: u64, now: u64) -> Option<Timestamp> {
        let message = self
            .find(number)
            .filter(|message| message.receipt == receipt)?;
        message.visible = now + VISIBILITY_MS;
        Some(Timestamp::from_millis(message.visible))
    }
}
