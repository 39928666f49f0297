//! A user of an emulator whose permissions are checked: the three calls of IAM that make one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use floe_notify::clock::Clock;

use crate::peer::{Now, REGION};

/// The account of the root user of ministack.
pub(crate) const ACCOUNT: &str = "000000000000";

/// A user with one policy.
pub(crate) struct User {
    url: String,
    name: String,
    pub(crate) config: SdkConfig,
}

impl User {
    pub(crate) fn create(url: &str, name: &str) -> Self {
        // The emulator may have run before.
        let name = format!("{name}-{}", Now.now().as_millis());
        let user = format!("UserName={name}");
        call(url, &format!("Action=CreateUser&Version=2010-05-08&{user}"));
        let keys = call(
            url,
            &format!("Action=CreateAccessKey&Version=2010-05-08&{user}"),
        );
        let access = between(&keys, "<AccessKeyId>", "</AccessKeyId>");
        let secret = between(&keys, "<SecretAccessKey>", "</SecretAccessKey>");
        Self {
            url: url.to_owned(),
            name,
            config: config(url, access, secret),
        }
    }

    pub(crate) fn may(&self, policy: &str) {
        let body = format!(
            "Action=PutUserPolicy&Version=2010-05-08&UserName={}&PolicyName=p&PolicyDocument={}",
            self.name,
            encoded(policy)
        );
        call(&self.url, &body);
    }
}

/// Clients of these credentials.
pub(crate) fn config(url: &str, access: &str, secret: &str) -> SdkConfig {
    let keys = Credentials::new(access, secret, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build()
}

/// Signs and sends one call as the root user, and returns the answer.
fn call(url: &str, body: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let kind = "application/x-www-form-urlencoded";
    let identity = Credentials::new("test", "test", None, None, "root").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("iam")
        .time(UNIX_EPOCH + Duration::from_millis(Now.now().as_millis()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let address = format!("http://{host}/");
    let headers = [("host", host), ("content-type", kind)].into_iter();
    let bytes = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", address.as_str(), headers, bytes).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let mut text = format!("POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\n");
    for (name, value) in instructions.headers() {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = body.len();
    text.push_str(&format!(
        "content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ));
    let mut connection = TcpStream::connect(host).unwrap();
    connection.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{body}: {answer}");
    answer
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}
