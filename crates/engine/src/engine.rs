//! The engine: a data directory, a runtime, and everything between them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use floe_datafusion::ingest::{EmbeddedLedgers, Ledgers};
use floe_dns::SchemaHash;
use floe_function::{Client, ClientOptions, Function};
use floe_image::ImageStore;
use floe_rollout::Policy;
use floe_runtime::Runtime;
use floe_runtime::clock::{Clock, SystemClock};
use floe_spec::ParseOptions;
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast;

use crate::catalog::{Catalog, FunctionRecord, ServiceRecord};
use crate::deployment::Deployment;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::events::ServiceEvent;
use crate::fleet::{Fleet, GRACE, Parts};
use crate::lock::DirectoryLock;
use crate::session::Session;
use crate::streams::{LocalHost, OpenLedgers, StreamHost, Streams};
use crate::system::{Entropy, SystemEntropy};

/// A data directory that this process holds, and nobody else.
///
/// Take it before anything is started: what an earlier holder left behind may
/// only be cleaned up by the holder.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// let held = floe_engine::DataDir::hold(dir.path()).unwrap();
/// let error = floe_engine::DataDir::hold(dir.path()).unwrap_err();
/// assert_eq!(error.code(), "FLOE-ENGINE-0001");
/// assert!(error.to_string().contains(&std::process::id().to_string()));
/// # drop(held);
/// ```
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: DirectoryLock,
}

impl DataDir {
    /// Takes the directory, creating it when it is missing.
    ///
    /// # Errors
    ///
    /// [`EngineError::Held`] with the holder's pid, or [`EngineError::DataDir`].
    pub fn hold(path: &Path) -> Result<Self, EngineError> {
        let lock = DirectoryLock::take(path)?;
        let path = path.canonicalize().map_err(|source| EngineError::DataDir {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { path, _lock: lock })
    }

    /// Absolute path of the directory.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// assert!(floe_engine::DataDir::hold(dir.path()).unwrap().path().is_absolute());
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the image store lives.
    ///
    /// ```
    /// let images = floe_engine::DataDir::images(std::path::Path::new("/data"));
    /// assert_eq!(images, std::path::Path::new("/data/images"));
    /// ```
    #[must_use]
    pub fn images(path: &Path) -> PathBuf {
        path.join("images")
    }

    /// Where a runtime may keep its files and logs.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// let held = floe_engine::DataDir::hold(dir.path()).unwrap();
    /// assert!(held.runtime_state().ends_with("runtime"));
    /// ```
    #[must_use]
    pub fn runtime_state(&self) -> PathBuf {
        self.path.join("runtime")
    }

    /// A name for this directory that marks its processes: 16 hexadecimal digits.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// assert_eq!(floe_engine::DataDir::hold(dir.path()).unwrap().owner().len(), 16);
    /// ```
    #[must_use]
    pub fn owner(&self) -> String {
        let digest = Sha256::digest(self.path.as_os_str().as_encoded_bytes());
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// What an [`Engine`] needs besides its directory and runtime.
///
/// ```
/// let options = floe_engine::EngineOptions::default();
/// assert!(options.concurrency > 0);
/// ```
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The clock of all timestamps.
    pub clock: Arc<dyn Clock>,
    /// The source of identifiers and of the load balancer's choices.
    pub entropy: Arc<dyn Entropy>,
    /// Directory that relative paths of `read_files` start from.
    pub base_dir: PathBuf,
    /// Batches of one query that may be on their way at once.
    pub concurrency: usize,
    /// How careful upgrades are. The default is the original's: one instance at a time, nothing
    /// refused, no deadline. MIN_READY_INSTANCES is each service's own, and the grace is always
    /// 30 s.
    pub upgrades: Policy,
    /// What streams of files reach.
    pub streams: Arc<dyn StreamHost>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            base_dir: PathBuf::from("."),
            concurrency: 8,
            upgrades: Policy::default(),
            streams: Arc::new(LocalHost),
        }
    }
}

