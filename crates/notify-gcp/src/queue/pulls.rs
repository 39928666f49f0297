//! Pulls that outlive the receive that began them.
//!
//! Pub/Sub answers an empty pull when it likes, and takes no note when the client goes away: a
//! message that it handed to an abandoned pull is hidden until its deadline. So a pull runs as a
//! task of its own, and what it brings goes to whoever waits then, or back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use floe_notify::clock::Clock;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Subscription;
use super::message::{self, Pulled};
use crate::failure::{Call, Failure};
use crate::rest::{Ask, path};

const PULL: Call = Call::new("pubsub.subscriptions.consume", "receive messages");
/// How long one pull may take: more than Pub/Sub lets an empty one wait, 90 seconds as its own
/// clients see it.
const TIMEOUT: Duration = Duration::from_secs(120);

type Result<T> = std::result::Result<T, Failure>;

/// The pulls of one consumer.
pub(super) struct Pulls {
    shared: Arc<Shared>,
}

struct Shared {
    subscription: Subscription,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    /// What came and nobody took yet; empty when nobody waits.
    ready: VecDeque<Result<Vec<Pulled>>>,
    waiting: usize,
    running: usize,
    tasks: Vec<AbortHandle>,
}

impl Pulls {
    pub(super) fn new(subscription: Subscription) -> Self {
        Self {
            shared: Arc::new(Shared {
                subscription,
                state: Mutex::default(),
                arrived: Notify::new(),
            }),
        }
    }

    /// The answer to a pull, whoever began it; none when there was none in time.
    pub(super) async fn next(
        &self,
        clock: &dyn Clock,
        max: usize,
        wait: Duration,
    ) -> Option<Result<Vec<Pulled>>> {
        let waiting = Waiting::new(&self.shared);
        self.shared.begin(max, wait.is_zero());
        if wait.is_zero() {
            // Such a pull is answered at once.
            return Some(waiting.take().await);
        }
        tokio::select! {
            biased;
            answer = waiting.take() => Some(answer),
            () = clock.sleep(wait) => None,
        }
    }
}

impl Drop for Pulls {
    fn drop(&mut self) {
        for task in self.shared.lock().tasks.drain(..) {
            task.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that as many pulls run as there are who wait.
    fn begin(self: &Arc<Self>, max: usize, at_once: bool) {
        let mut state = self.lock();
        if state.running + state.ready.len() >= state.waiting && !at_once {
            return;
        }
        state.running += 1;
        let subscription = self.subscription.clone();
        let shared = Arc::downgrade(self);
        let task = tokio::spawn(async move {
            let answer = subscription.pull(max, at_once).await;
            arrive(&shared, subscription, answer).await;
        });
        state.tasks.retain(|task| !task.is_finished());
        state.tasks.push(task.abort_handle());
    }
}

/// Hands an answer to who waits; nobody does when the consumer is gone or busy.
async fn arrive(shared: &Weak<Shared>, subscription: Subscription, answer: Result<Vec<Pulled>>) {
    let unwanted = match shared.upgrade() {
        Some(shared) => {
            let mut state = shared.lock();
            state.running = state.running.saturating_sub(1);
            if state.waiting > state.ready.len() {
                state.ready.push_back(answer);
                shared.arrived.notify_one();
                return;
            }
            answer
        }
        None => answer,
    };
    if let Ok(pulled) = unwanted {
        subscription.give_back(&pulled).await;
    }
}

impl Subscription {
    async fn pull(&self, max: usize, at_once: bool) -> Result<Vec<Pulled>> {
        let mut body = json!({ "maxMessages": max });
        if at_once && let Some(body) = body.as_object_mut() {
            body.insert("returnImmediately".to_owned(), json!(true));
        }
        let ask = Ask::post(PULL, format!("{}:pull", path(&self.name)), &body);
        let text = self.rest.once(ask, TIMEOUT).await?;
        message::read(PULL, &text)
    }
}

/// One receive that waits.
struct Waiting {
    shared: Arc<Shared>,
}

impl Waiting {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.lock().waiting += 1;
        Self {
            shared: Arc::clone(shared),
        }
    }

    async fn take(&self) -> Result<Vec<Pulled>> {
        loop {
            let arrived = self.shared.arrived.notified();
            let answer = self.shared.lock().ready.pop_front();
            if let Some(answer) = answer {
                return answer;
            }
            arrived.await;
        }
    }
}

impl Drop for Waiting {
    /// What came in the moment in which the waiting ended goes back.
    fn drop(&mut self) {
        let mut unwanted = Vec::new();
        {
            let mut state = self.shared.lock();
            state.waiting = state.waiting.saturating_sub(1);
            while state.ready.len() > state.waiting {
                unwanted.extend(state.ready.pop_back().and_then(Result::ok));
            }
        }
        let unwanted: Vec<Pulled> = unwanted.into_iter().flatten().collect();
        if unwanted.is_empty() {
            return;
        }
        let subscription = self.shared.subscription.clone();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { subscription.give_back(&unwanted).await });
        }
    }
}
