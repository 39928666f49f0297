//! What is in the queue: an index in memory over the log on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{Delivery, Message, MessageId, Receipt};

use super::log::{Log, Place, SEGMENT_BYTES};
use super::record::{MAX_LIST, Record, Stored, size_of};
use super::{MAX_MESSAGE_BYTES, MAX_MESSAGES, Recovery};
use crate::LocalError;

mod recover;

/// The log may be so many times as long as what is still needed of it …
const MAX_WASTE: u64 = 2;
/// … and so many segments more, so that short logs are left alone.
const SPARE_SEGMENTS: u64 = 4;
/// Segments that are cleaned after each group of jobs while the log is too long: one more than
/// the copies of their messages can begin.
const CLEANED_AT_ONCE: usize = 2;

/// The messages of a queue and where they lie.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    log: Log,
    entries: BTreeMap<u64, Entry>,
    /// Visible messages.
    ready: BTreeSet<u64>,
    /// Messages that are handed out, by their deadlines.
    hidden: BTreeSet<(Timestamp, u64)>,
    /// How many messages are needed of each segment, and how many bytes of it.
    needed: BTreeMap<u64, Needed>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    received: u32,
    /// The deadline, while it is handed out.
    until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Needed {
    messages: u64,
    bytes: u64,
}

/// What one attempt of a receive found.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) deliveries: Vec<Delivery>,
    /// When the next message becomes visible.
    pub(super) next: Option<Timestamp>,
    /// Messages that could not be read, and are gone.
    pub(super) unreadable: usize,
}

impl Store {
    /// Reads the log of a folder, and mends it.
    pub(super) fn open(folder: &Path) -> Result<(Self, Recovery), LocalError> {
        let mut store = Self {
            folder: folder.to_owned(),
            log: Log::open(folder)?,
            entries: BTreeMap::new(),
            ready: BTreeSet::new(),
            hidden: BTreeSet::new(),
            needed: BTreeMap::new(),
            next: 0,
        };
        let recovery = recover::recover(&mut store)?;
        Ok((store, recovery))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts messages into the queue, all or none; they are durable after the next sync.
    pub(super) fn send(
        &mut self,
        now: Timestamp,
        messages: Vec<Message>,
    ) -> Result<(), LocalError> {
        if self.entries.len() + messages.len() > MAX_MESSAGES {
            let path = self.folder.clone();
            return Err(LocalError::Full { path });
        }
        let sizes = messages.iter().map(size_of);
        if let Some(bytes) = sizes.into_iter().find(|bytes| *bytes > MAX_MESSAGE_BYTES) {
            return Err(LocalError::TooLarge { bytes });
        }
        let numbers = self.next..;
        let stored = numbers.zip(messages).map(|(number, message)| Stored {
            number,
            sent: now,
            received: 0,
            message,
        });
        self.put(stored.collect())
    }

    /// Appends messages and points to their new places.
    fn put(&mut self, messages: Vec<Stored>) -> Result<(), LocalError> {
        let mut bytes = Vec::new();
        let mut entries = Vec::new();
        for stored in messages {
            let start = bytes.len();
            let (number, received) = (stored.number, stored.received);
            Record::Message(stored).write(&mut bytes);
            entries.push((number, received, start, bytes.len() - start));
        }
        if entries.is_empty() {
            return Ok(());
        }
        let (segment, at) = self.log.append(self.next, &bytes)?;
        for (number, received, start, length) in entries {
            let place = Place {
                segment,
                at: at + start as u64,
                bytes: u32::try_from(length).unwrap_or(u32::MAX),
            };
            self.point(number, place, received);
        }
        Ok(())
    }

    /// A message lies here now; one that is handed out stays so.
    fn point(&mut self, number: u64, place: Place, received: u32) {
        let until = self.entries.get(&number).and_then(|entry| entry.until);
        self.forget(number);
        match until {
            Some(until) => drop(self.hidden.insert((until, number))),
            None => drop(self.ready.insert(number)),
        }
        let needed = self.needed.entry(place.segment).or_default();
        needed.messages += 1;
        needed.bytes += u64::from(place.bytes);
        let entry = Entry {
            place,
            received,
            until,
        };
        self.entries.insert(number, entry);
        self.next = self.next.max(number + 1);
    }

    fn forget(&mut self, number: u64) -> bool {
        let Some(entry) = self.entries.remove(&number) else {
            return false;
        };
        self.ready.remove(&number);
        if let Some(until) = entry.until {
            self.hidden.remove(&(until, number));
        }
        if let Some(needed) = self.needed.get_mut(&entry.place.segment) {
            needed.messages -= 1;
            needed.bytes -= u64::from(entry.place.bytes);
        }
        true
    }

    /// Hands out up to `max` messages, the oldest first.
    pub(super) fn take(&mut self, now: Timestamp, max: usize, visibility: Duration) -> Taken {
        self.uncover(now);
        let mut taken = Taken::default();
        let mut received = Vec::new();
        while taken.deliveries.len() < max {
            let Some(number) = self.ready.first().copied() else {
                break;
            };
            let Some(delivery) = self.hand_out(number, now.after(visibility)) else {
                self.forget(number);
                taken.unreadable += 1;
                continue;
            };
            received.push((number, delivery.receive_count().unwrap_or_default()));
            taken.deliveries.push(delivery);
        }
        // Should the disk be full, the count is forgotten at a restart, and nothing else.
        for list in received.chunks(MAX_LIST) {
            let mut bytes = Vec::new();
            Record::Received(list.to_vec()).write(&mut bytes);
            drop(self.log.append(self.next, &bytes));
        }
        taken.next = self.hidden.first().map(|(until, _)| *until);
        taken
    }

    /// Makes visible what was handed out and not acknowledged in time.
    fn uncover(&mut self, now: Timestamp) {
        while let Some((until, number)) = self.hidden.first().copied() {
            if until > now {
                return;
            }
            self.show(number);
        }
    }

    fn show(&mut self, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number)
            && let Some(until) = entry.until.take()
        {
            self.hidden.remove(&(until, number));
            self.ready.insert(number);
        }
    }

