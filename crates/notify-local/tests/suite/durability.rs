//! What is confirmed stays, whatever happens to processes and files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use floe_notify::{DriverError, EventQueue, Message, QueueError};
use floe_notify_local::{
    LocalError, LocalEvent, LocalQueue, QueueOptions, Recovery, RescanReason, SystemClock,
};

use crate::common::{
    Lines, acknowledge, asked, block_on, child, open, receive, say, send, size, text, texts,
};

#[test]
fn after_a_restart_all_is_visible_and_counts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    for body in ["done", "held", "new"] {
        send(&queue, body);
    }
    let taken = block_on(queue.receive(&SystemClock, 2, Duration::ZERO)).unwrap();
    acknowledge(&queue, &taken[..1]);
    drop(queue);

    let queue = open(folder.path());
    assert_eq!(queue.recovery().messages, 2);
    let again = receive(&queue);
    assert_eq!(texts(&again), ["held", "new"]);
    let counts: Vec<_> = again.iter().map(|one| one.receive_count()).collect();
    assert_eq!(counts, [Some(2), Some(1)]);
    assert_eq!(again[0].id(), taken[1].id(), "the name of a message stays");
    assert_eq!(again[0].sent(), taken[1].sent());
}

#[test]
fn names_of_messages_are_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut known = BTreeSet::new();
    for round in 0..5 {
        let queue = open(folder.path());
        send(&queue, &round.to_string());
        let taken = receive(&queue);
        acknowledge(&queue, &taken);
        assert!(known.insert(taken[0].id().clone()), "round {round}");
    }
}

/// Not a test of its own: what the killed process of the next one does.
#[test]
fn a_process_of_its_own_works_until_it_is_killed() {
    let Some(folder) = asked() else { return };
    let queue = open(&folder);
    let start = size(&queue);
    for number in 0..100_000 {
        let body = format!("{} {start} {number}", std::process::id());
        send(&queue, &body);
        say(&format!("sent {body}"));
        if number % 3 == 0 {
            let taken = block_on(queue.receive(&SystemClock, 4, Duration::ZERO)).unwrap();
            for one in &taken {
                let count = one.receive_count().unwrap();
                say(&format!("got {count} {}", text(one)));
            }
            acknowledge(&queue, &taken[..taken.len() / 2]);
            for one in &taken[..taken.len() / 2] {
                say(&format!("done {}", text(one)));
            }
        }
    }
}

/// What one process after the other has said.
#[derive(Default)]
struct Said {
    sent: BTreeSet<String>,
    done: BTreeSet<String>,
    counts: BTreeMap<String, u32>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let (what, rest) = line.split_once(' ').unwrap();
        match what {
            "sent" => drop(self.sent.insert(rest.to_owned())),
            "done" => drop(self.done.insert(rest.to_owned())),
            _ => {
                let (count, body) = rest.split_once(' ').unwrap();
                let count: u32 = count.parse().unwrap();
                let known = self.counts.entry(body.to_owned()).or_default();
                *known = count.max(*known);
            }
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_was_told_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    for round in 0..8 {
        let name = "durability::a_process_of_its_own_works_until_it_is_killed";
        let mut process = child(name, folder.path()).spawn().unwrap();
        let mut lines = Lines::of(&mut process);
        for line in lines.by_ref().take(30 + 17 * round) {
            said.hear(&line);
        }
        process.kill().unwrap();
        process.wait().unwrap();
        // What it had said before it died.
        lines.for_each(|line| said.hear(&line));

        let queue = open(folder.path());
        assert!(!queue.recovery().is_damaged(), "round {round}");
        let there: BTreeMap<String, u32> = receive(&queue)
            .iter()
            .map(|one| (text(one), one.receive_count().unwrap()))
            .collect();
        let revived: Vec<_> = said
            .done
            .iter()
            .filter(|b| there.contains_key(*b))
            .collect();
        assert!(revived.is_empty(), "round {round}: {revived:?} come again");
        // One batch may be acknowledged without having been said so.
        let missing: Vec<_> = said
            .sent
            .iter()
            .filter(|body| !there.contains_key(*body) && !said.done.contains(*body))
            .collect();
        assert!(missing.len() <= 2, "round {round}: {missing:?} are lost");
        for body in missing.into_iter().cloned().collect::<Vec<_>>() {
            assert!(said.counts.contains_key(&body), "{body} was in its hands");
            said.done.insert(body);
        }
        for (body, count) in &there {
            let known = said.counts.get(body).copied().unwrap_or_default();
            assert!(
                *count > known,
                "round {round}: {body} counts {count} after {known}"
            );
            said.counts.insert(body.clone(), *count);
        }
    }
    assert!(said.done.len() > 20, "there was something to lose");
}

/// Not a test of its own: what the other process of the next one does.
#[test]
fn a_process_of_its_own_has_a_queue() {
    let Some(folder) = asked() else { return };
    let queue = open(&folder);
    send(&queue, "from the other process");
    say("open");
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_queue_has_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let name = "durability::a_process_of_its_own_has_a_queue";
    let mut process = child(name, folder.path()).spawn().unwrap();
    assert_eq!(Lines::of(&mut process).next().as_deref(), Some("open"));
    let error = LocalQueue::open(folder.path(), QueueOptions::default()).unwrap_err();
    let LocalError::Held { pid, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*pid, Some(process.id()));
    assert!(error.is_retryable());
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(
        texts(&receive(&open(folder.path()))),
        ["from the other process"]
    );
}

#[test]
fn consumers_come_and_go_on_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                for number in 0..25 {
                    send(&open(folder), &format!("{thread} {number}"));
                }
            });
        }
    });
    let all: BTreeSet<String> = texts(&receive(&open(folder.path()))).into_iter().collect();
    assert_eq!(all.len(), 100);
}

