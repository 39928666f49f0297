//! What a set-up has to do, given what is there; or why it cannot.

use floe_notify::azure::{APIS, EVENT_TYPES};
use floe_notify::{
    Action, Conflict, Location, Origin, PATH, ResourceError, ResourceKind, Step, Store,
};

use super::Request;
use super::view::{View, origin};
use crate::arm::wire::Subscription;

/// What to do with each part.
#[derive(Debug)]
pub(super) struct SetUp {
    pub(super) queue: Action,
    pub(super) subscription: Action,
    /// Azure is at work on the event subscription: what it comes to is not known yet.
    pub(super) is_busy: bool,
    /// The event subscription that fills the queue, or will.
    name: String,
    why: &'static str,
}

impl SetUp {
    /// In the order in which they are taken: events begin to flow with the last one.
    pub(super) fn steps(&self, request: &Request<'_>) -> Vec<Step> {
        vec![
            Step::new(self.queue, ResourceKind::Queue, &request.name),
            Step::new(self.subscription, ResourceKind::Subscription, &self.name).because(self.why),
        ]
    }
}

pub(super) fn plan(view: &View, request: &Request<'_>) -> Result<SetUp, ResourceError> {
    let mut conflicts = Vec::new();
    let queue = of_queue(view, request, &mut conflicts);
    let filling = view.filling(&request.name);
    let serving = filling.filter(|one| serves(one, request));
    // The one that works, where there are several.
    let serving = serving.max_by_key(|one| one.works());
    let named = view.subscriptions.get(&request.name);
    let (subscription, why) = match (serving, named) {
        (Some(one), _) if one.works() || one.is_busy() => (Action::Reuse, ""),
        (Some(one), _) if origin(&one.tags) == Some(Origin::Floe) => {
            (Action::Change, "Azure did not finish it before")
        }
        (None, Some(one)) => (
            of_named(one, view, request, &mut conflicts),
            "its filter is another",
        ),
        (None, None) => (Action::Create, ""),
        (Some(one), _) => {
            let state = &one.state;
            let reason = format!(
                "it was there before and does not work (it is '{state}'); repair or remove it, or \
                 choose another suffix"
            );
            let name = format!("event subscription {}", one.name);
            conflicts.push(Conflict::new(name, reason));
            (Action::Leave, "")
        }
    };
    if !conflicts.is_empty() {
        return Err(ResourceError::Conflicts { conflicts });
    }
    Ok(SetUp {
        queue,
        subscription,
        is_busy: serving.or(named).is_some_and(Subscription::is_busy),
        name: serving.map_or_else(|| request.name.clone(), |one| one.name.clone()),
        why: if subscription == Action::Change {
            why
        } else {
            ""
        },
    })
}

/// Whether it tells of all files below the path. What Auto Loader made for just this directory
/// tells of what Auto Loader wants to know.
fn serves(one: &Subscription, request: &Request<'_>) -> bool {
    let subject = request.wanted.subject_begins_with();
    let filter = &one.filter;
    let is_of_original = origin(&one.tags) == Some(Origin::AutoLoader) && filter.is_for(subject);
    if is_of_original {
        return filter.passes_files();
    }
    filter.covers(subject) && filter.passes(&EVENT_TYPES, &APIS)
}

/// What to do with one of the right name that does not serve.
fn of_named(
    one: &Subscription,
    view: &View,
    request: &Request<'_>,
    conflicts: &mut Vec<Conflict>,
) -> Action {
    let fills = one.fills(&view.account.id(), &request.name);
    let is_ours = origin(&one.tags) == Some(Origin::Floe);
    let is_same = one.filter.is_for(request.wanted.subject_begins_with());
    if fills && is_ours && is_same {
        return Action::Change;
    }
    let what = match (&one.queue, fills) {
        (_, true) if is_same => "it lets only some events of files pass".to_owned(),
        (_, true) => format!("it tells of '{}'", one.filter.begins_with),
        (Some((_, queue)), false) => format!("it fills another queue, '{queue}'"),
        (None, false) => "it delivers to no queue".to_owned(),
    };
    let name = format!("event subscription {}", one.name);
    conflicts.push(Conflict::new(
        name,
        format!("{what}; choose another suffix"),
    ));
    Action::Leave
}

fn of_queue(view: &View, request: &Request<'_>, conflicts: &mut Vec<Conflict>) -> Action {
    let Some(tags) = view.queues.get(&request.name) else {
        return Action::Create;
    };
    let path = tags.get(PATH);
    if let Some(other) = path.filter(|path| !is_same(path, request.location)) {
        let reason = format!("it gets the events of {other}; choose another suffix");
        conflicts.push(Conflict::new(format!("queue {}", request.name), reason));
        return Action::Leave;
    }
    Action::Reuse
}

/// Whether a path that stands in a tag is the one that is watched.
fn is_same(path: &str, location: &Location) -> bool {
    let account = |location: &Location| match location.store() {
        Store::Azure { account, .. } => account.clone(),
        _ => String::new(),
    };
    Location::parse(path).is_ok_and(|other| {
        account(&other) == account(location)
            && other.container() == location.container()
            && other.key_prefix() == location.key_prefix()
    })
}
