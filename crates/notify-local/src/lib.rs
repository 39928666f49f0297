//! File events of a local directory: a [`Watcher`] over inotify, and a durable [`LocalQueue`] with
//! the semantics of a cloud's.
//!
//! For streams that read files as they land on this machine, and for whoever wants to see on a
//! laptop what a stream does in a cloud. The traits are those of `floe_notify`; the crate names no
//! async runtime and needs none: files are read and written by threads of their own.
//!
//! | in a cloud | here |
//! |---|---|
//! | the storage sends an event for each new object | a [`Watcher`], in the process of the stream |
//! | SQS, Azure Queue Storage, Pub/Sub | a [`LocalQueue`]: a directory with a log |
//! | set up, list, tear down | [`LocalResourceManager`]: one directory with many queues |
//! | time | any `Clock`; [`SystemClock`] is the machine's |
//!
//! The form of the events is [`LocalEvent`]. How the log works and what it survives stands in
//! `design.md` beside this crate's sources.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use floe_notify::{EventQueue, ResourceManager, StreamId};
//! use floe_notify_local::{
//!     LocalEvent, LocalQueue, LocalResourceManager, QueueOptions, SystemClock, WatchOptions,
//!     Watcher,
//! };
//! # fn block_on<T>(future: impl Future<Output = T>) -> T {
//! #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
//! #             return value;
//! #         }
//! #         std::thread::yield_now();
//! #     }
//! # }
//! # let (root, landing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
//! # let (root, landing) = (root.path(), landing.path());
//! let clock = Arc::new(SystemClock);
//! let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
//! let manager = LocalResourceManager::new(root).with_path(landing);
//! let set_up = manager.set_up_notification_services(clock.as_ref(), &stream, "orders");
//! let id = block_on(set_up).unwrap();
//!
//! let queue = LocalQueue::open(id.as_str().as_ref(), QueueOptions::default())?;
//! let watcher = Watcher::start(&queue, landing, clock.clone(), WatchOptions::default())?;
//! std::fs::write(landing.join("a.csv"), "1,2").unwrap();
//!
//! let mut landed = Vec::new();
//! while landed.is_empty() {
//!     let wait = Duration::from_secs(20);
//!     let deliveries = block_on(queue.receive(clock.as_ref(), 10, wait)).unwrap();
//!     for delivery in &deliveries {
//!         match LocalEvent::parse(delivery.message().body())? {
//!             LocalEvent::Landed { path, .. } => landed.push(path),
//!             // Nobody watched before: here a stream lists the directory.
//!             _ => {}
//!         }
//!     }
//!     // Here a stream makes durable what it has learned, and only then:
//!     let receipts: Vec<_> = deliveries.iter().map(|one| one.receipt().clone()).collect();
//!     assert!(block_on(queue.acknowledge(&receipts)).iter().all(Result::is_ok));
//! }
//! assert_eq!(landed, [landing.canonicalize().unwrap().join("a.csv")]);
//! # Ok::<(), floe_notify_local::LocalError>(())
//! ```
#![forbid(unsafe_code)]

mod block;
mod clock;
mod error;
mod event;
mod manager;
mod queue;
mod uri;
mod watch;

pub use clock::SystemClock;
pub use error::LocalError;
pub use event::{How, LocalEvent, RescanReason};
pub use manager::LocalResourceManager;
pub use queue::{LocalQueue, MAX_MESSAGE_BYTES, MAX_MESSAGES, QueueOptions, Recovery};
pub use watch::{WatchOptions, Watcher};
