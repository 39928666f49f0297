//! What there is, as far as notifications are concerned.

use std::collections::BTreeMap;

use azure_core::http::Url;
use floe_notify::azure::StorageAccount;
use floe_notify::{Origin, StreamId, Tags};

use crate::arm::wire::Subscription;

/// One storage account.
#[derive(Debug)]
pub(super) struct View {
    pub(super) account: StorageAccount,
    /// Where its queues are.
    pub(super) url: Url,
    /// The tags of queues by their names.
    pub(super) queues: BTreeMap<String, Tags>,
    /// By name.
    pub(super) subscriptions: BTreeMap<String, Subscription>,
}

impl View {
    /// Who made a queue, and for which stream.
    pub(super) fn owner_of_queue(&self, name: &str) -> Option<(Origin, StreamId)> {
        let tags = self.queues.get(name)?;
        Some((origin(tags)?, tags.stream_id()?))
    }

    /// Who made an event subscription, and for which stream. One of Auto Loader whose labels do not
    /// say so has a queue of its name beside it that does.
    pub(super) fn owner_of_subscription(&self, one: &Subscription) -> Option<(Origin, StreamId)> {
        if let (Some(origin), Some(stream)) = (origin(&one.tags), one.tags.stream_id()) {
            return Some((origin, stream));
        }
        let beside = self.owner_of_queue(&one.name)?;
        let fills = one.fills(&self.account.id(), &one.name);
        (fills && beside.0 == Origin::AutoLoader).then_some(beside)
    }

    /// The event subscriptions that fill a queue.
    pub(super) fn filling<'a>(&'a self, queue: &'a str) -> impl Iterator<Item = &'a Subscription> {
        let account = self.account.id();
        let all = self.subscriptions.values();
        all.filter(move |one| one.fills(&account, queue))
    }
}

pub(super) fn origin(tags: &Tags) -> Option<Origin> {
    if tags.is_ours() {
        return Some(Origin::Floe);
    }
    tags.is_auto_loader().then_some(Origin::AutoLoader)
}
