//! What a tear-down has to do, given what is there.

use floe_notify::{Action, Origin, ResourceKind, Step, StreamId, TearDown};

use super::view::View;

/// One thing that goes, or stays for a reason.
pub(super) struct Removal<'a> {
    pub(super) view: &'a View,
    pub(super) name: &'a str,
    pub(super) step: Step,
}

/// Event subscriptions first, so that no event is sent into the void; queues last, because their
/// tags may say whose a subscription is.
pub(super) fn removals<'a>(
    views: &'a [View],
    stream: &StreamId,
    scope: TearDown,
) -> Vec<Removal<'a>> {
    let covers = |owner: Option<(Origin, StreamId)>| {
        let is_covered = |origin| origin == Origin::Floe || scope == TearDown::Adopt;
        owner.is_some_and(|(origin, of)| is_covered(origin) && of == *stream)
    };
    let mut found = Vec::new();
    for view in views {
        let leaves = |one| covers(view.owner_of_subscription(one));
        for (name, one) in &view.subscriptions {
            if leaves(one) {
                let step = step(
                    Action::Delete,
                    ResourceKind::Subscription,
                    views,
                    view,
                    name,
                );
                found.push(Removal { view, name, step });
            }
        }
        for name in view.queues.keys() {
            if !covers(view.owner_of_queue(name)) {
                continue;
            }
            let staying = view.filling(name).find(|one| !leaves(one));
            let step = match staying {
                None => step(Action::Delete, ResourceKind::Queue, views, view, name),
                Some(other) => {
                    let reason = format!(
                        "event subscription {} of others fills it; tear down again when that is \
                         gone",
                        other.name
                    );
                    step(Action::Leave, ResourceKind::Queue, views, view, name).because(reason)
                }
            };
            found.push(Removal { view, name, step });
        }
    }
    found
}

/// With several accounts, names are told with their account.
fn step(action: Action, kind: ResourceKind, views: &[View], view: &View, name: &str) -> Step {
    if views.len() < 2 {
        return Step::new(action, kind, name);
    }
    Step::new(action, kind, format!("{}/{name}", view.account.name))
}