/// Executes statements of the service dialect against one data directory.
///
/// # Expected flow
///
/// 1. [`DataDir::hold`], then build a runtime in it, then [`Engine::open`].
/// 2. [`Engine::session`] and [`Session::execute`], as often as needed.
/// 3. [`Engine::shutdown`]; instances live no longer than their engine.
///
/// # Guarantees
///
/// What a statement changed is on disk before anything acts on it. Whoever
/// opens the directory next brings every service back to what was asked last.
///
/// # Caveats
///
/// Services are brought back by [`Engine::start`], or by the first statement
/// that needs one; a program that only reads the catalog starts none.
///
/// ```
/// use floe_engine::{DataDir, Engine, EngineOptions, Output};
/// use floe_runtime::sim::SimulatedRuntime;
/// # let dir = tempfile::tempdir().unwrap();
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let data = DataDir::hold(dir.path()).unwrap();
/// let runtime = std::sync::Arc::new(SimulatedRuntime::default());
/// let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
/// let script = "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_XS";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// let answer = engine.session().execute(&parsed[0]).await.unwrap();
/// let Output::Table(table) = answer.output else { unreachable!() };
/// assert_eq!(table.cell(0, "status"), Some("Compute pool P successfully created."));
/// engine.shutdown(std::time::Duration::from_secs(1)).await;
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What all sessions of an engine share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) images: Arc<ImageStore>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) options: EngineOptions,
    pub(crate) client: Client,
    pub(crate) streams: Arc<Streams>,
    /// The ledgers of streams, for whoever looks into them.
    pub(crate) ledgers: Arc<dyn Ledgers>,
    /// Serialises the statements that change services, so that a check and
    /// the change it allows are one step.
    pub(crate) changes: Mutex<()>,
    started: AtomicBool,
    /// Why services could not be brought back, in the order found.
    broken: Mutex<Vec<Diagnostic>>,
    /// The functions that were called last, by where their calls go: what they have learned of
    /// their services is for the queries after them.
    called: Mutex<HashMap<[String; 4], Function>>,
}

impl Engine {
    /// Opens the catalog and the image store of a directory. Starts nothing.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the catalog or the image store can not be opened.
    pub fn open(
        data: DataDir,
        runtime: Arc<dyn Runtime>,
        options: EngineOptions,
    ) -> Result<Self, Failure> {
        let images = ImageStore::open(DataDir::images(data.path()))
            .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
        let images = Arc::new(images);
        let catalog = Arc::new(Catalog::open(data, options.entropy.next_u64())?);
        // An earlier holder was killed in a DROP. Instances end with their
        // holder, so only the record is left.
        for record in catalog
            .services()
            .into_iter()
            .filter(|record| record.dropping)
        {
            catalog.delete_service(&record.name)?;
        }
        let fleet = Fleet::new(Parts {
            runtime,
            clock: Arc::clone(&options.clock),
            entropy: Arc::clone(&options.entropy),
            catalog: Arc::clone(&catalog),
            images: Arc::clone(&images),
            upgrades: Policy {
                grace: GRACE,
                ..options.upgrades.clone()
            },
        });
        let base = &options.base_dir;
        let streams = Arc::new(Streams::new(Arc::clone(&options.streams), base));
        let ledgers = OpenLedgers {
            streams: Arc::clone(&streams),
            otherwise: Arc::new(EmbeddedLedgers::new(base)),
        };
        let shared = Shared {
            streams,
            ledgers: Arc::new(ledgers),
            catalog,
            images,
            fleet,
            client: Client::new(ClientOptions::default()),
            options,
            changes: Mutex::new(()),
            started: AtomicBool::new(false),
            broken: Mutex::default(),
            called: Mutex::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Brings every service that should run back to life; finishes what an
    /// earlier holder was killed in. Answers what could not be brought back.
    ///
    /// Calling it again does nothing.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// assert!(engine.start().is_empty());
    /// # });
    /// ```
    #[must_use = "services that could not be brought back should be reported"]
    pub fn start(&self) -> Vec<Diagnostic> {
        self.shared.start();
        self.shared.take_broken()
    }

    /// A session in the default database and schema.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// let script = "SHOW SERVICES";
    /// let parsed = floe_sql::parse_script(script).unwrap();
    /// assert!(engine.session().execute(&parsed[0]).await.is_ok());
    /// # });
    /// ```
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(&self.shared))
    }

