//! Jobs, and the threads that do them.

use std::fmt;
use std::sync::Arc;

use super::fault::Fault;
use super::store::{Look, Step, Store};
use super::txn::Txn;
use super::view::View;
use crate::LedgerError;
use crate::lane::{Answer, Lane, Reply, reply};

/// Most files that jobs bring into one transaction of the store: some 20 MB of records.
const MAX_WEIGHT: usize = 50_000;

/// What a job weighs beside its files.
const OWN_WEIGHT: usize = 100;

type Result<T> = std::result::Result<T, LedgerError>;

/// A job of the thread that writes.
pub(super) enum Change {
    Step(usize, Box<dyn StepJob>),
    Compact(Reply<Result<()>>),
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Step(..) => "Step",
            Self::Compact(_) => "Compact",
        })
    }
}

/// Something that is done within a transaction and answered once that is durable.
pub(super) trait StepJob: Step {
    fn finish(self: Box<Self>, durable: Result<()>);
}

/// Something that is looked up.
pub(super) trait LookJob: Look + fmt::Debug {
    fn finish(self: Box<Self>, read: Result<()>);
}

struct Call<F, T> {
    work: Option<F>,
    answer: Option<Result<T>>,
    reply: Reply<Result<T>>,
}

impl<F, T> fmt::Debug for Call<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}

impl<F, T> Call<F, T> {
    fn run(&mut self, work: impl FnOnce(F) -> std::result::Result<T, Fault>) -> Stopped {
        let Some(own) = self.work.take() else {
            return Ok(());
        };
        self.answer = Some(match work(own) {
            Ok(value) => Ok(value),
            Err(Fault::Refused(error)) => Err(error),
            Err(fault) => return Err(fault),
        });
        Ok(())
    }

    fn finish(self, done: Result<()>) {
        if let Err(error) = done {
            self.reply.send(Err(error));
        } else if let Some(answer) = self.answer {
            self.reply.send(answer);
        }
    }
}

type Stopped = std::result::Result<(), Fault>;

impl<F, T> Step for Call<F, T>
where
    F: FnOnce(&mut Txn<'_>) -> std::result::Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, txn: &mut Txn<'_>) -> Stopped {
        Call::run(self, |work| work(txn))
    }
}

impl<F, T> StepJob for Call<F, T>
where
    F: FnOnce(&mut Txn<'_>) -> std::result::Result<T, Fault> + Send,
    T: Send,
{
    fn finish(self: Box<Self>, durable: Result<()>) {
        Call::finish(*self, durable);
    }
}

impl<F, T> Look for Call<F, T>
where
    F: FnOnce(&View) -> std::result::Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, view: &View) -> Stopped {
        Call::run(self, |work| work(view))
    }
}

impl<F, T> LookJob for Call<F, T>
where
    F: FnOnce(&View) -> std::result::Result<T, Fault> + Send,
    T: Send,
{
    fn finish(self: Box<Self>, read: Result<()>) {
        Call::finish(*self, read);
    }
}

/// Makes a job that changes something; `files` is how many files it brings.
pub(super) fn step<F, T>(files: usize, work: F) -> (Change, Answer<Result<T>>)
where
    F: FnOnce(&mut Txn<'_>) -> std::result::Result<T, Fault> + Send + 'static,
    T: Send + 'static,
{
    let (reply, answer) = reply();
    let call = call(work, reply);
    (Change::Step(files + OWN_WEIGHT, Box::new(call)), answer)
}

/// Makes a job that looks something up.
pub(super) fn look<F, T>(work: F) -> (Box<dyn LookJob>, Answer<Result<T>>)
where
    F: FnOnce(&View) -> std::result::Result<T, Fault> + Send + 'static,
    T: Send + 'static,
{
    let (reply, answer) = reply();
    (Box::new(call(work, reply)), answer)
}

const fn call<F, T>(work: F, reply: Reply<Result<T>>) -> Call<F, T> {
    Call {
        work: Some(work),
        answer: None,
        reply,
    }
}

/// Does what changes something: what came while the disk was busy shares one transaction.
pub(super) fn write(store: &Store, lane: &Arc<Lane<Change>>) {
    let weight = |change: &Change| match change {
        Change::Step(weight, _) => *weight,
        // Alone, behind what came before it.
        Change::Compact(_) => usize::MAX,
    };
    while let Some(group) = lane.take(MAX_WEIGHT, weight) {
        let mut steps = Vec::with_capacity(group.len());
        for change in group {
            match change {
                Change::Step(_, job) => steps.push(job),
                Change::Compact(reply) => reply.send(store.compact()),
            }
        }
        if steps.is_empty() {
            continue;
        }
        let mut own: Vec<&mut dyn Step> = Vec::with_capacity(steps.len());
        own.extend(steps.iter_mut().map(|job| -> &mut dyn Step { &mut **job }));
        let durable = store.write(&mut own);
        steps
            .into_iter()
            .for_each(|job| job.finish(durable.clone()));
    }
}

/// Looks things up, beside whatever is being written.
pub(super) fn read(store: &Store, lane: &Arc<Lane<Box<dyn LookJob>>>) {
    while let Some(mut group) = lane.take(MAX_GROUP, |_| 1) {
        let mut own: Vec<&mut dyn Look> = Vec::with_capacity(group.len());
        own.extend(group.iter_mut().map(|job| -> &mut dyn Look { &mut **job }));
        let read = store.read(&mut own);
        group.into_iter().for_each(|job| job.finish(read.clone()));
    }
}

/// Looks that share a state.
const MAX_GROUP: usize = 64;
