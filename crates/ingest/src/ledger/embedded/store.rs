//! The store of a ledger: opened, closed after a fault, opened again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Builder, Database, ReadableDatabase as _};

use super::disk::{Disk, Watched};
use super::error::EmbeddedError;
use super::fault::Fault;
use super::known;
use super::lock::Lock;
use super::txn::{FORMAT, KNOWN, META, Txn, write_format};
use super::view::View;
use crate::LedgerError;

/// Version of the records of a ledger in which nothing was ever archived.
pub(super) const OLDEST: u64 = 1;

/// Version of the records of all others; a newer one is refused rather than misread. A ledger gets
/// it with the first file that is archived, so that until then older programs read it, too.
pub(super) const NEWEST: u64 = 2;

/// Bytes of the file that are kept in memory.
const CACHE: usize = 64 << 20;

/// Blocks that are packed anew in one transaction: about 8 MB.
const PACKED_AT_ONCE: usize = 2_048;

/// Most rounds of giving pages back; each halves what is left, and more.
const MAX_ROUNDS: usize = 64;

/// One step of a transaction that several callers share.
pub(super) trait Step: Send {
    /// Does it, and keeps the answer for later. An error stops the whole transaction.
    fn run(&mut self, txn: &mut Txn<'_>) -> Result<(), Fault>;
}

/// One look at a state that several callers share.
pub(super) trait Look: Send {
    /// Takes it, and keeps the answer for later. An error stops all of the looks.
    fn run(&mut self, view: &View) -> Result<(), Fault>;
}

#[derive(Debug)]
pub(super) struct Store {
    disk: Box<dyn Disk>,
    /// None after a fault, until somebody needs it again.
    slot: RwLock<Option<Database>>,
    unconfirmed: Arc<AtomicBool>,
    /// Let go last.
    _lock: Option<Lock>,
}

impl Store {
    /// Opens what is there.
    pub(super) fn open(disk: Box<dyn Disk>, lock: Option<Lock>) -> Result<Self, EmbeddedError> {
        let store = Self {
            disk,
            slot: RwLock::new(None),
            unconfirmed: Arc::default(),
            _lock: lock,
        };
        let database = store.load()?;
        *store.slot.write().unwrap_or_else(PoisonError::into_inner) = Some(database);
        Ok(store)
    }

    /// Makes an empty ledger on an empty disk.
    pub(super) fn create(disk: &dyn Disk) -> Result<(), EmbeddedError> {
        let unconfirmed = Arc::default();
        let inner = disk
            .open()
            .map_err(|error| EmbeddedError::io(disk.path(), error))?;
        let made = guard(|| {
            let database = Builder::new().create_with_backend(Watched { inner, unconfirmed })?;
            let write = database.begin_write()?;
            let mut txn = Txn::begin(&write)?;
            write_format(&mut txn.meta, OLDEST)?;
            txn.end()?;
            write.commit()?;
            database.close()?;
            Ok(())
        });
        made.map_err(|fault| word(disk, fault))
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Does the steps in one transaction, which is durable afterwards.
    pub(super) fn write(&self, steps: &mut [&mut dyn Step]) -> Result<(), LedgerError> {
        self.with(|database| {
            let write = database.begin_write()?;
            let mut txn = Txn::begin(&write)?;
            for step in steps {
                step.run(&mut txn)?;
            }
            if txn.end()? {
                write.commit()?;
            } else {
                write.abort()?;
            }
            Ok(())
        })
    }

    /// Does the steps on one state.
    pub(super) fn read(&self, steps: &mut [&mut dyn Look]) -> Result<(), LedgerError> {
        self.with(|database| {
            let view = View::begin(database.begin_read()?)?;
            for step in steps {
                step.run(&view)?;
            }
            Ok(())
        })
    }

    /// Packs blocks densely and gives pages back.
    pub(super) fn compact(&self) -> Result<(), LedgerError> {
        self.with(|database| View::begin(database.begin_read()?)?.metrics())?;
        let mut from = Some(Vec::new());
        while let Some(key) = from {
            from = self.with(|database| {
                let write = database.begin_write()?;
                let mut table = write.open_table(KNOWN)?;
                let next = known::repack(&mut table, &key, PACKED_AT_ONCE)?;
                drop(table);
                write.commit()?;
                Ok(next)
            })?;
        }
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = slot.as_mut() else {
            return Ok(());
        };
        let compacted = guard(|| {
            for _ in 0..MAX_ROUNDS {
                if !database.compact()? {
                    break;
                }
            }
            Ok(())
        });
        drop(slot);
        compacted.map_err(|fault| self.fail(fault))
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, LedgerError> {
        if self.unconfirmed.load(Ordering::SeqCst) {
            return Err(LedgerError::driver(self.unconfirmed()));
        }
        self.reload()?;
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        let done = match &*slot {
            Some(database) => guard(|| work(database)),
            // Another thread met a fault just now.
            None => Err(Fault::Store(Box::new(redb::Error::PreviousIo))),
        };
        drop(slot);
        done.map_err(|fault| self.fail(fault))
    }

    fn reload(&self) -> Result<(), LedgerError> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Ok(());
        }
        drop(slot);
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(self.load().map_err(LedgerError::driver)?);
        }
        Ok(())
    }

