//! Stores of the clouds as sources of files.

use std::sync::Arc;

use floe_ingest::contract::source::{SourceBench, SourceFactory, source_contract};
use floe_ingest::object_store::ObjectStoreExt as _;
use floe_ingest::{FileSource, StoreSource, VersionRule, open_store};
use floe_notify::BoxFuture;
use floe_notify::clock::ManualClock;

use crate::peer::{Cloud, Peer};

struct Stores {
    cloud: Cloud,
    url: String,
}

struct Bench {
    peer: Peer,
    source: Arc<StoreSource>,
}

impl Bench {
    async fn new(cloud: Cloud, url: &str) -> Self {
        let peer = Peer::new(cloud, url).await;
        let clock = Arc::new(ManualClock::default());
        let source = StoreSource::open(&peer.location(), &peer.options(), clock);
        Self {
            source: Arc::new(source.unwrap()),
            peer,
        }
    }
}

impl SourceFactory for Stores {
    fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>> {
        Box::pin(async {
            Box::new(Bench::new(self.cloud, &self.url).await) as Box<dyn SourceBench>
        })
    }
}

impl SourceBench for Bench {
    fn source(&self) -> Arc<dyn FileSource> {
        self.source.clone()
    }

    fn prefix(&self) -> Vec<u8> {
        b"in/".to_vec()
    }

    fn put<'a>(&'a self, key: &'a [u8], content: &'a [u8]) -> BoxFuture<'a, bool> {
        Box::pin(self.peer.put(key, content))
    }

    /// fake-gcs-server writes and copies nothing the way that S3 does, as `object_store` asks.
    fn can_rename(&self) -> bool {
        self.peer.cloud() != Cloud::Gcp
    }
}

async fn passes_the_contract(cloud: Cloud) {
    let Some(url) = cloud.url() else { return };
    source_contract(&Stores { cloud, url }).await;
}

#[tokio::test]
async fn s3_passes_the_contract_of_sources() {
    passes_the_contract(Cloud::Aws).await;
}

#[tokio::test]
async fn azure_passes_the_contract_of_sources() {
    passes_the_contract(Cloud::Azure).await;
}

#[tokio::test]
async fn cloud_storage_passes_the_contract_of_sources() {
    passes_the_contract(Cloud::Gcp).await;
}

#[tokio::test]
async fn directory_markers_and_spaces_are_no_other_files() {
    for cloud in [Cloud::Aws, Cloud::Azure, Cloud::Gcp] {
        let Some(url) = cloud.url() else { continue };
        let bench = Bench::new(cloud, &url).await;
        // Not every emulator has all of these keys; what it has is listed as it is.
        let mut put = Vec::new();
        for key in ["day=1/", "day=1/a", "/top", "tail "] {
            if bench.peer.put(key.as_bytes(), b"x").await {
                put.push(key.as_bytes().to_vec());
            }
        }
        put.sort_unstable();
        let page = bench.source.list(b"", None, 10).await.unwrap();
        let keys: Vec<_> = page.objects.into_iter().map(|object| object.key).collect();
        assert_eq!(keys, put, "{cloud:?}");
    }
}

#[tokio::test]
async fn a_listing_of_cloud_storage_tells_the_generation_or_nothing() {
    let Some(url) = Cloud::Gcp.url() else { return };
    let bench = Bench::new(Cloud::Gcp, &url).await;
    assert!(bench.peer.put(b"in/a", b"1").await);
    let listed = bench.source.list(b"in/", None, 10).await.unwrap();
    let head = bench.source.head(b"in/a").await.unwrap().unwrap();
    let token = |object: &floe_ingest::Object| {
        let token = VersionRule::Generation.token(&object.tags());
        token.map(std::borrow::Cow::into_owned)
    };
    let asked = token(&head);
    assert!(asked.is_some(), "a head tells the generation: {head:?}");
    println!(
        "a listing tells {:?}, a head {asked:?}",
        token(&listed.objects[0])
    );
    assert!([None, asked].contains(&token(&listed.objects[0])));
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_a_missing_container_is_no_empty_one() {
    let Some(url) = Cloud::Azure.url() else {
        return;
    };
    let peer = Peer::new(Cloud::Azure, &url).await;
    let clock = Arc::new(ManualClock::default());
    let wrong = peer.options_with("aGVsbG8=");
    let source = StoreSource::open(&peer.location(), &wrong, clock.clone()).unwrap();
    let error = source.list(b"", None, 10).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0031", "{error}");
    let elsewhere = peer.location().to_string().replace("floe", "none");
    let elsewhere = floe_notify::Location::parse(&elsewhere).unwrap();
    let source = StoreSource::open(&elsewhere, &peer.options(), clock).unwrap();
    let error = source.list(b"", None, 10).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_store_that_is_opened_by_itself_is_the_same() {
    for cloud in [Cloud::Aws, Cloud::Azure, Cloud::Gcp] {
        let Some(url) = cloud.url() else { continue };
        let bench = Bench::new(cloud, &url).await;
        let store = open_store(&bench.peer.location(), &bench.peer.options()).unwrap();
        assert!(bench.peer.put(b"in/a", b"abc").await);
        let read = store.get(&"in/a".into()).await.unwrap();
        assert_eq!(read.bytes().await.unwrap(), "abc", "{cloud:?}");
        // Listings that others ask for are those of the store itself.
        let listed = store.list_with_delimiter(Some(&"in".into())).await.unwrap();
        assert_eq!(listed.objects[0].location.as_ref(), "in/a", "{cloud:?}");
    }
}