    /// What happens to services from now on. A listener that falls more than
    /// 1 024 events behind loses the oldest.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// assert!(engine.events().try_recv().is_err());
    /// # });
    /// ```
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<ServiceEvent> {
        self.shared.fleet.subscribe()
    }

    /// The image store of the data directory.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// assert!(engine.images().list().unwrap().is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn images(&self) -> &ImageStore {
        &self.shared.images
    }

    /// Stops the streams of files that statements of this engine run, and those that would begin
    /// later: each brings to its end what it has in hand, and its statement answers. Returns how
    /// many there were.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// assert_eq!(engine.stop_streams(), 0);
    /// # });
    /// ```
    pub fn stop_streams(&self) -> usize {
        self.shared.streams.stop()
    }

    /// Stops every instance: SIGTERM, up to `grace` (30 s at most), SIGKILL. The
    /// catalog keeps what was asked for, so the next engine brings services back.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::{Runtime, sim::SimulatedRuntime};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// let engine = Engine::open(data, runtime.clone(), EngineOptions::default()).unwrap();
    /// engine.shutdown(std::time::Duration::ZERO).await;
    /// assert!(runtime.observe().await.is_empty());
    /// # });
    /// ```
    pub async fn shutdown(&self, grace: Duration) {
        self.shared.fleet.shutdown(grace.min(GRACE)).await;
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn now_ms(&self) -> u64 {
        self.options.clock.now().as_millis()
    }

    /// The function with what queries before have learned of its service.
    pub(crate) fn with_what_was_learned(
        &self,
        record: &FunctionRecord,
        function: Function,
    ) -> Function {
        /// Beyond so many, what was learned is forgotten: catalogs are smaller.
        const MOST: usize = 4096;
        let [service, endpoint, path] = [&record.service, &record.endpoint, &record.path];
        let key = [
            record.key(),
            service.clone(),
            endpoint.clone(),
            path.clone(),
        ];
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        if called.len() >= MOST {
            called.clear();
        }
        match called.get(&key) {
            Some(before) => function.learning_from(before),
            None => {
                called.insert(key, function.clone());
                function
            }
        }
    }

    pub(crate) fn schema_hash(&self) -> SchemaHash {
        SchemaHash::derive(self.catalog.schema_incarnation())
    }

    /// Brings services to life, once.
    pub(crate) fn start(&self) {
        if self.started.swap(true, Ordering::SeqCst) {
            return;
        }
        let services = self.catalog.services().into_iter();
        for record in services.filter(|record| !record.dropping) {
            let loaded = load(&record).map(|deployment| self.fleet.adopt(&record, deployment));
            if let Err(failure) = loaded {
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                broken.extend(failure.diagnostics);
            }
        }
    }

    pub(crate) fn take_broken(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.broken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The newest revision of a service, from its record.
pub(crate) fn load(record: &ServiceRecord) -> Result<Deployment, Failure> {
    let parsed = floe_spec::parse(&record.revision.text, &ParseOptions::default());
    match parsed.spec {
        Some(spec) => Ok(Deployment {
            service: record.name.clone(),
            spec,
            record: record.revision.clone(),
        }),
        // An older version accepted it and this one does not.
        None => Err(Failure {
            diagnostics: parsed
                .findings
                .iter()
                .map(|finding| {
                    let message = format!("service {}: {}", record.name, finding.message);
                    Diagnostic::error(finding.code.to_string(), message)
                })
                .collect(),
        }),
    }
}
