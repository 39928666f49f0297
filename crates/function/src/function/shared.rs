//! What all clones of a function share, and the calls that are made with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::{ArrayBuilder as _, ArrayRef, RecordBatch, StringBuilder};
use hyper::header::HeaderMap;
use hyper::http::uri::PathAndQuery;
use tokio::sync::Notify;

use super::batch::{Batch, Outcome};
use crate::error::CallError;
use crate::headers::Context;
use crate::pace::{Flight, FlightLimits, Pace};
use crate::strict::Held;
use crate::telemetry::{BatchBecameNull, CallCancelled};
use crate::{CallReport, Client, Extensions, FunctionSpec, OnBatchFailure, SpecError, Targets};

/// What all clones of a function share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) spec: FunctionSpec,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) targets: Arc<dyn Targets>,
    pub(crate) client: Client,
    pub(crate) extensions: Extensions,
    totals: Mutex<CallReport>,
    pub(super) learned: Arc<Learned>,
}

/// What is known of a service from the batches it has answered.
#[derive(Debug)]
pub(super) struct Learned {
    /// Decides how many rows a batch has when nobody says so.
    pace: Mutex<Pace>,
    /// Decides how many batches should be in flight.
    flight: Mutex<Flight>,
    /// How many are.
    under_way: AtomicUsize,
    /// How many turns are taken, and who waits for one.
    turns: Mutex<usize>,
    free: Notify,
}

impl Learned {
    /// A turn, when fewer are taken than batches should be in flight.
    pub(super) async fn turn(self: Arc<Self>) -> Turn {
        loop {
            // Before the look, so that a turn given back after it is not missed.
            let free = self.free.notified();
            {
                let mut turns = lock(&self.turns);
                if *turns < lock(&self.flight).batches() {
                    *turns += 1;
                    break;
                }
            }
            free.await;
        }
        Turn(self)
    }
}

/// Leave to have one batch in flight; see [`Function::turn`](super::Function::turn).
///
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<floe_function::Turn>();
/// ```
#[derive(Debug)]
#[must_use = "the turn is given back when it is dropped"]
pub struct Turn(Arc<Learned>);

impl Drop for Turn {
    fn drop(&mut self) {
        *lock(&self.0.turns) -= 1;
        // All of them look: the number may have grown by more than one.
        self.0.free.notify_waiters();
    }
}

/// One call: which rows, and for which query.
pub(super) struct Call {
    pub(super) query_id: String,
    pub(super) batch: u64,
    pub(super) args: RecordBatch,
    pub(super) context: Arc<Context>,
}

impl Call {
    pub(super) fn batch_id(&self) -> String {
        format!("{}:{}:1:0:0", self.query_id, self.batch)
    }
}

impl Shared {
    pub(crate) fn new(
        spec: FunctionSpec,
        targets: Arc<dyn Targets>,
        client: Client,
        extensions: Extensions,
    ) -> Result<Self, SpecError> {
        let flight = Flight::new(FlightLimits {
            most: client.options().max_in_flight,
            ..FlightLimits::default()
        });
        Ok(Self {
            path: spec.check()?,
            headers: crate::headers::of_function(&spec, client.options().compression),
            spec,
            targets,
            client,
            extensions,
            totals: Mutex::default(),
            learned: Arc::new(Learned {
                pace: Mutex::default(),
                flight: Mutex::new(flight),
                under_way: AtomicUsize::new(0),
                turns: Mutex::new(0),
                free: Notify::new(),
            }),
        })
    }

