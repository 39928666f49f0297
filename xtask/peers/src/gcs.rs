//! What the emulators of Google Cloud lack: a bucket's notification configurations, the service
//! agent of a project, and policies of topics; and what Google does wrong now and then.
//!
//! Behind are Google's emulator of Pub/Sub, and fake-gcs-server, which publishes every event of
//! every bucket to one topic. From there events go on to the topics that the configurations name,
//! their bodies as fake-gcs-server wrote them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

mod configs;
mod events;
mod faults;
mod front;
mod grpc;
mod policies;
mod pubsub;
mod says;
mod storage;

use crate::Upstream;
use configs::Configs;
use events::Delivery;
use faults::Faults;
use front::Front;
use policies::Policies;

/// Cloud Storage and Pub/Sub as they are together.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// let cloud =
///     floe_peers::GoogleCloud::start("http://127.0.0.1:8085", "http://127.0.0.1:4443").await?;
/// let doors = cloud.doors().await?;
/// assert!(doors.storage_url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct GoogleCloud {
    world: Arc<World>,
    events: JoinHandle<()>,
}

/// What all who come through the doors share.
#[derive(Debug)]
struct World {
    pubsub: Upstream,
    pubsub_url: String,
    storage: Upstream,
    configs: Mutex<Configs>,
    policies: Mutex<Policies>,
    delivery: Mutex<Delivery>,
}

impl World {
    fn configs(&self) -> MutexGuard<'_, Configs> {
        lock(&self.configs)
    }

    fn policies(&self) -> MutexGuard<'_, Policies> {
        lock(&self.policies)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while a lock is held, so what is behind it is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GoogleCloud {
    /// Stands before Google's emulator of Pub/Sub and fake-gcs-server, which publishes to the topic
    /// `gcs-ev` of the project `floe-test`.
    ///
    /// # Errors
    ///
    /// When the emulator of Pub/Sub does not let us listen to that topic.
    ///
    /// See [`GoogleCloud`] for an example.
    pub async fn start(pubsub_url: &str, storage_url: &str) -> std::io::Result<Self> {
        let world = Arc::new(World {
            pubsub: Upstream::new(pubsub_url),
            pubsub_url: pubsub_url.trim_end_matches('/').to_owned(),
            storage: Upstream::new(storage_url),
            configs: Mutex::default(),
            policies: Mutex::default(),
            delivery: Mutex::default(),
        });
        let listener = events::listen(&world).await?;
        let events = tokio::spawn(events::pass_on(Arc::clone(&world), listener));
        Ok(Self { world, events })
    }

    /// Opens a way in of its own: what breaks there breaks for nobody else.
    ///
    /// # Errors
    ///
    /// When the machine has no port left.
    ///
    /// See [`GoogleCloud`] for an example.
    pub async fn doors(&self) -> std::io::Result<Doors> {
        let faults = Arc::new(Faults::default());
        Ok(Doors {
            pubsub: pubsub::front(Arc::clone(&self.world), Arc::clone(&faults)).await?,
            storage: storage::front(Arc::clone(&self.world), Arc::clone(&faults)).await?,
            faults,
        })
    }

    /// Lets the service agent of Cloud Storage publish to every topic of a project, as a policy of
    /// the project does.
    ///
    /// ```no_run
    /// # fn example(cloud: &floe_peers::GoogleCloud) {
    /// cloud.let_publish("acme");
    /// # }
    /// ```
    pub fn let_publish(&self, project: &str) {
        self.world.policies().let_publish(project);
    }

    /// Delivers events twice, or in the wrong order, from now on.
    ///
    /// ```no_run
    /// # fn example(cloud: &floe_peers::GoogleCloud) {
    /// cloud.misdeliver(true, false);
    /// # }
    /// ```
    pub fn misdeliver(&self, twice: bool, reversed: bool) {
        *lock(&self.world.delivery) = Delivery { twice, reversed };
    }

    /// Sets the policy of a topic as somebody else does at the same moment, so that its `etag`
    /// changes, each of the next so many times that it is read.
    ///
    /// ```no_run
    /// # fn example(cloud: &floe_peers::GoogleCloud) {
    /// cloud.race("projects/acme/topics/orders", 2);
    /// # }
    /// ```
    pub fn race(&self, topic: &str, times: u32) {
        self.world.policies().race(topic, times);
    }
}

impl Drop for GoogleCloud {
    fn drop(&mut self) {
        self.events.abort();
    }
}

/// A way into [`GoogleCloud`], which can be broken.
///
/// ```no_run
/// # fn example(doors: &floe_peers::Doors) {
/// doors.deny(Some("pubsub.topics.create"));
/// doors.break_after(Some(3));
/// # }
/// ```
#[derive(Debug)]
pub struct Doors {
    pubsub: Front,
    storage: Front,
    faults: Arc<Faults>,
}

impl Doors {
    /// Where Pub/Sub is, by gRPC and by JSON.
    ///
    /// ```no_run
    /// # fn example(doors: &floe_peers::Doors) {
    /// assert!(doors.pubsub_url().starts_with("http://127.0.0.1:"));
    /// # }
    /// ```
    #[must_use]
    pub fn pubsub_url(&self) -> String {
        self.pubsub.url()
    }

    /// Where Cloud Storage is.
    ///
    /// ```no_run
    /// # fn example(doors: &floe_peers::Doors) {
    /// assert!(doors.storage_url().starts_with("http://127.0.0.1:"));
    /// # }
    /// ```
    #[must_use]
    pub fn storage_url(&self) -> String {
        self.storage.url()
    }

    /// Refuses every call that needs this permission; none ends that.
    ///
    /// ```no_run
    /// # fn example(doors: &floe_peers::Doors) {
    /// doors.deny(Some("storage.buckets.update"));
    /// # }
    /// ```
    pub fn deny(&self, permission: Option<&str>) {
        self.faults.deny(permission);
    }

    /// Breaks every connection after so many calls; none ends that.
    ///
    /// ```no_run
    /// # fn example(doors: &floe_peers::Doors) {
    /// doors.break_after(Some(3));
    /// # }
    /// ```
    pub fn break_after(&self, calls: Option<u32>) {
        self.faults.break_after(calls);
    }

    /// Refuses the next so many calls with 429, or with 503.
    ///
    /// ```no_run
    /// # fn example(doors: &floe_peers::Doors) {
    /// doors.refuse_next(2, 429);
    /// # }
    /// ```
    pub fn refuse_next(&self, calls: u32, status: u16) {
        self.faults.refuse_next(calls, status);
    }
}
