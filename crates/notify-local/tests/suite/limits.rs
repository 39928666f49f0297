//! Disks that are full, and users without rights.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use floe_notify::{
    DriverError, EventQueue, Message, QueueError, ResourceError, ResourceManager, StreamId,
};
use floe_notify_local::{
    LocalError, LocalQueue, LocalResourceManager, QueueOptions, SystemClock, WatchOptions, Watcher,
};

use crate::common::{ASKED, asked, block_on, open, receipts, receive, send, size, texts};

/// Not a test of its own: what the children of the next two do.
#[test]
fn a_process_of_its_own_fills_what_room_there_is() {
    let Some(folder) = asked() else { return };
    let queue = open(&folder);
    let body = "x".repeat(10_000);
    let mut sent = 0;
    let error = loop {
        assert!(sent < 1_000, "there is room for ever");
        match block_on(queue.send(&SystemClock, vec![Message::new(body.clone())])) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "FLOE-LOCAL-0003", "{error}");
    assert!(error.is_retryable());
    assert_eq!(size(&queue), sent, "what failed is not there");
    let there = receive(&queue);
    assert_eq!(
        there.len() as u64,
        sent,
        "all that was sent can be received"
    );
    // An acknowledgement takes a few bytes. Either there is room for it, or it says so.
    let results = block_on(queue.acknowledge(&receipts(&there)));
    for result in &results {
        if let Err(error) = result {
            assert!(matches!(error, QueueError::Driver { .. }), "{error}");
            assert_eq!(error.code(), "FLOE-LOCAL-0003");
        }
    }
    let left = if results[0].is_ok() { 0 } else { sent };
    assert_eq!(size(&queue), left, "all or none");
    drop(queue);
    // What is read again is the same.
    let queue = open(&folder);
    assert_eq!((size(&queue), queue.recovery().is_damaged()), (left, false));
    fs::write(folder.join("passed"), sent.to_string()).unwrap();
}

/// Runs the test above by a shell that takes some room away first.
fn run_in_less_room(shell: &[&str], folder: &Path, script: &str) {
    let test = "limits::a_process_of_its_own_fills_what_room_there_is";
    let script = format!("{script} && exec \"$0\" --exact {test} --nocapture");
    let (program, arguments) = shell.split_first().unwrap();
    let output = Command::new(program)
        .args(arguments)
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(ASKED, folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{errors}"
    );
}

#[test]
fn a_file_that_may_not_grow_is_told_of_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // 64 blocks are 32 KiB in some shells and 64 KiB in others. The signal would end the process.
    run_in_less_room(&["sh"], folder.path(), "trap '' XFSZ && ulimit -f 64");
    let sent = fs::read_to_string(folder.path().join("passed")).unwrap();
    assert!(
        ["3", "6"].contains(&sent.as_str()),
        "{sent} messages of 10 kB"
    );
}

#[test]
fn a_full_disk_is_told_of_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Only who may mount has a disk of its own size at hand.
    let mount = Command::new("unshare").args(["-m", "true"]).status();
    if !mount.is_ok_and(|status| status.success()) {
        return;
    }
    let queue = folder.path().join("queue");
    let script = format!(
        "mount -t tmpfs -o size=256k tmpfs '{}' && mkdir '{}'",
        folder.path().display(),
        queue.display()
    );
    run_in_less_room(&["unshare", "-m", "sh"], &queue, &script);
}

/// Not a test of its own: what the child of the next one does.
#[test]
fn a_process_of_its_own_has_no_rights() {
    let Some(folder) = asked() else { return };
    let error = LocalQueue::open(&folder.join("queue"), QueueOptions::default()).unwrap_err();
    assert!(error.is_permission(), "{error}");
    assert!(matches!(error, LocalError::Io { .. }) && !error.is_retryable());

    let manager = LocalResourceManager::new(&folder).with_path(Path::new("/usr"));
    let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    let set_up = manager.set_up_notification_services(&SystemClock, &stream, "orders");
    let error = block_on(set_up).unwrap_err();
    assert!(matches!(error, ResourceError::Denied { .. }), "{error}");
    assert_eq!(error.code(), "FLOE-NOTIFY-0067");
    let closed = LocalResourceManager::new(&folder.join("closed"));
    let error = block_on(closed.list_notification_services(&SystemClock)).unwrap_err();
    assert!(matches!(error, ResourceError::Denied { .. }), "{error}");
}

