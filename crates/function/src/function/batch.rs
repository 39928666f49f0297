//! One batch: sent, proved, and where it failed and that is wanted, cut into parts.

use std::ops::Range;

use arrow::array::{Array as _, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::concat;
use bytes::Bytes;
use floe_batch::{Encoder, decode_response};
use tokio::time::Instant;

use super::shared::{Call, Shared, count};
use crate::CallReport;
use crate::attempt::{Attempt, AttemptLimits};
use crate::backoff::mix;
use crate::drive::{Drive, Request};
use crate::error::{BatchContext, CallError};
use crate::isolate::{Isolation, IsolationLimits};

/// The rows of one call that are sent.
pub(super) struct Batch<'a> {
    shared: &'a Shared,
    call: &'a Call,
    id: String,
    rows: RecordBatch,
    /// Its parts share its time.
    started: Instant,
}

/// What became of the rows that were sent.
pub(super) struct Outcome {
    /// One for every row, NULL for the dead ones.
    pub(super) values: ArrayRef,
    /// Rows that have no answer, in their order.
    pub(super) dead: Vec<Dead>,
}

/// Rows without an answer, and why.
pub(super) struct Dead {
    pub(super) rows: Range<usize>,
    pub(super) error: CallError,
}

/// Why a batch or a part has no answers.
struct Failed {
    error: CallError,
    /// Whether its rows may be the reason, so that some of them may be answered without the others.
    blames_rows: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(shared: &'a Shared, call: &'a Call, rows: RecordBatch) -> Self {
        Self {
            shared,
            call,
            id: call.batch_id(),
            rows,
            started: shared.client.http().now(),
        }
    }

    /// The answers; an error only for errors of the caller. With `first_only` nothing is done any
    /// more for rows after the first that is dead.
    pub(super) async fn run(
        &self,
        first_only: bool,
        report: &mut CallReport,
    ) -> Result<Outcome, CallError> {
        let rows = self.rows.num_rows();
        if rows == 0 {
            return Ok(Outcome {
                values: self.nulls(0),
                dead: Vec::new(),
            });
        }
        let shared = self.shared;
        let limits = shared.client.options().limits(&shared.spec);
        let failed = match self.send(0..rows, self.id.clone(), limits, report).await {
            Ok(values) => {
                let dead = Vec::new();
                return Ok(Outcome { values, dead });
            }
            Err(failed) if !failed.error.is_batch_failure() => return Err(failed.error),
            Err(failed) => failed,
        };
        match &shared.extensions.isolation {
            // A row that failed alone is known already.
            Some(isolation) if failed.blames_rows && rows > 1 => {
                self.isolate(failed.error, isolation, first_only, report)
                    .await
            }
            Some(_) | None => Ok(Outcome {
                values: self.nulls(rows),
                dead: vec![Dead {
                    rows: 0..rows,
                    error: failed.error,
                }],
            }),
        }
    }

    /// Finds the rows that fail alone; `whole` is why all of them together failed.
    async fn isolate(
        &self,
        whole: CallError,
        limits: &IsolationLimits,
        first_only: bool,
        report: &mut CallReport,
    ) -> Result<Outcome, CallError> {
        let rows = self.rows.num_rows();
        let mut isolation = Isolation::new(rows, limits);
        let (mut values, mut dead) = (Vec::new(), Vec::<Dead>::new());
        let mut given_up = false;
        while !given_up && let Some(part) = isolation.next() {
            let before = report.sends;
            let limits = self.limits_of_part(&part, isolation.sends_left());
            let id = format!("{}:{}:{}", self.id, part.start, part.end);
            let result = self.send(part.clone(), id, limits, report).await;
            report.parts += 1;
            isolation.sent(u32::try_from(report.sends.saturating_sub(before)).unwrap_or(u32::MAX));
            match result {
                Ok(answers) => values.push(answers),
                Err(failed) if failed.blames_rows && isolation.divide(part.clone()) => {}
                Err(failed) => {
                    // A part that died of something else than its rows says that the others
                    // would, too.
                    given_up = first_only || !failed.blames_rows;
                    values.push(self.nulls(part.len()));
                    dead.push(Dead {
                        rows: part,
                        error: failed.error,
                    });
                }
            }
        }
        if let Some(rest) = isolation.rest() {
            values.push(self.nulls(rest.len()));
            match dead.last_mut() {
                Some(last) if given_up => last.rows.end = rest.end,
                Some(_) | None => dead.push(Dead {
                    rows: rest,
                    error: whole,
                }),
            }
        }
        let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
        let values = concat(&values).map_err(|error| self.shared.arrow(error))?;
        Ok(Outcome { values, dead })
    }

