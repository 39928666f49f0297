//! The contracts of [`EventQueue`] and
//! [`ResourceManager`], as public test suites.
//!
//! A driver's author implements [`QueueFactory`] and [`ResourceFactory`], and calls
//! [`queue_contract`] and [`resource_manager_contract`] from tests. Each case takes a fresh queue
//! or world; a broken promise panics with the promise in words. The reference in memory passes
//! through [`MemoryFactory`], the example of an implementation.
//!
//! ```
//! use floe_notify::clock::ManualClock;
//! use floe_notify::contract::{MemoryFactory, queue_contract, resource_manager_contract};
//! let clock = ManualClock::default();
//! clock.run(queue_contract(&MemoryFactory, &clock)).unwrap();
//! clock.run(resource_manager_contract(&MemoryFactory, &clock)).unwrap();
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::{BoxFuture, EventQueue, Message, QueueError, QueueId, ResourceManager, StreamId};

mod future;
mod memory;
pub mod queue;
pub mod resource;

pub use memory::MemoryFactory;
pub use queue::queue_contract;
pub use resource::resource_manager_contract;

/// What the suite needs to know of a kind of queue.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, QueueFactory}};
/// let bench = ManualClock::default().run(MemoryFactory.queue()).unwrap();
/// assert!(bench.refuses_old_receipts());
/// ```
pub trait QueueFactory: Send + Sync {
    /// Makes an empty queue. Its visibility time-out is at least a second; the suite waits for it
    /// to pass about thirty times.
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>>;
}

/// One queue under test.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, QueueFactory}};
/// let clock = ManualClock::default();
/// let bench = clock.run(MemoryFactory.queue()).unwrap();
/// clock.run(bench.send(&clock, floe_notify::Message::new("a"))).unwrap();
/// let consumer = clock.run(bench.consumer()).unwrap();
/// assert_eq!(clock.run(consumer.approximate_size()).unwrap().unwrap(), Some(1));
/// ```
pub trait QueueBench: Send + Sync {
    /// Opens the queue once more, for another consumer.
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>>;

    /// Puts a message into the queue, the way events arrive there; its body is text.
    fn send<'a>(&'a self, clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()>;

    /// Returns true when an old receipt of a message that was handed out again is always refused.
    ///
    /// SQS says Ok to some of them and does nothing.
    fn refuses_old_receipts(&self) -> bool {
        true
    }

    /// Returns true when an acknowledgement that is confirmed after the deadline counts.
    ///
    /// Pub/Sub confirms it, and may hand the message out again all the same.
    fn keeps_late_acknowledgements(&self) -> bool {
        true
    }

    /// Returns true when messages carry attributes beside their body.
    fn has_attributes(&self) -> bool {
        true
    }

    /// Returns how long the suite waits for something that should happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// What the suite needs to know of a kind of resource manager.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, ResourceFactory}};
/// let clock = ManualClock::default();
/// let world = clock.run(MemoryFactory.world()).unwrap();
/// assert!(!clock.run(world.everything()).unwrap().is_empty(), "there are foreign resources");
/// ```
pub trait ResourceFactory: Send + Sync {
    /// Makes a world without notification services, but with resources of others in it that look
    /// similar to those.
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>>;
}

/// One cloud account, or one machine, under test.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, ResourceFactory}};
/// let clock = ManualClock::default();
/// let world = clock.run(MemoryFactory.world()).unwrap();
/// assert!(world.fail_after(None), "the reference can fail on demand");
/// ```
pub trait ResourceWorld: Send + Sync {
    /// Makes a manager for one path of this world, always the same one.
    fn manager(&self) -> Arc<dyn ResourceManager>;

    /// Makes a manager without a path.
    fn lister(&self) -> Arc<dyn ResourceManager>;

    /// Returns everything there is, as name and description, resources of others included.
    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>>;

    /// Makes resources that were there before, for this suffix and the path of
    /// [`manager`](Self::manager): those of Auto Loader where it knows the storage, or such that
    /// somebody made by hand. Returns true when they are listed, under this stream.
    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool>;

    /// Opens a queue that set-up returned.
    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>>;

    /// Lets a file of this name land below the path.
    fn land<'a>(&'a self, clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()>;

    /// Lets so many calls succeed and then all fail; `None` ends that. False means that this
    /// world cannot fail on demand, and the suite leaves those cases out.
    fn fail_after(&self, calls: Option<u32>) -> bool;

    /// Returns true when two streams on one path may have a queue each.
    fn shares_paths(&self) -> bool {
        true
    }

    /// Returns a suffix that this kind of resource manager refuses.
    fn bad_suffix(&self) -> &str {
        "a suffix"
    }

    /// Returns how long the suite waits for something that should happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}
