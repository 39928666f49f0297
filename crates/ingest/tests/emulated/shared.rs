//! The ledger of many machines in the stores of clouds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use floe_ingest::contract::{LedgerBench, LedgerFactory, ledger_contract};
use floe_ingest::{
    Discovery, FileId, Founding, Ledger, Role, SharedError, SharedLedger, Sighting, VersionRule,
};
use floe_notify::clock::{Clock, Timestamp};
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, StreamId};
use floe_peers::eventgrid::{ACCOUNT, EventGrid, KEY};
use floe_peers::{Server, Upstream, peer};
use hyper::Request;
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;

use crate::door;

/// The name of every bucket and container here; each ledger has a prefix of its own. It has no
/// character that clients write in several ways.
const BUCKET: &str = "sharedledgers";

/// The clock of the runtime: a shared ledger asks its clock for pauses and for nothing else.
#[derive(Debug)]
struct Pauses;

impl Clock for Pauses {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

const fn now() -> Timestamp {
    Timestamp::from_millis(1_735_689_600_000)
}

/// A prefix that no other ledger has.
fn prefix() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("{}/{number}", std::process::id())
}

async fn open(store: &Arc<dyn ObjectStore>, prefix: &str) -> Result<SharedLedger, SharedError> {
    SharedLedger::open(Arc::clone(store), prefix, Arc::new(Pauses)).await
}

async fn ask(url: &str, request: Request<Bytes>) {
    let answer = Upstream::new(url).send(request).await;
    let status = answer.status().as_u16();
    assert!(
        [200, 201, 409].contains(&status),
        "{status} {:?}",
        answer.body()
    );
}

async fn azurite() -> Option<Arc<dyn ObjectStore>> {
    let blobs = peer("Azurite", "FLOE_AZURITE_BLOB_URL")?;
    let queues = peer("Azurite", "FLOE_AZURITE_QUEUE_URL")?;
    let grid = EventGrid::start(&blobs, &queues, Arc::new(|| now().as_millis()))
        .await
        .unwrap();
    let container = format!("/{ACCOUNT}/{BUCKET}?restype=container");
    let answer = grid
        .ask_blobs(Request::put(container).body(Bytes::new()).unwrap())
        .await;
    assert!([201, 409].contains(&answer.status().as_u16()), "{answer:?}");
    let store = MicrosoftAzureBuilder::new()
        .with_account(ACCOUNT)
        .with_access_key(KEY)
        .with_container_name(BUCKET)
        .with_endpoint(format!("{}/{ACCOUNT}", blobs.trim_end_matches('/')))
        .with_allow_http(true)
        .build();
    Some(Arc::new(store.unwrap()))
}

async fn fake_gcs() -> Option<(Arc<dyn ObjectStore>, Server)> {
    let url = peer("fake-gcs-server", "FLOE_FAKE_GCS_URL")?;
    let body = format!("{{\"name\": \"{BUCKET}\"}}");
    let request = Request::post("/storage/v1/b?project=floe-test");
    let request = request.header("content-type", "application/json");
    ask(&url, request.body(body.into()).unwrap()).await;
    let door = door::open(&url).await;
    let url = door.url();
    // An account that asks nobody for tokens.
    let account = format!(
        "{{\"gcs_base_url\": \"{url}\", \"disable_oauth\": true, \"client_email\": \"\", \
         \"private_key\": \"\", \"private_key_id\": \"\"}}"
    );
    let store = GoogleCloudStorageBuilder::new()
        .with_bucket_name(BUCKET)
        .with_service_account_key(account)
        .with_client_options(object_store::ClientOptions::new().with_allow_http(true))
        .build();
    Some((Arc::new(store.unwrap()), door))
}

async fn s3(name: &str, variable: &str) -> Option<Arc<dyn ObjectStore>> {
    let url = peer(name, variable)?;
    ask(
        &url,
        Request::put(format!("/{BUCKET}"))
            .body(Bytes::new())
            .unwrap(),
    )
    .await;
    let store = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(&url)
        .with_region("us-east-1")
        .with_access_key_id("test")
        .with_secret_access_key("test")
        .with_allow_http(true)
        .build();
    Some(Arc::new(store.unwrap()))
}

struct Prefixes(Arc<dyn ObjectStore>);

struct Prefix(Arc<dyn ObjectStore>, String);