    /// Parts are sent again like batches, but never oftener than there are sends left.
    fn limits_of_part(&self, part: &Range<usize>, sends_left: u32) -> AttemptLimits {
        let shared = self.shared;
        let limits = shared.client.options().limits(&shared.spec);
        AttemptLimits {
            retries: limits.retries.min(sends_left.saturating_sub(1)),
            divisible: part.len() > 1,
            ..limits
        }
    }

    /// The proved answers to some of the rows, sent as a batch with this id.
    async fn send(
        &self,
        part: Range<usize>,
        id: String,
        limits: AttemptLimits,
        report: &mut CallReport,
    ) -> Result<ArrayRef, Failed> {
        let shared = self.shared;
        let rows = part.len();
        let seed = shared.client.options().jitter_seed ^ hash(&id);
        let request = self.request(part, id)?;
        let attempt = Attempt::new(limits, seed);
        let mut drive = Drive::new(shared, request, attempt, self.started, report);
        let answers = match drive.run().await {
            Ok(body) => {
                // How long a batch takes that went wrong on the way says nothing about its size.
                if let Some(time) = drive.time_of_one_try() {
                    shared.answered(rows, time);
                }
                self.prove(&body, rows, &drive)
            }
            Err(error) => Err(error),
        };
        match answers {
            Ok(answers) => {
                drive.answered_rows(count(rows));
                Ok(answers)
            }
            Err(error) => Err(Failed {
                blames_rows: blames_rows(&error, drive.last_status()),
                error,
            }),
        }
    }

    /// What is sent for some of the rows, compressed once for all its tries where that is wanted.
    fn request(&self, part: Range<usize>, id: String) -> Result<Request, Failed> {
        let rows = part.len();
        let body = self.encode(part, &id)?;
        let (body, gzip) = self.shared.client.options().compression.pack(body);
        Ok(Request {
            headers: crate::headers::of_batch(
                &self.shared.headers,
                &self.call.context,
                &self.call.query_id,
                &id,
            ),
            batch_id: id,
            part: rows < self.rows.num_rows(),
            body,
            gzip,
            rows,
        })
    }

    fn encode(&self, part: Range<usize>, id: &str) -> Result<Bytes, Failed> {
        let mut body = Vec::new();
        let rows = part.len();
        let types: Vec<_> = self.shared.spec.args.iter().map(|(_, ty)| *ty).collect();
        match Encoder::new(&types).request(self.rows.columns(), part, &mut body) {
            Ok(()) => Ok(Bytes::from(body)),
            Err(source) => {
                let context = BatchContext {
                    function: self.shared.spec.name.clone(),
                    batch_id: id.to_owned(),
                    rows,
                    ..Default::default()
                };
                Err(Failed {
                    error: CallError::Encode {
                        context: Box::new(context),
                        source,
                    },
                    blames_rows: false,
                })
            }
        }
    }

    fn prove(&self, body: &[u8], rows: usize, drive: &Drive<'_>) -> Result<ArrayRef, CallError> {
        let answers = decode_response(body, rows, &self.shared.spec.returns).map_err(|source| {
            CallError::Malformed {
                context: drive.context(),
                source,
            }
        })?;
        let null = (0..answers.len()).find(|row| answers.is_null(*row));
        match null {
            Some(row) if self.shared.spec.returns_not_null => Err(CallError::NullInNotNull {
                context: drive.context(),
                row,
            }),
            Some(_) | None => Ok(answers),
        }
    }

    fn nulls(&self, rows: usize) -> ArrayRef {
        new_null_array(&self.shared.spec.returns.arrow_type(), rows)
    }
}

/// Whether a batch that failed with this error, and met this status last, may be answered in part.
fn blames_rows(error: &CallError, last_status: Option<u16>) -> bool {
    match error {
        // These are about the function and its caller, and the same for every row.
        CallError::Refused { status, .. } => {
            matches!(status, 400..=599) && !matches!(status, 401 | 403 | 404 | 405 | 407 | 415)
        }
        // Too much to do, connections that break and answers that do not come are no row's fault.
        CallError::RetriesExhausted { .. } => {
            last_status.is_some_and(|status| matches!(status, 500..=502 | 504..=599))
        }
        CallError::Malformed { .. }
        | CallError::ResponseTooLarge { .. }
        | CallError::NullInNotNull { .. } => true,
        CallError::Arguments { .. }
        | CallError::TooManyRows { .. }
        | CallError::NoContext { .. }
        | CallError::Encode { .. }
        | CallError::TimedOut { .. }
        | CallError::NoTarget { .. }
        | CallError::BudgetSpent { .. }
        | CallError::CircuitOpen { .. }
        | CallError::DigestMismatch { .. }
        | CallError::Undecodable { .. } => false,
    }
}

/// Spreads batch ids over jitter seeds: batches that failed together do not return together.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}
