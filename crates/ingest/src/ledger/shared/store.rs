//! The store under a shared ledger: its objects, its conditions, and how often it is asked again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_notify::clock::Clock;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    PutResult, UpdateVersion,
};

use super::error::SharedError;
use super::format::{Head, Named, Unique};

/// How often a request that failed is sent in all; the client of a cloud repeats it by itself, too.
const TRIES: u32 = 4;

/// The first pause after a failure or a lost race; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Most bytes of a head: a thousand times what it has when all goes well.
const MAX_HEAD_BYTES: u64 = 64 << 20;

/// The objects under one prefix.
#[derive(Debug)]
pub(super) struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    pub(super) clock: Arc<dyn Clock>,
    /// The number of this handle; 0 before it has one.
    pub(super) handle: u64,
    /// The last number that this handle gave.
    last: u64,
}

/// A version of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag(pub(super) UpdateVersion);

/// What became of a write with a condition.
#[derive(Debug)]
pub(super) enum Written {
    /// It is done.
    Done(Tag),
    /// Something else is there; or this, if a client of the store repeated what had succeeded.
    Refused,
    /// It may be done, or be done later.
    Unknown(SharedError),
}

/// What the head is now.
#[derive(Debug)]
pub(super) enum Seen {
    Same,
    New(Head, Tag),
    None,
}