    /// Says what happened. After all but a refusal the store is closed, because it trusts nothing
    /// that it has in memory any more.
    fn fail(&self, fault: Fault) -> LedgerError {
        if let Fault::Refused(error) = fault {
            return error;
        }
        let database = self
            .slot
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // What it fails to do while it is closed it does when it is opened again.
        drop(catch_unwind(AssertUnwindSafe(|| drop(database))));
        if self.unconfirmed.load(Ordering::SeqCst) {
            return LedgerError::driver(self.unconfirmed());
        }
        LedgerError::driver(word(self.disk(), fault))
    }

    fn unconfirmed(&self) -> EmbeddedError {
        EmbeddedError::Unconfirmed {
            path: self.disk.path().to_owned(),
        }
    }

    fn load(&self) -> Result<Database, EmbeddedError> {
        let path = self.disk.path();
        let failed = |error| EmbeddedError::io(path, error);
        let inner = self.disk.open().map_err(failed)?;
        if inner.len().map_err(failed)? == 0 {
            // The store would make a new database of it.
            return Err(EmbeddedError::Damaged {
                path: path.to_owned(),
                what: "the file is empty".to_owned(),
            });
        }
        let unconfirmed = Arc::clone(&self.unconfirmed);
        let opened = guard(|| {
            let mut builder = Builder::new();
            builder.set_cache_size(CACHE);
            builder.set_check_integrity_on_open(true);
            let database = builder.create_with_backend(Watched { inner, unconfirmed })?;
            let format = format(&database)?;
            Ok((database, format))
        });
        match opened {
            Ok((database, OLDEST..=NEWEST)) => Ok(database),
            Ok((_, found)) if found > NEWEST => Err(EmbeddedError::NewerFormat {
                path: path.to_owned(),
                found,
                known: NEWEST,
            }),
            Ok(_) => Err(EmbeddedError::NotALedger {
                path: path.to_owned(),
                reason: "another program made it".to_owned(),
            }),
            Err(_) if self.unconfirmed.load(Ordering::SeqCst) => Err(self.unconfirmed()),
            Err(fault) => Err(word(self.disk(), fault)),
        }
    }
}

/// The format of the records; 0 when there is none.
fn format(database: &Database) -> Result<u64, Fault> {
    let read = database.begin_read()?;
    let meta = match read.open_table(META) {
        Ok(meta) => meta,
        Err(redb::TableError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(0),
    };
    let found = meta.get(FORMAT)?;
    let Some(found) = found else { return Ok(0) };
    super::code::Reader(found.value()).number()
}

/// Turns a panic of the store, which expects its own bytes, into a fault.
fn guard<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What was half done lives in the store, which is closed and opened again.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Fault::Panicked(text.unwrap_or_default()))
    })
}

fn word(disk: &dyn Disk, fault: Fault) -> EmbeddedError {
    let what = match fault {
        Fault::Store(error) => return EmbeddedError::store(disk.path(), *error),
        Fault::Damaged(what) => what.to_owned(),
        Fault::Panicked(text) => format!("the store gave up: {text}"),
        Fault::Refused(error) => error.to_string(),
    };
    EmbeddedError::Damaged {
        path: disk.path().to_owned(),
        what,
    }
}
