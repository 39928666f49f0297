//! What is done with many receipts at once.

use floe_notify::Receipt;
use serde_json::{Value, json};

use super::message::Pulled;
use super::{MAX_BATCH, Subscription};
use crate::failure::{Call, Failure, Kind};
use crate::rest::{Ask, TIMEOUT, path};

const ACKNOWLEDGE: Call = Call::new("pubsub.subscriptions.consume", "acknowledge messages");
pub(super) const EXTEND: Call = Call::new("pubsub.subscriptions.consume", "hold messages");
const RELEASE: Call = Call::new("pubsub.subscriptions.consume", "give messages back");
/// How often receipts are sent when Pub/Sub, not the caller, is to blame that they failed.
const MAX_TRIES: usize = 3;
/// What begins the reasons that Pub/Sub gives for single ids ("Exactly-once delivery").
const PERMANENT: &str = "PERMANENT_FAILURE_";
const TRANSIENT: &str = "TRANSIENT_FAILURE_";

#[derive(Clone, Copy, Debug)]
pub(super) enum Batch {
    Acknowledge,
    /// For so many seconds from now on.
    Hold(u64),
    Release,
}

impl Batch {
    const fn call(self) -> Call {
        match self {
            Self::Acknowledge => ACKNOWLEDGE,
            Self::Hold(_) => EXTEND,
            Self::Release => RELEASE,
        }
    }

    fn request(self, receipts: &[&Receipt]) -> (&'static str, Value) {
        let ids: Vec<&str> = receipts.iter().map(|one| one.token()).collect();
        let hold = |seconds| json!({ "ackIds": ids, "ackDeadlineSeconds": seconds });
        match self {
            Self::Acknowledge => ("acknowledge", json!({ "ackIds": ids })),
            Self::Hold(seconds) => ("modifyAckDeadline", hold(seconds)),
            Self::Release => ("modifyAckDeadline", hold(0)),
        }
    }
}

impl Subscription {
    /// Does it with all, and says of each, in order, why it failed.
    pub(super) async fn all(&self, batch: Batch, receipts: &[Receipt]) -> Vec<Option<Failure>> {
        let mut failures = Vec::with_capacity(receipts.len());
        for chunk in receipts.chunks(MAX_BATCH) {
            failures.extend(self.some(batch, chunk).await);
        }
        failures
    }

    /// A bad id spoils the request that it is in, and Pub/Sub does not say which one it is: what
    /// is refused is cut in two and sent again, which ends with single ids.
    async fn some(&self, batch: Batch, receipts: &[Receipt]) -> Vec<Option<Failure>> {
        let mut failures: Vec<Option<Failure>> = vec![None; receipts.len()];
        let mut open: Vec<Vec<usize>> = vec![(0..receipts.len()).collect()];
        let mut tries = 0;
        // Of n ids there are 2n parts, and each of those is tried again so often at most.
        let most = 2 * receipts.len() * MAX_TRIES;
        while let Some(part) = open.pop() {
            tries += 1;
            let sent = self.send(batch, receipts, &part).await;
            let Err(failure) = sent else { continue };
            if failure.kind == Kind::Invalid && part.len() > 1 && tries < most {
                open.extend(self.split(part, &failure, receipts, &mut failures));
                continue;
            }
            for at in part {
                if let Some(place) = failures.get_mut(at) {
                    *place = Some(failure.clone());
                }
            }
        }
        failures
    }

    /// Where the reasons name ids, the others are done; otherwise nobody knows which are.
    fn split(
        &self,
        mut part: Vec<usize>,
        failure: &Failure,
        receipts: &[Receipt],
        failures: &mut [Option<Failure>],
    ) -> Vec<Vec<usize>> {
        let token = |at: usize| receipts.get(at).map(Receipt::token);
        let named = |at: usize| {
            let mut details = failure.details.iter();
            details.find(|(id, _)| Some(id.as_str()) == token(at))
        };
        if part.iter().any(|at| named(*at).is_some()) {
            for at in part {
                let failed = named(at).and_then(|(_, reason)| of_detail(failure, reason));
                if let Some(place) = failures.get_mut(at) {
                    *place = failed;
                }
            }
            return Vec::new();
        }
        let second = part.split_off(part.len() / 2);
        vec![part, second]
    }

    async fn send(
        &self,
        batch: Batch,
        receipts: &[Receipt],
        part: &[usize],
    ) -> Result<(), Failure> {
        let chosen = part.iter().filter_map(|at| receipts.get(*at));
        let chosen: Vec<&Receipt> = chosen.collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let (verb, body) = batch.request(&chosen);
        let ask = Ask::post(batch.call(), format!("{}:{verb}", path(&self.name)), &body);
        for _ in 1..MAX_TRIES {
            match self.rest.once(ask.clone(), TIMEOUT).await {
                Err(failure) if failure.kind == Kind::Unavailable => {}
                result => return result.map(drop),
            }
        }
        self.rest.once(ask, TIMEOUT).await.map(drop)
    }

    /// Lets others have what nobody here wants; what fails comes back when its time is over.
    pub(super) async fn give_back(&self, pulled: &[Pulled]) {
        let receipts: Vec<Receipt> = pulled.iter().map(Pulled::receipt).collect();
        self.all(Batch::Release, &receipts).await;
    }
}

/// What is said of one id; none when it is no failure.
fn of_detail(failure: &Failure, reason: &str) -> Option<Failure> {
    let kind = if reason.starts_with(PERMANENT) {
        Kind::Invalid
    } else if reason.starts_with(TRANSIENT) {
        Kind::Unavailable
    } else {
        return None;
    };
    Some(Failure::new(failure.call, kind, &failure.code, reason))
}
