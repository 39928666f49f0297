//! The ledger of a life: in memory, or in a file on a disk that loses its power.

use std::fmt::Debug;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use crate::memory::{Fault, MemoryLedger};
use crate::{Ledger, LedgerError, StateRow};

/// Rows of one page.
const PAGE: usize = 1_000;

/// The ledger, as everything that uses it sees it.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Memory(MemoryLedger),
    #[cfg(feature = "embedded")]
    Disk(crate::EmbeddedLedger),
}

impl Deref for Kept {
    type Target = dyn Ledger;

    fn deref(&self) -> &(dyn Ledger + 'static) {
        match self {
            Self::Memory(ledger) => ledger,
            #[cfg(feature = "embedded")]
            Self::Disk(ledger) => ledger,
        }
    }
}

impl Kept {
    pub(super) fn fail_next(&self, fault: Option<Fault>) {
        if let Self::Memory(ledger) = self {
            ledger.fail_next(fault);
        }
    }

    /// One of its own with the same content; a disk has none.
    pub(super) fn copy(&self) -> Option<Self> {
        match self {
            Self::Memory(ledger) => Some(Self::Memory(ledger.copy())),
            #[cfg(feature = "embedded")]
            Self::Disk(_) => None,
        }
    }
}

/// Everything that was answered, to be looked for after a loss of power.
#[derive(Debug, Default)]
pub(super) struct Answered {
    rows: Vec<StateRow>,
    last_batch: u64,
    quarantined: u64,
}

impl Answered {
    pub(super) fn of(ledger: &Kept) -> Result<Self, LedgerError> {
        let mut answered = Self::default();
        loop {
            let after = answered.rows.last().map(|row| row.id.clone());
            let page = answer(ledger.rows(after.as_ref(), PAGE))?;
            let is_last = page.len() < PAGE;
            answered.rows.extend(page);
            if is_last {
                break;
            }
        }
        let metrics = answer(ledger.metrics())?;
        answered.last_batch = metrics.last_batch.map_or(0, |batch| batch.0);
        answered.quarantined = metrics.quarantined;
        Ok(answered)
    }

    /// Whether a later state has all of it: what is known stays known with its number, what is in
    /// a batch or committed stays so. What is seen may become new, and nothing else moves back.
    pub(super) fn is_in(&self, later: &Self) -> Result<(), String> {
        for row in &self.rows {
            let found = later.rows.binary_search_by(|other| other.id.cmp(&row.id));
            let Ok(at) = found else {
                return Err(format!("{row:?} was answered and is gone"));
            };
            let now = &later.rows[at];
            let same = row.seq.is_none() || row.seq == now.seq;
            let is_back = (row.processed.is_some() && now.processed.is_none())
                || (row.committed.is_some() && now.committed.is_none());
            if !same || is_back {
                return Err(format!("{row:?} was answered and is {now:?}"));
            }
        }
        if self.last_batch > later.last_batch || self.quarantined > later.quarantined {
            return Err(format!(
                "batch {} was answered and is gone",
                self.last_batch
            ));
        }
        Ok(())
    }
}

/// The answer of a ledger, waited for.
pub(super) fn answer<T>(
    answer: floe_notify::BoxFuture<'_, Result<T, LedgerError>>,
) -> Result<T, LedgerError> {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}
