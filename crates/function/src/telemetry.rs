//! What the client tells the log, one type per line.

use std::time::Duration;

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
