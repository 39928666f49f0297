//! A store that fails before and after it did what it was asked, does it late, and lists what was.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use floe_notify::clock::{Clock, ManualClock};
use futures::stream::{BoxStream, StreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::super::format::Head;
use super::Dice;

/// The future of a method of [`ObjectStore`].
type Pinned<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

#[derive(Debug)]
pub(super) struct Faulty {
    inner: Arc<InMemory>,
    clock: Arc<ManualClock>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    dice: Dice,
    /// In how many of a hundred requests something is wrong.
    percent: u64,
    late: Vec<(Path, PutPayload, PutOptions)>,
    last_list: Vec<ObjectMeta>,
    /// The content of every object that ever was.
    objects: BTreeMap<Path, Bytes>,
    /// Every head, in the order in which they took one another's place.
    heads: Vec<Head>,
    faults: u64,
    refusal: Refusal,
}

/// What the store does with conditions, and with requests as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Proper,
    /// It creates over what is there.
    IgnoresCreate,
    /// It changes whatever is there.
    IgnoresUpdate,
    /// It has no way to change what is there under a condition, as a directory has none.
    KnowsNoUpdate,
    /// It allows nothing.
    Denies,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Good,
    Before,
    After,
    Late,
}

impl Faulty {
    pub(super) fn new(seed: u64, clock: &Arc<ManualClock>) -> Self {
        Self {
            inner: Arc::default(),
            clock: Arc::clone(clock),
            shared: Arc::new(Mutex::new(Shared {
                dice: Dice(seed),
                percent: 0,
                late: Vec::new(),
                last_list: Vec::new(),
                objects: BTreeMap::new(),
                heads: Vec::new(),
                faults: 0,
                refusal: Refusal::Proper,
            })),
        }
    }

    /// In how many of a hundred requests something is wrong from now on. What is late comes now.
    pub(super) async fn set(&self, percent: u64) {
        self.shared.lock().unwrap().percent = percent;
        while self.deliver(true).await {}
    }

    pub(super) fn refuse(&self, refusal: Refusal) {
        self.shared.lock().unwrap().refusal = refusal;
    }

    pub(super) fn faults(&self) -> u64 {
        self.shared.lock().unwrap().faults
    }

    pub(super) fn heads(&self) -> Vec<Head> {
        self.shared.lock().unwrap().heads.clone()
    }

    /// The position of the head that is there now.
    pub(super) fn position(&self) -> u64 {
        let shared = self.shared.lock().unwrap();
        shared.heads.last().map_or(0, |head| head.position)
    }

    /// What an object held when it was written, also when it is deleted by now.
    pub(super) fn object(&self, path: &Path) -> Bytes {
        self.shared.lock().unwrap().objects[path].clone()
    }

    fn fate(&self) -> (Fate, Duration) {
        let mut shared = self.shared.lock().unwrap();
        let delay = Duration::from_millis(shared.dice.below(15));
        let fate = if shared.dice.below(100) >= shared.percent {
            Fate::Good
        } else {
            shared.faults += 1;
            match shared.dice.below(3) {
                0 => Fate::Before,
                1 => Fate::After,
                _ => Fate::Late,
            }
        };
        (fate, delay)
    }

    /// Does one of the writes that are late.
    async fn deliver(&self, now: bool) -> bool {
        let late = {
            let mut shared = self.shared.lock().unwrap();
            let count = shared.late.len() as u64;
            let comes = count > 0 && (now || shared.dice.below(3) == 0);
            let place = shared.dice.below(count) as usize;
            comes.then(|| shared.late.swap_remove(place))
        };
        match late {
            Some((path, payload, options)) => {
                drop(self.write(&path, payload, options).await);
                true
            }
            None => false,
        }
    }

