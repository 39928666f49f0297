//! The public contract.

use std::path::Path;
use std::sync::Arc;

use floe_ingest::contract::{LedgerBench, LedgerFactory, ledger_contract};
use floe_ingest::{EmbeddedLedger, Ledger};
use floe_notify::BoxFuture;
use tempfile::TempDir;

use crate::block_on;

struct Directories;

struct Directory(TempDir);

impl LedgerFactory for Directories {
    fn ledger(&self) -> BoxFuture<'_, Box<dyn LedgerBench>> {
        Box::pin(async {
            // Thousands of transactions; that they reach a disk is what other tests are about.
            let memory = Path::new("/dev/shm");
            let directory = if memory.is_dir() {
                tempfile::tempdir_in(memory)
            } else {
                tempfile::tempdir()
            };
            Box::new(Directory(directory.unwrap())) as Box<dyn LedgerBench>
        })
    }
}

impl LedgerBench for Directory {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Ledger>> {
        Box::pin(async {
            Arc::new(EmbeddedLedger::open(self.0.path()).unwrap()) as Arc<dyn Ledger>
        })
    }
}

#[test]
fn the_ledger_in_a_directory_keeps_the_contract() {
    block_on(ledger_contract(&Directories));
}
