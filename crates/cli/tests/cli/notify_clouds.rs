//! `floe notify` on clouds, as emulators play them.
#![cfg(feature = "aws")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Floe, Ran};

const STREAM: &str = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";
const BUCKET: &str = "floe-command";

/// The command with an account of ministack that no other test uses: twelve digits as the access
/// key name it.
fn aws(floe: &Floe, url: &str, args: &[&str]) -> Ran {
    let cloud = ["--cloud", "aws", "--format", "csv"];
    let mut command = floe.command(&[&["notify"], args, &cloud[..]].concat());
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "700000000001")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    Ran::of(command.output().unwrap())
}

fn ok(floe: &Floe, url: &str, args: &[&str]) -> String {
    let ran = aws(floe, url, args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{args:?}");
    ran.stdout
}

/// Makes the bucket; the credentials name the account, the emulator does not check the signature.
fn make_bucket(url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    write!(
        connection,
        "PUT /{BUCKET} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 \
         Credential=700000000001/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, \
         Signature=00\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_directory_of_a_bucket_is_planned_set_up_listed_and_torn_down() {
    let Some(url) = floe_peers::peer("ministack", "FLOE_MINISTACK_URL") else {
        return;
    };
    make_bucket(&url);
    let floe = Floe::new();
    let path = format!("s3://{BUCKET}/orders/");
    let set_up = |verb| {
        let words = [
            verb, "--stream", STREAM, "--suffix", "orders", "--path", &path,
        ];
        ok(&floe, &url, &words)
    };
    let planned = set_up("plan");
    for created in ["topic", "queue", "subscription"] {
        assert!(planned.contains(&format!("create,{created},")), "{planned}");
    }
    assert_eq!(
        ok(&floe, &url, &["list"]).lines().count(),
        1,
        "a plan does nothing"
    );

    let queue = set_up("set-up");
    assert!(
        queue.trim_end().ends_with("/databricks-auto-ingest-orders"),
        "{queue}"
    );
    assert_eq!(set_up("set-up"), queue, "what is there is used again");
    let listed = ok(&floe, &url, &["list"]);
    assert!(
        listed.contains(STREAM) && listed.contains(",floe,"),
        "{listed}"
    );

    let torn_down = ok(&floe, &url, &["tear-down", "--stream", STREAM]);
    for deleted in ["topic", "queue"] {
        assert!(
            torn_down.contains(&format!("delete,{deleted},")),
            "{torn_down}"
        );
    }
    assert_eq!(
        ok(&floe, &url, &["list"]).lines().count(),
        1,
        "nothing is left"
    );
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let Some(url) = floe_peers::peer("ministack", "FLOE_MINISTACK_URL") else {
        return;
    };
    let floe = Floe::new();
    let path = "s3://floe-nowhere/orders/";
    let words = [
        "set-up", "--stream", STREAM, "--suffix", "orders", "--path", path,
    ];
    let ran = aws(&floe, &url, &words);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("error[FLOE-"), "{}", ran.stderr);
    assert!(ran.stderr.contains("floe-nowhere"), "{}", ran.stderr);
}
