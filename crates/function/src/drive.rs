//! Executes the commands of the decider for one batch.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderMap;
use tokio::time;

use crate::attempt::{Attempt, Command, Event, Failure};
use crate::error::{BatchContext, CallError, excerpt};
use crate::exchange::{Call, ERROR_EXCERPT, Exchanged};
use crate::function::Shared;
use crate::telemetry::BatchRetried;
use crate::{CallReport, Target};

/// One batch on its way.
pub(crate) struct Drive<'a> {
    function: &'a Shared,
    batch_id: String,
    headers: HeaderMap,
    body: Bytes,
    rows: usize,
    attempt: Attempt,
    started: time::Instant,
    target: Option<Target>,
    /// The label of the last target, which outlives its lease.
    label: Option<String>,
    /// What the last try met.
    last: String,
    answer: Bytes,
}

impl<'a> Drive<'a> {
    pub(crate) fn new(
        function: &'a Shared,
        batch_id: String,
        headers: HeaderMap,
        body: Bytes,
        rows: usize,
        attempt: Attempt,
    ) -> Self {
        Self {
            function,
            batch_id,
            headers,
            body,
            rows,
            attempt,
            started: time::Instant::now(),
            target: None,
            label: None,
            last: String::new(),
            answer: Bytes::new(),
        }
    }

    /// Lives the batch's life; every step of it is decided by [`Attempt`], which also bounds it.
    pub(crate) async fn run(&mut self) -> Result<Bytes, CallError> {
        let mut event = Event::Started;
        loop {
            let command = self.attempt.step(event, self.started.elapsed());
            event = match command {
                Command::Pick { attempt, within } => self.pick(attempt, within).await,
                Command::Send { within } => self.exchange(Method::POST, within).await?,
                Command::Poll { within } => self.exchange(Method::GET, within).await?,
                Command::Wait(delay) => self.wait(event, delay).await,
                Command::Done => {
                    // The lease ends with the request, not with the proof of its answer.
                    self.target = None;
                    return Ok(std::mem::take(&mut self.answer));
                }
                Command::Fail(failure) => return Err(self.failure(failure)),
            };
            if matches!(event, Event::Lost | Event::TimedOut) {
                self.target = None;
            }
        }
    }

    /// What an error says about this batch.
    pub(crate) fn context(&self) -> Box<BatchContext> {
        let limits = self.attempt.limits();
        Box::new(BatchContext {
            function: self.function.spec.name.clone(),
            batch_id: self.batch_id.clone(),
            rows: self.rows,
            target: self.label.clone(),
            sends: self.attempt.sends(),
            polls: self.attempt.polls(),
            target_waits: self.attempt.target_waits(),
            retry_limit: limits.retries,
            elapsed: self.started.elapsed(),
            timeout: limits.batch_timeout,
        })
    }

    /// Adds what the batch cost to `report`.
    pub(crate) fn count(&self, report: &mut CallReport) {
        let sends = u64::from(self.attempt.sends());
        report.sends += sends;
        report.retries += sends.saturating_sub(1);
        report.polls += u64::from(self.attempt.polls());
        report.target_waits += u64::from(self.attempt.target_waits());
    }

    /// The label of the target that answered.
    pub(crate) fn label(&self) -> &str {
        self.label.as_deref().unwrap_or_default()
    }

    async fn pick(&mut self, attempt: u32, within: Duration) -> Event {
        match time::timeout(within, self.function.targets.pick(attempt)).await {
            Ok(Ok(target)) => {
                self.label = Some(target.label.clone());
                self.target = Some(target);
                Event::Picked
            }
            Ok(Err(none)) => {
                self.last = none.message;
                Event::NoTarget {
                    retryable: none.retryable,
                }
            }
            Err(_elapsed) => {
                self.last = "waiting for an instance".to_owned();
                Event::TimedOut
            }
        }
    }

    /// Sends the batch, or asks for its result.
    async fn exchange(&mut self, method: Method, within: Duration) -> Result<Event, CallError> {
        let Some(target) = &self.target else {
            // The decider never sends before it picked; if it did, the batch counts as lost.
            return Ok(Event::Lost);
        };
        let body = if method == Method::POST {
            self.body.clone()
        } else {
            Bytes::new()
        };
        let call = Call {
            method,
            authority: &target.authority,
            path: &self.function.path,
            headers: self.headers.clone(),
            body,
        };
        match self.function.client.http().exchange(call, within).await {
            Exchanged::Answer {
                status,
                body,
                retry_after,
            } => Ok(self.answered(status, body, retry_after)),
            Exchanged::Lost(cause) => {
                self.last = format!("the connection was lost: {cause}");
                Ok(Event::Lost)
            }
            Exchanged::TimedOut => {
                self.last = format!("no answer within {:.1} s", within.as_secs_f64());
                Ok(Event::TimedOut)
            }
            Exchanged::TooLarge => Err(CallError::ResponseTooLarge {
                context: self.context(),
                limit: self.function.client.options().response_limit,
            }),
            Exchanged::Damaged {
                announced,
                computed,
            } => Err(CallError::DigestMismatch {
                context: self.context(),
                announced,
                computed,
            }),
        }
    }

    fn answered(&mut self, status: u16, body: Bytes, retry_after: Option<Duration>) -> Event {
        self.last = match status {
            202 => "accepted (202), the result is not there yet".to_owned(),
            status => format!("answered {status}: `{}`", excerpt(&body, 0, ERROR_EXCERPT)),
        };
        self.answer = body;
        match retry_after {
            Some(after) => Event::AnsweredLater { status, after },
            None => Event::Answered { status },
        }
    }

    async fn wait(&mut self, after: Event, delay: Duration) -> Event {
        if !self.attempt.keeps_target() {
            self.target = None;
        }
        if !matches!(
            after,
            Event::NoTarget { .. }
                | Event::Answered { status: 202 }
                | Event::AnsweredLater { status: 202, .. }
        ) {
            BatchRetried {
                function: &self.function.spec.name,
                batch_id: &self.batch_id,
                target: self.label(),
                cause: &self.last,
                retry: self.attempt.retries(),
                delay,
            }
            .emit();
        }
        time::sleep(delay).await;
        Event::Waited
    }

    fn failure(&mut self, failure: Failure) -> CallError {
        let context = self.context();
        let last = std::mem::take(&mut self.last);
        match failure {
            Failure::Refused { status } => CallError::Refused {
                context,
                status,
                excerpt: excerpt(&self.answer, 0, ERROR_EXCERPT),
            },
            Failure::RetriesExhausted => CallError::RetriesExhausted { context, last },
            Failure::TimedOut => CallError::TimedOut { context, last },
            Failure::NoTarget => CallError::NoTarget {
                context,
                message: last,
            },
        }
    }
}