#[test]
fn many_senders_share_the_disk_and_all_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let queue = &queue;
            scope.spawn(move || {
                for number in 0..50 {
                    send(queue, &format!("{thread} {number}"));
                }
            });
        }
    });
    assert_eq!(size(&queue), 400);
}

#[test]
fn a_queue_that_is_deleted_while_it_is_open_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue");
    fs::create_dir(&path).unwrap();
    let queue = open(&path);
    send(&queue, "a");
    fs::remove_dir_all(&path).unwrap();
    let sent = block_on(queue.send(&SystemClock, vec![Message::new("b")]));
    assert_eq!(sent.unwrap_err().code(), "FLOE-LOCAL-0011");
    let received = block_on(queue.receive(&SystemClock, 1, Duration::ZERO));
    assert!(matches!(received, Err(QueueError::NoSuchQueue { .. })));
    // The same path may become a queue again.
    drop(queue);
    fs::create_dir(&path).unwrap();
    assert_eq!(size(&open(&path)), 0);
}

/// A queue whose log has messages, receives and acknowledgements in it, and its only segment.
fn some_queue(folder: &Path) -> (PathBuf, Vec<u8>) {
    let queue = open(folder);
    for body in ["a", "b", "c", "d"] {
        send(&queue, body);
    }
    let taken = block_on(queue.receive(&SystemClock, 2, Duration::ZERO)).unwrap();
    acknowledge(&queue, &taken[..1]);
    send(&queue, "e");
    drop(queue);
    let segment = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let segment = segment
        .into_iter()
        .find(|path| path.extension() == Some("log".as_ref()));
    let segment = segment.unwrap();
    let bytes = fs::read(&segment).unwrap();
    (segment, bytes)
}

