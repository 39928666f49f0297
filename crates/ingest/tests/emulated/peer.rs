//! Where the emulators are, and what is asked of them past the crate.

use std::collections::BTreeMap;

use floe_ingest::object_store::ClientOptions;
use floe_ingest::object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use floe_ingest::object_store::client::{
    HttpClient, HttpConnector as _, HttpRequest, ReqwestConnector,
};
use floe_notify::Location;

/// The account that Azurite always has, and its key ("Connect to Azurite").
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// What buckets of Cloud Storage belong to.
const PROJECT: &str = "floe-test";

/// A kind of cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    Aws,
    Azure,
    Gcp,
}

/// An emulator with a container of its own in it.
#[derive(Debug)]
pub(crate) struct Peer {
    cloud: Cloud,
    url: String,
    container: String,
    http: HttpClient,
}

impl Cloud {
    /// Where its emulator is; none when it is not there, which is said, or is a failure where it
    /// is required.
    pub(crate) fn url(self) -> Option<String> {
        let (name, variable) = match self {
            Self::Aws => ("ministack", "FLOE_MINISTACK_URL"),
            Self::Azure => ("Azurite", "FLOE_AZURITE_BLOB_URL"),
            Self::Gcp => ("fake-gcs-server", "FLOE_FAKE_GCS_URL"),
        };
        let said = std::env::var(variable).unwrap_or_default();
        // `none` is said of what nobody can install here.
        let url = Some(said.clone()).filter(|url| !url.is_empty() && url != "none");
        if url.is_none() {
            let required = std::env::var("FLOE_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(
                !required || said == "none",
                "{name} is required, but {variable} does not say where it is"
            );
            println!("skipped: {name} is not there; {variable} says where it is");
        }
        url
    }
}

impl Peer {
    pub(crate) async fn new(cloud: Cloud, url: &str) -> Self {
        let options = ClientOptions::new().with_allow_http(true);
        let folder = tempfile::Builder::new().prefix("").rand_bytes(12).tempdir();
        let name = folder.unwrap().path().file_name().unwrap().to_owned();
        let peer = Self {
            cloud,
            url: url.trim_end_matches('/').to_owned(),
            container: format!("floe{}", name.to_str().unwrap().to_lowercase()),
            http: ReqwestConnector::default().connect(&options).unwrap(),
        };
        let (container, url) = (&peer.container, &peer.url);
        let is_made = match cloud {
            Cloud::Aws => peer.call("PUT", &format!("{url}/{container}"), b"").await,
            Cloud::Azure => {
                let url = format!("{url}/{ACCOUNT}/{container}?restype=container");
                peer.call("PUT", &url, b"").await
            }
            Cloud::Gcp => {
                let url = format!("{url}/storage/v1/b?project={PROJECT}");
                let body = format!(r#"{{"name":"{container}"}}"#);
                peer.call("POST", &url, body.as_bytes()).await
            }
        };
        assert!(is_made, "{cloud:?} makes {container}");
        peer
    }

    pub(crate) const fn cloud(&self) -> Cloud {
        self.cloud
    }

    pub(crate) fn location(&self) -> Location {
        let container = &self.container;
        let path = match self.cloud {
            Cloud::Aws => format!("s3://{container}/"),
            Cloud::Azure => format!("abfss://{container}@{ACCOUNT}.dfs.core.windows.net/"),
            Cloud::Gcp => format!("gs://{container}/"),
        };
        Location::parse(&path).unwrap()
    }

    pub(crate) fn options(&self) -> BTreeMap<String, String> {
        self.options_with(KEY)
    }

    pub(crate) fn options_with(&self, key: &str) -> BTreeMap<String, String> {
        let url = &self.url;
        let blobs = format!("AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={url}/{ACCOUNT}");
        let pairs: &[(&str, &str)] = match self.cloud {
            Cloud::Aws => &[
                ("cloudFiles.awsAccessKey", "test"),
                ("cloudFiles.awsSecretKey", "test"),
                ("cloudFiles.region", "us-east-1"),
                ("floe.storeEndpoint", url),
            ],
            Cloud::Azure => &[("cloudFiles.connectionString", &blobs)],
            Cloud::Gcp => &[("floe.storeEndpoint", url)],
        };
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// Puts an object; false when it cannot have such a key.
    pub(crate) async fn put(&self, key: &[u8], content: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(key) else {
            return false;
        };
        let (url, container) = (&self.url, &self.container);
        // Clients take these for other addresses, however they are written.
        let is_moved = text.split('/').any(|part| part == "." || part == "..");
        let (method, url) = match self.cloud {
            // fake-gcs-server lists another character in its place.
            Cloud::Gcp if text.contains('\u{ffff}') => return false,
            Cloud::Gcp => {
                let start = format!("{url}/upload/storage/v1/b/{container}/o");
                let name = encoded(key, b"");
                ("POST", format!("{start}?uploadType=media&name={name}"))
            }
            _ if is_moved => return false,
            // Azurite takes them, and its listings fail ever after; a backslash is a slash to it.
            Cloud::Azure if !is_xml(text) || text.contains('\\') => return false,
            Cloud::Aws => ("PUT", format!("{url}/{container}/{}", encoded(key, b"/"))),
            Cloud::Azure => {
                let key = encoded(key, b"/");
                ("PUT", format!("{url}/{ACCOUNT}/{container}/{key}"))
            }
        };
        self.call(method, &url, content).await
    }

    /// Whether it is answered with success.
    async fn call(&self, method: &str, url: &str, body: &[u8]) -> bool {
        let mut request = HttpRequest::new(body.to_vec().into());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = url.parse().unwrap();
        let length = body.len().to_string().parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("content-length", length);
        headers.insert("content-type", "text/plain".parse().unwrap());
        if self.cloud == Cloud::Azure {
            headers.insert("x-ms-blob-type", "BlockBlob".parse().unwrap());
            let key = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
            let signer = AzureAuthorizer::new(&key, ACCOUNT);
            signer.try_authorize(&mut request).unwrap();
        }
        let answer = self.http.execute(request).await.unwrap();
        answer.status().is_success()
    }
}

fn encoded(key: &[u8], kept: &[u8]) -> String {
    let mut text = String::new();
    for byte in key {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) || kept.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Whether XML 1.0 can hold a text ("Extensible Markup Language (XML) 1.0", 2.2).
fn is_xml(text: &str) -> bool {
    let is_char = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().all(is_char)
}