impl LedgerFactory for Prefixes {
    fn ledger(&self) -> BoxFuture<'_, Box<dyn LedgerBench>> {
        let prefix = Prefix(Arc::clone(&self.0), prefix());
        Box::pin(std::future::ready(Box::new(prefix) as Box<dyn LedgerBench>))
    }
}

impl LedgerBench for Prefix {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Ledger>> {
        Box::pin(async { Arc::new(open(&self.0, &self.1).await.unwrap()) as Arc<dyn Ledger> })
    }
}

fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: BTreeMap::new(),
        defaults: BTreeMap::new(),
    }
}

fn file(name: &str) -> Discovery {
    Discovery {
        id: FileId::new(format!("/in/{name}").as_bytes(), None).unwrap(),
        size: 1,
        created: now(),
        sighting: Sighting::Event,
    }
}

/// One machine: finds files that others find, too, and takes batches until there are none.
async fn machine(ledger: SharedLedger, number: u64) -> Vec<(u64, Vec<u64>)> {
    let role = Role::new(format!("consumer-{number}")).unwrap();
    let claim = ledger.join(&role, now()).await.unwrap();
    for round in 0..10 {
        let files: Vec<_> = (0..7)
            .map(|n| file(&format!("{}-{round}-{n}", number / 2)))
            .collect();
        ledger.record(&claim, &files, None, now()).await.unwrap();
    }
    let bounds = BatchBounds {
        max_files: 5,
        max_bytes: None,
    };
    let mut batches = Vec::new();
    let lease = Duration::from_secs(60);
    while let Some(batch) = ledger
        .next_batch(&claim, bounds, lease, now())
        .await
        .unwrap()
    {
        ledger.commit(&claim, batch.id, now()).await.unwrap();
        batches.push((
            batch.id.0,
            batch.files.iter().map(|file| file.seq.0).collect(),
        ));
    }
    batches
}

/// Machines that race for batches: each batch is formed once, and each file is in one.
async fn race(store: &Arc<dyn ObjectStore>) {
    let prefix = prefix();
    let first = open(store, &prefix).await.unwrap();
    assert!(first.found(&founding(), now()).await.unwrap().created);
    let mut machines = Vec::new();
    for number in 0..4 {
        let ledger = open(store, &prefix).await.unwrap();
        machines.push(tokio::spawn(machine(ledger, number)));
    }
    let mut batches = BTreeMap::new();
    for machine in machines {
        for (id, files) in machine.await.unwrap() {
            assert!(
                batches.insert(id, files).is_none(),
                "batch {id} was formed twice"
            );
        }
    }
    assert!(batches.keys().copied().eq(1..=batches.len() as u64));
    assert!(
        batches.into_values().flatten().eq(1..=140),
        "the log, in its order"
    );
    let metrics = first.metrics().await.unwrap();
    assert_eq!((metrics.files_known, metrics.files_outstanding), (140, 0));
}

fn run(check: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(check);
}

async fn keeps_the_contract(store: Option<Arc<dyn ObjectStore>>) {
    if let Some(store) = store {
        ledger_contract(&Prefixes(store)).await;
    }
}

async fn forms_no_batch_twice(store: Option<Arc<dyn ObjectStore>>) {
    if let Some(store) = store {
        race(&store).await;
    }
}

#[test]
fn a_ledger_in_azure_keeps_the_contract() {
    run(async { keeps_the_contract(azurite().await).await });
}

#[test]
fn a_ledger_in_cloud_storage_keeps_the_contract() {
    run(async {
        let (store, _door) = fake_gcs().await.unzip();
        keeps_the_contract(store).await;
    });
}

#[test]
fn a_ledger_in_s3_keeps_the_contract() {
    run(async { keeps_the_contract(s3("ministack", "FLOE_MINISTACK_URL").await).await });
}

#[test]
fn machines_that_race_in_azure_form_no_batch_twice() {
    run(async { forms_no_batch_twice(azurite().await).await });
}

#[test]
fn machines_that_race_in_cloud_storage_form_no_batch_twice() {
    run(async {
        let (store, _door) = fake_gcs().await.unzip();
        forms_no_batch_twice(store).await;
    });
}

#[test]
fn machines_that_race_in_s3_form_no_batch_twice() {
    run(async { forms_no_batch_twice(s3("ministack", "FLOE_MINISTACK_URL").await).await });
}

#[test]
fn machines_that_race_in_moto_form_no_batch_twice() {
    run(async { forms_no_batch_twice(s3("moto", "FLOE_MOTO_URL").await).await });
}
