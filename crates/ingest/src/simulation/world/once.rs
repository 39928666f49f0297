//! Consumers that take what is there and end by themselves.

use std::collections::BTreeSet;

use super::super::queue::Message;
use super::{Happening, World};

/// So long may it take until such consumers have ended when nothing goes wrong and nobody else has
/// anything in hand: less than the time after which a consumer without work looks again.
const SOON_MS: u64 = 9_000;

/// Most names that are kept for the time after the trouble.
const KEPT: usize = 10;

/// What there was when a consumer started, all of which it has to see to.
#[derive(Debug, Default)]
pub(super) struct There {
    /// Without notifications: objects that a listing shows, and their versions.
    objects: Vec<(usize, u32)>,
    /// With notifications: messages that the queue hands out.
    messages: Vec<Message>,
    /// Messages that it received since.
    pub(super) received: BTreeSet<usize>,
}

impl World {
    pub(super) fn there(&self, notifications: bool) -> There {
        let mut there = There::default();
        if notifications {
            let ready = self.queue.messages.iter();
            let ready = ready.filter(|one| one.visible <= self.now && !one.body.is_poison);
            there.messages = ready.cloned().collect();
            return there;
        }
        let include = self.settings.include_existing;
        let objects = self.store.objects.iter().enumerate().filter(|(_, one)| {
            let is_old = one.is_old || one.may_be_seen || one.is_free;
            one.version > 0
                && one.is_wanted
                && one.listed_at.as_millis() <= self.now
                && (include || !is_old)
        });
        there.objects = objects.map(|(number, one)| (number, one.version)).collect();
        there
    }

    /// A consumer is about to end by itself: nothing of what was there may be left.
    pub(super) fn at_rest(&mut self, there: &There) {
        self.counts.ended_by_themselves += 1;
        let mut files = there.objects.clone();
        for message in &there.messages {
            // Who had it before may have held on to it meanwhile.
            let same = |one: &Message| (one.count, one.visible) == (message.count, message.visible);
            let number = message.number;
            if self.queue.find(number).is_some_and(|one| same(one)) {
                self.break_with(format!("it ends and did not ask for message {number}"));
            }
            // What another one received is in its hands.
            if there.received.contains(&number) && self.queue.acknowledged.contains(&number) {
                files.extend(&message.body.files);
            }
        }
        for (object, version) in files {
            let one = &self.store.objects[object];
            let (is_newest, key) = (one.version == version, one.key.clone());
            let content = if self.store.with_versions { version } else { 0 };
            if one.is_wanted && is_newest && !self.sink.has(object, content) {
                self.break_with(format!("it ends and {key} was never committed"));
            }
        }
    }

    /// Keeps some of what has not landed yet for [`World::once`].
    pub(super) fn keep_for_once(&mut self) {
        let rest = self.to_land.len().saturating_sub(KEPT);
        self.kept = self.to_land.split_off(rest);
    }

    /// Files land while nobody is there; consumers come for them, and end soon.
    pub(in super::super) fn once(&mut self) -> Result<(), String> {
        let mut settings = self.settings.clone();
        settings.available_now = true;
        settings.notifications = self.random.percent(50);
        settings.list_every = None;
        self.begin_again(settings, 0);
        self.to_land = std::mem::take(&mut self.kept);
        self.land_rest();
        // They list what is shown at their start, and nothing else tells them.
        for object in &mut self.store.objects {
            object.listed_at = object
                .listed_at
                .min(super::Timestamp::from_millis(self.now));
        }
        for role in 0..self.roles {
            self.at(1_000 + role as u64, Happening::Start(role));
        }
        let began = self.now;
        self.wait("who takes what is there ends", |world| {
            let is_dead = world.processes.iter().all(|process| !process.is_alive);
            Ok(is_dead && world.now > began + 1_000 + world.roles as u64)
        })?;
        let took = self.ended_at - began - 1_000;
        self.counts.longest_once = self.counts.longest_once.max(took);
        if took > SOON_MS {
            return Err(format!("it took {took} ms to take what was there"));
        }
        self.check(false)
    }
}