#[test]
fn a_user_without_rights_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mode) in [("queue", 0o755), ("closed", 0o700)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path().join(name), mode).unwrap();
    }
    send(&open(&folder.path().join("queue")), "root's");
    let lock = folder.path().join("queue/lock");
    fs::set_permissions(lock, fs::Permissions::from_mode(0o600)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    } else {
        // The owner's own rights are taken away.
        for name in ["queue", "closed"] {
            let none = fs::Permissions::from_mode(0o000);
            fs::set_permissions(folder.path().join(name), none).unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    }
    let mut command = Command::new(&program);
    command
        .args([
            "limits::a_process_of_its_own_has_no_rights",
            "--exact",
            "--nocapture",
        ])
        .env(ASKED, folder.path())
        .current_dir("/");
    if rustix::process::geteuid().is_root() {
        // 65534 is `nobody` everywhere; a number needs no entry in the user database.
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    for path in [
        folder.path().to_owned(),
        folder.path().join("queue"),
        folder.path().join("closed"),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{errors}"
    );
    assert_eq!(
        texts(&receive(&open(&folder.path().join("queue")))),
        ["root's"]
    );
}

/// Not a test of its own: what the child of the next one does.
#[test]
fn a_process_of_its_own_may_not_read_everything() {
    let Some(folder) = asked() else { return };
    let queue = folder.join("queue");
    fs::create_dir(&queue).unwrap();
    let (queue, landing) = (open(&queue), folder.join("landing"));
    let options = WatchOptions::default();
    let watcher = Watcher::start(&queue, &landing, Arc::new(SystemClock), options).unwrap();
    let problem = watcher.problem().unwrap();
    assert!(problem.is_permission(), "{problem}");
    assert!(problem.to_string().contains("lost+found"), "{problem}");
    fs::write(landing.join("a"), "x").unwrap();
    let mut landed = false;
    while !landed {
        let received = block_on(queue.receive(&SystemClock, 9, Duration::from_secs(60))).unwrap();
        assert!(!received.is_empty(), "the rest is watched");
        landed = texts(&received)
            .iter()
            .any(|text| text.contains("/landing/a"));
    }
    let closed = Watcher::start(
        &queue,
        &landing.join("lost+found"),
        Arc::new(SystemClock),
        options,
    );
    assert!(closed.unwrap_err().is_permission());
}

#[test]
fn a_directory_that_may_not_be_read_keeps_nobody_from_watching_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let landing = folder.path().join("landing");
    let closed = landing.join("lost+found");
    fs::create_dir_all(&closed).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command
        .args([
            "limits::a_process_of_its_own_may_not_read_everything",
            "--exact",
            "--nocapture",
        ])
        .env(ASKED, folder.path())
        .current_dir("/");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if rustix::process::geteuid().is_root() {
        // 65534 is `nobody` everywhere; a number needs no entry in the user database.
        command.uid(65_534).gid(65_534);
        for path in [folder.path(), &landing] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
    }
    let output = command.output().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{errors}"
    );
}

#[test]
fn an_impossible_message_is_refused_and_the_others_of_its_batch_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let large = Message::new("").with_attribute("a", "x".repeat(1 << 20));
    let sent = block_on(queue.send(&SystemClock, vec![Message::new("a"), large]));
    assert_eq!(sent.unwrap_err().code(), "FLOE-LOCAL-0005");
    let largest = Message::new(vec![0; floe_notify_local::MAX_MESSAGE_BYTES]);
    block_on(queue.send(&SystemClock, vec![largest.clone()])).unwrap();
    let there = block_on(queue.receive(&SystemClock, 9, Duration::ZERO)).unwrap();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].message(), &largest);
}
