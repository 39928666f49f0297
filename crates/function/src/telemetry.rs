//! What the client tells the log, one type per line.

use std::time::Duration;

use crate::endpoint::Change;

/// `batch retried`: the batch will be sent again. No data is lost.
pub(crate) struct BatchRetried<'a> {
    pub(crate) function: &'a str,
    pub(crate) batch_id: &'a str,
    pub(crate) target: &'a str,
    pub(crate) cause: &'a str,
    pub(crate) retry: u32,
    pub(crate) delay: Duration,
}

impl BatchRetried<'_> {
    pub(crate) fn emit(&self) {
        tracing::warn!(
            function = self.function,
            batch_id = self.batch_id,
            target_label = self.target,
            cause = self.cause,
            retry = self.retry,
            delay_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX),
            "batch retried"
        );
    }
}

/// `batch became null`: ON_BATCH_FAILURE = RETURN_NULL took effect; the rows have no value.
pub(crate) struct BatchBecameNull<'a> {
    pub(crate) code: &'a str,
    pub(crate) rows: usize,
    pub(crate) cause: &'a str,
}

impl BatchBecameNull<'_> {
    pub(crate) fn emit(&self) {
        tracing::error!(
            code = self.code,
            rows = self.rows,
            cause = self.cause,
            "batch became null"
        );
    }
}

/// `circuit changed`: a breaker has begun or ceased to hold batches back (an extension).
pub(crate) struct CircuitChanged<'a> {
    pub(crate) function: &'a str,
    pub(crate) batch_id: &'a str,
    pub(crate) change: Change,
    pub(crate) cause: &'a str,
}

impl CircuitChanged<'_> {
    pub(crate) fn emit(&self) {
        let state = match self.change {
            Change::Opened => "open",
            Change::Closed => "closed",
        };
        tracing::warn!(
            function = self.function,
            batch_id = self.batch_id,
            state,
            cause = self.cause,
            "circuit changed"
        );
    }
}

/// `call cancelled`: a call was dropped before it ended, as by a cancelled query. Its request was
/// ended; the service may go on with the batch.
pub(crate) struct CallCancelled<'a> {
    pub(crate) function: &'a str,
    pub(crate) batch_id: &'a str,
    pub(crate) sends: u64,
}

impl CallCancelled<'_> {
    pub(crate) fn emit(&self) {
        tracing::info!(
            function = self.function,
            batch_id = self.batch_id,
            sends = self.sends,
            "call cancelled"
        );
    }
}