    async fn write(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let bytes = Bytes::from(payload.clone());
        let refusal = self.shared.lock().unwrap().refusal;
        let mode = match (refusal, options.mode) {
            (Refusal::IgnoresCreate, PutMode::Create)
            | (Refusal::IgnoresUpdate, PutMode::Update(_)) => PutMode::Overwrite,
            (Refusal::KnowsNoUpdate, PutMode::Update(_)) => return Err(missing()),
            (Refusal::Denies, _) => return Err(denied(path)),
            (_, mode) => mode,
        };
        let options = PutOptions::from(mode);
        let written = self.inner.put_opts(path, payload, options).await?;
        let mut shared = self.shared.lock().unwrap();
        if path.filename() == Some("head") {
            shared.heads.push(Head::decode("head", &bytes).unwrap());
        }
        let is_probe = path.as_ref().contains("probe");
        let before = shared.objects.insert(path.clone(), bytes);
        let is_new = before.is_none() || is_probe || path.filename() == Some("head");
        assert!(is_new, "{path} was written twice");
        Ok(written)
    }
}

fn broken() -> Error {
    Error::Generic {
        store: "Faulty",
        source: "the connection is broken".into(),
    }
}

fn denied(path: &Path) -> Error {
    Error::PermissionDenied {
        path: path.to_string(),
        source: "no policy allows it".into(),
    }
}

fn missing() -> Error {
    Error::NotImplemented {
        operation: "this".to_owned(),
        implementer: "Faulty".to_owned(),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl ObjectStore for Faulty {
    fn put_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Pinned<'c, PutResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            let (fate, delay) = self.fate();
            self.clock.sleep(delay).await;
            self.deliver(false).await;
            match fate {
                Fate::Good => {
                    let written = self.write(location, payload, options).await;
                    self.clock.sleep(delay).await;
                    written
                }
                Fate::Before => Err(broken()),
                Fate::After => {
                    drop(self.write(location, payload, options).await);
                    self.clock.sleep(delay).await;
                    Err(broken())
                }
                Fate::Late => {
                    let late = (location.clone(), payload, options);
                    self.shared.lock().unwrap().late.push(late);
                    Err(broken())
                }
            }
        })
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        _location: &'b Path,
        _options: PutMultipartOptions,
    ) -> Pinned<'c, Box<dyn MultipartUpload>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(std::future::ready(Err(missing())))
    }

    fn get_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        options: GetOptions,
    ) -> Pinned<'c, GetResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            let (fate, delay) = self.fate();
            self.clock.sleep(delay).await;
            self.deliver(false).await;
            let found = self.inner.get_opts(location, options).await;
            self.clock.sleep(delay).await;
            if fate == Fate::Good {
                found
            } else {
                Err(broken())
            }
        })
    }

    fn get_ranges<'a, 'b, 'c, 'd>(
        &'a self,
        _location: &'b Path,
        _ranges: &'c [Range<u64>],
    ) -> Pinned<'d, Vec<Bytes>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(std::future::ready(Err(missing())))
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        if self.fate().0 == Fate::Good {
            return self.inner.delete_stream(locations);
        }
        locations.map(|_| Err(broken())).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (fate, _) = self.fate();
        let listed = self.inner.list(prefix);
        let shared = Arc::clone(&self.shared);
        let front = prefix.cloned().unwrap_or_default();
        let listed = async move {
            let now: Vec<Result<ObjectMeta>> = listed.collect().await;
            let now: Vec<ObjectMeta> = now.into_iter().map(Result::unwrap).collect();
            let mut shared = shared.lock().unwrap();
            let before = std::mem::replace(&mut shared.last_list, now.clone());
            match fate {
                Fate::Good => now.into_iter().map(Ok).collect(),
                Fate::Late => {
                    let known = before.into_iter();
                    let known = known.filter(|meta| meta.location.prefix_matches(&front));
                    known.map(Ok).collect::<Vec<_>>()
                }
                Fate::Before | Fate::After => vec![Err(broken())],
            }
        };
        futures::stream::once(listed)
            .flat_map(futures::stream::iter)
            .boxed()
    }

    fn list_with_delimiter<'a, 'b, 'c>(
        &'a self,
        _prefix: Option<&'b Path>,
    ) -> Pinned<'c, ListResult>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(std::future::ready(Err(missing())))
    }

    fn copy_opts<'a, 'b, 'c, 'd>(
        &'a self,
        _from: &'b Path,
        _to: &'c Path,
        _options: CopyOptions,
    ) -> Pinned<'d, ()>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(std::future::ready(Err(missing())))
    }
}
