//! What the tests share.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use floe_notify::clock::{Clock, Timestamp};
use floe_notify::{BoxFuture, Delivery, EventQueue, Message, Receipt};
use floe_notify_local::{LocalQueue, QueueOptions, SystemClock};

/// So much faster than the machine's own clock does this one run.
const FACTOR: u32 = 5;

/// A clock that runs faster, so that time-outs pass sooner, on threads of any number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastClock;

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() * u64::from(FACTOR))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let until = self.now().after(time + Duration::from_millis(1));
        Box::pin(async move {
            // The two clocks of the machine need not agree to the millisecond.
            while self.now() < until {
                let left = until.since(self.now()).max(Duration::from_millis(1));
                SystemClock.sleep(left / FACTOR).await;
            }
        })
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

pub(crate) fn open(folder: &Path) -> LocalQueue {
    LocalQueue::open(folder, QueueOptions::default()).unwrap()
}

pub(crate) fn send(queue: &LocalQueue, body: &str) {
    block_on(queue.send(&SystemClock, vec![Message::new(body)])).unwrap();
}

/// What is visible now.
pub(crate) fn receive(queue: &LocalQueue) -> Vec<Delivery> {
    let mut all = Vec::new();
    loop {
        let some = block_on(queue.receive(&SystemClock, usize::MAX, Duration::ZERO)).unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

pub(crate) fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|one| one.receipt().clone()).collect()
}

pub(crate) fn acknowledge(queue: &LocalQueue, deliveries: &[Delivery]) {
    for result in block_on(queue.acknowledge(&receipts(deliveries))) {
        result.unwrap();
    }
}

pub(crate) fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.message().body().to_vec()).unwrap()
}

pub(crate) fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(text).collect()
}

pub(crate) fn size(queue: &LocalQueue) -> u64 {
    block_on(queue.approximate_size()).unwrap().unwrap()
}

/// What a child process is told by, and where it works.
pub(crate) const ASKED: &str = "FLOE_TEST_WORK_IN";

/// The directory that this process is to work in, when it is a child.
pub(crate) fn asked() -> Option<std::path::PathBuf> {
    std::env::var_os(ASKED).map(Into::into)
}

/// This test binary, told to run one test in a directory.
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(ASKED, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Lines that a child prints, without those of the test harness.
pub(crate) struct Lines {
    reader: BufReader<std::process::ChildStdout>,
}

impl Lines {
    pub(crate) fn of(child: &mut Child) -> Self {
        let reader = BufReader::new(child.stdout.take().unwrap());
        Self { reader }
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // A line that was cut off by the end of the process says nothing.
            let line = line.strip_suffix('\n')?;
            if let Some((_, said)) = line.split_once("> ") {
                return Some(said.to_owned());
            }
        }
    }
}

/// Says something to the parent.
pub(crate) fn say(text: &str) {
    println!("> {text}");
}
