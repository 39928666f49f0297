//! A service with instances that come, go and fail, without a network.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use floe_batch::rows::read_request;
use hyper::Method;
use tokio::time::Instant;

use super::plan::{Bug, Plan, Random};
use super::time::Time;
use crate::exchange::{Call, Exchanged, World};
use crate::headers::BATCH_ID;
use crate::{BoxFuture, NoTarget, Target, Targets};

/// One request, and what its sender was told.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) post: bool,
    pub(super) authority: String,
    pub(super) id: String,
    pub(super) body: Bytes,
    pub(super) told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing, or nothing complete.
    Nothing,
    Accepted,
    /// The answers to all rows.
    Good,
    /// A status, or 200 with something that is no good answer.
    Other,
}

#[derive(Debug)]
pub(super) struct Server {
    plan: Plan,
    bug: Option<Bug>,
    pub(super) time: Time,
    state: Mutex<State>,
    leased: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct State {
    random: Random,
    seen: Vec<Seen>,
    /// Batches accepted with 202, by instance and id: how often they say "not yet", and the rows.
    accepted: HashMap<(String, String), (u64, Bytes)>,
    /// How often the work on a batch was done.
    worked: HashMap<String, u32>,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Refuse,
    ResetBefore,
    ResetAfter,
    /// The network delivers the request twice, and the answers to one of them get lost.
    DeliveredTwice,
    Status(u16, Option<u64>),
    Hang,
    Accept,
    Mangle(Mangle),
    Slow,
    TooLarge,
    Damaged,
}

#[derive(Debug, Clone, Copy)]
enum Mangle {
    Truncated,
    Twice,
    OutOfOrder,
    OtherType,
    Empty,
}

impl Server {
    pub(super) fn new(plan: &Plan, bug: Option<Bug>) -> Arc<Self> {
        Arc::new(Self {
            bug,
            time: Time::new(),
            state: Mutex::new(State {
                random: Random::new(plan.seed ^ 0x5e1f),
                seen: Vec::new(),
                accepted: HashMap::new(),
                worked: HashMap::new(),
            }),
            leased: Arc::default(),
            plan: plan.clone(),
        })
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many batches were worked on more than once, as services must expect.
    pub(super) fn worked_again(&self) -> usize {
        let state = self.state();
        state.worked.values().filter(|times| **times > 1).count()
    }

    pub(super) fn leased(&self) -> usize {
        self.leased.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn below(&self, bound: u64) -> u64 {
        self.state().random.below(bound)
    }

    /// The instances that are there now.
    fn instances(&self) -> [&'static str; 2] {
        match self.plan.switch {
            Some(switch) if self.time.elapsed() >= switch => ["c:1", "d:1"],
            Some(_) | None => ["a:1", "b:1"],
        }
    }

    fn fault(&self) -> Option<Fault> {
        let mut state = self.state();
        let random = &mut state.random;
        let faults = [
            Fault::Refuse,
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::DeliveredTwice,
            Fault::Status(429, None),
            Fault::Status(429, Some(2)),
            Fault::Status(503, None),
            Fault::Status(503, Some(7)),
            Fault::Status(500, None),
            Fault::Status(404, None),
            Fault::Status(422, None),
            Fault::Hang,
            Fault::Accept,
            Fault::Accept,
            Fault::Accept,
            Fault::Mangle(Mangle::Truncated),
            Fault::Mangle(Mangle::Twice),
            Fault::Mangle(Mangle::OutOfOrder),
            Fault::Mangle(Mangle::OutOfOrder),
            Fault::Mangle(Mangle::OtherType),
            Fault::Mangle(Mangle::Empty),
            Fault::Slow,
            Fault::TooLarge,
            Fault::Damaged,
        ];
        let fails = random.chance(self.plan.faults);
        fails.then(|| random.one_of(&faults))
    }

    /// One request, from the wire to the wire.
    async fn serve(&self, call: &Call<'_>) -> Result<Exchanged, String> {
        let post = call.method == Method::POST;
        let mut id = call.headers[BATCH_ID].to_str().unwrap().to_owned();
        let mut authority = call.authority.to_owned();
        let number = {
            let mut state = self.state();
            let again = state.seen.iter().any(|seen| seen.post && seen.id == id);
            match self.bug {
                Some(Bug::ChangesIdOnRetry) if post && again => id.push_str("-again"),
                Some(Bug::PollsElsewhere) if !post => authority = "b:1".to_owned(),
                _ => {}
            }
            state.seen.push(Seen {
                post,
                authority: authority.clone(),
                id: id.clone(),
                body: call.body.clone(),
                told: Told::Nothing,
            });
            if self.bug == Some(Bug::SendsTwice) && post {
                let seen = state.seen.last().unwrap().clone();
                state.seen.push(seen);
            }
            state.seen.len() - 1
        };
        self.time.sleep(Duration::from_millis(self.below(30))).await;
        let gone = !self.instances().contains(&authority.as_str());
        let exchanged = if gone || self.time.elapsed() < self.plan.down {
            Err("connection refused".to_owned())
        } else if post {
            self.posted(&authority, &id, &call.body).await
        } else {
            self.polled(&authority, &id).await
        };
        let right = self.right_answer(&authority, &id, &call.body);
        let (exchanged, told) = self.tell(exchanged, right.as_ref());
        self.state().seen[number].told = told;
        exchanged
    }

    async fn posted(&self, authority: &str, id: &str, body: &Bytes) -> Result<Exchanged, String> {
        match self.fault() {
            Some(Fault::Refuse) => Err("connection refused".to_owned()),
            Some(Fault::ResetBefore) => Err("reset before the work".to_owned()),
            Some(Fault::ResetAfter) => {
                self.count_work(id);
                self.time
                    .sleep(Duration::from_millis(self.below(200)))
                    .await;
                Err("reset after the work".to_owned())
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Accept) => {
                let not_yet = self.below(4);
                let key = (authority.to_owned(), id.to_owned());
                self.state().accepted.insert(key, (not_yet, body.clone()));
                Ok(status(202, None))
            }
            fault => {
                if matches!(fault, Some(Fault::DeliveredTwice)) {
                    self.count_work(id);
                    self.time.sleep(Duration::from_millis(self.below(30))).await;
                }
                self.count_work(id);
                self.faulty(fault, body).await
            }
        }
    }

    fn count_work(&self, id: &str) {
        *self.state().worked.entry(id.to_owned()).or_default() += 1;
    }

    async fn polled(&self, authority: &str, id: &str) -> Result<Exchanged, String> {
        let key = (authority.to_owned(), id.to_owned());
        let Some((not_yet, body)) = self.state().accepted.get(&key).cloned() else {
            return Ok(status(404, None));
        };
        match self.fault() {
            Some(Fault::Refuse | Fault::ResetBefore | Fault::ResetAfter) => {
                Err("the poll got lost".to_owned())
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::TooLarge) => {
                // The result is no longer there.
                self.state().accepted.remove(&key);
                Ok(status(404, None))
            }
            Some(Fault::Accept) => Ok(status(202, Some(self.below(10)))),
            _ if not_yet > 0 => {
                self.state().accepted.insert(key, (not_yet - 1, body));
                Ok(status(202, None))
            }
            fault => self.faulty(fault, &body).await,
        }
    }

    async fn faulty(&self, fault: Option<Fault>, body: &Bytes) -> Result<Exchanged, String> {
        match fault {
            Some(Fault::Status(code, after)) => Ok(status(code, after)),
            Some(Fault::TooLarge) => Ok(Exchanged::TooLarge),
            Some(Fault::Damaged) => Ok(Exchanged::Damaged {
                announced: "1".to_owned(),
                computed: "2".to_owned(),
            }),
            Some(Fault::Mangle(how)) => Ok(match self.work(body) {
                Work::Answers(rows) => self.written(mangled(rows, how)),
                other => self.exchanged(other),
            }),
            Some(Fault::Slow) => {
                self.time
                    .sleep(Duration::from_millis(self.below(8000)))
                    .await;
                Ok(self.exchanged(self.work(body)))
            }
            _ => Ok(self.exchanged(self.work(body))),
        }
    }

    /// What the service does with the rows of a batch.
    fn work(&self, body: &Bytes) -> Work {
        let mut rows = Vec::new();
        for (number, (text,)) in read_request::<(Option<String>,)>(body).unwrap() {
            let (value, poisoned) = match text.as_deref() {
                Some("p400") => return Work::Status(400),
                Some("p500") => return Work::Status(500),
                Some("plarge") => return Work::TooLarge,
                Some("pbad") => ("[1,2]".to_owned(), true),
                Some("pnull") => ("null".to_owned(), true),
                Some(text) => (format!("\"said {text}\""), false),
                None => ("null".to_owned(), false),
            };
            rows.push((number, value, poisoned));
        }
        Work::Answers(rows)
    }

    fn exchanged(&self, work: Work) -> Exchanged {
        match work {
            Work::Status(code) => status(code, None),
            Work::TooLarge => Exchanged::TooLarge,
            Work::Answers(rows) => self.written(rows),
        }
    }

    fn written(&self, mut rows: Vec<Row>) -> Exchanged {
        if self.bug == Some(Bug::TrustsTheOrder) {
            for (place, row) in rows.iter_mut().enumerate() {
                row.0 = place as u64;
            }
        }
        Exchanged::Answer {
            status: 200,
            body: write_rows(&rows),
            retry_after: None,
        }
    }

    /// What a flawless service would answer to a batch; none when its rows are poisoned.
    fn right_answer(&self, authority: &str, id: &str, posted: &Bytes) -> Option<Bytes> {
        let key = (authority.to_owned(), id.to_owned());
        let body = match posted.is_empty() {
            false => posted.clone(),
            true => self.state().accepted.get(&key)?.1.clone(),
        };
        match self.work(&body) {
            Work::Answers(rows) if !rows.iter().any(|row| row.2) => Some(write_rows(&rows)),
            _ => None,
        }
    }

    /// Decides what the client is told, and notes whether that is the right answer.
    fn tell(
        &self,
        exchanged: Result<Exchanged, String>,
        right: Option<&Bytes>,
    ) -> (Result<Exchanged, String>, Told) {
        let told = match &exchanged {
            Err(_) => Told::Nothing,
            Ok(Exchanged::Answer { status: 202, .. }) => Told::Accepted,
            Ok(Exchanged::Answer {
                status: 200, body, ..
            }) if Some(body) == right => Told::Good,
            Ok(_) => Told::Other,
        };
        if told == Told::Good && self.bug == Some(Bug::DropsAGoodAnswer) {
            return (Ok(status(400, None)), told);
        }
        (exchanged, told)
    }
}

/// The number of a row, its value as JSON, and whether that is a value which it must not have.
type Row = (u64, String, bool);

enum Work {
    Status(u16),
    TooLarge,
    Answers(Vec<Row>),
}

fn status(status: u16, after: Option<u64>) -> Exchanged {
    Exchanged::Answer {
        status,
        body: Bytes::from_static(b"said the service"),
        retry_after: after.map(Duration::from_secs),
    }
}

fn write_rows(rows: &[Row]) -> Bytes {
    let mut body = String::from("{\"data\":[");
    for (place, (number, value, _)) in rows.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        write!(body, "{comma}[{number},{value}]").unwrap();
    }
    body.push_str("]}");
    Bytes::from(body)
}

fn mangled(mut rows: Vec<Row>, how: Mangle) -> Vec<Row> {
    match how {
        Mangle::Truncated => drop(rows.pop()),
        Mangle::Twice => rows.extend(rows.last().cloned()),
        Mangle::OutOfOrder => rows.reverse(),
        Mangle::OtherType => rows.iter_mut().for_each(|row| row.1 = "7".to_owned()),
        Mangle::Empty => rows.clear(),
    }
    rows
}

#[derive(Debug)]
pub(super) struct Wire(pub(super) Arc<Server>);

impl World for Wire {
    fn now(&self) -> Instant {
        self.0.time.now()
    }

    fn sleep(&self, delay: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.0.time.sleep(delay))
    }

    fn exchange<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Exchanged, String>> {
        Box::pin(async move { self.0.serve(&call).await })
    }
}

#[derive(Debug)]
pub(super) struct Instances(pub(super) Arc<Server>);

struct Lease(Arc<AtomicUsize>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Targets for Instances {
    fn pick(&self, _attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
        Box::pin(async move {
            let server = &self.0;
            if server.below(200) < server.plan.faults {
                match server.below(20) {
                    0 => std::future::pending::<()>().await,
                    1 => return Err(none(false)),
                    _ => return Err(none(true)),
                }
            }
            let authority = server.instances()[server.below(2) as usize].to_owned();
            server.leased.fetch_add(1, Ordering::SeqCst);
            Ok(Target {
                label: format!("S/{authority}"),
                authority,
                lease: Some(Box::new(Lease(Arc::clone(&server.leased)))),
            })
        })
    }
}

fn none(retryable: bool) -> NoTarget {
    NoTarget {
        message: "no instance is ready".to_owned(),
        retryable,
    }
}
