//! How the reference in memory stands in the suites.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{QueueBench, QueueFactory, ResourceFactory, ResourceWorld};
use crate::clock::Clock;
use crate::memory::{MemoryCloud, MemoryQueue};
use crate::{BoxFuture, EventQueue, Message, QueueError, QueueId, ResourceManager, StreamId};

const BUCKET: &str = "landing";
const PREFIX: &str = "in/";

/// Makes queues and clouds in memory that never misbehave.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, queue}};
/// let clock = ManualClock::default();
/// let case = queue::an_acknowledged_message_never_comes_again(&MemoryFactory, &clock);
/// assert_eq!(clock.run(case), Some(()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryFactory;

impl QueueFactory for MemoryFactory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async { Box::new(MemoryQueue::default()) as Box<dyn QueueBench> })
    }
}

impl QueueBench for MemoryQueue {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async { Arc::new(self.clone()) as Arc<dyn EventQueue> })
    }

    fn send<'a>(&'a self, clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        Box::pin(async move { MemoryQueue::send(self, clock, message) })
    }
}

impl ResourceFactory for MemoryFactory {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async {
            let cloud = MemoryCloud::default();
            cloud.put_foreign_entry(BUCKET, "thumbnails", "images/", "lambda:resize");
            cloud.put_foreign_entry(BUCKET, "floe-lookalike", "inbox/", "topic:of-others");
            Box::new(cloud) as Box<dyn ResourceWorld>
        })
    }
}

impl ResourceWorld for MemoryCloud {
    fn manager(&self) -> Arc<dyn ResourceManager> {
        Arc::new(MemoryCloud::manager(self, BUCKET, PREFIX))
    }

    fn lister(&self) -> Arc<dyn ResourceManager> {
        Arc::new(MemoryCloud::lister(self))
    }

    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>> {
        Box::pin(async { MemoryCloud::everything(self) })
    }

    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            MemoryCloud::put_original(self, BUCKET, PREFIX, suffix, stream);
            true
        })
    }

    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>> {
        Box::pin(async move {
            let missing = || QueueError::NoSuchQueue {
                queue: queue.clone(),
            };
            let queue = self.queue(queue).ok_or_else(missing)?;
            Ok(Arc::new(queue) as Arc<dyn EventQueue>)
        })
    }

    fn land<'a>(&'a self, clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.put_object(clock, BUCKET, &format!("{PREFIX}{name}"), 1);
        })
    }

    fn fail_after(&self, calls: Option<u32>) -> bool {
        MemoryCloud::fail_after(self, calls);
        true
    }
}
