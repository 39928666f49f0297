//! What has to be true, written down once.

use std::collections::BTreeMap;

use super::store::Store;
use crate::{Batch, FileId};

/// The sink, which is idempotent by the batch, and what the oracle knows of it.
#[derive(Debug, Default)]
pub(super) struct Sink {
    batches: BTreeMap<u64, Vec<FileId>>,
    /// How often each content arrived.
    arrived: BTreeMap<(usize, u32), u32>,
    /// Deliveries of batches that were there already.
    pub(super) repeated: u64,
}

impl Sink {
    /// Commits a batch under its id; the second time nothing happens.
    ///
    /// # Errors
    ///
    /// When a batch is another one than before, or a content arrives twice.
    pub(super) fn commit(&mut self, batch: &Batch, store: &Store) -> Result<(), String> {
        let files: Vec<_> = batch.files.iter().map(|file| file.id.clone()).collect();
        if let Some(before) = self.batches.get(&batch.id.0) {
            self.repeated += 1;
            if *before != files {
                return Err(format!(
                    "batch {} was {before:?} and is {files:?}",
                    batch.id
                ));
            }
            return Ok(());
        }
        for id in &files {
            let Some(content) = store.read(id) else {
                continue;
            };
            let times = self.arrived.entry(content).or_default();
            *times += 1;
            if *times > 1 {
                return Err(format!(
                    "{id} was committed twice, the second time in {}",
                    batch.id
                ));
            }
        }
        self.batches.insert(batch.id.0, files);
        Ok(())
    }

    /// A path that was written again may come again once its first write is forgotten.
    pub(super) fn excuse(&mut self, object: usize) {
        self.arrived.remove(&(object, 0));
    }

    /// The ledger has forgotten everything, so that contents may come again.
    pub(super) fn start_over(&mut self) {
        self.arrived.clear();
    }

    pub(super) fn has(&self, object: usize, version: u32) -> bool {
        self.arrived.contains_key(&(object, version))
    }

    pub(super) fn len(&self) -> usize {
        self.arrived.len()
    }
}

/// Everything that is owed has arrived, and nothing that is not wanted.
///
/// # Errors
///
/// What is missing, or too much.
pub(super) fn complete(
    store: &Store,
    sink: &Sink,
    everything: bool,
    old_too: bool,
) -> Result<(), String> {
    for (number, object) in store
        .objects
        .iter()
        .enumerate()
        .filter(|(_, one)| one.version > 0)
    {
        let version = if store.with_versions {
            object.version
        } else {
            0
        };
        let has = sink.has(number, version);
        let is_old = object.is_old && !old_too;
        if has && (!object.is_wanted || (is_old && !object.is_free)) {
            return Err(format!("{} is not wanted and was committed", object.key));
        }
        let is_due = object.is_owed || (everything && !is_old && !object.is_free);
        if object.is_wanted && is_due && !has {
            return Err(format!("{} was never committed", object.key));
        }
    }
    Ok(())
}
