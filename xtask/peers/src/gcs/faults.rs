//! What goes wrong on purpose.

use std::sync::Mutex;

use super::lock;

#[derive(Debug, Default)]
pub(super) struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    denied: Option<String>,
    calls_left: Option<u32>,
    refused: u32,
    status: u16,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Served,
    Broken,
    Refused(u16),
    Denied(String),
}

impl Faults {
    pub(super) fn deny(&self, permission: Option<&str>) {
        lock(&self.state).denied = permission.map(str::to_owned);
    }

    pub(super) fn break_after(&self, calls: Option<u32>) {
        lock(&self.state).calls_left = calls;
    }

    pub(super) fn refuse_next(&self, calls: u32, status: u16) {
        let mut state = lock(&self.state);
        (state.refused, state.status) = (calls, status);
    }

    pub(super) fn is_denied(&self, permission: &str) -> bool {
        lock(&self.state).denied.as_deref() == Some(permission)
    }

    /// Decides for a call that needs these permissions.
    pub(super) fn fate(&self, permissions: &[&str]) -> Fate {
        let mut state = lock(&self.state);
        if state.refused > 0 {
            state.refused -= 1;
            return Fate::Refused(state.status);
        }
        match state.calls_left.as_mut() {
            Some(0) => return Fate::Broken,
            Some(left) => *left -= 1,
            None => {}
        }
        let denied = state.denied.as_deref();
        match permissions.iter().find(|one| Some(**one) == denied) {
            Some(permission) => Fate::Denied((*permission).to_owned()),
            None => Fate::Served,
        }
    }
}
