//! What the users, the cloud and the machines do.

use floe_notify::clock::Timestamp;

use super::super::ledger::Kept;
use super::super::queue::{Body, Message};
use super::{Bug, Happening, World, answer};
use crate::stream::Input;

/// Two hours, which is twice as long as the queue keeps messages.
const LONG_MS: u64 = 7_200_000;

impl World {
    /// Does one thing, and plans the next one.
    pub(super) fn deed(&mut self) {
        let mut next = self.random.between(100, 20_000);
        match self.random.below(100) {
            0..55 => self.land_some(),
            55..65 => self.crash_one(),
            65..71 => self.pause_one(),
            71..74 => self.crash_all(5_000),
            74..77 => {
                self.crash_all(LONG_MS);
                next = self.random.between(100, LONG_MS / 2);
            }
            77..80 => self.fill_disk(),
            80..83 => self.lose_queue(),
            83..88 => self.stop_one(),
            88..92 => self.rename(),
            92..96 => self.send_poison(),
            _ => {}
        }
        self.deeds = self.deeds.saturating_sub(1);
        if self.deeds > 0 {
            self.at(next, Happening::Deed);
        }
    }

    fn land_some(&mut self) {
        let most = (self.to_land.len() as u64 / self.deeds.max(1) + 1) * 2;
        for _ in 0..self.random.between(1, most) {
            if self.random.percent(15) {
                self.overwrite();
            } else if let Some(object) = self.to_land.pop() {
                self.write(object);
                self.tell(object);
            }
        }
    }

    /// Lands everything that has not landed yet.
    pub(super) fn land_rest(&mut self) {
        while let Some(object) = self.to_land.pop() {
            self.write(object);
            self.tell(object);
        }
    }

    fn overwrite(&mut self) {
        let there = self
            .store
            .objects
            .iter()
            .enumerate()
            .filter(|(_, one)| one.version > 0);
        let there: Vec<_> = there.map(|(number, _)| number).collect();
        if !there.is_empty() {
            let object = there[self.random.index(there.len())];
            self.write(object);
            self.tell(object);
        }
    }

    /// Writes an object; listings may show it late.
    fn write(&mut self, object: usize) {
        let late = if self.random.percent(5) {
            self.random.below(60_000)
        } else {
            0
        };
        let now = self.now;
        let is_new_version = self.store.with_versions || self.store.objects[object].version == 0;
        let seen = self.may_be_taken_for_old();
        let one = &mut self.store.objects[object];
        one.may_be_seen = seen || (one.may_be_seen && !is_new_version);
        one.version += u32::from(is_new_version);
        one.is_overwritten |= !is_new_version;
        one.written = Timestamp::from_millis(now);
        if is_new_version {
            // A listing shows the newest version or none.
            one.listed_at = Timestamp::from_millis(now + late);
            (one.is_old, one.is_owed, one.is_free) = (false, false, false);
        }
        self.mix(object as u64);
        let one = &self.store.objects[object];
        let (key, version) = (one.key.clone(), one.version);
        self.note(|| format!("{key} is written, version {version}, {late} ms late"));
    }

    /// Sends the event of the newest version, if somebody listens.
    pub(super) fn tell(&mut self, object: usize) {
        let is_lost = self.faults && self.random.percent(3);
        if !self.queue.is_there || is_lost {
            self.counts.lost_events += u64::from(is_lost);
            self.note(|| format!("no event tells of {object}"));
            self.untold(object, is_lost);
            return;
        }
        let version = self.store.objects[object].version;
        let one = &mut self.store.objects[object];
        (one.is_owed, one.is_old, one.is_free) = (true, false, false);
        let body = Body {
            files: vec![(object, version)],
            is_sparse: self.random.percent(5),
            renamed: None,
            is_poison: self.faults && self.random.percent(2),
        };
        let delay = if self.faults {
            self.random.below(90_000)
        } else {
            10
        };
        if self.random.percent(10) {
            self.counts.duplicates += 1;
            self.queue
                .send(body.clone(), self.now, self.now + delay * 2);
        }
        self.queue.send(body, self.now, self.now + delay);
    }

    /// No event will come of the newest version: a listing has to find it, if one follows for
    /// certain.
    fn untold(&mut self, object: usize, is_lost: bool) {
        if !self.queue.is_there {
            self.unlisted.push(object);
        }
        let one = &mut self.store.objects[object];
        let is_late = one.listed_at.as_millis() > self.now;
        if one.is_owed && !self.store.with_versions {
            // It is owed for its first write already.
            return;
        }
        one.is_free |= one.may_be_seen;
        one.is_owed = !is_lost && !is_late && !one.may_be_seen;
    }

    /// Whether the listing of what was there before is not over, so that it may take what lands
    /// now for old.
    fn may_be_taken_for_old(&self) -> bool {
        !self.settings.include_existing && !self.existing_is_listed
    }

