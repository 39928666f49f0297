//! One answer from a thread to a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Makes both ends.
pub(super) fn reply<T>() -> (Reply<T>, Answer<T>) {
    let shared = Arc::new(Mutex::new(State::Open(None)));
    (Reply(Some(Arc::clone(&shared))), Answer(shared))
}

enum State<T> {
    Open(Option<Waker>),
    Answered(T),
    /// There will be no answer, or it was taken.
    Closed,
}

/// Where the answer is given.
pub(super) struct Reply<T>(Option<Arc<Mutex<State<T>>>>);

/// Where the answer comes; `None` when the other end is gone without one.
pub(super) struct Answer<T>(Arc<Mutex<State<T>>>);

impl<T> Reply<T> {
    pub(super) fn send(mut self, value: T) {
        if let Some(shared) = self.0.take() {
            finish(&shared, State::Answered(value));
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            finish(&shared, State::Closed);
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.0);
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(_) => {
                *state = State::Open(Some(context.waker().clone()));
                Poll::Pending
            }
            State::Answered(value) => Poll::Ready(Some(value)),
            State::Closed => Poll::Ready(None),
        }
    }
}

fn finish<T>(shared: &Mutex<State<T>>, state: State<T>) {
    let before = std::mem::replace(&mut *lock(shared), state);
    if let State::Open(Some(waker)) = before {
        waker.wake();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while the lock is held, so a poisoned state is still a whole one.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
