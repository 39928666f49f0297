//! The loop of one run: inputs for the decider, commands for the world.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{BoxFuture, Delivery, EventQueue, Receipt};
use futures::StreamExt as _;
use futures::future::{join_all, select};
use futures::stream::FuturesUnordered;

use super::deeds::{Effect, Outcome, Tools};
use super::{FileStream, Opened, StreamError, StreamEvent, Summary, queue_start};
use crate::stream::{Arrival, Command, Extension, HeldId, Input, Stream};
use crate::{Batch, Cleaned, Cleaner, Sink};

/// How long the end waits for the queue to take messages back; it gets them anyhow when their
/// time has run out.
const RELEASE_TIME: Duration = Duration::from_secs(10);

/// How long the cleaner waits after it has gone through all files.
const CLEAN_EVERY: Duration = Duration::from_secs(3_600);

/// How long it waits when the ledger failed.
const CLEAN_AGAIN: Duration = Duration::from_secs(60);

/// One run of a stream.
pub(super) struct Work<'a> {
    tools: Arc<Tools<'a>>,
    decider: Stream,
    first: Option<Input>,
    cleaner: Option<Cleaner>,
    queue: Option<Arc<dyn EventQueue>>,
    held: BTreeMap<HeldId, Delivery>,
    last_held: u64,
    /// What is being done, and answers with an input.
    doing: FuturesUnordered<BoxFuture<'a, Outcome>>,
    receives: FuturesUnordered<BoxFuture<'a, Outcome>>,
    /// What nobody waits for at the end.
    chores: FuturesUnordered<BoxFuture<'a, Outcome>>,
    /// What answers with nothing, and should be done before the end.
    releases: Vec<BoxFuture<'a, ()>>,
    timer: Option<(Timestamp, BoxFuture<'a, ()>)>,
    /// The batch that the sink is at.
    batch: Option<Arc<Batch>>,
    is_stopping: bool,
    is_over: bool,
    trouble: Option<StreamError>,
    summary: Summary,
}

enum Next {
    Done(Box<Outcome>),
    Stop,
    Tick,
}

impl<'a> Work<'a> {
    pub(super) fn new(stream: &'a FileStream, opened: Opened, sink: &'a dyn Sink) -> Self {
        let queue = opened.queue.as_deref().map(queue_start);
        let joined = Input::Joined {
            marks: Box::new(opened.marks),
            queue,
        };
        Self {
            decider: Stream::new(opened.settings.clone()),
            first: Some(joined),
            cleaner: opened.cleaner,
            queue: opened.queue,
            held: BTreeMap::new(),
            last_held: 0,
            doing: FuturesUnordered::new(),
            receives: FuturesUnordered::new(),
            chores: FuturesUnordered::new(),
            releases: Vec::new(),
            timer: None,
            batch: None,
            is_stopping: false,
            is_over: false,
            trouble: None,
            summary: Summary::default(),
            tools: Arc::new(Tools {
                stream,
                sink,
                id: opened.id,
                claim: opened.claim,
                reader: opened.reader,
                settings: opened.settings,
            }),
        }
    }

