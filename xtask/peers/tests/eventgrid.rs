//! The fake of Event Grid, proved with the clients of those who made the original.
//!
//! Without Azurite and those clients the test says so and passes; `FLOE_REQUIRE_PEERS=1` makes that
//! a failure.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use floe_peers::eventgrid::{ACCOUNT, EventGrid, Faults, GROUP, KEY, SUBSCRIPTION, TOKEN};
use floe_runtime::clock::{Clock as _, SystemClock};
use hyper::Request;

/// Most commands that the script gives.
const MAX_COMMANDS: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn microsofts_own_clients_are_content_with_the_fake() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor/eventgrid.py");
    let Some(blobs) = floe_peers::peer("Azurite", "FLOE_AZURITE_BLOB_URL") else {
        return;
    };
    let Some(queues) = floe_peers::peer("Azurite", "FLOE_AZURITE_QUEUE_URL") else {
        return;
    };
    let Some(command) = floe_peers::vendor_client(&script) else {
        return;
    };
    let clock = Arc::new(|| SystemClock.now().as_millis());
    let grid = EventGrid::start(&blobs, &queues, clock).await.unwrap();
    // What an earlier run left behind would be found again.
    for uri in [
        format!("/{ACCOUNT}/vendor"),
        format!("/{ACCOUNT}/vendor?restype=container"),
    ] {
        let request = || Request::delete(&uri).body(Bytes::new()).unwrap();
        if uri.contains('?') {
            grid.ask_blobs(request()).await;
        } else {
            grid.ask_queues(request()).await;
        }
    }
    let facts = std::env::temp_dir().join(format!("floe-eventgrid-{}.json", std::process::id()));
    std::fs::write(&facts, facts_of(&grid)).unwrap();
    let last = tokio::task::spawn_blocking({
        let facts = facts.clone();
        move || run(command, &facts, &grid)
    });
    let last = last.await.unwrap();
    std::fs::remove_file(&facts).unwrap();
    assert_eq!(last, "proved", "see what the script says above");
}

fn facts_of(grid: &EventGrid) -> String {
    let facts = serde_json::json!({
        "management": grid.management_url(),
        "blobs": grid.blobs_url(),
        "queues": grid.queues_url(),
        "account": ACCOUNT,
        "key": KEY,
        "subscription": SUBSCRIPTION,
        "group": GROUP,
        "scope": EventGrid::account_id(),
        "token": TOKEN,
    });
    facts.to_string()
}

/// Does what the script asks for, and returns the last line it says.
fn run(mut command: Command, facts: &Path, grid: &EventGrid) -> String {
    let command = command
        .arg(facts)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut last = String::new();
    for line in output.lines().take(MAX_COMMANDS) {
        last = line.unwrap();
        if last == "proved" {
            break;
        }
        grid.break_it(|faults| change(faults, &last));
        input.write_all(b"done\n").unwrap();
    }
    drop(input);
    let status = child.wait().unwrap();
    assert!(
        status.success(),
        "the script ends with {status}, after '{last}'"
    );
    last
}

fn change(faults: &mut Faults, command: &str) {
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    let number = || rest.parse::<u32>().unwrap();
    match verb {
        "page" => faults.page = number() as usize,
        "forbid" => drop(faults.forbidden.insert(rest.to_owned())),
        "allow" => faults.forbidden.clear(),
        "unregistered" => faults.unregistered = true,
        "registered" => faults.unregistered = false,
        "fail" => faults
            .failing
            .push((rest.to_owned(), "It did not work.".to_owned())),
        "throttle" => faults.throttled = number(),
        "busy" => faults.polls = number(),
        "disorder" => {
            faults.hold = number() as usize;
            faults.duplicates = u32::from(faults.hold > 0);
        }
        _ => assert_eq!(verb, "", "the test knows all commands"),
    }
}
