//! `floe notify` on clouds, as emulators play them.
#![cfg(all(feature = "aws", feature = "gcp"))]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Floe, Ran};

const STREAM: &str = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";

/// A cloud that the command reaches by variables.
struct Cloud {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
    options: Vec<String>,
}

impl Cloud {
    /// An account of ministack that no other test uses: twelve digits as the access key name it.
    fn aws(url: &str) -> Self {
        Self {
            name: "aws",
            variables: vec![
                ("AWS_ENDPOINT_URL", url.to_owned()),
                ("AWS_REGION", "us-east-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", "700000000001".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ],
            options: Vec::new(),
        }
    }

    fn gcp(pubsub: &str, storage: &str) -> Self {
        let pubsub = pubsub.strip_prefix("http://").unwrap();
        Self {
            name: "gcp",
            variables: vec![
                ("PUBSUB_EMULATOR_HOST", pubsub.to_owned()),
                ("STORAGE_EMULATOR_HOST", storage.to_owned()),
            ],
            options: vec!["cloudFiles.projectId=floe-command".to_owned()],
        }
    }

    fn notify(&self, floe: &Floe, args: &[&str]) -> Ran {
        let cloud = ["--cloud", self.name, "--format", "csv"];
        let options = self.options.iter().flat_map(|option| ["--option", option]);
        let options: Vec<&str> = options.collect();
        let mut command = floe.command(&[&["notify"], args, &cloud[..], &options].concat());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Ran::of(command.output().unwrap())
    }

    fn ok(&self, floe: &Floe, args: &[&str]) -> String {
        let ran = self.notify(floe, args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
        ran.stdout
    }

    /// Plans, sets up twice, lists and tears down; `kinds` are what is created.
    fn walk(&self, path: &str, queue: &str, kinds: &[&str]) {
        let floe = Floe::new();
        let set_up = |verb| {
            let words = [
                verb, "--stream", STREAM, "--suffix", "orders", "--path", path,
            ];
            self.ok(&floe, &words)
        };
        let planned = set_up("plan");
        for kind in kinds {
            assert!(planned.contains(&format!("create,{kind},")), "{planned}");
        }
        let none = self.ok(&floe, &["list"]);
        assert_eq!(none.lines().count(), 1, "a plan does nothing: {none}");

        let made = set_up("set-up");
        assert!(made.trim_end().ends_with(queue), "{made}");
        assert_eq!(set_up("set-up"), made, "what is there is used again");
        let listed = self.ok(&floe, &["list"]);
        assert!(
            listed.contains(STREAM) && listed.contains(",floe,"),
            "{listed}"
        );

        let torn_down = self.ok(&floe, &["tear-down", "--stream", STREAM]);
        for kind in kinds {
            assert!(
                torn_down.contains(&format!("delete,{kind},")),
                "{torn_down}"
            );
        }
        let none = self.ok(&floe, &["list"]);
        assert_eq!(none.lines().count(), 1, "nothing is left: {none}");
    }
}

/// Sends a request that makes a bucket; emulators do not check the signature.
fn make_bucket(url: &str, request: &str, headers: &str, body: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    write!(
        connection,
        "{request} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\
         {headers}\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_directory_of_a_bucket_of_s3_is_planned_set_up_listed_and_torn_down() {
    let Some(url) = floe_peers::peer("ministack", "FLOE_MINISTACK_URL") else {
        return;
    };
    let account = "Authorization: AWS4-HMAC-SHA256 \
        Credential=700000000001/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, \
        Signature=00\r\n";
    make_bucket(&url, "PUT /floe-command", account, "");
    Cloud::aws(&url).walk(
        "s3://floe-command/orders/",
        "/databricks-auto-ingest-orders",
        &["topic", "queue", "subscription"],
    );
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let Some(url) = floe_peers::peer("ministack", "FLOE_MINISTACK_URL") else {
        return;
    };
    let path = "s3://floe-nowhere/orders/";
    let words = [
        "set-up", "--stream", STREAM, "--suffix", "orders", "--path", path,
    ];
    let ran = Cloud::aws(&url).notify(&Floe::new(), &words);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("error[FLOE-"), "{}", ran.stderr);
    assert!(ran.stderr.contains("floe-nowhere"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_a_bucket_of_google_cloud_is_planned_set_up_listed_and_torn_down() {
    let Some(pubsub) = floe_peers::peer("the emulator of Pub/Sub", "FLOE_PUBSUB_URL") else {
        return;
    };
    let Some(storage) = floe_peers::peer("fake-gcs-server", "FLOE_FAKE_GCS_URL") else {
        return;
    };
    let json = "Content-Type: application/json\r\n";
    let bucket = r#"{"name": "floe-command"}"#;
    make_bucket(&storage, "POST /storage/v1/b", json, bucket);
    let google = floe_peers::GoogleCloud::start(&pubsub, &storage)
        .await
        .unwrap();
    let doors = google.doors().await.unwrap();
    let cloud = Cloud::gcp(&doors.pubsub_url(), &doors.storage_url());
    let walk = move || {
        cloud.walk(
            "gs://floe-command/orders/",
            "databricks-auto-ingest-orders",
            &["topic", "queue", "notification"],
        );
    };
    tokio::task::spawn_blocking(walk).await.unwrap();
}