    pub(super) async fn run(mut self) -> Result<Summary, StreamError> {
        if let Some(first) = self.first.take() {
            self.feed(first);
        }
        if let Some(cleaner) = self.cleaner.take() {
            self.clean(cleaner, Duration::ZERO);
        }
        let stream = self.tools.stream;
        let mut stopped = pin!(stream.stopper.stopped());
        while !self.is_over {
            self.set_timer();
            let is_stopping = self.is_stopping;
            let next = poll_fn(|context| {
                if !is_stopping && stopped.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Next::Stop);
                }
                self.poll(context)
            });
            match next.await {
                Next::Done(outcome) => self.take(*outcome),
                Next::Stop => self.stop(),
                Next::Tick => {
                    self.timer = None;
                    self.feed(Input::Tick);
                }
            }
        }
        let releases = join_all(std::mem::take(&mut self.releases));
        let late = stream.clock.sleep(RELEASE_TIME);
        drop(select(releases, late).await);
        self.trouble.map_or(Ok(self.summary), Err)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        for answers in [&mut self.doing, &mut self.receives, &mut self.chores] {
            if let Poll::Ready(Some(outcome)) = answers.poll_next_unpin(context) {
                return Poll::Ready(Next::Done(Box::new(outcome)));
            }
        }
        match &mut self.timer {
            Some((_, sleep)) => sleep.as_mut().poll(context).map(|()| Next::Tick),
            None => Poll::Pending,
        }
    }

    /// Sleeps until the decider wants to be woken.
    fn set_timer(&mut self) {
        let wakeup = self.decider.next_wakeup();
        if self.timer.as_ref().map(|(at, _)| *at) == wakeup {
            return;
        }
        let clock = &self.tools.stream.clock;
        self.timer = wakeup.map(|at| (at, clock.sleep(at.since(clock.now()))));
    }

    fn feed(&mut self, input: Input) {
        let now = self.tools.stream.clock.now();
        for command in self.decider.decide(input, now) {
            self.begin(command);
        }
    }

    fn stop(&mut self) {
        self.is_stopping = true;
        self.feed(Input::Stop);
        // Whoever waits for messages waits for nothing any more.
        let waiting = self.receives.len();
        self.receives.clear();
        for _ in 0..waiting {
            self.feed(Input::Received {
                asked: self.tools.stream.clock.now(),
                arrivals: Vec::new(),
            });
        }
    }

    fn take(&mut self, outcome: Outcome) {
        let Outcome { mut input, effect } = outcome;
        match effect {
            Effect::None => {}
            Effect::Told(event) => self.tell(&event),
            Effect::Retry { what, error } => self.tell(&StreamEvent::Retrying { what, error }),
            Effect::End(error) => self.trouble = self.trouble.take().or(Some(error)),
            Effect::Arrived { asked, deliveries } => input = Some(self.arrive(asked, deliveries)),
            Effect::Renewed(held, delivery) => {
                if let Some(slot) = self.held.get_mut(&held) {
                    *slot = delivery;
                }
            }
            Effect::Queue(queue) => {
                let id = queue.id().clone();
                self.queue = Some(queue);
                self.tell(&StreamEvent::QueueReady { queue: id });
            }
            Effect::Committed => self.committed(),
            Effect::Cleaned(cleaner, cleaned) => self.cleaned(cleaner, cleaned),
        }
        if let Some(input) = input {
            self.feed(input);
        }
        if self.trouble.is_some() && !self.is_stopping && !self.is_over {
            self.stop();
        }
    }

    fn tell(&self, event: &StreamEvent) {
        self.tools.stream.observer.saw(event);
    }

    fn committed(&mut self) {
        let Some(batch) = self.batch.take() else {
            return;
        };
        let bytes = batch.bytes();
        self.summary.batches += 1;
        self.summary.files += batch.files.len() as u64;
        self.summary.bytes = self.summary.bytes.saturating_add(bytes);
        self.tools.sink.committed(&self.tools.id, batch.id);
        self.tell(&StreamEvent::Committed {
            batch: batch.id,
            files: batch.files.len(),
            bytes,
        });
    }

    /// Goes on cleaning away: at once within a sweep, after a while behind one.
    fn cleaned(&mut self, cleaner: Cleaner, cleaned: Result<Cleaned, StreamError>) {
        let wait = match cleaned {
            Ok(cleaned) => {
                let is_done = cleaned.is_done;
                self.tell(&StreamEvent::Cleaned(cleaned));
                if is_done { CLEAN_EVERY } else { Duration::ZERO }
            }
            // Whoever is fenced is told so by the next command.
            Err(error) => {
                let what = "cleaning files away";
                self.tell(&StreamEvent::Retrying { what, error });
                CLEAN_AGAIN
            }
        };
        self.clean(cleaner, wait);
    }

    fn clean(&mut self, cleaner: Cleaner, wait: Duration) {
        let tools = Arc::clone(&self.tools);
        self.chores
            .push(Box::pin(async move { tools.clean(cleaner, wait).await }));
    }

    /// Reads what came, and keeps hold of it.
    fn arrive(&mut self, asked: Timestamp, deliveries: Vec<Delivery>) -> Input {
        let now = self.tools.stream.clock.now();
        if !deliveries.is_empty() {
            let messages = deliveries.len();
            self.tell(&StreamEvent::Received { messages });
        }
        let mut arrivals = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            self.last_held += 1;
            let held = HeldId(self.last_held);
            arrivals.push(Arrival {
                held,
                message: delivery.id().clone(),
                deadline: delivery.deadline(),
                receive_count: delivery.receive_count(),
                news: self.tools.reader.read(&delivery, now),
            });
            self.held.insert(held, delivery);
        }
        Input::Received { asked, arrivals }
    }

    /// Lets go of messages, and returns their receipts.
    fn let_go(&mut self, batch: &[HeldId]) -> Vec<Receipt> {
        let gone = batch.iter().filter_map(|held| self.held.remove(held));
        gone.map(|delivery| delivery.receipt().clone()).collect()
    }

    /// Begins to carry a command out.
    fn begin(&mut self, command: Command) {
        let tools = Arc::clone(&self.tools);
        let queue = self.queue.clone();
        let deed: BoxFuture<'a, Outcome> = match command {
            Command::Stopped => {
                self.is_over = true;
                return;
            }
            Command::Drop(batch) => {
                drop(self.let_go(&batch));
                return;
            }
            Command::Release(batch) => {
                let receipts = self.let_go(&batch);
                if let Some(queue) = queue {
                    self.releases.push(Box::pin(async move {
                        drop(queue.release(&receipts).await);
                    }));
                }
                return;
            }
            Command::Receive { max, wait } => {
                let receive = Box::pin(async move { tools.receive(queue, max, wait).await });
                self.receives.push(receive);
                return;
            }
            Command::Acknowledge(batch) => {
                let receipts = self.let_go(&batch);
                Box::pin(async move { tools.acknowledge(queue, receipts).await })
            }
            Command::Extend(held) => match self.held.get(&held).cloned() {
                Some(one) => Box::pin(async move { tools.extend(queue, held, one).await }),
                None => Box::pin(std::future::ready(Outcome::of(Input::Extended {
                    held,
                    extension: Extension::Gone,
                }))),
            },
            Command::Quarantine { held, reason } => {
                let one = self.held.get(&held).cloned();
                Box::pin(async move { tools.quarantine(held, one, reason).await })
            }
            Command::Deliver(batch) => {
                self.batch = Some(Arc::clone(&batch));
                self.tell(&StreamEvent::Delivering {
                    batch: batch.id,
                    files: batch.files.len(),
                    attempt: batch.attempt,
                });
                Box::pin(async move { tools.deliver(&batch).await })
            }
            command => Box::pin(async move { tools.carry_out(command).await }),
        };
        self.doing.push(deed);
    }
}
