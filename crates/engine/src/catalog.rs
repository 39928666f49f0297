//! The catalog: pools, services and functions, durable in one embedded store.
//!
//! Every change is one transaction that is on disk before anything acts on it,
//! so a process that is killed at any point leaves a catalog from which the
//! next one goes on.

mod records;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use records::{
    ArgRecord, FunctionRecord, PinRecord, PoolRecord, RevisionRecord, ServiceRecord,
    function_signature,
};

use crate::engine::DataDir;
use crate::error::EngineError;

type Bytes = TableDefinition<'static, &'static str, &'static [u8]>;

const META: TableDefinition<'static, &'static str, u64> = TableDefinition::new("meta");
const POOLS: Bytes = TableDefinition::new("pools");
const SERVICES: Bytes = TableDefinition::new("services");
const FUNCTIONS: Bytes = TableDefinition::new("functions");

/// Layout of the records; a newer one is refused rather than misread.
const FORMAT: u64 = 1;

/// The one database and schema of this version.
pub(crate) const DATABASE: &str = "FLOE";
/// See [`DATABASE`].
pub(crate) const SCHEMA: &str = "PUBLIC";

/// Durable catalog with a copy of everything in memory.
#[derive(Debug)]
pub(crate) struct Catalog {
    database: Database,
    /// Held while something is written: changes come one after the other, and whoever reads does
    /// not wait for the disk.
    writing: Mutex<()>,
    state: Mutex<State>,
    schema_incarnation: u64,
    // Last, so that the directory is let go when the file is closed, and not before.
    _data: DataDir,
}

#[derive(Debug, Clone, Default)]
struct State {
    next_uid: u64,
    pools: BTreeMap<String, PoolRecord>,
    services: BTreeMap<String, ServiceRecord>,
    functions: BTreeMap<String, FunctionRecord>,
}

impl Catalog {
    /// Opens or creates the catalog file of a directory. `incarnation` becomes
    /// the identity of the schema when the catalog is new.
    pub(crate) fn open(data: DataDir, incarnation: u64) -> Result<Self, EngineError> {
        let path = &data.path().join("catalog.redb");
        let database = Database::create(path).map_err(|error| corrupt(path, &error))?;
        let (state, schema_incarnation) = load(&database, path, incarnation)?;
        Ok(Self {
            database,
            writing: Mutex::new(()),
            state: Mutex::new(state),
            schema_incarnation,
            _data: data,
        })
    }

    pub(crate) fn schema_incarnation(&self) -> u64 {
        self.schema_incarnation
    }

    pub(crate) fn pools(&self) -> Vec<PoolRecord> {
        self.lock().pools.values().cloned().collect()
    }

    pub(crate) fn pool(&self, name: &str) -> Option<PoolRecord> {
        self.lock().pools.get(name).cloned()
    }

    pub(crate) fn services(&self) -> Vec<ServiceRecord> {
        self.lock().services.values().cloned().collect()
    }

    pub(crate) fn service(&self, name: &str) -> Option<ServiceRecord> {
        self.lock().services.get(name).cloned()
    }

    pub(crate) fn functions(&self) -> Vec<FunctionRecord> {
        self.lock().functions.values().cloned().collect()
    }

    /// A number that no service of this directory ever had.
    pub(crate) fn new_uid(&self) -> Result<u64, EngineError> {
        let _writing = self.writing();
        let uid = self.lock().next_uid + 1;
        self.write(|transaction| {
            transaction.open_table(META)?.insert("next_uid", uid)?;
            Ok(())
        })?;
        self.lock().next_uid = uid;
        Ok(uid)
    }

    pub(crate) fn put_pool(&self, record: PoolRecord) -> Result<(), EngineError> {
        let _writing = self.writing();
        self.put(POOLS, &record.name, &record)?;
        self.lock().pools.insert(record.name.clone(), record);
        Ok(())
    }

    pub(crate) fn delete_pool(&self, name: &str) -> Result<(), EngineError> {
        let _writing = self.writing();
        self.delete(POOLS, name)?;
        self.lock().pools.remove(name);
        Ok(())
    }

    pub(crate) fn put_service(&self, record: ServiceRecord) -> Result<(), EngineError> {
        let _writing = self.writing();
        self.put(SERVICES, &record.name, &record)?;
        self.lock().services.insert(record.name.clone(), record);
        Ok(())
    }

