//! Executes the commands of the decider for one batch.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::attempt::{Attempt, Command, Event, Failure};
use crate::coding::GZIP;
use crate::endpoint::Admitted;
use crate::error::{BatchContext, CallError, excerpt};
use crate::exchange::{Call, ERROR_EXCERPT, Exchanged};
use crate::function::Shared;
use crate::telemetry::{BatchRetried, CircuitChanged};
use crate::{CallReport, Target};

/// What is sent, the same every time.
pub(crate) struct Request {
    pub(crate) batch_id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body is compressed.
    pub(crate) gzip: bool,
    pub(crate) rows: usize,
    /// Whether its rows were sent before, in a larger batch.
    pub(crate) part: bool,
}

/// One batch on its way.
pub(crate) struct Drive<'a> {
    function: &'a Shared,
    request: Request,
    attempt: Attempt,
    started: Instant,
    /// Counts as things happen, so that a call that is dropped half-way has its costs counted.
    report: &'a mut CallReport,
    target: Option<Target>,
    /// The leave to send that the breaker gave.
    admitted: Option<Admitted<'a>>,
    /// The label of the last target, which outlives its lease.
    label: Option<String>,
    /// What the last try met.
    last: String,
    last_status: Option<u16>,
    answer: Bytes,
}

impl<'a> Drive<'a> {
    /// `started` is when the time of the batch began.
    pub(crate) fn new(
        function: &'a Shared,
        request: Request,
        attempt: Attempt,
        started: Instant,
        report: &'a mut CallReport,
    ) -> Self {
        Self {
            function,
            request,
            attempt,
            started,
            report,
            target: None,
            admitted: None,
            label: None,
            last: String::new(),
            last_status: None,
            answer: Bytes::new(),
        }
    }

