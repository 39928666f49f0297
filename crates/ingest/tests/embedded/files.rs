//! What lies in the directory instead of a ledger, or beside it.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use floe_ingest::{EmbeddedError, EmbeddedLedger, Ledger};

use crate::{block_on, join, open, record};

#[test]
fn one_handle_has_a_directory_at_a_time_and_the_refusal_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let error = EmbeddedLedger::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0020");
    let text = error.to_string();
    assert!(text.contains(directory.path().to_str().unwrap()), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    let clone = ledger.clone();
    drop(ledger);
    assert!(
        EmbeddedLedger::open(directory.path()).is_err(),
        "a clone still has it"
    );
    drop(clone);
    open(directory.path());
}

#[test]
fn what_is_no_directory_cannot_hold_a_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("not-mounted");
    let error = EmbeddedLedger::open(&missing).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0021");
    assert!(
        !missing.exists(),
        "a missing mount is not taken for a first start"
    );
    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    assert_eq!(
        EmbeddedLedger::open(&file).unwrap_err().code(),
        "FLOE-INGEST-0021"
    );
    let path = directory.path().join(EmbeddedLedger::FILE);
    fs::create_dir(&path).unwrap();
    let error = EmbeddedLedger::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0021");
    assert!(error.to_string().contains(path.to_str().unwrap()));
}

#[test]
fn a_directory_without_permission_is_told_as_the_system_tells_it() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let path = directory.path().join(EmbeddedLedger::FILE);
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    // Who may do everything is not stopped by permissions.
    let is_stopped = fs::File::open(&path).is_err();
    match EmbeddedLedger::open(directory.path()) {
        Err(EmbeddedError::Io { path, .. }) if is_stopped => {
            assert!(path.starts_with(directory.path()));
        }
        opened => assert!(!is_stopped && opened.is_ok(), "{opened:?}"),
    }
}

#[test]
fn a_foreign_or_an_empty_file_is_never_an_empty_ledger() {
    for (text, code) in [
        ("id,name\n1,a\n", "FLOE-INGEST-0022"),
        ("", "FLOE-INGEST-0023"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(EmbeddedLedger::FILE);
        fs::write(&path, text).unwrap();
        let error = EmbeddedLedger::open(directory.path()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is left alone");
    }
}

#[test]
fn a_store_of_another_program_or_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(EmbeddedLedger::FILE);
    drop(redb::Database::create(&path).unwrap());
    let error = EmbeddedLedger::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0022", "{error}");

    let database = redb::Database::create(&path).unwrap();
    let meta = redb::TableDefinition::<&str, &[u8]>::new("meta");
    let write = database.begin_write().unwrap();
    let newer: &[u8] = &[3];
    write
        .open_table(meta)
        .unwrap()
        .insert("format", newer)
        .unwrap();
    write.commit().unwrap();
    drop(database);
    let error = EmbeddedLedger::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0024", "{error}");
}

#[test]
fn a_ledger_that_was_never_finished_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ledger.redb.new"), "half of a led").unwrap();
    let ledger = open(directory.path());
    assert!(block_on(ledger.metrics()).is_ok());
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["ledger.lock", EmbeddedLedger::FILE]);
}

#[test]
fn a_file_that_is_cut_off_or_overwritten_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let claim = join(&ledger, "one");
    let names: Vec<_> = (0..5_000).map(|number| format!("{number}.csv")).collect();
    record(&ledger, &claim, &names);
    drop(ledger);
    let path = directory.path().join(EmbeddedLedger::FILE);
    let whole = fs::read(&path).unwrap();
    for cut in [4, 2, 1] {
        fs::write(&path, &whole[..whole.len() - whole.len() / cut / 2]).unwrap();
        let error = EmbeddedLedger::open(directory.path()).unwrap_err();
        assert_eq!(error.code(), "FLOE-INGEST-0023", "{error}");
    }
    fs::write(&path, &whole).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    // Some of them are in pages that are in use.
    let names = whole
        .windows(4)
        .zip(0..)
        .filter(|(bytes, _)| *bytes == b"/in/");
    for (_, at) in names {
        file.write_all_at(b"/on/", at).unwrap();
    }
    let error = EmbeddedLedger::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0023", "{error}");
    fs::write(&path, &whole).unwrap();
    let ledger = open(directory.path());
    assert_eq!(block_on(ledger.metrics()).unwrap().files_known, 5_000);
}

#[test]
fn compacting_gives_room_back() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let claim = join(&ledger, "one");
    for page in 0..20 {
        // Spread over all names, so that blocks are left half full.
        let names = (0..1_000).map(|n| format!("{:09}", n * 7_919 % 1_000 * 20 + page));
        record(&ledger, &claim, &names.collect::<Vec<_>>());
    }
    let path = directory.path().join(EmbeddedLedger::FILE);
    let before = fs::metadata(&path).unwrap().len();
    let rows = block_on(ledger.rows(None, 10_000)).unwrap();
    block_on(ledger.compact()).unwrap();
    let after = fs::metadata(&path).unwrap().len();
    assert!(after < before * 3 / 4, "{before} bytes became {after}");
    assert_eq!(block_on(ledger.rows(None, 10_000)).unwrap(), rows);
    drop(ledger);
    assert_eq!(
        block_on(open(directory.path()).metrics())
            .unwrap()
            .files_known,
        20_000
    );
}