    /// Changes a service that exists, in one transaction.
    ///
    /// Answers `None` when there is no such service (any more).
    pub(crate) fn update_service(
        &self,
        name: &str,
        change: impl FnOnce(&mut ServiceRecord),
    ) -> Result<Option<ServiceRecord>, EngineError> {
        let _writing = self.writing();
        let Some(mut record) = self.service(name) else {
            return Ok(None);
        };
        change(&mut record);
        self.put(SERVICES, name, &record)?;
        let kept = record.clone();
        self.lock().services.insert(name.to_owned(), kept);
        Ok(Some(record))
    }

    pub(crate) fn delete_service(&self, name: &str) -> Result<(), EngineError> {
        let _writing = self.writing();
        self.delete(SERVICES, name)?;
        self.lock().services.remove(name);
        Ok(())
    }

    pub(crate) fn put_function(&self, record: FunctionRecord) -> Result<(), EngineError> {
        let _writing = self.writing();
        let key = record.key();
        self.put(FUNCTIONS, &key, &record)?;
        self.lock().functions.insert(key, record);
        Ok(())
    }

    pub(crate) fn delete_function(&self, key: &str) -> Result<(), EngineError> {
        let _writing = self.writing();
        self.delete(FUNCTIONS, key)?;
        self.lock().functions.remove(key);
        Ok(())
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Changes are written before the copy in memory is touched, so the copy
        // is whole even when a panic poisoned the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put<T: Serialize>(&self, table: Bytes, key: &str, record: &T) -> Result<(), EngineError> {
        let bytes = serde_json::to_vec(record).map_err(|error| EngineError::Catalog {
            message: error.to_string(),
        })?;
        self.write(|transaction| {
            transaction
                .open_table(table)?
                .insert(key, bytes.as_slice())?;
            Ok(())
        })
    }

    fn delete(&self, table: Bytes, key: &str) -> Result<(), EngineError> {
        self.write(|transaction| {
            transaction.open_table(table)?.remove(key)?;
            Ok(())
        })
    }

    fn write(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), EngineError> {
        let run = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        };
        run().map_err(|error| EngineError::Catalog {
            message: error.to_string(),
        })
    }
}

fn load(database: &Database, path: &Path, incarnation: u64) -> Result<(State, u64), EngineError> {
    let run = || -> Result<(State, u64, u64), redb::Error> {
        let transaction = database.begin_write()?;
        let (format, incarnation, next_uid) = {
            let mut meta = transaction.open_table(META)?;
            let format = value_or(&mut meta, "format", FORMAT)?;
            let incarnation = value_or(&mut meta, "schema_incarnation", incarnation)?;
            let next_uid = value_or(&mut meta, "next_uid", 0)?;
            for table in [POOLS, SERVICES, FUNCTIONS] {
                transaction.open_table(table)?;
            }
            (format, incarnation, next_uid)
        };
        transaction.commit()?;
        Ok((
            State {
                next_uid,
                ..State::default()
            },
            incarnation,
            format,
        ))
    };
    let (mut state, incarnation, format) = run().map_err(|error| corrupt(path, &error))?;
    if format > FORMAT {
        return Err(EngineError::CatalogFormat {
            path: path.to_owned(),
            found: format,
        });
    }
    state.pools = read_table(database, POOLS, path)?;
    state.services = read_table(database, SERVICES, path)?;
    state.functions = read_table(database, FUNCTIONS, path)?;
    Ok((state, incarnation))
}

fn value_or(
    meta: &mut redb::Table<'_, &'static str, u64>,
    key: &'static str,
    default: u64,
) -> Result<u64, redb::Error> {
    let found = meta.get(key)?.map(|value| value.value());
    if let Some(value) = found {
        return Ok(value);
    }
    meta.insert(key, default)?;
    Ok(default)
}

fn read_table<T: DeserializeOwned>(
    database: &Database,
    table: Bytes,
    path: &Path,
) -> Result<BTreeMap<String, T>, EngineError> {
    let run = || -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
        let transaction = database.begin_read()?;
        let table = transaction.open_table(table)?;
        let mut rows = Vec::new();
        for entry in table.iter()? {
            let (key, value) = entry?;
            rows.push((key.value().to_owned(), value.value().to_vec()));
        }
        Ok(rows)
    };
    let rows = run().map_err(|error| corrupt(path, &error))?;
    rows.into_iter()
        .map(|(key, bytes)| {
            let record = serde_json::from_slice(&bytes).map_err(|error| corrupt(path, &error))?;
            Ok((key, record))
        })
        .collect()
}

fn corrupt(path: &Path, error: &dyn std::error::Error) -> EngineError {
    EngineError::CatalogUnreadable {
        path: path.to_owned(),
        message: error.to_string(),
    }
}