impl Store {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            prefix,
            clock,
            handle: 0,
            last: 0,
        }
    }

    /// What the ledger is called in messages.
    pub(super) fn name(&self) -> String {
        format!("the ledger under '{}' in {}", self.prefix, self.store)
    }

    pub(super) fn store_name(&self) -> String {
        self.store.to_string()
    }

    /// A name that nobody else gives.
    pub(super) const fn unique(&mut self) -> Unique {
        self.last += 1;
        Unique {
            handle: self.handle,
            number: self.last,
        }
    }

    /// Waits after a failure or a lost race: longer each time, and not as long as the others.
    pub(super) async fn pause(&self, attempt: u32) {
        let whole = FIRST_PAUSE
            .saturating_mul(1 << attempt.min(10))
            .min(LAST_PAUSE);
        let seed = self.handle.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ self.last ^ u64::from(attempt);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let part = (mixed ^ (mixed >> 27)) % 1_000;
        let part = whole.saturating_mul(u32::try_from(part).unwrap_or_default()) / 2_000;
        self.clock.sleep(whole / 2 + part).await;
    }

    pub(super) fn head_path(&self) -> Path {
        self.prefix.clone().join("head")
    }

    pub(super) fn about_path(&self) -> Path {
        self.prefix.clone().join("about.txt")
    }

    pub(super) fn probe_path(&self) -> Path {
        self.prefix.clone().join(format!("probe-{}", self.handle))
    }

    /// Where segments or images are.
    pub(super) fn folder(&self, folder: &'static str) -> Path {
        self.prefix.clone().join(folder)
    }

    /// Where a segment or an image is.
    pub(super) fn path(&self, folder: &'static str, named: &Named) -> Path {
        let Unique { handle, number } = named.id;
        let name = format!("{:020}-{handle}-{number}", named.position);
        self.folder(folder).join(name)
    }

    /// Reads the head, unless it is still what is known.
    pub(super) async fn head(&self, known: Option<&Tag>) -> Result<Seen, SharedError> {
        let path = self.head_path();
        let found = match self.get(&path, known, MAX_HEAD_BYTES).await? {
            Got::Same => return Ok(Seen::Same),
            Got::None => return Ok(Seen::None),
            Got::Bytes(bytes, tag) => (bytes, tag),
        };
        if known == Some(&found.1) {
            return Ok(Seen::Same);
        }
        let head = Head::decode(path.as_ref(), &found.0)?;
        Ok(Seen::New(head, found.1))
    }

    /// Writes the head in the place of the one that is known, or the first.
    pub(super) async fn put_head(&self, bytes: Bytes, known: Option<&Tag>) -> Written {
        let mode = match known {
            None => PutMode::Create,
            Some(tag) => PutMode::Update(tag.0.clone()),
        };
        match self.put(&self.head_path(), bytes, mode).await {
            Ok(result) => Written::Done(tag_of(result)),
            Err(
                Error::Precondition { .. }
                | Error::AlreadyExists { .. }
                | Error::NotFound { .. }
                | Error::NotModified { .. },
            ) => Written::Refused,
            Err(error) => Written::Unknown(SharedError::store(self.head_path().as_ref(), error)),
        }
    }

    /// Writes an object that never changes; `None` when there is one of this name already.
    pub(super) async fn create(
        &self,
        path: &Path,
        bytes: Bytes,
    ) -> Result<Option<()>, SharedError> {
        let mut attempt = 0;
        loop {
            match self.put(path, bytes.clone(), PutMode::Create).await {
                Ok(_) => return Ok(Some(())),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => return Ok(None),
                Err(error) => self.again(path, error, &mut attempt).await?,
            }
        }
    }

    /// Reads an object that never changes; `None` when it is not there.
    pub(super) async fn read(&self, path: &Path, most: u64) -> Result<Option<Bytes>, SharedError> {
        match self.get(path, None, most).await? {
            Got::Bytes(bytes, _) => Ok(Some(bytes)),
            Got::None | Got::Same => Ok(None),
        }
    }

    pub(super) async fn put(
        &self,
        path: &Path,
        bytes: Bytes,
        mode: PutMode,
    ) -> object_store::Result<PutResult> {
        let payload = PutPayload::from_bytes(bytes);
        self.store
            .put_opts(path, payload, PutOptions::from(mode))
            .await
    }

    pub(super) async fn delete(&self, path: &Path) -> Result<(), SharedError> {
        match self.store.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(SharedError::store(path.as_ref(), error)),
        }
    }

    /// The paths of all objects under a folder, or under the whole prefix.
    pub(super) async fn list(
        &self,
        folder: Option<&'static str>,
    ) -> Result<Vec<Path>, SharedError> {
        let path = match folder {
            Some(folder) => self.folder(folder),
            None => self.prefix.clone(),
        };
        let listed = self.store.list(Some(&path)).map_ok(|meta| meta.location);
        let paths = listed.try_collect().await;
        paths.map_err(|error| SharedError::store(path.as_ref(), error))
    }

    async fn get(&self, path: &Path, known: Option<&Tag>, most: u64) -> Result<Got, SharedError> {
        let known = known.and_then(|tag| tag.0.e_tag.clone());
        let mut attempt = 0;
        loop {
            let options = GetOptions::new().with_if_none_match(known.clone());
            let error = match self.store.get_opts(path, options).await {
                Ok(found) if found.meta.size > most => {
                    let what = format!("it has {} bytes, and {most} are the most", found.meta.size);
                    let object = path.to_string();
                    return Err(SharedError::Damaged { object, what });
                }
                Ok(found) => {
                    let tag = Tag(UpdateVersion {
                        e_tag: found.meta.e_tag.clone(),
                        version: found.meta.version.clone(),
                    });
                    match found.bytes().await {
                        Ok(bytes) => return Ok(Got::Bytes(bytes, tag)),
                        Err(error) => error,
                    }
                }
                Err(Error::NotModified { .. }) => return Ok(Got::Same),
                Err(Error::NotFound { .. }) => return Ok(Got::None),
                // Some stores say so instead of "not modified".
                Err(Error::Precondition { .. }) if known.is_some() => return Ok(Got::Same),
                Err(error) => error,
            };
            self.again(path, error, &mut attempt).await?;
        }
    }

    /// Waits before the same request is sent again, or says what stopped it.
    async fn again(&self, path: &Path, error: Error, attempt: &mut u32) -> Result<(), SharedError> {
        let error = SharedError::store(path.as_ref(), error);
        *attempt += 1;
        if *attempt >= TRIES || !error.is_transient() {
            return Err(error);
        }
        self.pause(*attempt).await;
        Ok(())
    }
}

enum Got {
    Same,
    None,
    Bytes(Bytes, Tag),
}

pub(super) fn tag_of(result: PutResult) -> Tag {
    Tag(UpdateVersion {
        e_tag: result.e_tag,
        version: result.version,
    })
}