#[test]
fn a_log_that_ends_anywhere_is_read_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let (segment, bytes) = some_queue(folder.path());
    let mut most = 0;
    for end in 0..bytes.len() {
        fs::write(&segment, &bytes[..end]).unwrap();
        let queue = open(folder.path());
        let recovery = queue.recovery();
        assert!(!recovery.is_damaged(), "cut at {end}: {recovery:?}");
        let there = texts(&receive(&queue));
        let expected: Vec<&str> = match there.len() {
            5 => panic!("cut at {end}: an acknowledged message is there with all others"),
            4 if !there.contains(&"e".to_owned()) => vec!["a", "b", "c", "d"],
            count if there.first().is_some_and(|first| first == "b") => {
                vec!["b", "c", "d", "e"][..count].to_vec()
            }
            count => vec!["a", "b", "c", "d"][..count].to_vec(),
        };
        assert_eq!(there, expected, "cut at {end}");
        most = most.max(there.len());
        // What is written behind the cut is read again.
        send(&queue, "behind");
        drop(queue);
        let queue = open(folder.path());
        assert_eq!(queue.recovery().torn_bytes, 0, "cut at {end}: it is mended");
        assert!(
            texts(&receive(&queue)).contains(&"behind".to_owned()),
            "cut at {end}"
        );
        drop(queue);
        for entry in fs::read_dir(folder.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    assert_eq!(most, 4);
}

#[test]
fn a_log_with_a_wrong_byte_anywhere_loses_one_record_at_most_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (segment, bytes) = some_queue(folder.path());
    let mut damaged = 0;
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x55;
        fs::write(&segment, &wrong).unwrap();
        let opened = LocalQueue::open(folder.path(), QueueOptions::default());
        match opened {
            // In the version of the header.
            Err(LocalError::NotAQueue { .. }) => assert_eq!(at, 15),
            Err(error) => panic!("wrong at {at}: {error}"),
            Ok(queue) => {
                let recovery = queue.recovery();
                damaged += u32::from(recovery.is_damaged());
                check_damaged(&queue, recovery, at);
                drop(queue);
                let queue = open(folder.path());
                let again = queue.recovery();
                assert!(
                    !again.is_damaged() && again.torn_bytes == 0,
                    "wrong at {at}: mended"
                );
            }
        }
        for entry in fs::read_dir(folder.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    assert!(
        damaged > 100,
        "most places lie before the last record: {damaged}"
    );
}

fn check_damaged(queue: &LocalQueue, recovery: Recovery, at: usize) {
    let deliveries = receive(queue);
    let (events, bodies): (Vec<_>, Vec<_>) = deliveries
        .iter()
        .partition(|one| LocalEvent::parse(one.message().body()).is_ok());
    let bodies: BTreeSet<String> = bodies.into_iter().map(text).collect();
    let lost = ["b", "c", "d", "e"]
        .into_iter()
        .filter(|body| !bodies.contains(*body))
        .count();
    assert!(lost <= 1, "wrong at {at}: {bodies:?} are left");
    assert!(
        lost == 0 || recovery.is_damaged() || recovery.torn_bytes > 0,
        "wrong at {at}: something is lost in silence"
    );
    let asks = |event: &LocalEvent| match event {
        LocalEvent::RescanNeeded { reason, .. } => *reason == RescanReason::QueueDamaged,
        _ => false,
    };
    let events = events
        .iter()
        .map(|one| LocalEvent::parse(one.message().body()).unwrap());
    let asked = events.filter(asks).count();
    assert_eq!(
        asked,
        usize::from(recovery.is_damaged()),
        "wrong at {at}: a listing is asked for"
    );
}

#[test]
fn damaged_files_are_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (segment, mut bytes) = some_queue(folder.path());
    bytes[60] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let queue = open(folder.path());
    assert!(queue.recovery().is_damaged());
    assert_eq!(fs::read(segment.with_extension("damaged")).unwrap(), bytes);
}

#[test]
fn a_message_that_rots_while_the_queue_is_open_is_replaced_by_a_question() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    send(&queue, "good");
    send(&queue, "rotten");
    let segment = folder.path().join(format!("{:020}.log", 1));
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let there = receive(&queue);
    assert_eq!(text(&there[0]), "good");
    let event = LocalEvent::parse(there[1].message().body()).unwrap();
    assert!(
        matches!(
            event,
            LocalEvent::RescanNeeded {
                reason: RescanReason::QueueDamaged,
                ..
            }
        ),
        "{event:?}"
    );
    assert_eq!(there.len(), 2);
}

#[test]
fn a_log_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (segment, mut bytes) = some_queue(folder.path());
    bytes[15] = b'2';
    fs::write(&segment, &bytes).unwrap();
    let error = LocalQueue::open(folder.path(), QueueOptions::default()).unwrap_err();
    assert_eq!(error.code(), "FLOE-LOCAL-0006");
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

fn log_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let logs = entries.filter(|entry| entry.path().extension() == Some("log".as_ref()));
    logs.map(|entry| entry.metadata().unwrap().len()).sum()
}

#[test]
fn one_message_that_nobody_acknowledges_does_not_keep_the_log_long() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    send(&queue, "stuck");
    let stuck = receive(&queue);
    let large = "x".repeat(200_000);
    let mut longest = 0;
    for _ in 0..400 {
        send(&queue, &large);
        acknowledge(&queue, &receive(&queue));
        longest = longest.max(log_bytes(folder.path()));
    }
    // 80 MB went through; four segments of 4 MiB may stay, and the two that are written to.
    assert!(longest < 25 << 20, "{longest} bytes");
    drop(queue);
    let queue = open(folder.path());
    let again = receive(&queue);
    assert_eq!(texts(&again), ["stuck"]);
    assert_eq!(again[0].receive_count(), Some(2));
    assert_eq!(again[0].id(), stuck[0].id());
}
