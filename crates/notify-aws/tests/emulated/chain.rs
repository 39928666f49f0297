//! The whole chain: bucket, topic, queue, and the events that arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use floe_notify::clock::Clock;
use floe_notify::contract::ResourceWorld;
use floe_notify::{EventQueue, ResourceManager, StreamId, TearDown};
use serde_json::Value;

use crate::peer::{Now, Peer};
use crate::world::World;

/// Keys that are changed on their way: by encodings, escapes, or what looks like one.
const ODD_KEYS: [&str; 6] = [
    "in/with space+plus.csv",
    "in/100%25 & more=yes?.csv",
    "in/größe/файл 文件.csv",
    "in/quote\"and\\slash.csv",
    "in/a/b/c/deep.csv",
    "in/plain.csv",
];

fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

#[tokio::test]
async fn every_way_to_make_an_object_brings_its_key_on_ministack() {
    every_way_to_make_an_object(Peer::Ministack).await;
}

#[tokio::test]
async fn every_way_to_make_an_object_brings_its_key_on_moto() {
    every_way_to_make_an_object(Peer::Moto).await;
}

async fn every_way_to_make_an_object(peer: Peer) {
    let Some(url) = peer.url() else { return };
    let world = World::new(peer, &url).await;
    let foreign = world.configuration().await;
    let before = world.everything().await;
    let manager = world.manager();
    let stream = stream();
    let set_up = manager.set_up_notification_services(&Now, &stream, "chain");
    let id = set_up.await.unwrap();
    let again = manager.set_up_notification_services(&Now, &stream, "chain");
    assert_eq!(again.await.unwrap(), id, "the queue is reused");
    let configuration = world.configuration().await;
    assert_eq!(configuration.len(), foreign.len() + 1, "one entry is added");
    for (name, text) in &foreign {
        assert_eq!(
            configuration.get(name),
            Some(text),
            "{name} of others is kept"
        );
    }

    let mut expected: BTreeSet<String> = ODD_KEYS.iter().map(|key| (*key).to_owned()).collect();
    for key in ODD_KEYS {
        world.put(key).await;
    }
    copy(&world, "in/plain.csv", "in/the copy.csv").await;
    upload_in_parts(&world, "in/in parts.csv").await;
    expected.extend(["in/the copy.csv".to_owned(), "in/in parts.csv".to_owned()]);
    // Neither of these is below the path.
    world.put("input/other.csv").await;
    world.put("other.csv").await;

    let queue = manager.open_queue(&id, Duration::from_secs(30)).unwrap();
    assert_eq!(keys_that_arrive(&queue, expected.len()).await, expected);

    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    assert!(torn_down.await.unwrap().changes_something());
    assert_eq!(
        world.everything().await,
        before,
        "only what is ours is gone"
    );
}

/// Receives until so many keys came and then nothing more.
async fn keys_that_arrive(queue: &dyn EventQueue, count: usize) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let end = Now.now().after(Duration::from_secs(60));
    while Now.now() < end {
        let received = queue
            .receive(&Now, 10, Duration::from_secs(2))
            .await
            .unwrap();
        if received.is_empty() && keys.len() >= count {
            break;
        }
        let receipts: Vec<_> = received.iter().map(|one| one.receipt().clone()).collect();
        for delivery in &received {
            keys.extend(keys_of(delivery.message().body()));
        }
        let acknowledged = queue.acknowledge(&receipts).await;
        assert!(acknowledged.iter().all(Result::is_ok), "{acknowledged:?}");
    }
    keys
}

/// The keys in a message of SNS that carries one of S3.
fn keys_of(body: &[u8]) -> Vec<String> {
    let envelope: Value = serde_json::from_slice(body).unwrap();
    let inner: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    let records = inner["Records"].as_array().cloned().unwrap_or_default();
    let keys = records.iter().map(|record| {
        let name = record["eventName"].as_str().unwrap();
        assert!(name.contains("ObjectCreated:"), "{name}");
        form_decoded(record["s3"]["object"]["key"].as_str().unwrap())
    });
    keys.collect()
}

fn form_decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            let digits = std::str::from_utf8(&behind[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &behind[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn copy(world: &World, from: &str, to: &str) {
    let source = format!("{}/{from}", world.bucket);
    let copy = world.s3.copy_object().bucket(&world.bucket).key(to);
    copy.copy_source(source).send().await.unwrap();
}

async fn upload_in_parts(world: &World, key: &str) {
    let begin = world
        .s3
        .create_multipart_upload()
        .bucket(&world.bucket)
        .key(key);
    let id = begin.send().await.unwrap().upload_id.unwrap();
    let part = world
        .s3
        .upload_part()
        .bucket(&world.bucket)
        .key(key)
        .upload_id(&id);
    let part = part.part_number(1).body(ByteStream::from_static(b"a part"));
    let tag = part.send().await.unwrap().e_tag;
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(tag)
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let end = world
        .s3
        .complete_multipart_upload()
        .bucket(&world.bucket)
        .key(key);
    let ended = end.upload_id(id).multipart_upload(parts).send().await;
    // The answer of moto has another root element than that of S3; done it is all the same.
    let status = |error: &SdkError<_>| error.raw_response().map(|raw| raw.status().as_u16());
    let is_done = ended.as_ref().map_or_else(status, |_| Some(200)) == Some(200);
    assert!(is_done, "{ended:?}");
}