    fn alive(&mut self) -> Option<usize> {
        let alive = self
            .processes
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_alive);
        let alive: Vec<_> = alive.map(|(number, _)| number).collect();
        (!alive.is_empty()).then(|| alive[self.random.index(alive.len())])
    }

    /// Ends a process between two of its steps.
    pub(super) fn crash(&mut self, number: usize) -> usize {
        self.counts.crashes += 1;
        self.note(|| format!("process {number} dies"));
        self.processes[number].is_alive = false;
        if self.bug == Some(Bug::AnswersBeforeItIsDurable)
            && let Some(durable) = self.durable.0.as_ref().and_then(Kept::copy)
        {
            self.ledger = durable;
        }
        self.processes[number].role
    }

    fn crash_one(&mut self) {
        let Some(number) = self.alive() else { return };
        let role = self.crash(number);
        let delay = self.random.between(10, 20_000);
        self.at(delay, Happening::Start(role));
    }

    pub(super) fn crash_all(&mut self, most: u64) {
        self.counts.machine_crashes += 1;
        for number in 0..self.processes.len() {
            if self.processes[number].is_alive {
                let role = self.crash(number);
                let delay = most / 2 + self.random.below(most / 2);
                self.at(delay, Happening::Start(role));
            }
        }
    }

    fn pause_one(&mut self) {
        let Some(number) = self.alive() else { return };
        self.counts.pauses += 1;
        let time = self.random.between(1_000, 400_000);
        self.note(|| format!("process {number} pauses for {time} ms"));
        self.processes[number].paused_until = self.now + time;
        if self.random.percent(60) {
            let role = self.processes[number].role;
            let delay = self.random.between(10, 60_000);
            self.at(delay, Happening::Start(role));
        }
    }

    fn fill_disk(&mut self) {
        self.counts.full_disks += 1;
        self.disk_is_full = true;
        let delay = self.random.between(100, 60_000);
        self.at(delay, Happening::DiskHasRoom);
    }

    /// Somebody deletes the queue, with everything in it.
    fn lose_queue(&mut self) {
        if !self.queue.is_there || self.random.percent(50) {
            return;
        }
        self.counts.lost_queues += 1;
        self.note(|| "the queue is lost".to_owned());
        self.queue.is_there = false;
        self.unlisted.clear();
        for message in std::mem::take(&mut self.queue.messages) {
            self.destroyed(&message);
            let told = message.body.files.iter().map(|(object, _)| *object);
            self.unlisted.extend(told);
            let renamed = message.body.renamed.as_deref();
            let objects = self.store.objects.iter().enumerate();
            let inside = objects
                .filter(|(_, one)| renamed.is_some_and(|directory| one.key.starts_with(directory)));
            self.unlisted.extend(inside.map(|(object, _)| object));
        }
    }

    /// The queue is set up. If it is lost and the ledger says that it is not, nobody can see that
    /// it was: a consumer has noted an earlier loss and stood still until others had seen to that
    /// one and the queue was lost again.
    pub(super) fn set_up_unnoticed(&mut self) {
        let marks = answer(self.ledger.marks());
        let is_noted = marks.is_ok_and(|marks| marks.queue.is_none() || marks.queue_is_lost);
        let unlisted = std::mem::take(&mut self.unlisted);
        if !self.queue.is_there && !is_noted {
            self.counts.unnoticed += 1;
            for object in unlisted {
                self.store.objects[object].is_owed = false;
            }
        }
    }

    /// A message is gone that nobody has acknowledged: a listing has to find what it told of.
    pub(super) fn destroyed(&mut self, message: &Message) {
        for (object, version) in message.body.files.iter().copied() {
            let one = &mut self.store.objects[object];
            if !self.store.with_versions || one.version == version {
                let is_late = one.listed_at.as_millis() > self.now;
                one.is_owed &= !is_late && !one.may_be_seen;
                one.is_free |= one.may_be_seen;
            }
        }
    }

    fn stop_one(&mut self) {
        let Some(number) = self.alive() else { return };
        if self.processes[number].paused_until <= self.now {
            self.counts.stops += 1;
            self.processes[number].there = None;
            self.decide(number, Input::Stop);
        }
    }

    /// A directory comes to its name with everything in it; one event tells of all.
    fn rename(&mut self) {
        if !self.queue.is_there || self.to_land.is_empty() {
            return;
        }
        self.counts.renames += 1;
        let first = self.to_land[self.random.index(self.to_land.len())];
        let key = &self.store.objects[first].key;
        let directory = key[..key.find('f').unwrap_or(key.len())].replace("_tmp/", "");
        let seen = self.may_be_taken_for_old();
        // The event speaks for all that is in the directory, also for what was there before.
        for object in &mut self.store.objects {
            object.is_free |= object.may_be_seen && object.key.starts_with(&directory);
        }
        let (inside, rest) = std::mem::take(&mut self.to_land)
            .into_iter()
            .partition(|object| self.store.objects[*object].key.starts_with(&directory));
        self.to_land = rest;
        let inside: Vec<usize> = inside;
        for object in inside {
            self.write(object);
            let one = &mut self.store.objects[object];
            one.listed_at = one.written;
            (one.is_owed, one.is_free) = (!seen, seen);
        }
        let body = Body {
            renamed: Some(directory),
            ..Body::default()
        };
        let delay = self.random.below(90_000);
        self.queue.send(body, self.now, self.now + delay);
    }

    fn send_poison(&mut self) {
        if self.queue.is_there {
            let body = Body {
                is_poison: true,
                ..Body::default()
            };
            self.queue.send(body, self.now, self.now);
        }
    }
}