    fn hide(&mut self, number: u64, until: Timestamp) {
        self.show(number);
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.until = Some(until);
            self.ready.remove(&number);
            self.hidden.insert((until, number));
        }
    }

    fn hand_out(&mut self, number: u64, deadline: Timestamp) -> Option<Delivery> {
        let stored = self.read(number)?;
        let entry = self.entries.get_mut(&number)?;
        entry.received = entry.received.saturating_add(1);
        let count = entry.received;
        self.hide(number, deadline);
        let receipt = Receipt::new(MessageId::new(number.to_string()), count.to_string());
        let delivery = Delivery::new(stored.message, receipt, deadline)
            .with_receive_count(count)
            .with_sent(stored.sent);
        Some(delivery)
    }

    /// Reads a message again, and checks it again.
    fn read(&self, number: u64) -> Option<Stored> {
        let bytes = self.log.read(self.entries.get(&number)?.place).ok()?;
        match Record::read(&bytes) {
            Ok((Record::Message(stored), _)) if stored.number == number => Some(stored),
            _ => None,
        }
    }

    /// The number of the message, when the receipt is the newest one for it.
    fn holder(&self, receipt: &Receipt) -> Option<u64> {
        let number = receipt.message().as_str().parse().ok()?;
        let count: u32 = receipt.token().parse().ok()?;
        (self.entries.get(&number)?.received == count).then_some(number)
    }

    /// Removes the messages of these receipts; for each whether it was there. Durable after the
    /// next sync.
    pub(super) fn acknowledge(&mut self, batch: &[Receipt]) -> Result<Vec<bool>, LocalError> {
        let holders: Vec<Option<u64>> = batch.iter().map(|receipt| self.holder(receipt)).collect();
        let mut numbers: Vec<u64> = holders.iter().copied().flatten().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut bytes = Vec::new();
        for list in numbers.chunks(MAX_LIST) {
            Record::Done(list.to_vec()).write(&mut bytes);
        }
        if !bytes.is_empty() {
            self.log.append(self.next, &bytes)?;
        }
        let found = holders
            .into_iter()
            .map(|number| number.is_some_and(|number| self.forget(number)));
        Ok(found.collect())
    }

    /// Holds a message until then; false when the receipt is worth nothing.
    pub(super) fn extend(&mut self, receipt: &Receipt, until: Timestamp) -> bool {
        let number = self.holder(receipt);
        if let Some(number) = number {
            self.hide(number, until);
        }
        number.is_some()
    }

    pub(super) fn release(&mut self, batch: &[Receipt]) -> Vec<bool> {
        let release = |receipt| {
            let number = self.holder(receipt);
            if let Some(number) = number {
                self.show(number);
            }
            number.is_some()
        };
        batch.iter().map(release).collect()
    }

    /// Makes everything durable, and deletes what is not needed any more.
    pub(super) fn sync(&mut self) -> Result<(), LocalError> {
        self.log.sync()
    }

    /// False when somebody has deleted the queue's files.
    pub(super) fn is_there(&self) -> bool {
        self.log.is_there()
    }

    /// Deletes the oldest segments while nothing in them is needed, and while the log is too long
    /// moves what is needed of them to its end.
    ///
    /// Only the oldest one may go: an acknowledgement lies behind its message, so deleting from
    /// the front never brings a message back. All that was written must be durable before.
    pub(super) fn clean(&mut self) -> Result<(), LocalError> {
        for _ in 0..CLEANED_AT_ONCE {
            self.delete_unneeded()?;
            let needed: u64 = self.needed.values().map(|needed| needed.bytes).sum();
            if self.log.bytes() <= needed * MAX_WASTE + SPARE_SEGMENTS * SEGMENT_BYTES {
                return Ok(());
            }
            let Some(oldest) = self.log.oldest() else {
                return Ok(());
            };
            self.move_away(oldest)?;
            self.log.sync()?;
        }
        self.delete_unneeded()
    }

    fn delete_unneeded(&mut self) -> Result<(), LocalError> {
        while let Some(oldest) = self.log.oldest()
            && Some(oldest) != self.log.newest()
            && self.needed.get(&oldest).is_none_or(|one| one.messages == 0)
        {
            self.log.delete(oldest)?;
            self.needed.remove(&oldest);
        }
        Ok(())
    }

    fn move_away(&mut self, segment: u64) -> Result<(), LocalError> {
        let lies_there =
            |(number, entry): (&u64, &Entry)| (entry.place.segment == segment).then_some(*number);
        let numbers: Vec<u64> = self.entries.iter().filter_map(lies_there).collect();
        let mut copies = Vec::new();
        for number in numbers {
            match self.read(number) {
                Some(stored) => {
                    let received = self.entries.get(&number).map_or(0, |entry| entry.received);
                    copies.push(Stored { received, ..stored });
                }
                // A receive finds out, and tells of it.
                None => return Ok(()),
            }
        }
        self.put(copies)
    }
}

#[cfg(test)]
mod tests;
