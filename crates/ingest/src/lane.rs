//! How jobs come to a thread and answers to futures.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Most jobs that wait for a thread; who comes later waits before it is let in.
const MAX_JOBS: usize = 256;

/// A bounded queue of jobs for one thread.
#[derive(Debug)]
pub(crate) struct Lane<J> {
    state: Mutex<State<J>>,
    came: Condvar,
}

#[derive(Debug)]
struct State<J> {
    jobs: VecDeque<J>,
    /// Who waits to be let in.
    waiting: Vec<Waker>,
    is_closed: bool,
}

impl<J> Lane<J> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                waiting: Vec::new(),
                is_closed: false,
            }),
            came: Condvar::new(),
        }
    }

    /// Lets a job in once there is room; once the lane is closed the job is dropped.
    pub(crate) async fn push(&self, job: J) {
        let mut job = Some(job);
        poll_fn(|context| {
            let mut state = lock(&self.state);
            if state.jobs.len() >= MAX_JOBS && !state.is_closed {
                state.waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            if let Some(job) = job.take().filter(|_| !state.is_closed) {
                state.jobs.push_back(job);
                self.came.notify_one();
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for jobs and takes as many as `most` allows by their weights, and at least one; none
    /// when the lane is closed and empty.
    pub(crate) fn take(&self, most: usize, weight: impl Fn(&J) -> usize) -> Option<Vec<J>> {
        let mut state = lock(&self.state);
        while state.jobs.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self
                .came
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut left = most;
        while let Some(job) = state.jobs.front() {
            let weight = weight(job);
            if weight > left && !group.is_empty() {
                break;
            }
            left = left.saturating_sub(weight);
            group.extend(state.jobs.pop_front());
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Some(group)
    }

    /// Takes no further jobs; those that are in are done.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        self.came.notify_all();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Makes both ends of one answer.
pub(crate) fn reply<T>() -> (Reply<T>, Answer<T>) {
    let shared = Arc::new(Mutex::new(Slot::Open(None)));
    (Reply(Some(Arc::clone(&shared))), Answer(shared))
}

#[derive(Debug)]
enum Slot<T> {
    Open(Option<Waker>),
    Answered(T),
    /// There will be no answer, or it was taken.
    Closed,
}

/// Where the answer is given.
#[derive(Debug)]
pub(crate) struct Reply<T>(Option<Arc<Mutex<Slot<T>>>>);

/// Where the answer comes; `None` when the other end is gone without one.
pub(crate) struct Answer<T>(Arc<Mutex<Slot<T>>>);

impl<T> Reply<T> {
    pub(crate) fn send(mut self, value: T) {
        if let Some(shared) = self.0.take() {
            finish(&shared, Slot::Answered(value));
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            finish(&shared, Slot::Closed);
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = lock(&self.0);
        match std::mem::replace(&mut *slot, Slot::Closed) {
            Slot::Open(_) => {
                *slot = Slot::Open(Some(context.waker().clone()));
                Poll::Pending
            }
            Slot::Answered(value) => Poll::Ready(Some(value)),
            Slot::Closed => Poll::Ready(None),
        }
    }
}

fn finish<T>(shared: &Mutex<Slot<T>>, slot: Slot<T>) {
    let before = std::mem::replace(&mut *lock(shared), slot);
    if let Slot::Open(Some(waker)) = before {
        waker.wake();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while the lock is held, so a poisoned state is still a whole one.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