    pub(crate) fn totals(&self) -> MutexGuard<'_, CallReport> {
        lock(&self.totals)
    }

    pub(crate) fn rows_per_batch(&self) -> usize {
        lock(&self.learned.pace).rows()
    }

    pub(crate) fn in_flight(&self) -> usize {
        lock(&self.learned.flight).batches()
    }

    /// Takes note of an answer that says that the service has too much to do.
    pub(crate) fn refused(&self) {
        lock(&self.learned.flight).refused();
    }

    /// Takes note of a batch that was answered after one try.
    pub(super) fn answered(&self, rows: usize, time: Duration) {
        lock(&self.learned.pace).answered(rows, time);
        let in_flight = self.learned.under_way.load(Ordering::Relaxed);
        lock(&self.learned.flight).answered(in_flight, rows, time);
    }

    /// One value for every row, NULL or an error where ON_BATCH_FAILURE says so.
    pub(super) async fn call(
        &self,
        call: &Call,
        report: &mut CallReport,
    ) -> Result<ArrayRef, CallError> {
        let abort = self.spec.on_batch_failure == OnBatchFailure::Abort;
        let (held, outcome) = self.outcome(call, abort, report).await?;
        let Outcome { values, dead } = outcome;
        let mut dead = dead.into_iter();
        if abort && let Some(first) = dead.next() {
            return Err(first.error);
        }
        for dead in dead {
            let cause = dead.error.to_string();
            BatchBecameNull {
                code: dead.error.code(),
                rows: dead.rows.len(),
                cause: &cause,
            }
            .emit();
            report.nulls_from_failures += count(dead.rows.len());
        }
        held.merge(values).map_err(|error| self.arrow(error))
    }

    /// One value and one error for every row, one of the two NULL; both NULL where the answer is
    /// NULL or the row was held back.
    pub(super) async fn call_with_errors(
        &self,
        call: &Call,
        report: &mut CallReport,
    ) -> Result<(ArrayRef, ArrayRef), CallError> {
        let (held, outcome) = self.outcome(call, false, report).await?;
        let mut errors = StringBuilder::new();
        for dead in &outcome.dead {
            errors.append_nulls(dead.rows.start.saturating_sub(errors.len()));
            let text = format!("{}: {}", dead.error.code(), dead.error);
            for _ in dead.rows.clone() {
                errors.append_value(&text);
            }
            report.nulls_from_failures += count(dead.rows.len());
        }
        errors.append_nulls(outcome.values.len().saturating_sub(errors.len()));
        let merge = |column| held.merge(column).map_err(|error| self.arrow(error));
        Ok((merge(outcome.values)?, merge(Arc::new(errors.finish()))?))
    }

    async fn outcome(
        &self,
        call: &Call,
        first_only: bool,
        report: &mut CallReport,
    ) -> Result<(Held, Outcome), CallError> {
        self.check_arguments(&call.args)?;
        self.check_context(&call.context)?;
        let (held, rows) =
            Held::back(self.spec.strict, &call.args).map_err(|error| self.arrow(error))?;
        self.check_row_count(rows.num_rows())?;
        report.batches = 1;
        report.rows = count(call.args.num_rows());
        report.rows_held_back = count(held.count());
        let batch = Batch::new(self, call, rows);
        let _under_way = UnderWay::new(&self.learned.under_way);
        let outcome = batch.run(first_only, report).await?;
        if let Some(first) = outcome.dead.first() {
            report.failed_batches = 1;
            report.first_failure = Some(first.error.to_string());
        }
        Ok((held, outcome))
    }
}

/// One batch in flight, counted as long as it lives: a dropped call ends too.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The report of a call that is under way. It is added to the totals when the call ends, and also
/// when it is dropped before: then as cancelled, and with nothing answered.
pub(super) struct Counted<'a> {
    shared: &'a Shared,
    call: &'a Call,
    pub(super) report: CallReport,
    ended: bool,
}

impl<'a> Counted<'a> {
    pub(super) fn new(shared: &'a Shared, call: &'a Call) -> Self {
        Self {
            shared,
            call,
            report: CallReport::default(),
            ended: false,
        }
    }

    pub(super) fn end(mut self) -> CallReport {
        self.ended = true;
        self.report.clone()
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.report.cancelled_batches = self.report.batches;
            self.report.rows_per_target.clear();
            CallCancelled {
                function: &self.shared.spec.name,
                batch_id: &self.call.batch_id(),
                sends: self.report.sends,
            }
            .emit();
        }
        self.shared.totals().add(&self.report);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
