//! One queue for a whole bucket, split into one for each directory, over queues on the disk.
//!
//! Run it with `cargo run -p floe-notify-local --example router`.
#![expect(
    clippy::unwrap_used,
    reason = "an example ends when something is wrong"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floe_notify::router::{EventSink, Router, Routes, Unmatched};
use floe_notify::{EventQueue, Message, decode};
use floe_notify_local::{LocalQueue, QueueOptions, SystemClock};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let open = |name: &str| -> Result<LocalQueue, Box<dyn std::error::Error>> {
        let path = folder.path().join(name);
        std::fs::create_dir(&path)?;
        Ok(LocalQueue::open(Path::new(&path), QueueOptions::default())?)
    };
    let source = open("whole-bucket")?;
    let queues: BTreeMap<&str, LocalQueue> = ["orders", "europe", "dead"]
        .into_iter()
        .map(|name| Ok((name, open(name)?)))
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;

    let routes = Routes::new(
        [("orders/", "orders"), ("orders/eu/", "europe")],
        Unmatched::To("dead".to_owned()),
    )?;
    let sinks = queues.iter().map(|(name, queue)| {
        let sink: Arc<dyn EventSink> = Arc::new(queue.clone());
        ((*name).to_owned(), sink)
    });
    let router = Router::new(routes, sinks)?;

    let messages = [
        records(&["orders/1.csv"]),
        records(&["orders/eu/2.csv", "orders/3.csv"]),
        records(&["invoices/4.csv"]),
        "this is no event".to_owned(),
    ];
    let messages: Vec<Message> = messages.into_iter().map(Message::new).collect();
    block_on(source.send(&SystemClock, messages))?;

    let turn = block_on(router.turn(&SystemClock, &source, 10, Duration::ZERO))?;
    println!(
        "received {}, sent {}, acknowledged {}, not readable {}",
        turn.received, turn.sent, turn.acknowledged, turn.poison
    );
    assert_eq!((turn.received, turn.sent, turn.acknowledged), (4, 5, 4));
    assert_eq!(block_on(source.approximate_size())?, Some(0));

    let expected = [
        ("orders", vec!["orders/1.csv", "orders/3.csv"]),
        ("europe", vec!["orders/eu/2.csv"]),
        ("dead", vec!["invoices/4.csv", "this is no event"]),
    ];
    for (name, expected) in expected {
        let found = contents(queues.get(name).unwrap())?;
        println!("{name}: {}", found.join(", "));
        assert_eq!(found, expected);
    }
    Ok(())
}

/// The keys of what is in a queue; of what cannot be read, the text.
fn contents(queue: &LocalQueue) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let deliveries = block_on(queue.receive(&SystemClock, 10, Duration::ZERO))?;
    let mut found = Vec::new();
    for delivery in &deliveries {
        let body = delivery.message().body();
        let decoded = decode(None, body);
        if !decoded.is_complete() {
            found.push(String::from_utf8_lossy(body).into_owned());
        }
        let keys = decoded.events.iter().filter_map(|event| event.key.as_ref());
        found.extend(keys.map(ToString::to_string));
    }
    Ok(found)
}

fn records(keys: &[&str]) -> String {
    let records = keys.iter().map(|key| {
        format!(
            r#"{{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
            "s3":{{"bucket":{{"name":"landing"}},"object":{{"key":"{key}","size":1}}}}}}"#
        )
    });
    format!(
        r#"{{"Records":[{}]}}"#,
        records.collect::<Vec<_>>().join(",")
    )
}

/// Any async runtime does; this is the smallest.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