    /// Lives the batch's life; every step of it is decided by [`Attempt`], which also bounds it.
    pub(crate) async fn run(&mut self) -> Result<Bytes, CallError> {
        let mut event = Event::Started;
        loop {
            let command = self.step(event);
            event = match command {
                Command::Pick { attempt, within } => self.pick(attempt, within).await,
                Command::Send { within } => {
                    self.count_send();
                    self.exchange(Method::POST, within).await?
                }
                Command::Poll { within } => {
                    self.report.polls += 1;
                    self.exchange(Method::GET, within).await?
                }
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

    /// The next command; a retry that the endpoint's budget does not cover is none.
    fn step(&mut self, event: Event) -> Command {
        let retries = self.attempt.retries();
        let command = self.attempt.step(event, self.elapsed());
        let endpoint = &self.function.extensions.endpoint;
        if self.attempt.retries() > retries && !endpoint.may_retry(self.now()) {
            return self.attempt.step(Event::BudgetSpent, self.elapsed());
        }
        command
    }

    fn count_send(&mut self) {
        self.report.sends += 1;
        if self.attempt.sends() > 1 {
            self.report.retries += 1;
        } else if !self.request.part {
            let endpoint = &self.function.extensions.endpoint;
            endpoint.first_send(self.now());
        }
    }

    /// What an error says about this batch.
    pub(crate) fn context(&self) -> Box<BatchContext> {
        let limits = self.attempt.limits();
        Box::new(BatchContext {
            function: self.function.spec.name.clone(),
            batch_id: self.request.batch_id.clone(),
            rows: self.request.rows,
            target: self.label.clone(),
            sends: self.attempt.sends(),
            polls: self.attempt.polls(),
            target_waits: self.attempt.target_waits(),
            holds: self.attempt.holds(),
            retry_limit: limits.retries,
            elapsed: self.elapsed(),
            timeout: limits.batch_timeout,
        })
    }

    /// How long the answer took, when the batch was sent once and answered at once. A part does not
    /// tell: its time began before it did.
    pub(crate) fn time_of_one_try(&self) -> Option<Duration> {
        let attempt = &self.attempt;
        let waits = [attempt.polls(), attempt.target_waits(), attempt.holds()];
        let once = attempt.sends() == 1 && waits == [0; 3] && !self.request.part;
        once.then(|| self.elapsed())
    }

    /// The status of the last try, if it had one.
    pub(crate) fn last_status(&self) -> Option<u16> {
        self.last_status
    }

    /// Counts rows that were answered, once the answer is proved.
    pub(crate) fn answered_rows(&mut self, rows: u64) {
        let label = self.label.as_deref().unwrap_or_default();
        self.report.count_rows(label, rows);
    }

    fn now(&self) -> Instant {
        self.function.client.http().now()
    }

    /// The time since the batch began.
    fn elapsed(&self) -> Duration {
        self.now().saturating_duration_since(self.started)
    }

    fn label(&self) -> &str {
        self.label.as_deref().unwrap_or_default()
    }

    async fn pick(&mut self, attempt: u32, within: Duration) -> Event {
        let endpoint = &self.function.extensions.endpoint;
        match endpoint.admit(self.now()) {
            Ok(admitted) => self.admitted = Some(admitted),
            Err(_) if endpoint.fails_when_open() => return Event::CircuitOpen,
            Err(at_least) => {
                self.report.holds += 1;
                if self.attempt.sends() == 0 {
                    self.last = "held back by the circuit breaker".to_owned();
                }
                return Event::Held { at_least };
            }
        }
        let http = self.function.client.http();
        match http
            .within(within, self.function.targets.pick(attempt))
            .await
        {
            Some(Ok(target)) => {
                self.label = Some(target.label.clone());
                self.target = Some(target);
                Event::Picked
            }
            Some(Err(none)) => {
                self.admitted = None;
                self.last = none.message;
                self.report.target_waits += u64::from(none.retryable);
                Event::NoTarget {
                    retryable: none.retryable,
                }
            }
            None => {
                self.admitted = None;
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
        let mut headers = self.request.headers.clone();
        let mut body = Bytes::new();
        if method == Method::POST {
            body = self.request.body.clone();
            if self.request.gzip {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(GZIP));
            }
        }
        let call = Call {
            method,
            authority: &target.authority,
            path: &self.function.path,
            headers,
            body,
        };
        let exchanged = self.function.client.http().exchange(call, within).await;
        self.note(&exchanged, within);
        match exchanged {
            Exchanged::Answer {
                status,
                body,
                retry_after,
            } => Ok(self.answered(status, body, retry_after)),
            Exchanged::Lost(_) => Ok(Event::Lost),
            Exchanged::TimedOut => Ok(Event::TimedOut),
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
            Exchanged::Undecodable(reason) => Err(CallError::Undecodable {
                context: self.context(),
                reason,
            }),
        }
    }

    /// Keeps what the try met for messages, and tells those who decide for other batches.
    fn note(&mut self, exchanged: &Exchanged, within: Duration) {
        let (last, status, works) = match exchanged {
            Exchanged::Answer { status: 202, .. } => {
                let last = "accepted (202), the result is not there yet".to_owned();
                (last, Some(202), true)
            }
            Exchanged::Answer { status, body, .. } => {
                let last = format!("answered {status}: `{}`", excerpt(body, ERROR_EXCERPT));
                (last, Some(*status), !matches!(status, 429 | 500..=599))
            }
            Exchanged::Lost(cause) => {
                let last = format!("the connection was lost: {cause}");
                (last, None, false)
            }
            Exchanged::TimedOut => {
                let last = format!("no answer within {:.1} s", within.as_secs_f64());
                (last, None, false)
            }
            Exchanged::TooLarge | Exchanged::Damaged { .. } | Exchanged::Undecodable(_) => {
                (std::mem::take(&mut self.last), Some(200), true)
            }
        };
        if matches!(status, Some(429 | 503)) {
            self.function.refused();
        }
        (self.last, self.last_status) = (last, status);
        let now = self.now();
        let change = match self.admitted.take() {
            Some(admitted) => admitted.outcome(works, now),
            // A poll needs no leave.
            None => self.function.extensions.endpoint.outcome(None, works, now),
        };
        if let Some(change) = change {
            CircuitChanged {
                function: &self.function.spec.name,
                batch_id: &self.request.batch_id,
                change,
                cause: &self.last,
            }
            .emit();
        }
    }

    fn answered(&mut self, status: u16, body: Bytes, retry_after: Option<Duration>) -> Event {
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
                | Event::Held { .. }
                | Event::Answered { status: 202 }
                | Event::AnsweredLater { status: 202, .. }
        ) {
            BatchRetried {
                function: &self.function.spec.name,
                batch_id: &self.request.batch_id,
                target: self.label(),
                cause: &self.last,
                retry: self.attempt.retries(),
                delay,
            }
            .emit();
        }
        self.function.client.http().sleep(delay).await;
        Event::Waited
    }

    fn failure(&mut self, failure: Failure) -> CallError {
        let context = self.context();
        let last = std::mem::take(&mut self.last);
        match failure {
            Failure::Refused { status } => CallError::Refused {
                context,
                status,
                excerpt: excerpt(&self.answer, ERROR_EXCERPT),
            },
            Failure::RetriesExhausted => CallError::RetriesExhausted { context, last },
            Failure::BudgetSpent => CallError::BudgetSpent { context, last },
            Failure::CircuitOpen => CallError::CircuitOpen { context, last },
            Failure::TimedOut => CallError::TimedOut { context, last },
            Failure::NoTarget => CallError::NoTarget {
                context,
                message: last,
            },
        }
    }
}
