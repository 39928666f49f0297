//! A process that is killed in the middle of its work.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use floe_ingest::{EmbeddedLedger, Ledger, LogState, Recorded};
use floe_notify::options::BatchBounds;

use crate::{block_on, join, now, open, record};

/// What the child is told by, and where it works.
const ASKED: &str = "FLOE_TEST_WORK_IN";

/// Times that a process is killed.
const KILLS: usize = 8;

/// Not a test of its own: what the killed process of the next one does.
#[test]
fn a_process_of_its_own_works_until_it_is_killed() {
    let Some(directory) = std::env::var_os(ASKED).map(PathBuf::from) else {
        return;
    };
    let ledger = open(&directory);
    let claim = join(&ledger, "one");
    let start = block_on(ledger.metrics()).unwrap().files_known;
    for number in 0..100_000 {
        let names: Vec<_> = (0..7)
            .map(|n| format!("{:08}", start + number * 7 + n))
            .collect();
        let found = record(&ledger, &claim, &names);
        for (name, what) in names.iter().zip(found) {
            if let Recorded::New(seq) = what {
                say(&format!("new {name} {seq}"));
            }
        }
        let bounds = BatchBounds {
            max_files: 5,
            max_bytes: None,
        };
        let lease = Duration::from_secs(60);
        let batch = block_on(ledger.next_batch(&claim, bounds, lease, now())).unwrap();
        let Some(batch) = batch else { continue };
        let names: Vec<_> = batch.files.iter().map(|file| file.id.to_string()).collect();
        say(&format!("batch {} {}", batch.id, names.join(",")));
        if number % 3 > 0 {
            block_on(ledger.commit(&claim, batch.id, now())).unwrap();
            say(&format!("done {}", batch.id));
        }
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "say {line}")
        .and_then(|()| out.flush())
        .unwrap();
}

fn child(directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let test = "killed::a_process_of_its_own_works_until_it_is_killed";
    command
        .args(["--exact", test, "--nocapture"])
        .env(ASKED, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// What the processes said, one after the other.
#[derive(Default)]
struct Said {
    new: BTreeSet<(String, u64)>,
    batches: BTreeSet<(u64, String)>,
    done: BTreeSet<u64>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        // The test harness says something, too.
        let Some((_, line)) = line.split_once("say ") else {
            return;
        };
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        match next().as_str() {
            "new" => drop(self.new.insert((next(), next().parse().unwrap()))),
            "batch" => drop(self.batches.insert((next().parse().unwrap(), next()))),
            _ => drop(self.done.insert(next().parse().unwrap())),
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_was_told_is_durable() {
    let directory = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    for round in 0..KILLS {
        let mut process = child(directory.path()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        for line in lines.by_ref().take(40 + 29 * round) {
            said.hear(&line.unwrap());
        }
        process.kill().unwrap();
        process.wait().unwrap();
        // What it had said before it died; the last line may be cut.
        let rest: Vec<_> = lines.map_while(Result::ok).collect();
        for line in rest.iter().take(rest.len().saturating_sub(1)) {
            said.hear(line);
        }
        check(&open(directory.path()), &said, round);
    }
    assert!(said.done.len() > 20, "there was something to lose");
}

fn check(ledger: &EmbeddedLedger, said: &Said, round: usize) {
    let rows = block_on(ledger.rows(None, usize::MAX)).unwrap();
    let there = rows.iter().filter_map(|row| {
        let path = String::from_utf8(row.id.path()).unwrap();
        Some((path.strip_prefix("/in/")?.to_owned(), row.seq?.0))
    });
    let there: BTreeSet<_> = there.collect();
    let lost: Vec<_> = said.new.difference(&there).collect();
    assert!(lost.is_empty(), "round {round}: {lost:?} are lost");
    let numbers: BTreeSet<_> = there.iter().map(|(_, seq)| *seq).collect();
    assert!(
        numbers.iter().copied().eq(1..=rows.len() as u64),
        "numbers have no gaps"
    );
    let ids: BTreeSet<_> = said.batches.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        ids.len(),
        said.batches.len(),
        "a batch has the same files for ever"
    );
    for row in &rows {
        if let LogState::Open(batch) = row.state {
            assert!(
                !said.done.contains(&batch.0),
                "round {round}: {batch} was committed"
            );
        }
    }
}
